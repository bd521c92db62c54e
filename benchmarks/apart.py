"""A function called in a process of its own, so that nothing else is in its memory."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["apart", "resident"]

T = TypeVar("T")


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """What the function returns. Ends this program where that process fails, which has said why."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(there, function, arguments))
    process.start()
    there.close()
    try:
        found: T = here.recv()
    except EOFError:
        raise SystemExit(f"{function.__name__} failed in a process of its own") from None
    process.join()
    return found


def _call(answer: Any, function: Callable[..., T], arguments: tuple[Any, ...]) -> None:
    answer.send(function(*arguments))


def resident(pid: int | str = "self") -> tuple[float, float]:
    """(current, peak) resident memory of a process in MB; NaN where the system does not tell."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
        now, most = (int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    except (OSError, KeyError):
        return float("nan"), float("nan")
    return now, most
