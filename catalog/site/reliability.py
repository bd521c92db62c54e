"""How far the tags can be trusted: the committed figures of agreement, in words and counts.

Reads what it knows of the document (docs/evaluation.md) and passes over the rest, so that a file with more keys is
shown too. A part of the document that holds `fields` of its own (records kept unread, say) is shown beside the whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, page
from catalog.site.facts import Facts
from catalog.site.proofs import value_name
from catalog.site.reading import reader_of
from catalog.site.words import FIELDS

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

from harvest.yamlfile import load_yaml

__all__ = ["Part", "Row", "document", "load_parts", "reliability", "words"]

_NAMES = {"roles": "Part the treatment plays", "adjunct_interventions": "Treatments given to all groups"}
MOST_FAILURES = 12
_FEW = 10  # labels below which a rate says next to nothing


@dataclass(frozen=True, slots=True)
class Row:
    """One field: right among how many, its rate with a 95 % interval, and what to conclude."""

    field: str
    name: str
    right: int
    of: int
    silent: int  # of these labelled, given no value
    rate: float | None
    low: float | None
    high: float | None
    concludes: str

    @property
    def few(self) -> bool:
        """Whether so few records were labelled that the rate says next to nothing."""
        return self.of < _FEW


@dataclass(frozen=True, slots=True)
class Part:
    """The figures over one set of records."""

    id: str
    title: str
    records: int | None
    date: str | None
    rows: tuple[Row, ...]

    @property
    def unread(self) -> bool:
        """Whether nobody read these records while the rules were written: what new papers may expect."""
        return "unread" in self.id


_NOT_MEASURED = Part("none", "", None, None, ())


@cache
def document() -> dict[str, Any]:
    """The committed figures."""
    found: dict[str, Any] = json.loads(resources.files("catalog").joinpath("evaluation.json").read_text("utf-8"))
    return found


@cache
def words() -> dict[str, Any]:
    """The page's words."""
    found: dict[str, Any] = load_yaml(resources.files("catalog.site").joinpath("reliability.yml").read_text("utf-8"))
    return found


def load_parts(figures: Mapping[str, Any], said: Mapping[str, str]) -> list[Part]:
    """The figures of each part of the document, the whole first; fields in the order of `said`, others after them."""
    return [_part(name, title, held, figures, said) for name, title, held in _parts(figures)]


def _parts(figures: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    yield "all", "All labelled records", figures
    for key, value in figures.items():
        if isinstance(value, Mapping) and isinstance(value.get("fields"), Mapping):
            yield key, _title(key), value
        elif isinstance(value, Mapping) and key not in ("fields", "catalog", "data"):
            for inner, held in value.items():
                if isinstance(held, Mapping) and isinstance(held.get("fields"), Mapping):
                    yield inner, _title(inner), held


def _title(key: str) -> str:
    return "Records nobody read while the rules were written" if "unread" in key else key.replace("_", " ").capitalize()


def _part(name: str, title: str, held: Mapping[str, Any], figures: Mapping[str, Any], said: Mapping[str, str]) -> Part:
    fields = held.get("fields") or {}
    order = [field for field in said if field in fields] + [field for field in fields if field not in said]
    data = held.get("data") or {}
    rows = tuple(_row(field, fields[field], said.get(field, "")) for field in order if _scored(fields[field]))
    records = data.get("compared") or max((row.of for row in rows), default=None)
    return Part(name, title, records, data.get("date") or (figures.get("data") or {}).get("date"), rows)


def _scored(entry: Any) -> bool:
    return isinstance(entry, Mapping) and bool(entry.get("labelled"))


def _row(field: str, entry: Mapping[str, Any], concludes: str) -> Row:
    kept = entry.get("abstaining") or {}
    figures = entry.get("figures") or {}
    if kept.get("given"):
        right, of, figure = kept.get("right", 0), kept["given"], figures.get("right_of_given") or {}
        silent = max(0, kept.get("labelled", 0) - kept.get("given_labelled", 0))
    else:
        right, of, silent = entry.get("agreed", 0), entry.get("records", entry["labelled"]), 0
        figure = figures.get("accuracy") or {}
    name = _NAMES.get(field) or FIELDS.get(field) or field.replace("_", " ").capitalize()
    return Row(field, name, right, of, silent, figure.get("value"), figure.get("low"), figure.get("high"), concludes)


def _failures(figures: Mapping[str, Any], facts: Facts) -> list[tuple[str, str, int]]:
    """(field, what was wrong, records) of the commonest errors of one value for another."""

    def named(field: str, value: Any) -> str:
        return "nothing" if value is None else value_name(facts, field, str(value))

    wrong = sorted(figures.get("known_failures") or (), key=lambda entry: -int(entry.get("records", 0)))
    return [
        (
            FIELDS.get(entry["field"], _NAMES.get(entry["field"], entry["field"])),
            f"{named(entry['field'], entry.get('gold'))} was tagged {named(entry['field'], entry.get('tagged'))}",
            int(entry.get("records", 0)),
        )
        for entry in wrong
        if entry.get("field") in words()["fields"] and "number" not in (entry.get("gold"), entry.get("tagged"))
    ][:MOST_FAILURES]


@page
async def reliability(datasette: Datasette, request: Request) -> Response:
    """`/reliability` and `/reliability.json`: how well the tags agree with labels that people gave."""
    facts = await reader_of(datasette).facts()
    figures = document()
    if request.path.endswith(".json"):
        found = {"measured_on": words()["vocabulary"], "vocabulary": facts.about.vocabulary}
        return json_answer({"ok": True, "sample": facts.about.sample, **words(), **found, "evaluation": figures})
    measured = facts.about.vocabulary == words()["vocabulary"]
    parts = load_parts(figures, words()["fields"]) if measured else [_NOT_MEASURED]
    telling = next((part for part in parts if part.unread), parts[0])
    context = {
        "parts": parts,
        "rows": {row.field: row for row in telling.rows},
        "words": words(),
        "failures": _failures(figures, facts) if measured else [],
        "measured": measured,
    }
    return await html_answer(datasette, request, "catalog_reliability.html", context)
