"""What a reader types, as parts that must all match: words, phrases, OR, NOT, brackets, fields, papers by number.

OR joins the parts beside it and binds closer than a blank, so `prp OR ozone disc` wants disc and one of the two;
brackets group. -word or NOT word excludes. A quoted phrase stays together and is searched literally. How each is
written: lexing.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from catalog.site.fields import COLUMNS
from catalog.site.identifiers import Identifiers
from catalog.site.lexing import Leaf, Token, lex
from catalog.site.words import plain

__all__ = [
    "LONGEST",
    "MOST_TERMS",
    "Either",
    "Every",
    "Node",
    "Not",
    "Part",
    "Query",
    "Text",
    "Value",
    "parse",
    "wanted_texts",
]

LONGEST = 1000  # characters read of a query
MOST_TERMS = 64  # words and phrases used of it
MOST_SHORTER = 8  # parts of a query that an empty list tries without
DEEPEST = 12  # brackets within brackets


@dataclass(frozen=True, slots=True)
class Text:
    """A word or phrase; `prefix` where its last word may go on, `literal` where nothing else may stand for it."""

    text: str
    prefix: bool = False
    literal: bool = False
    column: str | None = None  # of the index: title, abstract, subjects; None: any

    def typed(self) -> str:
        """As a reader would type it."""
        quoted = f'"{self.text}"' if self.literal or " " in self.text else self.text
        return (f"{self.column}:" if self.column else "") + quoted + ("*" if self.prefix else "")


@dataclass(frozen=True, slots=True)
class Value:
    """A field that must have a value: author, journal, or a facet."""

    field: str
    value: str
    prefix: bool = False
    literal: bool = False

    def typed(self) -> str:
        """As a reader would type it."""
        quoted = f'"{self.value}"' if self.literal or " " in self.value else self.value
        return f"{self.field}:{quoted}" + ("*" if self.prefix else "")


@dataclass(frozen=True, slots=True)
class Every:
    """All of several."""

    nodes: tuple[Node, ...]

    def typed(self) -> str:
        """As a reader would type it, in brackets where there are several."""
        inside = " ".join(node.typed() for node in self.nodes)
        return f"({inside})" if len(self.nodes) > 1 else inside


@dataclass(frozen=True, slots=True)
class Either:
    """Any of several."""

    nodes: tuple[Node, ...]

    def typed(self) -> str:
        """As a reader would type it; without brackets, for OR binds closest."""
        return " OR ".join(node.typed() for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not be."""

    node: Node

    def typed(self) -> str:
        """As a reader would type it."""
        inside = self.node.typed()
        return f"-({inside})" if isinstance(self.node, Either) else f"-{inside}"


