"""Bulk files over HTTP: indexes, `.md5` files, and large files resumed where they broke off.

A download goes to `NAME.part` and is renamed only once its MD5 is right, so whatever bears the final name was whole.
Requests go one at a time, to one host; a redirect to another is refused. Messages give host and file name, no more of
the address.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from harvest.errors import HarvestError, Unreachable, WrongUse
from harvest.eutils import TOOL, Patience, package_version
from harvest.listing import Area, BulkFile, in_order, md5_in, read_index

__all__ = ["FileArea", "NotThere", "WrongSum", "md5_of"]

CHUNK = 2**18
# Of an answer that breaks off, less than this is lost.
PIECE = 2**14
REDIRECTS = 3
# An index of some thousand files is a few hundred KB.
LARGEST_TEXT = 16 * 2**20
LARGEST_FILE = 4 * 2**30
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_T = TypeVar("_T")
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class NotThere(HarvestError):
    """One file cannot be had: it is missing, or does not arrive whatever is tried. The others go on."""


class WrongSum(HarvestError):
    """One file arrives, but its MD5 is not what its `.md5` says."""


@dataclass(eq=False)
class _BrokenError(Exception):
    """One failed attempt, and whether another may help."""

    reason: str
    again: bool = True
    connected: bool = True


def md5_of(path: Path) -> tuple[str, int]:
    """The MD5 (hex) and size in bytes of a file, read in chunks. Raises OSError."""
    digest, size = hashlib.md5(usedforsecurity=False), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


class FileArea:
    """NLM's file area, or a server that behaves like it, at `url`; a context manager that closes it.

    `requests` counts what was sent. Raises WrongUse where `url` is no http(s) address.
    """

    def __init__(
        self, url: str, *, patience: Patience | None = None, on_retry: Callable[[str], None] | None = None
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise WrongUse("the address must be http(s)://HOST/.../, like https://ftp.ncbi.nlm.nih.gov/pubmed/")
        self.url = url if url.endswith("/") else url + "/"
        self.host = parts.netloc.rpartition("@")[2]
        self.patience = patience or Patience()
        self.on_retry = on_retry
        self.requests = 0
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"{TOOL}/{package_version()}"
        # Compressed on the way, a byte range would not be one of the file.
        self._session.headers["Accept-Encoding"] = "identity"

    def close(self) -> None:
        """Close connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def listing(self) -> list[BulkFile]:
        """The bulk files of the area or of its `baseline/` and `updatefiles/`, in order.

        Raises:
            WrongUse: the address is not there, or lists no bulk files.
            Unreachable: the server cannot be reached, or one of the two folders cannot be listed.
        """
        try:
            files, folders = self._index(self.url)
        except NotThere as error:
            raise WrongUse(f"{error}; check the address") from error
        for folder in folders:
            files += self._folder(folder)
        if not files:
            raise WrongUse(f"{self.host}: the address lists no PubMed bulk file (pubmedYYnNNNNN.xml.gz); check it")
        return in_order(files)

    def _folder(self, folder: Area) -> list[BulkFile]:
        try:
            return self._index(urljoin(self.url, f"{folder}/"))[0]
        except NotThere as error:  # without it neither order nor gaps are known
            raise Unreachable(f"{error}; run again later") from error

    def _index(self, address: str) -> tuple[list[BulkFile], list[Area]]:
        found = read_index(self._text(address), address)
        if found is None:
            raise NotThere(f"{self.host}: {_shown(address)} is no listing of files")
        return found

    def md5(self, file: BulkFile) -> str | None:
        """The MD5 that the file's `.md5` gives; None where that holds none. Raises NotThere, Unreachable."""
        return md5_in(self._text(file.place + ".md5"), file.name)

    def _text(self, address: str) -> str:
        def attempt() -> str:
            body = bytearray()
            with self._get(address, {}) as response:
                self._check(response.status_code)
                for chunk in response.iter_content(2**16):
                    body += chunk
                    if len(body) > LARGEST_TEXT:
                        raise _BrokenError("an answer without end", again=False)
            return body.decode("utf-8", "replace")

        return self._patiently(attempt, _shown(address), lambda: 0)

    def fetch(self, file: BulkFile, folder: Path, md5: str | None) -> Path:
        """The file whole in `folder`, its MD5 verified where `md5` is given; what is there already is used.

        Raises:
            WrongSum: the MD5 is wrong, a second time too; nothing of it stays.
            NotThere: the server does not give the file, whatever is tried.
            Unreachable: the server cannot be reached at all.
        """
        path, part = folder / file.name, folder / f"{file.name}.part"
        if path.is_file():
            if md5 is not None and md5_of(path)[0] == md5:
                return path
            path.unlink()
        for _ in range(2):
            self._patiently(lambda: self._more(file, part), file.name, lambda: _size(part))
            got, size = md5_of(part)
            if md5 is None or got == md5:
                return part.replace(path)
            part.unlink()
        raise WrongSum(f"{file.name}: its MD5 is {got} ({size:,} bytes), not {md5} as its .md5 says, twice")

    def _more(self, file: BulkFile, part: Path) -> None:
        """One attempt to get the rest of a file after what `part` holds."""
        have = _size(part)
        with self._get(file.place, {"Range": f"bytes={have}-"} if have else {}) as response:
            status = response.status_code
            if status == 416:  # nothing after what is held: it may be whole; if not, its MD5 will tell
                total = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("Content-Range", ""))
                if total and int(total[1]) == have:
                    return
                part.unlink()
                raise _BrokenError("what was downloaded before is longer than the file")
            self._check(status)
            begins = _RANGE.match(response.headers.get("Content-Range", "")) if status == 206 else None
            if status == 206 and (begins is None or int(begins[1]) != have):
                part.unlink(missing_ok=True)
                raise _BrokenError("it sends another part than was asked for")
            self._write(response, part, have if status == 206 else 0)

    def _write(self, response: requests.Response, part: Path, at: int) -> None:
        length = response.headers.get("Content-Length", "")
        wanted = at + int(length) if length.isdigit() else None
        with part.open("r+b" if at else "wb") as file:
            file.seek(at)
            size = at
            for chunk in response.iter_content(PIECE):
                size += len(chunk)
                if size > LARGEST_FILE:
                    raise _BrokenError(f"more than {LARGEST_FILE:,} bytes", again=False)
                file.write(chunk)
        if wanted is not None and size != wanted:
            raise _BrokenError(f"cut short at {size:,} of {wanted:,} bytes")

    def _get(self, address: str, headers: Mapping[str, str]) -> requests.Response:
        """An answer whose body is still to be read, redirects within the host followed."""
        patience = self.patience
        for _ in range(REDIRECTS + 1):
            self.requests += 1
            response = self._session.get(
                address,
                headers=dict(headers),
                timeout=(patience.connect, patience.read),
                stream=True,
                allow_redirects=False,
            )
            if response.status_code not in (301, 302, 303, 307, 308):
                return response
            response.close()
            target = urljoin(address, response.headers.get("Location", ""))
            here, there = urlsplit(address), urlsplit(target)
            if here.hostname != there.hostname or there.scheme not in (here.scheme, "https"):
                raise _BrokenError(f"it redirects to another server ({there.hostname}), which is refused", again=False)
            address = target
        raise _BrokenError("it redirects in circles", again=False)

    def _check(self, status: int) -> None:
        if status in _PASSING:
            raise _BrokenError(f"HTTP {status}")
        if status not in (200, 206):
            raise _BrokenError(f"HTTP {status}", again=status >= 500)

    def _patiently(self, attempt: Callable[[], _T], what: str, progress: Callable[[], int]) -> _T:
        """Try until it works or patience ends; bytes that came begin the count anew."""
        began, tries = time.monotonic(), 0
        while True:
            before = progress()
            try:
                return attempt()
            except _BrokenError as error:
                trouble = error
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                trouble = _trouble(error)
            tries = 1 if progress() > before else tries + 1
            last = tries > len(self.patience.delays)
            delay = 0.0 if last else self.patience.delays[tries - 1]
            waited = time.monotonic() - began + delay
            if not trouble.connected and (last or waited > self.patience.no_connection):
                raise Unreachable(
                    f"{self.host} cannot be reached: {trouble.reason}; check the connection and run again"
                )
            if not trouble.again or last:
                raise NotThere(f"{what}: cannot be downloaded from {self.host}: {trouble.reason}")
            if self.on_retry is not None:
                self.on_retry(f"{self.host}: {trouble.reason}; trying again")
            time.sleep(delay)


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _shown(address: str) -> str:
    return urlsplit(address).path.rstrip("/").rpartition("/")[2] or "the address"


def _trouble(error: Exception) -> _BrokenError:
    """What went wrong, without the exception's own text: that may hold addresses and passwords."""
    if isinstance(error, requests.exceptions.SSLError):
        return _BrokenError("its certificate cannot be verified", again=False)
    if isinstance(error, requests.exceptions.ProxyError):
        return _BrokenError("the proxy set in the environment does not answer", connected=False)
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return _BrokenError("no connection within the time allowed", connected=False)
    inner: object = error.args[0] if error.args else None
    cause = getattr(inner, "reason", inner)
    if isinstance(cause, urllib3.exceptions.NewConnectionError):
        return _BrokenError("the connection is refused or there is no network", connected=False)
    if isinstance(error, requests.exceptions.Timeout) or isinstance(inner, urllib3.exceptions.ReadTimeoutError):
        return _BrokenError("no answer within the time allowed")
    if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return _BrokenError("the connection broke")
    if isinstance(error, urllib3.exceptions.HTTPError):
        return _BrokenError(f"the connection broke ({type(error).__name__})")
    return _BrokenError(f"the request could not be sent ({type(error).__name__})", again=False)
