"""Who is answered next: clients take turns, so that one who asks for much waits for itself."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque

__all__ = ["Turns"]


class Turns:
    """How many requests are answered at once, and how many may wait.

    A client is whom `catalog.site.clients.client_of` tells apart. The next turn is the longest waiting request of the
    client whose last turn is longest ago. Where the queue is full, a client that has fewer waiting than another takes
    the place of that one's last.

    Args:
        at_once: requests answered at once.
        most_waiting: requests, of all clients together, that wait for a turn.
        of_one: requests of one client answered at once; None: as many as of all.
    """

    def __init__(self, at_once: int, most_waiting: int, of_one: int | None = None):
        self._free = at_once
        self._most = most_waiting
        self._of_one = of_one or at_once
        self._busy: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[bool]]] = OrderedDict()
        self._count = 0

    async def take(self, client: str) -> bool:
        """Wait for a turn; False where too many wait already."""
        if self._may(client):
            self._begin(client)
            return True
        if self._count >= self._most and not self._make_room(client):
            return False
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._count += 1
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.done() and turn.result():
                self.give(client)  # it came at the moment the reader left
            else:
                self._forget(client, turn)
            raise

    def give(self, client: str) -> None:
        """End a turn of a client."""
        self._free += 1
        self._busy[client] -= 1
        if not self._busy[client]:
            del self._busy[client]
        for waiting in list(self._waiting):
            if not self._free:
                return
            if not self._may(waiting):
                continue
            queue = self._waiting[waiting]
            turn = queue.popleft()
            self._count -= 1
            if queue:
                self._waiting.move_to_end(waiting)  # all others come first
            else:
                del self._waiting[waiting]
            if not turn.done():
                self._begin(waiting)
                turn.set_result(True)

    def _may(self, client: str) -> bool:
        return self._free > 0 and self._busy[client] < self._of_one

    def _begin(self, client: str) -> None:
        self._free -= 1
        self._busy[client] += 1

    def _make_room(self, client: str) -> bool:
        """Turn away the last request of whoever has most waiting; False where that is this client."""
        greedy = max(self._waiting, key=lambda one: len(self._waiting[one]), default=client)
        if greedy == client or len(self._waiting[greedy]) <= len(self._waiting.get(client, ())) + 1:
            return False
        turn = self._waiting[greedy][-1]
        self._forget(greedy, turn)
        if not turn.done():
            turn.set_result(False)
        return True

    def _forget(self, client: str, turn: asyncio.Future[bool]) -> None:
        queue = self._waiting.get(client)
        if queue is not None and turn in queue:
            queue.remove(turn)
            self._count -= 1
            if not queue:
                del self._waiting[client]
