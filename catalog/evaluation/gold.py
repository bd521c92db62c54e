"""The hand labels: a tab-separated file with a column `pmid` and columns of the codebook, read and checked."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import WrongUse
from catalog.evaluation.fields import FIELDS, ROLES, Field

__all__ = ["Gold", "SetAside", "number_text", "read_gold", "read_pmids"]

_ROLES = ("experimental", "comparator", "adjunct")


@dataclass(frozen=True, slots=True)
class SetAside:
    """A cell that cannot be a label: it is not scored. `why` may quote the cell and is for the terminal only."""

    line: int
    pmid: int
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Gold:
    """Labels by PMID and field, each a sorted tuple of values; an empty cell is an empty tuple."""

    name: str
    sha256: str
    labels: dict[int, dict[str, tuple[str, ...]]]
    fields: tuple[Field, ...]
    unread_columns: tuple[str, ...]
    set_aside: tuple[SetAside, ...]


def read_gold(path: Path, vocabulary: Mapping[str, tuple[str, ...]]) -> Gold:
    """Read a file of hand labels.

    A cell that holds no value of the codebook is set aside and the rest goes on; a wrong PMID, a PMID that stands
    twice, or a line with too few or too many cells puts the whole file in doubt.

    Args:
        path: the file, UTF-8, with tabs.
        vocabulary: the values of the fields whose `table` the catalog holds, by table.

    Raises:
        WrongUse: the file cannot be read, or its lines cannot be told; one line that says which.
    """
    raw, rows = _rows(path)
    header = [name.strip() for name in rows[0]] if rows else []
    if "pmid" not in header:
        raise WrongUse(f"{path}: has no column `pmid`; the first line must name the columns, separated by tabs")
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise WrongUse(f"{path}: the column `{twice}` stands twice; keep one of them")
    columns = tuple(field for field in FIELDS if field.name in header and field.name != ROLES)
    roles = tuple(field for field in columns if field.role in _ROLES)
    if not columns:
        known = ", ".join(field.name for field in FIELDS if field.name != ROLES)
        raise WrongUse(f"{path}: has no column to compare; name some of: {known}")
    labels: dict[int, dict[str, tuple[str, ...]]] = {}
    set_aside: list[SetAside] = []
    for line, cells in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise WrongUse(f"{path}: line {line}: has {len(cells)} cells, the first line names {len(header)} columns")
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        pmid = _pmid(row["pmid"], path, line)
        if pmid in labels:
            raise WrongUse(f"{path}: line {line}: PMID {pmid} stands twice; keep one line for each record")
        labels[pmid] = {}
        for field in columns:
            try:
                labels[pmid][field.name] = _label(row[field.name], field, vocabulary)
            except ValueError as error:
                set_aside.append(SetAside(line, pmid, field.name, str(error)))
        if len(roles) == len(_ROLES) and all(field.name in labels[pmid] for field in roles):
            labels[pmid][ROLES] = tuple(
                sorted(f"{value}:{field.role}" for field in roles for value in labels[pmid][field.name])
            )
    unread = tuple(name for name in header if name != "pmid" and name not in {field.name for field in columns})
    fields = tuple(f for f in FIELDS if f in columns or (f.name == ROLES and len(roles) == len(_ROLES)))
    return Gold(path.name, hashlib.sha256(raw).hexdigest(), labels, fields, unread, tuple(set_aside))


def read_pmids(path: Path) -> tuple[int, ...]:
    """The PMIDs of a file, one a line; empty lines and what follows a # are passed over. Raises WrongUse."""
    pmids: dict[int, None] = {}
    for line, text in enumerate(_text(path, _bytes(path)).splitlines(), 1):
        word = text.split("#")[0].strip()
        if word:
            pmids[_pmid(word, path, line)] = None
    if not pmids:
        raise WrongUse(f"{path}: holds no PMID; write one a line")
    return tuple(pmids)


def number_text(value: float) -> str:
    """A number as it is compared and shown: 12, 1.5."""
    return f"{value:.10g}"


def _rows(path: Path) -> tuple[bytes, list[list[str]]]:
    raw = _bytes(path)
    try:
        # A cell may be quoted as a spreadsheet writes it, but a stray quote must not swallow the lines after it.
        return raw, list(csv.reader(_text(path, raw).splitlines(), delimiter="\t", strict=True))
    except csv.Error as error:
        raise WrongUse(f"{path}: cannot be read ({error}); give a tab-separated file in UTF-8") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path}: cannot be read ({error.strerror or error}); check its name") from error


def _text(path: Path, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUse(f"{path}: cannot be read ({error}); give a file in UTF-8") from error


def _pmid(text: str, path: Path, line: int) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**63):
        raise WrongUse(f"{path}: line {line}: {text!r} is not a PMID")
    return int(text)


def _label(cell: str, field: Field, vocabulary: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    if not cell:
        return ()
    if field.kind == "number":
        return (number_text(_number(cell)),)
    values = tuple(sorted({value.strip() for value in cell.split(";")} - {""}))
    known = field.values if field.table is None else vocabulary[field.table]
    strange = [value for value in values if value not in (known or ())]
    if strange:
        raise ValueError(f"{strange[0]!r} is not a value of the codebook")
    if field.kind == "class" and len(values) != 1:
        raise ValueError(f"{cell!r} is not one value")
    return values


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"{cell!r} is not a number")
    return value
