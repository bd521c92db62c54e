"""Words marked in place: spans over a text to the pieces of a page, overlaps and all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Block", "Segment", "Span", "blocks", "segments"]

# The strongest kind of mark on a piece is the one shown.
KINDS = ("decides", "supports", "topic", "noted")


@dataclass(frozen=True, slots=True)
class Span:
    """Code points `start` to before `end` of a text that a rule read; `number` is the proof's, unique on the page."""

    start: int
    end: int
    kind: str
    number: int
    label: str
    target: str = ""  # the id of what the page says of it


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text with the marks on it; `anchors` are the proofs whose words begin here."""

    text: str
    kind: str | None = None
    label: str = ""
    anchors: tuple[int, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A section of an abstract, in pieces."""

    label: tuple[Segment, ...]
    text: tuple[Segment, ...]


def segments(text: str, spans: Iterable[Span], start: int = 0, end: int | None = None) -> tuple[Segment, ...]:
    """The text from `start` to `end` cut wherever a mark begins or ends; spans are over the whole text."""
    end = len(text) if end is None else end
    inside = [span for span in spans if span.start < end and span.end > start and span.start < span.end]
    cuts = sorted({start, end, *(max(s.start, start) for s in inside), *(min(s.end, end) for s in inside)})
    begun: set[int] = set()
    pieces = []
    for here, there in pairwise(cuts):
        over = sorted(
            (s for s in inside if s.start <= here and s.end >= there), key=lambda s: (KINDS.index(s.kind), s.number)
        )
        anchors = tuple(s.number for s in over if s.number not in begun and s.start >= start)
        begun.update(anchors)
        label = "; ".join(dict.fromkeys(s.label for s in over))
        target = next((s.target for s in over if s.target), "")
        pieces.append(Segment(text[here:there], over[0].kind if over else None, label, anchors, target))
    return tuple(pieces)


def blocks(abstract: str, sections: Sequence[tuple[str | None, str]], spans: Sequence[Span]) -> tuple[Block, ...]:
    """An abstract as its sections, with the marks that lie over the abstract as stored.

    Args:
        abstract: the sections' texts joined by a newline, each with its label and ": " before it.
        sections: (label, text) in order.
        spans: marks over `abstract`.
    """
    found = []
    at = 0
    for label, text in sections:
        head = f"{label}: " if label else ""
        if not abstract.startswith(head + text, at):
            # What is stored is what is shown, even if it is not what the sections say.
            return (Block((), segments(abstract, spans)),)
        body = at + len(head)
        labelled = segments(abstract, spans, at, body - 2) if label else ()
        found.append(Block(labelled, segments(abstract, spans, body, body + len(text))))
        at = body + len(text) + 1
    return tuple(found) if at > len(abstract) else (Block((), segments(abstract, spans)),)
