"""What a paper says it found: effects in numbers as it words them, and a conclusion beyond its own results."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.site.marks import Span

__all__ = ["Effect", "Overclaim", "load_effects", "load_overclaims"]

_OUTCOMES = {"pain": "pain", "function": "function", "success": "success"}


@dataclass(frozen=True, slots=True)
class Effect:
    """A clause of the abstract that gives an effect in numbers."""

    number: int  # of its mark in the abstract
    outcome: str  # in words; several joined by commas
    measures: tuple[str, ...]  # the scales it names
    timepoint: str | None
    text: str
    span: Span | None  # None: the abstract does not hold it where it should


@dataclass(frozen=True, slots=True)
class Overclaim:
    """A conclusion beside the results it goes beyond."""

    rule: str
    cites: str | None
    says: str
    conclusion: str
    conclusion_source: str
    conclusion_number: int
    results: str
    results_number: int
    spans: tuple[tuple[str, Span], ...]  # the text each lies in, and where


def load_effects(
    conn: sqlite3.Connection, pmid: int, texts: Mapping[str, str], first_number: int
) -> tuple[Effect, ...]:
    """Read a paper's key results in reading order; a clause on two outcomes or scales is one.

    Args:
        conn: the catalog.
        pmid: the paper.
        texts: its `abstract`; a span that does not hold its quote is not marked.
        first_number: the first number free for a mark on the page.
    """
    found: dict[tuple[int, int, str], list[tuple[str, str | None, str | None]]] = {}
    for outcome, measure, timepoint, text, start, end in conn.execute(
        "SELECT outcome, measure, timepoint, text, start, end FROM results WHERE pmid = ? ORDER BY start, end, rowid",
        (pmid,),
    ):
        found.setdefault((start, end, text), []).append((outcome, measure, timepoint))
    effects = []
    for number, ((start, end, text), rows) in enumerate(found.items(), first_number):
        outcomes = dict.fromkeys(_OUTCOMES.get(outcome, outcome.replace("_", " ")) for outcome, _, _ in rows)
        name = ", ".join(outcomes).capitalize()
        placed = texts.get("abstract", "")[start:end] == text
        effects.append(
            Effect(
                number,
                name,
                tuple(dict.fromkeys(measure for _, measure, _ in rows if measure)),
                next((timepoint for _, _, timepoint in rows if timepoint), None),
                text,
                Span(start, end, "noted", number, f"{name} in numbers", f"effect-{number}") if placed else None,
            )
        )
    return tuple(effects)


def load_overclaims(
    conn: sqlite3.Connection, pmid: int, texts: Mapping[str, str], first_number: int
) -> tuple[Overclaim, ...]:
    """Read where a paper's conclusion claims more than its own results. Arguments as of `load_effects`."""
    found = []
    number = first_number
    for rule, cites, says, conclusion, source, c_start, c_end, results, r_start, r_end in conn.execute(
        "SELECT s.rule, r.cites, s.says, s.conclusion, s.conclusion_source, s.conclusion_start, s.conclusion_end,"
        " s.results, s.results_start, s.results_end FROM spin s LEFT JOIN rules r ON r.id = s.rule"
        " WHERE s.pmid = ? ORDER BY s.rule",
        (pmid,),
    ):
        spans: list[tuple[str, Span]] = []
        for text, start, end, quote, label in (
            (source, c_start, c_end, conclusion, "Conclusion that claims more than the results"),
            ("abstract", r_start, r_end, results, "Results that the conclusion goes beyond"),
        ):
            if texts.get(text, "")[start:end] == quote:
                spans.append((text, Span(start, end, "noted", number + len(spans), label, "overclaim")))
        source_of = (cites or "").removeprefix(says).strip() or None  # the table of rules has both in one
        found.append(Overclaim(rule, source_of, says, conclusion, source, number, results, number + 1, tuple(spans)))
        number += 2
    return tuple(found)
