"""Papers as RIS, BibTeX, NBIB and CSL-JSON: real parsers read what the catalog holds, whatever a record holds."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import bibtexparser.middlewares as bib
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from Bio import Medline
from citeproc.source.json import CiteProcJSON
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.build import build
from catalog.cite import Citation
from catalog.cite.bibtex import bibtex
from catalog.cite.csl import csl_item
from catalog.cite.formats import FORMATS, format_of
from catalog.cite.names import Person
from catalog.cite.nbib import nbib
from catalog.cite.plain import line
from catalog.cite.ris import ris
from catalog.cite.styles import STYLES, formatted
from harvest.files import harvest_files
from tests.citable import (
    ARTICLE,
    BOOK,
    CHAPTER,
    CITABLE,
    CONCERNED,
    GROUP,
    PREPRINT,
    UPDATED,
    WITHDRAWN,
    citable_catalog,
    citable_records,
    citations_of,
)
from tests.ncbi.medline import medline
from tests.running import run

TITLE = "β-test of in vivo PRP & O2-O3: 50% {a}~b^c_d #1 $2 \\alpha; “x” ER - TY - JOUR"
LEVEL = "Starting level by rule, from the abstract; verify in the full text."


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return citable_catalog(tmp_path_factory.mktemp("cite") / "catalog.db")


@pytest.fixture(scope="module")
def papers(catalog: Path) -> dict[int, Citation]:
    return {citation.pmid: citation for citation in citations_of(catalog)}


def read_ris(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = rispy.loads(text)
    return found


def read_bibtex(text: str) -> list[dict[str, Any]]:
    """Entries as a LaTeX reader sees them: escapes undone, braces that only keep capitals gone."""
    for command, char in ((r"{\textbraceleft}", "\x02"), (r"{\textbraceright}", "\x03"), (r"{\textasciicircum}", "^")):
        text = text.replace(command, char)  # pylatexenc does not know these two, and takes the third for an accent
    library = parse_string(text, append_middleware=[bib.LatexDecodingMiddleware()])
    assert library.failed_blocks == []
    return [
        {
            "ID": entry.key,
            "ENTRYTYPE": entry.entry_type,
            **{f.key: f.value.replace("\x02", "{").replace("\x03", "}") for f in entry.fields},
        }
        for entry in library.entries
    ]


def read_nbib(text: str) -> list[dict[str, Any]]:
    return [dict(record) for record in Medline.parse(io.StringIO(text)) if record]  # type: ignore[no-untyped-call]


def test_every_format_reads_back(papers: dict[int, Citation]) -> None:
    """All records in one file: the parsers find each once, with its title, and nothing else."""
    every = list(papers.values())
    titles = [paper.title for paper in every]
    assert [entry["title"] for entry in read_ris(format_of("ris").text(every))] == titles  # type: ignore[union-attr]
    bibtex_text = format_of("bib").text(every)  # type: ignore[union-attr]
    assert [entry["title"] for entry in read_bibtex(bibtex_text)] == titles
    nbib_text = format_of("nbib").text(every)  # type: ignore[union-attr]
    assert [record["PMID"] for record in read_nbib(nbib_text)] == [str(pmid) for pmid in CITABLE]
    assert [item["title"] for item in json.loads(format_of("csl").text(every))] == titles  # type: ignore[union-attr]


def test_ris_in_full(papers: dict[int, Citation]) -> None:
    """Everything RIS has a tag for, read by rispy; lines end as the specification has them."""
    text = ris(papers[ARTICLE])
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*|", part) for part in text.split("\r\n"))
    (entry,) = read_ris(text)
    assert entry == {
        "type_of_reference": "JOUR",
        "id": "MullerLos2019_970020001",
        "title": TITLE,
        "authors": ["Müller-Łoś, Jörg", "van der Berg, Jan Peter, Jr", "O'Neil and Sons, Åsa", "Vilin, Iu A"],
        "secondary_title": "The synthetic journal of tests : an invention",
        "alternate_title1": "Synth. J. Tests",
        "year": "2019",
        "date": "2019/01//",
        "volume": "12",
        "number": "3 Suppl 1",
        "start_page": "123",
        "end_page": "128",
        "issn": "1234-5679",
        "language": "eng",
        "type_of_work": "Journal Article",
        "doi": "10.5555/a_b(1)<2>",
        "custom2": "PMC12",
        "accession_number": "970020001",
        "name_of_database": "PubMed",
        "urls": ["https://pubmed.ncbi.nlm.nih.gov/970020001/"],
        "abstract": "AIM: 5 < 6 & so on. RESULTS: Patients were randomly assigned to platelet-rich plasma or saline for"
        " low back pain; TNF-α fell by 30%.",
        "keywords": ["Injections, Spinal", "PRP"],
        "notes": ["Erratum in: Synth J Tests. 2020;13(1):9. PMID: 970029001.", papers[ARTICLE].note],
    }


def test_the_note_says_how_far_to_trust_the_level(papers: dict[int, Citation]) -> None:
    """Level, scheme, design, that it is a starting level, rules' version and day of the data, in every format."""
    note = papers[ARTICLE].note
    assert re.fullmatch(
        r"Level of evidence \(OCEBM 2011, treatment benefits\): Level 2; study design: Randomised controlled trial\. "
        + re.escape(LEVEL)
        + r" Low Back Pain Evidence Catalog \d[\w.]*, rules [0-9a-f]{12}, PubMed searched on 2026-03-02\.",
        note,
    )
    for form in FORMATS:
        assert LEVEL in " ".join(form.text([papers[ARTICLE]]).split()), form.id
    assert read_nbib(nbib(papers[ARTICLE]))[0]["GN"][1].startswith("Level of evidence")


