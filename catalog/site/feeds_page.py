"""The addresses of feeds: `/feeds`, `/feeds/NAME.atom` and `/search.atom`."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, message, page
from catalog.site.atom import Feed, as_xml
from catalog.site.facts import Facts
from catalog.site.feeds import Named, changes_feed, evidence_feed, retractions_feed
from catalog.site.filters import Filters, read_filters
from catalog.site.reading import reader_of
from catalog.site.search import described, listed
from catalog.site.shelf import UNTAGGED

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["ATOM", "absolute_paths", "atom_answer", "feed", "feeds", "search_feed"]

ATOM = "application/atom+xml"
NEW = Named("new", "new papers", "Papers that came into the catalog last.", "/feeds/new.atom", "/search")
RETRACTIONS = Named(
    "retractions",
    "retractions and expressions of concern",
    "Papers of this catalog that are retracted or doubted by their journal, as it learned of them.",
    "/feeds/retractions.atom",
    "/search?status=retracted",
)
CHANGES = Named(
    "changes",
    "what changed",
    "Papers whose status, level or other tags changed, that no search finds any longer, or that NLM deleted.",
    "/feeds/changes.atom",
    "/changes",
)
# Facets with a feed for each value, and how its name begins.
_EACH = {"intervention": "intervention", "level": "level"}


def atom_answer(request: Request, feed: Feed) -> Response:
    """The feed, or word that it is still the one the reader has."""
    body = as_xml(feed)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]:
        return Response("", status=304, headers=headers, content_type=f"{ATOM}; charset=utf-8")
    return Response(body, headers=headers, content_type=f"{ATOM}; charset=utf-8")


@page
async def feeds(datasette: Datasette, request: Request) -> Response:
    """`/feeds`: what can be followed, and how."""
    facts = await reader_of(datasette).facts()
    groups = [
        ("Everything", [("New papers", NEW), ("Retractions and concerns", RETRACTIONS), ("What changed", CHANGES)]),
        *(
            (title, [(facts.name(facet, value).name, _named(facts, facet, value)) for value in _values(facts, facet)])
            for title, facet in (("By treatment", "intervention"), ("By level of evidence", "level"))
        ),
    ]
    return await html_answer(datasette, request, "catalog_feeds.html", {"groups": groups})


@page
async def feed(datasette: Datasette, request: Request) -> Response:
    """`/feeds/NAME.atom`: new, retractions, changes, or one of a treatment or level."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    name, absolute = request.url_vars["name"], absolute_paths(datasette, request)
    if name == "new":
        made = await reader.read(lambda conn: evidence_feed(conn, facts, facts.shelf.everything, NEW, absolute))
    elif name == "retractions":
        made = await reader.read(lambda conn: retractions_feed(conn, facts, RETRACTIONS, absolute))
    elif name == "changes":
        made = await reader.read(lambda conn: changes_feed(conn, facts, CHANGES, absolute))
    else:
        facet, _, value = name.partition("-")
        if facet not in _EACH or value not in _values(facts, facet):
            text = f"There is no feed called “{name[:60]}”. The list of feeds is at /feeds."
            return await message(datasette, request, 404, "No such feed", text)
        named = _named(facts, facet, value)
        papers = facts.shelf.having(facet, [value])
        made = await reader.read(lambda conn: evidence_feed(conn, facts, papers, named, absolute))
    return atom_answer(request, made)


@page
async def search_feed(datasette: Datasette, request: Request) -> Response:
    """`/search.atom`: the papers of any list, those that came last first."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    args = {name: request.args.getlist(name) for name in request.args}
    # Whoever leaves retracted papers out of a list still has to learn of a retraction.
    filters = replace(read_filters(args, facts), without_retracted=False)
    watched = replace(filters, once=False, counted=False)
    named, absolute = _of_list(filters, facts), absolute_paths(datasette, request)

    def read(conn: sqlite3.Connection) -> Feed:
        papers = listed(conn, facts, filters)
        fallen = papers if watched == filters else listed(conn, facts, watched)
        return evidence_feed(conn, facts, papers, named, absolute, watched=fallen)

    return atom_answer(request, await reader.read(read))


def absolute_paths(datasette: Datasette, request: Request) -> Callable[[str], str]:
    """Gives the full address of a path of this site, as the reader asked for it."""
    return lambda path: str(datasette.absolute_url(request, datasette.urls.path(path)))


def _values(facts: Facts, facet: str) -> list[str]:
    return [value for value in facts.names[facet] if value not in (UNTAGGED, "none")]


def _named(facts: Facts, facet: str, value: str) -> Named:
    name = facts.name(facet, value)
    return Named(
        f"{facet}/{value}",
        f"new papers, {name.name}",
        f"Papers that came into the catalog last: {name.description or name.name}.",
        f"/feeds/{_EACH[facet]}-{value}.atom",
        f"/search?{facet}={value}",
    )


def _of_list(filters: Filters, facts: Facts) -> Named:
    """The feed of a list: whichever order or page the list was shown in, it is the same feed."""
    bare = replace(
        filters.sorted_by(filters.default_sort),
        chosen={facet: tuple(sorted(values)) for facet, values in filters.chosen.items()},
    )
    said = ", ".join(described(bare, facts)) or "all papers"
    return Named(
        bare.address(path="search"),
        f"new papers, {said}",
        " ".join((f"Papers that came into the catalog last: {said}.", *filters.notes)),
        bare.address(path="/search.atom"),
        bare.address(),
    )
