"""Atom 1.0 (RFC 4287): a feed and its entries as XML.

Ids are name-based UUIDs (RFC 9562, version 5), so that a paper's entry keeps its id whichever feed shows it, wherever
the site moves and however often the catalog is built. Times are those of the records, never of the clock.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

__all__ = ["EPOCH", "Entry", "Feed", "Link", "as_xml", "entry_id", "timestamp"]

_ATOM = "http://www.w3.org/2005/Atom"
# Everything of ours is named below this; the name is an address that is ours to give and need not answer.
_NAMES = uuid.uuid5(uuid.NAMESPACE_DNS, "lbp-evidence-catalog.invalid")
# Where nothing tells a time and RFC 4287 wants one.
EPOCH = "1970-01-01T00:00:00Z"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# What XML 1.0 cannot hold.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a feed or an entry: `rel` as RFC 4287 has it, an absolute address, and its media type."""

    rel: str
    href: str
    type: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry; texts are plain, times RFC 3339. `categories` are (term, label)."""

    id: str
    title: str
    updated: str
    summary: str
    links: tuple[Link, ...]
    published: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed with its entries, newest first. `author` stands for entries that name none."""

    id: str
    title: str
    subtitle: str
    updated: str
    author: str
    rights: str
    links: tuple[Link, ...]
    entries: tuple[Entry, ...] = field(repr=False)


def entry_id(*names: str | int) -> str:
    """The id of what these names name, the same for ever: a UUID as a URN."""
    return uuid.uuid5(_NAMES, "/".join(map(str, names))).urn


def timestamp(text: str | None) -> str | None:
    """A day or time as stored (`2026-03-02`, `2026-03-02T10:00:00Z`) as RFC 3339 wants it; None where it is neither."""
    found = _TIME.fullmatch(text or "")
    return f"{found[1]}T{found[2] or '00:00:00'}{found[3] or 'Z'}" if found else None


def as_xml(feed: Feed) -> bytes:
    """The feed as a document in UTF-8."""
    root = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]  # lxml takes None for no prefix
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    _text(root, "id", feed.id)
    _text(root, "title", feed.title)
    _text(root, "subtitle", feed.subtitle)
    _text(root, "updated", feed.updated)
    _people(root, [feed.author])
    _text(root, "rights", feed.rights)
    _links(root, feed.links)
    _text(root, "generator", "lbp-evidence-catalog")
    for entry in feed.entries:
        element = etree.SubElement(root, f"{{{_ATOM}}}entry")
        _text(element, "id", entry.id)
        _text(element, "title", entry.title)
        _text(element, "updated", entry.updated)
        if entry.published:
            _text(element, "published", entry.published)
        _people(element, entry.authors)
        _links(element, entry.links)
        for term, label in entry.categories:
            etree.SubElement(element, f"{{{_ATOM}}}category", term=_fit(term), label=_fit(label))
        _text(element, "summary", entry.summary)
    xml: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return xml


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{_ATOM}}}{name}").text = _fit(text)


def _people(parent: etree._Element, names: Iterable[str]) -> None:
    for name in names:
        _text(etree.SubElement(parent, f"{{{_ATOM}}}author"), "name", name)


def _links(parent: etree._Element, links: Iterable[Link]) -> None:
    for link in links:
        element = etree.SubElement(parent, f"{{{_ATOM}}}link", rel=link.rel, href=_fit(link.href))
        for name in ("type", "title"):
            value = getattr(link, name)
            if value:
                element.set(name, _fit(value))


def _fit(text: str) -> str:
    """Text that XML can hold, without what it cannot."""
    return _UNFIT.sub("", text)