def test_bibtex_in_full(papers: dict[int, Citation]) -> None:
    """Escapes, accents and Greek; names with a comma or "and" in them stay whole; the month is a macro."""
    text = bibtex(papers[ARTICLE])
    assert text.startswith("@article{MullerLos2019_970020001,\n")
    assert "  month = jan,\n" in text
    (entry,) = read_bibtex(text)
    assert entry["title"] == TITLE
    assert entry["abstract"].endswith("TNF-α fell by 30%.")
    assert (entry["pages"], entry["number"], entry["issn"]) == ("123–128", "3 Suppl 1", "1234-5679")  # -- is a dash
    assert "pages = {123--128}" in text
    assert "doi = {10.5555/a_b(1)<2>}" in text  # as it is: programs make an address of it
    assert entry["keywords"] == "Injections Spinal, PRP"
    assert entry["note"].startswith("Erratum in: ")
    people = parse_string(text, append_middleware=[bib.SeparateCoAuthors(), bib.SplitNameParts()])
    named = [
        (" ".join(n.von), " ".join(n.last), " ".join(n.jr), " ".join(n.first)) for n in people.entries[0]["author"]
    ]
    assert named == [
        ("", "Müller-Łoś", "", "Jörg"),
        ("van der", "Berg", "Jr", "Jan Peter"),
        ("", "{O'Neil and Sons}", "", "Åsa"),
        ("", "Vilin", "", "Iu A"),
    ]


def test_a_group_is_one_author(papers: dict[int, Citation]) -> None:
    """A collective author stays whole in every format, its comma and its "and" too."""
    name = "Synthetic Study Group, Part B and C"
    assert read_ris(ris(papers[GROUP]))[0]["authors"] == [name.replace(",", "")]  # a comma would part it in RIS
    people = parse_string(bibtex(papers[GROUP]), append_middleware=[bib.SeparateCoAuthors()])
    assert people.entries[0]["author"] == ["{" + name + "}"]
    assert read_nbib(nbib(papers[GROUP]))[0]["CN"] == [name]
    assert csl_item(papers[GROUP])["author"] == [{"literal": name}]
    assert papers[GROUP].key == "SyntheticStudyGroupPartBandC2003_970020006"


