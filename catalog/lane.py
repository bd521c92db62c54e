"""A thread with an event loop of its own for an ASGI app whose pages take long to make.

Datasette's table pages are made on the event loop: a thousand rows with facets hold it for a second. On a loop of their
own they share the processor with the readers' pages in slices of milliseconds instead.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TypeVar

__all__ = ["Lane"]

# Pieces of an answer are handed over in pieces of at least so many bytes: a table as CSV is sent row by row.
_TOGETHER = 65_536
Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]
T = TypeVar("T")


class Lane:
    """One thread that runs coroutines."""

    def __init__(self, name: str):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns that runs here; cancelled where the caller is."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def app(self, app: App) -> App:
        """The app run here, for a server that runs elsewhere. An answer whose reader has gone is given up."""

        async def wrapped(
            scope: MutableMapping[str, Any],
            receive: Callable[[], Awaitable[Message]],
            send: Callable[[Message], Awaitable[None]],
        ) -> None:
            there = asyncio.get_running_loop()

            async def hop(work: Coroutine[Any, Any, T]) -> T:
                return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, there))

            async def received() -> Message:
                return await hop(_awaited(receive()))

            held: list[bytes] = []

            async def sent(message: Message) -> None:
                if message["type"] == "http.response.body" and message.get("more_body"):
                    held.append(message.get("body", b""))
                    if sum(map(len, held)) < _TOGETHER:
                        await asyncio.sleep(0)  # others' turn: whoever sends may never wait by itself
                        return
                    message = {**message, "body": b"".join(held)}
                    held.clear()
                elif held:
                    message = {**message, "body": b"".join([*held, message.get("body", b"")])}
                    held.clear()
                await hop(_awaited(send(message)))

            answering = asyncio.create_task(self.run(_awaited(app(scope, received, sent))))
            leaving = asyncio.create_task(_left(receive)) if scope["method"] in ("GET", "HEAD") else None
            try:
                await asyncio.wait({answering, leaving} if leaving else {answering}, return_when="FIRST_COMPLETED")
            finally:
                if leaving:
                    leaving.cancel()
                if not answering.done():
                    answering.cancel()
            if answering.done() and not answering.cancelled():
                answering.result()

        return wrapped

    def close(self) -> None:
        """End the thread; what runs in it is given up."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        tasks = asyncio.all_tasks(self._loop) - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._loop.stop()


async def _awaited(work: Awaitable[T]) -> T:
    return await work


async def _left(receive: Callable[[], Awaitable[Message]]) -> None:
    """Return when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
