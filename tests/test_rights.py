"""What a public copy carries of abstracts (`catalog build --abstracts`), and that nothing more leaks from it."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from catalog.build import build
from catalog.digest import digest
from catalog.export import export
from catalog.sample import sample_records
from catalog.withholding import CUT, LIMITS
from tests.harvests import harvest_of
from tests.records import article_xml
from tests.running import run
from tests.site_fixtures import BARE, Site, invented_records, serving

WORDS_IN_A_ROW = 8  # of an abstract, outside what a copy may carry: a leak
LONG = 970012001
_WORD = re.compile(r"\w+|\x1f")
SECTIONS = [
    ("BACKGROUND", "Chronic discogenic pain is common and few treatments of it were ever tested against a sham."),
    (
        "OBJECTIVE",
        "We asked whether intradiscal platelet-rich plasma relieves low back pain more than a sham injection.",
    ),
    (
        "METHODS",
        "Eighty adults with chronic discogenic low back pain were randomly allocated to one intradiscal injection of"
        " platelet-rich plasma or of saline; nobody who assessed the outcome knew which. Quixotic zephyrs were also"
        " counted.",
    ),
    (
        "RESULTS",
        "At six months mean pain on the visual analogue scale fell from 7.1 to 3.2 with plasma and from 7.0 to 5.9 with"
        " saline, a difference of 2.6 points (95% CI 1.4 to 3.8; P < 0.001). Function on the Oswestry Disability Index"
        " improved by 21 points with plasma and by 8 points with saline (P = 0.002). No serious adverse events occurred"
        " in either group.",
    ),
    (
        "CONCLUSIONS",
        "Intradiscal platelet-rich plasma relieved discogenic low back pain more than saline. The trial was small,"
        " and longer and larger trials by other groups are needed before anyone recommends it widely.",
    ),
]


def records() -> list[bytes]:
    long = article_xml(
        "Intradiscal platelet-rich plasma for discogenic low back pain: a randomised controlled trial",
        SECTIONS,
        pmid=LONG,
        types=["Journal Article", "Randomized Controlled Trial"],
    )
    return [*invented_records(), *(stored.raw for stored in sample_records()), long]


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One harvest as all three copies."""
    made = tmp_path_factory.mktemp("copies")
    source = harvest_of(made / "pubmed.db", records())
    for carried in ("full", "excerpt", "none"):
        (made / carried).mkdir()
        build(source, made / carried / "catalog.db", abstracts=carried)
    return {carried: made / carried / "catalog.db" for carried in ("full", "excerpt", "none")}


def folded(text: str) -> str:
    """Its words with blanks around; a unit separator is a word of its own."""
    return f" {' '.join(_WORD.findall(text.lower()))} "


def cells(text: str) -> str:
    """A CSV file with its cells kept apart."""
    return "\n".join("\x1f".join(row) for row in csv.reader(io.StringIO(text)))


def runs(text: str) -> Iterator[str]:
    """Every run of so many words."""
    words = folded(text).strip(" ").split(" ")
    for at in range(len(words) - WORDS_IN_A_ROW + 1):
        yield f" {' '.join(words[at : at + WORDS_IN_A_ROW])} "


def abstracts_of(path: Path) -> dict[int, str]:
    with closing(sqlite3.connect(path)) as conn:
        return dict(conn.execute("SELECT pmid, abstract FROM articles WHERE abstract IS NOT NULL"))


def allowed(copy: Path) -> str:
    """All that a copy may carry of abstracts: its pieces and quotes, and titles, which may say the same."""
    found: list[str] = []
    with closing(sqlite3.connect(copy)) as conn:
        for query in (
            "SELECT abstract FROM articles WHERE abstract IS NOT NULL",
            "SELECT quote FROM tags",
            "SELECT quote FROM prompts WHERE quote IS NOT NULL",
            "SELECT text FROM results",
            "SELECT conclusion FROM spin",
            "SELECT results FROM spin",
            "SELECT title FROM articles WHERE title IS NOT NULL",
        ):
            found += [folded(text) for (text,) in conn.execute(query)]
    return "\n".join(found)


@pytest.fixture(scope="module")
def forbidden(copies: dict[str, Path]) -> dict[str, set[str]]:
    """Of each public copy, the runs of words that it must not hold."""
    full = {words for text in abstracts_of(copies["full"]).values() for words in runs(text)}
    free = {carried: allowed(copies[carried]) for carried in ("excerpt", "none")}
    return {carried: {words for words in full if words not in said} for carried, said in free.items()}


def leaks(said: str, forbidden: set[str]) -> list[str]:
    return [words for words in runs(said) if words in forbidden]


