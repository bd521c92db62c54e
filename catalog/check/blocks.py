"""Plain text and Markdown as blocks: headings, paragraphs and list items, each one line of text.

A text copied from a page has a line a paragraph; an e-mail or leaflet is wrapped at some width. Both are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "Shape", "markdown_blocks", "text_blocks", "tidy"]

Shape = Literal["heading", "paragraph", "item", "quotation"]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a text. `level` is a heading's (1 is the highest), 0 for the rest."""

    shape: Shape
    text: str
    level: int = 0


_BULLET = re.compile(r"^\s{0,8}(?:[-*+•●◦▪‣·–✓✔]|\d{1,2}[.)]|[a-z]\))\s+(?=\S)")
_ENDS = re.compile(r"[.!?…:;][\"'”’)\]*_]*$")
_ASKED = re.compile(r"^(?:Q(?:uestion)?\s?\d{0,2}\s?[:.)]|A(?:nswer)?\s?\d{0,2}\s?[:)]|A\d{1,2}\.)\s+")
_UNDERLINE = re.compile(r"^\s*([=\-~*_])\1{2,}\s*$")
# A line shorter than this is not one that was wrapped for width.
_WRAPPED = 45
_LONGEST_HEADING = 90
# Marks of references: "[1]", "[2-5]", and "(1)" after a stop.
_CITED = re.compile(
    r"\s?\[\d{1,3}(?:\s?[-–,]\s?\d{1,3}){0,8}\]|(?<=[.!?])\s?\(\d{1,3}\)(?=\s|$)|(?<=[.!?])\s\d{1,2}(?:,\s?\d{1,2}){0,8}(?=\s+[A-Z“]|$)|(?<=[a-z]{3}\.)\d{1,2}(?:[,–-]\d{1,2}){0,8}(?=\s+[A-Z]|$)"
)
_GLUED = re.compile(r"(?<=[a-z]{2}[.!?])(?=[A-Z][a-z])")


def tidy(text: str) -> str:
    """One line: no white space but single blanks, no invisible characters or reference marks, sentences parted."""
    text = re.sub(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]", "", text)
    return _GLUED.sub(" ", _CITED.sub("", " ".join(text.split())))


def text_blocks(text: str, *, wrapped: bool = False) -> list[Block]:
    """The blocks of a plain text, in reading order; where `wrapped`, only a blank line ends a paragraph."""
    found: list[Block] = []
    for chunk in re.split(r"\n[ \t\f\v]*\n", text.replace("\f", "\n\n").replace("\u2028", "\n")):
        lines = [line for line in chunk.split("\n") if line.strip()]
        found += _chunk(lines, wrapped=wrapped)
    return found


def _chunk(lines: list[str], *, wrapped: bool) -> Iterator[Block]:
    """Blocks of lines without a blank one between them."""
    held: list[str] = []
    shape: Shape = "paragraph"
    for i, line in enumerate(lines):
        if _UNDERLINE.match(line):
            yield from _flush(held, shape, underlined=line.strip()[0] in "=-")
            held, shape = [], "paragraph"
            continue
        bullet, asked = _BULLET.match(line), _ASKED.match(line)
        if bullet or asked or not (held and (wrapped or _goes_on(lines[i - 1], line))):
            yield from _flush(held, shape, last=False)
            held, shape = [], "item" if bullet else "paragraph"
        if bullet:
            line = line[bullet.end() :]
        elif asked:
            line = line[asked.end() :]
        held.append(line)
    yield from _flush(held, shape)


def _goes_on(before: str, line: str) -> bool:
    """Whether a line is the rest of the paragraph that the line before belongs to."""
    before, line = before.rstrip(), line.strip()
    if line[:1].islower() or before.endswith((",", "(", "-", "–", "—")):
        return True
    return len(before) >= _WRAPPED and (not _ENDS.search(before) or len(before) <= _LONGEST_HEADING)


def _flush(held: list[str], shape: Shape, *, last: bool = True, underlined: bool = False) -> Iterator[Block]:
    text = tidy(" ".join(held))
    if not text:
        return
    if shape == "paragraph" and len(held) <= 2 and (underlined or _is_heading(text)):
        yield Block("heading", text.rstrip(":"), 1 if text.isupper() or underlined else 2)
    else:
        yield Block(shape, text)


def _is_heading(text: str) -> bool:
    """Whether a lone line reads as a heading: short, and no end of a sentence but a colon or a question mark."""
    if len(text) > _LONGEST_HEADING:
        return False
    return text.endswith((":", "?")) or not _ENDS.search(text)


_FENCE = re.compile(r"^\s{0,3}(```|~~~)")
_HEADING = re.compile(r"^\s{0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_QUOTED = re.compile(r"^\s{0,3}>\s?")
_FOOTNOTE = re.compile(r"\[\^[^\]]{1,40}\]:?")
_LINK = re.compile(r"!?\[([^\]\n]{0,300})\](?:\([^)\n]{0,500}\)|\[[^\]\n]{0,100}\])")
_EMPHASIS = re.compile(r"(?<!\w)([*_]{1,3})(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?!\w)")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_INLINE_TAG = re.compile(r"</?[a-z][^<>]{0,300}>", re.IGNORECASE)
_RULE = re.compile(r"^\s{0,3}(?:[-*_]\s*){3,}$|^\s*\|?(?:\s*:?-{3,}:?\s*\|)+[\s:|-]*$")


def markdown_blocks(text: str) -> list[Block]:
    """The blocks of a Markdown text, in reading order; front matter, code and tables' rules are left out."""
    text = re.sub(r"\A---\n.{0,5000}?\n---\n", "", text, count=1, flags=re.DOTALL)
    text = _COMMENT.sub(" ", text)
    found: list[Block] = []
    plain: list[str] = []
    quoted: list[str] = []
    fenced = False

    def flush() -> None:
        found.extend(text_blocks("\n".join(plain), wrapped=True))
        if quoted:
            found.append(Block("quotation", tidy(" ".join(quoted))))
        plain.clear()
        quoted.clear()

    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced:
            continue
        heading = _HEADING.match(line)
        if heading:
            flush()
            found.append(Block("heading", tidy(_bare(heading[2])), len(heading[1])))
        elif _QUOTED.match(line):
            if plain:
                flush()
            quoted.append(_bare(_QUOTED.sub("", line)))
        else:
            if quoted and line.strip():
                flush()
            plain.append(
                ""
                if _RULE.match(line)
                else _bare(re.sub(r"\s*\|\s*", ". ", line.strip().strip("|").strip()) if line.startswith("|") else line)
            )
    flush()
    return [block for block in found if block.text]


def _bare(line: str) -> str:
    """A line without Markdown's marks."""
    line = _LINK.sub(r"\1", _FOOTNOTE.sub("", line))
    bullet = _BULLET.match(line)
    lead, rest = (line[: bullet.end()], line[bullet.end() :]) if bullet else ("", line)
    for _ in range(2):
        rest = _EMPHASIS.sub(r"\2", rest)
    return lead + _INLINE_TAG.sub(" ", rest).replace("`", "")
