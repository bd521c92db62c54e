"""Prompts to grade by: listed with their words, never graded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.explain import explain
from catalog.sample import write_sample
from catalog.tagging.prompts import prompt_kinds
from catalog.tagging.rules import Rule, load
from catalog.tagging.tables import table
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Prompt
from harvest.record import Record
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.linked import linked, linked_xml
from tests.records import PMID

TOPICS = load_topics()
TRIAL = "Ozone for sciatica: a randomised controlled trial"


def prompts(record: Record) -> dict[str, list[Prompt]]:
    found: dict[str, list[Prompt]] = {}
    for prompt in tag(record, TOPICS).prompts:
        found.setdefault(prompt.prompt, []).append(prompt)
    return found


@pytest.mark.parametrize("rule", load("prompts"), ids=lambda rule: rule.id)
def test_examples_of_each_rule(rule: Rule) -> None:
    """A rule fires on the sentences its file says it must, and on none it says it must not."""
    for sentence in rule.match:
        assert rule.fits(sentence), sentence
    for sentence in rule.miss:
        assert not rule.fits(sentence), sentence


def test_every_prompt_can_be_given_and_is_asked_of_known_designs() -> None:
    """Each prompt has a rule (or follows from the status), and names designs of the codebook only."""
    ruled = {rule.value for rule in load("prompts")} | {"retracted"}
    assert [kind.id for kind in prompt_kinds()] == list(table("prompts")["prompts"])
    assert {kind.id for kind in prompt_kinds()} == ruled
    for kind in prompt_kinds():
        assert kind.designs <= set(table("designs")), kind.id


@pytest.mark.parametrize(
    ("prompt", "title", "abstract"),
    [
        ("small_sample", TRIAL, "We enrolled 24 patients with sciatica."),
        ("open_label", TRIAL, "In this open-label trial patients knew their treatment."),
        ("short_followup", TRIAL, "Patients were followed for 8 weeks."),
        ("cross_over", TRIAL, "After three months patients of the control group could cross over to ozone."),
        ("uncontrolled_extension", TRIAL, "An open-label extension followed. The control group was not followed."),
        ("surrogate_outcome", TRIAL, "The primary outcome was disc height on MRI."),
        ("industry_funding", TRIAL, "It was sponsored by Fictitious Cells Inc."),
    ],
)
def test_each_prompt_quotes_its_place(prompt: str, title: str, abstract: str) -> None:
    """What the text states becomes a prompt whose span holds its quote."""
    record = linked(title, f"Patients were randomised. {abstract}")
    found = prompts(record)[prompt][0]
    text = record.title if found.source == "title" else record.abstract
    assert text is not None
    assert text[found.start : found.end] == found.quote


def test_absence_has_no_words() -> None:
    """A trial whose abstract is silent on blinding is prompted without quote; one that speaks of it is not."""
    (silent,) = prompts(linked(TRIAL, "Patients got ozone or steroid."))["no_blinding"]
    assert (silent.source, silent.start, silent.quote) == ("absence", None, None)
    for said in ("A double-blind design was used.", "The assessor was masked.", "It was open-label."):
        assert "no_blinding" not in prompts(linked(TRIAL, said))
    assert "no_blinding" not in prompts(linked(TRIAL, ""))


@pytest.mark.parametrize(
    "abstract",
    [
        "We enrolled 240 patients.",
        "Patients were assigned to three groups of 20 patients each.",
        "We enrolled 30 patients with sciatica and 90 patients with stenosis.",
        "Twelve patients dropped out. Four of 20 patients were excluded.",
        "We enrolled patients.",
    ],
)
def test_small_sample_abstains_unless_the_whole_is_stated(abstract: str) -> None:
    """Arm sizes, subsets and larger numbers elsewhere keep the rule silent."""
    assert "small_sample" not in prompts(linked(TRIAL, abstract))


@pytest.mark.parametrize(
    "abstract",
    [
        "Patients were followed for 12 months.",
        "Pain was assessed at 1, 3 and 6 months.",
        "Patients with pain for 3 months were treated.",
        "They were followed for 4 weeks and again at one year.",
    ],
)
def test_short_followup_abstains_where_a_longer_time_is_stated(abstract: str) -> None:
    """Six months or more anywhere, or a time that is no follow-up, keep the rule silent."""
    assert "short_followup" not in prompts(linked(TRIAL, abstract))


def test_company_in_address_or_conflict_statement() -> None:
    """An author's company is prompted by address and by statement; a university, a clinic and a denial are not."""
    by_address = prompts(linked(TRIAL, "A.", affiliation="Fictitious Cells Inc., Springfield, USA."))["sponsor"]
    assert [(p.source, p.start) for p in by_address] == [("affiliation", None)]
    statement = "AB is an employee of Fictitious Cells Inc. The study was funded by Fictitious Cells Inc."
    found = prompts(linked(TRIAL, "A.", conflict=statement))
    for name in ("sponsor", "industry_funding"):
        (prompt,) = found[name]
        assert prompt.source == "conflict_of_interest"
        assert statement[prompt.start : prompt.end] == prompt.quote
    for rest in (
        {"affiliation": "Department of Pain, University of Springfield."},
        {"affiliation": "Springfield Pain Clinic, LLC."},
        {"conflict": "None of the authors is an employee or shareholder of a company."},
    ):
        assert "sponsor" not in prompts(linked(TRIAL, "A.", **rest))


