"""NCBI's E-utilities over HTTP: paced, retried, every answer checked before it is believed.

A request that failed is never read as "no results": it is answered whole, or an error says why not. No key, e-mail
address or proxy password is part of any message here: messages are put together from the host and from what was wrong.
Source: NCBI, "E-utilities In-Depth" (NBK25499) and what its servers were seen to send (429 with a JSON body, the same
body with 200, HTML pages with 200, `<ERROR>`, XML cut short).
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from harvest.answers import SearchAnswer, check_articles, check_search, error_of, read_search, refusal
from harvest.errors import Unreachable, WrongUse
from harvest.pace import Pace

__all__ = ["NCBI", "Client", "NoUsableAnswer", "Patience"]

NCBI = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"
TOOL = "lbp-evidence-catalog"
LARGEST_ANSWER = 512 * 2**20
REDIRECTS = 3
_GATEWAY = frozenset({408, 425, 429, 500, 502, 503, 504})


class NoUsableAnswer(Unreachable):
    """PubMed answers, but not to this: after every retry the answer was an error, cut short or garbled."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try. All in seconds; `delays` before each retry, each varied by up to a quarter either way."""

    delays: tuple[float, ...] = (1, 2, 4, 8, 15, 30)
    connect: float = 6
    read: float = 60  # without a byte
    answer: float = 600  # for one whole answer
    no_connection: float = 8  # after which a PubMed that cannot be connected to is not tried again
    longest_wait: float = 120  # that a Retry-After may ask for


@dataclass(eq=False)
class _AttemptError(Exception):
    """One failed attempt: why, whether another may help, and when PubMed asked to come back."""

    reason: str
    again: bool = True
    after: float | None = None
    connected: bool = True


Check = Callable[[bytes], tuple[bool, str]]


def package_version() -> str:
    """The harvester's version, as installed."""
    try:
        return version(TOOL)
    except PackageNotFoundError:
        return "unknown"


