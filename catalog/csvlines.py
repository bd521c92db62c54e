"""CSV files that people send, line by line: what is wrong with one line spoils only that line."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from catalog.errors import WrongUse

__all__ = ["csv_lines"]


def csv_lines(
    path: Path, columns: tuple[str, ...], what: str
) -> tuple[bytes, Iterator[tuple[int, dict[str, str] | str]]]:
    """(bytes, lines) of a CSV file: per data line its number and its cells by column, or what is wrong with it.

    Raises WrongUse, one line, where the file cannot be read or lacks one of `columns`.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"{path}: the {what} cannot be read ({error.strerror})") from error
    text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")  # bytes that are no text: see _lines
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip() for cell in next(reader, [])]
    except csv.Error as error:
        raise WrongUse(f"{path}: line 1: not a line of CSV ({error})") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise WrongUse(
            f"{path}: the {what} has no column `{missing[0]}`; its first line must name {', '.join(columns)}"
        )
    return raw, _lines(reader, header, columns)


def _lines(
    reader: Iterator[list[str]], header: list[str], columns: tuple[str, ...]
) -> Iterator[tuple[int, dict[str, str] | str]]:
    while True:
        number = reader.line_num + 1  # type: ignore[attr-defined]  # csv.reader has it; its type is not public
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, f"not a line of CSV ({error})"
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            yield number, f"has {len(row)} cells where the first line names {len(header)} columns"
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
        spoiled = next((name for name in columns if not _is_text(cells[name])), None)
        yield number, cells if spoiled is None else f"`{spoiled}` is not UTF-8 text"


def _is_text(cell: str) -> bool:
    return not any("\udc80" <= character <= "\udcff" for character in cell)
