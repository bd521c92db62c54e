"""`catalog refs`: bibliographies of real tools' formats looked up in a catalog, what is retracted told first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build
from catalog.errors import WrongUse
from catalog.references.entries import dois_in, normal_title, pmids_in
from catalog.references.files import MOST_BYTES, MOST_REFERENCES, check_bytes, check_text
from catalog.references.formats import read_references, sniff
from catalog.references.match import Checked
from catalog.references.report import ReferenceReport, as_json, as_text, exit_status
from tests.harvests import harvest_of
from tests.linked import linked_xml
from tests.running import run
from tests.site_fixtures import (
    ANALYSIS,
    CURATION,
    ELSEWHERE,
    EXTENSION,
    GRADED,
    LEANING,
    NEW,
    OLD,
    PROTOCOL,
    REPORT,
    WATCH,
    WITHDRAWN,
    related_records,
)

LISTS = Path(__file__).parent / "bibliographies"
PREPRINT, PUBLISHED, DRAFT, PRINTED, WRONG, RIGHT, DOUBTED, TWIN, OTHER_TWIN = (970012001 + i for i in range(9))


def _more_records() -> list[bytes]:
    """Preprints with and without PubMed's link, a corrected paper, a doubted one, two of one title."""
    preprint = ("Journal Article", "Preprint")
    return [
        linked_xml(
            "Synthetic linked preprint on plasma", pmid=PREPRINT, types=preprint, links=[("UpdateIn", PUBLISHED)]
        ),
        linked_xml("Synthetic paper on plasma, published", pmid=PUBLISHED, links=[("UpdateOf", PREPRINT)], year=2022),
        linked_xml("Synthetic cells held in a draft for long", pmid=DRAFT, types=preprint, year=2021),
        linked_xml("Synthetic cells held in a draft for long", pmid=PRINTED, year=2022),
        linked_xml(
            "Synthetic sugar with a wrong table", pmid=WRONG, links=[("CorrectedandRepublishedIn", RIGHT)], year=2018
        ),
        linked_xml("Synthetic sugar with its table put right", pmid=RIGHT, year=2019),
        linked_xml(
            "Synthetic gas that somebody doubts", pmid=DOUBTED, links=[("ExpressionOfConcernIn", WITHDRAWN)], year=2016
        ),
        linked_xml("Synthetic twins of the very same title", "One.", pmid=TWIN, year=2010),
        linked_xml("Synthetic twins of the very same title", "Two.", pmid=OTHER_TWIN, year=2010),
    ]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refs")
    (folder / "curation.csv").write_text(CURATION, "utf-8")
    (folder / "watch.csv").write_text(WATCH, "utf-8")
    harvest = harvest_of(folder / "pubmed.db", [*related_records(), *_more_records()])
    build(harvest, folder / "catalog.db", curation=folder / "curation.csv", retractions=folder / "watch.csv")
    return folder / "catalog.db"


@pytest.fixture
def conn(catalog: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(catalog)) as opened:
        yield opened


def _pmids(report: ReferenceReport) -> list[int | None]:
    return [checked.held.pmid if checked.held else None for checked in report.checked]


def _one(conn: sqlite3.Connection, text: str) -> Checked:
    report = check_text(conn, text, "list")
    assert len(report.checked) == 1
    return report.checked[0]


@pytest.mark.parametrize(
    ("name", "form", "found", "retracted"),
    [
        ("zotero.bib", "bibtex", [WITHDRAWN, REPORT], 1),
        ("better-bibtex.bib", "bibtex", [LEANING, None], 0),
        ("mendeley.bib", "bibtex", [GRADED, OLD, NEW], 0),
        ("zotero.ris", "ris", [WITHDRAWN, 970011005], 1),
        ("endnote.ris", "ris", [REPORT, ANALYSIS], 1),
        ("mendeley.ris", "ris", [PROTOCOL, EXTENSION, None], 0),
        ("pubmed.nbib", "nbib", [WITHDRAWN, None], 2),
        ("zotero-csl.json", "csljson", [WITHDRAWN, REPORT, None], 1),
        ("endnote.enw", "endnote", [WITHDRAWN, 970011005], 1),
        ("vancouver.txt", "text", [WITHDRAWN, REPORT, NEW, None, None], 1),
        ("ids.txt", "text", [WITHDRAWN, REPORT, WITHDRAWN, None, None, 970011005], 3),
    ],
)
def test_every_tools_export_is_read(
    conn: sqlite3.Connection, name: str, form: str, found: list[int | None], retracted: int
) -> None:
    """Zotero, Better BibTeX, Mendeley, EndNote, PubMed: each reference found by what the tool wrote, or not at all."""
    report = check_bytes(conn, (LISTS / name).read_bytes(), name)
    assert (report.format, _pmids(report)) == (form, found)
    assert report.count("retracted") == retracted


