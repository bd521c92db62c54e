"""Numbers as papers write them: figures and words, where they stand, and the rules that say what they count.

A number rule is data as the other rules are, but it is tried at each number of a text, not along the text: `before`
must end where the number begins, `after` begin where it ends. That keeps ages, doses, percentages and joints apart from
people, and reading a record takes one pass over its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from catalog.tagging.branches import Pieces
from catalog.tagging.document import ZONES, Zone
from catalog.tagging.literals import lowered_pattern
from catalog.tagging.rules import RuleError
from catalog.tagging.scan import lowered
from catalog.tagging.tables import table

__all__ = [
    "Number",
    "NumberRule",
    "SumRule",
    "clause",
    "compiled",
    "expanded",
    "number_rules",
    "numbers",
    "plain",
    "rules_asked",
    "small",
    "sum_rules",
]

# How much text before a number a rule may read.
REACH = 110
REACH_OF_VETO = 64


class Number(NamedTuple):
    """A number in a text: its value, and code points of its figures or words."""

    value: float
    start: int
    end: int
    ordinal: bool = False

    @property
    def whole(self) -> bool:
        """Whether it has no fraction."""
        return self.value == int(self.value)

    @property
    def year(self) -> bool:
        """Whether it may be a year."""
        return 1900 <= self.value <= 2099 and self.end - self.start == 4

    @property
    def counts(self) -> bool:
        """Whether it can count people or papers: whole, above nought, not an ordinal."""
        return self.value >= 1 and self.value == int(self.value) and not self.ordinal


@dataclass(frozen=True)
class NumberRule:
    """One rule of a file of number rules; its patterns are for texts in lower case (`small`).

    `tight` must fit the four characters before a number (a quick look), `before` and `after` the text next to it;
    `clause` must stand in its clause, `unless` must not; `unless_before` and `unless_after` veto by what is next to it.
    `designs` empty: asked of all. `match` gives sentences with the value each must give, `miss` sentences in which the
    rule must not fire.
    """

    id: str
    tier: str
    zones: frozenset[Zone]
    designs: frozenset[str]
    tight: re.Pattern[str] | None
    before: Pieces | None
    after: re.Pattern[str] | None
    clause: re.Pattern[str] | None
    unless_before: Pieces | None
    unless_after: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    counted: bool  # `after` is the file's own `counted`, which a caller may have tried already
    cites: str
    match: tuple[tuple[str, float], ...]
    miss: tuple[str, ...]

    def fits(self, text: str, number: Number, start: int, end: int, counted: bool | None = None) -> bool:
        """Whether it fires at a number of the clause `text[start:end]`; `counted`: whether the file's pattern fits."""
        low = small(text)
        if counted is not None and self.counted:
            if not counted:
                return False
        elif self.after and not self.after.match(low, number.end, end):
            return False
        if self.unless_after and self.unless_after.match(low, number.end, end):
            return False
        if self.tight and not self.tight.search(low, max(start, number.start - 4), number.start):
            return False
        if self.before or self.unless_before:
            lead = low[max(start, number.start - REACH) : number.start]
            if self.before and not self.before.stands(lead):
                return False
            if self.unless_before and self.unless_before.stands(lead[-REACH_OF_VETO:]):
                return False
        if self.clause and not self.clause.search(low, start, end):
            return False
        return not (self.unless and self.unless.search(low, start, end))


_KEYS = frozenset(
    {
        "id",
        "tier",
        "in",
        "designs",
        "tight",
        "before",
        "after",
        "clause",
        "unless_before",
        "unless_after",
        "unless",
        "cites",
        "match",
        "miss",
    }
)


@cache
def number_rules(name: str) -> tuple[NumberRule, ...]:
    """The number rules of `rules/NAME.yml`, compiled once. Raises RuleError naming file, rule and key."""
    data = table(name)
    found = tuple(_rule(name, entry, data.get("words") or {}) for entry in data["rules"])
    ids = [rule.id for rule in found]
    for rule_id in ids:
        if ids.count(rule_id) > 1:
            raise RuleError(f"{name}.yml: rule {rule_id} stands twice")
    return found


@dataclass(frozen=True)
class SumRule:
    """A total that the text gives in parts, the pattern's groups a, b and perhaps c; `designs` empty: asked of all."""

    id: str
    tier: str
    pattern: re.Pattern[str]
    at_number: bool  # the pattern begins with its first number
    needs: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    designs: frozenset[str]
    cites: str
    match: tuple[tuple[str, float], ...]
    miss: tuple[str, ...]

    def hits(self, text: str) -> Iterator[re.Match[str]]:
        """Where its pattern stands in a text."""
        if self.at_number:
            for number in numbers(text):
                hit = self.pattern.match(text, number.start)
                if hit:
                    yield hit
        elif "number" in text or "sample size" in text:
            yield from self.pattern.finditer(text)

    def fits(self, words: str) -> bool:
        """Whether what the pattern matched holds what it needs and nothing that vetoes it."""
        return not (self.needs and not self.needs.search(words)) and not (self.unless and self.unless.search(words))


