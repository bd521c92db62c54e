"""The page `/changes`, and the same as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, page
from catalog.site.changes import Changes, Item, load_changes
from catalog.site.facts import Facts
from catalog.site.reading import reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["LIMITS", "changes"]

# What the page cannot show, said on it and in its JSON.
LIMITS = (
    "Both versions of a record are read by today’s rules: where the rules themselves changed, nothing shows here.",
    "The same holds for corrections by hand and for the vocabulary: they count as if they had always been so.",
    "Only versions that a harvest fetched are known; what PubMed changed and changed back in between is not.",
    "A retraction known only from the Retraction Watch list has no day here; the paper’s page shows the list’s.",
)


@page
async def changes(datasette: Datasette, request: Request) -> Response:
    """`/changes?since=&until=` and `/changes.json`: what changed between two harvests or days."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    args = {name: request.args.get(name) for name in ("since", "until") if request.args.get(name)}
    found = await reader.read(lambda conn: load_changes(conn, facts, args))
    if request.path.endswith(".json"):
        return json_answer(_json(found, facts))
    return await html_answer(datasette, request, "catalog_changes.html", {"changes": found, "cannot": LIMITS})


def _json(found: Changes, facts: Facts) -> dict[str, Any]:
    return {
        "ok": True,
        "sample": facts.about.sample,
        "since": found.since,
        "until": found.until,
        "whole": found.whole,
        "notes": list(found.notes),
        "harvests": [{"id": harvest.id, "ended": harvest.at, "state": harvest.state} for harvest in found.harvests],
        "sections": {
            section.id: {"total": section.total, "papers": [_item(item) for item in section.items]}
            for section in found.sections
        },
        "limits": list(LIMITS),
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "pmid": item.pmid,
        "title": item.title,
        "at": item.at or None,
        "level": item.paper.level if item.paper else None,
        "design": item.paper.design if item.paper else None,
        "status": item.paper.status if item.paper else None,
        "changes": [{"field": field, "before": before, "after": after} for field, before, after in item.fields],
        "address": f"/articles/{item.pmid}" if item.paper else None,
    }
