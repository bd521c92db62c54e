"""Text as PubMed compares it: lower case, no accents, hyphens and punctuation as spaces."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["STOPWORDS", "fold", "query_words", "words"]

_WORD = re.compile(r"[^\W_]+")
_QUERY_WORD = re.compile(r"[^\W_](?:[^\W_]|\*)*")

STOPWORDS = frozenset(
    ("a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "not", "of", "on", "or", "the", "to", "with")
)
"""Words PubMed leaves out when it falls back from a phrase to single words (the common ones)."""


def fold(text: str) -> str:
    """Lower case, accents removed, spaces collapsed."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(text.casefold().split())


def words(text: str) -> list[str]:
    """The words of a text, folded."""
    return _WORD.findall(fold(text))


def query_words(text: str) -> list[str]:
    """The words of a search term, folded; `*` stays where it follows a character."""
    return _QUERY_WORD.findall(fold(text))
