"""The part of a byte stream that is still needed, so that a search reads on and memory stays flat."""

from __future__ import annotations

import re
from typing import Protocol

__all__ = ["Readable", "TooLong", "Window"]


class Readable(Protocol):
    """Anything that gives bytes: a file, a socket's response, a gzip stream."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; none at the end."""


class TooLong(Exception):
    """What is looked for is further off than the caller allows."""


class Window:
    """The part of a stream that is still needed. Positions count from the start of the stream."""

    def __init__(self, stream: Readable, chunk: int) -> None:
        self._stream = stream
        self._chunk = chunk
        self._base = 0
        self._bytes = bytearray()

    @property
    def end(self) -> int:
        """The position after the last byte read so far."""
        return self._base + len(self._bytes)

    def _more(self) -> bool:
        chunk = self._stream.read(self._chunk)
        self._bytes += chunk
        return bool(chunk)

    def drop(self, position: int) -> None:
        """Forget what is before the position."""
        del self._bytes[: position - self._base]
        self._base = position

    def cut(self, start: int, end: int) -> bytes:
        """A copy of what is between two positions, both read and not dropped."""
        return bytes(self._bytes[start - self._base : end - self._base])

    def peek(self, position: int, size: int) -> bytes:
        """The bytes there, fewer only at the stream's end."""
        while self.end < position + size and self._more():
            pass
        return self.cut(position, position + size)

    def find(self, needle: bytes, start: int, limit: int) -> int:
        """Where the needle is, reading on as needed; -1 at the stream's end; `TooLong` if not before `limit`."""
        while (at := self._bytes.find(needle, start - self._base)) < 0:
            start = max(start, self.end - len(needle) + 1)
            if start > limit:
                raise TooLong
            if not self._more():
                return -1
        if at + self._base > limit:
            raise TooLong
        return at + self._base

    def search(self, pattern: re.Pattern[bytes], start: int, end: int) -> tuple[int, bytes] | None:
        """The first match in what has been read."""
        found = pattern.search(self._bytes, start - self._base, end - self._base)
        return (found.start() + self._base, found[0]) if found else None

    def seek(self, pattern: re.Pattern[bytes], start: int, longest: int) -> tuple[int, bytes] | None:
        """The first match anywhere further on (of up to `longest` bytes), forgetting what is passed."""
        while not (found := self.search(pattern, start, self.end)):
            start = max(start, self.end - longest + 1)
            self.drop(start)
            if not self._more():
                return None
        return found

    def plain(self, start: int, end: int) -> bool:
        """Whether nothing in between can hide or break an element: no `<!`, no `<?`, no tag of a record or a set.

        A shortcut past the full search, which nearly every record may take: single bytes are found fastest.
        """
        held, at, stop = self._bytes, start - self._base, end - self._base
        for byte in (b"!", b"?"):
            found = held.find(byte, at, stop)
            while found >= 0:
                if held[found - 1] == 0x3C:
                    return False
                found = held.find(byte, found + 1, stop)
        found = held.find(b"Pubmed", at, stop)
        while found >= 0:
            if held[found - 1] in b"</" and not held.startswith((b"PubmedData", b"PubmedBookData"), found):
                return False
            found = held.find(b"Pubmed", found + 1, stop)
        return held.find(b"DeleteCitation", at, stop) < 0
