"""The evidence on each claim: the rows of `evidence` that fit it, and what is not counted, filled by the build."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from catalog.build import build
from catalog.claims import load_claims
from catalog.claimtables import held_claims
from catalog.digest import digest
from catalog.dossier import AGAINST, Question, against, gather
from harvest.topics import load_topics, read_topics
from tests.claim_records import (
    CELLS,
    DUEL,
    EARLY_REPORT,
    KNEES,
    LATE_REPORT,
    LEANING_REVIEW,
    RATS,
    RETRACTED_TRIAL,
    WITHIN_REVIEW,
    drawn_records,
    told_records,
)
from tests.harvests import harvest_of
from tests.site_fixtures import kept_records, write_site
from tests.test_claims_file import CLAIM, written

TOPICS = load_topics()

# Said anew and otherwise than the program says it: from the articles, not from `evidence`.
FITTING = """
SELECT c.id, ci.intervention, coalesce((SELECT f.family FROM trial_families f WHERE f.pmid = a.pmid), a.pmid), a.pmid,
    CASE WHEN a.status = 'retracted' THEN 'retracted' ELSE 'counts' END
FROM claims c JOIN claim_interventions ci ON ci.claim = c.id
JOIN article_interventions i ON i.intervention = ci.intervention AND i.role = 'experimental'
JOIN articles a ON a.pmid = i.pmid
WHERE coalesce(a.region, 'lumbar') IN ('lumbar', 'unstated')
AND (a.status = 'retracted' OR a.pmid NOT IN (SELECT pmid FROM trial_families WHERE represents = 0))
AND (NOT EXISTS (SELECT 1 FROM claim_conditions cc WHERE cc.claim = c.id) OR a.pmid IN
    (SELECT ac.pmid FROM article_conditions ac JOIN claim_conditions cc USING (condition) WHERE cc.claim = c.id))
"""


@pytest.fixture(scope="module", params=["told", "drawn 1", "drawn 2"])
def conn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Three catalogs of invented records."""
    kind, _, seed = request.param.partition(" ")
    records = told_records() if kind == "told" else drawn_records(int(seed))
    path = write_site(tmp_path_factory.mktemp("claims") / "catalog.db", records)
    with closing(sqlite3.connect(path)) as opened:
        yield opened


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The records that were each written for a behaviour."""
    path = write_site(tmp_path_factory.mktemp("told") / "catalog.db", told_records())
    with closing(sqlite3.connect(path)) as opened:
        yield opened


def test_each_claim_has_the_evidence_its_definition_says(conn: sqlite3.Connection) -> None:
    """Product under test, the back, its conditions, a trial once, its words; retracted papers apart."""
    words = {claim.id: claim.words for claim in load_claims(TOPICS).claims}
    wanted = {row for row in conn.execute(FITTING) if not words[row[0]] or _names(conn, row[3], words[row[0]])}
    held = conn.execute("SELECT claim, intervention, study, pmid, part FROM claim_evidence").fetchall()
    assert set(held) == wanted
    assert len(held) > 80
    assert {row[4] for row in held} == {"counts", "retracted"}


def _names(conn: sqlite3.Connection, pmid: int, words: tuple[str, ...]) -> bool:
    texts = [
        text or "" for text in conn.execute("SELECT title, abstract FROM articles WHERE pmid = ?", (pmid,)).fetchone()
    ]
    text = re.sub(r"\W+", " ", " ".join(texts).lower())
    return any(
        re.search(rf"\b{word.lower().replace('*', '')}{'' if '*' in word else '(?:s|es)?'}", text) for word in words
    )


def test_a_trial_counts_once_by_its_latest_report(told: sqlite3.Connection) -> None:
    """Of two reports of one trial one stands in a claim's evidence."""
    held = {row[0] for row in told.execute("SELECT pmid FROM claim_evidence WHERE claim = 'msc-less-pain-than-drugs'")}
    assert LATE_REPORT in held
    assert EARLY_REPORT not in held


def test_what_is_not_counted_is_kept_apart(told: sqlite3.Connection) -> None:
    """A retracted trial is told and does not count, a review that cites it does; a knee trial is not there at all."""
    parts = dict(
        told.execute(
            "SELECT pmid, part FROM claim_evidence WHERE claim = 'msc-less-pain-than-drugs' AND intervention = 'msc'"
        )
    )
    assert parts[RETRACTED_TRIAL] == "retracted"
    assert parts[LEANING_REVIEW] == "counts"
    assert parts[WITHIN_REVIEW] == "counts"
    assert KNEES not in parts
    assert RATS in parts


def test_a_stem_finds_every_ending(told: sqlite3.Connection) -> None:
    """`differentiat*` finds differentiation, which a stemming index has cut shorter than that."""
    (dossier,) = gather(told, Question(("msc",), words=("differentiat*",)))
    assert [row.pmid for row in dossier.rows] == [CELLS]


