"""What `catalog serve` writes to stderr: a line a request, and what happens to the site; JSON or plain.

Readers ask about their health, so a line tells what was answered and not who asked what: no client's address, nothing
after `?`, and of an address that is not known, nothing at all.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from catalog.serving.kinds import UNKNOWN
from catalog.serving.options import LogKind

__all__ = ["Answered", "Log"]

# Answers to these may have been asked for by anything somebody typed.
_MISTYPED = frozenset({400, 404, 414})
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, as it is logged."""

    method: str
    path: str  # as asked for, without the query
    kind: str
    status: int
    seconds: float
    sent: int  # bytes of the body
    generation: str
    remembered: bool
    cut: bool  # the body did not get to its end


class Log:
    """The log of one process."""

    def __init__(self, kind: LogKind, worker: int | None = 0, stream: TextIO | None = None):
        self._kind = kind
        self._worker = worker
        self._stream = stream

    @property
    def each_request(self) -> bool:
        """Whether requests are logged."""
        return self._kind != "none"

    def request(self, answered: Answered) -> None:
        """Log an answer."""
        path = _known_part(answered)
        ms = round(answered.seconds * 1000, 1)
        if self._kind == "json":
            said: dict[str, object] = {
                "method": answered.method,
                "path": path,
                "kind": answered.kind,
                "status": answered.status,
                "ms": ms,
                "bytes": answered.sent,
                "generation": answered.generation or None,
                "remembered": answered.remembered,
            }
            self._json("info", "request", said | ({"cut": True} if answered.cut else {}))
        elif self._kind == "text":
            more = " remembered" * answered.remembered + " cut" * answered.cut
            self._write(
                f"{_now()} {answered.status} {answered.method} {path} {ms} ms {answered.sent} B"
                f" {answered.generation or '-'} worker {self._worker}{more}"
            )

    def event(self, event: str, message: str, **more: object) -> None:
        """Log what happened to the site, where logging is on."""
        if self._kind == "json":
            self._json("info", event, {"message": message, **more})
        elif self._kind == "text":
            self._write(f"{_now()} {message} (worker {self._worker})")

    def warn(self, event: str, message: str, **more: object) -> None:
        """Tell what whoever runs the site has to know, whether logging is on or not."""
        if self._kind == "json":
            self._json("warning", event, {"message": message, **more})
        else:
            self._write(message if self._kind == "none" else f"{_now()} {message} (worker {self._worker})")

    def _json(self, level: str, event: str, more: dict[str, object]) -> None:
        line = {"time": _now(), "level": level, "event": event, "worker": self._worker, **more}
        self._write(json.dumps(line))

    def _write(self, line: str) -> None:
        stream = self._stream or sys.stderr
        try:
            stream.write(f"{line}\n")  # in one piece: several processes write to it
            stream.flush()
        except (OSError, ValueError):  # whoever read it is gone: the site is not
            pass


def _known_part(answered: Answered) -> str:
    if answered.kind == UNKNOWN:
        return "(unknown)"
    path = answered.path
    if answered.status in _MISTYPED:
        first = path.split("/")[1]
        known = first if path.count("/") == 1 and first in (answered.kind, f"{answered.kind}.json") else ""
        return f"/{known}" if known else f"({answered.kind})"
    return path[:_LONGEST]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
