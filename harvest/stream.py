"""A stream of PubMed XML to the raw bytes of each record, one at a time; and the opening of files.

Cutting on bytes keeps each record exactly as NLM sent it, lets one bad record spoil only itself, and needs no more
memory than one record and a chunk, whatever the size of the stream. What is found wrong is told at the end.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

from harvest.errors import HarvestError, WrongUse
from harvest.record import pmid_of
from harvest.window import Readable, TooLong, Window

__all__ = [
    "MAX_ELEMENT",
    "MAX_RATIO",
    "MAX_UNZIPPED",
    "BadFile",
    "BrokenStream",
    "Element",
    "Kind",
    "NotRecords",
    "TruncatedStream",
    "elements",
    "open_xml",
    "why_not_records",
]

# The largest real records (thousands of authors, each with an address) are a few MiB.
MAX_ELEMENT = 32 * 2**20
# NLM's files unzip to about 400 MB; ten times that is an accident or an attack.
MAX_UNZIPPED = 4 * 2**30
# NLM's files shrink 5 to 15 times, deflate can reach 1032. A small file does no harm: counted from RATIO_FROM bytes on.
MAX_RATIO = 250
RATIO_FROM = 16 * 2**20

Kind = Literal["PubmedArticle", "PubmedBookArticle", "DeleteCitation"]

_CHUNK = 2**18
_MARKUP_LIMIT = 2**20  # a tag, comment or document type longer than this, outside a record, is none of PubMed's
_TAG_LIMIT = 2**12  # likewise, for a tag with brackets in its attributes
_FAULTS_KEPT = 20
_KINDS: dict[bytes, Kind] = {
    b"PubmedArticle": "PubmedArticle",
    b"PubmedBookArticle": "PubmedBookArticle",
    b"DeleteCitation": "DeleteCitation",
}
_SETS = frozenset({b"PubmedArticleSet", b"PubmedBookArticleSet"})
_SOLID = re.compile(rb"[^ \t\r\n]")
_MARKUP = re.compile(rb"<")
_NAME = re.compile(rb"</?([^\s/>]+)")
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
_ENCODING = re.compile(rb"\sencoding\s*=\s*[\"']([^\"']*)")
_LONGEST = len(b"</PubmedBookArticleSet>")
_BOUNDARY = re.compile(rb"</?(?:Pubmed(?:Book)?Article(?:Set)?|DeleteCitation)[\s/>]")
# Inside an element: what may hide an end tag, or shows that the element was cut short.
_INSIDE = re.compile(rb"<(?:!--|!\[CDATA\[|\?|/?(?:Pubmed(?:Book)?Article(?:Set)?|DeleteCitation)[\s/>])")
_HIDING = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_PREAMBLE = re.compile(
    rb"(?:[\s\xef\xbb\xbf]+|<!--.*?-->|<\?.*?\?>"
    rb"|<!DOCTYPE(?:[^>\[\"']|\"[^\"]*\"|'[^']*')*(?:\[.*?\]\s*)?>)*",
    re.DOTALL,
)


class BadFile(HarvestError):
    """A file that cannot be read to its end: cut short, damaged, or unzipping without bound."""


class NotRecords(HarvestError):
    """A stream that is no set of PubMed records: an error message, a web page, another format."""


class BrokenStream(HarvestError):
    """Some of a stream is no whole record. Raised at its end, after every whole one; `faults` says what and where.

    At most 20 faults are kept; `count` is the number of all.
    """

    def __init__(self, name: str, faults: tuple[str, ...], count: int) -> None:
        more = f" (and {count - 1} more faults)" if count > 1 else ""
        super().__init__(f"{name}: {faults[0]}{more}; every whole record was read, fetch the rest again")
        self.faults = faults
        self.count = count


class TruncatedStream(BrokenStream):
    """The stream, or a document within it, ends before its last element does."""


@dataclass(frozen=True, slots=True)
class Element:
    """One top-level element: its name, its bytes exactly as sent, and its offset in the (unzipped) stream."""

    kind: Kind
    raw: bytes
    offset: int


def why_not_records(body: bytes) -> str | None:
    """Why a body is no set of PubMed records, as the end of a sentence that begins with its name; None if it is one.

    The first few KB are enough. An empty set counts as a set. Known others: E-utilities' `<ERROR>`, its JSON
    errors, HTML pages.
    """
    head = body[:_MARKUP_LIMIT]
    found = _PREAMBLE.match(head)
    rest = head[found.end() :] if found else head
    if not rest:
        return "holds no record set" if body.strip() else "is empty"
    tag = _NAME.match(rest)
    if rest[:1] == b"<" and tag:
        if tag[1] in _KINDS or tag[1] in _SETS:
            return None
        if tag[1].lower() == b"html":
            return "is a web page, not PubMed XML"
        error = re.search(rb"<ERROR>([^<]*)", rest, re.IGNORECASE)
        said = f" that says {_shown(error[1])}" if error else ""
        return f"is <{_shown(tag[1][:40])[1:-1]}>{said}, not <PubmedArticleSet>"
    if rest[:1] in (b"{", b"["):
        error = re.search(rb"\"error\"\s*:\s*\"([^\"]*)", rest, re.IGNORECASE)
        return "is JSON" + (f" that says {_shown(error[1])}" if error else "") + ", not PubMed XML"
    return f"is no XML: it begins with {_shown(rest[:40])}"


def _shown(text: bytes) -> str:
    """Bytes of a stranger's as a message may hold them: quoted, one line, nothing that moves a terminal's cursor."""
    return repr(" ".join(text[:200].decode("utf-8", "replace").split()))


def elements(
    stream: Readable, *, name: str | None = None, limit: int = MAX_ELEMENT, chunk: int = _CHUNK
) -> Iterator[Element]:
    """Each record and deletion list of a stream of PubMed XML (UTF-8), in order, as raw bytes.

    The stream may hold one document or several in a row, sets or bare articles. Memory: one element and a chunk.
    `name` is what messages call the stream; `limit` is the largest element in bytes; `chunk` is bytes a read.

    Raises:
        NotRecords: where the stream is something else or empty (see `why_not_records`).
        TruncatedStream: at the end, after every whole element, where a document stops inside an element or its set.
        BrokenStream: at the end, where an element was larger than `limit` or something was no record.
    """
    label = name or str(getattr(stream, "name", None) or "the stream")
    return _Cutter(Window(stream, chunk), label, limit).run()


class _Cutter:
    """One pass over one stream."""

    def __init__(self, window: Window, name: str, limit: int) -> None:
        self.window = window
        self.name = name
        self.limit = limit
        self.open_set: bytes | None = None
        self.root_seen = False
        self.faults: list[str] = []
        self.fault_count = 0
        self.truncated = False
        self.passed = (0, 0, b"")  # between these places no such end tag begins

    def run(self) -> Iterator[Element]:
        window = self.window
        start = window.peek(0, 3)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise NotRecords(f"{self.name}: is UTF-16; save it as UTF-8, as PubMed sends it")
        position = 3 if start == b"\xef\xbb\xbf" else 0
        while solid := window.seek(_SOLID, position, 1):
            position = solid[0]
            window.drop(position)
            try:
                element, position = self._next(position)
            except TooLong:
                self._fault(f"no end of what begins at byte {position}, so the rest was not read", truncated=True)
                self.open_set = None
                break
            if element:
                yield element
        if not self.root_seen and not self.faults:
            raise NotRecords(f"{self.name}: holds no record set")
        if self.open_set:
            self._close_short(window.end)
        if self.faults:
            kind = TruncatedStream if self.truncated else BrokenStream
            raise kind(self.name, tuple(self.faults), self.fault_count)

    def _fault(self, text: str, *, truncated: bool = False) -> None:
        self.fault_count += 1
        self.truncated |= truncated
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(text)

    def _close_short(self, position: int) -> None:
        name = (self.open_set or b"").decode()
        self.open_set = None
        self._fault(f"cut short at byte {position}: </{name}> is missing", truncated=True)

    def _next(self, position: int) -> tuple[Element | None, int]:
        """What begins here, between records, and where to go on."""
        head = self.window.peek(position, 9)
        if head[:1] == b"<" and head[:2] not in (b"<!", b"<?"):
            return self._tag(position)
        if head[:2] == b"<?" or head[:4] == b"<!--" or head == b"<!DOCTYPE":
            return None, self._declaration(position, head)
        self._refuse_unless_open(position)
        self._fault(f"text that is no record at byte {position}")
        found = self.window.seek(_MARKUP, position + 1, 1)
        return None, found[0] if found else self.window.end

    def _refuse_unless_open(self, position: int) -> None:
        """A stream whose very first element or text is something else is refused whole."""
        if not self.root_seen:
            raise NotRecords(f"{self.name}: {why_not_records(self.window.peek(position, 4096))}")

    def _declaration(self, position: int, head: bytes) -> int:
        """Past a comment, a processing instruction or a document type. What they declare is never used."""
        window = self.window
        if head[:5] == b"<?xml" and head[5:6].isspace() and self.open_set:
            self._close_short(position)  # another document begins though the last one has not ended
        limit = position + _MARKUP_LIMIT
        mark = b"?>" if head[:2] == b"<?" else b"-->" if head[:4] == b"<!--" else b">"
        if mark == b">":
            at = self._closing_bracket(position)
            if at >= 0 and b"[" in _QUOTED.sub(b"", window.cut(position, at)):
                # An internal subset, which NLM never sends, ends with "]>": skipped, so no entity of it can be used.
                while at >= 0 and not window.cut(max(position, at - 64), at).rstrip().endswith(b"]"):
                    at = window.find(mark, at + 1, limit)
        else:
            at = window.find(mark, position + (4 if mark == b"-->" else 2), limit)
        if at < 0:
            self._fault(f"cut short at byte {window.end}: inside what begins at byte {position}", truncated=True)
            return window.end
        encoding = _ENCODING.search(window.cut(position, at)) if head[:5] == b"<?xml" else None
        if encoding and encoding[1].lower() not in (b"utf-8", b"utf8", b"us-ascii", b"ascii"):
            raise NotRecords(f"{self.name}: says its encoding is {_shown(encoding[1])}; save it as UTF-8")
        return at + len(mark)

    def _closing_bracket(self, position: int) -> int:
        """Where the markup that begins here has its `>`, one inside quotes not counted; -1 at the stream's end."""
        window = self.window
        at = window.find(b">", position, position + _MARKUP_LIMIT)
        while at >= 0 and re.search(rb"[\"']", _QUOTED.sub(b"", window.cut(position, at))):
            at = window.find(b">", at + 1, position + _TAG_LIMIT)
        return at

    def _tag(self, position: int) -> tuple[Element | None, int]:
        """A tag between records: a set's, a record's whole element, or something that does not belong there."""
        window = self.window
        at = self._closing_bracket(position)
        if at < 0:
            self._fault(f"cut short at byte {window.end}: inside a tag", truncated=True)
            return None, window.end
        tag = window.cut(position, at + 1)
        found = _NAME.match(tag)
        name = found[1] if found else b""
        closes, alone = tag.startswith(b"</"), tag.endswith(b"/>")
        if name in _KINDS and not closes:
            self.root_seen = True
            if alone and len(tag) > self.limit:
                self._too_large(position)
                return None, at + 1
            if alone:
                return Element(_KINDS[name], tag, position), at + 1
            return self._element(name, position, at + 1)
        if name in _SETS:
            self.root_seen = True
            self._set(name, position, closes=closes, alone=alone)
            return None, at + 1
        self._refuse_unless_open(position)
        self._fault(f"{_shown(tag[:40])[1:-1]} at byte {position} is no record")
        return None, at + 1

    def _set(self, name: bytes, position: int, *, closes: bool, alone: bool) -> None:
        if closes and self.open_set != name:
            self._fault(f"</{name.decode()}> at byte {position} closes nothing: the stream's beginning is missing")
        elif closes:
            self.open_set = None
        else:
            if self.open_set:
                self._close_short(position)
            self.open_set = None if alone else name

    def _element(self, name: bytes, start: int, after: int) -> tuple[Element | None, int]:
        """The element from its start tag's place to the end of its end tag, or past what is left of it."""
        closing = b"</" + name
        try:
            end, whole = self._end(closing, start, after)
        except TooLong:
            return self._skip(closing, start, after)
        if whole:
            return Element(_KINDS[name], self.window.cut(start, end), start), end
        self._fault(f"cut short at byte {end}: inside {self._label(start)}, from byte {start}", truncated=True)
        return None, end

    def _end(self, closing: bytes, start: int, position: int) -> tuple[int, bool]:
        """Where the element ends, and whether it is whole there or was cut short. `TooLong` beyond the limit."""
        window, limit = self.window, start + self.limit
        while True:
            at, again = self._find_end(closing, position, limit)
            stop = at if at >= 0 else window.end
            follows = window.peek(at + len(closing), 1) if at >= 0 else b""
            if again or follows != b">" or not window.plain(position, at):
                while position <= stop and (found := window.search(_INSIDE, position, stop)):
                    where, token = found
                    if token not in _HIDING:
                        return where, False  # another record begins
                    closed = window.find(_HIDING[token], where + len(token), limit)
                    if closed < 0:
                        return window.end, False
                    position = closed + len(_HIDING[token])
                if position > stop:
                    continue  # that end tag was inside a comment or CDATA
            if follows == b">" or follows.isspace():
                end = window.find(b">", at + len(closing), limit - 1)
                return (end + 1, True) if end >= 0 else (window.end, False)
            if not follows:
                return window.end, False
            if _BOUNDARY.match(window.peek(at, _LONGEST)):
                return at, False  # the set ends before the element does
            position = at + len(closing)

    def _find_end(self, closing: bytes, position: int, limit: int) -> tuple[int, bool]:
        """`Window.find` of an end tag, and whether an element that was cut short had looked here before.

        What was looked through is not again: a file of nothing but start tags would take the square of its length.
        """
        start, to, sought = self.passed
        again = sought == closing and start <= position < to
        try:
            at = self.window.find(closing, to if again else position, limit)
        except TooLong:
            self.passed = (position, max(position, min(limit, self.window.end - len(closing))), closing)
            raise
        self.passed = (position, at if at >= 0 else max(position, self.window.end - len(closing)), closing)
        return at, again

    def _label(self, start: int) -> str:
        if len(self.faults) >= _FAULTS_KEPT:
            return ""  # of a fault that is only counted
        pmid = pmid_of(self.window.peek(start, 4096))
        return f"PMID {pmid}" if pmid else "an element"

    def _too_large(self, start: int) -> None:
        self._fault(f"{self._label(start)} at byte {start} is larger than {self.limit:,} bytes and was left out")

    def _skip(self, closing: bytes, start: int, after: int) -> tuple[None, int]:
        """Past an element that is too large to hold, to its end or to the next one's beginning."""
        self._too_large(start)
        found = self.window.seek(_BOUNDARY, after, _LONGEST)
        if not found:
            end = self.window.end
            self._fault(f"cut short at byte {end}: inside the element from byte {start}", truncated=True)
            return None, end
        where, token = found
        return None, where + len(token) if token[:-1] == closing else where


