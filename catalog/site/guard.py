"""What is let through to the pages, and how much at once: docs/security.md tells the reasons."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.plugins import pm
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Request

from catalog.site.headers import App
from catalog.site.reading import DATABASE

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["LONGEST_ADDRESS", "guarded", "limit_connection"]

LONGEST_ADDRESS = 16_000  # bytes of path and query
MOST_WAITING = 20  # requests for data that wait for their turn
# Of Datasette's `/-/` pages, what a browser needs to show its others, how to sign in (who has is shown all), and which
# versions answer. Not its threads, file paths, settings, permissions and debugging forms.
_OPEN = ("static/", "static-plugins/", "catalog/")
_OPEN_PAGES = ("versions", "versions.json", "auth-token", "logout")
# What one value of an answer may hold: the longest record is far below; SQL could ask for a gigabyte.
_LONGEST_VALUE = 20_000_000
_LONGEST_SQL = 100_000
_LONGEST_PATTERN = 1_000  # of LIKE and GLOB: their cost grows with its square
# One call can run for minutes, and no time limit reaches inside a call.
_ENDLESS = ("printf", "format")
_READING = ("GET", "HEAD")
_LATER = (b"retry-after", b"5")


def limit_connection(conn: sqlite3.Connection) -> None:
    """Bound what any SQL on this connection may ask for; time and rows are Datasette's to bound."""
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, _LONGEST_SQL)
    conn.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for name in _ENDLESS:
        conn.create_function(name, -1, _switched_off)


def _switched_off(*_: object) -> None:
    raise ValueError("not here")


def guarded(datasette: Datasette, app: App) -> App:
    """The app behind a guard: no endless addresses, no diagnostics, and never every thread busy with data pages."""
    threads = int(datasette.setting("num_sql_threads"))
    turns = _Turns(max(1, threads - 1))

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        if len(raw) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
            await _refuse(send, 414, "This address is too long. Ask for less at once.")
            return
        if not raw.isascii():
            await _refuse(send, 400, "This address holds characters that have to be written as %XX.")
            return
        # As Datasette reads it, so that no spelling of an address is one thing here and another there.
        path = raw.decode("ascii").partition("?")[0]
        path = "/" + path.removeprefix(datasette.setting("base_url")).lstrip("/")
        allowed = _READING if _is_data(path) else (*_READING, "POST")
        if scope["method"] not in allowed:
            await _refuse(send, 405, "This address can only be read.", (b"allow", ", ".join(allowed).encode()))
        elif path.startswith("/-/") and not _is_open(path[3:]) and not await _signed_in(datasette, scope, receive):
            await _refuse(send, 404, "There is nothing at this address.")
        elif _is_data(path):
            if not await turns.take():
                await _refuse(send, 503, "Too many requests for data at once. Try again in a while.", _LATER)
                return
            try:
                await app(scope, receive, send)
            finally:
                turns.give()
        else:
            await app(scope, receive, send)

    return wrapped


class _Turns:
    """How many requests for data are answered at once, and how many may wait."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._slots: asyncio.Semaphore | None = None
        self._waiting = 0

    async def take(self) -> bool:
        """Wait for a turn; False where too many wait already."""
        if self._slots is None:
            self._slots = asyncio.Semaphore(self._count)
        if self._slots.locked() and self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        return True

    def give(self) -> None:
        """End a turn."""
        if self._slots is not None:
            self._slots.release()


def _is_open(name: str) -> bool:
    return name in _OPEN_PAGES or name.startswith(_OPEN)


def _is_data(path: str) -> bool:
    return path != f"/{DATABASE}.db" and path.split(".")[0].split("/")[1] == DATABASE


async def _signed_in(datasette: Datasette, scope: MutableMapping[str, Any], receive: Any) -> bool:
    """Whether the request is by somebody Datasette knows, such as its root user."""
    request = Request(scope, receive)
    for found in pm.hook.actor_from_request(datasette=datasette, request=request):
        if await await_me_maybe(found):
            return True
    return bool(scope.get("actor"))


async def _refuse(
    send: Callable[[dict[str, Any]], Awaitable[None]], status: int, text: str, *more: tuple[bytes, bytes]
) -> None:
    body = f"{text}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
