"""docs/reliability.md promises only what a test shows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "reliability.md"
ROW = re.compile(
    r"^\|(?P<fault>[^|]+)\| `(?P<file>test_\w+\.py)::(?P<test>test_\w+)(?:\[(?P<id>[^`]+)\])?` \|", re.MULTILINE
)


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(PAGE.read_text("utf-8")))


def test_the_table_has_a_test_in_every_row() -> None:
    """At least 25 rows, each a different fault, each with one test, what happens and what is lost."""
    table = PAGE.read_text("utf-8").split("## Faults")[1].split("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    assert len(lines) == len(rows()) >= 25
    assert len({row["fault"] for row in rows()}) == len(lines)
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 4
        assert all(cells)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["fault"].strip())
def test_the_test_exists(row: re.Match[str]) -> None:
    """The test that a row names is there, says what it shows, and has the case that the row names."""
    text = (TESTS / row["file"]).read_text("utf-8")
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    assert row["test"] in functions
    assert ast.get_docstring(functions[row["test"]])
    assert row["id"] is None or f'"{row["id"]}":' in text
