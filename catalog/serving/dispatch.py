"""The app in front of the editions: each request goes to the newest, which an older one may outlive.

A rename under a running Datasette would mix old and new answers: its threads open the file when they first need it. So
each state of the file is an edition of its own (editions.py). The old one ends what it began.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from catalog.lane import Lane
from catalog.serving.board import Board, Column, State
from catalog.serving.editions import Edition, Identity, identity_of, open_edition
from catalog.serving.health import health
from catalog.serving.logs import Log
from catalog.serving.metrics import CONTENT_TYPE, metrics
from catalog.serving.options import MetricsFor
from catalog.serving.watching import Receive, Scope, Send
from catalog.site.noting import note
from harvest.errors import HarvestError

__all__ = ["GENERATION", "Dispatcher"]

# The header that says which catalog an answer is of: the beginning of what `sha256sum catalog.db` prints.
GENERATION = b"x-catalog-generation"
_SHOWN = 16
# Seconds: how often the file is looked at; how long an old edition may take to end what it began (a download by a slow
# reader takes minutes); how long a process waits for the others to have the new one too; when a file that could not be
# taken up is tried again.
LOOK_EVERY = 1.0
DRAIN_WITHIN = 600.0
TOGETHER_WITHIN = 20.0
TRY_AGAIN_AFTER = 60.0
_FORWARDED = frozenset({b"forwarded", b"x-forwarded-for", b"x-real-ip", b"via"})


class Dispatcher:
    """An ASGI app that hands each request to the edition of the newest catalog."""

    def __init__(self, path: Path, board: Board, column: Column, log: Log, metrics_for: MetricsFor = "loopback"):
        self._path = path
        self._board = board
        self._column = column
        self._log = log
        self._metrics_for = metrics_for
        self._lane = Lane("data pages")
        self._current: Edition | None = None
        self._opened = asyncio.Event()  # also set where opening failed
        self._refused: tuple[Identity | None, float, str] = (None, 0.0, "")
        self._draining: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI asks."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            if scope["path"] == "/-/health":
                status, said = health(self._board, self._column)
                await self._tell(scope, send, status, json.dumps(said) + "\n", "application/json; charset=utf-8")
                return
            if scope["path"] == "/-/metrics" and self._may_measure(scope):
                await self._tell(scope, send, 200, metrics(self._board), CONTENT_TYPE)
                return
        await self._opened.wait()
        edition = self._current
        if edition is None:
            note(scope, "refused", "not_ready")
            await self._tell(scope, send, 503, "The site is not ready.\n", "text/plain; charset=utf-8")
            return
        edition.begin()
        note(scope, "generation", edition.generation[:_SHOWN])

        async def saying(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), (GENERATION, edition.generation[:_SHOWN].encode())]
                message = {**message, "headers": headers + self._parting()}
            await send(message)

        try:
            await edition.app(scope, receive, saying)
        finally:
            edition.end()

    def _parting(self) -> list[tuple[bytes, bytes]]:
        """While stopping, readers are asked to come back on another connection, which another process may take."""
        return [(b"connection", b"close")] if self._column.state is State.STOPPING else []

    async def _tell(self, scope: Scope, send: Send, status: int, text: str, content_type: str) -> None:
        body = text.encode()
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *self._parting(),
        ]
        if self._current is not None:
            headers.append((GENERATION, self._current.generation[:_SHOWN].encode()))
            note(scope, "generation", self._current.generation[:_SHOWN])
        if status == 503:
            headers.append((b"retry-after", b"5"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _may_measure(self, scope: Scope) -> bool:
        """Whether a client may read the metrics: by default one on this machine that no proxy speaks for."""
        if self._metrics_for != "loopback":
            return self._metrics_for == "all"
        if any(name in _FORWARDED for name, _ in scope["headers"]):
            return False
        try:
            return ipaddress.ip_address((scope.get("client") or ("", 0))[0]).is_loopback
        except ValueError:
            return False

    async def open(self) -> None:
        """Open the file as it is now. Raises HarvestError where that cannot be."""
        try:
            self._take(await open_edition(self._path, self._lane, self._board))
            self._column.state = State.SERVING
        finally:
            self._opened.set()

    def _take(self, edition: Edition) -> Edition | None:
        """Answer from this edition from now on; returns the one before."""
        old, self._current = self._current, edition
        self._column.generation = self._column.prepared = edition.generation
        self._column["articles"], self._column["loaded"] = edition.articles, time.time()
        self._log.event(
            "serving",
            f"serving {edition.articles} papers of {self._path.name} {edition.generation[:_SHOWN]}",
            generation=edition.generation,
            articles=edition.articles,
        )
        return old

    async def follow(self) -> None:
        """Look at the file once a second for as long as the site runs, whatever happens."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception as error:
                self._refuse(identity_of(self._path), f"{self._path}: cannot be taken up ({error})")

    async def look(self) -> None:
        """Open the file anew if it is another one than before; the old answers until the new can."""
        identity = identity_of(self._path)
        current = self._current
        if identity is None or current is None or identity == current.identity:
            return
        refused, until, _ = self._refused
        if identity == refused and time.monotonic() < until:
            return
        if identity[:2] == current.identity[:2]:
            self._log.warn(
                "overwritten",
                f"{self._path}: was written over in place, so answers of the last second may be wrong; put a new"
                " catalog there by rename, as `catalog build` and `mv` do",
            )
        try:
            fresh = await open_edition(self._path, self._lane, self._board)
        except HarvestError as error:
            self._refuse(identity, str(error))
            return
        together = False
        try:
            together = await self._together(fresh)
        finally:  # also where the site is told to stop meanwhile
            if not together:
                await fresh.release()
        if not together:
            return
        old = self._take(fresh)
        self._column["swaps"] += 1
        if old is not None:
            task = asyncio.create_task(self._drain(old))
            self._draining.add(task)
            task.add_done_callback(self._draining.discard)

    def _refuse(self, identity: Identity | None, why: str) -> None:
        """Go on with the catalog there is; the same trouble with the same file is told once."""
        before, _, told = self._refused
        if (before, told) != (identity, why):
            self._column["swaps_refused"] += 1
            self._log.warn("refused", f"{why}; the site goes on with the catalog it had")
        self._refused = identity, time.monotonic() + TRY_AGAIN_AFTER, why

    async def _together(self, fresh: Edition) -> bool:
        """Wait until every process could answer from this edition, so that all change over at once.

        Where one of them takes too long the others go on without it. False where the file is yet another meanwhile.
        """
        self._column.prepared = fresh.generation
        until = time.monotonic() + TOGETHER_WITHIN
        while time.monotonic() < until:
            others = [column for column in self._board.columns if column.state is State.SERVING]
            if all(column.prepared == fresh.generation for column in others):
                break
            if identity_of(self._path) not in (fresh.identity, None):
                return False
            await asyncio.sleep(0.01)
        return True

    async def _drain(self, edition: Edition) -> None:
        """Let an edition end what it began, then let go of it."""
        try:
            if not await edition.drained(DRAIN_WITHIN):
                self._log.warn(
                    "cut",
                    f"{edition.busy} answers of the catalog before took longer than {DRAIN_WITHIN:.0f} s and were cut",
                    generation=edition.generation,
                )
        finally:
            await edition.release()

    async def close(self) -> None:
        """Let go of every file."""
        for task in list(self._draining):
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if self._current is not None:
            await self._current.release()
            self._current = None
        self._lane.close()
