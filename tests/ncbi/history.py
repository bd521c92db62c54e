"""The history server: WebEnvs, their query keys, and how they expire without notice."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["History"]


@dataclass(slots=True)
class _WebEnv:
    made: float
    queries: list[tuple[int, ...]] = field(default_factory=list)


class History:
    """Lists of PMIDs by WebEnv and query key, as they were when searched. `lifetime` is in seconds, None for ever."""

    def __init__(self, lifetime: float | None = None) -> None:
        self.lifetime = lifetime
        self._lock = threading.Lock()
        self._held: dict[str, _WebEnv] = {}
        self._made = 0

    def _alive(self, webenv: str) -> _WebEnv | None:
        held = self._held.get(webenv)
        if held is not None and self.lifetime is not None and time.monotonic() - held.made > self.lifetime:
            del self._held[webenv]
            return None
        return held

    def add(self, pmids: Sequence[int], webenv: str | None = None) -> tuple[str, int]:
        """Keep a list; a WebEnv that is known and alive is added to, otherwise a new one begins."""
        with self._lock:
            held = self._alive(webenv) if webenv else None
            if held is None or webenv is None:
                self._made += 1
                webenv = f"MCID_{self._made:024x}"
                held = self._held[webenv] = _WebEnv(time.monotonic())
            held.queries.append(tuple(pmids))
            return webenv, len(held.queries)

    def get(self, webenv: str, key: int) -> tuple[int, ...] | None:
        """The list kept under a query key (from 1), or None where there is none or it has expired."""
        with self._lock:
            held = self._alive(webenv)
            return held.queries[key - 1] if held is not None and 1 <= key <= len(held.queries) else None

    def expire(self, webenv: str | None = None) -> None:
        """Forget one WebEnv, or all."""
        with self._lock:
            if webenv is None:
                self._held.clear()
            else:
                self._held.pop(webenv, None)
