"""Requests are answered in turns: a client that asks for much waits for itself, not others for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from catalog.site.clients import client_of
from catalog.site.turns import Turns


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_client_that_asks_once_comes_before_the_rest_of_one_that_asks_ten_times() -> None:
    """Of ten requests of one client and one of another, the other's is answered second."""
    order: list[str] = []

    async def ask(turns: Turns, client: str) -> None:
        assert await turns.take(client)
        order.append(client)
        await asyncio.sleep(0)
        turns.give(client)

    async def play() -> None:
        turns = Turns(1, 100)
        await turns.take("first")
        asked = [asyncio.create_task(ask(turns, "greedy")) for _ in range(10)]
        await _settle()
        asked += [asyncio.create_task(ask(turns, "modest"))]
        await _settle()
        turns.give("first")
        await asyncio.gather(*asked)

    asyncio.run(play())
    assert order == ["greedy", "modest", *["greedy"] * 9]


def test_one_client_never_has_every_turn() -> None:
    """With `of_one`, a turn stays free for others while one client waits for its own to end."""

    async def play() -> None:
        turns = Turns(2, 100, of_one=1)
        assert await turns.take("greedy")
        second = asyncio.create_task(turns.take("greedy"))
        await _settle()
        assert not second.done()
        assert await asyncio.wait_for(turns.take("modest"), 1)
        turns.give("modest")
        await _settle()
        assert not second.done()
        turns.give("greedy")
        assert await asyncio.wait_for(second, 1)

    asyncio.run(play())


def test_a_full_queue_turns_away_whoever_waits_most() -> None:
    """A newcomer takes the place of the last request of the client with most waiting; that client's next is refused."""

    async def play() -> None:
        turns = Turns(1, 4)
        assert await turns.take("first")
        greedy = [asyncio.create_task(turns.take("greedy")) for _ in range(4)]
        await _settle()
        assert not await turns.take("greedy")
        modest = asyncio.create_task(turns.take("modest"))
        await _settle()
        assert [task.done() for task in greedy] == [False, False, False, True]
        assert not greedy[3].result()
        turns.give("first")
        assert await asyncio.wait_for(greedy[0], 1)
        turns.give("greedy")
        assert await asyncio.wait_for(modest, 1)

    asyncio.run(play())


@pytest.mark.parametrize("late", [False, True], ids=["while waiting", "as its turn comes"])
def test_a_reader_who_leaves_takes_no_turn_along(late: bool) -> None:
    """A request given up while it waits, or at the very moment of its turn, leaves the turn to the next."""

    async def play() -> None:
        turns = Turns(1, 10)
        assert await turns.take("first")
        leaver = asyncio.create_task(turns.take("leaver"))
        stayer = asyncio.create_task(turns.take("stayer"))
        await _settle()
        if late:
            turns.give("first")
            leaver.cancel()
        else:
            leaver.cancel()
            await _settle()
            turns.give("first")
        assert await asyncio.wait_for(stayer, 1)
        with pytest.raises(asyncio.CancelledError):
            await leaver
        turns.give("stayer")
        assert await asyncio.wait_for(turns.take("next"), 1)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (("198.51.100.7", 4), "198.51.100.7"),
        (("2001:db8:1:2:3:4:5:6", 4), "2001:db8:1:2::/64"),
        (("a socket", 0), "a socket"),
        (None, "unknown"),
    ],
    ids=["IPv4", "IPv6", "a socket's name", "none"],
)
def test_clients_are_told_apart_by_address(client: Any, counted: str) -> None:
    """By IPv4 address, or by the IPv6 network that one customer has."""
    assert client_of({"client": client}) == counted
