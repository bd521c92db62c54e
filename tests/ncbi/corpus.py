"""The records this PubMed holds: raw bytes by PMID, changeable while it runs."""

from __future__ import annotations

import gzip
import re
import threading
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["Corpus", "CorpusError", "cut"]

_ELEMENT = re.compile(
    rb"<(PubmedArticle|PubmedBookArticle)(?=[\s>]).*?</\1\s*>|<DeleteCitation\s*>.*?</DeleteCitation\s*>", re.DOTALL
)
_PMID = re.compile(rb"<PMID(\s[^>]*)?>\s*(\d+)\s*</PMID>")
_VERSION = re.compile(rb"Version\s*=\s*[\"'](\d+)")


class CorpusError(Exception):
    """A corpus file that cannot be read, in one line."""


def cut(xml: bytes) -> Iterator[bytes]:
    """The articles, book articles and `DeleteCitation` elements of an article set, as written, in order."""
    for match in _ELEMENT.finditer(xml):
        yield match.group(0)


def _identity(raw: bytes) -> tuple[int, int]:
    """(PMID, Version) of a raw record: the first PMID element is the record's own by NLM's DTD."""
    match = _PMID.search(raw)
    if match is None:
        raise CorpusError("a record has no PMID element: give it one, even if the rest of it is broken")
    version = _VERSION.search(match.group(1) or b"")
    return int(match.group(2)), int(version.group(1)) if version else 1


class Corpus:
    """Raw records by PMID. Each change is logged so that an index can follow it; safe to use from several threads."""

    def __init__(self, records: Iterable[bytes] = ()) -> None:
        self._lock = threading.Lock()
        self._raw: dict[int, bytes] = {}
        self._versions: dict[int, int] = {}
        self._changes: list[tuple[int, bytes | None]] = []
        for raw in records:
            self.put(raw)

    def put(self, raw: bytes) -> int:
        """Add a raw record or replace what its PMID had; a lower Version never replaces a higher. Returns the PMID."""
        pmid, version = _identity(raw)
        with self._lock:
            if version >= self._versions.get(pmid, 0):
                self._raw[pmid] = raw
                self._versions[pmid] = version
                self._changes.append((pmid, raw))
        return pmid

    def delete(self, pmid: int) -> bool:
        """Remove a record as `DeleteCitation` does; False where there was none."""
        with self._lock:
            self._versions.pop(pmid, None)
            if self._raw.pop(pmid, None) is None:
                return False
            self._changes.append((pmid, None))
            return True

    def add_xml(self, xml: bytes) -> int:
        """Apply an article set: records replace, `DeleteCitation` removes, in order. Returns how many elements."""
        count = 0
        for element in cut(xml):
            count += 1
            if element.startswith(b"<DeleteCitation"):
                for match in _PMID.finditer(element):
                    self.delete(int(match.group(2)))
            else:
                self.put(element)
        return count

    def add_path(self, path: Path) -> int:
        """Apply a `.xml` or `.xml.gz` file, or all such files of a directory by name.

        Raises:
            CorpusError: the path is missing, cannot be read, or holds no record.
        """
        files = sorted([*path.glob("*.xml"), *path.glob("*.xml.gz")]) if path.is_dir() else [path]
        count = 0
        for file in files:
            try:
                data = file.read_bytes()
                count += self.add_xml(gzip.decompress(data) if file.name.endswith(".gz") else data)
            except (OSError, EOFError, zlib.error) as error:
                raise CorpusError(f"{file}: cannot be read ({error}); give a PubMed .xml or .xml.gz file") from error
        if count == 0:
            raise CorpusError(f"{path}: no PubMed record in it; give a PubmedArticleSet as .xml or .xml.gz")
        return count

    def get(self, pmid: int) -> bytes | None:
        """The record exactly as put, or None."""
        return self._raw.get(pmid)

    def pmids(self) -> list[int]:
        """Every PMID held, newest (highest) first."""
        with self._lock:
            return sorted(self._raw, reverse=True)

    def raws(self) -> list[bytes]:
        """Every raw record, by ascending PMID."""
        with self._lock:
            return [self._raw[pmid] for pmid in sorted(self._raw)]

    def changes_since(self, mark: int) -> tuple[list[tuple[int, bytes | None]], int]:
        """Changes after `mark` (None for a deletion), and the mark to ask with next time."""
        with self._lock:
            return self._changes[mark:], len(self._changes)

    def __len__(self) -> int:
        return len(self._raw)

    def __contains__(self, pmid: object) -> bool:
        return pmid in self._raw
