"""Rules as data: reads `rules/*.yml`, checks them, and says where each fires in a document.

A rule names a value, a tier (how strong its kind of evidence is), where it applies and what vetoes it. Which tier of
which value wins is not code either: it is the list in `rules/precedence.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from catalog.tagging.document import ZONES, Document, TextField, Zone
from catalog.tagging.literals import LONGEST, Branches
from catalog.tagging.tables import table
from catalog.tagging.tags import Source

__all__ = ["Hit", "Rule", "RuleError", "fire", "load", "precedence"]


class RuleError(ValueError):
    """A rules file is wrong; the message names the file, the rule and the key."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that fired: on which text (or heading), and where."""

    rule: str
    value: str
    tier: str
    source: Source
    start: int | None
    end: int | None
    quote: str


@dataclass(frozen=True)
class Rule:
    """One rule of a rules file. Patterns are case-insensitive regular expressions."""

    id: str
    value: str
    tier: str
    zones: frozenset[Zone]
    pattern: Branches | None
    unless: re.Pattern[str] | None  # in the same sentence
    unless_text: re.Pattern[str] | None  # anywhere in title or abstract
    needs_text: re.Pattern[str] | None
    unless_title: re.Pattern[str] | None
    types: frozenset[str]
    mesh: frozenset[str]
    unless_types: frozenset[str]
    unless_mesh: frozenset[str]
    unless_zones: frozenset[Zone]
    no_abstract: bool
    least: int
    case: bool
    cites: str
    match: tuple[str, ...]
    miss: tuple[str, ...]

    def hits(self, document: Document, present: frozenset[str] | None = None) -> list[Hit]:
        """Where the rule fires; nothing where a veto holds or there are fewer hits than it asks for.

        `present` holds the literals of the rules that stand in the document; given, branches that cannot match are
        left out (see literals.py). Without it every branch is tried; the hits are the same.
        """
        record = document.record
        if self.unless_types and any(t.name in self.unless_types for t in record.publication_types):
            return []
        if self.unless_mesh and any(m.name in self.unless_mesh for m in record.mesh):
            return []
        if self.no_abstract and document.abstract:
            return []
        if any(document.has(zone) for zone in self.unless_zones):
            return []
        found = list(self._headings(document))
        if self.pattern is not None:
            found += self._text(document, self.pattern, present)
        if len(found) < self.least:
            return []
        if found and self.unless_title and self.unless_title.search(document.title):
            return []
        if found and self.unless_text and _anywhere(self.unless_text, document):
            return []
        if found and self.needs_text and not _anywhere(self.needs_text, document):
            return []
        return found

    def _headings(self, document: Document) -> Iterator[Hit]:
        record = document.record
        for kind in record.publication_types:
            if kind.name in self.types:
                tier = "type_automated" if record.indexing_method == "Automated" and self.tier == "type" else self.tier
                yield Hit(self.id, self.value, tier, "publication_type", None, None, kind.name)
        for heading in record.mesh:
            if heading.name in self.mesh:
                yield Hit(self.id, self.value, self.tier, "mesh", None, None, heading.name)

    def _text(self, document: Document, pattern: Branches, present: frozenset[str] | None) -> Iterator[Hit]:
        fields: tuple[TextField, ...] = ("title", "abstract")
        for field in fields:
            text = document.text(field)
            elsewhere = "title" not in self.zones if field == "title" else self.zones <= {"title"}
            if not text or elsewhere:
                continue
            for start, end in pattern.spans(text, document.lowered(field), present):
                sentence = document.sentence_at(field, start)
                if sentence.zone not in self.zones:
                    continue
                if self.unless and self.unless.search(text, sentence.start, max(sentence.end, end)):
                    continue
                yield Hit(self.id, self.value, self.tier, field, start, end, text[start:end])

    def fits(self, example: str) -> bool:
        """Whether pattern and sentence veto let the rule fire on a single sentence (for the examples in the file)."""
        fires = self.pattern is not None and self.pattern.whole.search(example)
        return bool(fires and not (self.unless and self.unless.search(example)))


def _anywhere(pattern: re.Pattern[str], document: Document) -> bool:
    return bool(pattern.search(document.title) or pattern.search(document.abstract))


_KEYS = frozenset(
    {"id", "value", "tier", "in", "pattern", "unless", "unless_text", "needs_text", "unless_title", "types", "mesh"}
    | {"unless_types", "unless_mesh", "unless_zones", "no_abstract", "least", "case", "cites", "match", "miss"}
)