class Client:
    """A connection to PubMed (or to a server that behaves like it, at `base_url`); a context manager that closes it.

    Each setting comes from its argument, else from the environment (`NCBI_BASE_URL`, `NCBI_EMAIL`, `NCBI_API_KEY`),
    else from NCBI's default. `requests` and `retries` count what was sent; `first_date` is PubMed's own time
    in its first answer, None before it or where it says none.

    Raises:
        WrongUse: the base URL is not an http(s) address.
    """

    def __init__(
        self,
        base_url: str | None = None,
        email: str | None = None,
        api_key: str | None = None,
        *,
        patience: Patience | None = None,
        per_second: int | None = None,
        environ: Mapping[str, str] = os.environ,
        on_retry: Callable[[str], None] | None = None,
    ) -> None:
        self.base_url = _checked_base(base_url or environ.get("NCBI_BASE_URL") or NCBI)
        # With the port, without what may stand before an @.
        self.host = urlsplit(self.base_url).netloc.rpartition("@")[2]
        self.email = email or environ.get("NCBI_EMAIL") or None
        self._key = api_key or environ.get("NCBI_API_KEY") or None
        self.patience = patience or Patience()
        self.on_retry = on_retry
        self.requests = 0
        self.retries = 0
        self.first_date: datetime | None = None
        self._pace = Pace(self.host, self._key, per_second=per_second)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"{TOOL}/{package_version()}"

    def close(self) -> None:
        """Close connections."""
        self._session.close()
        self._pace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(self, term: str, *, retmax: int, retstart: int = 0) -> SearchAnswer:
        """One ESearch on PubMed. Raises Unreachable (NoUsableAnswer where PubMed answers, but with errors)."""
        fields = {"db": "pubmed", "term": term, "retmax": str(retmax), "retstart": str(retstart)}
        fields |= {"usehistory": "y", "retmode": "xml"}
        return read_search(self._ask("esearch.fcgi", fields, check_search))

    def fetch(self, pmids: Sequence[int]) -> bytes:
        """The `PubmedArticleSet` of these PMIDs, whole, as sent. Raises like `search`."""
        fields = {"db": "pubmed", "id": ",".join(map(str, pmids)), "retmode": "xml"}
        return self._ask("efetch.fcgi", fields, check_articles)

    def _ask(self, endpoint: str, fields: dict[str, str], check: Check) -> bytes:
        """Ask until there is an answer that passes `check`, or patience ends."""
        began = time.monotonic()
        attempt = 0
        while True:
            try:
                return self._post(endpoint, fields, check, began)
            except _AttemptError as trouble:
                delay = self._delay(trouble, attempt, began)
                attempt += 1
                if delay is None:
                    raise self._give_up(endpoint, trouble, attempt) from None
                self.retries += 1
                if self.on_retry is not None:
                    self.on_retry(f"{self.host}: {trouble.reason}; trying again in {delay:.0f} s")
            time.sleep(delay)

    def _delay(self, trouble: _AttemptError, attempt: int, began: float) -> float | None:
        """Seconds until the next attempt; None to give up."""
        patience = self.patience
        if not trouble.again or attempt >= len(patience.delays):
            return None
        delay = patience.delays[attempt] * random.uniform(0.75, 1.25)  # noqa: S311 - spreads retries, guards nothing
        if trouble.after is not None:
            if trouble.after > patience.longest_wait:
                return None
            delay = max(delay, trouble.after)
        if not trouble.connected and time.monotonic() - began + delay > patience.no_connection:
            return None
        return delay

    def _give_up(self, endpoint: str, trouble: _AttemptError, attempts: int) -> Unreachable:
        tried = f" (tried {attempts} times)" if attempts > 1 else ""
        if not trouble.connected:
            return Unreachable(
                f"PubMed at {self.host} cannot be reached: {trouble.reason}{tried}; check the connection and run again"
            )
        later = f", it asks to wait {trouble.after:.0f} s" if trouble.after else ""
        what = f"{trouble.reason}{tried}{later}"
        line = f"PubMed at {self.host} gives no usable answer to {endpoint}: {what}; run again later"
        return NoUsableAnswer(line) if trouble.again and not trouble.after else Unreachable(line)

    def _post(self, endpoint: str, fields: dict[str, str], check: Check, began: float) -> bytes:
        """One attempt, following redirects within the host. Raises _AttemptError, WrongUse."""
        data = {**fields, "tool": TOOL}
        if self.email:
            data["email"] = self.email
        if self._key:
            data["api_key"] = self._key
        url = urljoin(self.base_url, endpoint)
        for _ in range(REDIRECTS + 1):
            with self._pace.turn():
                self.requests += 1
                status, headers, body = self._send(url, data, began)
            if status not in (301, 302, 303, 307, 308):
                self._judge(status, headers, body)
                good, reason = check(body)
                if not good:
                    raise _AttemptError(self._plain(reason))
                return body
            url = self._redirected(url, headers.get("Location"))
        raise _AttemptError("it redirects in circles", again=False)

    def _send(self, url: str, data: dict[str, str], began: float) -> tuple[int, Mapping[str, str], bytes]:
        patience = self.patience
        left = max(1.0, patience.no_connection - (time.monotonic() - began))
        deadline = time.monotonic() + patience.answer
        try:
            with self._session.post(
                url, data=data, timeout=(min(patience.connect, left), patience.read), stream=True, allow_redirects=False
            ) as response:
                body = bytearray()
                for chunk in response.iter_content(2**16):
                    body += chunk
                    if len(body) > LARGEST_ANSWER:
                        raise _AttemptError(f"an answer of more than {LARGEST_ANSWER // 2**20} MiB", again=False)
                    if time.monotonic() > deadline:
                        raise _AttemptError(f"an answer not finished after {patience.answer:.0f} s")
                self.first_date = self.first_date or _date(response.headers.get("Date"))
                return response.status_code, response.headers, bytes(body)
        except requests.RequestException as error:
            raise _trouble_of(error) from None
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _AttemptError(f"the connection broke ({type(error).__name__})") from None

    def _judge(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raise _AttemptError where the status, or an error body that NCBI may send with any status, says so."""
        refused = refusal(body)
        if refused is not None and "api key" in refused.lower():
            raise WrongUse("PubMed refuses the API key; correct --api-key or NCBI_API_KEY, or go without one")
        limited = status == 429 or (refused is not None and "rate limit" in refused.lower())
        if limited:
            raise _AttemptError("HTTP 429, too many requests", after=_retry_after(headers))
        if status in _GATEWAY:
            raise _AttemptError(f"HTTP {status}", after=_retry_after(headers))
        if status != 200:
            # NCBI answers 400 with an <ERROR> for passing troubles of its own, such as a time-out behind the scenes.
            if b"<ERROR>" in body:
                raise _AttemptError(self._plain(f"HTTP {status}, {error_of(body)!r}"))
            raise _AttemptError(f"HTTP {status}; check --base-url or NCBI_BASE_URL", again=status >= 500)
        if refused is not None:
            raise _AttemptError(self._plain(f"an error, {refused!r}"))

    def _redirected(self, url: str, location: str | None) -> str:
        target = urljoin(url, location or "")
        here, there = urlsplit(url), urlsplit(target)
        upgraded = (here.scheme, there.scheme) == ("http", "https") and here.port is None and there.port is None
        if here.hostname != there.hostname or not (upgraded or (here.scheme, here.port) == (there.scheme, there.port)):
            # The request holds an e-mail address and a key: it goes to nobody else.
            raise _AttemptError(
                f"it redirects to another server ({there.hostname or 'none'}), which is refused", again=False
            )
        return target

    def _plain(self, text: str) -> str:
        """PubMed's own words on one short line, without key and e-mail address should it have repeated them."""
        for secret in (self._key, self.email):
            if secret:
                text = text.replace(secret, "***")
        line = " ".join(text.split())
        return line if len(line) <= 200 else line[:199] + "…"


def _checked_base(base_url: str) -> str:
    parts = urlsplit(base_url)
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        usable = False
    if not usable or parts.query or parts.fragment:
        raise WrongUse(
            f"the base URL must be http(s)://HOST/.../ without a query, like {NCBI};"
            " correct --base-url or NCBI_BASE_URL"
        )
    return base_url if base_url.endswith("/") else base_url + "/"


def _trouble_of(error: requests.RequestException) -> _AttemptError:
    """What went wrong, without the exception's own text: that may hold addresses and passwords."""
    inner: object = error.args[0] if error.args else None
    cause = getattr(inner, "reason", inner)
    if isinstance(error, requests.exceptions.SSLError):
        return _AttemptError("its certificate cannot be verified", again=False)
    if isinstance(error, requests.exceptions.ProxyError):
        return _AttemptError("the proxy set in the environment does not answer", connected=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return _AttemptError("no connection within the time allowed", connected=False)
    if isinstance(error, requests.exceptions.Timeout) or isinstance(inner, urllib3.exceptions.ReadTimeoutError):
        return _AttemptError("no answer within the time allowed")
    if isinstance(cause, urllib3.exceptions.NameResolutionError):
        return _AttemptError("its name is not known here", connected=False)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return _AttemptError("the connection is refused or there is no network", connected=False)
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return _AttemptError("an answer cut short")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return _AttemptError("an answer whose compression is damaged")
    if isinstance(error, requests.exceptions.ConnectionError):
        return _AttemptError("the connection broke")
    return _AttemptError(f"the request could not be sent ({type(error).__name__})", again=False)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After asks for, given as a number or as a date; None without one that can be read."""
    text = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    until, sent = _date(text), _date(headers.get("Date"))
    return None if until is None else max(0.0, (until - (sent or datetime.now(UTC))).total_seconds())


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except ValueError:
        return None