def test_nbib_in_full(papers: dict[int, Citation]) -> None:
    """Tags and wrapping are PubMed's; Bio.Medline reads each field."""
    text = nbib(papers[ARTICLE])
    for part in text.rstrip("\n").split("\n"):
        assert re.match(r"[A-Z]{2,4} {0,2}- |      ", part)
        assert len(part) <= 87
        assert re.match(r"[A-Z]{2,4} {0,2}- ", part) is None or part[4:6] == "- "
    (record,) = read_nbib(text)
    expected = {
        "PMID": "970020001", "OWN": "NLM", "STAT": "MEDLINE", "DCOM": "20200102", "LR": "20210203",
        "IS": "1234-5679 (Electronic)", "VI": "12", "IP": "3 Suppl 1", "DP": "2019 Jan-Feb", "TI": TITLE + ".",
        "PG": "123-8", "LID": "10.5555/a_b(1)<2> [doi]",
        "AU": ["Müller-Łoś J", "van der Berg JP Jr", "O'Neil and Sons Å", "Vilin IuA"],
        "FAU": ["Müller-Łoś, Jörg", "van der Berg, Jan Peter Jr", "O'Neil and Sons, Åsa", "Vilin, Iu A"],
        "LA": ["eng"], "PT": ["Journal Article"], "DEP": "20181224", "PL": "England", "TA": "Synth J Tests",
        "JT": "The synthetic journal of tests : an invention", "JID": "9999999",
        "EIN": ["Synth J Tests. 2020;13(1):9. PMID: 970029001."], "MH": ["*Injections, Spinal/methods"], "PMC": "PMC12",
        "OT": ["PRP", "Injections, Spinal"], "EDAT": "2019/01/05 00:00", "PST": "ppublish",
        "AID": ["10.5555/a_b(1)<2> [doi]"],
        "SO": "Synth J Tests. 2019 Jan-Feb;12(3 Suppl 1):123-8. doi: 10.5555/a_b(1)<2>.",
    }  # fmt: skip
    assert {tag: record[tag] for tag in expected} == expected
    assert record["COIS"] == ["None."]


SAME = ("PMID OWN STAT LR VI IP DP PG AU FAU CN LA PT PL TA JT JID OT EDAT PST").split()  # noqa: SIM905 - a row of tags


def test_nbib_agrees_with_the_other_writer(papers: dict[int, Citation]) -> None:
    """The loopback PubMed writes MEDLINE text from XML on its own: Bio.Medline reads the same from both.

    But for suffixes of names, which it leaves out.
    """
    raws = citable_records()
    theirs = read_nbib("".join(medline(raw) for raw in raws if raw.startswith(b"<PubmedArticle>")))
    assert len(theirs) == 7
    for record in theirs:
        ours = read_nbib(nbib(papers[int(record["PMID"])]))[0]
        for tag in SAME:
            found = ours.get(tag)
            bare = [name.removesuffix(" Jr") for name in found] if tag in ("AU", "FAU") and found else found
            assert bare == record.get(tag), (record["PMID"], tag)


def test_csl_json_is_what_processors_take(papers: dict[int, Citation]) -> None:
    """citeproc-py takes every item without a warning; types, dates and names are CSL's."""
    items = [csl_item(paper) for paper in papers.values()]
    CiteProcJSON([{k: v for k, v in item.items() if k != "citation-key"} for item in items])
    article = csl_item(papers[ARTICLE])
    assert article["id"] == "MullerLos2019_970020001"
    assert article["issued"] == {"date-parts": [[2019, 1], [2019, 2]]}
    assert article["author"][1] == {"family": "van der Berg", "given": "Jan Peter", "suffix": "Jr"}
    assert (article["page"], article["PMID"], article["PMCID"]) == ("123-128", "970020001", "PMC12")
    assert csl_item(papers[GROUP])["issued"] == {"date-parts": [[2003]], "season": 1}
    assert csl_item(papers[PREPRINT])["type"] == "article"
    assert "URL" not in article


CSL_TEXT = (  # noqa: SIM905 - a row of names
    "id citation-key type genre title container-title container-title-short publisher publisher-place volume issue page"
    " ISSN ISBN DOI PMID PMCID language keyword abstract source note"
).split()


