"""How the pieces of a query are written: words, "phrases", word*, -word, name:value, value[name], OR, brackets.

Any character may stand anywhere: what makes no piece is passed over. Quotes may be straight or curly and may lack their
partner; a bracket within a word, as in O(2)-O(3), belongs to it; a name that is no field is read as words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from catalog.site.fields import FIELDS
from catalog.site.identifiers import Identifiers, find_identifiers

__all__ = ["Leaf", "Token", "lex", "searchable"]

_PIECE = re.compile(
    r"""(?P<lead>[-+]*)
    (?:(?P<name>[^\W\d_]\w*):\s*)?
    (?:"(?P<phrase>[^"]*)"?(?P<star>\*?)(?:\[(?P<tag>[^\]\s]+)\])?|(?P<open>\()|(?P<word>[^\s"]+))""",
    re.VERBOSE,
)
_TAGGED = re.compile(r"(?P<body>.+?)\[(?P<tag>[^\[\]]+)\](?P<close>\)*)")
_INITIALS_ALONE = re.compile(r"[a-z]{1,3}", re.IGNORECASE)
_INITIALS = re.compile(r"\s+([A-Z]{1,3})(?=[\s),;\[]|$)")
# One length each, so that places stay.
_ALIKE = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"') | dict.fromkeys("\u2212\u2013\u2010\u2011", "-")
)
_OPERATORS = {"OR": "or", "|": "or", "||": "or", "AND": "and", "&": "and", "&&": "and", "NOT": "not"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A word, phrase or value as typed, of a field or of none."""

    text: str
    field: str | None = None
    prefix: bool = False
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """A piece, and where it stands; `unknown`: a name before it that is no field."""

    kind: str  # open, close, or, and, not, leaf
    start: int
    end: int
    leaf: Leaf | Identifiers | None = None
    minus: bool = False
    field: str | None = None  # of what stands in the brackets it opens
    unknown: str | None = None


def lex(text: str) -> Iterator[Token]:
    """The pieces of a query in order."""
    alike = text.translate(_ALIKE)
    before: Token | None = None
    for token in _every_piece(text, alike):
        if before is not None and (whole := _with_surname(before, token)):
            token, before = whole, None
        if before is not None:
            yield before
        before = token
    if before is not None:
        yield before


def _with_surname(before: Token, token: Token) -> Token | None:
    """`smith j[au]` is one name: PubMed's field stands behind the last of its words."""
    name, initials = before.leaf, token.leaf
    if not isinstance(name, Leaf) or not isinstance(initials, Leaf) or initials.field != "author" or token.minus:
        return None
    if name.field is not None or name.literal or initials.literal or not _INITIALS_ALONE.fullmatch(initials.text):
        return None
    leaf = replace(initials, text=f"{name.text} {initials.text}")
    return Token("leaf", before.start, token.end, leaf, before.minus)


def _every_piece(text: str, alike: str) -> Iterator[Token]:
    at = 0
    for start, end, papers in find_identifiers(alike):
        yield from _pieces(text, alike, at, start)
        yield Token("leaf", start, end, papers)
        at = end
    yield from _pieces(text, alike, at, len(text))


def _pieces(text: str, alike: str, at: int, stop: int) -> Iterator[Token]:
    while at < stop:
        if alike[at] in "()":
            yield Token("open" if alike[at] == "(" else "close", at, at + 1)
            at += 1
            continue
        found = None if alike[at].isspace() or alike[at] in ",;" else _PIECE.match(alike, at, stop)
        if found is None:
            at += 1
            continue
        for token in _piece(text, alike, found, stop):
            yield token
            at = token.end
        at = max(at, found.start() + 1)


def _piece(text: str, alike: str, found: re.Match[str], stop: int) -> Iterator[Token]:
    start, end = found.span()
    minus = "-" in found["lead"]
    name = (found["name"] or "").lower()
    field = FIELDS.get(name)
    if found["open"]:
        if name and field is None:  # f(x): a word of that name
            yield Token("leaf", start, found.end("name"), Leaf(found["name"]), minus)
        else:
            yield Token("open", start, end, minus=minus, field=field)
        return
    literal, closing, tag = found["phrase"] is not None, 0, found["tag"]
    if literal:
        here, body_end = found.span("phrase")
        prefix = bool(found["star"]) or alike[here:body_end].rstrip().endswith("*")
    else:
        here, body_end = found.span("word")
        if tagged := _TAGGED.fullmatch(alike, here, body_end):
            body_end, tag, closing = tagged.end("body"), tagged["tag"], len(tagged["close"])
        else:
            closing = _unopened(alike[here:body_end])
            body_end -= closing
        prefix = alike[here:body_end].endswith("*")
        if kind := None if found["lead"] or name or tag else _OPERATORS.get(alike[here:body_end]):
            yield Token(kind, start, body_end)
            yield from _closing(end, closing)
            return
    body = text[here:body_end].strip().strip("*").strip()
    unknown = None
    if name in ("http", "https"):  # an address that names no paper
        yield Token("leaf", start, end, unknown=name)
        return
    if name and field is None:
        unknown = name if body[:1].isalpha() else None
        body = f"{found['name']} {body}"
    if field == "author" and not literal and not closing and (more := _INITIALS.match(alike, end, stop)):
        body, end = f"{body} {more[1]}", more.end(1)
    if field is None and tag is not None:
        field = FIELDS.get(tag.split(":")[0].strip().lower())
    leaf = Leaf(body, field, prefix, literal) if searchable(body) else None
    yield Token("leaf", start, end - closing, leaf, minus, unknown=unknown)
    yield from _closing(end, closing)


def _closing(end: int, count: int) -> Iterator[Token]:
    for place in range(end - count, end):
        yield Token("close", place, place + 1)


def _unopened(word: str) -> int:
    """How many brackets close at a word's end that did not open in it: 2 of `O(3)))`."""
    ending = len(word) - len(word.rstrip(")"))
    return max(0, min(ending, word.count(")") - word.count("(")))


def searchable(text: str) -> bool:
    """Whether the tokenizer finds a word in it: letters and digits are words, all else separates them."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)
