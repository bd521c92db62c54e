"""Answers of the reader's pages, kept as sent until the catalog is another: asked for again they cost next to nothing.

Only what anyone would get: GET, without cookie or authorization, status 200, of a view that says it may be kept. The
memory belongs to the catalog's facts and goes with them; it is bounded, and the longest unasked answer goes first.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from catalog.site.headers import App, Message
from catalog.site.reading import NoCatalog, TooSlow, reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["KEEP", "Kept", "with_memory"]

LARGEST = 1_000_000  # bytes of an answer that is kept
# Where in the scope a view notes that its answer may be kept: a list, as the scope itself is copied on the way.
KEEP = "catalog.keep"
# Whose answer depends on more than the address: a reader's own, and what a feed reader knows already.
_PERSONAL = frozenset({b"cookie", b"authorization", b"if-none-match"})
_ADDRESS = frozenset({b"host", b"x-forwarded-host", b"x-forwarded-proto"})


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as sent."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return len(self.body) + 2_000


def with_memory(datasette: Datasette, app: App) -> App:
    """The app, answering from memory what it answered before."""

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
        kept = facts.pages.get(key)
        if kept is None:
            await _answer(app, {**scope, KEEP: []}, receive, send, lambda new: facts.pages.put(key, new))
            return
        await send({"type": "http.response.start", "status": 200, "headers": list(kept.headers)})
        await send({"type": "http.response.body", "body": kept.body})

    return wrapped


async def _answer(app: App, scope: MutableMapping[str, Any], receive: Any, send: Any, keep: Any) -> None:
    """Answer, and keep the answer if its view allows it."""
    start: Message = {}
    body: list[bytes] = []

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            body.append(message.get("body", b""))
            whole = not message.get("more_body")
            if whole and scope[KEEP] == [True] and start.get("status") == 200 and sum(map(len, body)) <= LARGEST:
                keep(Kept(tuple((name, value) for name, value in start.get("headers", ())), b"".join(body)))
        await send(message)

    await app(scope, receive, noting)
