"""The loopback PubMed as a server: HTTP/1.1 with keep-alive, NCBI's pacing, a log of every request, faults on order."""

from __future__ import annotations

import gzip
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from tests.ncbi import bodies
from tests.ncbi.corpus import Corpus
from tests.ncbi.eutils import EUtils
from tests.ncbi.faults import Fault, rate_limit_body
from tests.ncbi.history import History
from tests.ncbi.reply import Delivery, Reply
from tests.ncbi.schedules import Schedule, upcoming

__all__ = ["API_KEY", "PubMed", "Request"]

API_KEY = "invented-key-for-tests"
"""The api_key this PubMed accepts unless told others."""

_ROOT = "/entrez/eutils/"


@dataclass(slots=True)
class Request:
    """One request as it arrived. `at` is in seconds of the monotonic clock; the value of api_key is never kept."""

    number: int  # from 1
    at: float
    method: str
    path: str
    params: dict[str, str]
    user_agent: str
    status: int | None = None  # None until answered, and for a connection reset before the answer
    fault: str | None = None
    throttled: bool = False

    @property
    def program(self) -> str:
        """`esearch`, `efetch`, `epost`, `einfo`, or whatever was asked for."""
        return self.path.rpartition("/")[2].removesuffix(".fcgi")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], pubmed: PubMed) -> None:
        super().__init__(address, _Handler)
        self.pubmed = pubmed
        self.closing = threading.Event()
        self.open: set[socket] = set()
        self.to_reset: set[socket] = set()
        self.lock = threading.Lock()

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            reset = request in self.to_reset
            self.to_reset.discard(request)
        if reset:  # no FIN first: with SO_LINGER 0 the close is a TCP reset
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own affair; anything else is a fault of this server and must be seen."""
        error = sys.exception()
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.pubmed.errors.append(error)

    def hang_up(self) -> None:
        """End every open connection, so that threads waiting on them finish."""
        self.closing.set()
        with self.lock:
            for connection in self.open:
                try:
                    connection.shutdown(SHUT_RDWR)
                except OSError:
                    continue  # the client was faster


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.open.add(self.connection)

    def finish(self) -> None:
        with self.server.lock:
            self.server.open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it so)
        """Quiet: `PubMed.requests` is the log."""

    def do_GET(self) -> None:
        self._answer("GET", "")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            self.send_error(411)
            self.close_connection = True
            return
        self._answer("POST", self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _answer(self, method: str, form: str) -> None:
        url = urlsplit(self.path)
        pairs = [pair for text in (url.query, form) for pair in parse_qsl(text, keep_blank_values=True)]
        params: dict[str, str] = {}
        for name, value in pairs:  # id=1&id=2 is the same as id=1,2
            params[name] = f"{params[name]},{value}" if name == "id" and name in params else value
        agent = self.headers.get("User-Agent", "")
        reply = self.server.pubmed.answer(method, url.path, params, agent, self.client_address[0], self.path)
        try:
            self._send(reply)
        except OSError:
            self.close_connection = True  # the client gave up first

    def _send(self, reply: Reply) -> None:
        closing = self.server.closing
        if reply.wait and closing.wait(reply.wait):
            self.close_connection = True
            return
        if reply.delivery is Delivery.RESET_BEFORE:
            self._reset()
            return
        body = reply.body
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers:
            self.send_header(name, value)
        if self.server.pubmed.compress and body and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
            if reply.delivery is Delivery.DAMAGED_GZIP:
                body = body[:10] + bytes(byte ^ 0x55 for byte in body[10:])
        if reply.delivery is Delivery.CUT_CHUNKED:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(max(0, len(body) + reply.length_off)))
        self.end_headers()
        half = body[: len(body) // 2]
        match reply.delivery:
            case Delivery.CUT_CHUNKED:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(half), half) if half else b"")
                self.close_connection = True
            case Delivery.CUT | Delivery.RESET_MIDWAY:
                self.wfile.write(half)
                self.close_connection = True
                if reply.delivery is Delivery.RESET_MIDWAY:
                    self._reset()
            case _ if reply.wait_midway:
                self.wfile.write(half)
                if closing.wait(reply.wait_midway):
                    self.close_connection = True
                else:
                    self.wfile.write(body[len(half) :])
            case _:
                self.wfile.write(body)
                if reply.length_off > 0:  # the client waits for more: there is none
                    self.close_connection = True

    def _reset(self) -> None:
        self.connection.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        with self.server.lock:
            self.server.to_reset.add(self.connection)
        self.close_connection = True


class PubMed:
    """PubMed on loopback; a context manager that serves while open.

    Args:
        corpus: a Corpus, or raw records; change `pubmed.corpus` at any time.
        rate: requests in any second allowed to an address without a key; `key_rate` with one (default 10, or `rate`
            where that is more).
        api_keys: the keys it knows; any other gets HTTP 400.
        latency: seconds before every answer.
        unknown_phrases: phrases (or single words) that its phrase index does not have.
        unknown_near: phrases that it does not even know as proximity searches.
        closed_world: nothing outside the corpus exists: words and headings it lacks are "not found".
        webenv_lifetime: seconds until a WebEnv expires, None for never.
        compress: gzip for clients that accept it.
        retry_after: the Retry-After of its own 429 answers, in seconds; None for no such header.
        today: what reldate and "last 30 days" count from; the real day by default.

    `requests` is the log, `faults` the schedules in force (the first that has a fault for a request wins), `errors`
    what went wrong in this server itself: leaving the context raises it.
    """

    def __init__(
        self,
        corpus: Corpus | Iterable[bytes] = (),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        rate: int = 3,
        key_rate: int | None = None,
        api_keys: Iterable[str] = (API_KEY,),
        latency: float = 0.0,
        unknown_phrases: Iterable[str] = (),
        unknown_near: Iterable[str] = (),
        closed_world: bool = False,
        webenv_lifetime: float | None = None,
        compress: bool = True,
        retry_after: int | None = None,
        today: date | None = None,
        faults: Iterable[Schedule] = (),
    ) -> None:
        self.corpus = corpus if isinstance(corpus, Corpus) else Corpus(corpus)
        self.history = History(webenv_lifetime)
        self.eutils = EUtils(
            self.corpus, self.history, unknown_phrases, today, closed_world=closed_world, unknown_near=unknown_near
        )
        self.rate = rate
        self.key_rate = max(10, rate) if key_rate is None else key_rate
        self.api_keys = frozenset(api_keys)
        self.latency = latency
        self.compress = compress
        self.retry_after = retry_after
        self.faults: list[Schedule] = list(faults)
        self.requests: list[Request] = []
        self.errors: list[Exception] = []
        self._address = (host, port)
        self._lock = threading.Lock()
        self._numbered = 0
        self._recent: dict[str, deque[float]] = {}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    # Serving

    def start(self) -> Self:
        """Bind and serve in the background.

        Raises:
            OSError: the port is taken.
        """
        self._server = _Server(self._address, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="loopback PubMed")
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop: hang up every connection, wait for every thread."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.hang_up()
            self._server.server_close()
            self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if self.errors and error is None:
            raise self.errors[0]

    @property
    def base_url(self) -> str:
        """What NCBI_BASE_URL should hold; ends in `/entrez/eutils/`."""
        if self._server is None:
            raise RuntimeError("this PubMed is not running: use it as a context manager, or call start()")
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}{_ROOT}"

    # What tests ask for

    def fail_next(self, fault: Fault, times: int = 1, program: str = "") -> None:
        """The fault on the next `times` requests that it concerns."""
        self.faults.append(upcoming(times, fault, program))

    def forget_requests(self) -> None:
        """Empty the log and the pacing windows; numbers go on."""
        with self._lock:
            self.requests.clear()
            self._recent.clear()

    @property
    def throttled(self) -> int:
        """How many requests it refused for coming too fast."""
        return sum(request.throttled for request in self.requests)

    @property
    def max_per_second(self) -> int:
        """The most requests that arrived in any window of one second."""
        window: deque[float] = deque()
        most = 0
        for moment in sorted(request.at for request in list(self.requests)):
            window.append(moment)
            while window[0] <= moment - 1.0:
                window.popleft()
            most = max(most, len(window))
        return most

    # Answering

    def _paced(self, who: str, now: float) -> int:
        """How many requests `who` has made in the second that ends now, this one included."""
        recent = self._recent.setdefault(who, deque())
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        recent.append(now)
        return len(recent)

    def answer(
        self, method: str, path: str, params: Mapping[str, str], agent: str, address: str, url: str = ""
    ) -> Reply:
        """The reply to one request, logged: pacing first, then the key, then a fault on order, then PubMed's answer."""
        key = params.get("api_key")
        shown = {name: "***" if name == "api_key" else value for name, value in params.items()}
        limit = self.rate if key is None else self.key_rate
        with self._lock:
            now = time.monotonic()
            self._numbered += 1
            request = Request(self._numbered, now, method, path, shown, agent)
            self.requests.append(request)
            count = self._paced(key or address, now)
            fault = None
            if count <= limit and (key is None or key in self.api_keys):
                found = (schedule(request.number, path, params) for schedule in self.faults)
                fault = next((fault for fault in found if fault is not None), None)
        try:
            reply = self._reply(request, params, url, fault, (count, limit), address)
        except Exception as error:  # a bug of this server must reach the test, not hang its client
            self.errors.append(error)
            reply = Reply(f"loopback PubMed failed: {error!r}".encode(), bodies.TEXT, 500)
        if reply.delivery is not Delivery.RESET_BEFORE:
            request.status = reply.status
        return reply

    def _reply(
        self,
        request: Request,
        params: Mapping[str, str],
        url: str,
        fault: Fault | None,
        pace: tuple[int, int],
        address: str,
    ) -> Reply:
        count, limit = pace
        key = params.get("api_key")
        headers = (("X-RateLimit-Limit", str(limit)), ("X-RateLimit-Remaining", str(max(0, limit - count))))
        if count > limit:
            request.throttled = True
            again = () if self.retry_after is None else (("Retry-After", str(self.retry_after)),)
            return Reply(rate_limit_body(address, count, limit), bodies.JSON, 429, headers + again)
        if key is not None and key not in self.api_keys:
            body = f'{{"error":"API key invalid","api-key":"{key}"}}\n'
            return Reply(body.encode(), bodies.JSON, 400)
        if self.latency:
            time.sleep(self.latency)
        if not request.path.startswith(_ROOT):
            return Reply(b"<html><body><h1>Not Found</h1></body></html>", "text/html; charset=UTF-8", 404)
        if fault is not None and fault.forgets_webenvs:
            self.history.expire()
        reply = self.eutils.answer(request.path.removeprefix(_ROOT), params, method=request.method, url=url)
        if fault is not None:
            request.fault = type(fault).__name__
            reply = fault.spoil(reply, params)
        return replace(reply, headers=headers + reply.headers)