@cache
def sum_rules() -> tuple[SumRule, ...]:
    """The rules for totals in `rules/participants.yml`. Raises RuleError where a pattern is no regular expression."""
    data = table("participants")
    number, _, _ = _words()
    words = {**data["words"], "num": rf"\d+(?:,\d{{3}})*|{number.pattern}"}
    found = []
    for entry in data["sums"]:
        where = f"participants.yml: rule {entry['id']}"
        patterns = {
            key: _compile(f"{where}: {key}", expanded(entry[key], words), {}) if key in entry else None
            for key in ("pattern", "needs", "unless")
        }
        pattern = patterns["pattern"]
        if pattern is None or not {"a", "b"} <= pattern.groupindex.keys():
            raise RuleError(f"{where}: needs a pattern with the groups a and b")
        found.append(
            SumRule(
                str(entry["id"]),
                str(entry["tier"]),
                pattern,
                entry["pattern"].startswith(r"\b(?P<a>"),
                patterns["needs"],
                patterns["unless"],
                frozenset(entry.get("designs", ())),
                str(entry["cites"]),
                tuple((str(sentence), float(value)) for sentence, value in entry["match"].items()),
                tuple(entry["miss"]),
            )
        )
    return tuple(found)


@cache
def rules_asked(name: str, zone: Zone, design: str) -> tuple[NumberRule, ...]:
    """The number rules of a file that count in that part of a paper of that design, in the file's order."""
    return tuple(
        rule for rule in number_rules(name) if zone in rule.zones and (not rule.designs or design in rule.designs)
    )


@cache
def compiled(name: str, key: str) -> re.Pattern[str]:
    """The pattern `key` at the top of `rules/NAME.yml`. Raises RuleError where it is no regular expression."""
    data = table(name)
    return _compile(f"{name}.yml: {key}", data[key], data.get("words") or {})


def _compile(
    where: str, source: str, words: Mapping[str, str], *, ends: bool = False, low: bool = False
) -> re.Pattern[str]:
    """`ends`: for what ends where the text does; `low`: for texts in lower case, which takes half the time."""
    source = expanded(source, words)
    source = f"(?:{source})$" if ends else source
    try:
        return re.compile(lowered_pattern(source)) if low else re.compile(source, re.IGNORECASE)
    except re.error as error:
        raise RuleError(f"{where} is not a regular expression ({error})") from error


def expanded(source: str, words: Mapping[str, str]) -> str:
    """A pattern with every <word> written out; words may hold words defined before them."""
    for word, meaning in reversed(list(words.items())):
        source = source.replace(f"<{word}>", f"(?:{meaning})")
    return source


def _rule(name: str, data: Mapping[str, Any], words: Mapping[str, str]) -> NumberRule:
    where = f"{name}.yml: rule {data.get('id')}"
    unknown = data.keys() - _KEYS
    if unknown:
        raise RuleError(f"{where}: unknown key {sorted(unknown)[0]!r}")
    zones = frozenset(data.get("in", ZONES))
    if not zones <= frozenset(ZONES):
        raise RuleError(f"{where}: in may hold {', '.join(ZONES)}")
    if not data.get("cites"):
        raise RuleError(f"{where}: must say where it comes from (cites)")
    if not data.get("match") or not data.get("miss"):
        raise RuleError(f"{where}: needs examples that must match and that must miss")
    if not data.get("before") and not data.get("after"):
        raise RuleError(f"{where}: has neither before nor after, so every number would fire it")

    def pattern(key: str, *, ends: bool = False) -> re.Pattern[str] | None:
        return _compile(f"{where}: {key}", data[key], words, ends=ends, low=True) if data.get(key) else None

    def ending(key: str) -> Pieces | None:
        if not data.get(key):
            return None
        try:
            return Pieces(expanded(data[key], words), ends=True)
        except re.error as error:
            raise RuleError(f"{where}: {key} is not a regular expression ({error})") from error

    return NumberRule(
        id=str(data["id"]),
        tier=str(data["tier"]),
        zones=zones,
        designs=frozenset(data.get("designs", ())),
        tight=pattern("tight", ends=True),
        before=ending("before"),
        after=pattern("after"),
        clause=pattern("clause"),
        unless_before=ending("unless_before"),
        unless_after=pattern("unless_after"),
        unless=pattern("unless"),
        counted=data.get("after") == "<counted>",
        cites=str(data["cites"]),
        match=tuple((str(sentence), float(value)) for sentence, value in data["match"].items()),
        miss=tuple(data["miss"]),
    )


