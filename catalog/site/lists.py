"""Lists people ask for often: the canned queries of metadata.yml, each as a page for readers.

The SQL stands in metadata.yml alone, so that the page and Datasette's own page of the same query cannot differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, message, page
from catalog.site.facts import Facts
from catalog.site.metadata import metadata_path
from catalog.site.proofs import value_name
from catalog.site.reading import DATABASE, reader_of
from catalog.site.shelf import UNTAGGED
from catalog.site.words import FIELDS, VERSUS, day, plain

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

from harvest.yamlfile import load_yaml

__all__ = ["Listing", "Table", "listing", "listings", "lists", "read_list"]

# Columns that hold codes, and the field whose words they take.
_CODED = {name: name for name in ("direction", "comparator", "harms", "basis", "certainty", "region", "design")} | {
    "design_given": "design",
    "design_by_type": "design",
}
_TITLES = {
    "in_catalog_since": "In the catalog since",
    "versus": "Compared with",
    "comparator": "Control",
    "direction": "Concludes",
    "design_given": "Design given here",
    "design_by_type": "Design by PubMed’s type",
}
_TEXTS = ("conclusion", "results", "what_to_look_at")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: its name in addresses, what it is, its SQL, and whether it asks for a treatment."""

    name: str
    title: str
    description: str
    sql: str

    @property
    def by_treatment(self) -> bool:
        """Whether a treatment has to be chosen."""
        return ":intervention" in self.sql


@dataclass(frozen=True, slots=True)
class Cell:
    """A value as shown: `kind` is level, title, text or plain."""

    column: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its paper (None where it is not about one), and its values."""

    pmid: int | None
    title: str | None
    level: str | None
    cells: tuple[Cell, ...]
    retracted: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A list as read: `rows` as stored, `lines` as shown."""

    listing: Listing
    intervention: str | None
    rows: tuple[dict[str, Any], ...]
    lines: tuple[Line, ...]


@cache
def listings() -> dict[str, Listing]:
    """Every list, in the order of metadata.yml."""
    queries = load_yaml(metadata_path().read_text("utf-8"))["databases"][DATABASE]["queries"]
    return {name: Listing(name, query["title"], query["description"], query["sql"]) for name, query in queries.items()}


def read_list(conn: sqlite3.Connection, facts: Facts, listing: Listing, intervention: str | None) -> Table:
    """Read a list; `intervention` is asked for where the list is one of a treatment."""
    cursor = conn.execute(listing.sql, {"intervention": intervention} if listing.by_treatment else {})
    columns = [column[0] for column in cursor.description]
    rows = tuple(dict(zip(columns, row, strict=True)) for row in cursor)
    return Table(listing, intervention, rows, tuple(_line(facts, row) for row in rows))


def treatments(facts: Facts) -> Sequence[str]:
    """The treatments to choose from."""
    return [name for name in facts.names["intervention"] if name != UNTAGGED]


def _line(facts: Facts, row: Mapping[str, Any]) -> Line:
    cells = [
        Cell(_TITLES.get(column) or FIELDS.get(column) or column.replace("_", " ").capitalize(), kind, text)
        for column, value in row.items()
        if column not in ("pmid", "title", "level")
        for kind, text in [("text" if column in _TEXTS else "plain", _words(facts, column, value))]
        if text and not (value is None and row.get("level") == "1")  # of a review, people are not asked
    ]
    title = row.get("title") or ("[no title]" if "pmid" in row else None)
    retracted = bool(facts.shelf.of([row.get("pmid") or 0]) & facts.shelf.having("status", ["retracted"]))
    return Line(row.get("pmid"), title and plain(title), row.get("level"), tuple(cells), retracted)


def _words(facts: Facts, column: str, value: Any) -> str:
    if value is None:
        return "" if column in ("journal", "year") else "not known"
    if column == "versus":
        return str(VERSUS.get(value, value))
    if column == "in_catalog_since":
        return day(value) or ""
    if column in _CODED:
        return value_name(facts, _CODED[column], value)
    return f"{value:,}" if isinstance(value, int) and column != "year" else plain(str(value))


@page
async def lists(datasette: Datasette, request: Request) -> Response:
    """`/lists`: what lists there are."""
    await reader_of(datasette).facts()
    return await html_answer(datasette, request, "catalog_lists.html", {"listings": list(listings().values())})


@page
async def listing(datasette: Datasette, request: Request) -> Response:
    """`/lists/NAME` and `/lists/NAME.json`: one list."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    found = listings().get(request.url_vars["name"])
    if found is None:
        return await message(datasette, request, 404, "No such list", "There is no such list. All are at /lists.")
    choices = treatments(facts)
    wanted = request.args.get("intervention")
    chosen = wanted if wanted in choices else choices[0] if choices else None
    table = await reader.read(lambda conn: read_list(conn, facts, found, chosen))
    if request.path.endswith(".json"):
        return json_answer(
            {
                "ok": True,
                "sample": facts.about.sample,
                "list": found.name,
                "title": found.title,
                "intervention": chosen if found.by_treatment else None,
                "rows": list(table.rows),
            }
        )
    context = {
        "table": table,
        "choices": choices if found.by_treatment else (),
        "said": f"“{wanted[:40]}” is no treatment of this catalog." if wanted and wanted not in choices else "",
    }
    return await html_answer(datasette, request, "catalog_list.html", context)
