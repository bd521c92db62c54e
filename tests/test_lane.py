"""Pages that take long are made on an event loop of their own, so that readers' pages need not wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import MutableMapping
from typing import Any

import pytest

from catalog.lane import Lane

Message = MutableMapping[str, Any]


async def _call(app: Any, method: str = "GET", *, left: asyncio.Event | None = None) -> list[Message]:
    """What an app sends; the reader leaves when `left` is set."""
    sent: list[Message] = []

    async def receive() -> Message:
        if left is None:
            return (
                {"type": "http.request", "body": b"asked", "more_body": False} if method == "POST" else await _never()
            )
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app({"type": "http", "method": method}, receive, send)
    return sent


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


def test_a_page_that_holds_its_loop_leaves_others_theirs() -> None:
    """While an app computes without a pause, the server's own loop goes on."""
    entered, free = threading.Event(), threading.Event()

    async def holding(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        assert free.wait(10)  # blocks this loop
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"late"})

    async def play() -> list[Message]:
        asked = asyncio.create_task(_call(lane.app(holding)))
        while not entered.is_set():
            await asyncio.sleep(0.001)
        free.set()  # only a loop that runs comes here
        return await asyncio.wait_for(asked, 10)

    lane = Lane("test")
    try:
        assert asyncio.run(play())[-1]["body"] == b"late"
    finally:
        lane.close()


def test_small_pieces_arrive_together_whole_and_in_order() -> None:
    """An answer sent row by row arrives in few pieces, none missing."""
    rows = [f"row {number}\r\n".encode() for number in range(20_000)]

    async def rowwise(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        for row in rows:
            await send({"type": "http.response.body", "body": row, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    lane = Lane("test")
    try:
        sent = asyncio.run(_call(lane.app(rowwise)))
    finally:
        lane.close()
    assert b"".join(message.get("body", b"") for message in sent) == b"".join(rows)
    assert len(sent) < 10
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * (len(sent) - 2) + [False]


def test_a_body_handed_in_arrives() -> None:
    """What a reader posts is read across the threads."""

    async def echo(scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": body})

    lane = Lane("test")
    try:
        assert asyncio.run(_call(lane.app(echo), "POST"))[-1]["body"] == b"asked"
    finally:
        lane.close()


def test_an_answer_whose_reader_has_gone_is_given_up() -> None:
    """A stream without end stops when its reader leaves, and lets go of what it holds."""
    ended = threading.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200})
            while True:
                await send({"type": "http.response.body", "body": b"and on", "more_body": True})
        finally:
            ended.set()

    async def play() -> None:
        left = asyncio.Event()
        asked = asyncio.create_task(_call(lane.app(endless), left=left))
        await asyncio.sleep(0.01)
        left.set()
        await asyncio.wait_for(asked, 10)

    lane = Lane("test")
    try:
        asyncio.run(play())
        assert ended.wait(10)
    finally:
        lane.close()


def test_a_fault_of_the_app_is_the_servers_to_answer() -> None:
    """What an app raises is raised where the server called it."""

    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("broken")

    lane = Lane("test")
    try:
        with pytest.raises(ValueError, match="broken"):
            asyncio.run(_call(lane.app(broken)))
    finally:
        lane.close()


def test_closing_gives_up_what_runs() -> None:
    """A lane can be closed while an answer is under way; the server waits for it no longer."""

    async def waiting(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def play() -> None:
        asked = asyncio.create_task(_call(lane.app(waiting)))
        await asyncio.sleep(0.05)
        await asyncio.to_thread(lane.close)
        assert await asyncio.wait_for(asked, 10) == []

    lane = Lane("test")
    asyncio.run(play())