@cache
def load(name: str) -> tuple[Rule, ...]:
    """The rules of `rules/NAME.yml`, compiled once. Raises RuleError naming file, rule and key."""
    data = table(name)
    shorthand = data.get("words") or {}
    rules = tuple(_rule(name, entry, shorthand) for entry in data["rules"])
    ids = [rule.id for rule in rules]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise RuleError(f"{name}.yml: rule {rule_id} stands twice")
    return rules


@cache
def _vocabulary(name: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Every literal that some branch of the file's rules needs: those of full length, and the shorter ones."""
    words = {word for rule in load(name) if rule.pattern for word in rule.pattern.vocabulary}
    return frozenset(w for w in words if len(w) == LONGEST), tuple(sorted(w for w in words if len(w) < LONGEST))


@cache
def _in_turn(name: str) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The file's rules, and those of them that are asked last."""
    last = {tuple(line.split()) for line in table("precedence").get("asked_last", {}).get(name, ())}
    rules = load(name)
    guesses = tuple(rule for rule in rules if (rule.value, rule.tier) in last)
    return tuple(rule for rule in rules if rule not in guesses), guesses


def fire(name: str, document: Document) -> list[Hit]:
    """Every hit of the rules of `rules/NAME.yml` on a document, in the file's order; guesses only where none knows."""
    long, short = _vocabulary(name)
    folded = document.folded
    present = (long & document.pieces).union(word for word in short if word in folded)
    first, last = _in_turn(name)
    hits = [hit for rule in first for hit in rule.hits(document, present)]
    return hits or [hit for rule in last for hit in rule.hits(document, present)]


@cache
def precedence(name: str) -> tuple[tuple[str, str], ...]:
    """The (value, tier) pairs of a field in the order in which they win, as `rules/precedence.yml` lists them."""
    pairs = []
    for line in table("precedence")[name]:
        value, tier = line.split()
        pairs.append((value, tier))
    if len(set(pairs)) != len(pairs):
        raise RuleError(f"precedence.yml: {name}: a pair stands twice")
    return tuple(pairs)


def _rule(name: str, data: dict[str, Any], shorthand: dict[str, str]) -> Rule:
    rule_id = str(data.get("id"))

    def wrong(what: str) -> RuleError:
        return RuleError(f"{name}.yml: rule {rule_id}: {what}")

    unknown = data.keys() - _KEYS
    if unknown:
        raise wrong(f"unknown key {sorted(unknown)[0]!r}")

    flags = 0 if data.get("case") else re.IGNORECASE

    def written(key: str) -> str | None:
        source: str | None = data.get(key)
        for word, meaning in shorthand.items():
            source = source and source.replace(f"<{word}>", f"(?:{meaning})")
        return source

    def pattern(key: str) -> re.Pattern[str] | None:
        source = written(key)
        if source is None:
            return None
        try:
            return re.compile(source, flags)
        except re.error as error:
            raise wrong(f"{key} is not a regular expression ({error})") from error

    def names(key: str) -> frozenset[str]:
        return frozenset(str(item) for item in data.get(key, ()))

    def zones(key: str, default: Iterable[Zone]) -> frozenset[Zone]:
        found = frozenset(data.get(key, default))
        if not found <= frozenset(ZONES):
            raise wrong(f"{key} may hold {', '.join(ZONES)}")
        return found

    rule = Rule(
        id=rule_id,
        value=str(data["value"]),
        tier=str(data["tier"]),
        zones=zones("in", ZONES),
        pattern=Branches(written("pattern") or "", flags) if pattern("pattern") else None,
        unless=pattern("unless"),
        unless_text=pattern("unless_text"),
        needs_text=pattern("needs_text"),
        unless_title=pattern("unless_title"),
        types=names("types"),
        mesh=names("mesh"),
        unless_types=names("unless_types"),
        unless_mesh=names("unless_mesh"),
        unless_zones=zones("unless_zones", ()),
        no_abstract=bool(data.get("no_abstract", False)),
        least=int(data.get("least", 1)),
        case=bool(data.get("case", False)),
        cites=str(data.get("cites", "")),
        match=tuple(data.get("match", ())),
        miss=tuple(data.get("miss", ())),
    )
    if rule.pattern is None and not rule.types and not rule.mesh:
        raise wrong("has no pattern, types or mesh, so it can never fire")
    if not rule.cites:
        raise wrong("must say where it comes from (cites)")
    if rule.pattern is not None and not (rule.match and rule.miss):
        raise wrong("needs examples that must match and that must miss")
    return rule
