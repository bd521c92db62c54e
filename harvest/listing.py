"""What bulk files there are: in a folder on disk, or in the HTML index that NLM's file server gives for one.

Pure but for `list_folder`. NLM's area holds `baseline/` and `updatefiles/`, each file beside a `.md5` of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urljoin, urlsplit

from harvest.errors import WrongUse
from harvest.fileorder import FileKey, key_of

__all__ = ["FOLDERS", "Area", "BulkFile", "gaps", "in_order", "list_folder", "md5_in", "read_index"]

Area = Literal["baseline", "updatefiles"]
FOLDERS: tuple[Area, ...] = ("baseline", "updatefiles")
_MD5 = re.compile(r"(?:MD5\s*\((?P<named>[^()\s]+)\)\s*=\s*)?(?P<md5>[0-9a-fA-F]{32})(?:\s+\*?(?P<name>\S+))?\s*")


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A bulk file where it is found.

    `place`: a path or an address; `area` None: the folder does not say; `stamp` changes when the file does (size and
    time as its place tells them); `has_md5`: a `.md5` lies beside it.
    """

    name: str
    key: FileKey
    place: str
    area: Area | None
    stamp: str | None
    has_md5: bool


def in_order(files: Iterable[BulkFile]) -> list[BulkFile]:
    """In NLM's file order, each name once: a file listed in both folders is the baseline's."""
    found: dict[str, BulkFile] = {}
    for file in files:
        if file.name not in found or file.area == "baseline":
            found[file.name] = file
    return sorted(found.values(), key=lambda file: file.key)


def gaps(known: Iterable[FileKey], with_baseline: set[tuple[str, int]]) -> list[FileKey]:
    """The numbers missing among the files known, by series and year.

    Counted from 1 where the (series, year) is in `with_baseline`, else from the lowest number there is.
    """
    by_year: dict[tuple[str, int], set[int]] = {}
    for key in known:
        by_year.setdefault((key.series, key.year), set()).add(key.number)
    missing = []
    for (series, year), numbers in by_year.items():
        first = 1 if (series, year) in with_baseline else min(numbers)
        missing += [FileKey(year, n, series) for n in range(first, max(numbers)) if n not in numbers]
    return sorted(missing)


def list_folder(folder: Path) -> list[BulkFile]:
    """The bulk files of a folder or of its `baseline` and `updatefiles`, in order.

    Raises:
        WrongUse: it is no folder, cannot be read, or holds no bulk file.
    """
    if not folder.is_dir():
        what = "a file; `harvest files` reads single files" if folder.exists() else "no folder"
        raise WrongUse(f"{folder}: is {what}; give the folder or address of PubMed's bulk files")
    try:
        within = [(folder, _area_of(folder.resolve().name))]
        within += [(folder / name, name) for name in FOLDERS if (folder / name).is_dir()]
        files = in_order(file for place, area in within for file in _listed(place, area))
    except OSError as error:
        raise WrongUse(f"{folder}: cannot be read ({error.strerror}); check its permissions") from error
    if not files:
        raise WrongUse(
            f"{folder}: holds no PubMed bulk file (pubmedYYnNNNNN.xml.gz), nor do baseline/ or updatefiles/ in it"
        )
    return files


def _area_of(name: str) -> Area | None:
    return next((area for area in FOLDERS if area == name), None)


def _listed(folder: Path, area: Area | None) -> Iterator[BulkFile]:
    names = {path.name for path in folder.iterdir()}
    for name in names:
        key = key_of(name)
        if key is not None:
            path = folder / name
            state = path.stat()
            yield BulkFile(name, key, str(path), area, f"{state.st_size} {state.st_mtime_ns}", f"{name}.md5" in names)


class _Links(HTMLParser):
    """Each link of an index with the text that follows it (time and size), and whether it is an index at all."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.is_index = False
        self._inside = False
        self._title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._title = tag in ("title", "h1")
        if tag == "a":
            self.links.append((dict(attrs).get("href") or "", ""))
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._inside = False
        elif tag in ("title", "h1"):
            self._title = False

    def handle_data(self, data: str) -> None:
        if "parent directory" in data.lower() or (self._title and "index of" in data.lower()):
            self.is_index = True
        if self.links and not self._inside:
            href, after = self.links[-1]
            self.links[-1] = (href, after + data)


def read_index(html: str, address: str) -> tuple[list[BulkFile], list[Area]] | None:
    """The bulk files and the folders of interest that an HTML index at `address` lists; None if it is no index.

    Only names right within the folder count, so an index cannot lead to another place.
    """
    reader = _Links()
    reader.feed(html)
    reader.close()
    here = address if address.endswith("/") else address + "/"
    path = urlsplit(here).path
    named: dict[str, str] = {}
    for href, after in reader.links:
        target = urlsplit(urljoin(here, href))
        if target.netloc == urlsplit(here).netloc and target.path.startswith(path):
            named.setdefault(unquote(target.path[len(path) :]), " ".join(after.split()))
    area = _area_of(path.rstrip("/").rpartition("/")[2])
    files = [
        BulkFile(name, key, urljoin(here, name), area, stamp or None, f"{name}.md5" in named)
        for name, stamp in named.items()
        if "/" not in name and (key := key_of(name)) is not None
    ]
    folders = [folder for folder in FOLDERS if f"{folder}/" in named]
    return (files, folders) if files or folders or reader.is_index else None


def md5_in(text: str, name: str) -> str | None:
    """The MD5 (lower case) that a `.md5` file gives for `name`: `MD5(name)= hex`, `hex  name` or the bare sum."""
    for line in text.splitlines():
        found = _MD5.fullmatch(line.strip())
        if found and (found["named"] or found["name"] or name).rpartition("/")[2] == name:
            return found["md5"].lower()
    return None
