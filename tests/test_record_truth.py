"""The parser against what a careful, DTD-faithful reader found in real records (`truth.jsonl` of the shared data)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from harvest.record import Author, Record, parse_article, parse_deletions
from harvest.stream import Element, elements, open_xml

pytestmark = pytest.mark.shared

Truth = dict[str, Any]

REGISTRIES = frozenset({"ClinicalTrials.gov", "ISRCTN", "CTRI", "ANZCTR", "ChiCTR", "EudraCT", "UMIN-CTR", "DRKS"})


def persons(authors: tuple[Author, ...], *, valid_only: bool) -> list[list[str | None]]:
    """Names as the truth file has them: [last, fore or None], or [collective name]."""
    return [
        [a.collective] if a.collective else [a.last_name, a.fore_name] for a in authors if a.valid or not valid_only
    ]


def details(authors: tuple[Author, ...]) -> list[dict[str, str]]:
    found = []
    for a in authors:
        entry = {"initials": a.initials, "suffix": a.suffix, "orcid": a.orcid, "valid_yn": "Y" if a.valid else "N"}
        found.append({key: value for key, value in entry.items() if value})
    return found


def hyphenated(orcid: str) -> str:
    digits = re.sub(r"[^0-9X]", "", orcid.rsplit("/", 1)[-1])
    return "-".join(digits[at : at + 4] for at in range(0, 16, 4))


def wanted_details(truth: Truth) -> list[dict[str, str]]:
    """The truth file has ORCIDs as sent; a Record has them in one spelling."""
    return [
        {key: hyphenated(value) if key == "orcid" else value for key, value in entry.items()}
        for entry in truth["authors_detail"]
    ]


def padded(date: str | None) -> str | None:
    """The truth file has a book's contribution date as sent (2006-2-5); a Record has it as 2006-02-05."""
    return "-".join(part.zfill(2) for part in date.split("-")) if date else None


def banks(record: Record) -> list[list[Any]]:
    """Accession numbers grouped by bank, as sent: neighbours of one name are one bank."""
    grouped: list[list[Any]] = []
    for bank in record.databanks:
        if not grouped or grouped[-1][0] != bank.name:
            grouped.append([bank.name, []])
        grouped[-1][1].append(bank.accession)
    return grouped


def own_ids(record: Record, kind: str) -> list[str]:
    return [text for found, text in record.article_ids if found == kind]


# Truth field -> what a Record says, in the truth file's shape.
FIELDS: dict[str, Callable[[Record], Any]] = {
    "pmid": lambda r: str(r.pmid),
    "version": lambda r: r.version,
    "is_book": lambda r: r.is_book,
    "status": lambda r: r.status,
    "title": lambda r: r.title,
    "vernacular_title": lambda r: r.vernacular_title,
    "year": lambda r: r.year,
    "pubdate": lambda r: r.pubdate,
    "article_date": lambda r: r.article_date,
    "date_revised": lambda r: r.date_revised,
    "journal_iso": lambda r: r.journal_iso,
    "journal_title": lambda r: r.journal,
    "medline_ta": lambda r: r.medline_ta,
    "volume": lambda r: r.volume,
    "issue": lambda r: r.issue,
    "pages": lambda r: r.pages,
    "publication_types": lambda r: [p.name for p in r.publication_types],
    "mesh": lambda r: [m.name for m in r.mesh],
    "mesh_major": lambda r: [m.name for m in r.mesh if m.major or any(q.major for q in m.qualifiers)],
    "keywords": lambda r: [k.text for k in r.keywords],
    "language": lambda r: list(r.languages),
    "comments_corrections": lambda r: [[li.ref_type, str(li.pmid) if li.pmid else None] for li in r.links],
    "databanks": banks,
    "other_abstracts": lambda r: [
        [o.kind, o.language, " ".join(s.text for s in o.sections)] for o in r.other_abstracts
    ],
    "authors_all": lambda r: persons(r.authors, valid_only=False),
    "authors": lambda r: persons(r.authors, valid_only=True),
    "authors_detail": lambda r: details(r.authors),
    "abstract_sections": lambda r: [[s.label, s.category, s.text] for s in r.sections],
    "abstract": lambda r: "\n".join(s.text for s in r.sections) or None,  # without the labels
    "doi": lambda r: r.doi,
    "doi_articleid": lambda r: own_ids(r, "doi"),
    "pmcid": lambda r: next(iter(own_ids(r, "pmc")), None),
    "pmcid_norm": lambda r: r.pmcid,
    "trial_ids": lambda r: [b.accession for b in r.databanks if b.name in REGISTRIES],
    "book_title": lambda r: r.book_title,
    "book_accession": lambda r: r.book_accession,
    "book_editors": lambda r: persons(r.editors, valid_only=True),
}
WANTED: dict[str, Callable[[Truth], Any]] = {
    "authors_detail": wanted_details,
    "article_date": lambda truth: padded(truth["article_date"]),
}
# What is about the truth file itself, or about the raw element (checked apart): no field of a Record.
APART = {"sha256", "source", "file", "features", "dtd_valid", "doi_elocation"}


