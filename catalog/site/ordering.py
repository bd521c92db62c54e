"""A list's papers in the order asked for, one stretch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog.site.facts import Facts
from catalog.site.matching import Match
from catalog.site.shelf import positions

__all__ = ["in_order"]


def in_order(facts: Facts, listed: int, found: Match, sort: str, start: int, stop: int) -> list[int]:
    """The PMIDs of a list from its start-th paper to before the stop-th.

    Args:
        facts: the catalog.
        listed: the papers of the list.
        found: how they match.
        sort: relevance (then level, then newest), level (then newest), newest or oldest.
        start: of the stretch, 0 or more.
        stop: of the stretch.
    """
    shelf = facts.shelf
    groups: Iterable[int] = [listed]
    pmids: list[int] = []
    if sort == "relevance" and found.ranked:
        held = shelf.among(listed)
        best = [place for place in found.ranked if held(place)]
        pmids = [shelf.pmids[place] for place in best[start:stop]]
        start, stop = max(start - len(best), 0), stop - len(best)
        groups = _by_level(facts, [listed & ~shelf.at(best)])  # found by something else than words
    elif sort == "relevance" and found.tiers:
        groups = _by_level(facts, (tier & listed for tier in found.tiers))
    elif sort == "level":
        groups = _by_level(facts, [listed])
    backwards = sort == "oldest"
    for group in groups:
        if stop <= 0:
            break
        size = group.bit_count()
        if start < size:
            pmids += [shelf.pmids[place] for place in positions(group, start, stop, backwards=backwards)]
        start, stop = max(start - size, 0), stop - size
    return pmids


def _by_level(facts: Facts, groups: Iterable[int]) -> Iterator[int]:
    for group in groups:
        for level in facts.names["level"]:
            if found := group & facts.shelf.having("level", [level]):
                yield found
