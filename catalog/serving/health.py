"""`/-/health`: whether this process answers, and from which catalog. Asks no thread and no file."""

from __future__ import annotations

from catalog.serving.board import Board, Column, State
from harvest.eutils import package_version

__all__ = ["health"]

_VERSION = package_version()


def health(board: Board, column: Column) -> tuple[int, dict[str, object]]:
    """(HTTP status, what is said): 200 while serving, 503 while starting and stopping."""
    state = column.state
    said: dict[str, object] = {
        "ok": state is State.SERVING,
        "state": state.name.lower(),
        "generation": column.generation or None,
        "articles": int(column["articles"]) if column.generation else None,
        "version": _VERSION,
        "processes": len(board.columns),
        "processes_serving": sum(other.state is State.SERVING for other in board.columns),
        "processes_of_this_generation": sum(
            other.state is State.SERVING and other.generation == column.generation for other in board.columns
        ),
    }
    return (200 if state is State.SERVING else 503), said
