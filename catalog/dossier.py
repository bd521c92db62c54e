"""What the catalog holds on a question: the evidence on a treatment, for some conditions, as rows to be counted.

Every row is one of the table `evidence` (docs/evidence.md), so that a claim's card, the claim checker and the map
agree: a trial once, the treatment under test, nothing retracted, nothing of another region of the body. Reviews known
to cite a retracted paper count, as on the map, and their rows say so.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from catalog.claims import Claim
from catalog.evidence import COUNTED_REGION
from harvest.words import Words, fold

__all__ = [
    "AGAINST",
    "BETWEEN",
    "CLINICAL",
    "COMPARED",
    "DIRECTIONS",
    "Dossier",
    "Question",
    "Retracted",
    "Row",
    "against",
    "gather",
    "gather_claim",
    "names_any",
    "question_of",
]

# Levels of evidence in people; '5' is preclinical, 'none' no level.
CLINICAL = ("1", "2", "3", "4")
# What a conclusion stands against, as readers meet it: `versus` of docs/evidence.md, its unknown in two parts.
# `control`: groups were compared and the other one is not named or got nothing; `unclear`: not even that is known.
# `nothing` is change from before to after, which is never shown as an effect of the treatment.
AGAINST = ("sham", "sham_and_active", "active", "control", "unclear", "nothing")
BETWEEN = ("between", "pooled_between")
# Those of `AGAINST` where it is known what another group got.
COMPARED = ("sham", "sham_and_active", "active")
# Directions in the order readers meet them; None: the tagger would not say.
DIRECTIONS = ("favours", "non_inferior", "no_difference", "mixed", "against", "insufficient", "not_reported", None)


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for. Ids are the vocabulary's and the codebook's; no conditions: any, no words: no such limit."""

    interventions: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    comparator: tuple[str, ...] = ()
    outcome: str = "pain_function"
    kind: str = "efficacy"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A study as it counts for one treatment: the values of `evidence`, by the paper that stands for it."""

    study: int
    pmid: int
    level: str
    design: str
    included: str | None
    direction: str | None
    basis: str | None
    comparator: tuple[str, ...]
    versus: str | None
    participants: int | None
    harms: str | None
    certainty: str | None
    year: int | None
    followup_months: float | None
    since: str | None  # when the harvest first saw the paper, UTC
    leans: str | None  # 'known': a review or guideline known to cite a retracted paper


class Retracted(NamedTuple):
    """A retracted paper on the question, and the study it reports."""

    study: int
    pmid: int


@dataclass(frozen=True)
class Dossier:
    """Everything on one treatment for one question; rows newest first.

    `rows` count. `retracted` papers are on the question and never count.
    """

    question: Question
    intervention: str
    rows: tuple[Row, ...]
    retracted: tuple[Retracted, ...]

    def of(self, *levels: str) -> tuple[Row, ...]:
        """The rows of some levels."""
        return tuple(row for row in self.rows if row.level in levels)

    def compared(self, *levels: str) -> tuple[Row, ...]:
        """The rows of some levels that compare with what the question names; none where it names nothing."""
        wanted = set(self.question.comparator)
        return tuple(row for row in self.of(*levels) if row.versus in COMPARED and wanted & set(row.comparator))


def question_of(claim: Claim) -> Question:
    """The question a standing claim asks of the catalog, for its own products."""
    return Question(claim.interventions, claim.conditions, claim.comparator, claim.outcome, claim.kind, claim.words)


def against(row: Row) -> str:
    """What a row's conclusion stands against: one of `AGAINST`."""
    return row.versus or ("control" if row.basis in BETWEEN else "unclear")


def gather(conn: sqlite3.Connection, question: Question, interventions: Iterable[str] = ()) -> tuple[Dossier, ...]:
    """What the catalog holds: one dossier a treatment, in the order asked, for different products do not add up.

    Args:
        conn: a catalog.
        question: what is looked for.
        interventions: other treatments than the question's own (products shown beside a claim).

    Raises:
        sqlite3.Error: the catalog cannot be read, or the time limit set on the connection is over.
    """
    return tuple(_asked(conn, question, name) for name in tuple(interventions) or question.interventions)


def gather_claim(conn: sqlite3.Connection, claim: Claim) -> tuple[Dossier, ...]:
    """What the build gathered for a standing claim: its own products, then those apart. Raises sqlite3.Error."""
    products = (*claim.interventions, *claim.apart)
    return tuple(_dossier(conn, question_of(claim), name, {"claim": claim.id}) for name in products)