def test_csl_json_keeps_to_the_schema(papers: dict[int, Citation]) -> None:
    """Every property is one of the schema's, of its type (csl-data.json 1.0.2)."""
    for paper in papers.values():
        for name, value in csl_item(paper).items():
            if name in ("author", "editor"):
                assert all(set(person) <= {"family", "given", "suffix", "literal"} for person in value)
                assert all(isinstance(part, str) for person in value for part in person.values())
            elif name == "issued":
                assert set(value) <= {"date-parts", "season"}
                assert all(
                    1 <= len(parts) <= 3 and all(isinstance(p, int) for p in parts) for parts in value["date-parts"]
                )
            else:
                assert name in CSL_TEXT, name
                assert isinstance(value, str), name


def test_a_retracted_paper_says_so_in_every_format(papers: dict[int, Citation]) -> None:
    """In the title, in keywords or types, and with its notice."""
    paper = papers[WITHDRAWN]
    title = "RETRACTED: A randomized trial of synthetic prolotherapy"
    notice = "Retraction in: Synth J Tests. 2022;14(2):99. PMID: 970029003."
    entry = read_ris(ris(paper))[0]
    assert entry["title"] == title
    assert "Retracted Publication" in entry["keywords"]
    assert entry["notes"][0] == notice
    bibentry = read_bibtex(bibtex(paper))[0]
    assert (bibentry["title"], bibentry["note"]) == (title, notice)
    assert bibentry["keywords"].startswith("Retracted Publication, ")
    record = read_nbib(nbib(paper))[0]
    assert record["TI"] == title + "."
    assert "Retracted Publication" in record["PT"]
    assert record["RIN"] == ["Synth J Tests. 2022;14(2):99. PMID: 970029003."]
    assert record["GN"][0] == notice
    item = csl_item(paper)
    assert item["title"] == title
    assert item["note"].startswith(notice)
    assert "Retracted: counts as evidence nowhere" in item["note"]
    assert item["keyword"].startswith("Retracted Publication, ")


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("RETRACTED: Synthetic.", "RETRACTED: Synthetic"),
        ("[Retracted] Synthetic.", "[Retracted] Synthetic"),
        ("Retracted article: Synthetic.", "Retracted article: Synthetic"),
        ("WITHDRAWN Synthetic", "WITHDRAWN Synthetic"),
        ("Retracted rotator cuff tears", "RETRACTED: Retracted rotator cuff tears"),
        ("Withdrawn patients...", "RETRACTED: Withdrawn patients..."),
        ("[SAMPLE] RETRACTED: Synthetic", "[SAMPLE] RETRACTED: Synthetic"),
        (None, "RETRACTED: [No title]"),
    ],
)
def test_a_title_says_retracted_once(papers: dict[int, Citation], title: str | None, shown: str) -> None:
    """A title that says so already is left as it is; one about retracted tendons is not taken for one."""
    assert replace(papers[WITHDRAWN], stored_title=title).title == shown


def test_corrections_updates_concerns_and_preprints_are_named(papers: dict[int, Citation]) -> None:
    """Each where readers of the file meet it."""
    assert read_ris(ris(papers[UPDATED]))[0]["notes"][0] == "Update in: Synth J. 2024;1:1. PMID: 970029004."
    assert papers[CONCERNED].title == "EXPRESSION OF CONCERN: Synthetic cells"
    assert "Expression of concern in: Synth J. 2024;2:2." in bibtex(papers[CONCERNED])
    assert read_bibtex(bibtex(papers[PREPRINT]))[0]["ENTRYTYPE"] == "misc"
    for form in FORMATS:
        assert "Preprint: not peer reviewed." in " ".join(form.text([papers[PREPRINT]]).split())
    assert replace(papers[WITHDRAWN], notices=(), watched=True).became == "Retracted, says Retraction Watch."
    assert replace(papers[WITHDRAWN], notices=()).became == "Retracted; no notice is cited."


