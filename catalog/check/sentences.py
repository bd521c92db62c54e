"""A text as sentences, each with the headings it stands under."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.check.blocks import Block, Shape, markdown_blocks, text_blocks
from catalog.check.markup import html_blocks
from catalog.check.texts import Text, refuse_long
from catalog.tagging.document import sentence_spans

__all__ = ["Sentence", "sentences_of"]

# A "sentence" longer than this is noise, or a list without stops: read in pieces of this length.
_LONGEST_SENTENCE = 2_000


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, the block it stands in, and the headings above it, the highest first."""

    number: int  # from 1, in reading order
    text: str
    shape: Shape
    block: int
    headings: tuple[str, ...]


def sentences_of(text: Text, name: str) -> list[Sentence]:
    """Every sentence of a text, headings and list items too. Raises WrongUse where it is longer than is read."""
    if text.kind == "html":
        blocks = html_blocks(text.text)
        refuse_long("\n".join(block.text for block in blocks), name)
    else:
        blocks = (markdown_blocks if text.kind == "markdown" else text_blocks)(text.text)
    found: list[Sentence] = []
    above: list[Block] = []
    for number, block in enumerate(blocks):
        if block.shape == "heading":
            above = [heading for heading in above if heading.level < block.level]
        headings = tuple(heading.text for heading in above)
        for piece in _pieces(block.text):
            found.append(Sentence(len(found) + 1, piece, block.shape, number, headings))
        if block.shape == "heading":
            above.append(block)
    return found


def _pieces(text: str) -> list[str]:
    cut = [
        text[at : min(end, at + _LONGEST_SENTENCE)].strip()
        for start, end in sentence_spans(text, 0, len(text))
        for at in range(start, end, _LONGEST_SENTENCE)
    ]
    return [piece for piece in cut if piece]
