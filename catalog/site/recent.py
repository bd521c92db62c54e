"""A bounded memory of what was asked lately: the longest unasked entry goes first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Entries by key, up to so much weight in all; safe to use from several threads."""

    def __init__(self, most: int, *, weigh: Callable[[V], int] = lambda _: 1):
        """Keep entries of a total weight of `most`; by default each weighs 1, so that `most` is their number."""
        self._most = most
        self._weigh = weigh
        self._held: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """The entry, which counts as asked for now; None where there is none."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V) -> None:
        """Keep an entry, unless it alone is too heavy."""
        weight = self._weigh(value)
        with self._lock:
            before = self._held.pop(key, None)
            if before is not None:
                self._weight -= before[1]
            if weight > self._most:
                return
            self._held[key] = value, weight
            self._weight += weight
            while self._weight > self._most:
                _, (_, lighter) = self._held.popitem(last=False)
                self._weight -= lighter

    def __len__(self) -> int:
        return len(self._held)