def test_books_and_chapters(papers: dict[int, Citation]) -> None:
    """A chapter stands in its book with editors, publisher and place; a whole book is a book."""
    entry = read_ris(ris(papers[CHAPTER]))[0]
    assert (entry["type_of_reference"], entry["secondary_title"]) == ("CHAP", "Synthetic Pearls")
    assert entry["secondary_authors"] == ["Editor, Edith", "Zweig, Zoë"]
    assert (entry["publisher"], entry["place_published"], entry["issn"]) == (
        *("Invented Press", "Treasure Island (FL)", "9780000000002"),
    )
    assert read_bibtex(bibtex(papers[CHAPTER]))[0]["ENTRYTYPE"] == "incollection"
    assert read_bibtex(bibtex(papers[BOOK]))[0]["ENTRYTYPE"] == "book"
    assert (csl_item(papers[CHAPTER])["type"], csl_item(papers[BOOK])["type"]) == ("chapter", "book")
    assert read_nbib(nbib(papers[CHAPTER]))[0]["FED"] == ["Editor, Edith", "Zweig, Zoë"]


@pytest.mark.parametrize(
    ("pages", "full", "ends"),
    [
        ("123-8", "123-128", ("123", "128")),
        ("1-10", "1-10", ("1", "10")),
        ("e245-e9", "e245-e249", ("e245", "e249")),
        ("e245-9", "e245-e249", ("e245", "e249")),
        ("S95-101", "S95-S101", ("S95", "S101")),
        ("1-2; reply 13-5", "1-2; reply 13-15", ("1-2; reply 13-15", None)),
        ("1825-34, 1839-40", "1825-1834, 1839-1840", ("1825-1834, 1839-1840", None)),
        ("e12", "e12", ("e12", None)),
        ("CD002020", "CD002020", ("CD002020", None)),
        ("77-95, viii", "77-95, viii", ("77-95, viii", None)),
        ("12–15", "12-15", ("12", "15")),
        (None, None, (None, None)),
    ],
)  # fmt: skip
def test_page_ranges_are_written_out(
    papers: dict[int, Citation], pages: str | None, full: str | None, ends: tuple[str | None, str | None]
) -> None:
    """PubMed shortens the last page; programs want it whole."""
    paper = replace(papers[ARTICLE], pages=pages)
    assert (paper.full_pages, paper.ends) == (full, ends)