def test_prompts_are_not_asked_of_designs_they_do_not_fit() -> None:
    """An animal study is not asked for blinding or sample size, an editorial for nothing."""
    animal = prompts(
        linked("Cells in sheep: a randomised trial", "Twelve sheep were randomised. Followed for 8 weeks.")
    )
    assert set(animal) <= {"sponsor", "industry_funding"}
    assert prompts(linked("Editorial: ozone in 12 patients", "", conflict="AB is an employee of X Inc.")) == {}


def test_retracted_is_a_prompt_and_explain_shows_them(tmp_path: Path) -> None:
    """A retraction stands first among the prompts; explain lists each with its words and says nothing is graded."""
    raw = linked_xml(TRIAL, "We enrolled 24 patients.", types=["Retracted Publication", "Journal Article"])
    build(harvest_of(tmp_path / "p.db", [raw]), tmp_path / "c.db")
    lines = list(explain(tmp_path / "c.db", PMID))
    at = lines.index("To weigh when grading (nothing is graded here):")
    assert lines[at + 1] == "  Retracted, or under a concern  prompt.status  status: “Retracted Publication”"
    assert "Small sample  prompt.small_sample_included  abstract 3-23: “enrolled 24 patients”" in lines[at + 2]
    assert "No blinding stated  prompt.no_blinding: nothing in title or abstract says it" in lines[at + 3]
    assert any("Level of evidence (OCEBM 2011, starting level): 2" in line for line in lines)


def test_spans_of_prompts_and_numbers_hold_in_the_sample(tmp_path: Path) -> None:
    """Every span of prompts and trials quotes its place in the catalog, behind the sample's mark too."""
    write_sample(tmp_path / "c.db")
    with closing(sqlite3.connect(tmp_path / "c.db")) as conn:
        spans = conn.execute(
            "SELECT pmid, source, start, end, quote FROM prompts WHERE start IS NOT NULL"
            " UNION ALL SELECT pmid, source, start, end, quote FROM trials WHERE start IS NOT NULL"
        ).fetchall()
        assert spans
        for pmid, source, start, end, quote in spans:
            texts = conn.execute("SELECT title, abstract, conflict_of_interest FROM articles WHERE pmid = ?", (pmid,))
            text = dict(zip(("title", "abstract", "conflict_of_interest"), texts.fetchone(), strict=True))[source]
            assert text[start:end] == quote, pmid
        assert conn.execute("SELECT count(*) FROM prompts WHERE source = 'title'").fetchone()[0]
        bare = conn.execute("SELECT DISTINCT source FROM prompts WHERE quote IS NULL").fetchall()
    assert bare == [("absence",)]
