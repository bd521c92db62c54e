"""Another field without a line of code: examples/knee/ is harvested, built and served, and speaks of knees alone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from tests.ncbi import Corpus, PubMed
from tests.ncbi.synthetic import synthetic_records
from tests.page_kinds import KINDS
from tests.running import run
from tests.site_fixtures import Site, serving

KNEE = Path(__file__).resolve().parents[1] / "examples" / "knee"
TRIAL, RETRACTED, ELSEWHERE, BARE = 970013001, 970013008, 970013009, 970013010
# What only looks like a word of another field: idioms, and the program's own name in feeds.
NO_BACKS = re.compile(r"\b(?:come|changed) back\b|\blbp-evidence-catalog\b", re.IGNORECASE)
# Words of the bundled field.
OTHERS = re.compile(
    r"\b(?:back|backs|lumbar|spine|spines|spinal|dis[ck]s?|intradis\w+|discogenic|sciatica|injections?|injected"
    r"|ozone|prolozone|prolotherapy|dextrose|PRP|platelet\w*|plasma|stem cells?|stromal|marrow|facet joints?|LBP)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A harvest and a catalog of knees, from a PubMed that holds back records too."""
    made = tmp_path_factory.mktemp("knee")
    corpus = Corpus(synthetic_records(60, 3))
    corpus.add_path(KNEE / "records.xml")
    with PubMed(corpus, rate=1000) as pubmed:
        harvested = run("harvest", ["pubmed", "--topics", str(KNEE / "topics.yml")], made, base_url=pubmed.base_url)
    assert harvested.returncode == 0, harvested.stderr
    assert "32 records found by 2 searches" in harvested.stdout + harvested.stderr
    built = run("catalog", ["build", "--claims", str(KNEE / "claims.yml")], made)
    assert built.returncode == 0, built.stderr
    return made


@pytest.fixture(scope="module")
def knee(folder: Path) -> Iterator[Site]:
    with serving(folder / "catalog.db") as site:
        yield site


class _Words(HTMLParser):
    """All that a page says: its text, and what its attributes say to those who hear or hover."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        heard = ("title", "alt", "aria-label", "placeholder", "content", "value")
        self.said += [value for name, value in attrs if name in heard and value]


def words_of(markup: str) -> str:
    """The words of a page, feed or drawing, one blank between."""
    parser = _Words()
    parser.feed(re.sub(r"<(style|script)\b.*?</\1>", " ", markup, flags=re.DOTALL))
    return " ".join(" ".join(parser.said).split())


def at_the_knee(path: str) -> str:
    """The address of the same kind of page here: this catalog's papers, treatments, conditions and claims."""
    path = re.sub(r"(?<=pmid=)[\d,]+", f"{TRIAL},{RETRACTED},{ELSEWHERE},{BARE}", path)
    path = re.sub(r"/articles/97\d+", f"/articles/{TRIAL}", path)
    path = re.sub(r"condition=\w+", "condition=knee_oa", path)
    path = re.sub(r"intervention=\w+", "intervention=brace", path)
    path = path.replace("q=ozone", "q=brace")
    return path if path.endswith("/nothing") else re.sub(r"/claims/[\w-]+", "/claims/braces-relieve-knee-pain", path)


def pages() -> list[str]:
    found = [at_the_knee(kind.path) for kind in KINDS]
    found += [f"/articles/{970013000 + n}" for n in range(1, 13)]
    found += [f"/claims/{name}" for name in ("exercise-instead-of-surgery", "wedges-unload-the-joint")]
    found += ["/claims/braces-are-safe", "/claims/knees-wear-out-by-use", "/search?q=gonarthrosis&evidence=counted"]
    found += ["/search?region=other_site", "/search?q=" + quote('"unloader brace" -insole year:2000..'), "/catalog"]
    found += [f"/lists/{name}?intervention=exercise" for name in ("no_difference", "sample_sizes", "retracted", "spin")]
    found += ["/feeds/new.atom", "/feeds/retractions.atom", "/search.atom?q=brace", "/compare.svg?sort=level"]
    return list(dict.fromkeys(found))


def of_rules(path: Path) -> list[str]:
    """Where rules come from (Cochrane Back and Neck, say): literature that is cited, whatever the field."""
    with closing(sqlite3.connect(path)) as conn:
        return [cites for (cites,) in conn.execute("SELECT cites FROM rules WHERE cites IS NOT NULL")]


