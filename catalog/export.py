"""The catalog's tables as files for analysts: Parquet, CSV or JSON lines, with a data dictionary beside them.

The dictionary is `datapackage.json`, a Frictionless Data Package (https://datapackage.org/standard/data-package/):
every table with its columns' types, descriptions and keys, so that R, pandas, DuckDB or a person know what they read.
Its words are those of metadata.yml. The same catalog gives the same files.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from catalog.cite.imprint import ATTRIBUTION, read_imprint
from catalog.errors import WrongUse
from catalog.opening import open_catalog
from catalog.site.metadata import metadata_path
from harvest.yamlfile import load_yaml

__all__ = ["FORMATS", "Exported", "export"]

Format = Literal["parquet", "csv", "jsonl"]
FORMATS: tuple[str, ...] = get_args(Format)
DICTIONARY = "datapackage.json"
# Rows held at a time.
BATCH = 10_000
_TYPES = {"INTEGER": "integer", "REAL": "number", "TEXT": "string"}
_PACKED = "packed"  # no type of Table Schema: such tables are left out
_MEDIA = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv", "jsonl": "application/jsonl"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `type` is Table Schema's (integer, number, string)."""

    name: str
    type: str
    required: bool
    description: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its keys; `references` are (column, other table, its column)."""

    name: str
    title: str | None
    description: str | None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    references: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows by table."""

    folder: Path
    rows: Mapping[str, int]


def export(catalog: Path, folder: Path, kind: Format) -> Exported:
    """Write every table of a catalog into a new folder; all or nothing.

    Args:
        catalog: the catalog file.
        folder: where to; it must not exist or be empty.
        kind: the format of the files.

    Raises:
        WrongUse: no catalog, the folder is in use, or Parquet is asked for without the extra.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WrongUse(f"{folder}: is there already and not empty; name a new folder")
    if not folder.resolve().parent.is_dir():
        raise WrongUse(f"{folder}: its parent folder does not exist; make it first")
    write = _WRITERS[kind]
    partial = folder.with_name(folder.name + ".partial")
    with closing(open_catalog(catalog)) as conn:
        tables = _tables(conn)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            rows = {table.name: write(partial / f"{table.name}.{kind}", table, _rows(conn, table)) for table in tables}
            about = conn.execute(
                "SELECT title, description, version, rules_sha256, sample, abstracts FROM about"
            ).fetchone()
            described = _dictionary(tables, rows, kind, about, f"{read_imprint(conn).dated}.")
            (partial / DICTIONARY).write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", "utf-8")
            if folder.is_dir():
                folder.rmdir()
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
    return Exported(folder, rows)


def _tables(conn: sqlite3.Connection) -> list[Table]:
    """The catalog's tables, as the database declares them and metadata.yml describes them."""
    words = load_yaml(metadata_path().read_text("utf-8"))["databases"]["catalog"]["tables"]
    names = [
        name
        for name, declared in conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name")
        if "VIRTUAL" not in declared and not name.startswith("sqlite_") and not _shadow(conn, name)
    ]
    found = [_table(conn, name, words.get(name, {})) for name in names]
    # What is packed for the site alone (BLOB) says nothing that the other tables do not.
    return [table for table in found if all(column.type != _PACKED for column in table.columns)]


def _shadow(conn: sqlite3.Connection, name: str) -> bool:
    """Whether a table is a part of a full-text index."""
    virtual = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'")
    return any(name.startswith(f"{index}_") for (index,) in virtual)


def _table(conn: sqlite3.Connection, name: str, words: Mapping[str, Any]) -> Table:
    said = words.get("columns", {})
    info = conn.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (name,)).fetchall()
    key = [column for _, column in sorted((pk, column) for column, _, _, pk in info if pk)]
    references = conn.execute('SELECT "from", "table", "to" FROM pragma_foreign_key_list(?) ORDER BY id', (name,))
    return Table(
        name,
        words.get("title"),
        words.get("description"),
        tuple(
            Column(column, _TYPES.get(kind, _PACKED), bool(notnull or pk), said.get(column))
            for column, kind, notnull, pk in info
        ),
        tuple(key),
        tuple((here, there, column) for here, there, column in references),
    )


