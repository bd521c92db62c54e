"""What a pattern cannot match without: literals that let most of its branches be skipped without running them.

A rule's pattern is a list of branches joined by `|`. For each branch a set of literals is worked out, one of which
stands in every match. Where none of them stands in a text the branch is left out; the branches that remain match
exactly what the whole pattern would (tests compare both). A plain `in` costs about a microsecond, a branch some tens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

try:  # the standard library's own reading of a pattern; without it nothing is skipped, only slower
    from re import _constants as _ops  # type: ignore[attr-defined]  # not in typeshed
    from re import _parser  # type: ignore[attr-defined]  # not in typeshed
except ImportError:  # pragma: no cover - a Python that moved it
    _parser = None

__all__ = ["LONGEST", "Branches", "branches_of", "needed"]

# More spellings than this are not worked out, shorter literals stand in every text.
MOST = 160
SHORTEST = 3
# The beginning of a long literal tells as much, is shared by more patterns, and is looked up among the text's own
# pieces of that length at once.
LONGEST = 5


class Branches:
    """A pattern cut into its branches, each with the literals it needs (None: must always run).

    A branch is run in lower case on a text in lower case, which the standard library does twice as fast as ignoring
    case, and without a word boundary in front, which keeps it from skipping to the first letters that fit.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self.whole = re.compile(pattern, flags)
        parts = branches_of(pattern)
        folding = bool(flags & re.IGNORECASE)
        self.literals = tuple(needed(part) if folding else None for part in parts)
        self.vocabulary = frozenset(word for words in self.literals if words for word in words)
        self._parts = tuple(_Branch(part) for part in parts) if folding else ()

    def spans(self, text: str, lowered: str, present: frozenset[str] | None) -> Iterator[tuple[int, int]]:
        """(start, end) of each match of the whole pattern in a text, leftmost first.

        Args:
            text: where to look.
            lowered: the same in lower case.
            present: the literals of the vocabulary that stand in it; None runs the whole pattern instead.
        """
        if present is None or not self._parts or len(lowered) != len(text):  # lower case may be longer: İ
            yield from (whole.span() for whole in self.whole.finditer(text))
            return
        alive = [
            part
            for part, words in zip(self._parts, self.literals, strict=True)
            if words is None or not words.isdisjoint(present)
        ]
        waiting = [(found, part) for part in alive if (found := part.search(lowered, 0))]
        while waiting:
            (start, end), _ = min(waiting, key=lambda item: item[0][0])  # of equals the earlier branch
            yield start, end
            on = max(end, start + 1)
            waiting = [
                (found, part)
                for now, part in waiting
                if (found := now if now[0] >= on else part.search(lowered, on)) is not None
            ]


class _Branch:
    """One branch, for texts in lower case."""

    def __init__(self, part: str) -> None:
        lowered = _lowered(part)
        self._bounded = lowered.startswith(r"\b")
        self._compiled = re.compile(lowered[2:] if self._bounded else lowered)

    def search(self, text: str, start: int) -> tuple[int, int] | None:
        """The first match from `start` on."""
        while found := self._compiled.search(text, start):
            begin, end = found.span()
            if not self._bounded or _is_boundary(text, begin):
                return begin, end
            start = begin + 1
        return None


def _is_boundary(text: str, at: int) -> bool:
    r"""What `\b` asks: a word character on exactly one side."""
    before = at > 0 and (text[at - 1].isalnum() or text[at - 1] == "_")
    after = at < len(text) and (text[at].isalnum() or text[at] == "_")
    return before != after


def _lowered(pattern: str) -> str:
    r"""A pattern in lower case; what follows a backslash stays, since \W is not \w."""
    return re.sub(
        r"\\.|[^\\]+", lambda found: found[0] if found[0][0] == "\\" else found[0].lower(), pattern, flags=re.DOTALL
    )


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


def needed(pattern: str) -> frozenset[str] | None:
    """Lower-case literals of which every match of a case-insensitive pattern contains one; None: cannot be told."""
    if _parser is None:  # pragma: no cover - a Python that moved it
        return None
    best = _best(list(_parser.parse(pattern, re.IGNORECASE)))
    if best is None:
        return None
    cut = {word[:LONGEST] for word in best}
    # "group" in a text says all that "groups" would
    return frozenset(word for word in cut if not any(other in word for other in cut if other != word))


Spelling = tuple[str, bool]  # what stands there, and whether more may follow it directly


def _best(nodes: list[Any]) -> set[str] | None:
    """Of all places in a sequence to begin, the one whose shortest literal is longest."""
    best: set[str] | None = None
    for i in range(len(nodes)):
        words = {word for word, _ in _spelled(nodes[i:])}
        if words and min(map(len, words)) >= SHORTEST and (best is None or _worth(words) > _worth(best)):
            best = words
        inner = _inner(nodes[i])
        if inner is not None and (best is None or _worth(inner) > _worth(best)):
            best = inner
    return best


def _worth(words: set[str]) -> tuple[int, int]:
    return min(min(map(len, words)), 6), -len(words)


def _inner(node: Any) -> set[str] | None:
    """Literals needed by what stands within a group that must be there."""
    op, value = node
    if op is _ops.SUBPATTERN:
        return _best(list(value[3]))
    if op in (_ops.MAX_REPEAT, _ops.MIN_REPEAT) and value[0] >= 1:
        return _best(list(value[2]))
    if op is _ops.BRANCH:
        found: set[str] = set()
        for branch in value[1]:
            words = _best(list(branch))
            if words is None:
                return None
            found |= words
        return found if len(found) <= MOST else None
    return None


def _spelled(nodes: list[Any]) -> set[Spelling]:
    """The ways a sequence can begin, as far as they can be spelled out."""
    spellings: set[Spelling] = {("", True)}
    for node in nodes:
        after = _node(node)
        grown: set[Spelling] = set()
        for word, open_ in spellings:
            if open_:
                grown |= {(word + more, goes_on) for more, goes_on in after}
            else:
                grown.add((word, False))
        if len(grown) > MOST:
            return {(word, False) for word, _ in spellings}
        spellings = grown
        if not any(open_ for _, open_ in spellings):
            break
    return spellings


def _node(node: Any) -> set[Spelling]:
    op, value = node
    if op is _ops.LITERAL:
        letter = chr(value).lower()
        return {(letter, True)} if letter.isascii() else {("", False)}
    if op is _ops.IN:
        letters = [chr(v).lower() for o, v in value if o is _ops.LITERAL]
        return {(letter, True) for letter in letters} if len(letters) == len(value) <= 4 else {("", False)}
    if op is _ops.SUBPATTERN:
        return _spelled(list(value[3]))
    if op is _ops.BRANCH:
        found: set[Spelling] = set()
        for branch in value[1]:
            found |= _spelled(list(branch))
        return found if len(found) <= MOST else {("", False)}
    if op in (_ops.MAX_REPEAT, _ops.MIN_REPEAT):
        least, most, inner = value
        if (least, most) == (0, 1):
            return {("", True)} | _spelled(list(inner))
        return {(word, False) for word, _ in _spelled(list(inner))} if least else {("", False)}
    if op in (_ops.AT, _ops.ASSERT, _ops.ASSERT_NOT):
        return {("", True)}
    return {("", False)}