_GLUE = "_.-\u2010\u2011"
# Spaces that typesetters put between a number and its unit, each one character, like the space it stands for.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2002\u2003\u2005\u2006\u2007\u2008\u2009\u200a\u202f", " "))


@lru_cache(maxsize=8)
def plain(text: str) -> str:
    """A text with every kind of space as a plain one; places stay the same."""
    return text if text.isascii() else text.translate(_SPACES)


@lru_cache(maxsize=8)
def small(text: str) -> str:
    """A text in lower case; places stay the same."""
    return lowered(text)


_FIGURES = re.compile(r"\d+(?:,\d{3})*(?![\d])(?:[.\u00b7]\d+)?")


@cache
def _words() -> tuple[re.Pattern[str], dict[str, int], dict[str, int]]:
    """(pattern of a number in words, units and tens by word, ordinals by word)."""
    data = table("quantities")
    small: dict[str, int] = data["numbers"]
    tens: dict[str, int] = data["tens"]
    ordinals: dict[str, int] = data["ordinals"]
    one = "|".join(sorted(small, key=len, reverse=True))
    below = rf"(?:(?:{'|'.join(tens)})(?:[-\u2010\u2011\u2013 ](?:{'|'.join(list(small)[:9])})\b)?|{one})\b"
    words = rf"(?:(?:{below}|a)[- ])?hundred\b(?:(?: and)? {below})?|{below}|(?:{'|'.join(ordinals)})\b"
    return re.compile(words, re.IGNORECASE), small | tens | {"a": 1}, ordinals


@lru_cache(maxsize=8)
def numbers(text: str) -> tuple[Number, ...]:
    """Every number of a text in order: 1,711, 2.5, thirty-eight, one hundred and fifty, third.

    Figures glued to letters (L5, CD34, SF-36) are names, not numbers.
    """
    found = []
    for hit in _FIGURES.finditer(text):
        start, end = hit.span()
        lead = text[start - 1 : start]
        if lead.isalpha() or (lead in _GLUE and lead and (lead in "_." or text[start - 2 : start - 1].isalpha())):
            continue
        if lead == ":" and text[start - 2 : start - 1].isdigit():
            continue  # a ratio
        found.append(Number(float(text[start:end].replace(",", "").replace("\u00b7", ".")), start, end))
    found += _in_words(text)
    found.sort(key=_place)
    return tuple(found)


def _place(number: Number) -> int:
    return number.start


# Letters that a pattern which ignores case takes for i, s and k, though no lower case makes them so.
_FOLDED = str.maketrans("\u0130\u0131\u017f\u212a", "iisk")


def _in_words(text: str) -> list[Number]:
    pattern, _, ordinals = _words()
    low = text.lower()
    if len(low) != len(text):  # a letter whose small form is longer would move the places
        low = text
    starts: list[int] = []
    for word in _stems():
        place = low.find(word)
        while place >= 0:
            if place == 0 or not (low[place - 1].isalnum() or low[place - 1] == "_"):
                starts.append(place)
            place = low.find(word, place + 1)
    starts.sort()
    found: list[Number] = []
    reached = 0
    for start in starts:
        begin = start - 2 if low.startswith("a hundred", start - 2) else start
        hit = pattern.match(text, begin) if begin >= reached else None
        if hit:
            spelt = hit.group().translate(_FOLDED).lower()
            found.append(Number(_value_of_words(spelt), *hit.span(), spelt in ordinals))
            reached = hit.end()
    return found


@cache
def _stems() -> tuple[str, ...]:
    """What every number in words begins with."""
    _, values, ordinals = _words()
    every = [word for word in (*values, *ordinals, "hundred") if word != "a"]
    return tuple(word for word in every if not any(word.startswith(other) for other in every if other != word))


@lru_cache(maxsize=512)
def _value_of_words(words: str) -> float:
    """The value of a number in words, as `numbers` finds them."""
    _, values, ordinals = _words()
    total = 0
    for word in re.split(r"[-\u2010\u2011\u2013\s]+", words):
        if word == "hundred":
            total = max(total, 1) * 100
        elif word != "and":
            total += values.get(word) or ordinals[word]
    return float(total)


_CUT = re.compile(r"; |: |,? of (?:whom|which|these|them),? ", re.IGNORECASE)


def clause(text: str, place: int, start: int, end: int) -> tuple[int, int]:
    """The part of the sentence `text[start:end]` around a place, cut at semicolons, colons and "of whom"."""
    for cut in _CUT.finditer(text, start, end):
        if cut.end() <= place:
            start = cut.end()
        elif cut.start() >= place:
            return start, cut.start()
    return start, end
