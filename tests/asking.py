"""A Datasette in the test's own process: no server to start, and settings as the test wants them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datasette.app import Datasette

__all__ = ["asking"]


@contextmanager
def asking(
    *files: Path, immutable: bool = False, metadata: dict[str, Any] | None = None, **settings: Any
) -> Iterator[Callable[[str], Any]]:
    """A Datasette as `datasette FILE...` opens it; asks it for paths."""
    names = [str(file) for file in files]
    datasette = Datasette(
        [] if immutable else names, immutables=names if immutable else [], metadata=metadata, settings=settings
    )
    with asyncio.Runner() as runner:
        yield lambda path: runner.run(datasette.client.get(path))
    datasette.executor.shutdown()
    for database in datasette.databases.values():
        database.close()
