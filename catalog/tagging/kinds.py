"""Words and phrases that name a kind of comparator, and where a text names one."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from catalog.tagging.rules import RuleError
from catalog.tagging.scan import Scan
from catalog.tagging.stems import Stems, stem_of
from catalog.tagging.tables import table

__all__ = ["KINDS", "Named", "kinds_of"]

KINDS = ("local_anaesthetic", "none", "other_active", "placebo_sham", "steroid", "surgery", "usual_care")


class Named(NamedTuple):
    """A word or phrase that names a kind of comparator, and where it stands."""

    kind: str
    start: int
    end: int


@cache
def _kinds() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    """(kind, pattern) of every word or phrase, by the letters it begins with."""
    kinds = table("comparator")["kinds"]
    if set(kinds) != set(KINDS):
        raise RuleError(f"comparator.yml: kinds must be {', '.join(KINDS)}")
    found: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for kind, words in kinds.items():
        for word in words:
            try:
                pattern = re.compile(rf"{word}(?!\w)", re.IGNORECASE)
            except re.error as error:
                raise RuleError(f"comparator.yml: {kind}: {word!r} is not a regular expression ({error})") from error
            found.setdefault(stem_of(word), []).append((kind, pattern))
    return {stem: tuple(patterns) for stem, patterns in found.items()}


@cache
def _stems() -> Stems:
    return Stems(_kinds())


def kinds_of(scan: Scan) -> list[Named]:
    """Every kind a text names, in reading order; of what overlaps, the first and longest."""
    found: list[Named] = []
    patterns = _kinds()
    for place, stem in _stems().places(scan):
        for kind, pattern in patterns[stem]:
            hit = pattern.match(scan.text, place)
            if hit:
                found.append(Named(kind, place, hit.end()))
    found.sort(key=lambda named: (named.start, -named.end, KINDS.index(named.kind)))
    kept: list[Named] = []
    for named in found:
        if not kept or named.start >= kept[-1].end:
            kept.append(named)
    return kept
