"""Files that PubMed's "Save" and "Send to" make: which kind a file is, and the PMIDs that text ones name.

- XML: records whole, read by harvest/stream.py.
- "PMID": a list, one PMID a line.
- "PubMed" (MEDLINE text, .nbib from "Send to: Citation manager"): fields of a record, not NLM's XML. Its PMIDs are
  taken and their records fetched, so that whatever is stored is what NLM sent, whole and in one format.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from Bio import Medline

__all__ = ["MEDLINE", "PMIDS", "SUFFIXES", "XML", "FileKind", "Named", "kind_of", "pmids_in"]

FileKind = Literal["PubMed XML", "PMID list", "MEDLINE text"]
XML: FileKind = "PubMed XML"
PMIDS: FileKind = "PMID list"
MEDLINE: FileKind = "MEDLINE text"
# What folders are searched for; a .txt in a folder counts only where it is a list or MEDLINE text.
SUFFIXES = (".xml", ".xml.gz", ".nbib", ".txt")

# PubMed saves at most 10,000 records: about 60 MB as MEDLINE text.
LARGEST_TEXT = 256 * 2**20
_HEAD = 2**16
_read: Callable[..., Any] = Medline.read
_PMID_LINE = re.compile(r"(?:PMID:?\s*)?(\d{1,10})", re.IGNORECASE)
_LARGEST_PMID = 2**31 - 1
_MEDLINE = re.compile(rb"^(?:PMID|PMC|OWN|STAT|DCOM|LR)\s*- ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Named:
    """The PMIDs a file names, each once, in its order; `problems`: a line for what is none; `records`: entries read."""

    pmids: tuple[int, ...]
    problems: tuple[str, ...]
    records: int


def kind_of(path: Path) -> FileKind | None:
    """The kind of a file by its content; None where it is neither list nor MEDLINE text nor may be XML.

    A file that is compressed, empty or ends in .xml counts as XML, whose reader says what is wrong. Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head or head.startswith((b"<", b"\x1f\x8b")) or path.name.endswith((".xml", ".xml.gz")):
        return XML
    if _MEDLINE.search(head):
        return MEDLINE
    first = re.split(rb"[\r\n]", head, maxsplit=1)[0].decode("utf-8", "replace")
    if _PMID_LINE.match(first):
        return PMIDS
    return None


def pmids_in(path: Path, kind: FileKind) -> Named:
    """The PMIDs of a list or of MEDLINE text. Raises OSError, ValueError (too large, in one line without the path)."""
    if path.stat().st_size > LARGEST_TEXT:
        raise ValueError(f"is larger than {LARGEST_TEXT // 2**20} MiB, which no list saved from PubMed is")
    text = path.read_bytes().decode("utf-8-sig", "replace")
    return _medline(text) if kind == MEDLINE else _list(text)


def _list(text: str) -> Named:
    pmids: dict[int, None] = {}
    problems = []
    records = 0
    for number, line in enumerate(text.splitlines(), 1):
        for word in re.split(r"[,;\t]+|(?<=\d)\s+", line.strip()):
            if not word.strip():
                continue
            records += 1
            found = _PMID_LINE.fullmatch(word.strip())
            if found and 0 < int(found[1]) <= _LARGEST_PMID:
                pmids[int(found[1])] = None
            else:
                problems.append(f"line {number}: {_short(word)} is no PMID")
    return Named(tuple(pmids), tuple(problems), records)


def _medline(text: str) -> Named:
    """Record by record, so that a broken one spoils only itself."""
    pmids: dict[int, None] = {}
    problems = []
    records = [chunk for chunk in re.split(r"\r?\n\r?\n", text) if chunk.strip()]
    for number, chunk in enumerate(records, 1):
        try:
            words = str(_read(io.StringIO(chunk)).get("PMID") or "").split()
        except (KeyError, IndexError, StopIteration):  # what Biopython raises where a line continues nothing
            words = []
        found = [int(word) for word in words if word.isascii() and word.isdigit() and 0 < int(word) <= _LARGEST_PMID]
        if not found or len(found) < len(words):
            problems.append(f"record {number} has no PMID that can be read")
        pmids |= dict.fromkeys(found)
    return Named(tuple(pmids), tuple(problems), len(records))


def _short(word: str) -> str:
    return repr(word.strip() if len(word) <= 40 else word.strip()[:39] + "…")