def test_nothing_of_another_field_remains_on_its_pages(knee: Site) -> None:
    """No page of any kind says a word of backs or injections; what rules cite of the literature aside."""
    cited = sorted(of_rules(knee.path), key=len, reverse=True)
    found: dict[str, list[str]] = {}
    answered = 0
    for path in pages():
        answer = knee.get(path)
        assert answer.status_code in (200, 404), path
        answered += answer.status_code == 200
        said = NO_BACKS.sub(" ", words_of(answer.text))
        for source in cited:
            said = said.replace(" ".join(source.split()), " ")
        if words := [said[max(0, m.start() - 40) : m.end() + 40] for m in OTHERS.finditer(said)]:
            found[path] = words
    assert not found, "\n".join(f"{path}: {words}" for path, words in found.items())
    assert answered > 40


@pytest.mark.parametrize(
    ("path", "text", "says"),
    [
        ("/check", "Level 1 evidence: exercise therapy relieves knee osteoarthritis better than surgery.", "Exercise"),
        ("/references", "970013001", "unloader brace"),
        ("/quotes", "A knee brace reduced pain more than a sham brace.", "unloader brace"),
    ],
)
def test_a_text_is_read_by_the_catalogs_own_vocabulary(knee: Site, path: str, text: str, says: str) -> None:
    """A pasted text on knees is read as one: its treatments found, knees not taken for another part of the body."""
    answer = requests.post(knee.url.rstrip("/") + path, data={"text": text}, timeout=30)
    assert answer.status_code == 200
    said = words_of(answer.text)
    assert says in said
    assert "another part of the body" not in said
    assert not OTHERS.findall(said)


def test_a_claim_of_another_field_is_outside(knee: Site) -> None:
    """A claim on the back is about another part of the body here."""
    answer = requests.post(
        knee.url.rstrip("/") + "/check.json", data={"text": "Exercise therapy relieves low back pain."}, timeout=30
    ).json()
    assert "another part of the body" in str(answer["claims"])


def test_another_part_of_the_body_counts_nowhere(knee: Site) -> None:
    """The hip trial is kept, marked on its page and in comparisons, and is no row of the evidence."""
    with closing(sqlite3.connect(knee.path)) as conn:
        assert conn.execute("SELECT region FROM articles WHERE pmid = ?", (ELSEWHERE,)).fetchone() == ("other_site",)
        counted = {pmid for (pmid,) in conn.execute("SELECT pmid FROM evidence")}
        assert conn.execute("SELECT id, counts FROM regions ORDER BY position").fetchall() == [
            ("knee", 1),
            ("other_site", 0),
            ("unstated", 1),
        ]
    assert TRIAL in counted
    assert not counted & {ELSEWHERE, RETRACTED}
    assert "Not the knee" in knee.get(f"/compare?pmid={TRIAL},{ELSEWHERE}").text


def test_its_figures_of_agreement_are_not_those_of_another_field(knee: Site) -> None:
    """Nobody measured the rules on knees, and the page says so instead of showing figures of another field."""
    page = knee.get("/reliability").text
    assert "Nobody has measured them on this subject" in page
    assert "of 105" not in page
    assert knee.get("/reliability.json").json()["measured_on"] == "low-back-pain"


def test_the_bundled_claims_stay_with_their_vocabulary(folder: Path) -> None:
    """Without a claims file of its own the catalog has none, and the build says how to give one."""
    built = run("catalog", ["build", "--to", "without.db"], folder)
    assert built.returncode == 0
    assert "No claims: the file is about another subject; `--claims FILE` takes one" in built.stderr
    with closing(sqlite3.connect(folder / "without.db")) as conn:
        assert conn.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_the_sample_of_another_field_is_not_shown(tmp_path: Path) -> None:
    """`catalog up` with this vocabulary and no PubMed says so; the bundled sample is about backs."""
    topics = str(KNEE / "topics.yml")
    ended = run(
        "catalog", ["up", "--port", "0", "--topics", topics], tmp_path, base_url="http://127.0.0.1:9/entrez/eutils/"
    )
    assert ended.returncode == 3
    assert "the bundled sample is on another subject" in ended.stderr
