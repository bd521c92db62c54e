"""HTML as blocks: what a reader of the page sees, in reading order.

The parser hands over events, so a page nested a hundred thousand deep is only long. Scripts, styles, forms' controls,
menus (`nav`) and what a page hides are left out. Nothing is fetched.
"""

from __future__ import annotations

import re

from lxml import etree

from catalog.check.blocks import Block, Shape, tidy

__all__ = ["html_blocks"]

_UNSEEN = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "canvas",
        "head",
        "select",
        "option",
        "textarea",
        "button",
        "nav",
        "datalist",
        "audio",
        "video",
        "map",
    ]
)
_BREAKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)


class _Reader:
    """What the parser calls: elements' starts, ends and text."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._held: list[str] = []
        self._open: list[tuple[str, bool]] = []  # (element, whether it hides what it holds)
        self._unseen = 0
        self._shapes: list[tuple[Shape, int]] = []

    def start(self, tag: str | bytes, attrib: dict[str | bytes, str | bytes]) -> None:
        tag = str(tag)
        if tag == "br":
            self._held.append("\n")
            return
        if tag in _VOID:
            if tag == "hr":
                self._flush()
            return
        if tag in _BREAKS:
            self._flush()
        hides = tag in _UNSEEN or _is_hidden({str(name): str(value) for name, value in attrib.items()})
        self._open.append((tag, hides))
        self._unseen += hides
        if tag in _BREAKS:
            self._shapes.append(_shape(tag, self._shapes[-1] if self._shapes else ("paragraph", 0)))

    def end(self, tag: str | bytes) -> None:
        tag = str(tag)
        if tag in _VOID or all(tag != name for name, _ in self._open[-1:]):
            return
        if tag in _BREAKS:
            self._flush()
            self._shapes.pop()
        _, hid = self._open.pop()
        self._unseen -= hid

    def data(self, data: str | bytes) -> None:
        if not self._unseen:
            self._held.append(data if isinstance(data, str) else data.decode("utf-8", "replace"))

    def comment(self, text: str | bytes) -> None:
        """Comments are not on the page."""

    def close(self) -> list[Block]:
        self._flush()
        return self.blocks

    def _flush(self) -> None:
        text, self._held = "".join(self._held), []
        shape, level = self._shapes[-1] if self._shapes else ("paragraph", 0)
        for line in text.split("\n\n" if "\n\n" in text and shape == "paragraph" else "\0"):
            if tidy(line):
                self.blocks.append(Block(shape, tidy(line), level))


def _shape(tag: str, around: tuple[Shape, int]) -> tuple[Shape, int]:
    if re.fullmatch(r"h[1-6]", tag):
        return "heading", int(tag[1])
    if tag in ("summary", "dt", "caption", "legend"):
        return "heading", 6
    if tag in ("li", "dd", "td", "th"):
        return "item", 0
    if tag == "blockquote":
        return "quotation", 0
    return around if around[0] in ("quotation", "item") else ("paragraph", 0)


def _is_hidden(attributes: dict[str, str]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden", "").lower() == "true"
        or bool(_HIDDEN.search(attributes.get("style", "")[:1000]))
    )


def html_blocks(text: str) -> list[Block]:
    """The blocks of a page. Never fails: what is no HTML is read as far as it goes."""
    reader = _Reader()
    parser = etree.HTMLParser(target=reader, no_network=True, recover=True, huge_tree=True)
    try:
        parser.feed(text)
        parser.close()
    except (etree.LxmlError, ValueError):
        pass
    return reader.close()
