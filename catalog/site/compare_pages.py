"""`/compare`: papers side by side as a page, and as a file for a spreadsheet, a manuscript, a program, a slide."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, page
from catalog.site.compare import MOST, PARAMETERS, Comparison, read_comparison
from catalog.site.evidence_table import COLUMNS, UNKNOWN, colophon, comparison_csv, comparison_json, study_of
from catalog.site.harvest_plot import HEIGHTS, Plot, harvest_plot
from catalog.site.reading import reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["compare"]

_FILES = (
    ("csv", "Spreadsheet (CSV)"),
    ("html", "Evidence table for a manuscript"),
    ("svg", "Harvest plot (SVG)"),
    ("json", "Data (JSON)"),
)

_FOOT = 190  # letters in a line under the picture


@page
async def compare(datasette: Datasette, request: Request) -> Response:
    """`/compare?pmid=1&pmid=2` or `/compare?q=...`; `.csv`, `.html`, `.svg`, `.json` of the same."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    args = {name: request.args.getlist(name) for name in ("pmid", *PARAMETERS) if name in request.args}
    found = await reader.read(lambda conn: read_comparison(conn, facts, args))
    form = request.url_vars.get("format")
    by = request.args.get("height")
    if by not in HEIGHTS:
        if by:
            found = replace(found, notes=(*found.notes, "Bars can be as high as level or participants; level it is."))
        by = "level"
    if form == ".json":
        return json_answer(comparison_json(found, facts))
    if form == ".csv":
        headers = {"content-disposition": 'attachment; filename="comparison.csv"', "cache-control": "no-cache"}
        return Response(comparison_csv(found, facts), headers=headers, content_type="text/csv; charset=utf-8")
    context: dict[str, Any] = {
        "comparison": found,
        "columns": _columns(found),
        "words": {column.id: column.text for column in COLUMNS},
        "unknown": UNKNOWN,
        "colophon": colophon(facts),
        "study_of": study_of,
        "most": MOST,
    }
    if form == ".html":
        return await html_answer(datasette, request, "catalog_evidence_table.html", context)
    plot = harvest_plot(found.papers, facts, by)
    context |= {"plot": plot, "foot": []}
    if form == ".svg":
        context["foot"] = _foot(plot, context["colophon"])
        answer = await html_answer(datasette, request, "catalog_harvest_plot.svg", context)
        answer.content_type = "image/svg+xml; charset=utf-8"
        answer.headers["content-disposition"] = 'inline; filename="harvest-plot.svg"'
        return answer
    context |= {
        "heights": [(key, name, _address(found, "", by=key)) for key, name in HEIGHTS.items()],
        "files": [(form, name, _address(found, f".{form}", by=by)) for form, name in _FILES],
        "cite": "?pmid=" + ",".join(str(p.pmid) for p in found.papers),
    }
    return await html_answer(datasette, request, "catalog_compare.html", context)


def _foot(plot: Plot, said: str) -> list[str]:
    """What stands under the picture where it stands alone: studies by number, what is not drawn, whence it comes."""
    height = "level of evidence" if plot.by == "level" else "number of participants (its square root)"
    legend = " ".join([f"Height of a bar: {height}; dashed: not known.", *plot.notes])
    return [line for text in (plot.key, legend, said) for line in textwrap.wrap(text, _FOOT)]


def _columns(found: Comparison) -> list[Any]:
    """The columns worth showing: certainty where a review states one, status where one is not current."""
    stated = any(paper.certainty for paper in found.papers)
    notable = any(paper.status != "current" for paper in found.papers)
    return [c for c in COLUMNS if (c.id != "certainty" or stated) and (c.id != "status" or notable)]


def _address(found: Comparison, extension: str, *, by: str = "level") -> str:
    pairs = [*found.pairs, *([("height", by)] if by != "level" else [])]
    return f"/compare{extension}" + ("?" + urlencode(pairs, safe=",") if pairs else "")