def test_tags_are_the_same_in_every_copy(copies: dict[str, Path]) -> None:
    """Values, rules and places of tags, evidence, claims and counts do not depend on what a copy carries."""
    asked = (
        "SELECT pmid, field, value, rule, source, start, end, chosen FROM tags ORDER BY 1, 2, 3, 4, 5, 6, 7",
        "SELECT * FROM evidence ORDER BY study, intervention",
        "SELECT pmid, level, design, direction, has_abstract FROM articles ORDER BY pmid",
        "SELECT * FROM claim_evidence ORDER BY 1, 2, 3, 4",
        "SELECT * FROM words ORDER BY word",
        "SELECT part, name, value, hex(data) FROM shelf ORDER BY 1, 2, 3",
    )
    answers = []
    for path in copies.values():
        with closing(sqlite3.connect(path)) as conn:
            answers.append([conn.execute(query).fetchall() for query in asked])
    assert answers[0] == answers[1] == answers[2]


def test_a_copy_says_what_it_carries(copies: dict[str, Path]) -> None:
    """`about.abstracts` names it, the digest differs, and a build of the same is the same bytes."""
    for carried, path in copies.items():
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("SELECT abstracts FROM about").fetchone() == (carried,)
    assert len({digest(path) for path in copies.values()}) == 3
    again = copies["none"].with_name("again.db")
    build(copies["none"].parent.parent / "pubmed.db", again, abstracts="none")
    assert again.read_bytes() == copies["none"].read_bytes()


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_how_much_of_an_abstract_is_carried(copies: dict[str, Path], carried: str) -> None:
    """Piece and quotes keep their limits, one by one and together."""
    limits = LIMITS[carried]
    full = abstracts_of(copies["full"])
    pieces = abstracts_of(copies[carried])
    with closing(sqlite3.connect(copies[carried])) as conn:
        for pmid, abstract in full.items():
            piece = conn.execute("SELECT text FROM sections WHERE pmid = ?", (pmid,)).fetchall()
            assert len(piece) <= 1
            kept = [False] * len(abstract)
            spans = []
            if piece:
                bare = piece[0][0].removeprefix(f"{CUT} ").removesuffix(f" {CUT}")
                at = abstract.index(bare)
                assert len(bare) <= min(limits.excerpt, len(abstract) / 3)
                spans.append((at, at + len(bare)))
            for quote, start, end in conn.execute(
                "SELECT quote, start, end FROM tags WHERE pmid = ? AND source = 'abstract'"
                " UNION ALL SELECT quote, start, end FROM prompts WHERE pmid = ? AND source = 'abstract'"
                " UNION ALL SELECT text, start, end FROM results WHERE pmid = ?"
                " UNION ALL SELECT results, results_start, results_end FROM spin WHERE pmid = ?",
                (pmid,) * 4,
            ):
                if quote == CUT:
                    continue
                bare = quote.removesuffix("…")
                assert abstract[start:end].startswith(bare), "places are still those of PubMed's abstract"
                inside = bool(spans) and spans[0][0] <= start and end <= spans[0][1]
                assert inside or len(quote) <= limits.quote
                spans.append((start, start + len(bare)))
            for start, end in spans:
                kept[start:end] = [True] * (end - start)
            assert sum(kept) <= len(abstract) * limits.share
    assert (not pieces) == (carried == "none")