# What narrows the rows `e`: a standing claim by its table; a question by its conditions, a JSON list. NULL: not at all.
_NARROWED = (
    " AND (:claim IS NULL OR EXISTS (SELECT 1 FROM claim_evidence x WHERE x.claim = :claim"
    " AND x.intervention = e.intervention AND x.pmid = e.pmid))"
    " AND (:conditions IS NULL OR EXISTS (SELECT 1 FROM article_conditions c WHERE c.pmid = e.pmid"
    " AND c.condition IN (SELECT value FROM json_each(:conditions))))"
    " ORDER BY a.year DESC NULLS LAST, a.published DESC, a.pmid DESC"
)
_ROWS = (
    "SELECT e.study, e.pmid, e.level, e.design, e.included, e.direction, e.basis, e.comparator, e.versus,"  # noqa: S608 - all ours
    " e.participants, e.harms, e.certainty, e.year, a.followup_months, a.in_catalog_since,"
    " CASE WHEN EXISTS (SELECT 1 FROM leans_on_retracted l WHERE l.pmid = e.pmid) THEN 'known' END"
    " FROM evidence e JOIN articles a ON a.pmid = e.pmid"
    " WHERE e.intervention = :intervention" + _NARROWED
)
_RETRACTED = (
    "SELECT coalesce(f.family, a.pmid), a.pmid FROM articles a JOIN article_interventions e ON e.pmid = a.pmid"  # noqa: S608 - all ours
    " LEFT JOIN trial_families f ON f.pmid = a.pmid WHERE a.status = 'retracted' AND e.role = 'experimental'"
    " AND e.intervention = :intervention"
    f" AND {COUNTED_REGION}" + _NARROWED
)


def _asked(conn: sqlite3.Connection, question: Question, intervention: str) -> Dossier:
    conditions = json.dumps(question.conditions) if question.conditions else None
    found = _dossier(conn, question, intervention, {"conditions": conditions})
    if not question.words:
        return found
    wanted = _Wanted.of(question.words)
    named = {
        paper.pmid: _named(conn, paper.pmid, wanted) for papers in (found.rows, found.retracted) for paper in papers
    }
    return replace(
        found,
        rows=tuple(row for row in found.rows if named[row.pmid]),
        retracted=tuple(paper for paper in found.retracted if named[paper.pmid]),
    )


def _dossier(
    conn: sqlite3.Connection, question: Question, intervention: str, narrowed: Mapping[str, str | None]
) -> Dossier:
    values = {"claim": None, "conditions": None, "intervention": intervention}
    values |= narrowed
    rows: list[Row] = []
    for study, pmid, level, design, included, direction, basis, comparator, *rest in conn.execute(_ROWS, values):
        kinds = tuple(comparator.split(";")) if comparator else ()
        rows.append(Row(study, pmid, level, design, included, direction, basis, kinds, *rest))
    retracted = tuple(Retracted(*row) for row in conn.execute(_RETRACTED, values))
    return Dossier(question, intervention, tuple(rows), retracted)


def names_any(words: Iterable[str], text: str) -> bool:
    """Whether a text names one of some words or phrases, of which a final * stands for any ending."""
    return _Wanted.of(words).stands(text)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Words or phrases looked for in a text; the full-text index stems, so it misses words before a *."""

    firsts: tuple[str, ...]  # the first word of each: most texts hold none
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, words: Iterable[str]) -> _Wanted:
        """Those of a claim, of which a final * stands for any ending."""
        firsts, phrases = [], []
        for word in words:
            parts = Words(word).words
            if parts:
                firsts.append(parts[0])
                end = "" if word.endswith("*") else r"(?![^\W_])"
                phrases.append(r"[\W_]+".join(map(re.escape, parts)) + end)
        return cls(tuple(firsts), re.compile(rf"(?<![^\W_])(?:{'|'.join(phrases)})"))

    def stands(self, text: str) -> bool:
        """Whether one of them stands in a text, whatever its case, accents and hyphens."""
        folded = fold(text)[0]
        return any(first in folded for first in self.firsts) and self.pattern.search(folded) is not None


def _named(conn: sqlite3.Connection, pmid: int, wanted: _Wanted) -> bool:
    """Whether title, abstract or subject words of a paper hold what is wanted."""
    texts = conn.execute("SELECT title, abstract, subjects FROM articles_text WHERE pmid = ?", (pmid,)).fetchone()
    return any(text and wanted.stands(text) for text in texts)
