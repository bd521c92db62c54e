"""What a list is narrowed to: read from an address, written to an address, never an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlencode

from catalog.site.facts import Facts
from catalog.site.fields import FACETS, OF_TREATMENT
from catalog.site.query import Query, Value, parse
from catalog.site.shelf import UNTAGGED
from catalog.site.values import typed_values, typed_years

__all__ = ["FACETS", "OF_TREATMENT", "SORTS", "Filters", "read_filters", "year_name", "years_of"]

SORTS = {"relevance": "Relevance", "newest": "Newest", "oldest": "Oldest", "level": "Level of evidence"}
MOST_VALUES = 40  # of one facet; more than any page offers
_YEAR = re.compile(r"(\d{4})?(-)?(\d{4})?", re.ASCII)

# A level as people write it, which the index would look for as two words.
_LEVEL_IN_WORDS = re.compile(r"\blevel\s+([1-5])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Filters:
    """A list's question: query, values chosen of each facet, retracted papers in or out, each study once, order.

    `counted` leaves only what counts as evidence (docs/evidence.md), for the treatments chosen if there are any.
    """

    query: Query
    chosen: Mapping[str, tuple[str, ...]]
    without_retracted: bool = False
    once: bool = False
    counted: bool = False
    sort: str = "newest"
    page: int = 1
    notes: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.query or self.chosen or self.without_retracted or self.once or self.counted)

    @property
    def default_sort(self) -> str:
        """Relevance where there is something to be relevant to, else newest first."""
        return "relevance" if self.query.ranks else "newest"

    def pairs(self, *, page: int | None = None) -> list[tuple[str, str]]:
        """Names and values of the address, in a fixed order."""
        pairs = [("q", self.query.text)] if self.query.text else []
        pairs += [(facet, value) for facet in FACETS for value in self.chosen.get(facet, ())]
        if self.without_retracted:
            pairs.append(("retracted", "exclude"))
        if self.once:
            pairs.append(("studies", "once"))
        if self.counted:
            pairs.append(("evidence", "counted"))
        if self.sort != self.default_sort:
            pairs.append(("sort", self.sort))
        if page and page > 1:
            pairs.append(("page", str(page)))
        return pairs

    def address(self, *, page: int | None = None, path: str = "/search") -> str:
        """The list's address, from its path on."""
        pairs = self.pairs(page=page)
        return path + ("?" + "&".join(_encoded(name, value) for name, value in pairs) if pairs else "")

    def adding(self, facet: str, value: str) -> Filters:
        """The same list with one more value of a facet allowed."""
        return replace(self, chosen={**self.chosen, facet: (*self.chosen.get(facet, ()), value)}, page=1)

    def dropping(self, facet: str, value: str | None = None) -> Filters:
        """The same list without a value of a facet, or without the facet."""
        rest = tuple(v for v in self.chosen.get(facet, ()) if value is not None and v != value)
        chosen = {name: values for name, values in self.chosen.items() if name != facet}
        return replace(self, chosen={**chosen, facet: rest} if rest else chosen, page=1)

    def asking(self, text: str) -> Filters:
        """The same filters with another query."""
        query = parse(text)
        sort = self.sort if self.sort != self.default_sort else "relevance" if query.ranks else "newest"
        return replace(self, query=query, sort=sort, page=1)

    def each_study(self, *, once: bool) -> Filters:
        """The same list with each study once, or with every paper."""
        return replace(self, once=once, page=1)

    def counting(self, *, counted: bool) -> Filters:
        """The same list with only what counts as evidence, or with everything."""
        return replace(self, counted=counted, page=1)

    def only(self, facet: str, value: str) -> Filters:
        """The same list with one value of a facet and no other."""
        return replace(self, chosen={**self.chosen, facet: (value,)}, page=1)

    def sorted_by(self, sort: str) -> Filters:
        """The same list in another order."""
        return replace(self, sort=sort, page=1)


@lru_cache(maxsize=4096)
def _encoded(name: str, value: str) -> str:
    """A parameter as an address has it. A page of a list holds a hundred addresses made of the same few."""
    return urlencode([(name, value)])


