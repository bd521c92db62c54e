"""The learned vote on study design: a linear model over words, asked only where the rules know little.

`vote.json` holds its weights (made by benchmarks/train_vote.py), `rules/vote.yml` says when it is asked, from which
score on it is heard, and what its labels mean in the codebook. Its proof is the word of the abstract that weighed most.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

from catalog.tagging.design import Decision
from catalog.tagging.document import Document, TextField
from catalog.tagging.rules import Hit, precedence
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag, Vote, VoteWord

__all__ = ["RULE", "SCALE", "Model", "model", "tokens", "vote_rule", "voted", "weights"]

RULE = "vote.design"
TIER = "vote"
# Weights of vote.json are whole numbers of this part.
SCALE = 100
# Every number counts as one word, so that "34 patients" and "61 patients" are the same two words.
_TOKEN = re.compile(r"[A-Za-z]+|[0-9]+(?:[.,·][0-9]+)*")
_FIELDS: tuple[TextField, ...] = ("title", "abstract")

Grams = dict[str, int]


@lru_cache(maxsize=4)
def tokens(text: str) -> Sequence[str]:
    """The words of a text in lower case; `0` for a number. A text is asked about several times in a row."""
    return ["0" if token[0].isdigit() else token.lower() for token in _TOKEN.findall(text)]


@dataclass(frozen=True)
class Model:
    """Softmax regression over single words and pairs of neighbours, of title and abstract apart.

    A field's words weigh 1 + ln(count) times `idf`, scaled to length 1 and times the field's weight.
    """

    version: int
    classes: tuple[str, ...]
    intercept: tuple[float, ...]
    weight: Mapping[str, float]
    # by field: word to (idf, weight for each class, their mean)
    words: Mapping[str, Mapping[str, tuple[float, ...]]]

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Model:
        """The model in the shape of vote.json."""
        words = {
            name: {word: _row(row) for word, row in field["words"].items()} for name, field in data["fields"].items()
        }
        return cls(
            version=data["version"],
            classes=tuple(data["classes"]),
            intercept=tuple(value / SCALE for value in data["intercept"]),
            weight={name: field["weight"] for name, field in data["fields"].items()},
            words=words,
        )

    def scores(self, title: str, abstract: str) -> list[float]:
        """The probability of each class, in the order of `classes`."""
        sums = list(self.intercept)
        for field, text in zip(_FIELDS, (title, abstract), strict=True):
            for share, row in self._shares(field, text).values():
                sums = [so_far + share * weight for so_far, weight in zip(sums, row[1:-1], strict=True)]
        top = max(sums)
        powers = [math.exp(value - top) for value in sums]
        return [power / sum(powers) for power in powers]

    def weightiest(self, text: str, label: str, most: int) -> tuple[VoteWord, ...]:
        """Words of an abstract that speak for a label, the weightiest first, each where it first stands.

        A word's weight is how much it adds to the label's sum beyond what it adds to the classes on average.
        """
        at = self.classes.index(label) + 1
        weights = {gram: share * (row[at] - row[-1]) for gram, (share, row) in self._shares("abstract", text).items()}
        ranked = sorted((-weight, gram) for gram, weight in weights.items() if weight > 0)[:most]
        if not ranked:
            return ()
        said, spans = tokens(text), [found.span() for found in _TOKEN.finditer(text)]
        kept = []
        for less, gram in ranked:
            first, last = _place(said, gram)
            start, end = spans[first][0], spans[last][1]
            kept.append(VoteWord(text[start:end], start, end, round(-less, 3)))
        return tuple(kept)

    def _shares(self, field: TextField, text: str) -> dict[str, tuple[float, tuple[float, ...]]]:
        """Known words of a text: how much each counts, and its row of the model."""
        known = self.words[field]
        counts: Grams = {}
        said = tokens(text)
        for gram in (*said, *map(" ".join, pairwise(said))):
            if gram in known:
                counts[gram] = counts.get(gram, 0) + 1
        raw = {gram: (1 + math.log(count)) * known[gram][0] for gram, count in counts.items()}
        length = math.sqrt(sum(value * value for value in raw.values()))
        return {gram: (value / length * self.weight[field], known[gram]) for gram, value in raw.items()}


def _row(written: Sequence[int]) -> tuple[float, ...]:
    idf, *weights = (value / SCALE for value in written)
    return (idf, *weights, sum(weights) / len(weights))


def _place(said: Sequence[str], gram: str) -> tuple[int, int]:
    """The first and last of the tokens where a word, or a pair of them, first stands."""
    one, _, two = gram.partition(" ")
    at = said.index(one)
    while two and said[at + 1 : at + 2] != [two]:
        at = said.index(one, at + 1)
    return at, at + bool(two)


@cache
def model() -> Model:
    """The model of vote.json."""
    return Model.of(json.loads(weights()))


@cache
def weights() -> bytes:
    """The bytes of vote.json."""
    return resources.files("catalog.tagging").joinpath("vote.json").read_bytes()


def vote_rule() -> tuple[str, str, None, str, str]:
    """The vote as a row of the table `rules`: id, field, value, tier, where it comes from."""
    return RULE, "design", None, TIER, str(table("vote")["cites"])


@dataclass(frozen=True)
class _Policy:
    asked: frozenset[tuple[str, str]]
    silent_tiers: frozenset[str]
    silent_sources: frozenset[str]
    least_words: int
    heard_from: float
    words_kept: int
    labels: Mapping[str, Mapping[str, Any]]


@cache
def _policy() -> _Policy:
    data = table("vote")
    pairs = [line.split() for line in data["asked"]]
    return _Policy(
        asked=frozenset((value, tier) for value, tier in pairs),
        silent_tiers=frozenset(data["silent_beside"]["tiers"]),
        silent_sources=frozenset(data["silent_beside"]["sources"]),
        least_words=data["least_words"],
        heard_from=data["heard_from"],
        words_kept=data["words_kept"],
        labels=data["labels"],
    )


def voted(document: Document, decision: Decision, by: Model | None = None) -> tuple[Decision, Vote | None]:
    """The rules' decision on design, or the vote's where it is asked, sure, and says otherwise; None: not asked.

    Args:
        document: the record's text.
        decision: what the rules decided.
        by: another model than vote.json's, for measuring.
    """
    policy = _policy()
    if not _is_asked(document, decision, policy):
        return decision, None
    by = by or model()
    scores = by.scores(document.title, document.abstract)
    score = max(scores)
    label = by.classes[scores.index(score)]
    words = by.weightiest(document.abstract, label, policy.words_kept)
    value = _value(label, decision, policy)
    vote = Vote(label, value, round(score, 3), words, heard=False)
    if value is None or value == decision.value or not words or vote.score < _needed(label, policy):
        return decision, vote
    best = words[0]
    tag = Tag("design", value, RULE, "model", best.start, best.end, best.text, True)
    winner = Hit(RULE, value, TIER, "model", best.start, best.end, best.text)
    tags = tuple(replace(other, chosen=other.value == value) for other in decision.tags)
    return Decision(value, winner, (*tags, tag)), replace(vote, heard=True)


def _needed(label: str, policy: _Policy) -> float:
    """The score from which on a label is heard."""
    own: float = policy.labels[label].get("heard_from", policy.heard_from)
    return own


def _is_asked(document: Document, decision: Decision, policy: _Policy) -> bool:
    if (decision.value, decision.winner.tier if decision.winner else "none") not in policy.asked:
        return False
    if any(tier in policy.silent_tiers or source in policy.silent_sources for tier, source in _fired(decision)):
        return False
    return len(tokens(document.abstract)) >= policy.least_words


def _fired(decision: Decision) -> Iterator[tuple[str, str]]:
    for tag in decision.tags:
        yield _tiers().get(tag.rule, ""), tag.source


@cache
def _tiers() -> dict[str, str]:
    return {entry["id"]: entry["tier"] for entry in table("design")["rules"]}


def _value(label: str, decision: Decision, policy: _Policy) -> str | None:
    """A label in the codebook's values, given which rules fired; None where it leaves the record as it is."""
    meaning = policy.labels.get(label)
    if meaning is None:
        return None
    if decision.value in meaning["same"]:
        return None if decision.winner is None else decision.value
    fired = {(tag.value, _tiers().get(tag.rule, "")) for tag in decision.tags}
    wanted = meaning.get("from", ())
    else_: str = meaning["else"]
    return next((value for value, tier in precedence("design") if value in wanted and (value, tier) in fired), else_)
