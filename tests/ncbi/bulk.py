"""NLM's file area on loopback: folders with HTML indexes, bulk files with `.md5`, byte ranges, faults on order.

    with FileArea(area([a, b], [c], year=26)) as nlm:
        harvest_bulk(db, nlm.url)

The index is laid out as NLM's HTTPS file server writes it. Like the rest of this package it imports nothing of ours.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import socket
import struct
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

__all__ = ["Asked", "Fault", "FileArea", "area", "deletion", "pack", "with_md5", "write_area"]

Kind = Literal["cut", "reset", "status", "damage", "page", "stall", "no range", "other range", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a request.

    cut: the connection ends after `at` bytes of the body, though Content-Length promises all; reset: it is reset then;
    status: an answer with status `at` and a web page; damage: byte `at` of the file is another; page: a web page with
    status 200; stall: nothing comes; no range: the whole file though a range was asked for; other range: a range that
    begins elsewhere; elsewhere: a redirect to another host.
    """

    kind: Kind
    at: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the path below the area, and the first byte asked for (None: no range)."""

    path: str
    start: int | None


def deletion(*pmids: int, version: int | None = 1) -> bytes:
    """A `DeleteCitation` element."""
    attribute = f' Version="{version}"' if version else ""
    return b"<DeleteCitation>%s</DeleteCitation>" % "".join(f"<PMID{attribute}>{p}</PMID>" for p in pmids).encode()


def pack(parts: Iterable[bytes]) -> bytes:
    """Elements as a bulk file: an article set, compressed; the same elements give the same bytes."""
    head = b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "pubmed_250101.dtd">\n'
    return gzip.compress(head + b"<PubmedArticleSet>\n" + b"\n".join(parts) + b"\n</PubmedArticleSet>\n", mtime=0)


def with_md5(path: str, body: bytes) -> dict[str, bytes]:
    """A bulk file and its `.md5` as NLM writes it."""
    name = path.rpartition("/")[2]
    line = f"MD5({name})= {hashlib.md5(body, usedforsecurity=False).hexdigest()}\n"
    return {path: body, f"{path}.md5": line.encode()}


def area(
    baseline: Sequence[Iterable[bytes]], updates: Sequence[Iterable[bytes]] = (), *, year: int = 26
) -> dict[str, bytes]:
    """A whole area: each file's elements, numbered on from the baseline's first to the updates' last."""
    files: dict[str, bytes] = {}
    for number, parts in enumerate([*baseline, *updates], 1):
        folder = "baseline" if number <= len(baseline) else "updatefiles"
        files |= with_md5(f"{folder}/pubmed{year:02}n{number:04}.xml.gz", pack(parts))
    return files


def write_area(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The same in a folder on disk."""
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


@dataclass
class FileArea:
    """The server. `files` may change while it runs; `faults` holds, by path, what goes wrong with its next requests."""

    files: dict[str, bytes]
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    stamp: str = "2026-01-15 09:36"
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """The address of the area's root."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/pubmed/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def times(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(asked.path == path for asked in self.asked)

    def next_fault(self, path: str) -> Fault | None:
        """The fault due for this request."""
        due = self.faults.get(path)
        return due.pop(0) if due else None

    def index(self, folder: str) -> str | None:
        """The HTML index of a folder ("" is the root); None where there is none."""
        below = [path[len(folder) :] for path in self.files if path.startswith(folder)]
        if not below and folder not in ("", "baseline/", "updatefiles/"):
            return None
        names = sorted({re.sub(r"/.*", "/", name) for name in below})
        rows = "".join(self._row(folder, name) for name in names)
        title = f"Index of /pubmed/{folder}".rstrip("/")
        return (
            '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n'
            f"  <title>{title}</title>\n </head>\n <body>\n<h1>{title}</h1>\n"
            '<pre>Name                               Last modified      Size  <hr><a href="/">Parent Directory</a>'
            f"                                        -   \n{rows}<hr></pre>\n</body></html>\n"
        )

    def _row(self, folder: str, name: str) -> str:
        size = "-" if name.endswith("/") else str(len(self.files[folder + name]))
        link = f'<a href="{escape(name)}">{escape(name)}</a>'
        return f"{link}{' ' * max(1, 34 - len(name))}{self.stamp}  {size:>4}  \n"


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, area: FileArea) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.area = area

    def shutdown_request(self, request: Any) -> None:
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)
        if struct.unpack("ii", linger)[0]:  # to be reset: no FIN first
            self.close_request(request)
        else:
            super().shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Quiet: `asked` is the log."""

    def do_GET(self) -> None:
        self.close_connection = True
        path = self.path.removeprefix("/pubmed/")
        ranged = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(ranged[1]) if ranged else None
        self.server.area.asked.append(Asked(path, start))
        fault = self.server.area.next_fault(path)
        if fault and self._instead(fault):
            return
        body = self.server.area.files.get(path)
        if body is None:
            page = self.server.area.index(path) if path == "" or path.endswith("/") else None
            self._send(200 if page else 404, (page or "<html><h1>Not Found</h1></html>").encode(), fault, "text/html")
            return
        if fault and fault.kind == "damage":
            body = body[: fault.at] + bytes([body[fault.at] ^ 0xFF]) + body[fault.at + 1 :]
        if start is None or (fault and fault.kind == "no range"):
            self._send(200, body, fault)
        elif start >= len(body):
            self._send(416, b"", fault, range_of=f"bytes */{len(body)}")
        else:
            begin = 0 if fault and fault.kind == "other range" else start
            self._send(206, body[begin:], fault, range_of=f"bytes {begin}-{len(body) - 1}/{len(body)}")

    def _instead(self, fault: Fault) -> bool:
        """An answer that has nothing to do with the file."""
        if fault.kind == "stall":
            self.server.area.closing.wait(5)
        elif fault.kind == "status":
            self._send(fault.at, b"<html><h1>Trouble</h1></html>", None, "text/html")
        elif fault.kind == "page":
            self._send(200, b"<html><body>We will be back soon.</body></html>", None, "text/html")
        elif fault.kind == "elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://localhost:9/pubmed/")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            return False
        return True

    def _send(
        self, status: int, body: bytes, fault: Fault | None, kind: str = "application/x-gzip", *, range_of: str = ""
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if range_of:
            self.send_header("Content-Range", range_of)
        self.end_headers()
        short = fault is not None and fault.kind in ("cut", "reset")
        try:
            self.wfile.write(body[: fault.at] if fault and short else body)
            self.wfile.flush()
        except OSError:
            return  # the client was faster
        if fault and fault.kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