def cut(path: Path) -> list[Element]:
    with open_xml(path) as stream:
        return list(elements(stream, name=path.name))


def truths(path: Path, file: str | None = None) -> Iterator[Truth]:
    for line in path.read_text(encoding="utf-8").splitlines():
        truth = json.loads(line)
        if file is None or truth["file"] == file:
            yield truth


def compare(found: list[Element], expected: list[Truth]) -> tuple[int, int, int, list[str]]:
    """Records, fields and digests compared, and the differences as `PMID field`: no record's text in a message."""
    articles = [element for element in found if element.kind != "DeleteCitation"]
    assert len(articles) == len(expected)
    compared = digests = 0
    differences = []
    for element, truth in zip(articles, expected, strict=True):
        record = parse_article(element.raw)
        unknown = truth.keys() - FIELDS.keys() - APART
        assert not unknown, f"the truth file has fields this test does not map: {sorted(unknown)}"
        for field in sorted(truth.keys() & FIELDS.keys()):
            compared += 1
            wanted = WANTED[field](truth) if field in WANTED else truth[field]
            if FIELDS[field](record) != wanted:
                differences.append(f"{truth['pmid']} {field}")
        labelled = (f"{label}: {text}" if label else text for label, _, text in truth["abstract_sections"])
        assert record.abstract == ("\n".join(labelled) or None)
        for doi in truth["doi_elocation"]:
            assert f">{doi}<".encode() in element.raw
            assert record.doi in {*truth["doi_elocation"], *truth["doi_articleid"]}
        if "sha256" in truth:
            digests += 1
            if hashlib.sha256(element.raw).hexdigest() != truth["sha256"]:
                differences.append(f"{truth['pmid']} sha256")
    return len(articles), compared, digests, differences


def test_every_record_of_efetch_dev_is_read_as_the_truth_file_has_it(shared_data: Path) -> None:
    """All truth fields of all 363 records agree, and each raw element has the truth file's SHA-256."""
    found = cut(shared_data / "pubmed" / "efetch-dev.xml.gz")
    expected = list(truths(shared_data / "pubmed" / "truth.jsonl"))
    deleted = expected.pop()["_deleted_pmids"]
    records, compared, digests, differences = compare(found, expected)
    assert differences == []
    assert (records, compared, digests) == (363, 12345, 363)
    assert [str(p) for e in found if e.kind == "DeleteCitation" for p in parse_deletions(e.raw)] == deleted


@pytest.mark.parametrize(
    ("name", "records", "fields", "deletions"),
    [
        ("pubmed20n1016.xml.gz", 26, 858, 262),
        ("pubmed26n1334.xml.gz", 30, 990, 0),
        ("pubmed26n1335.xml.gz", 30, 990, 6),
    ],
)
def test_every_record_of_the_update_files_is_read_as_the_truth_file_has_it(
    shared_data: Path, name: str, records: int, fields: int, deletions: int
) -> None:
    """All truth fields of all records and the deletions of NLM's update files agree."""
    folder = shared_data / "pubmed" / "updates"
    found = cut(folder / name)
    expected = list(truths(folder / "truth.jsonl", name))
    deleted = expected.pop()["_deleted_pmids"]
    count, compared, _, differences = compare(found, expected)
    assert differences == []
    assert (count, compared) == (records, fields)
    assert [str(p) for e in found if e.kind == "DeleteCitation" for p in parse_deletions(e.raw)] == deleted
    assert len(deleted) == deletions


@pytest.mark.parametrize(
    ("name", "articles"),
    [
        ("pubmed/efetch-more.xml.gz", 363),
        ("pubmed/chain/pubmedsample18n0001.xml.gz", 177),
        ("pubmed/chain/pubmedsample19n0001.xml.gz", 176),
        ("ontopic/ontopic.xml", 105),
    ],
)
def test_files_without_a_truth_file_are_read_wholly(shared_data: Path, name: str, articles: int) -> None:
    """Every element of the other real files parses, none is lost, and each has a PMID, a year and no empty text."""
    path = shared_data / name
    found = cut(path)
    with open_xml(path) as stream:
        whole = stream.read()
    starts = len(re.findall(rb"<Pubmed(?:Book)?Article>", whole))
    records = [parse_article(e.raw) for e in found if e.kind != "DeleteCitation"]
    assert len(records) == starts == articles
    assert all(whole[e.offset : e.offset + len(e.raw)] == e.raw for e in found)
    deleted = [pmid for e in found if e.kind == "DeleteCitation" for pmid in parse_deletions(e.raw)]
    listed = whole[whole.find(b"<DeleteCitation") :] if b"<DeleteCitation" in whole else b""
    assert deleted == [int(pmid) for pmid in re.findall(rb"<PMID[^>]*>(\d+)", listed)]
    assert all(r.pmid and r.year for r in records)
    assert not any("" in (r.title, r.abstract, r.doi, r.journal, *r.languages, *r.grants) for r in records)
