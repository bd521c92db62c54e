"""`catalog export`: every table as Parquet, CSV and JSON lines, with a data dictionary that is true of them."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from catalog.export import FORMATS, Format, export
from catalog.sample import write_sample
from tests.running import run

TOP = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's catalog: invented records with every kind of tag."""
    path = tmp_path_factory.mktemp("export") / "catalog.db"
    write_sample(path)
    return path


def rows_of(catalog: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(catalog)) as conn:
        return sorted(conn.execute(f'SELECT * FROM "{table}"').fetchall(), key=repr)  # noqa: S608 - names of ours


def dictionary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_every_row_comes_back(catalog: Path, tmp_path: Path, kind: Format) -> None:
    """Each table's file, read by DuckDB with the dictionary's types, has the catalog's rows, unknown as null."""
    folder = tmp_path / "out"
    export(catalog, folder, kind)
    described = dictionary(folder)
    with closing(sqlite3.connect(catalog)) as conn:
        declared = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        names = {name for (name,) in declared if "_fts" not in name and not name.startswith("sqlite_")}
        packed = "SELECT count(*) FROM pragma_table_info(?) WHERE type = 'BLOB'"
        tables = {name for name in names if conn.execute(packed, (name,)).fetchone() == (0,)}
    assert names - tables == {"shelf"}
    assert {resource["name"] for resource in described["resources"]} == tables
    types = {"integer": "BIGINT", "number": "DOUBLE", "string": "VARCHAR"}
    with duckdb.connect() as duck:
        for resource in described["resources"]:
            path, fields = folder / resource["path"], resource["schema"]["fields"]
            columns = {field["name"]: types[field["type"]] for field in fields}
            if kind == "parquet":
                found = duck.execute(f"SELECT * FROM '{path}'")  # noqa: S608 - a path of this test's
                assert {name: str(kept) for name, kept, *_ in found.description} == columns
            elif kind == "csv":
                options = f"header = true, columns = {columns}, auto_detect = false, quote = '\"', escape = '\"'"
                found = duck.execute(f"SELECT * FROM read_csv('{path}', {options}, new_line = '\\r\\n')")  # noqa: S608
            else:
                found = duck.execute(f"SELECT * FROM read_json('{path}', format = 'nd', columns = {columns})")  # noqa: S608
            rows = sorted(found.fetchall(), key=repr)
            assert rows == rows_of(catalog, resource["name"]), resource["name"]
            assert resource["rows"] == len(rows)


def test_the_dictionary_is_complete(catalog: Path, tmp_path: Path) -> None:
    """Keys name columns that exist, references lead to tables that exist, and coded tables are described in words."""
    export(catalog, tmp_path / "out", "csv")
    described = dictionary(tmp_path / "out")
    columns = {r["name"]: {field["name"] for field in r["schema"]["fields"]} for r in described["resources"]}
    for resource in described["resources"]:
        schema = resource["schema"]
        assert set(schema.get("primaryKey", ())) <= columns[resource["name"]]
        for reference in schema.get("foreignKeys", ()):
            assert set(reference["fields"]) <= columns[resource["name"]]
            assert set(reference["reference"]["fields"]) <= columns[reference["reference"]["resource"]]
    articles = next(r for r in described["resources"] if r["name"] == "articles")
    assert all("description" in field for field in articles["schema"]["fields"])
    assert described["sample"] is True
    assert described["licenses"][0]["path"].startswith("https://")


def test_csv_has_no_empty_text(catalog: Path, tmp_path: Path) -> None:
    """An empty cell is unknown and nothing else: no text of the catalog is empty."""
    export(catalog, tmp_path / "out", "csv")
    with (tmp_path / "out" / "articles.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    stored = rows_of(catalog, "articles")
    assert sum(value == "" for line in lines for value in line.values()) == sum(
        v is None for row in stored for v in row
    )


def test_twice_the_same_bytes(catalog: Path, tmp_path: Path) -> None:
    """CSV and JSON lines of one catalog are the same bytes every time."""
    kinds: tuple[Format, ...] = ("csv", "jsonl")
    for kind in kinds:
        made = []
        for folder in (tmp_path / f"{kind}1", tmp_path / f"{kind}2"):
            export(catalog, folder, kind)
            made.append({file.name: file.read_bytes() for file in folder.iterdir()})
        assert made[0] == made[1]


def test_the_documents_example_runs(catalog: Path, tmp_path: Path) -> None:
    """The DuckDB example of docs/export.md, as written there, prints treatments with their trials."""
    export(catalog, tmp_path / "evidence", "parquet")
    example = re.search(r"```python\n(.*?)```", (TOP / "docs" / "export.md").read_text("utf-8"), re.DOTALL)
    assert example
    ran = subprocess.run(
        [sys.executable, "-c", example[1]], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert "prp" in ran.stdout


def test_the_command_says_what_it_wrote_and_what_is_wrong(catalog: Path, tmp_path: Path) -> None:
    """One line of outcome; a folder in use, a missing catalog and a wrong format are one line each, status 2."""
    good = run("catalog", ["export", "--db", str(catalog), "--to", "out", "--format", "jsonl"], tmp_path)
    assert (good.returncode, good.stderr) == (0, "")
    assert re.fullmatch(r"Exported: \d+ tables, [\d,]+ rows, to out\.\n", good.stdout)
    for arguments, said in (
        (["--db", str(catalog), "--to", "out"], "not empty"),
        (["--db", "no.db", "--to", "new"], "no such catalog"),
        (["--db", str(catalog), "--to", "no/where"], "parent folder"),
    ):
        bad = run("catalog", ["export", *arguments], tmp_path)
        assert (bad.returncode, len(bad.stderr.splitlines())) == (2, 1), bad.stderr
        assert said in bad.stderr
    assert not list(tmp_path.glob("*.partial"))
