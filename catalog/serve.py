"""`catalog serve`: the site over one catalog file, following it when a build puts a new one in its place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from catalog.opening import open_catalog
from catalog.serving.board import Board
from catalog.serving.listening import listen, reserve
from catalog.serving.options import Options
from catalog.serving.process import run, stopping_quietly
from catalog.serving.processes import run_processes

__all__ = ["Options", "serve"]


def serve(
    path: Path,
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None] | None = None,
    options: Options | None = None,
) -> None:
    """Serve the site until told to stop (SIGTERM, Ctrl-C); returns then.

    Args:
        path: the catalog file; whatever its name, its database is called `catalog`.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        on_ready: called once with the site's address, when it answers.
        options: how it runs. More than one process needs Linux or another system that shares a port among processes.

    Raises:
        WrongUse: no such catalog, not a catalog, or the address cannot be listened on.
        CatalogError: the site does not answer.
    """
    options = options or Options()
    open_catalog(path).close()
    with contextlib.suppress(KeyboardInterrupt), stopping_quietly():
        if options.workers == 1:
            with closing(listen(host, port)) as listener:
                asyncio.run(run(path, listener, host, options, Board(1), on_ready=on_ready))
            return
        with closing(reserve(host, port, shared=True)) as held:
            port = held.getsockname()[1]
            shown = f"[{host}]" if ":" in host else host

            def ready() -> None:
                if on_ready is not None:
                    on_ready(f"http://{shown}:{port}/")

            run_processes(path, host, port, options, ready)
