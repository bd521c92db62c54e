"""What the studied treatment was compared with: kinds of comparator, found where a comparison is spoken of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache, cached_property

from catalog.tagging.document import ZONES, Document, Sentence, TextField, Zone
from catalog.tagging.kinds import KINDS, Named, kinds_of
from catalog.tagging.quantities import compiled, expanded
from catalog.tagging.rules import Hit, RuleError
from catalog.tagging.stems import Stems
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["KINDS", "ComparisonRule", "comparison_rules", "decide_comparator"]

_FIELDS: tuple[TextField, ...] = ("title", "abstract")
# How much text before a kind tells whether it only accompanied the treatment.
_BEFORE = 45


@dataclass(frozen=True)
class ComparisonRule:
    """Where a comparison is spoken of: kinds are looked for in the pattern's groups `w` and `b`, or around it.

    `starts` is what the pattern can begin with; `after`, `before` characters and `words_before` words around
    the match, within its clause. What stands before counts where one of our interventions stands after.
    """

    id: str
    tier: str
    zones: frozenset[Zone]
    starts: tuple[str, ...]
    pattern: re.Pattern[str]
    after: int
    before: int
    words_before: int
    unless: re.Pattern[str] | None
    only: frozenset[str]
    cites: str
    match: tuple[tuple[str, tuple[str, ...]], ...]
    miss: tuple[str, ...]


def decide_comparator(
    document: Document, design: str, winner: Hit | None, interventions: Iterable[str] = ()
) -> tuple[str | None, tuple[Tag, ...]]:
    """(kinds joined by ";", alphabetical; their proofs) of what a paper compares its treatment with.

    Args:
        document: the text.
        design: its design. Designs without a control have `none`, proved by what proved the design.
        winner: the hit that decided the design; None where nothing did, then nothing is said here either.
        interventions: ids of ours that the paper studies; they are no comparators.
    """
    if design in _designs("uncontrolled"):
        return ("none", (_from(winner),)) if winner else (None, ())
    review = design in _designs("reviews")
    if design not in _designs("controlled") and not review:
        return None, ()
    studied = frozenset(interventions)
    reading = _Reading(document, studied, _experimental(document, studied), review)
    found = [tag for sentence in _sentences(document, review=review) for tag in reading.tags(sentence)]
    kinds = {tag.value for tag in found}
    if "steroid" not in kinds:
        found = [tag for tag in found if tag.rule != _WITH_STEROID]
    kinds = {tag.value for tag in found}
    if not kinds and studied and not review:
        found = list(reading.loose())
        kinds = {tag.value for tag in found}
    if kinds - {"none"}:
        kinds.discard("none")
    if kinds:
        first = {tag.value: tag for tag in reversed(found)}
        return ";".join(sorted(kinds)), tuple(first[kind] for kind in sorted(kinds))
    unnamed = None if review else _unnamed(document)
    if unnamed is not None:
        return "none", (unnamed,)
    return ("none", (_from(winner),)) if winner and (review or not document.abstract) else (None, ())


def _from(winner: Hit) -> Tag:
    rule = f"comparator.from.{winner.rule}"
    return Tag("comparator", "none", rule, winner.source, winner.start, winner.end, winner.quote, chosen=True)


def _unnamed(document: Document) -> Tag | None:
    """The control that the text has and does not name."""
    pattern = compiled("comparator", "unnamed")
    for sentence in document.sentences:
        if sentence.zone in ("title", "objective", "methods", "results"):
            hit = pattern.search(document.text(sentence.field), sentence.start, sentence.end)
            if hit:
                span = hit.span()
                return Tag("comparator", "none", "comparator.unnamed", sentence.field, *span, hit.group(), chosen=True)
    return None


def _sentences(document: Document, *, review: bool) -> Iterator[Sentence]:
    """The sentences that speak of this study; of a review's, those that speak of what it compared."""
    own = compiled("comparator", "own")
    for sentence in document.sentences:
        if sentence.zone == "background":
            if not review and own.search(document.text(sentence.field), sentence.start, sentence.end):
                yield replace(sentence, zone="objective")
        else:
            yield sentence


def _experimental(document: Document, studied: frozenset[str]) -> frozenset[str]:
    """Kinds and words that are the treatment under test: what stands before "versus" in a title without ours."""
    if studied:
        return frozenset()
    versus = compiled("comparator", "versus").search(document.title)
    end = versus.start() if versus else len(document.title)
    named = kinds_of(document.scan("title"))
    right = {item.kind for item in named if item.start >= end}
    found: set[str] = set()
    for item in named:
        if item.start < end and item.kind in ("surgery", "usual_care", "other_active"):
            if versus and item.kind not in right:
                found.add(item.kind)
            elif item.kind == "other_active" and not versus and not found:
                found.add(document.title[item.start : item.end].lower())
    return frozenset(found)