def read_filters(args: Mapping[str, Sequence[str]], facts: Facts) -> Filters:
    """Read an address's parameters. What is not known is left out, and said in `notes`, a line each.

    A facet that the query must match, `ozone level:1`, becomes one of the filters and leaves the query.

    Args:
        args: each parameter's values, decoded.
        facts: the catalog, which knows the values.
    """
    query = parse(" ".join(args.get("q", ())))
    notes: list[str] = list(query.notes)
    chosen: dict[str, tuple[str, ...]] = {}
    for facet, title in FACETS.items():
        known: dict[str, None] = {}
        for part in [part for text in args.get(facet, ()) for part in text.split(",") if part.strip()][:MOST_VALUES]:
            wanted = part.strip()
            value = (typed_years(wanted) or wanted) if facet == "year" else wanted
            if years_of(value) if facet == "year" else value in facts.names[facet]:
                known[value] = None
            else:
                notes.append(f"{title} “{_brief(wanted)}” is not known here and was left out.")
        if known:
            chosen[facet] = tuple(known)
    query = _with_facets_taken(query, facts, chosen, notes)
    if (level := _LEVEL_IN_WORDS.search(query.text)) and "level" not in chosen:
        notes.append(f"“{level[0]}” was searched for as words; for papers at that level write level:{level[1]}.")
    retracted = _last(args, "retracted")
    if retracted not in (None, "", "exclude", "include"):
        notes.append("The parameter retracted knows exclude and include; anything else was left out.")
    studies = _last(args, "studies")
    if studies not in (None, "", "once", "all"):
        notes.append("The parameter studies knows once and all; anything else was left out.")
    evidence = _last(args, "evidence")
    if evidence not in (None, "", "counted", "all"):
        notes.append("The parameter evidence knows counted and all; anything else was left out.")
    filters = Filters(query, chosen, retracted == "exclude", studies == "once", evidence == "counted")
    sort = _last(args, "sort") or filters.default_sort
    if sort not in SORTS:
        notes.append(f"Order “{_brief(sort)}” is not known here and was left out.")
        sort = filters.default_sort
    if sort == "relevance" and not query.ranks:
        sort = "newest"
    page = _last(args, "page") or "1"
    number = int(page) if re.fullmatch(r"[0-9]{1,9}", page) else 1
    return replace(filters, sort=sort, page=max(number, 1), notes=tuple(dict.fromkeys(notes)))


def _with_facets_taken(query: Query, facts: Facts, chosen: dict[str, tuple[str, ...]], notes: list[str]) -> Query:
    """The query without the facets that all of it must match; their values go to `chosen`, in place of others there."""
    asked = [part for part in query.parts if isinstance(part.node, Value) and part.node.field in FACETS]
    if not asked:
        return query
    found: dict[str, tuple[str, ...]] = {}
    for part in asked:
        assert isinstance(part.node, Value)  # noqa: S101 - so chosen
        facet, text = part.node.field, part.node.value
        values = typed_values(facts, facet, text)
        if not values:
            notes.append(f"{FACETS[facet]} “{_brief(text)}” is not known here and was left out.")
        found[facet] = tuple(dict.fromkeys((*found.get(facet, ()), *values)))
    chosen.update({facet: values for facet, values in found.items() if values})
    return replace(parse(query.without(*asked)), notes=query.notes)


def years_of(value: str) -> tuple[int, int] | None:
    """First and last year of `2019`, `2010-2019`, `-1999` or `2019-`; (0, 0): papers without a year; None: no year."""
    if value == UNTAGGED:
        return 0, 0
    found = _YEAR.fullmatch(value)
    if not found or not (found[1] or found[3]) or (found[3] and not found[2]):
        return None
    first = int(found[1] or 1)
    last = int(found[3] or 9999) if found[2] else first
    return (first, last) if 0 < first <= last else None


def year_name(value: str) -> str:
    """A year or range of years in words."""
    years = years_of(value)
    if years == (0, 0):
        return "Not stated"
    if value.startswith("-"):
        return f"Up to {value[1:]}"
    if value.endswith("-"):
        return f"{value[:-1]} and later"
    return value.replace("-", "–")


def _last(args: Mapping[str, Sequence[str]], name: str) -> str | None:
    values = args.get(name)
    return values[-1].strip() if values else None


def _brief(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
