"""What somebody hands in, as text: bytes of a page, a Markdown file or plain text, within stated limits.

The kind is told by content, not by name. What is no text (a PDF, a Word file, a picture) is refused with what to do.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Literal

from catalog.errors import WrongUse

__all__ = ["LONGEST", "MOST_BYTES", "Kind", "Text", "decoded", "read_bytes", "read_text"]

# A saved page carries scripts and styles, so a file may be larger than the text read from it.
MOST_BYTES = 1_000_000
LONGEST = 200_000  # characters of text that are read
Kind = Literal["html", "markdown", "text"]
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# First bytes of what people take for text, and what it is called.
_NOT_TEXT = (
    (b"%PDF", "a PDF file"),
    (b"PK\x03\x04", "a Word, OpenDocument or zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Word file"),
    (b"{\\rtf", "an RTF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"SQLite format 3", "a database"),
)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# More of these than one in a hundred characters is no text.
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_MOST_CONTROLS = 0.01
_TAG = re.compile(
    r"<(?:!doctype html|html|head|body|div|p|h[1-6]|ul|ol|li|table|section|article|span|br|a)\b", re.IGNORECASE
)
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|---\s*$|\[[^\]]+\]: |```)|\*\*\S[^*\n]*\*\*|\]\(https?://", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Text:
    """A text and how it was read. `unreadable` characters stand for bytes that fit no encoding."""

    text: str
    kind: Kind
    encoding: str | None
    unreadable: int


def read_bytes(data: bytes, name: str) -> Text:
    """The text of a file; `name` is what messages call it.

    Raises:
        WrongUse: too large, or no text; one line that says what to do.
    """
    if len(data) > MOST_BYTES:
        raise WrongUse(
            f"{name}: {len(data):,} bytes; at most {MOST_BYTES:,} are read. Save the text alone, or check it in parts"
        )
    text, encoding = decoded(data, name)
    return _kept(text, name, encoding)


def read_text(text: str, name: str) -> Text:
    """A pasted text. Raises WrongUse as read_bytes does."""
    _refuse_noise(text, name)
    return _kept(text, name, None)


def decoded(data: bytes, name: str) -> tuple[str, str]:
    """(text, encoding) of bytes; what fits no encoding becomes U+FFFD. Raises WrongUse where it is no text."""
    for start, what in _NOT_TEXT:
        if data.startswith(start):
            raise WrongUse(f"{name}: is {what}, not text. Copy its text and give that, or save it as .txt")
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
        break
    else:
        encoding, text = "cp1252", data.decode("cp1252", "replace")
    _refuse_noise(text, name)
    return text, encoding.removesuffix("-sig")


def _candidates(data: bytes) -> list[str]:
    """Encodings to try, the surest first."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return [encoding]
    found = ["utf-8"]
    sample = data[:2000]
    if sample.count(0) > len(sample) // 4:  # UTF-16 of Latin letters has a zero in every second place
        odd = sample[1::2].count(0) >= sample[::2].count(0)
        found = ["utf-16-le" if odd else "utf-16-be"]
    named = _CHARSET.search(data[:2000])
    if named:
        found.append(named[1].decode("ascii"))
    return [name for name in found if _is_text_encoding(name)]


def _is_text_encoding(name: str) -> bool:
    """Whether a page may name it: codecs like `zip` are no encodings of text."""
    try:
        return bool(codecs.lookup(name)._is_text_encoding)
    except LookupError:
        return False


def _refuse_noise(text: str, name: str) -> None:
    if len(_CONTROLS.findall(text)) > len(text) * _MOST_CONTROLS:
        raise WrongUse(f"{name}: is not text (it holds control characters). Give a text, Markdown or HTML file")


def _kept(text: str, name: str, encoding: str | None) -> Text:
    unreadable = text.count("\ufffd")
    text = _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    kind = _kind(text)
    if kind != "html":
        refuse_long(text, name)
    return Text(text, kind, encoding, unreadable)


def refuse_long(text: str, name: str) -> None:
    """Raises WrongUse where a text is longer than is read."""
    if len(text) > LONGEST:
        raise WrongUse(f"{name}: {len(text):,} characters of text; at most {LONGEST:,} are read. Check it in parts")


def _kind(text: str) -> Kind:
    head = text[:5000]
    if re.match(r"\s*<(?:!doctype html|html|\?xml)", head, re.IGNORECASE) or len(_TAG.findall(text[:50_000])) > 1:
        return "html"
    return "markdown" if len(_MARKDOWN.findall(text)) > 1 else "text"