@contextmanager
def open_xml(path: Path | str) -> Iterator[BinaryIO]:
    """A file of PubMed XML opened for `elements`, unzipped where its first bytes say gzip, whatever its name.

    A read may return fewer bytes than asked, so that all that came before a fault is given first.

    Raises:
        WrongUse: the file cannot be opened.
        BadFile: on a read, where a gzip file is cut short, damaged, or unzips beyond `MAX_UNZIPPED` or `MAX_RATIO`.
    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - closed by the with below; only opening may raise WrongUse
    except OSError as error:
        raise WrongUse(f"{path}: cannot be opened ({error.strerror}); give a PubMed XML file, .gz or not") from error
    with file:
        if file.peek(2)[:2] == b"\x1f\x8b":
            with _Unzipped(file, str(path)) as unzipped:
                yield cast(BinaryIO, unzipped)
        else:
            yield file


class _Unzipped(io.RawIOBase):
    """A gzip file of one or more members, read with bounds on what it may unzip to."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        self._file = file
        self._member = zlib.decompressobj(wbits=31)
        self._input = b""
        self._read = 0
        self._given = 0
        self._done = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # io passes nothing else
        """Fill some of the buffer; 0 at the end."""
        data = b""
        while not data and not self._done:
            data = self._some(len(buffer))
        buffer[: len(data)] = data
        self._given += len(data)
        if self._given > MAX_UNZIPPED:
            raise BadFile(f"{self.name}: unzips to more than {MAX_UNZIPPED:,} bytes; split it, or leave it out")
        if self._given > max(RATIO_FROM, MAX_RATIO * self._read):
            raise BadFile(f"{self.name}: unzips to more than {MAX_RATIO} times its size; no PubMed file does")
        return len(data)

    def _some(self, size: int) -> bytes:
        fresh = self._input or self._file.read(_CHUNK)
        self._read += 0 if self._input else len(fresh)
        try:
            data = self._member.decompress(fresh, size)
        except zlib.error as error:
            raise BadFile(f"{self.name}: the gzip file is damaged ({error}); fetch it again") from error
        self._input = self._member.unconsumed_tail
        if self._member.eof:
            self._next_member(self._member.unused_data)
        elif not fresh and not data:
            raise BadFile(f"{self.name}: the gzip file is cut short; fetch it again")
        return data

    def _next_member(self, rest: bytes) -> None:
        """Begin the next member where there is one; padding with NUL bytes is allowed, as gzip does."""
        while not (rest := rest.lstrip(b"\0")):
            rest = self._file.read(_CHUNK)
            self._read += len(rest)
            if not rest:
                self._done = True
                return
        self._member = zlib.decompressobj(wbits=31)
        self._input = rest
