"""The reader's pages: an address in, a page or JSON out."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, page
from catalog.site.answers import results_json
from catalog.site.compare import MOST
from catalog.site.fields import FACETS
from catalog.site.filters import SORTS, read_filters
from catalog.site.home import load_home
from catalog.site.matching import RANKED
from catalog.site.outlinks import doi_url, pmc_url, pubmed_search_url, pubmed_url
from catalog.site.reading import reader_of
from catalog.site.search import search
from catalog.site.tips import TIPS

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["articles", "home", "results", "style_version", "stylesheet"]

PARAMETERS = ("q", *FACETS, "retracted", "studies", "evidence", "sort", "page")


@page
async def home(datasette: Datasette, request: Request) -> Response:
    """`/`: what this is, and the evidence map, for every condition or (`?condition=`) for one."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    asked = read_filters({"condition": request.args.getlist("condition")[:1]}, facts)
    found = await reader.read(lambda conn: load_home(conn, facts, asked))
    return await html_answer(datasette, request, "catalog_home.html", {"home": found})


@page
async def results(datasette: Datasette, request: Request) -> Response:
    """`/search` and `/search.json`: a list of papers."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    args = {name: request.args.getlist(name) for name in PARAMETERS if name in request.args}
    filters = read_filters(args, facts)
    found = await reader.read(lambda conn: search(conn, facts, filters))
    if request.path.endswith(".json"):
        return json_answer(results_json(found, facts))
    asked = filters.query.identifiers
    if asked and len(asked.names) == found.total == 1 and filters.pairs() == [("q", filters.query.text)]:
        return Response.redirect(datasette.urls.path(f"/articles/{found.papers[0].pmid}"))
    context = {
        "results": found,
        "most_compared": MOST,
        "filters": found.filters,
        "sorts": [(key, name, found.filters.sorted_by(key).address()) for key, name in SORTS.items()],
        "pubmed_search": pubmed_search_url(found.filters.query.text),
        "missing": [
            *((f"PMID {pmid}", pubmed_url(pmid)) for pmid in found.matched.missing.pmids),
            *((doi, doi_url(doi)) for doi in found.matched.missing.dois),
            *((pmcid, pmc_url(pmcid)) for pmcid in found.matched.missing.pmcids),
        ],
        "ranked_up_to": RANKED,
        "tips": TIPS,
    }
    return await html_answer(datasette, request, "catalog_search.html", context)


@page
async def articles(datasette: Datasette, request: Request) -> Response:
    """`/articles`: the list is at `/search`."""
    return Response.redirect(datasette.urls.path("/search"))


@cache
def style() -> bytes:
    """The one style sheet: what every page needs, then each feature's own file, in the order of their names; packed."""
    static = resources.files("catalog.site").joinpath("static")
    names = sorted(entry.name for entry in static.iterdir() if entry.name.endswith(".css"))
    names.sort(key=lambda name: name != "catalog.css")
    return _packed("\n".join(static.joinpath(name).read_text("utf-8") for name in names)).encode()


@cache
def style_version() -> str:
    """What changes with the style sheet: part of its address."""
    return hashlib.sha256(style()).hexdigest()[:12]


def _packed(css: str) -> str:
    """A style sheet without comments and without blanks that say nothing; what stands in quotation marks stays."""
    css = re.sub(r'("[^"]*")|/\*.*?\*/|\s+', lambda found: found[1] or " ", css, flags=re.DOTALL)
    return re.sub(r'("[^"]*")|\s*([{};,])\s*|(?<=:) ', lambda found: found[1] or found[2] or "", css)


async def stylesheet(datasette: Datasette, request: Request) -> Response:
    """`/-/catalog/VERSION.css`: the address changes with the content, so it may be kept for good."""
    # A page of another version of the program, seen while replicas are renewed one by one, asks for a style that is not
    # this one: it gets this one, but not for good.
    asked = request.path.rpartition("/")[2].removesuffix(".css")
    kept = "public, max-age=31536000, immutable" if asked == style_version() else "no-store"
    return Response(style(), headers={"cache-control": kept}, content_type="text/css; charset=utf-8")
