"""Rules as data: reads `rules/*.yml`, checks them, and says where each fires in a document.

A rule names a value, a tier (how strong its kind of evidence is), where it applies and what vetoes it. Which tier of
which value wins is not code either: it is the list in `rules/precedence.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from catalog.tagging.branches import Branch, Branches, spans
from catalog.tagging.document import ZONES, Document, TextField, Zone
from catalog.tagging.index import Index
from catalog.tagging.tables import table
from catalog.tagging.tags import Source

__all__ = ["Hit", "Rule", "RuleError", "fire", "index_of", "load", "precedence"]


# Branches that can match, by text.
Alive = Mapping[TextField, Sequence[Branch]]


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
    unless: Branches | None  # in the same sentence
    unless_text: Branches | None  # anywhere in title or abstract
    needs_text: Branches | None
    unless_title: Branches | None
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

    def hits(self, document: Document, alive: Alive | None = None) -> list[Hit]:
        """Where the rule fires; nothing where a veto holds or there are fewer hits than it asks for.

        `alive` holds the branches that can match in each text; given, only those are tried, and only where they can
        begin. Without it the whole pattern runs along each text; the hits are the same.
        """
        record = document.record
        if self.unless_types and any(t.name in self.unless_types for t in record.publication_types):
            return []
        if self.unless_mesh and any(m.name in self.unless_mesh for m in record.mesh):
            return []
        if self.no_abstract and document.abstract:
            return []
        if self.unless_zones and any(document.has(zone) for zone in self.unless_zones):
            return []
        found = list(self._headings(document)) if self.types or self.mesh else []
        if self.pattern is not None:
            for field in self.fields:
                found += self._text(document, field, None if alive is None else alive.get(field, ()))
        if len(found) < self.least:
            return []
        if found and self.unless_title and self.unless_title.stands(document.scan("title")):
            return []
        if found and self.unless_text and _anywhere(self.unless_text, document):
            return []
        if found and self.needs_text and not _anywhere(self.needs_text, document):
            return []
        return found

    @cached_property
    def fields(self) -> tuple[TextField, ...]:
        """The texts in which the rule's parts of the paper stand."""
        fields: tuple[TextField, ...] = ("title", "abstract")
        return tuple(f for f in fields if ("title" in self.zones if f == "title" else not self.zones <= {"title"}))

    def _headings(self, document: Document) -> Iterator[Hit]:
        record = document.record
        for kind in record.publication_types:
            if kind.name in self.types:
                tier = "type_automated" if record.indexing_method == "Automated" and self.tier == "type" else self.tier
                yield Hit(self.id, self.value, tier, "publication_type", None, None, kind.name)
        for heading in record.mesh:
            if heading.name in self.mesh:
                yield Hit(self.id, self.value, self.tier, "mesh", None, None, heading.name)

    def _text(self, document: Document, field: TextField, alive: Sequence[Branch] | None) -> Iterator[Hit]:
        scan = document.scan(field)
        text = scan.text
        if alive is None:
            assert self.pattern is not None  # noqa: S101  # hits() asks only rules that have one
            places: Iterable[tuple[int, int]] = (match.span() for match in self.pattern.whole.finditer(text))
        else:
            places = spans(alive, scan)
        for start, end in places:
            sentence = document.sentence_at(field, start)
            if sentence.zone not in self.zones:
                continue
            if self.unless and self.unless.stands(scan, sentence.start, max(sentence.end, end)):
                continue
            yield Hit(self.id, self.value, self.tier, field, start, end, text[start:end])

    def fits(self, example: str) -> bool:
        """Whether pattern and sentence veto let the rule fire on a single sentence (for the examples in the file)."""
        fires = self.pattern is not None and self.pattern.whole.search(example)
        return bool(fires and not (self.unless and self.unless.whole.search(example)))


def _anywhere(pattern: Branches, document: Document) -> bool:
    return pattern.stands(document.scan("title")) or pattern.stands(document.scan("abstract"))


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