def test_how_each_was_found_is_said(conn: sqlite3.Connection) -> None:
    """By PMID, DOI, or exact title and year; never by an abstract that names another paper."""
    report = check_bytes(conn, (LISTS / "zotero.bib").read_bytes(), "zotero.bib")
    assert [checked.by for checked in report.checked] == ["DOI", "PMID"]
    report = check_bytes(conn, (LISTS / "vancouver.txt").read_bytes(), "vancouver.txt")
    assert [checked.by for checked in report.checked] == ["DOI", "title and year", "title and year", None, None]


def test_the_retracted_one_comes_first_and_ends_with_1(catalog: Path, tmp_path: Path) -> None:
    """The command prints the retracted reference first, in one clear line, and ends with 1 for a build to stop."""
    ended = run("catalog", ["refs", str(LISTS / "endnote.ris"), "--db", str(catalog)], tmp_path)
    assert ended.returncode == 1
    first = ended.stdout.splitlines()[0]
    assert first.startswith("RETRACTED: [2] ")
    assert f"PMID {ANALYSIS}, found by title and year" in first
    assert "absence here is not evidence of absence; not medical advice" in ended.stdout


def test_a_clean_list_ends_with_0(catalog: Path, tmp_path: Path) -> None:
    """Nothing retracted, all read: 0, whether found or not."""
    ended = run("catalog", ["refs", str(LISTS / "mendeley.ris"), "--db", str(catalog)], tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "[3] A paper that no catalog of the tests holds at all. 2011: not in this catalog" in ended.stdout
    assert "does not exist" not in ended.stdout


def test_what_cannot_be_read_is_listed(catalog: Path, tmp_path: Path) -> None:
    """A broken entry spoils only itself, is told on stderr with its line, and ends with 1."""
    ended = run("catalog", ["refs", str(LISTS / "mendeley.bib"), "--db", str(catalog)], tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("Not read: line 25: “@article{Broken2020")
    assert len(ended.stderr.splitlines()) == 1


def test_json_on_stdout(catalog: Path, tmp_path: Path) -> None:
    """`--json` is one document with every reference in the list's order."""
    ended = run("catalog", ["refs", str(LISTS / "zotero.ris"), "--db", str(catalog), "--json"], tmp_path)
    found = json.loads(ended.stdout)
    assert found["retracted"] == 1
    assert [r["paper"]["pmid"] for r in found["references"]] == [WITHDRAWN, 970011005]
    assert found["references"][0]["paper"]["status"] == "retracted"
    assert "not medical advice" in found["limits"]


def test_a_retraction_elsewhere_is_known(conn: sqlite3.Connection) -> None:
    """A paper that is not here, but whose retraction the Retraction Watch list or a notice tells, is retracted."""
    found = _one(conn, f"PMID: {ELSEWHERE}")
    assert found.held is None
    assert found.retracted
    assert found.retracted_elsewhere == "Retraction Watch: Retraction, 2024-08-31"
    assert exit_status(check_text(conn, f"PMID: {ELSEWHERE}", "list")) == 1


def test_newer_evidence_of_a_higher_level(conn: sqlite3.Connection) -> None:
    """A trial's reference names the newer review of trials on the same treatment and condition, not its own family."""
    held = _one(conn, f"{REPORT}").held
    assert held is not None
    assert held.newer is not None
    # The one review leans on a retracted paper; it is counted in `evidence` all the same, as the map does.
    assert [study.pmid for study in held.newer.first] == [LEANING]
    assert held.newer.first[0].level == "1"
    review = _one(conn, f"{LEANING}").held
    assert review is not None
    assert (review.newer, review.cites_retracted) == (None, 2)


def test_corrected_versions_and_published_preprints(conn: sqlite3.Connection) -> None:
    """What replaces a paper is named: corrected and republished, updated, published after a preprint, linked or not."""
    expected = {WRONG: RIGHT, OLD: NEW, PREPRINT: PUBLISHED, DRAFT: PRINTED}
    for pmid, version in expected.items():
        held = _one(conn, str(pmid)).held
        assert held is not None
        assert [notice.pmid for notice in held.versions] == [version], pmid
    text = "\n".join(as_text(check_text(conn, f"{PREPRINT}\n{WRONG}", "list")))
    assert f"preprint, now published: Synth J. 2020;1:2; PMID {PUBLISHED}" in text
    assert f"corrected version: Synth J. 2020;1:6; PMID {RIGHT}" in text


def test_concern_comes_before_the_rest(conn: sqlite3.Connection) -> None:
    """Retracted, then concern, then the list's order."""
    report = check_text(conn, f"{REPORT}\n{DOUBTED}\n{WITHDRAWN}", "list")
    assert [c.held.pmid for c in report.ordered if c.held] == [WITHDRAWN, DOUBTED, REPORT]
    assert exit_status(report) == 1
    assert exit_status(check_text(conn, f"{REPORT}\n{DOUBTED}", "list")) == 0


def test_one_title_of_several_papers_is_said(conn: sqlite3.Connection) -> None:
    """Two papers of one title and year: both are named, and that it is not clear which is meant."""
    found = _one(conn, "Synthetic S. Synthetic twins of the very same title. Synth J Tests. 2010;1:1.")
    assert found.held is not None
    assert {found.held.pmid, *(held.pmid for held in found.others)} == {TWIN, OTHER_TWIN}
    assert "Which one is meant is not clear" in found.doubts[0]


def test_identifiers_that_disagree_are_said(conn: sqlite3.Connection) -> None:
    """A PMID and a DOI of different papers, or a PMID of a paper with another title: told, the retracted one first."""
    found = _one(conn, f"@article{{k, title={{Synthetic ozone}}, pmid={{{REPORT}}}, doi={{10.5555/withdrawn}}}}")
    assert found.held is not None
    assert found.held.pmid == WITHDRAWN
    assert "different papers" in found.doubts[0]
    found = _one(conn, f"@article{{k, title={{Quite another matter of knees and elbows}}, pmid={{{REPORT}}}}}")
    assert "another title" in found.doubts[0]
    found = _one(conn, f"@article{{k, title={{Synthetic ozone for sciatica}}, pmid={{{REPORT}}}}}")
    assert found.doubts == ()


def test_title_and_year_must_be_the_same(conn: sqlite3.Connection) -> None:
    """A year apart is found and said; another year is not found and said; a part of a title finds nothing."""
    one = "Synthetic S. Synthetic ozone for sciatica: a randomized controlled trial. Synth J Tests. {};1:1."
    assert _one(conn, one.format(2021)).doubts == ("The year differs: 2021 in the reference, 2020 here.",)
    found = _one(conn, one.format(2001))
    assert found.held is None
    assert "of another year: 2020" in found.doubts[0]
    assert _one(conn, "Synthetic S. Synthetic ozone for sciatica. Synth J Tests. 2020;1:1.").held is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("\ufeff@Article(k,\n title={x})", "bibtex"),
        ("TY - JOUR\nTI - One blank\nER -\n", "ris"),
        ("  TY  - JOUR", "ris"),
        ("PMID- 1\nTI  - x", "nbib"),
        ("PMID: 1", "text"),
        ('{"items": [{"title": "x"}]}', "csljson"),
        ("[1] Synthetic S. In brackets.", "text"),
        ("%0 Journal Article\n%T Title", "endnote"),
        ("", "text"),
    ],
)
def test_the_format_is_told_by_content(text: str, form: str) -> None:
    """Whatever the file is called."""
    assert sniff(text) == form


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(conn: sqlite3.Connection, encoding: str) -> None:
    """Byte-order marks, UTF-16 of Windows programs, and Windows-1252 accents."""
    text = f"@article{{k, author={{Müller, K}}, title={{Überblick – ß}}, pmid={{{REPORT}}}}}"
    report = check_bytes(conn, text.encode(encoding), "list.bib")
    assert _pmids(report) == [REPORT]
    assert report.checked[0].entry.text.startswith("Müller, K")


