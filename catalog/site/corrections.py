"""What people corrected by hand on a paper, and where its sources disagree."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.proofs import value_name
from catalog.site.words import FIELDS

__all__ = ["Conflict", "Correction", "load_conflicts", "load_corrections"]

_OUTCOMES = {
    "corrects": "",
    "rules_agree": "The rules now say the same.",
    "does_not_fit": "Without effect: the question is not asked of this design.",
}


@dataclass(frozen=True, slots=True)
class Correction:
    """A curator's correction: what, who, when, why, and what the rules alone say."""

    field: str
    field_name: str
    value: str  # as the file has it
    value_name: str
    who: str
    when: str
    why: str
    rules_say: str | None
    rules_say_name: str | None
    outcome: str
    outcome_name: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """PubMed's publication type names one design, the paper's words gave another; or a conclusion beyond its results.

    Of the first kind `results` and `says` are None. Of the second `quote` is the conclusion, from `source` (title or
    abstract), `results` the words it goes beyond, `says` the conflict in a sentence.
    """

    field: str
    chosen: str | None
    disagrees: str
    rule: str
    quote: str
    source: str
    results: str | None
    says: str | None


def load_corrections(conn: sqlite3.Connection, facts: Facts, pmid: int) -> tuple[Correction, ...]:
    """Read a paper's corrections, in the order of the curation file."""
    rows = conn.execute(
        'SELECT field, value, who, "when", why, rules_say, outcome FROM curation WHERE pmid = ? ORDER BY line', (pmid,)
    )
    return tuple(
        Correction(
            field,
            FIELDS.get(field, field.replace("_", " ")),
            value,
            value_name(facts, field, value),
            who,
            when,
            why,
            rules_say,
            None if rules_say is None else value_name(facts, field, rules_say),
            outcome,
            _OUTCOMES.get(outcome, ""),
        )
        for field, value, who, when, why, rules_say, outcome in rows
    )


def load_conflicts(conn: sqlite3.Connection, pmid: int) -> tuple[Conflict, ...]:
    """Read where a paper's sources disagree."""
    return tuple(
        Conflict(*row)
        for row in conn.execute(
            "SELECT field, chosen, disagrees, rule, quote, source, results, says FROM conflicts WHERE pmid = ?"
            " ORDER BY says IS NOT NULL, field, rule",
            (pmid,),
        )
    )
