"""Servers of sites, each a process of its own, forked from one that has imported everything that they need.

A server started by itself spends two seconds on imports (Datasette's, and in this environment Dask, which Datasette's
units look for); forty of them would be a quarter of the whole test run. `catalog serve` as people start it is in
tests/running.py.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

__all__ = ["answering"]

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["catalog.serve"])


def _serve(path: Path, port: int, ready: Connection) -> None:
    from catalog.serve import serve

    warnings.simplefilter("error")
    serve(path, "127.0.0.1", port, on_ready=ready.send)


@contextmanager
def answering(path: Path, port: int = 0) -> Iterator[str]:
    """The address of a site over a catalog file, whose process is ended by SIGTERM and then must have ended well."""
    told, ready = _FORKED.Pipe(duplex=False)
    process = _FORKED.Process(target=_serve, args=(path, port, ready))
    process.start()
    ready.close()
    try:
        try:
            url = str(told.recv())
        except EOFError:
            raise AssertionError("the server ended before it was ready") from None
        yield url
        process.terminate()
        process.join(20)
        assert process.exitcode == 0
    finally:
        told.close()
        if process.exitcode is None:
            process.kill()
            process.join(20)
        process.close()