@dataclass(frozen=True)
class _Plan:
    """The rules of a file, by what brings each to life: its branches in each text, by literal, and its headings."""

    rules: tuple[Rule, ...]
    branches: tuple[tuple[int, Branch], ...]  # each with its rule's place
    by_opening: Mapping[TextField, Mapping[str, tuple[int, ...]]]
    by_literal: Mapping[TextField, Mapping[str, tuple[int, ...]]]
    literals: Mapping[TextField, frozenset[str]]
    always: Mapping[TextField, tuple[int, ...]]
    by_heading: Mapping[tuple[Source, str], tuple[int, ...]]
    last: frozenset[int]  # the rules that are asked last

    def alive(self, document: Document) -> dict[int, dict[TextField, list[Branch]]]:
        """The rules that may fire, in the file's order, each with the branches that can match in each text."""
        found: dict[int, dict[TextField, list[Branch]]] = {}
        record = document.record
        for kind in record.publication_types:
            for at in self.by_heading.get(("publication_type", kind.name), ()):
                found[at] = {}
        for heading in record.mesh:
            for at in self.by_heading.get(("mesh", heading.name), ()):
                found[at] = {}
        for field in self.literals:
            scan = document.scan(field)
            present = scan.present
            ids = set(self.always[field])
            by_opening = self.by_opening[field]
            for literal in scan.begun:
                if literal in by_opening:
                    ids.update(by_opening[literal])
            by_literal = self.by_literal[field]
            for literal in self.literals[field] & present:
                ids.update(by_literal[literal])
            for at in sorted(ids):
                rule, branch = self.branches[at]
                for words in branch.needs:  # as Branch.alive, of many at once
                    if words.isdisjoint(present):
                        break
                else:
                    found.setdefault(rule, {}).setdefault(field, []).append(branch)
        return {at: found[at] for at in sorted(found)}


@cache
def _plan(name: str, asked: frozenset[str] | None) -> _Plan:
    last = {tuple(line.split()) for line in table("precedence").get("asked_last", {}).get(name, ())}
    rules = tuple(rule for rule in load(name) if asked is None or rule.id in asked)
    branches: list[tuple[int, Branch]] = []
    by_opening: dict[TextField, dict[str, list[int]]] = {"title": {}, "abstract": {}}
    by_literal: dict[TextField, dict[str, list[int]]] = {"title": {}, "abstract": {}}
    always: dict[TextField, list[int]] = {"title": [], "abstract": []}
    by_heading: dict[tuple[Source, str], list[int]] = {}
    for at, rule in enumerate(rules):
        for branch in rule.pattern.parts if rule.pattern else ():
            for field in rule.fields:
                for literal in branch.openings:
                    by_opening[field].setdefault(literal, []).append(len(branches))
                if branch.openings:
                    continue
                if not branch.key:
                    always[field].append(len(branches))
                for literal in branch.key:
                    by_literal[field].setdefault(literal, []).append(len(branches))
            branches.append((at, branch))
        for kind in rule.types:
            by_heading.setdefault(("publication_type", kind), []).append(at)
        for heading in rule.mesh:
            by_heading.setdefault(("mesh", heading), []).append(at)
    return _Plan(
        rules,
        tuple(branches),
        {field: {literal: tuple(its) for literal, its in found.items()} for field, found in by_opening.items()},
        {field: {literal: tuple(its) for literal, its in found.items()} for field, found in by_literal.items()},
        {field: frozenset(found) for field, found in by_literal.items()},
        {field: tuple(its) for field, its in always.items()},
        {heading: tuple(its) for heading, its in by_heading.items()},
        frozenset(at for at, rule in enumerate(rules) if (rule.value, rule.tier) in last),
    )


def fire(name: str, document: Document, *, asked: frozenset[str] | None = None, skipping: bool = True) -> list[Hit]:
    """Every hit of the rules of `rules/NAME.yml` on a document, in the file's order; guesses only where none knows.

    `asked` names the rules that are asked (None: all). Without `skipping` every rule runs along every text, which finds
    the same.
    """
    plan = _plan(name, asked)
    alive: Mapping[int, Alive | None] = plan.alive(document) if skipping else dict.fromkeys(range(len(plan.rules)))
    hits = [hit for at, its in alive.items() if at not in plan.last for hit in plan.rules[at].hits(document, its)]
    if hits or not plan.last:
        return hits
    return [hit for at, its in alive.items() if at in plan.last for hit in plan.rules[at].hits(document, its)]


@cache
def index_of(name: str) -> Index[Rule]:
    """The branches of the rules of `rules/NAME.yml`, for reading a text clause by clause."""
    return Index.of((rule, branch) for rule in load(name) if rule.pattern for branch in rule.pattern.parts)


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

    def compiled(key: str) -> Branches | None:
        source = written(key)
        if source is None:
            return None
        try:
            return Branches(source, flags)
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
        pattern=compiled("pattern"),
        unless=compiled("unless"),
        unless_text=compiled("unless_text"),
        needs_text=compiled("needs_text"),
        unless_title=compiled("unless_title"),
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
