"""`harvest recall`: papers that must be found are, or the nearest reason why not is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harvest.cli import main
from harvest.errors import WrongUse
from harvest.known import KnownItem, known_items
from harvest.recall import Checked, Recalled, recall
from harvest.record import parse_article
from harvest.rows import Incoming
from harvest.store import Store
from harvest.topics import load_topics, read_topics
from tests.ncbi import FIRST_PMID, synthetic_article
from tests.ncbi.bulk import pack

TOPICS = load_topics()


def article(n: int, title: str, **more: Any) -> bytes:
    return synthetic_article(FIRST_PMID + n, title, **more)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Two on topic, one deleted, three off topic for different reasons, one of them listed by PubMed."""
    raws = [
        article(1, "Ozone for low back pain (invented)"),
        article(2, "Prolotherapy for sciatica (invented)", doi="10.5555/(A)1<2>"),
        article(3, "Ozone for low back pain, deleted (invented)"),
        article(4, "Dextrosy for low back pain (invented)", links=[("Cites", 1)]),
        article(5, "Ozone in drinking water (invented)"),
        article(6, "Ozone for the loin, listed by PubMed (invented)"),
    ]
    with Store.open(tmp_path / "pubmed.db") as store:
        store.begin_run("test", harvester="test")
        for raw in raws:
            record = parse_article(raw)
            store.keep([Incoming(record.pmid, record.version, record.date_revised, raw)], source="pubmed")
        store.delete([FIRST_PMID + 3, FIRST_PMID + 8], source="pubmed")
        store.set_aside(FIRST_PMID + 9, source="pubmed", reason="PubMed lists it but does not send it")
        store.record_search(
            topic="ozone",
            purpose="topic",
            interface="test",
            written="ozone",
            strategy="ozone",
            translation=None,
            count=1,
            parts=1,
            at="2026-01-01T00:00:00Z",
            complete=True,
            warnings=(),
            pmids=[FIRST_PMID + 6],
        )
        store.finish_run("complete")
    return tmp_path / "pubmed.db"


def check(db: Path, *lines: str, xml: Sequence[Path] = ()) -> Recalled:
    file = db.with_name("known.txt")
    file.write_text("\n".join(lines), "utf-8")
    return recall(file, db, topics=TOPICS, xml=xml)


def one(db: Path, n: int, **more: Any) -> Checked:
    return check(db, str(FIRST_PMID + n), **more).items[0]


def test_found_by_pmid_or_doi(db: Path) -> None:
    """A stored paper on topic is found by its PMID or by its DOI, whatever its case and spelling as an address."""
    found = check(
        db, str(FIRST_PMID + 1), "doi:10.5555/(a)1<2>", "https://dx.doi.org/10.5555/(A)1%3C2%3E", "10.5555/none"
    )
    assert [item.outcome for item in found.items] == ["found", "found", "not in the store"]
    assert [item.pmid for item in found.items] == [FIRST_PMID + 1, FIRST_PMID + 2, None]
    assert (found.asked, found.found, found.exit_status) == (3, 2, 1)
    assert check(db, f"{FIRST_PMID + 1} 10.5555/nothing-of-ours").items[0].outcome == "found"


def test_each_reason(db: Path) -> None:
    """Deleted, never stored, set aside, off topic on one side or the other: each miss has its own reason."""
    reasons = {n: one(db, n) for n in (3, 4, 5, 7, 8, 9)}
    assert [reasons[n].outcome for n in (3, 4, 5, 7, 8, 9)] == [
        *("deleted", "off topic", "off topic", "not in the store", "deleted", "set aside")
    ]
    assert reasons[3].reason.startswith("stored, but NLM deleted it (by pubmed")
    assert reasons[8].reason.startswith("never stored, and NLM deleted it")
    assert reasons[9].reason == "set aside: PubMed lists it but does not send it"
    assert (reasons[4].fails, reasons[4].matched) == (("intervention",), ("low_back_pain",))
    assert (reasons[5].fails, reasons[5].matched) == (("condition",), ("ozone",))


def test_the_nearest_words(db: Path) -> None:
    """A miss shows the words of the record that come nearest to the vocabulary's on the side that fails."""
    near = one(db, 4).nearest[0]
    assert (near.concept, near.wanted, near.has) == ("prolotherapy", "dextrose", "dextrosy")
    assert 0.8 < near.likeness < 1


