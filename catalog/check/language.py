"""Which language a sentence is in, told by its script and its small words: English is read, the rest is said so."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from catalog.check.tables import table

__all__ = ["foreign"]

_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = {
    "CYRILLIC": "a language in Cyrillic script",
    "CJK": "Chinese or Japanese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "HANGUL": "Korean",
    "ARABIC": "a language in Arabic script",
    "HEBREW": "Hebrew",
    "GREEK": "Greek",
    "DEVANAGARI": "a language in Devanagari script",
    "THAI": "Thai",
}
# A sentence needs so many of a language's small words, more than English's, and one word in so many of that language.
_FEWEST = 2
_ONE_IN = 7


@cache
def _words() -> dict[str, frozenset[str]]:
    return {language: frozenset(str(word) for word in words) for language, words in table("languages").items()}


def foreign(text: str) -> str | None:
    """The language of a text where it is not English; None for English and for what is too short to tell."""
    script = _script(text)
    if script:
        return script
    words = [word.lower() for word in _WORD.findall(text)]
    counts = {language: sum(word in small for word in words) for language, small in _words().items()}
    english = counts.pop("english")
    language, most = max(counts.items(), key=lambda item: item[1])
    return language if most >= _FEWEST and most > english and most * _ONE_IN >= len(words) else None


def _script(text: str) -> str | None:
    """The script of most letters, where it is not Latin."""
    if text.isascii():
        return None
    letters = [character for character in text[:500] if character.isalpha()]
    found: dict[str, int] = {}
    for character in letters:
        if ord(character) > 0x250:
            name = unicodedata.name(character, "").split(" ")[0]
            found[name] = found.get(name, 0) + 1
    if not found:
        return None
    name, count = max(found.items(), key=lambda item: item[1])
    return _SCRIPTS.get(name, "a language that is not English") if count * 2 > len(letters) else None
