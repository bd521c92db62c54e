"""Answers of the reader's pages, kept as sent until the catalog is another: asked for again they cost next to nothing.

Only what anyone would get: GET, without cookie or authorization, status 200, of a view that says it may be kept. The
memory belongs to the catalog's facts and goes with them; it is bounded, and the longest unasked answer goes first.

Each such answer bears an ETag made of its bytes, so that a browser that has it is told so (304): equal bytes have equal
tags, whichever process, replica or catalog they come from, and others never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.site.headers import App, Message
from catalog.site.noting import note
from catalog.site.reading import NoCatalog, TooSlow, reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["KEEP", "Kept", "known_tag", "tag_of", "with_memory"]

LARGEST = 1_000_000  # bytes of an answer that is kept
# Where in the scope a view notes that its answer may be kept: a list, as the scope itself is copied on the way.
KEEP = "catalog.keep"
# Whose answer depends on more than the address.
_PERSONAL = frozenset({b"cookie", b"authorization"})
_ADDRESS = frozenset({b"host", b"x-forwarded-host", b"x-forwarded-proto"})
_KNOWN = b"if-none-match"
# What a 304 repeats of the answer it stands for (RFC 9110, 15.4.5), and what every answer bears.
_NOT_OF_BODY = frozenset({b"content-length", b"content-type", b"content-disposition"})


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return len(self.body) + 2_000

    @property
    def tag(self) -> str:
        """Its ETag."""
        return next((value.decode() for name, value in self.headers if name == b"etag"), "")


def tag_of(body: bytes) -> str:
    """The ETag of these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def known_tag(if_none_match: str, tag: str) -> bool:
    """Whether a client that names these tags has this one. A proxy that compresses makes a tag weak: `W/"..."`."""
    known = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return bool(tag) and (tag in known or known == ["*"])


def with_memory(datasette: Datasette, app: App) -> App:
    """The app, answering from memory what it answered before, and briefly what the client has."""

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        headers = scope.get("headers", ()) if scope["type"] == "http" else ()
        if scope["type"] != "http" or scope["method"] != "GET" or any(name in _PERSONAL for name, _ in headers):
            await app(scope, receive, send)
            return
        try:
            facts = await reader_of(datasette).facts()
        except (NoCatalog, TooSlow):
            await app(scope, receive, send)
            return
        address = tuple(value for name, value in headers if name in _ADDRESS)
        key = (scope.get("raw_path") or scope["path"], scope.get("query_string", b""), scope.get("scheme"), address)
        known = ",".join(value.decode("latin-1") for name, value in headers if name == _KNOWN)
        kept = facts.pages.get(key)
        if kept is None:
            await _answer(app, {**scope, KEEP: []}, receive, send, known, lambda new: facts.pages.put(key, new))
            return
        note(scope, "remembered", True)
        await _send(send, kept, known)

    return wrapped


async def _send(send: Any, kept: Kept, known: str) -> None:
    """Send an answer, or word that the client has it."""
    if known_tag(known, kept.tag):
        headers = [(name, value) for name, value in kept.headers if name not in _NOT_OF_BODY]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
        await send({"type": "http.response.body", "body": kept.body})


async def _answer(
    app: App,
    scope: MutableMapping[str, Any],
    receive: Any,
    send: Any,
    known: str,
    keep: Callable[[Kept], None],
) -> None:
    """Answer; where its view allows it, tag the answer, and keep it unless it is large."""
    start: Message | None = None

    async def noting(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start" and message["status"] == 200 and scope[KEEP] == [True]:
            start = message  # held back until it is known whether the body comes in one piece
            return
        if start is None:
            await send(message)
            return
        begun, start = start, None
        body = message.get("body", b"")
        if message.get("more_body"):
            await send(begun)
            await send(message)
            return
        headers = [(bytes(name).lower(), bytes(value)) for name, value in begun.get("headers", ())]
        if not any(name == b"etag" for name, _ in headers):
            headers.append((b"etag", tag_of(body).encode()))
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(body)).encode()))
        made = Kept(tuple(headers), body)
        if len(body) <= LARGEST:
            keep(made)
        await _send(send, made, known)

    await app(scope, receive, noting)
