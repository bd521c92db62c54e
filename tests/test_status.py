"""Status across records: notices that point back, threads, reviews that lean on a retracted paper."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.explain import explain
from catalog.tagging.status import STATUSES, settle, status_rules
from catalog.tagging.tags import Source, Tag
from tests.harvests import harvest_of
from tests.linked import linked_xml

TRIAL = "Ozone for sciatica: a randomised controlled trial"
PAPER, NOTICE, REVIEW, LETTER, REPLY = range(970040001, 970040006)
ELSEWHERE = 970049999  # not in any catalog here


def rows(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql, values).fetchall()


def catalog(tmp_path: Path, *raws: bytes) -> Path:
    target = tmp_path / "catalog.db"
    build(harvest_of(tmp_path / "pubmed.db", raws), target)
    return target


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("RetractionOf", "retracted"),
        ("ExpressionOfConcernFor", "concern"),
        ("ErratumFor", "corrected"),
        ("CorrectedandRepublishedFrom", "corrected"),
        ("UpdateOf", "corrected"),
        ("CommentOn", "current"),
    ],
)
def test_a_notice_that_points_back_counts(tmp_path: Path, kind: str, status: str) -> None:
    """A notice in the catalog sets the status of the paper it names, even where the paper's own record is silent."""
    path = catalog(tmp_path, linked_xml(TRIAL, "A.", pmid=PAPER), linked_xml("N", pmid=NOTICE, links=[(kind, PAPER)]))
    assert rows(path, "SELECT status FROM articles WHERE pmid = ?", PAPER) == [(status,)]
    proofs = rows(path, "SELECT value, source, quote, chosen FROM tags WHERE field = 'status'")
    expected = (status, "notice", f"{kind}: Synth J. 2020;1:1 (in the record of PMID {NOTICE})", 1)
    assert proofs == ([] if status == "current" else [expected])
    level = rows(path, "SELECT design, level FROM articles WHERE pmid = ?", PAPER)
    assert level == [("rct", "2")]


def test_what_both_records_say_is_one_proof_and_one_notice(tmp_path: Path) -> None:
    """Where paper and notice name each other, the paper's own word is the proof and the link is listed once."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=PAPER, links=[("RetractionIn", NOTICE)]),
        linked_xml("Retraction: Ozone", pmid=NOTICE, links=[("RetractionOf", PAPER)]),
    )
    assert rows(path, "SELECT rule FROM tags WHERE field = 'status'") == [("status.retraction_link",)]
    assert rows(path, "SELECT pmid, kind, notice_pmid, told_by FROM related_notices ORDER BY pmid") == [
        (PAPER, "RetractionIn", NOTICE, PAPER),
        (NOTICE, "RetractionOf", PAPER, NOTICE),
    ]


def test_related_notices_in_both_directions(tmp_path: Path) -> None:
    """An article's notices, comments and versions include those that only the other record tells; citations do not."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=PAPER, links=[("Cites", REVIEW), ("UpdateOf", ELSEWHERE)]),
        linked_xml("Correction to: Ozone", pmid=NOTICE, links=[("ErratumFor", PAPER)]),
        linked_xml("Letter to the editor", pmid=LETTER, links=[("CommentOn", PAPER)]),
    )
    found = rows(path, "SELECT kind, notice_pmid, told_by FROM related_notices WHERE pmid = ? ORDER BY kind", PAPER)
    assert found == [
        ("CommentIn", LETTER, LETTER),
        ("ErratumIn", NOTICE, NOTICE),
        ("UpdateOf", ELSEWHERE, PAPER),
    ]


def test_comment_threads_join_paper_comment_and_reply(tmp_path: Path) -> None:
    """A paper, the letter on it and the reply to the letter are one thread, with what is not in the catalog."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=PAPER, links=[("CommentIn", ELSEWHERE)]),
        linked_xml("Letter to the editor", pmid=LETTER, links=[("CommentOn", PAPER)]),
        linked_xml("Authors' reply", pmid=REPLY, links=[("CommentOn", LETTER)]),
        linked_xml("Ozone alone", pmid=REVIEW),
    )
    assert rows(path, "SELECT thread, pmid FROM comment_threads ORDER BY pmid") == [
        (PAPER, PAPER),
        (PAPER, LETTER),
        (PAPER, REPLY),
        (PAPER, ELSEWHERE),
    ]


def test_reviews_that_lean_on_a_retracted_paper(tmp_path: Path) -> None:
    """A review whose reference list holds a retracted paper is listed with the proof; a trial that cites it is not."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=PAPER),
        linked_xml("Retraction: Ozone", pmid=NOTICE, links=[("RetractionOf", PAPER), ("RetractionOf", ELSEWHERE)]),
        linked_xml("Ozone: a systematic review", "B.", pmid=REVIEW, references=[PAPER, ELSEWHERE, ELSEWHERE, LETTER]),
        linked_xml("Plasma: a randomised controlled trial", "B.", pmid=LETTER, references=[PAPER]),
    )
    assert rows(path, "SELECT * FROM leans_on_retracted ORDER BY cited_pmid") == [
        (REVIEW, PAPER, "catalog", f"RetractionOf: Synth J. 2020;1:1 (in the record of PMID {NOTICE})"),
        (REVIEW, ELSEWHERE, "notice", f"RetractionOf in the record of PMID {NOTICE}"),
    ]
    assert any(f"PMID {ELSEWHERE}  PubMed's link to a notice" in line for line in explain(path, REVIEW))


def proof(value: str, source: Source = "notice") -> Tag:
    return Tag("status", value, "r", source, None, None, "q", True)


def test_settle_takes_the_first_that_fits_and_a_curator_before_all() -> None:
    """The gravest status wins, losing proofs stay unchosen, a curator's word stands above."""
    status, tags = settle([proof("corrected"), proof("retracted"), proof("preprint")])
    assert status == "retracted"
    assert [tag.chosen for tag in tags] == [False, True, False]
    assert settle([proof("retracted"), proof("current", "curator")])[0] == "current"
    assert settle([])[0] == "current"
    assert {rule.value for rule in status_rules()} == set(STATUSES)
