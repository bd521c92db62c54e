"""What else a reader's words may be written as: spellings and synonyms, as the catalog's own tables list them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from harvest.words import tokens

__all__ = ["Vocabulary", "load_vocabulary"]


@dataclass(frozen=True, slots=True)
class Spelling:
    """Two ways to write part of a word, each with the pattern that finds it."""

    one: str
    other: str
    finds_one: re.Pattern[str]
    finds_other: re.Pattern[str]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The catalog's tables on words. Texts are asked of it in lower case."""

    unsearched: frozenset[str]
    typed: Mapping[tuple[str, tuple[str, ...]], tuple[str, ...]]  # facet, canonical words: its values
    meanings: Mapping[tuple[str, ...], tuple[str, ...]]  # canonical words: the other texts that mean the same
    longest: int  # words in the longest of those
    rules: tuple[Spelling, ...]
    signs: tuple[tuple[str, str], ...]  # a letter no keyboard has, and what is typed for it
    loose: bool = False  # abstracts are not carried whole: of theirs the index keeps words without their order

    def canonical(self, text: str) -> tuple[str, ...]:
        """The words of a text without capitals, accents, plural and choice of spelling."""
        return canonical(text, self.rules, self.signs)

    def spellings(self, text: str) -> list[str]:
        """The text as the rules of spelling also write it, whether or not a paper does."""
        found: dict[str, None] = {}
        every_one = every_other = text
        for rule in self.rules:
            found[rule.finds_one.sub(rule.other, text)] = None
            found[rule.finds_other.sub(rule.one, text)] = None
            every_other = rule.finds_one.sub(rule.other, every_other)
            every_one = rule.finds_other.sub(rule.one, every_one)
        found |= dict.fromkeys((every_other, every_one))
        found.pop(text, None)
        return list(found)

    def letters(self, word: str) -> list[str]:
        """The word with letters no keyboard has for those it has, in one place or all, and the other way round."""
        found: dict[str, None] = {}
        for sign, letters in self.signs:
            found[word.replace(sign, letters)] = None
            places = [match.start() for match in re.finditer(re.escape(letters), word)]
            if len(places) > 1:
                found[word.replace(letters, sign)] = None
            for place in places:
                found[word[:place] + sign + word[place + len(letters) :]] = None
        found.pop(word, None)
        return list(found)


def canonical(text: str, rules: tuple[Spelling, ...], signs: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The words of a text as the second way of each rule spells them, in the singular."""
    found = []
    for token in tokens(text):
        word = token.word
        for sign, letters in signs:
            word = word.replace(sign, letters)
        for rule in rules:
            word = rule.finds_one.sub(rule.other, word)
        if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
        found.append(word)
    return tuple(found)


def load_vocabulary(conn: sqlite3.Connection) -> Vocabulary:
    """Read the tables. Raises sqlite3.Error where they are missing."""
    pairs = conn.execute("SELECT kind, one, other FROM spellings ORDER BY position").fetchall()
    rules = tuple(_spelling(one, other) for kind, one, other in pairs if kind == "spelling")
    signs = tuple((one, other) for kind, one, other in pairs if kind == "letter")
    same: dict[int, list[str]] = {}
    for meaning, text in conn.execute("SELECT meaning, text FROM synonyms ORDER BY meaning, position"):
        same.setdefault(meaning, []).append(text)
    meanings: dict[tuple[str, ...], dict[str, None]] = {}
    for texts in same.values():
        keys = [canonical(text, rules, signs) for text in texts]
        for key in keys:
            others = {text: None for text, other in zip(texts, keys, strict=True) if other != key}
            meanings.setdefault(key, {}).update(others)
    typed: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    for facet, value, text in conn.execute("SELECT facet, value, typed FROM typed_values ORDER BY rowid"):
        typed.setdefault((facet, canonical(text, rules, signs)), {})[value] = None
    return Vocabulary(
        frozenset(word for (word,) in conn.execute("SELECT word FROM unsearched")),
        {key: tuple(values) for key, values in typed.items()},
        {key: tuple(texts) for key, texts in meanings.items() if texts},
        max(map(len, meanings), default=0),
        rules,
        signs,
        conn.execute("SELECT abstracts FROM about").fetchone()[0] != "full",
    )


def _spelling(one: str, other: str) -> Spelling:
    return Spelling(one.strip("-"), other.strip("-"), _pattern(one), _pattern(other))


def _pattern(part: str) -> re.Pattern[str]:
    """`-aem-` anywhere in a word, `foet-` at its beginning, `-ise` at its end, `ageing` alone."""
    before = r"(?<=[^\W\d_])" if part.startswith("-") else r"(?<![^\W\d_])"
    after = "" if part.endswith("-") else r"(?![^\W\d_])"
    return re.compile(before + re.escape(part.strip("-")) + after)
