"""What is let through to the pages, and how much at once: docs/security.md tells the reasons."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from datasette.plugins import pm
from datasette.utils import await_me_maybe
from datasette.utils.asgi import Request

from catalog.cite.formats import FORMATS
from catalog.site.clients import client_of
from catalog.site.headers import App
from catalog.site.noting import note
from catalog.site.reading import DATABASE
from catalog.site.turns import Turns

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["LONGEST_ADDRESS", "guarded", "is_long", "limit_connection", "path_of"]

LONGEST_ADDRESS = 16_000  # bytes of path and query
MOST_WAITING = 10  # requests for data that wait for their turn
MOST_READING = 1_000  # requests for readers' pages that do
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
_WHOLE_LISTS = tuple(f"/{name}.{form.extension}" for name in ("search", "cite") for form in FORMATS)
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
    turns = Turns(max(1, threads - 1), MOST_WAITING, of_one=max(1, threads - 2))
    reading = Turns(threads, MOST_READING, of_one=max(1, threads - 1))

    async def wrapped(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        raw = _raw_path(scope)
        if len(raw) + len(scope.get("query_string", b"")) > LONGEST_ADDRESS:
            note(scope, "refused", "address_too_long")
            await _refuse(send, 414, "This address is too long. Ask for less at once.")
            return
        if not raw.isascii():
            note(scope, "refused", "address_not_ascii")
            await _refuse(send, 400, "This address holds characters that have to be written as %XX.")
            return
        path = path_of(scope, datasette.setting("base_url"))
        allowed = _READING if is_data(path) else (*_READING, "POST")
        if scope["method"] not in allowed:
            note(scope, "refused", "method")
            await _refuse(send, 405, "This address can only be read.", (b"allow", ", ".join(allowed).encode()))
        elif path.startswith("/-/") and not _is_open(path[3:]) and not await _signed_in(datasette, scope, receive):
            note(scope, "refused", "closed")
            await _refuse(send, 404, "There is nothing at this address.")
        elif is_long(path):
            client = client_of(scope)
            if not await turns.take(client):
                note(scope, "refused", "busy")
                await _refuse(send, 503, "Too many requests for data at once. Try again in a while.", _LATER)
                return
            try:
                await app(scope, receive, send)
            finally:
                turns.give(client)
        elif scope["method"] == "POST":  # a text may be long in coming; whoever reads it counts those that wait
            await app(scope, receive, send)
        else:
            await _in_turn(reading, app, scope, receive, send)

    return wrapped


async def _in_turn(turns: Turns, app: App, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
    """Answer when it is this client's turn. The turn ends when the answer begins: a slow line is nobody else's."""
    client = client_of(scope)
    if not await turns.take(client):
        note(scope, "refused", "busy")
        await _refuse(send, 503, "Too many readers at once. Try again in a while.", _LATER)
        return
    held = True

    async def sending(message: MutableMapping[str, Any]) -> None:
        nonlocal held
        if held:
            held = False
            turns.give(client)
        await send(message)

    try:
        await app(scope, receive, sending)
    finally:
        if held:
            turns.give(client)


def _is_open(name: str) -> bool:
    return name in _OPEN_PAGES or name.startswith(_OPEN)


def is_long(path: str) -> bool:
    """Whether an answer may take seconds of work while it is sent: data pages, and whole lists as files."""
    return is_data(path) or path.startswith(_WHOLE_LISTS)


def path_of(scope: MutableMapping[str, Any], base_url: str = "/") -> str:
    """A request's path as Datasette reads it, so that no spelling of an address is one thing here and another there."""
    path = _raw_path(scope).decode("ascii", "replace").partition("?")[0]
    return "/" + path.removeprefix(base_url).lstrip("/")


def _raw_path(scope: MutableMapping[str, Any]) -> bytes:
    return scope.get("raw_path") or quote(scope["path"]).encode()


def is_data(path: str) -> bool:
    """Whether a path is one of Datasette's own pages of the catalog: tables, rows, SQL."""
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
