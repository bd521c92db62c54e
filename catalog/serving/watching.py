"""Every request on its way through: counted on the board, and logged when it is answered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from catalog.serving.board import Column
from catalog.serving.kinds import kind_of
from catalog.serving.logs import Answered, Log
from catalog.site.noting import NOTES

__all__ = ["App", "Receive", "Scope", "Send", "watched"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def watched(app: App, column: Column, log: Log) -> App:
    """The app, each answer of which is counted and logged."""

    async def watch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        notes: dict[str, Any] = {}
        begun = time.perf_counter()
        status, sent, whole = 0, 0, False

        async def counting(message: MutableMapping[str, Any]) -> None:
            nonlocal status, sent, whole
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b"")) if scope["method"] != "HEAD" else 0
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                whole = True

        column["in_flight"] += 1
        try:
            await app({**scope, NOTES: notes}, receive, counting)
        finally:
            column["in_flight"] -= 1
            column["sent"] += sent
            seconds = time.perf_counter() - begun
            status = status or 500  # what the server answers in place of an app that failed
            kind = kind_of(scope["path"])
            column.answered(kind, status, seconds)
            if notes.get("remembered"):
                column["remembered"] += 1
            if "refused" in notes:
                column.refused(notes["refused"])
            if not whole:
                column["cut"] += 1
            if log.each_request:
                raw: bytes = scope.get("raw_path") or b""
                path = raw.partition(b"?")[0].decode("ascii", "backslashreplace") or scope["path"]
                generation = notes.get("generation", "")
                remembered = bool(notes.get("remembered"))
                log.request(
                    Answered(scope["method"], path, kind, status, seconds, sent, generation, remembered, not whole)
                )

    return watch
