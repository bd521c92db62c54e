"""What a pattern cannot match without, and what it can begin with: literals that spare running it.

A rule's pattern is a list of branches joined by `|`. For each branch a set of literals is worked out, one of which
stands in every match, and where they can be told those with which every match begins. Where none of the first stands in
a text the branch is left out, and it is tried only where one of the others does; it matches what it would without.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any

from catalog.tagging.lexicon import SHORTEST

try:  # the standard library's own reading of a pattern; without it nothing is skipped, only slower
    from re import _constants as _ops  # type: ignore[attr-defined]  # not in typeshed
    from re import _parser  # type: ignore[attr-defined]  # not in typeshed
except ImportError:  # pragma: no cover - a Python that moved it
    _parser = None

__all__ = ["DIGIT", "beginnings", "branches_of", "known_of", "lowered_pattern", "needed", "run"]

# More spellings than this are not worked out.
MOST = 300
# The beginning of a long literal tells as much, and is shared by more patterns.
LONGEST = 8
# How far from where a place begins a run of letters is looked for.
FARTHEST = 16
# Places where a match may begin are told by so many letters or more.
SHORTEST_BEGINNING = 2
REACH = 8
# Stands for any digit, in what a match begins with.
DIGIT = "\ue000"
_LETTERS = re.compile(r"[a-z]+")


def lowered_pattern(pattern: str) -> str:
    r"""A pattern in lower case, for texts in lower case; names of groups and what follows a backslash stay (\W, \w)."""
    return _LOWERED.sub(lambda found: found[0].lower() if found.lastindex else found[0], pattern)


_LOWERED = re.compile(r"\\.|\(\?P[<=]\w+|(\(|[^\\(]+)", re.DOTALL)


def branches_of(pattern: str) -> tuple[str, ...]:
    """The parts of a pattern between its outermost `|`."""
    parts, depth, start, i = [], 0, 0, 0
    in_class = False
    while i < len(pattern):
        character = pattern[i]
        if character == "\\":
            i += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
            if pattern[i + 1 : i + 2] == "]":
                i += 1
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0:
            parts.append(pattern[start:i])
            start = i + 1
        i += 1
    parts.append(pattern[start:])
    return tuple(parts)


Words = frozenset[str]


def needed(pattern: str) -> tuple[Words, ...]:
    """Sets of runs of small letters: every match of a pattern, case ignored, holds one of each set; the rarest first.

    None at all where nothing can be told.
    """
    return known_of(pattern)[0]


@lru_cache(maxsize=64)
def known_of(pattern: str) -> tuple[tuple[Words, ...], tuple[str, ...]]:
    """(what `needed` says, what `beginnings` says) of a pattern, from one reading of it."""
    if _parser is None:  # pragma: no cover - a Python that moved it
        return (), ()
    nodes = list(_parser.parse(pattern, re.IGNORECASE))
    met: _Met = {}
    return _needs(nodes, met), _begins(nodes, met)


def _needs(nodes: list[Any], met: _Met) -> tuple[Words, ...]:
    found = {_short(words) for words in _every(nodes, met)}
    told = [words for words in found if not any(_says_more(other, words) for other in found if other != words)]
    return tuple(sorted(told, key=lambda words: (_worth(words), sorted(words)), reverse=True))


def beginnings(pattern: str) -> tuple[str, ...]:
    """What every match of a pattern begins with, in lower case, none the beginning of another; none if not told.

    DIGIT stands for any digit.
    """
    return known_of(pattern)[1]


def _begins(nodes: list[Any], met: _Met) -> tuple[str, ...]:
    words = {word for word, _ in _spelled(nodes, REACH, met)}
    cut = {DIGIT if word[:1].isdigit() or word[:1] == DIGIT else word.partition(DIGIT)[0] for word in words}
    if min(map(len, cut - {DIGIT}), default=SHORTEST_BEGINNING) < SHORTEST_BEGINNING:
        return ()
    return tuple(sorted(word for word in cut if not any(word.startswith(other) for other in cut if other != word)))


def run(literal: str) -> str:
    """The longest run of letters in a literal."""
    return max(_LETTERS.findall(literal), key=len, default="")


def _short(words: Iterable[str]) -> Words:
    cut = {word[:LONGEST] for word in words}
    # "group" in a text says all that "groups" would
    return frozenset(word for word in cut if not any(other in word for other in cut if other != word))


def _says_more(one: Words, other: Words) -> bool:
    """Whether a text that holds one of the first set holds one of the second, so that this need not be asked."""
    return all(any(short in word for short in other) for word in one)


Spelling = tuple[str, bool]  # what stands there, and whether more may follow it directly
# The spellings of each node of one pattern, by identity and reach: groups are met again from every place before them.
_Met = dict[tuple[int, int], set[Spelling]]


def _every(nodes: list[Any], met: _Met) -> Iterator[set[str]]:
    """Sets of literals, each needed, from all places of a sequence and from within its groups."""
    for i, node in enumerate(nodes):
        if i == 0 or nodes[i - 1][0] is not _ops.LITERAL:
            words = {run(word) for word, _ in _spelled(nodes[i:], FARTHEST, met)}
            if min(map(len, words)) >= SHORTEST:
                yield words
        yield from _within(node, met)


def _within(node: Any, met: _Met) -> Iterator[set[str]]:
    """Literals needed by what stands within a group that must be there."""
    op, value = node
    if op is _ops.SUBPATTERN:
        yield from _every(list(value[3]), met)
    elif op in (_ops.MAX_REPEAT, _ops.MIN_REPEAT) and value[0] >= 1:
        yield from _every(list(value[2]), met)
    elif op is _ops.BRANCH:
        best = [max(_every(list(branch), met), key=_worth, default=None) for branch in value[1]]
        words = {word for words in best for word in words or ()}
        if None not in best and len(words) <= MOST:
            yield words


def _worth(words: Collection[str]) -> tuple[int, int]:
    return min(min(map(len, words)), 6), -len(words)


def _spelled(nodes: list[Any], reach: int, met: _Met) -> set[Spelling]:
    """The ways a sequence can begin, as far as they can be spelled out, and not much farther than `reach`."""
    spellings: set[Spelling] = {("", True)}
    place = 0
    while place < len(nodes):
        letters, place = _letters(nodes, place)
        if letters:
            after = {(letters, True)}
        else:
            key = id(nodes[place]), reach
            known = met.get(key)
            if known is None:
                known = met[key] = _node(nodes[place], reach, met)
            after, place = known, place + 1
        grown: set[Spelling] = set()
        for word, open_ in spellings:
            if open_ and len(word) < reach:
                for more, goes_on in after:
                    longer = word + more
                    grown.add((longer[:reach], goes_on and len(longer) < reach))
            else:
                grown.add((word, False))
        if len(grown) > MOST:
            return {(word, False) for word, _ in spellings}
        spellings = grown
        if not any(open_ for _, open_ in spellings):
            break
    return spellings


def _letters(nodes: list[Any], place: int) -> tuple[str, int]:
    """(the plain characters that stand from a place on, in lower case; where they end)."""
    letters = ""
    for op, value in nodes[place:]:
        letter = chr(value).lower() if op is _ops.LITERAL else ""
        if not letter or not letter.isascii():
            break
        letters += letter
        place += 1
    return letters, place


def _node(node: Any, reach: int, met: _Met) -> set[Spelling]:
    op, value = node
    if op is _ops.LITERAL:
        letter = chr(value).lower()
        return {(letter, True)} if letter.isascii() else {("", False)}
    if op is _ops.IN:
        if all(_is_digit(*item) for item in value):
            return {(DIGIT, True)}
        letters = [chr(v).lower() for o, v in value if o is _ops.LITERAL]
        return {(letter, True) for letter in letters} if len(letters) == len(value) <= 4 else {("", False)}
    if op is _ops.SUBPATTERN:
        return _spelled(list(value[3]), reach, met)
    if op is _ops.BRANCH:
        found: set[Spelling] = set()
        for branch in value[1]:
            found |= _spelled(list(branch), reach, met)
        return found if len(found) <= MOST else {("", False)}
    if op in (_ops.MAX_REPEAT, _ops.MIN_REPEAT):
        least, most, inner = value
        if (least, most) == (0, 1):
            return {("", True)} | _spelled(list(inner), reach, met)
        return {(word, False) for word, _ in _spelled(list(inner), reach, met)} if least else {("", False)}
    if op in (_ops.AT, _ops.ASSERT, _ops.ASSERT_NOT):
        return {("", True)}
    return {("", False)}


def _is_digit(op: Any, value: Any) -> bool:
    """Whether what a class holds are digits."""
    if op is _ops.CATEGORY:
        return value is _ops.CATEGORY_DIGIT
    if op is _ops.RANGE:
        return chr(value[0]).isdigit() and chr(value[1]).isdigit()
    return op is _ops.LITERAL and chr(value).isdigit()
