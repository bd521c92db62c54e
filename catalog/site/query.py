"""What a reader types to an FTS5 expression that is always valid.

Words must all be there; "a phrase" stays together; OR joins the words beside it; -word or NOT word excludes; word* is a
beginning. Every term goes to FTS5 as a quoted string, so no character of it is an operator. `AND` and brackets are read
and mean nothing of their own, so `(prp OR ozone) AND disc` does what it says.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from catalog.site.words import plain

__all__ = ["LONGEST", "MOST_TERMS", "Query", "Term", "parse"]

LONGEST = 1000  # characters read of a query
MOST_TERMS = 64  # FTS5 refuses expressions nested deeper than 256
MOST_SHORTER = 8  # parts of a query that an empty list tries without
# A phrase in straight or curly quotes (the closing one may be missing), or a run of anything else but blanks.
_PIECE = re.compile(r"""[-\u2212]?["\u201c\u201d]([^"\u201c\u201d]*)["\u201c\u201d]?\*?|[^\s"\u201c\u201d]+""")
_MINUS = "-\u2212"


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase; `prefix` where it may go on."""

    text: str
    prefix: bool = False

    def typed(self) -> str:
        """As a reader would type it."""
        return (f'"{self.text}"' if " " in self.text else self.text) + ("*" if self.prefix else "")

    def fts(self) -> str:
        """As an FTS5 string."""
        quoted = '"' + self.text.replace('"', '""') + '"'
        return f"{quoted} *" if self.prefix else quoted


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: every group must match, by any of its terms; no excluded term may."""

    text: str
    groups: tuple[tuple[Term, ...], ...] = ()
    excluded: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.groups or self.excluded)

    def wanted(self) -> str | None:
        """The FTS5 expression of what must match; None where nothing must."""
        if not self.groups:
            return None
        return " AND ".join("(" + " OR ".join(term.fts() for term in group) + ")" for group in self.groups)

    def unwanted(self) -> str | None:
        """The FTS5 expression of what must not match; None where nothing is excluded."""
        return " OR ".join(term.fts() for term in self.excluded) or None

    def shorter(self) -> list[tuple[str, str]]:
        """For each part of several (the part, the query without it), as a reader would type them."""
        groups = [" OR ".join(term.typed() for term in group) for group in self.groups]
        excluded = ["-" + term.typed() for term in self.excluded]
        parts = [*groups, *excluded]
        if not 1 < len(parts) <= MOST_SHORTER:
            return []
        return [(part, " ".join(parts[:i] + parts[i + 1 :])) for i, part in enumerate(parts)]


def parse(text: str) -> Query:
    """Read a query. Never fails: what holds no letter and no digit is left out."""
    text = " ".join(plain(unicodedata.normalize("NFC", text.replace("\x00", " "))).split())
    notes = []
    if len(text) > LONGEST:
        text = text[:LONGEST]
        notes.append(f"Only the first {LONGEST:,} characters of the search were read.")
    groups: list[list[Term]] = []
    excluded: list[Term] = []
    joins = negates = False
    count = 0
    for piece in _PIECE.finditer(_valid(text)):
        raw = piece[0]
        if raw == "OR":
            joins = True
            continue
        if raw == "NOT":
            negates = True
            continue
        if raw == "AND":
            continue
        minus = raw[0] in _MINUS and len(raw) > 1
        body = piece[1] if piece[1] is not None else raw.lstrip(_MINUS) if minus else raw
        term = Term(body.strip(" *") or body, prefix=raw.rstrip(")").endswith("*"))
        if not _searchable(term.text):
            continue
        count += 1
        if count > MOST_TERMS:
            notes.append(f"Only the first {MOST_TERMS} words of the search were used.")
            break
        if minus or negates:
            excluded.append(term)
        elif joins and groups:
            groups[-1].append(term)
        else:
            groups.append([term])
        joins = negates = False
    if text and not groups and not excluded:
        notes.append("The search holds no letter or digit, so everything is listed.")
    return Query(text, tuple(map(tuple, groups)), tuple(excluded), tuple(notes))


def _valid(text: str) -> str:
    """Text that SQLite can hold: a lone surrogate has no UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _searchable(text: str) -> bool:
    """Whether the tokenizer finds a word in it: letters and digits are words, all else separates them."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)