def test_words_narrow_a_mechanism(told: sqlite3.Connection) -> None:
    """The rats whose signals were measured bear on signalling, the cells that differentiated on differentiation."""
    held = {
        claim: {row[0] for row in told.execute("SELECT pmid FROM claim_evidence WHERE claim = ?", (claim,))}
        for claim in ("msc-signalling", "msc-differentiation")
    }
    assert held["msc-signalling"] == {RATS}
    assert held["msc-differentiation"] == {CELLS}


def test_of_a_head_to_head_each_treatment_has_its_own_direction(told: sqlite3.Connection) -> None:
    """What favours plasma is against dextrose, in the dossiers of both."""
    question = Question(("prp", "prolotherapy"), ("sacroiliac_joint",))
    said = {
        dossier.intervention: row.direction
        for dossier in gather(told, question)
        for row in dossier.rows
        if row.pmid == DUEL
    }
    assert said == {"prp": "favours", "prolotherapy": "against"}


def test_a_dossier_is_newest_first_and_each_row_stands_against_one_thing(conn: sqlite3.Connection) -> None:
    """Rows by year; each has one of the things a conclusion can stand against."""
    for dossier in gather(conn, Question(("msc", "prp", "ozone"))):
        years = [row.year or 0 for row in dossier.rows]
        assert years == sorted(years, reverse=True)
        assert {against(row) for row in dossier.rows} <= set(AGAINST)
        assert len(dossier.of("1", "2", "3", "4", "5", "none")) == len(dossier.rows)


def test_a_word_that_would_be_a_command_is_a_word(told: sqlite3.Connection) -> None:
    """Words of a claims file are words, whatever they would mean to an index or a pattern."""
    for word in ('OR "zebra', "NEAR(a b)", "title: x", "a-b", "x' --", "NOT", ".*", "(rat"):
        (dossier,) = gather(told, Question(("msc",), words=(word,)))
        assert [row.pmid for row in dossier.rows] == ([RATS] if word == "(rat" else [])


def test_claims_come_back_from_the_catalog_as_they_were(told: sqlite3.Connection) -> None:
    """What the tables hold is the file's claims."""
    held, file = held_claims(told), load_claims(TOPICS)
    assert held.claims == file.claims
    assert held.kinds == file.kinds
    assert held.outcomes == file.outcomes
    assert held.sha256 == file.sha256


def test_the_same_harvest_gives_the_same_claims_and_other_claims_another_digest(tmp_path: Path) -> None:
    """Built twice: the same bytes; with claims of one's own: those, and another digest."""
    source = harvest_of(tmp_path / "pubmed.db", told_records())
    (tmp_path / "mine.yml").write_bytes(written(CLAIM))
    build(source, tmp_path / "a.db")
    build(source, tmp_path / "b.db")
    built = build(source, tmp_path / "c.db", claims=tmp_path / "mine.yml")
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    assert digest(tmp_path / "a.db") != digest(tmp_path / "c.db")
    assert built.troubles == ()
    with closing(sqlite3.connect(tmp_path / "c.db")) as conn:
        assert conn.execute("SELECT id FROM claims").fetchall() == [("synthetic-claim",)]


def test_another_vocabulary_builds_without_the_claims_it_has_no_words_for(tmp_path: Path) -> None:
    """Bundled claims that do not fit are remarked on; one's own that do not fit are a trouble."""
    source = harvest_of(tmp_path / "pubmed.db", told_records())
    data = yaml.safe_load(TOPICS.text)
    data["interventions"] = [entry for entry in data["interventions"] if entry["id"] in ("prp", "ozone")]
    data["topics"] = [{"id": "all", "name": "All"}]
    narrow = read_topics(yaml.safe_dump(data), "narrow.yml")
    built = build(source, tmp_path / "catalog.db", topics=narrow)
    (remark,) = [line for line in built.remarks if "Claims left out" in line]
    assert "msc-less-pain-than-drugs" in remark
    assert "prp-safe" not in remark
    assert built.troubles == ()
    (tmp_path / "mine.yml").write_bytes(written(CLAIM, {**CLAIM, "id": "on-cells", "interventions": ["msc"]}))
    built = build(source, tmp_path / "catalog.db", topics=narrow, claims=tmp_path / "mine.yml")
    assert [line for line in built.troubles if "on-cells" in line]


def test_an_empty_catalog_has_claims_without_evidence(tmp_path: Path) -> None:
    """Claims stand there before the first paper."""
    path = write_site(tmp_path / "catalog.db", [])
    assert kept_records([]) == []
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM claims").fetchone()[0] > 20
        assert conn.execute("SELECT count(*) FROM claim_evidence").fetchone() == (0,)