Node = Text | Value | Every | Either | Not | Identifiers


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that must all be so, and where it stands in the text."""

    node: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Query:
    """A query as read: its text, the parts of it, and what was left out, a line each."""

    text: str
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    ranks: bool = False  # one paper can match it better than another: some word is wanted

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def node(self) -> Every:
        """All of it."""
        return Every(tuple(part.node for part in self.parts))

    @property
    def identifiers(self) -> Identifiers | None:
        """The papers it names by number, where it asks for nothing else."""
        only = self.parts[0].node if len(self.parts) == 1 else None
        return only if isinstance(only, Identifiers) else None

    def without(self, *parts: Part) -> str:
        """The text with some of its parts cut out."""
        kept, last = [], 0
        for part in sorted(parts, key=lambda part: part.start):
            kept.append(self.text[last : part.start])
            last = part.end
        return " ".join(" ".join((*kept, self.text[last:])).split())

    def shorter(self) -> list[tuple[str, str]]:
        """For each part of several (the part, the query without it), as a reader would type them."""
        if not 1 < len(self.parts) <= MOST_SHORTER:
            return []
        return [(part.node.typed(), self.without(part)) for part in self.parts]

    def read_as(self) -> str | None:
        """How OR was read, where that could surprise; None where it cannot."""
        if len(self.parts) < 2 or not any(isinstance(part.node, Either) for part in self.parts):
            return None
        typed = [(part.node, part.node.typed()) for part in self.parts]
        return " AND ".join(f"({text})" if isinstance(node, Either) else text for node, text in typed)

    def literal(self, unsearched: Sequence[str] = ()) -> str:
        """The query with each word in quotation marks, so that nothing else stands for it; not those left out."""
        return " ".join(_quoted(part.node, frozenset(unsearched)).typed() for part in self.parts)


def wanted_texts(node: Node) -> Iterator[Text]:
    """The words and phrases that may make a paper match."""
    if isinstance(node, Text):
        yield node
    elif isinstance(node, Every | Either):
        for inner in node.nodes:
            yield from wanted_texts(inner)


def parse(text: str) -> Query:
    """Read a query. Never fails: what holds no letter and no digit is left out, as is a bracket without its partner."""
    text = " ".join(plain(unicodedata.normalize("NFC", _valid(text).replace("\x00", " "))).split())
    notes = []
    if len(text) > LONGEST:
        text = text[:LONGEST].strip()
        notes.append(f"Only the first {LONGEST:,} characters of the search were read.")
    tokens = list(lex(text))
    leaves = [token for token in tokens if token.leaf is not None]
    if len(leaves) > MOST_TERMS:
        notes.append(f"Only the first {MOST_TERMS} words of the search were used.")
        tokens = [token for token in tokens if token.start <= leaves[MOST_TERMS - 1].start]
    notes += [_unknown(token) for token in tokens if token.unknown]
    parts = _Reader(tokens).every(0)
    if text and not parts:
        notes.append("The search holds no letter or digit, so everything is listed.")
    ranks = any(True for part in parts for _ in wanted_texts(part.node))
    return Query(text, tuple(parts), tuple(dict.fromkeys(notes)), ranks)


def _unknown(token: Token) -> str:
    if token.leaf is None:
        return "A web address that names no paper was left out of the search."
    return f"There is no field “{token.unknown}:” here, so its words were searched for."


class _Reader:
    """Puts tokens together, from left to right."""

    def __init__(self, tokens: list[Token]):
        self._tokens = tokens
        self._at = 0

    def every(self, depth: int) -> list[Part]:
        """Parts up to the closing bracket or the end."""
        parts: list[Part] = []
        while self._at < len(self._tokens):
            kind = self._tokens[self._at].kind
            if kind == "close" and depth:
                self._at += 1
                break
            if kind in ("close", "and", "or"):  # a bracket that closes nothing, an OR with nothing before it
                self._at += 1
                continue
            part = self._joined(depth)
            if part is None:
                continue
            last = parts[-1] if parts else None
            if last and isinstance(last.node, Identifiers) and isinstance(part.node, Identifiers):
                parts[-1] = Part(last.node.with_also(part.node), last.start, part.end)
            else:
                parts.append(part)
        return parts

    def _joined(self, depth: int) -> Part | None:
        """A part, with those that OR joins to it."""
        found = [part for part in [self._single(depth)] if part]
        while self._peek("or"):
            while self._peek("or", "and"):
                self._at += 1
            if self._ended():
                break
            other = self._single(depth)
            if other:
                found.append(other)
        if len(found) < 2:
            return found[0] if found else None
        nodes = tuple(inner for part in found for inner in _flat(part.node))
        if all(isinstance(node, Identifiers) for node in nodes):
            return Part(_together(nodes), found[0].start, found[-1].end)
        return Part(Either(nodes), found[0].start, found[-1].end)

    def _single(self, depth: int) -> Part | None:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "not":
            while self._peek("and", "or"):
                self._at += 1
            inner = None if self._ended() else self._single(depth)
            return Part(_negated(inner.node), token.start, inner.end) if inner else None
        if token.kind == "open":
            if depth >= DEEPEST:
                return None
            inside = self.every(depth + 1)
            if not inside:
                return None
            node = inside[0].node if len(inside) == 1 else Every(tuple(part.node for part in inside))
            if token.field:
                node = _asked(node, token.field)
            return Part(_negated(node) if token.minus else node, token.start, self._tokens[self._at - 1].end)
        if token.leaf is None:
            return None
        node = token.leaf if isinstance(token.leaf, Identifiers) else _node(token.leaf)
        return Part(_negated(node) if token.minus else node, token.start, token.end)

    def _peek(self, *kinds: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].kind in kinds

    def _ended(self) -> bool:
        return self._at >= len(self._tokens) or self._peek("close")


def _node(leaf: Leaf) -> Node:
    if leaf.field is None or leaf.field in COLUMNS:
        return Text(leaf.text, leaf.prefix, leaf.literal, COLUMNS.get(leaf.field or ""))
    return Value(leaf.field, leaf.text, leaf.prefix, leaf.literal)


def _asked(node: Node, field: str) -> Node:
    """What stands in brackets behind a field, asked of it."""
    if isinstance(node, Text):
        return _node(Leaf(node.text, field, node.prefix, node.literal)) if node.column is None else node
    if isinstance(node, Every | Either):
        return replace(node, nodes=tuple(_asked(inner, field) for inner in node.nodes))
    return Not(_asked(node.node, field)) if isinstance(node, Not) else node


def _flat(node: Node) -> tuple[Node, ...]:
    return node.nodes if isinstance(node, Either) else (node,)


def _together(nodes: tuple[Node, ...]) -> Identifiers:
    found = Identifiers()
    for node in nodes:
        found = found.with_also(node) if isinstance(node, Identifiers) else found
    return found


def _negated(node: Node) -> Node:
    return node.node if isinstance(node, Not) else Not(node)


def _quoted(node: Node, plain: frozenset[str]) -> Node:
    if isinstance(node, Text):
        return node if node.prefix or node.text in plain else replace(node, literal=True)
    if isinstance(node, Every | Either):
        return replace(node, nodes=tuple(_quoted(inner, plain) for inner in node.nodes))
    return Not(_quoted(node.node, plain)) if isinstance(node, Not) else node


def _valid(text: str) -> str:
    """Text that UTF-8 and SQLite can hold: a lone surrogate is none."""
    return text.encode("utf-8", "replace").decode("utf-8")
