"""The part of the body a vocabulary is about: `region:` of a topics file, words as regular expressions.

Only papers about it, or that name no part, count as evidence; papers about another part are kept, and shown as such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ELSEWHERE", "UNSTATED", "Region", "read_region"]

# Values that every vocabulary with a region has beside its own.
ELSEWHERE, UNSTATED = "other_site", "unstated"
_KEYS = frozenset({"id", "name", "place", "words", "beside", "broad", "elsewhere", "not_in"})
_ID = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the body.

    `place` is how sentences speak of it ("the low back"); `beside` a neighbouring part that shares its wider words,
    `broad` those wider words, which tell no part by themselves; `elsewhere` words of all other parts; in the phrases
    `not_in` a word says nothing. Each list is of regular expressions, matched without regard to case.
    """

    id: str
    name: str
    place: str
    words: tuple[str, ...]
    beside: tuple[str, str, tuple[str, ...]] | None  # id, name, words
    broad: tuple[str, ...]
    elsewhere: tuple[str, ...]
    not_in: tuple[str, ...]

    @property
    def names(self) -> tuple[tuple[str, str, bool], ...]:
        """(id, name, whether papers of it count) of each value a paper can have."""
        beside = ((self.beside[0], self.beside[1], False),) if self.beside else ()
        return (
            (self.id, self.name, True),
            *beside,
            (ELSEWHERE, "another part of the body", False),
            (UNSTATED, "not stated", True),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """The values a paper can have."""
        return tuple(name for name, _, _ in self.names)


def read_region(data: Any, wrong: Callable[[str, str], Exception]) -> Region | None:
    """The region a topics file tells; None where it tells none. Raises what `wrong(entry, what)` makes."""
    if data is None:
        return None
    if not isinstance(data, Mapping):
        raise wrong("region", "must be a mapping with id, name, place and words")
    unknown = sorted(str(key) for key in data.keys() - _KEYS)
    if unknown:
        raise wrong("region", f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    beside = data.get("beside")
    if beside is not None and not isinstance(beside, Mapping):
        raise wrong("region", "beside must be a mapping with id, name and words")
    region = Region(
        _id(data, wrong),
        _text(data, "name", wrong),
        _text(data, "place", wrong),
        _patterns(data, "words", wrong),
        (_id(beside, wrong), _text(beside, "name", wrong), _patterns(beside, "words", wrong)) if beside else None,
        _patterns(data, "broad", wrong),
        _patterns(data, "elsewhere", wrong),
        _patterns(data, "not_in", wrong),
    )
    if not region.words:
        raise wrong("region", "words are missing: without them no paper is about it")
    if len(set(region.ids)) < len(region.ids):
        raise wrong("region", f"{ELSEWHERE} and {UNSTATED} are taken, and no id stands twice")
    return region


def _text(data: Mapping[str, Any], key: str, wrong: Callable[[str, str], Exception]) -> str:
    found = data.get(key)
    if not isinstance(found, str) or not found.strip():
        raise wrong("region", f"{key} must be a text")
    return " ".join(found.split())


def _id(data: Mapping[str, Any], wrong: Callable[[str, str], Exception]) -> str:
    found = _text(data, "id", wrong)
    if not _ID.fullmatch(found):
        raise wrong("region", f"{found!r}: an id is lower-case letters, digits and _")
    return found


def _patterns(data: Mapping[str, Any], key: str, wrong: Callable[[str, str], Exception]) -> tuple[str, ...]:
    found = data.get(key) or []
    if not isinstance(found, list) or not all(isinstance(item, str) and item for item in found):
        raise wrong("region", f"{key} must be a list of regular expressions in quotation marks")
    for pattern in found:
        try:
            re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise wrong("region", f"{key}: {pattern!r} is no regular expression ({error})") from error
    return tuple(found)