def test_what_pubmed_lists_is_found(db: Path) -> None:
    """A record that the last search of PubMed lists counts as found though the local match does not see why."""
    item = one(db, 6)
    assert item.outcome == "found"
    assert item.reason == "PubMed's search lists it, though the local match does not: no condition words"


def test_a_record_in_a_file(db: Path, tmp_path: Path) -> None:
    """For a paper that is not stored, a given XML file tells which side fails, or that it is on topic."""
    file = tmp_path / "more.xml.gz"
    file.write_bytes(pack([article(20, "Ozonation of teeth (invented)"), article(21, "Ozone for sciatica (invented)")]))
    off, on = one(db, 20, xml=[file]), one(db, 21, xml=[file])
    assert off.reason == "not in the store; in more.xml.gz it is off topic: no condition words"
    assert on.reason == "not in the store; in more.xml.gz it is on topic: harvest that file"
    assert one(db, 22, xml=[file]).reason.startswith("not in the store at all")


def test_topics_that_join_nothing(db: Path) -> None:
    """Where both sides are named but no topic joins them, that is the reason."""
    own = read_topics(
        """
interventions: [{id: a, name: A, words: [ozone]}, {id: b, name: B, words: [laser]}]
conditions: [{id: c, name: C, words: [back pain]}, {id: d, name: D, words: [neck]}]
topics: [{id: t, name: T, interventions: [a], conditions: [d]}]
""",
        "own.yml",
    )
    file = db.with_name("known.txt")
    file.write_text(str(FIRST_PMID + 1))
    assert recall(file, db, topics=own).items[0].reason == (
        "stored, but off topic now: no topic joins what it names (a, c)"
    )


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("12345678\n# 999\n 23456789 \n", [(12345678, None), (23456789, None)]),
        ("PMID: 12345678; doi: 10.1000/ABC.5.", [(12345678, "10.1000/abc.5")]),
        ("PMID- 12345678\nOWN - NLM\nAID - 10.1000/x(1)2 [doi]", [(12345678, None), (None, "10.1000/x(1)2")]),
        ("  pmid = {12345678},\n  doi = {10.1000/x},\n  year = {2020},", [(12345678, None), (None, "10.1000/x")]),
        ("see (https://doi.org/10.1000/x) and https://pubmed.ncbi.nlm.nih.gov/12345678/.", [(12345678, "10.1000/x")]),
        ("12345678, 23456789 34567890", [(12345678, None), (23456789, None), (34567890, None)]),
        ("1\t12345678\tTitle of 2020\t10.1000/x", [(1, None), (12345678, None), (None, "10.1000/x")]),
        ("In 2020, 36 patients were treated for 12 months.", []),
        ("12345678\n12345678\n", [(12345678, None)]),
        ("0\n", []),
    ],
)
def test_ids_in_any_text(text: str, items: list[tuple[int | None, str | None]]) -> None:
    """PMIDs and DOIs are read from lists, tables, RIS, NBIB, BibTeX and prose; other numbers are none."""
    assert known_items(text) == [KnownItem(*item) for item in items]


def test_command(db: Path) -> None:
    """The share and the misses go to stdout, as text or JSON; exit 1 where something is missed, 2 for wrong use."""
    file = db.with_name("known.txt")
    file.write_text(f"{FIRST_PMID + 1}\n{FIRST_PMID + 5}\n")
    text = CliRunner().invoke(main, ["recall", str(file), "--db", str(db)])
    assert (text.exit_code, text.stderr) == (1, "")
    lines = text.stdout.splitlines()
    assert lines[0] == "1 of 2 papers found (50.0 %)"
    assert lines[1].startswith(
        f"  PMID {FIRST_PMID + 5}, doi:10.5555/invented.{FIRST_PMID + 5}: stored, but off topic now"
    )
    document = json.loads(CliRunner().invoke(main, ["recall", str(file), "--db", str(db), "--json"]).stdout)
    assert (document["asked"], document["found"], document["share"]) == (2, 1, 0.5)
    assert document["items"][1]["fails"] == ["condition"]
    file.write_text(str(FIRST_PMID + 1))
    assert CliRunner().invoke(main, ["recall", str(file), "--db", str(db)]).exit_code == 0
    file.write_text("no ids here")
    assert CliRunner().invoke(main, ["recall", str(file), "--db", str(db)]).exit_code == 2
    with pytest.raises(WrongUse, match="cannot be read"):
        recall(db.with_name("none.txt"), db, topics=TOPICS)