def _rows(conn: sqlite3.Connection, table: Table) -> Iterator[Sequence[tuple[Any, ...]]]:
    listed = ", ".join(f'"{column.name}"' for column in table.columns)
    order = ", ".join(f'"{name}"' for name in table.key) or "rowid"
    found = conn.execute(f'SELECT {listed} FROM "{table.name}" ORDER BY {order}')  # noqa: S608 - names of ours
    while rows := found.fetchmany(BATCH):
        yield rows


def _csv(path: Path, table: Table, batches: Iterable[Sequence[tuple[Any, ...]]]) -> int:
    """RFC 4180; unknown is an empty cell, which no known value is."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow([column.name for column in table.columns])
        for rows in batches:
            lines.writerows(rows)
            count += len(rows)
    return count


def _jsonl(path: Path, table: Table, batches: Iterable[Sequence[tuple[Any, ...]]]) -> int:
    """One JSON object a line; unknown is null."""
    names = [column.name for column in table.columns]
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for rows in batches:
            for row in rows:
                file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
            count += len(rows)
    return count


def _parquet(path: Path, table: Table, batches: Iterable[Sequence[tuple[Any, ...]]]) -> int:
    """One Parquet file, Zstandard; unknown is null. Raises WrongUse without the extra."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise WrongUse(
            "--format parquet needs the extra: python -m pip install 'lbp-evidence-catalog[parquet]'"
        ) from error
    kinds = {"integer": arrow.int64(), "number": arrow.float64()}
    fields = [
        arrow.field(column.name, kinds.get(column.type, arrow.string()), nullable=not column.required)
        for column in table.columns
    ]
    schema = arrow.schema(fields)
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as file:
        for rows in batches:
            columns = [
                arrow.array(values, field.type) for values, field in zip(zip(*rows, strict=True), fields, strict=True)
            ]
            file.write_table(arrow.Table.from_arrays(columns, schema=schema))
            count += len(rows)
    return count


_WRITERS: dict[str, Callable[[Path, Table, Iterable[Sequence[tuple[Any, ...]]]], int]] = {
    "parquet": _parquet,
    "csv": _csv,
    "jsonl": _jsonl,
}


def _dictionary(
    tables: Sequence[Table], rows: Mapping[str, int], kind: str, about: tuple[Any, ...], day: str
) -> dict[str, Any]:
    """The data package's descriptor; `day` says how old the data are."""
    title, description, version, rules, sample, abstracts = about
    metadata = load_yaml(metadata_path().read_text("utf-8"))
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "evidence-catalog",
        "title": title,
        "description": description,
        "version": version,
        "sources": [{"title": metadata["source"], "path": metadata["source_url"]}],
        "attribution": f"{ATTRIBUTION} {day}",
        "licenses": [{"name": "NLM", "title": metadata["license"], "path": metadata["license_url"]}],
        "rules_sha256": rules,
        "sample": bool(sample),  # true: invented records
        "abstracts": abstracts,  # full, excerpt, none: what is carried of them
        "resources": [
            {
                "name": table.name,
                "path": f"{table.name}.{kind}",
                "mediatype": _MEDIA[kind],
                "encoding": "utf-8",
                "rows": rows[table.name],
                **_said(title=table.title, description=table.description),
                "schema": _schema(table),
            }
            for table in tables
        ],
    }


def _schema(table: Table) -> dict[str, Any]:
    found: dict[str, Any] = {
        "fields": [
            {
                "name": column.name,
                "type": column.type,
                **_said(description=column.description),
                **({"constraints": {"required": True}} if column.required else {}),
            }
            for column in table.columns
        ],
        "missingValues": [""],
    }
    if table.key:
        found["primaryKey"] = list(table.key)
    if table.references:
        found["foreignKeys"] = [
            {"fields": [here], "reference": {"resource": there, "fields": [column]}}
            for here, there, column in table.references
        ]
    return found


def _said(**words: str | None) -> dict[str, str]:
    return {name: text for name, text in words.items() if text}
