"""What a reader hands in by POST: a pasted text or a file, within limits, from a form, as JSON or as plain text.

Bodies are read into memory, answered, and forgotten: nothing here writes or logs them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from datasette.utils.asgi import Request
from python_multipart import FormParser
from python_multipart.exceptions import FormParserError

__all__ = ["BadBody", "Handed", "read_body"]

_WITHIN = 20.0  # seconds for a body to arrive
_DRAINED = 8  # a body too large is read on, up to so many times the limit, so that the answer is seen
_TYPES = "a form, application/json, text/plain, text/markdown or text/html"


class BadBody(Exception):
    """A body that is not read; `status` is the HTTP status, the message one line that says what to do."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Handed:
    """A pasted text, or a file's bytes and name."""

    text: str | None
    data: bytes | None
    name: str

    @property
    def empty(self) -> bool:
        """Whether nothing was handed in."""
        return not (self.text or "").strip() and not self.data


async def read_body(request: Request, most: int) -> Handed:
    """What `_handed` reads. Raises BadBody, also where nothing was handed in."""
    found = await _handed(request, most)
    if found.empty:
        raise BadBody(400, "There is no text. Paste one, or choose a file.")
    return found


async def _handed(request: Request, most: int) -> Handed:
    """The text or file of a POST: the field `text` or `file` of a form, `text` of a JSON object, or the body itself.

    Raises:
        BadBody: too large, too slow, of a type or shape that is not read.
    """
    body = await _whole(request, most)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        return Handed(fields.get("text", [""])[-1], None, "the text")
    if kind == "multipart/form-data":
        return _multipart(request, body)
    if kind == "application/json":
        try:
            found: Any = json.loads(body)
        except (ValueError, RecursionError):
            raise BadBody(400, 'The body is no JSON. Send {"text": "..."}.') from None
        if not isinstance(found, Mapping) or not isinstance(found.get("text"), str):
            raise BadBody(400, 'The JSON has no text. Send {"text": "..."}.')
        return Handed(found["text"].encode("utf-8", "replace").decode("utf-8"), None, "the text")
    if kind in ("text/plain", "text/markdown", "text/html", "application/octet-stream"):
        return Handed(None, body, "the text")
    raise BadBody(415, f"Bodies of type “{kind or 'none'}” are not read. Send {_TYPES}.")


async def _whole(request: Request, most: int) -> bytes:
    """All of a body. What is too large is read on and thrown away, within reason."""
    try:
        stated = int(request.headers.get("content-length") or 0)
    except ValueError:
        stated = 0
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_WITHIN):
            more = True
            while more and size <= most * _DRAINED:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise BadBody(400, "The connection ended before the text was whole.")
                piece = message.get("body", b"")
                size += len(piece)
                more = message.get("more_body", False)
                if size <= most:
                    pieces.append(piece)
                else:
                    pieces.clear()
    except TimeoutError:
        raise BadBody(408, "The text took too long to arrive. Send it again, or less of it.") from None
    if size > most or stated > most:
        raise BadBody(413, f"That is too large: at most {most:,} bytes are read. Check it in parts.")
    return b"".join(pieces)


def _multipart(request: Request, body: bytes) -> Handed:
    fields: dict[str, bytes] = {}
    files: dict[str, tuple[str, bytes]] = {}

    def on_field(field: Any) -> None:
        fields[(field.field_name or b"").decode("utf-8", "replace")] = field.value or b""

    def on_file(file: Any) -> None:
        file.file_object.seek(0)
        name = (file.file_name or b"").decode("utf-8", "replace")
        files[(file.field_name or b"").decode("utf-8", "replace")] = (name, file.file_object.read())
        file.close()

    header = request.headers.get("content-type", "")
    boundary = header.partition("boundary=")[2].split(";")[0].strip().strip('"')
    try:
        parser = FormParser(
            "multipart/form-data",
            on_field,
            on_file,
            boundary=boundary.encode("latin-1"),
            config={"MAX_MEMORY_FILE_SIZE": len(body) + 1, "UPLOAD_KEEP_FILENAME": False},  # never to disk
        )
        parser.write(body)
        parser.finalize()
    except (FormParserError, UnicodeEncodeError):
        raise BadBody(400, "The form could not be read. Send it again.") from None
    name, data = files.get("file", ("", b""))
    if data:
        return Handed(None, data, " ".join(name.split())[:80] or "the file")
    return Handed(fields.get("text", b"").decode("utf-8", "replace"), None, "the text")