def test_an_excerpt_is_the_conclusion(copies: dict[str, Path]) -> None:
    """The piece is whole sentences from the conclusion's first on; its words stand where `abstract_shift` says."""
    full = abstracts_of(copies["full"])[LONG]
    with closing(sqlite3.connect(copies["excerpt"])) as conn:
        abstract, shift = conn.execute(
            "SELECT abstract, abstract_shift FROM articles WHERE pmid = ?", (LONG,)
        ).fetchone()
    assert abstract.startswith("CONCLUSIONS: Intradiscal platelet-rich plasma relieved")
    at = full.index("relieved discogenic")
    assert abstract[at - shift :].startswith("relieved discogenic")


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_no_byte_of_the_file_leaks_an_abstract(
    copies: dict[str, Path], forbidden: dict[str, set[str]], carried: str
) -> None:
    """No eight words in a row of any abstract stand anywhere in the file but in what it may carry; free pages too."""
    raw = copies[carried].read_bytes()
    for encoding in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        assert leaks(raw.decode(encoding, "replace"), forbidden[carried]) == []
    whole = copies["full"].read_bytes().decode("utf-8", "replace")
    assert leaks(whole, forbidden[carried]), "the search finds what is there"


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_the_index_keeps_no_order(copies: dict[str, Path], carried: str) -> None:
    """Read back from the index, an abstract's words stand in the order of the alphabet, each once."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("ATTACH ? AS kept", (str(copies[carried]),))
        conn.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab('kept', 'articles_fts', 'instance')")
        rows = conn.execute(
            "SELECT term FROM terms WHERE doc = ? AND col = 'abstract_words' ORDER BY offset", (LONG,)
        ).fetchall()
        assert len(rows) > 50
        spelled = abstracts_of(copies["full"])[LONG].lower()
        assert len(rows) == len(set(re.findall(r"[^\W_]+", spelled)))
        at = [term for (term,) in rows]
        assert sum(a > b for a, b in pairwise(at)) < 5, "stems of words in alphabetical order"
        if carried == "none":
            assert not conn.execute("SELECT 1 FROM terms WHERE col = 'abstract' LIMIT 1").fetchone()


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_no_export_leaks_an_abstract(
    copies: dict[str, Path], forbidden: dict[str, set[str]], carried: str, tmp_path: Path
) -> None:
    """CSV and JSON lines of every table, and citations in every format, carry no more."""
    for kind in ("csv", "jsonl"):
        export(copies[carried], tmp_path / kind, kind)
        files = [file.read_text("utf-8") for file in sorted((tmp_path / kind).iterdir())]
        said = "\n".join(map(cells, files) if kind == "csv" else files)
        assert leaks(said, forbidden[carried]) == []
    package = json.loads((tmp_path / "csv" / "datapackage.json").read_text("utf-8"))
    assert package["abstracts"] == carried
    assert "courtesy of the U.S. National Library of Medicine" in package["attribution"]
    assert "PubMed files read on" in package["attribution"]
    pmids = [str(pmid) for pmid in abstracts_of(copies["full"])]
    for style in ("ris", "bibtex", "nbib", "csljson"):
        cited = run("catalog", ["cite", *pmids, "--db", str(copies[carried]), "--format", style], tmp_path)
        assert cited.returncode == 0
        assert leaks(cited.stdout, forbidden[carried]) == []
        assert ("The abstract here is an excerpt" in cited.stdout) == (carried == "excerpt")


PAGES = [
    "/",
    "/search",
    "/search?q=plasma",
    "/search?q=%22discogenic+low+back+pain%22",
    "/search.json?q=plasma",
    "/search.ris?q=plasma",
    "/search.bib?q=plasma",
    "/search.nbib?q=plasma",
    "/search.csl.json?q=plasma",
    "/search.atom?q=plasma",
    "/feeds/new.atom",
    f"/articles/{LONG}",
    f"/articles/{LONG}.json",
    f"/articles/{LONG}.ris",
    f"/articles/{LONG}.nbib",
    f"/compare?pmid={LONG},970010001",
    f"/compare.json?pmid={LONG},970010001",
    f"/compare.csv?pmid={LONG},970010001",
    "/changes",
    "/lists",
    "/lists/spin",
    "/claims",
    "/claims/prp-relieves-back-pain",
    "/claims/prp-relieves-back-pain.json",
    "/reliability",
    "/catalog/articles",
    "/catalog/articles.json?_shape=array&_size=max",
    "/catalog/articles.csv?_size=max",
    f"/catalog/articles/{LONG}",
    "/catalog/articles.ris",
    "/catalog/articles_fts",
    "/catalog/articles_text",
    "/catalog/articles_text.json?_shape=array&_size=max",
    "/catalog/sections.json?_shape=array&_size=max",
    "/catalog/tags.csv?_size=max",
    "/catalog/results.json?_shape=array&_size=max",
    "/catalog/conflicts.json?_shape=array&_size=max",
    "/catalog/prompts.json?_shape=array&_size=max",
    "/catalog.db",
]


@pytest.fixture(scope="module")
def sites(copies: dict[str, Path]) -> Iterator[dict[str, Site]]:
    with serving(copies["excerpt"]) as excerpt, serving(copies["none"]) as none:
        yield {"excerpt": excerpt, "none": none}


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_no_page_leaks_an_abstract(sites: dict[str, Site], forbidden: dict[str, set[str]], carried: str) -> None:
    """Pages, feeds, exports, JSON, Datasette's own tables, answers to a text handed in: nothing beyond the limits."""
    for path in PAGES:
        answer = sites[carried].get(path)
        assert answer.status_code in (200, 403, 404), path
        said = cells(answer.text) if ".csv" in path else re.sub(r"<[^>]*>", "", answer.text)
        assert leaks(said, forbidden[carried]) == [], path
    for path in ("/check", "/check.json", "/quotes", "/quotes.json"):
        address = sites[carried].url.rstrip("/") + path
        answer = requests.post(
            address, data={"text": "Platelet-rich plasma relieves discogenic low back pain."}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        assert leaks(re.sub(r"<[^>]*>", "", answer.text), forbidden[carried]) == [], path


def test_a_paper_says_that_its_abstract_is_elsewhere(sites: dict[str, Site]) -> None:
    """What is left out by choice is not called missing: the paper's page leads to PubMed, and the footer says why."""
    page = sites["none"].get(f"/articles/{LONG}").text
    assert "This copy of the catalog carries no abstracts" in page
    assert "PubMed holds no abstract" not in page
    assert "so this copy carries none" in page
    listed = sites["none"].get("/search?q=plasma").text
    assert "Abstract not in this copy" in listed
    bare = sites["none"].get(f"/articles/{BARE}").text
    assert "PubMed holds no abstract of this paper" in bare
    piece = sites["excerpt"].get(f"/articles/{LONG}").text
    assert "This is an excerpt from the conclusion" in piece
    assert "<mark" in piece[piece.index("abstract-title") : piece.index("This is an excerpt")], "marks stand in place"


def test_a_quote_that_is_not_carried_is_told_in_words(sites: dict[str, Site], copies: dict[str, Path]) -> None:
    """Where the words behind a tag are left out whole, the page says so instead of quoting an ellipsis."""
    with closing(sqlite3.connect(copies["none"])) as conn:
        (pmid,) = conn.execute("SELECT min(pmid) FROM tags WHERE quote = ? AND chosen", (CUT,)).fetchone()
    page = sites["none"].get(f"/articles/{pmid}").text
    assert "in words that this copy does not carry" in page
    assert f"<q>{CUT}</q>" not in page


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_papers_are_found_by_the_words_of_their_abstracts(sites: dict[str, Site], carried: str) -> None:
    """A word of an abstract finds its paper; words in a row as all of them; a word in no text finds nothing."""

    def found(asked: str) -> list[int]:
        answer = sites[carried].get("/search.json", params={"q": asked}).json()
        return [paper["pmid"] for paper in answer["articles"]]

    assert found("zephyrs") == [LONG]
    assert found("abstract:zephyrs") == [LONG]
    assert found('"quixotic zephyrs"') == [LONG]
    assert "perhaps not in a row" in sites[carried].get("/search", params={"q": '"quixotic zephyrs"'}).text
    assert "perhaps not in a row" not in sites[carried].get("/search", params={"q": "quixotic zephyrs"}).text
    assert found('abstract:"quixotic zephyrs"') == [LONG]
    assert found("zephyr*") == [LONG]
    assert found("title:zephyrs") == []
    assert LONG in found('title:"discogenic low back pain"')
    assert LONG not in found('"zephyrs xylophones"')
    # neighbours in the alphabet are no phrase by that
    assert found('"randomly relieved sham"') == [LONG], "all of the words, wherever they stand"


@pytest.mark.parametrize("carried", ["excerpt", "none"])
def test_commands_work_on_a_copy_without_abstracts(copies: dict[str, Path], tmp_path: Path, carried: str) -> None:
    """`explain`, `evaluate`, `check` and `cite` answer; quotes that are not carried are shown as left out."""
    db = ["--db", str(copies[carried])]
    told = run("catalog", ["explain", str(LONG), *db], tmp_path)
    assert told.returncode == 0, told.stderr
    assert "rct" in told.stdout
    assert "This copy carries" in told.stdout
    (tmp_path / "gold.tsv").write_text(f"pmid\tdesign\tdirection\n{LONG}\trct\tfavours\n")
    scores = []
    for path in (copies["full"], copies[carried]):
        ended = run("catalog", ["evaluate", "gold.tsv", "--json", "--db", str(path)], tmp_path)
        assert ended.returncode == 0, ended.stderr
        scores.append(json.loads(ended.stdout)["fields"])
    assert scores[0] == scores[1]
    (tmp_path / "page.txt").write_text("Platelet-rich plasma relieves discogenic low back pain.")
    assert run("catalog", ["check", "page.txt", *db], tmp_path).returncode == 0


def test_a_full_build_in_place_of_a_public_copy_is_told(copies: dict[str, Path], tmp_path: Path) -> None:
    """Forgetting --abstracts would publish what was to be kept back: the build says so."""
    target = tmp_path / "catalog.db"
    source = harvest_of(tmp_path / "pubmed.db", invented_records()[:3])
    assert not build(source, target, abstracts="none").remarks
    (told,) = build(source, target).remarks
    assert "was built with --abstracts none, this one carries them in full" in told
