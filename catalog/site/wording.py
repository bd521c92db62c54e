"""Parts of a query as expressions of the full-text index, with all that may stand for their words in this catalog.

Every text goes to FTS5 as a quoted string, so no character of it is an operator. A word is also searched in its other
spellings, words in a row that mean something together also as their synonyms, wherever a paper has them; what is quoted
or excluded is taken as it stands. The index keeps stems, so endings make no difference in either case.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

from catalog.lexicon import LONGEST_WORD
from catalog.site.query import Either, Every, Node, Text, Value
from catalog.site.vocabulary import Vocabulary
from harvest.words import fold, tokens

__all__ = ["SHORTEST_PREFIX", "Also", "Wording", "is_text"]

LOOSE = (
    "This copy of the catalog does not carry abstracts whole: of words in quotation marks an abstract has all, but"
    " perhaps not in a row."
)
SHORTEST_PREFIX = 3  # letters before a *: fewer begin a large part of all words
MOST_VARIANTS = 40  # other spellings looked up of one word
MOST_ENDINGS = 60  # words looked up for a prefix, beside those the index finds by itself


@dataclass(frozen=True, slots=True)
class Also:
    """What was searched for beside the words typed."""

    typed: str
    texts: tuple[str, ...]


def is_text(node: Node) -> bool:
    """Whether the full-text index alone can answer it."""
    if isinstance(node, Every | Either):
        return all(map(is_text, node.nodes))
    return isinstance(node, Text) or (isinstance(node, Value) and node.field == "author")


@dataclass
class Wording:
    """Writes expressions for one query, and notes what it did."""

    conn: sqlite3.Connection
    vocabulary: Vocabulary
    also: list[Also] = field(default_factory=list)
    unsearched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def every(self, nodes: Sequence[Node], *, plainly: bool = False) -> str | None:
        """The expression for all of several parts, each of which `is_text`; None where there is none.

        `plainly`: as typed, without synonyms, and no word is too common.
        """
        written: list[str] = []
        common: list[tuple[str, str]] = []
        at = 0
        while at < len(nodes):
            node = nodes[at]
            count, others = (0, ()) if plainly else self._meaning(nodes, at)
            if count:
                typed = [self.one(inner) for inner in nodes[at : at + count]]
                alternatives = self._said(nodes[at : at + count], others)
                written.append(_any([_all(typed), *alternatives]))
            elif not plainly and _plain_word(node) and fold(node.text)[0].strip("?!.,;") in self.vocabulary.unsearched:
                common.append((node.text, self.one(node)))
                count = 1
            else:
                written.append(self.one(node, plainly=plainly))
                count = 1
            at += count
        if written:
            self.unsearched += [word for word, _ in common]
        else:  # nothing but common words: then they are meant
            written = [expression for _, expression in common]
        return _all(written) if written else None

    def one(self, node: Node, *, plainly: bool = False) -> str:
        """The expression for one part."""
        if isinstance(node, Text):
            return self._text(node, plainly=plainly or node.literal)
        if isinstance(node, Value):
            return self._author(node)
        if isinstance(node, Either):
            return _any([self.every([inner], plainly=plainly) or "" for inner in node.nodes])
        if isinstance(node, Every):
            return self.every(node.nodes, plainly=plainly) or ""
        raise TypeError(f"{node} is no text")

    def _meaning(self, nodes: Sequence[Node], at: int) -> tuple[int, tuple[str, ...]]:
        """(how many parts from here mean something together, the other texts for it), the longest first."""
        words: tuple[str, ...] = ()
        best: tuple[int, tuple[str, ...]] = (0, ())
        for count, node in enumerate(nodes[at:], 1):
            if not _plain(node):
                break
            words += self.vocabulary.canonical(node.text)
            if len(words) > self.vocabulary.longest:
                break
            if others := self.vocabulary.meanings.get(words):
                best = count, others
        return best

    def _said(self, nodes: Sequence[Node], others: Sequence[str]) -> list[str]:
        """Expressions of those of the texts that a paper has; noted."""
        found: dict[str, str] = {}
        for text in others:
            for spelling in dict.fromkeys((text, *self.vocabulary.spellings(text.lower()))):
                expression = self._string(spelling)
                if self._exists(expression):
                    found.setdefault(expression, spelling)
        self._note(" ".join(node.typed() for node in nodes), found.values())
        return list(found)

    def _text(self, text: Text, *, plainly: bool) -> str:
        expressions = [self._prefix(text) if text.prefix else self._string(text.text, _indexed(text.text.lower()))]
        if not plainly:
            expressions += self._spelled(text)
        if self.vocabulary.loose and text.literal and text.column in (None, "abstract") and len(tokens(text.text)) > 1:
            self.notes.append(LOOSE)
        inside = _any(expressions)
        columns = f"{text.column} abstract_words" if text.column == "abstract" else text.column
        return f"({{{columns}}} : {inside})" if text.column else inside

    def _spelled(self, text: Text) -> list[str]:
        """Expressions of the other spellings that a paper has; noted."""
        lower = text.text.lower()
        mark = "*" if text.prefix else ""
        found: dict[str, str] = {}
        for spelling in self.vocabulary.spellings(lower)[:MOST_VARIANTS]:
            expression = self._string(spelling, text.prefix)
            if self._exists(expression):
                found.setdefault(expression, spelling + mark)
        for spelling in self._lettered(lower):
            found.setdefault(self._string(spelling, text.prefix or _indexed(spelling)), spelling + mark)
        if not text.column:
            self._note(text.typed(), found.values())
        return list(found)

    def _lettered(self, lower: str) -> list[str]:
        """The text with other letters in one of its words or in all, where papers have that."""
        words = [token for token in tokens(lower) if not token.word.isdigit() and len(token.word) <= LONGEST_WORD]
        tried = {word: self.vocabulary.letters(lower[word.start : word.end]) for word in words}
        every = [variant for variants in tried.values() for variant in variants]
        if not every:
            return []
        known = self._known(every)
        texts: dict[str, None] = {}
        throughout = lower
        for word, variants in reversed(tried.items()):
            held = [variant for variant in variants if variant in known]
            texts |= dict.fromkeys(lower[: word.start] + variant + lower[word.end :] for variant in held)
            if held:
                throughout = throughout[: word.start] + held[0] + throughout[word.end :]
        texts[throughout] = None
        texts.pop(lower, None)
        return [text for text in texts if len(words) == 1 or self._exists(self._string(text, _indexed(text)))]

    def _prefix(self, text: Text) -> str:
        """Words that begin so. The index finds those whose stem does; shorter stems are looked up in the words."""
        words = tokens(text.text)
        if not words:
            return self._string(text.text)
        last = words[-1]
        if len(last.word) < SHORTEST_PREFIX:
            self.notes.append(
                f"{text.typed()}: at least {SHORTEST_PREFIX} letters must stand before *, so it was left out."
            )
            return self._string(text.text)
        rows = self.conn.execute(
            "SELECT min(word), sum(papers) AS held FROM words WHERE word >= ? AND word < ? AND substr(stem, 1, ?) != ?"
            " GROUP BY stem ORDER BY held DESC, min(word) LIMIT ?",
            (last.word, last.word + "\U0010ffff", len(last.word), last.word, MOST_ENDINGS),
        )
        head = text.text[: last.start]
        return _any([self._string(text.text, prefix=True), *(self._string(head + word) for word, _ in rows)])

    def _author(self, value: Value) -> str:
        """A name as papers cite it ("Doe JA"), however it was typed: Doe, Doe J, J Doe, Jane Doe, Doe, Jane."""
        words = [token.word for token in tokens(value.value)]
        last, _, first = value.value.partition(",")
        names = [value.value] if value.prefix or len(words) > 1 else []
        expressions = [self._string(name, value.prefix) for name in names]
        if len(words) == 1 and not value.prefix:
            expressions += [self._string(words[0]), *(self._string(variant) for variant in self._lettered(words[0]))]
        elif first.strip():
            expressions.append(self._string(f"{last} {first.split()[0][0]}", prefix=True))
        elif len(words) > 1:
            if len(words[-1]) <= 3:
                expressions.append(self._string(" ".join(words), prefix=True))
            if len(words[-1]) > 2:
                expressions.append(self._string(f"{words[-1]} {words[0][0]}", prefix=True))
        return f"({{authors}} : {_any(expressions)})"

    def _known(self, words: Sequence[str]) -> set[str]:
        """Which words papers have. The table `words` holds no numbers; of β papers may have only β1."""
        rows = self.conn.execute(
            "SELECT word FROM words WHERE word IN (SELECT value FROM json_each(?))", (json.dumps(list(words)),)
        )
        known = {word for (word,) in rows}
        asked = (word for word in words if word not in known)
        return known | {
            word
            for word in asked
            if (_indexed(word) or (word.isascii() and not word.isalpha()))
            and self._exists(self._string(word, prefix=_indexed(word)))
        }

    def _exists(self, expression: str) -> bool:
        return (
            self.conn.execute("SELECT 1 FROM articles_fts WHERE articles_fts MATCH ? LIMIT 1", (expression,)).fetchone()
            is not None
        )

    def _string(self, text: str, prefix: bool = False) -> str:
        """A text as the index is asked for it.

        Where abstracts are not carried, the index has their words in no order: words in a row are then looked for in a
        row elsewhere, and in an abstract all of them, wherever they stand.
        """
        exact = _string(text, prefix)
        words = [text[token.start : token.end] for token in tokens(text)]
        if not self.vocabulary.loose or len(words) < 2:
            return exact
        parts = [*(_string(word) for word in words[:-1]), _string(words[-1], prefix)]
        return f"((- {{abstract_words}} : {exact}) OR ({{abstract_words}} : ({' AND '.join(parts)})))"

    def _note(self, typed: str, texts: object) -> None:
        listed = tuple(dict.fromkeys(texts))  # type: ignore[call-overload]
        if listed and Also(typed, listed) not in self.also:
            self.also.append(Also(typed, listed))


def _plain(node: Node) -> TypeGuard[Text]:
    return isinstance(node, Text) and not (node.literal or node.prefix or node.column)


def _plain_word(node: Node) -> TypeGuard[Text]:
    return _plain(node) and len(tokens(node.text)) == 1


def _indexed(text: str) -> bool:
    """Whether a text ends in a letter that stands alone and is on no keyboard: it often carries an index, as in β1."""
    words = tokens(text)
    return bool(words) and not text[-1].isascii() and text[-1].isalpha() and words[-1].end - words[-1].start == 1


def _string(text: str, prefix: bool = False) -> str:
    quoted = '"' + text.replace('"', '""') + '"'
    return f"{quoted} *" if prefix else quoted


def _any(expressions: Sequence[str]) -> str:
    unique = list(dict.fromkeys(filter(None, expressions)))
    return unique[0] if len(unique) == 1 else "(" + " OR ".join(unique) + ")"


def _all(expressions: Sequence[str]) -> str:
    unique = list(dict.fromkeys(filter(None, expressions)))
    return unique[0] if len(unique) == 1 else "(" + " AND ".join(unique) + ")"