@dataclass(frozen=True)
class _Reading:
    """How one record is read: ours that it studies, and the kinds and words that are its own treatment."""

    document: Document
    studied: frozenset[str]
    experimental: frozenset[str]
    review: bool

    @cached_property
    def _titled(self) -> list[Named]:
        return kinds_of(self.document.scan("title"))

    @cached_property
    def _abstracted(self) -> list[Named]:
        return kinds_of(self.document.scan("abstract"))

    def _named(self, field: TextField, start: int, end: int) -> list[Named]:
        """The kinds named between two places of a field."""
        every = self._titled if field == "title" else self._abstracted
        return [item for item in every if start <= item.start and item.end <= end]

    def tags(self, sentence: Sentence) -> Iterator[Tag]:
        """Comparators named in a sentence."""
        headed = len(self.studied) > 1 or sentence.zone == "title"  # ours may be comparators there
        if not headed and not self._named(sentence.field, sentence.start, sentence.end):
            return
        text = self.document.text(sentence.field)
        rules = comparison_rules()
        met = sorted(
            (at, place)
            for place, stem in _starts().places(self.document.scan(sentence.field))
            if sentence.start <= place and place + len(stem) <= sentence.end
            for at in _rules_starting()[stem]
            if sentence.zone in rules[at].zones and not (self.review and rules[at].id not in _OF_REVIEWS)
        )
        for at, place in met:
            rule = rules[at]
            hit = rule.pattern.match(text, place, sentence.end)
            if hit:
                if rule.unless and rule.unless.search(text, sentence.start, sentence.end):
                    continue
                sides, other = _sides(text, hit, sentence, rule)
                if other:
                    ours = next((found for side in sides if (found := _ours().search(text, *side))), None)
                    if ours:
                        sides.append(other)
                        if sentence.zone == "title" and self._other_first(text, other):
                            yield self._tag("other_active", rule.id, sentence, *ours.span())
                for start, end in sides:
                    yield from self._within(text, start, end, sentence, rule)

    def _within(self, text: str, start: int, end: int, sentence: Sentence, rule: ComparisonRule) -> Iterator[Tag]:
        seen: set[str] = set()
        for item in self._named(sentence.field, start, end):
            if (rule.only and item.kind not in rule.only) or item.kind in self.experimental:
                continue
            words = text[item.start : item.end].lower()
            if words in self.experimental or not self._only_here(text, item, seen, rule):
                continue
            seen.add(item.kind)
            yield self._tag(item.kind, rule.id, sentence, item.start, item.end)
        if len(self.studied) > 1 and rule.id in _SIDED:
            for hit in _ours().finditer(text, start, end):
                if hit.lastgroup in self.studied and not _ours().search(text, sentence.start, start):
                    break
                if hit.lastgroup in self.studied:
                    yield self._tag("other_active", rule.id, sentence, *hit.span())

    def loose(self) -> Iterator[Tag]:
        """Kinds named anywhere in the study's own parts, where no rule found any."""
        allowed = _designs("loose")
        for sentence in self.document.sentences:
            if sentence.zone not in ("title", "objective", "methods", "results", "other"):
                continue
            text = self.document.text(sentence.field)
            for item in self._named(sentence.field, sentence.start, sentence.end):
                lead = text[max(sentence.start, item.start - _BEFORE) : item.start]
                if item.kind not in allowed or compiled("comparator", "diagnostic").match(text, item.end):
                    continue
                if item.kind == "surgery" or not compiled("comparator", "adjunct").search(lead):
                    yield self._tag(item.kind, _LOOSE, sentence, item.start, item.end)

    def _other_first(self, text: str, side: tuple[int, int]) -> bool:
        """Whether none of ours and no kind stands first in "X versus ours": then X is under test."""
        first = self._named("title", *side)
        return not _ours().search(text, *side) and all(item.kind == "other_active" for item in first)

    def _tag(self, kind: str, rule: str, sentence: Sentence, start: int, end: int) -> Tag:
        quote = self.document.text(sentence.field)[start:end]
        return Tag("comparator", kind, rule, sentence.field, start, end, quote, chosen=True)

    def _only_here(self, text: str, item: Named, seen: set[str], rule: ComparisonRule) -> bool:
        """Whether a kind is a comparator itself, not what both arms had or what prepared the treatment."""
        if compiled("comparator", "diagnostic").match(text, item.end):
            return False
        if item.kind not in _COMMON or rule.id == _WITH_STEROID:
            return True
        lead = text[max(0, item.start - _BEFORE) : item.start]
        if item.kind == "surgery" and "fusion" in text[item.start : item.end].lower() and _setting(lead):
            return False
        if item.kind == "local_anaesthetic" and "steroid" in seen and compiled("comparator", "combined").search(lead):
            return True  # a steroid injection with its anaesthetic is both
        return rule.id in _CONTROLS or not compiled("comparator", "adjunct").search(lead)


