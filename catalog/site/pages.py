"""The reader's pages: an address in, a page or JSON out."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from catalog.site.answering import html_answer, json_answer, page
from catalog.site.answers import article_json, results_json
from catalog.site.article import load_article
from catalog.site.compare import MOST
from catalog.site.fields import FACETS
from catalog.site.filters import SORTS, Filters, read_filters
from catalog.site.home import load_home
from catalog.site.matching import RANKED
from catalog.site.outlinks import doi_url, pmc_url, pmid_of, pubmed_search_url, pubmed_url
from catalog.site.proofs import alike, distinct
from catalog.site.query import Query
from catalog.site.reading import reader_of
from catalog.site.search import search
from catalog.site.tips import TIPS

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["article", "articles", "home", "results", "stylesheet"]

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


@page
async def article(datasette: Datasette, request: Request) -> Response:
    """`/articles/PMID` and `/articles/PMID.json`: one paper."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    wanted, as_json = request.url_vars["pmid"], bool(request.url_vars.get("format"))
    found = None
    if (pmid := pmid_of(wanted)) is not None:
        if str(pmid) != wanted:
            return Response.redirect(datasette.urls.path(f"/articles/{pmid}" + (".json" if as_json else "")), 301)
        found = await reader.read(lambda conn: load_article(conn, facts, pmid))
        pubmed = pubmed_url(pmid)
    else:
        pubmed = None
    if found is None:
        if as_json:
            return json_answer(
                {"ok": False, "error": f"PMID {wanted} is not in this catalog", "sample": facts.about.sample}, 404
            )
        context = {"pmid": wanted, "pubmed": pubmed}
        return await html_answer(datasette, request, "catalog_no_article.html", context, 404)
    if as_json:
        return json_answer(article_json(found, facts))
    bare = Filters(Query(""), {})
    addresses = {
        (facet, value): bare.adding(facet, value).address()
        for facet, values in (
            ("intervention", [i for i, _ in found.interventions]),
            ("condition", found.conditions),
            ("level", [found.row["level"]]),
            ("design", [found.row["design"]]),
        )
        for value in values
    }
    context = {"article": found, "addresses": addresses, "alike": alike, "distinct": distinct, "doi_url": doi_url}
    return await html_answer(datasette, request, "catalog_article.html", context)


@cache
def style() -> bytes:
    """The one style sheet: what every page needs, then each feature's own file, in the order of their names."""
    static = resources.files("catalog.site").joinpath("static")
    names = sorted(entry.name for entry in static.iterdir() if entry.name.endswith(".css"))
    names.sort(key=lambda name: name != "catalog.css")
    return b"\n".join(static.joinpath(name).read_bytes() for name in names)


async def stylesheet(datasette: Datasette, request: Request) -> Response:
    """`/-/catalog/VERSION.css`: the address changes with the content, so it may be kept for good."""
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(style(), headers=headers, content_type="text/css; charset=utf-8")