def test_keys_are_unique_and_stay(papers: dict[int, Citation]) -> None:
    """A key is name, year and PMID, in plain letters; a paper without authors has one too."""
    keys = [paper.key for paper in papers.values()]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[A-Za-z0-9]+_\d+", key) for key in keys)
    assert replace(papers[ARTICLE], authors=(), year=None).key == "Anonymous_970020001"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.sampled_from(
    [
        "ER  - \nTY  - JOUR\nTI  - x", "}\n@article{x,", "\\", "%", "PMID- 1\n\nPMID- 2", "{{{", "}}}",
        "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g", '"quoted" # @ , =', "\x00\x07", "</script>", "a\\", "–—…", " and ",
        "_", "$x_1^2$", "~", "@comment{",
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT)
def test_no_text_breaks_a_record(papers: dict[int, Citation], title: str, family: str, keyword: str) -> None:
    """Whatever a title, name or keyword holds, a file of two papers is read as two, with those texts on one line."""
    base = papers[ARTICLE]
    shown, name, word = line(title), line(family), line(keyword)
    person = Person(name or "Doe", "J", "J", None, None)
    paper = replace(base, stored_title=shown, authors=(person,), keywords=((word, None),) if word else ())
    other = papers[GROUP]
    ris_entries = read_ris(ris(paper) + ris(other))
    assert len(ris_entries) == 2
    assert ris_entries[0]["title"].split() == paper.title.split()
    entries = read_bibtex(bibtex(paper) + bibtex(other))
    assert [entry["ID"] for entry in entries] == [paper.key, other.key]
    records = read_nbib(nbib(paper) + nbib(other))
    assert [record["PMID"] for record in records] == [str(ARTICLE), str(GROUP)]
    assert records[0]["TI"].split() == (paper.title if paper.title[-1] in ".?!]" else paper.title + ".").split()
    items = json.loads(format_of("csl").text([paper, other]))  # type: ignore[union-attr]
    assert [item["title"] for item in items] == [paper.title, other.title]


def test_a_sample_says_so_in_every_export(tmp_path: Path) -> None:
    """Title and note of an invented record say that it is one, and no address at PubMed is given."""
    (paper,) = citations_of(citable_catalog(tmp_path / "sample.db", sample=True), [WITHDRAWN])
    for form in FORMATS:
        text = " ".join(form.text([paper]).split())
        assert "[SAMPLE]" in text
        assert "SAMPLE: an invented record, not a publication." in text
        assert "pubmed.ncbi" not in text
        assert "invented records." in text
    assert paper.title == "RETRACTED: [SAMPLE] A randomized trial of synthetic prolotherapy"


def test_order_and_repeats(catalog: Path) -> None:
    """Papers come in the order asked for, each once; what is not held is left out."""
    found = citations_of(catalog, [GROUP, 5, ARTICLE, GROUP])
    assert [paper.pmid for paper in found] == [GROUP, ARTICLE]


def test_on_the_command_line(catalog: Path) -> None:
    """`catalog cite` prints an export or citations, one a line, and lists what is not there."""
    printed = run("catalog", ["cite", str(WITHDRAWN), str(CHAPTER), "5", "--db", "catalog.db"], catalog.parent)
    assert printed.returncode == 1
    assert printed.stderr == "Not in catalog.db: PMID 5\n"
    first, second = printed.stdout.splitlines()
    assert first.startswith("Müller-Łoś J, van der Berg JP Jr, ")
    assert first.endswith(
        "RETRACTED: A randomized trial of synthetic prolotherapy. Synth J Tests. 2021 Mar 4;12(3 Suppl 1):123–8."
        " PubMed PMID: 970020002. Retraction in: Synth J Tests. 2022;14(2):99. PMID: 970029003."
    )
    assert second.startswith("Writer W. Low back pain. In: Editor E, Zweig Z, editors. Synthetic Pearls.")
    exported = run("catalog", ["cite", str(ARTICLE), "--db", "catalog.db", "--format", "ris"], catalog.parent)
    assert exported.returncode == 0
    assert read_ris(exported.stdout)[0]["title"] == TITLE


def test_a_catalog_of_an_older_version_is_told(tmp_path: Path) -> None:
    """One line says to build again."""
    path = citable_catalog(tmp_path / "catalog.db")
    with sqlite3.connect(path) as conn:
        conn.execute("DROP TABLE bibliography")
    conn.close()
    ended = run("catalog", ["cite", str(ARTICLE)], tmp_path)
    assert ended.returncode == 2
    assert "another version" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.shared
def test_real_records_read_back(shared_data: Path, tmp_path: Path) -> None:
    """Every real record in every format, and in every style: the parsers read as many, each with its title."""
    harvest_files(tmp_path / "pubmed.db", [shared_data / "pubmed" / "efetch-dev.xml.gz"], keep_all=True)
    build(tmp_path / "pubmed.db", tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        pmids = [pmid for (pmid,) in conn.execute("SELECT pmid FROM articles ORDER BY pmid")]
    every = citations_of(tmp_path / "catalog.db", pmids)
    titles = [paper.title.split() for paper in every]
    assert len(titles) == len(pmids) > 300
    texts = {form.id: form.text(every) for form in FORMATS}
    assert [entry["title"].split() for entry in read_ris(texts["ris"])] == titles
    assert [entry["ID"] for entry in read_bibtex(texts["bibtex"])] == [paper.key for paper in every]
    assert [record["PMID"] for record in read_nbib(texts["nbib"])] == list(map(str, pmids))
    assert [item["title"].split() for item in json.loads(texts["csljson"])] == titles
    for style in STYLES:
        for paper in every:
            said = formatted(paper, style).text
            assert paper.title.rstrip("?.!") in said
            assert not re.search(r"\.\.(?!\.)(?<!\.\.\.)|,,|  |\(\)", said.replace(paper.title, "T")), said