def test_broken_encoding_spoils_nothing(conn: sqlite3.Connection) -> None:
    """Bytes of two encodings in one file: every reference is still found."""
    data = "TY  - JOUR\nAU  - Müller\n".encode("cp1252") + f"AN  - {REPORT}\nTI  - Ü\nER  - \n".encode()
    assert _pmids(check_bytes(conn, data, "mixed.ris")) == [REPORT]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no reference found"),
        (b"   \n\n", "no reference found"),
        (b"%PDF-1.7 ...", "is a PDF file, not text"),
        (b"PK\x03\x04....", "zip file, not text"),
        (bytes(range(256)) * 40, "is not text"),
        (b"1\n" * (MOST_REFERENCES + 1), "at most 2,000 are looked up"),
        (b"x" * (MOST_BYTES + 1), "at most 2,000,000 are read"),
    ],
    ids=["empty", "blank", "pdf", "zip", "binary", "many", "large"],
)
def test_what_is_no_list_is_refused_in_one_line(conn: sqlite3.Connection, data: bytes, says: str) -> None:
    """One line that says what to do."""
    with pytest.raises(WrongUse, match=says) as refused:
        check_bytes(conn, data, "list")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "@" * 20_000,
        "@article{" * 2_000,
        "@article{k, title={" + "{" * 20_000 + "}" * 20_000 + "}}",
        "@article{k, title={" + '\\"{u}' * 2_000 + "}}",
        "@article{k, title={" + "\\textbf{" * 1_500 + "}}",
        "[" * 50_000,
        '{"items": ' * 5_000,
        '[{"title": ["a", {"b": 1}], "issued": {"date-parts": [[]]}, "author": "x"}, 5, null]',
        "TY  - \n" * 500,
        "TY  - JOUR\nER  - \n" * 100,
        "ER  - \nTI  - x\nTY  - JOUR",
        "PMID- abc\nTI  - x\n" + "PMID- 1\n" * 50,
        "10." * 20_000,
        ". " * 50_000,
        "%0 x\n%T\n%0\n%0 y\n%T z",
    ],
    ids=range(15),
)
def test_hostile_lists_end_in_peace(conn: sqlite3.Connection, text: str) -> None:
    """Whatever the text, it is read or refused; nothing is raised but the one-line refusal."""
    form, entries, _ = read_references(text)
    assert form
    assert all(entry.text for entry in entries)
    try:
        report = check_text(conn, text, "hostile")
    except WrongUse:
        return
    json.dumps(as_json(report))
    assert list(as_text(report))


def test_identifiers_in_text() -> None:
    """DOIs without the stop or bracket that follows; PMIDs where they are called so."""
    assert dois_in("(see 10.1000/(abc)1.) and https://doi.org/10.1000/xyz, also 10.1000/a&lt;b") == (
        "10.1000/(abc)1",
        "10.1000/xyz",
        "10.1000/a<b",
    )
    assert pmids_in("PMID: 0012345; https://pubmed.ncbi.nlm.nih.gov/67890/ and 11111") == (12345, 67890)
    assert normal_title("[RETRACTED] Über-<i>title</i>: A/B") == normal_title("Uber i title i A B")


def test_sources_differ_only_in_form(conn: sqlite3.Connection) -> None:
    """The same reference from every format is the same paper."""

    def first(name: str) -> Any:
        report = check_bytes(conn, (LISTS / name).read_bytes(), name)
        return as_json(report)["references"][0]["paper"]

    names = ["zotero.bib", "zotero.ris", "pubmed.nbib", "zotero-csl.json", "endnote.enw", "vancouver.txt"]
    papers = [first(name) for name in names]
    assert all(paper == papers[0] for paper in papers)