def _sides(
    text: str, hit: re.Match[str], sentence: Sentence, rule: ComparisonRule
) -> tuple[list[tuple[int, int]], tuple[int, int] | None]:
    """(spans in which a comparator may stand, the other side of the comparison where the rule has one)."""
    sides = [hit.span(name) for name in ("w", "b") if name in rule.pattern.groupindex and hit[name]]
    if "a" in rule.pattern.groupindex and hit["a"]:
        sides.append(hit.span("a"))
    stop = compiled("comparator", "stop")
    if rule.after:
        end = min(sentence.end, hit.end() + rule.after)
        cut = stop.search(text, hit.end(), end)
        sides.append((hit.end(), cut.start() if cut else end))
    if not rule.before and not rule.words_before:
        return sides, None
    start = max(sentence.start, hit.start() - (rule.before or _BEFORE * 2))
    for cut in stop.finditer(text, start, hit.start()):
        start = cut.end()
    if rule.words_before:
        words = text[start : hit.start()].split(" ")
        start = max(start, hit.start() - len(" ".join(words[-rule.words_before - 1 :])))
        return [*sides, (start, hit.start())], None
    return sides, (start, hit.start())


# Rules whose two sides are told apart, rules that speak of the control alone, and kinds that both arms may have had.
_LOOSE = "comparator.loose"
_WITH_STEROID = "comparator.with_anaesthetic"
_OF_REVIEWS = frozenset(
    {"comparator.versus", "comparator.controlled", "comparator.placebo", "comparator.control_group", _WITH_STEROID}
)
_SIDED = frozenset({"comparator.versus"})
_CONTROLS = frozenset({"comparator.control_group", "comparator.as_control"})
_COMMON = frozenset({"usual_care", "surgery", "local_anaesthetic", "other_active"})


def _setting(lead: str) -> bool:
    """Whether an operation is only where the treatment was given: "in lumbar fusion"."""
    return bool(compiled("comparator", "setting").search(lead))


@cache
def _rules_starting() -> dict[str, tuple[int, ...]]:
    """Which of the rules can begin with a stem."""
    found: dict[str, list[int]] = {}
    for at, rule in enumerate(comparison_rules()):
        for stem in rule.starts:
            found.setdefault(stem, []).append(at)
    return {stem: tuple(places) for stem, places in found.items()}


@cache
def _starts() -> Stems:
    return Stems(_rules_starting())


@cache
def _designs(key: str) -> frozenset[str]:
    """A list of the file as a set: designs, or the kinds that count wherever they are named."""
    return frozenset(table("comparator")[key])


@cache
def _ours() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"(?P<{name}>{words})" for name, words in table("comparator")["ours"].items()), re.IGNORECASE
    )


@cache
def comparison_rules() -> tuple[ComparisonRule, ...]:
    """The rules of `rules/comparator.yml`, compiled once. Raises RuleError naming rule and key."""
    data = table("comparator")
    found = []
    for entry in data["rules"]:
        where = f"comparator.yml: rule {entry['id']}"
        zones = frozenset(entry.get("in", ZONES))
        if not zones <= frozenset(ZONES):
            raise RuleError(f"{where}: in may hold {', '.join(ZONES)}")
        try:
            pattern = re.compile(expanded(entry["pattern"], data["words"]), re.IGNORECASE)
            unless = re.compile(entry["unless"], re.IGNORECASE) if "unless" in entry else None
        except re.error as error:
            raise RuleError(f"{where}: is not a regular expression ({error})") from error
        if "w" not in pattern.groupindex and not entry.keys() & {"after", "words_before"}:
            raise RuleError(f"{where}: needs a group w, after or words_before")
        match = tuple((str(text), tuple(kinds)) for text, kinds in entry["match"].items())
        found.append(
            ComparisonRule(
                str(entry["id"]),
                str(entry["tier"]),
                zones,
                tuple(entry["starts"]),
                pattern,
                int(entry.get("after", 0)),
                int(entry.get("before", 0)),
                int(entry.get("words_before", 0)),
                unless,
                frozenset(entry.get("only", ())),
                str(entry["cites"]),
                match,
                tuple(entry["miss"]),
            )
        )
    return tuple(found)
