"""What a reader may have meant: a word spelled as papers spell it, a year or level typed as a word.

Advice comes from the catalog's own words, and is given only where it finds papers.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalog.lexicon import LONGEST_WORD
from catalog.site.facets import selected
from catalog.site.facts import Facts
from catalog.site.filters import Filters, read_filters
from catalog.site.matching import match
from catalog.site.query import Either, Every, Node, Query, Text, Value
from harvest.words import tokens

__all__ = ["Advice", "meant_facets", "meant_words"]

MOST = 3
SHORTEST = 4  # letters of a word that is corrected
SHORTEST_TWICE = 6  # letters of one that may hold two slips
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LEVEL = re.compile(r"\blevel\s+([1-5]|I{1,3}|IV|V)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advice:
    """Another query, how many papers it finds, and the address of their list."""

    text: str
    count: int
    address: str


def meant_words(conn: sqlite3.Connection, facts: Facts, filters: Filters) -> tuple[Advice, ...]:
    """Queries with the words that no paper has spelled as papers spell them, the likeliest first."""
    unknown = _unknown(conn, filters.query)
    if not unknown:
        return ()
    nearest = {word: _nearest(conn, word) for word in unknown}
    texts: dict[str, None] = {}
    for number in range(MOST):
        text = filters.query.text
        for word, others in nearest.items():
            if others:
                text = _respelled(text, word, others[min(number, len(others) - 1)])
        texts[text] = None
    texts.pop(filters.query.text, None)
    return tuple(filter(None, (_advice(conn, facts, filters, text) for text in texts)))


def meant_facets(conn: sqlite3.Connection, facts: Facts, filters: Filters) -> tuple[Advice, ...]:
    """Queries in which a year or level that was typed as a word is asked of the paper itself."""
    text = filters.query.text
    if filters.query.identifiers or '"' in text:
        return ()
    tries = [
        pattern.sub(into, text, count=1)
        for pattern, into in ((_YEAR, r"year:\g<0>"), (_LEVEL, r"level:\1"))
        if (found := pattern.search(text)) and not re.search(r"[:.]\s*$", text[: found.start()])
    ]
    return tuple(filter(None, (_advice(conn, facts, filters, tried) for tried in tries)))


def _advice(conn: sqlite3.Connection, facts: Facts, filters: Filters, text: str) -> Advice | None:
    """The text as a query beside the same filters, or without them; None where neither finds a paper."""
    args: dict[str, list[str]] = {}
    for name, value in filters.pairs():
        args.setdefault(name, []).append(value)
    for beside in (args, {}):
        asked = read_filters({**beside, "q": [text]}, facts)
        count = (match(conn, facts, asked.query).papers & selected(asked, facts)).bit_count()
        if count:
            return Advice(text, count, asked.address())
    return None


def _unknown(conn: sqlite3.Connection, query: Query) -> list[str]:
    """Words that must be there and that no paper has."""
    words = dict.fromkeys(
        token.word
        for part in query.parts
        for text in _texts(part.node)
        for token in tokens(text)
        if SHORTEST <= len(token.word) <= LONGEST_WORD and token.word.isalpha()
    )
    held = {
        word
        for word in words
        if conn.execute("SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT 1", (f'"{word}"',)).fetchone()
    }
    return [word for word in words if word not in held]


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, Text):
        if not node.prefix:
            yield node.text
    elif isinstance(node, Value):
        if node.field in ("author", "journal"):
            yield node.value
    elif isinstance(node, Every | Either):
        for inner in node.nodes:
            yield from _texts(inner)


def _respelled(text: str, word: str, other: str) -> str:
    """The text with a folded word replaced where it stands."""
    for token in reversed(tokens(text)):
        if token.word == word:
            text = text[: token.start] + other + text[token.end :]
    return text


def _nearest(conn: sqlite3.Connection, word: str) -> list[str]:
    """Words of the catalog one slip away, else its two halves, else words two slips away; the commonest first."""
    one = _held(conn, list(_one_slip(word)))
    if one:
        return one[:MOST]
    halves = [(word[:at], word[at:]) for at in range(3, len(word) - 2)]
    held = set(_held(conn, [half for pair in halves for half in pair]))
    parted = [f"{first} {second}" for first, second in halves if first in held and second in held]
    if parted:
        return parted[:MOST]
    if len(word) < SHORTEST_TWICE:
        return []
    # Of two slips one part of the word is rarely touched: its beginning or its end.
    rows = conn.execute(
        "SELECT word, papers FROM words WHERE word >= ?1 AND word < ?1 || char(1114111)"
        " AND length(word) BETWEEN ?2 AND ?3 AND (substr(word, 1, 3) = ?4 OR substr(word, -3) = ?5)",
        (word[0], len(word) - 2, len(word) + 2, word[:3], word[-3:]),
    )
    near = [(_slips(word, other, 2), -papers, other) for other, papers in rows]
    return [other for slips, _, other in sorted(near) if slips <= 2][:MOST]


def _held(conn: sqlite3.Connection, words: Sequence[str]) -> list[str]:
    """Those of the words that papers have, the commonest first."""
    return [
        word
        for (word,) in conn.execute(
            "SELECT word FROM words WHERE word IN (SELECT value FROM json_each(?)) ORDER BY papers DESC, word",
            (json.dumps(list(words)),),
        )
    ]


def _one_slip(word: str) -> Iterator[str]:
    """Each text that differs by a letter left out, added or changed, or by two that changed places."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in _LETTERS)


def _slips(one: str, other: str, most: int) -> int:
    """How many letters were left out, added, changed or exchanged between two words (Damerau and Levenshtein).

    More than `most` are not counted further.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, opposite in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != opposite))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == opposite:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
