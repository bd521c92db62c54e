"""`catalog check`: the evidence beside each claim, notes by rule, and never a verdict."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalog.check.checking import CheckedClaim, CheckedText, check_text
from catalog.check.noting import noting
from catalog.check.printed import as_html
from catalog.check.report import as_json, as_text
from catalog.check.texts import read_text
from tests.claim_marks import PAGES
from tests.claim_records import told_records
from tests.running import run
from tests.site_fixtures import write_site


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("check") / "catalog.db", told_records())


@pytest.fixture
def conn(catalog: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(catalog)) as opened:
        yield opened


def _check(conn: sqlite3.Connection, text: str) -> CheckedText:
    return check_text(conn, read_text(text, "text"), "text")


def _one(conn: sqlite3.Connection, text: str) -> CheckedClaim:
    claims = _check(conn, text).claims
    assert len(claims) == 1, [found.claim.sentence.text for found in claims]
    return claims[0]


def _notes(found: CheckedClaim, product: str | None = "msc") -> dict[str, str]:
    return {note.rule: note.text for note in found.notes if note.product == product}


def _count(conn: sqlite3.Connection, sql: str) -> int:
    return int(conn.execute(sql).fetchone()[0])


MSC = "FROM evidence e WHERE intervention = 'msc'"


def test_the_counts_are_those_of_the_table_evidence(conn: sqlite3.Connection) -> None:
    """Each product apart, each level split by what the conclusion stands against and its direction."""
    found = _one(conn, "Mesenchymal stem cells relieve low back pain.")
    assert found.beside is not None
    assert [(p.intervention, p.named) for p in found.beside.products] == [
        ("msc", True),
        ("bone_marrow", False),
        ("adipose", False),
    ]
    msc = found.beside.products[0]
    for level in ("1", "2", "3", "4", "5"):
        tagged = "EXISTS (SELECT 1 FROM article_conditions c WHERE c.pmid = e.pmid)"
        sql = f"SELECT count(*) {MSC} AND level = '{level}' AND {tagged}"
        assert msc.listing.narrowed(level=level).number == _count(conn, sql), level
    assert sum(split.listing.number for rung in msc.rungs for split in rung.splits) == msc.listing.number


def test_a_level_that_is_asserted(conn: sqlite3.Connection) -> None:
    """“Level 1”: how many of level 1 are held, what they stand against, and the highest level held."""
    found = _one(conn, "We have Level 1 evidence that mesenchymal stem cells relieve low back pain better than drugs.")
    notes = _notes(found)
    held = _count(conn, f"SELECT count(*) {MSC} AND level = '1'")
    assert f"Of cultured mesenchymal stromal cells, {held or 'no'} stud" in notes["level_asserted"]
    assert "with usual care" in notes["compares"]
    assert "Of bone marrow concentrate, no studies of level 1" in _notes(found, "bone_marrow")["level_asserted"]


def test_proof_with_only_level_4(conn: sqlite3.Connection) -> None:
    """“Proven” where only uncontrolled studies are held."""
    found = _one(conn, "Bone marrow concentrate is clinically proven to relieve discogenic pain.")
    assert (
        "the highest level held of bone marrow concentrate on this is level 4"
        in _notes(found, "bone_marrow")["proof_weak"]
    )


def test_no_evidence_held(conn: sqlite3.Connection) -> None:
    """A treatment, or a condition, on which nothing is held; what is held on others is said."""
    notes = _notes(_one(conn, "Prolozone heals sciatica."), "prolozone")
    assert notes["no_evidence"] == "No study of prolozone on sciatica is held."
    notes = _notes(_one(conn, "Mesenchymal stem cells relieve spinal stenosis."))
    assert notes["no_evidence"] == "No study of cultured mesenchymal stromal cells on spinal stenosis is held."
    assert notes["other_conditions"].startswith("On other conditions in this catalog ")


def test_a_comparison_no_trial_makes(conn: sqlite3.Connection) -> None:
    """What no controlled study held compares with, and what one does; no difference is no effect."""
    notes = _notes(
        _one(conn, "Adipose tissue injections are a better alternative to steroids for back pain."), "adipose"
    )
    assert notes["compares_none"] == "No controlled study held compares adipose tissue and SVF with steroid."
    notes = _notes(_one(conn, "Mesenchymal stem cells are an alternative to surgery for low back pain."))
    assert "with surgery" in notes["compares"]
    assert "no_difference_active" in notes


def test_safety_beside_serious_events(conn: sqlite3.Connection) -> None:
    """“Safe” beside the studies that report a serious event, those that report none, and those that do not say."""
    notes = _notes(_one(conn, "Mesenchymal stem cells are completely safe for the back."))
    serious = _count(conn, f"SELECT count(*) {MSC} AND harms = 'serious'")
    assert serious == 1
    assert notes["harms_serious"] == "1 study reports a serious event."
    assert "nothing of harms in title or abstract" in notes["harms_silent"]
    assert "harms_bound" not in notes


def test_a_mechanism_beside_preclinical_work(conn: sqlite3.Connection) -> None:
    """How it works: how much of what is held is in animals or cells."""
    notes = _notes(_one(conn, "Mesenchymal stem cells turn into new disc cells."))
    assert "in animals or cells" in notes["mechanism"]


def test_broader_than_the_evidence(conn: sqlite3.Connection) -> None:
    """Many types of pain, everybody, for ever, athletes, several products in one word."""
    found = _one(conn, "Mesenchymal stem cells permanently relieve all types of back pain in every patient.")
    notes = _notes(found)
    assert "low back pain" in notes["broad_condition"]
    assert notes["followup"].startswith(
        "The text speaks of “permanently”; the longest follow-up stated by a controlled"
    )
    assert (
        "The largest controlled study held of cultured mesenchymal stromal cells had 60 participants."
        in notes["broad_population"]
    )
    found = _one(conn, "Regenerative medicine relieves back pain in athletes.")
    assert {"broad_product", "population"} <= _notes(found, None).keys()


def test_what_is_denied(conn: sqlite3.Connection) -> None:
    """“There is no evidence”: what is held is put beside it, whatever it says."""
    notes = _notes(_one(conn, "There is no evidence that mesenchymal stem cells relieve low back pain."))
    assert notes["denies"].startswith("The text says that evidence, approval or an effect is lacking. Of cultured ")
    assert "proof_compared" not in notes


def test_retracted_papers_and_reviews_that_cite_one_are_told(conn: sqlite3.Connection) -> None:
    """Retracted papers count nowhere; reviews that cite one count, and that is said."""
    notes = _notes(_one(conn, "Mesenchymal stem cells relieve low back pain."))
    assert notes["retracted"] == "1 paper is retracted."
    assert notes["leaning"].startswith("1 review or guideline counted here cites a retracted paper")


def test_improvement_without_a_comparison(conn: sqlite3.Connection) -> None:
    """Where all that report improvement compare before with after only, it is said."""
    notes = _notes(_one(conn, "Bone marrow concentrate relieves back pain."), "bone_marrow")
    assert "within_only" in notes


def test_outside_the_scope(conn: sqlite3.Connection) -> None:
    """Rest, untreated pain, a knee: not assessed, not endorsed, and no evidence beside it."""
    for text in (
        "The best prescription for back pain is to rest.",
        "Without treatment back pain will not heal.",
        "PRP relieves knee pain.",
    ):
        found = _one(conn, text)
        assert found.beside is None
        assert [note.rule == found.claim.outside for note in found.notes] == [True]


def test_never_a_verdict(conn: sqlite3.Connection) -> None:
    """No output calls a claim true, false, supported, refuted, misleading or the like."""
    page = (PAGES / "sales.html").read_text("utf-8")
    said = " ".join(note.text for found in _check(conn, page).claims for note in found.notes)
    said += " ".join(noting().notes.values()) + " ".join(noting().outside.values())
    verdicts = "true false wrong right correct supported unsupported refuted misleading debunked verified myth"
    assert re.findall(rf"\b(?:{verdicts.replace(' ', '|')})\b", said.replace("a true risk", "")) == []


def test_the_command_prints_text(catalog: Path, tmp_path: Path) -> None:
    """Text on stdout, limits first; a page of any kind; exit 0, for nothing was set aside."""
    ended = run("catalog", ["check", str(PAGES / "sales.html"), "--db", str(catalog)], tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[0] == (
        "PubMed abstracts only, date of search not known; absence here is not evidence of absence; not medical advice."
    )
    assert "Outside this catalog (not assessed, not endorsed):" in lines
    assert "apart: Bone marrow concentrate" in ended.stdout


def test_the_json_has_the_documented_shape(conn: sqlite3.Connection) -> None:
    """`{"claims": [{"text", "kind", "asserts", "interventions", "conditions", "evidence", "notes"}], ...}`."""
    text = "Stem cells are proven to relieve back pain. Rest is the best cure for back pain. PRP lives up to our hopes."
    found: dict[str, Any] = json.loads(json.dumps(as_json(_check(conn, text))))
    assert {"text", "kind", "asserts", "interventions", "conditions", "evidence", "notes"} <= found["claims"][0].keys()
    assert [claim["scope"] for claim in found["claims"]] == ["inside", "outside"]
    assert found["claims"][1]["evidence"] == {}
    assert found["not_understood"] == ["PRP lives up to our hopes."]
    assert "not medical advice" in found["limits"]
    product = found["claims"][0]["evidence"]["products"][0]
    assert product["studies"] == sum(product["levels"].values()) == sum(c["count"] for c in product["conclusions"])


def test_nothing_found_is_said(conn: sqlite3.Connection) -> None:
    """An empty text, and one without a claim, give a report that says so."""
    for text in ("", "The weather was fine."):
        lines = list(as_text(_check(conn, text)))
        assert any("0 claims found" in line for line in lines)


def test_sentences_for_one_and_for_many(conn: sqlite3.Connection) -> None:
    """Notes agree in number: “1 study reports”, “2 studies report”, “no study is”."""
    page = "\n\n".join(path.read_text("utf-8") for path in sorted(PAGES.glob("*.md")))
    said = " ".join(note.text for found in _check(conn, page).claims for note in found.notes)
    assert not re.search(
        r"\b1 studies\b|\b(?:[2-9]|\d\d) study\b|\bno study are\b|\bstudies is\b|[{}]|\bnone stands\b", said
    )


def test_html_to_print(conn: sqlite3.Connection) -> None:
    """`--html` is one page without script or anything from elsewhere; what the text holds stays text."""
    text = "<p>Stem cells cure back pain &lt;script&gt;alert(1)&lt;/script&gt;.</p><p>Rest is best.</p>"
    page = as_html(_check(conn, text))
    assert "Stem cells cure back pain &lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "absence here is not evidence of absence; not medical advice" in page
    assert re.findall(r"(?:src|href)=\"(?!https://pubmed\.ncbi\.nlm\.nih\.gov/\d+/\")", page) == []
