"""`/catalog.db`: the catalog as a file, the one that this Datasette answers from.

Datasette's own download opens the file by its name, which may lead to a newer one, and promises a length and chunks at
once, which proxies refuse to pass on.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Forbidden, NotFound, Request, Response

from catalog.site.answering import permitted
from catalog.site.reading import DATABASE
from catalog.site.remembering import known_tag

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["download"]

Write = Callable[[Callable[[bytes], Awaitable[None]]], Awaitable[None]]
_PIECE = 1 << 18
_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})?")


async def download(datasette: Datasette, request: Request) -> Response:
    """The file, whole or, for a download that goes on, from a place in it."""
    if request.method not in ("GET", "HEAD"):
        return Response.text("This address answers GET, HEAD.\n", status=405, headers={"allow": "GET, HEAD"})
    await permitted(datasette, request, "view-database-download")
    try:
        database = datasette.get_database(DATABASE)
    except KeyError:
        raise NotFound("No database called catalog is open") from None
    if not datasette.setting("allow_download") or database.is_mutable or not database.path:
        raise Forbidden("Database download is forbidden")
    tag = f'"{database.hash}"'
    headers = {
        "etag": tag,
        "cache-control": "no-cache",
        "accept-ranges": "bytes",
        "content-disposition": f'attachment; filename="{DATABASE}.db"',
    }
    if known_tag(request.headers.get("if-none-match", ""), tag):
        return Response("", status=304, headers=headers)
    # A descriptor of its own: the file stays readable though the site lets go of it.
    held = getattr(database, "file", None)
    descriptor = os.dup(held.fileno()) if held is not None else os.open(Path(database.path), os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    start, end, status = _asked(request, tag, size)
    if status == 416:
        os.close(descriptor)
        return Response("", status=416, headers={"content-range": f"bytes */{size}"})
    if status == 206:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)

    async def write(send: Callable[[bytes], Awaitable[None]]) -> None:
        try:
            at = start if request.method == "GET" else end
            while at < end:
                piece = await asyncio.to_thread(os.pread, descriptor, min(_PIECE, end - at), at)
                if not piece:
                    raise OSError("the file became shorter while it was sent")
                at += len(piece)
                await send(piece)
        finally:
            os.close(descriptor)

    return _File(write, status, headers)


class _File(Response):  # type: ignore[misc]  # Datasette has no types
    """An answer sent piece by piece, its length known."""

    def __init__(self, write: Write, status: int, headers: dict[str, str]):
        super().__init__("", status=status, headers=headers, content_type="application/octet-stream")
        self._write = write

    async def asgi_send(self, send: Any) -> None:
        headers = {**self.headers, "content-type": self.content_type}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})

        async def piece(data: bytes) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": True})

        await self._write(piece)
        await send({"type": "http.response.body", "body": b""})


def _asked(request: Request, tag: str, size: int) -> tuple[int, int, int]:
    """(first byte, the one after the last, HTTP status) of what is asked for."""
    found = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if found is None or request.headers.get("if-range", tag) != tag:
        return 0, size, 200
    start, end = int(found[1]), min(int(found[2]) + 1, size) if found[2] else size
    return (start, end, 206) if start < end else (0, 0, 416)
