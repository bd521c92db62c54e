"""The facets beside a list: each value with the count it would give, in the order readers expect."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.site.facts import Facts
from catalog.site.fields import FACETS, OF_TREATMENT
from catalog.site.filters import Filters, year_name, years_of
from catalog.site.shelf import UNTAGGED

__all__ = ["Choice", "Facet", "facets", "selected", "year_set"]

SINGLE_YEARS = 6  # newest years offered one by one; older ones by decade
_FOLDED = ("role", "region", "harms", "basis", "comparator", "certainty", "participants", "leans")
_UNOFFERED = ("claim",)  # too many to choose from; claim cards lead to them
FEWEST_YEARS = 12  # with no more than these, each year stands alone


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: how many papers it holds beside the other filters, and the address that toggles it."""

    value: str
    name: str
    description: str
    count: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet with its values."""

    id: str
    title: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> bool:
        """Whether the list is narrowed by it."""
        return any(choice.chosen for choice in self.choices)

    @property
    def folded(self) -> bool:
        """Whether readers rarely want it, so that it is shown closed."""
        return self.id in _FOLDED and not self.chosen


def selected(filters: Filters, facts: Facts) -> int:
    """The papers that pass every filter but the query."""
    return _plain(filters, facts) & _treated(filters, facts)


def _plain(filters: Filters, facts: Facts) -> int:
    shelf = facts.shelf
    found = shelf.everything
    for facet, values in filters.chosen.items():
        if facet == "year":
            years = 0
            for value in values:
                years |= year_set(value, facts)
            found &= years
        elif facet not in OF_TREATMENT:
            found &= shelf.having(facet, values)
    if filters.without_retracted:
        found &= ~shelf.having("status", ["retracted"])
    if filters.once:
        found &= shelf.once
    return found


def _treated(filters: Filters, facts: Facts) -> int:
    interventions, roles, directions = (filters.chosen.get(facet, ()) for facet in OF_TREATMENT)
    return facts.shelf.treated(interventions, roles, directions, counted=filters.counted)


def facets(filters: Filters, facts: Facts, matched: int) -> tuple[Facet, ...]:
    """Every facet, counted among the papers that match the query and all *other* facets, so a value can be added.

    Args:
        filters: the list's question.
        facts: the catalog.
        matched: the papers that match the query.
    """
    found = []
    plain = matched & _plain(filters, facts)
    treated = matched & _treated(filters, facts)
    for facet, title in FACETS.items():
        if facet in _UNOFFERED and facet not in filters.chosen:
            continue
        others = 0 if facet in OF_TREATMENT else treated & _plain(filters.dropping(facet), facts)
        offered = _years(filters, facts) if facet == "year" else list(facts.names[facet])
        chosen = filters.chosen.get(facet, ())
        choices = []
        for value in offered:
            if facet in OF_TREATMENT:
                papers = plain & _treated(filters.only(facet, value), facts)
            else:
                papers = others & (year_set(value, facts) if facet == "year" else facts.shelf.having(facet, [value]))
            count = papers.bit_count()
            if not count and value not in chosen:
                continue
            named = facts.name(facet, value)
            toggled = filters.dropping(facet, value) if value in chosen else filters.adding(facet, value)
            label = year_name(value) if facet == "year" else named.name
            choices.append(Choice(value, label, named.description, count, value in chosen, toggled.address()))
        if [choice.value for choice in choices] == [UNTAGGED] and not chosen:
            choices = []  # nothing is known of any: that narrows nothing
        found.append(Facet(facet, title, tuple(choices)))
    return tuple(found)


def year_set(value: str, facts: Facts) -> int:
    """The papers of a year or range of years as addresses write it; of `_none`, those without a year."""
    years = years_of(value)
    papers = 0
    if years == (0, 0):
        return facts.shelf.bits["year"].get(UNTAGGED, 0)
    if years:
        for year, held in facts.shelf.bits["year"].items():
            if year != UNTAGGED and years[0] <= int(year) <= years[1]:
                papers |= held
    return papers


def _years(filters: Filters, facts: Facts) -> list[str]:
    """Years to offer, newest first: the latest one by one, then the rest of that decade, then decades."""
    held = sorted((int(year) for year in facts.shelf.bits["year"] if year != UNTAGGED), reverse=True)
    offered: list[str] = []
    if len(held) <= FEWEST_YEARS:
        offered = [str(year) for year in held]
    else:
        single = held[:SINGLE_YEARS]
        offered = [str(year) for year in single]
        last = single[-1] - 1
        while last >= held[-1]:
            first = last // 10 * 10
            offered.append(f"{first}-{last}" if first < last else str(last))
            last = first - 1
    if UNTAGGED in facts.shelf.bits["year"]:
        offered.append(UNTAGGED)
    return [*(value for value in filters.chosen.get("year", ()) if value not in offered), *offered]
