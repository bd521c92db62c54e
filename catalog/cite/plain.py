"""Text fit for a line of an export: no line break, no control character, whatever a record holds."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["ascii_letters", "line"]

# Controls print nothing; a lone surrogate has no UTF-8.
_UNFIT = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ud800-\udfff]")
# What programs that read exports may take for a line end. A no-break or thin space is the authors' text and stays.
_BREAKS = re.compile(r"[ \t-\r\x1c-\x1f\x85\u2028\u2029]+")
_LETTERS = str.maketrans(
    {
        "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ß": "ss", "æ": "ae", "Æ": "Ae",
        "œ": "oe", "Œ": "Oe", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D",
    }
)  # fmt: skip


def line(text: str | None) -> str | None:
    """The text on one line, every run of spaces and line ends one space; None where nothing is left."""
    if not text:
        return None
    return _BREAKS.sub(" ", _UNFIT.sub("", text)).strip(" ") or None


def ascii_letters(text: str) -> str:
    """Letters and digits of a text, without accents (Müller-Łoś: MullerLos); what has no such form is left out."""
    bare = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(char for char in bare if char.isascii() and char.isalnum())
