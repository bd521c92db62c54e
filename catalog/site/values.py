"""What is typed for a facet's value, `level:II` or `design:"case series"`, as the ids the catalog knows."""

from __future__ import annotations

import re

from catalog.site.facts import Facts
from catalog.site.shelf import UNTAGGED

__all__ = ["typed_values", "typed_years"]

_RANGE = re.compile(r"(.+?)\s*(?:\.\.+|\u2026|-|:)\s*(.+)")
_YEARS = re.compile(r"(\d{4})?\s*(\.\.+|\u2026|-|:)?\s*(\d{4})?", re.ASCII)
_COMPARED = re.compile(r"([<>])(=?)\s*(\d{4})", re.ASCII)


def typed_values(facts: Facts, facet: str, text: str) -> tuple[str, ...]:
    """The values a text names, in display order: ids, names, what may be typed for them; several joined by commas.

    Words that only some names hold stand for all of those: `design:review`. Empty where nothing is known of that name.
    """
    if facet == "year":
        years = [typed_years(part) for part in text.split(",")]
        return tuple(filter(None, years)) if all(years) else ()
    found: set[str] = set()
    for part in filter(None, map(str.strip, text.split(","))):
        values = _one(facts, facet, part)
        if not values and (ends := _RANGE.fullmatch(part)):
            values = _between(facts, facet, ends[1], ends[2])
        if not values:
            return ()
        found |= values
    return tuple(value for value in facts.names[facet] if value in found)


def typed_years(text: str) -> str | None:
    """A year or range as addresses write it (`2019`, `2015-2020`, `-2010`, `2019-`); None where it is none.

    Read: 2019, 2015..2020, 2015-2020, 2015:2020, ..2010, 2019.., >=2019, <2010.
    """
    text = text.strip()
    if compared := _COMPARED.fullmatch(text):
        over = compared[1] == ">"
        year = int(compared[3]) + (0 if compared[2] else 1 if over else -1)
        return f"{year:04d}-" if over else f"-{year:04d}"
    found = _YEARS.fullmatch(text)
    if not found or not (found[1] or found[3]):
        return None
    if not found[2]:
        return found[1] if found[1] and not found[3] else None
    first, last = sorted((found[1], found[3])) if found[1] and found[3] else (found[1] or "", found[3] or "")
    return first if first == last else f"{first}-{last}"


def _one(facts: Facts, facet: str, text: str) -> set[str]:
    names = facts.names[facet]
    plain = text.lower().strip("_ ")
    if plain in names:
        return {plain}
    words = facts.vocabulary.canonical(text)
    if typed := facts.vocabulary.typed.get((facet, words)):
        return set(typed)
    called = {
        value: [facts.vocabulary.canonical(name) for name in (named.name, named.short, value)]
        for value, named in names.items()
        if value != UNTAGGED
    }
    same = {value for value, ways in called.items() if words in ways}
    return same or {value for value, ways in called.items() if words and any(set(words) <= set(way) for way in ways)}


def _between(facts: Facts, facet: str, first: str, last: str) -> set[str]:
    order = list(facts.names[facet])
    ends = [_one(facts, facet, first), _one(facts, facet, last)]
    if not all(ends):
        return set()
    places = [order.index(value) for values in ends for value in values]
    return set(order[min(places) : max(places) + 1])
