"""The reader's pages: an address in, a page or JSON out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from importlib import resources
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Forbidden, Request, Response

from catalog.site.answers import article_json, results_json
from catalog.site.article import load_article
from catalog.site.filters import FACETS, SORTS, Filters, read_filters
from catalog.site.headers import PAGE_POLICY
from catalog.site.home import load_home
from catalog.site.outlinks import doi_url, pubmed_search_url, pubmed_url
from catalog.site.proofs import alike, distinct
from catalog.site.query import Query
from catalog.site.reading import DATABASE, NoCatalog, TooSlow, reader_of
from catalog.site.search import search

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["article", "articles", "home", "results", "stylesheet"]

View = Callable[["Datasette", Request], Awaitable[Response]]
_LONGEST_PMID = 9  # digits; PubMed's are eight, this project's invented ones nine
PARAMETERS = ("q", *FACETS, "retracted", "studies", "sort", "page")


def _page(view: View) -> View:
    """A view of ours: answers GET and HEAD, keeps Datasette's permissions, and says plainly what is wrong."""

    @wraps(view)
    async def answer(datasette: Datasette, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response.text("This page can only be read.\n", status=405, headers={"allow": "GET, HEAD"})
        try:
            await _permitted(datasette, request)
            return await view(datasette, request)
        except NoCatalog as missing:
            return await _message(datasette, request, 503, "There is no catalog here", str(missing))
        except TooSlow:
            text = "The search took too long. Search for more particular words, or narrow it with a filter."
            return await _message(datasette, request, 503, "That took too long", text)

    # Datasette looks at the names of the arguments.
    del answer.__wrapped__
    return answer


async def _permitted(datasette: Datasette, request: Request) -> None:
    """Whoever may not see the database through Datasette may not read it here. Raises Forbidden."""
    allowed = getattr(datasette, "permission_allowed", None)  # 0.65; a later Datasette asks with `allowed`
    if allowed is not None:
        for action, resource in (("view-instance", None), ("view-database", DATABASE)):
            if await allowed(request.actor, action, resource=resource, default=True) is False:
                raise Forbidden(action)


async def _html(
    datasette: Datasette, request: Request, template: str, context: dict[str, Any], status: int = 200
) -> Response:
    body = await datasette.render_template(template, {"facts": reader_of(datasette).known, **context}, request=request)
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"}
    return Response.html(body, status=status, headers=headers)


def _json(answer: dict[str, Any], status: int = 200) -> Response:
    response = Response.json(answer, status=status)
    response.headers["cache-control"] = "no-cache"
    return response


async def _message(datasette: Datasette, request: Request, status: int, title: str, text: str) -> Response:
    if request.path.endswith(".json"):
        return _json({"ok": False, "error": text}, status)
    return await _html(datasette, request, "catalog_message.html", {"title": title, "text": text}, status)


@_page
async def home(datasette: Datasette, request: Request) -> Response:
    """`/`: what this is, and the map of treatments by level."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    found = await reader.read(lambda conn: load_home(conn, facts))
    return await _html(datasette, request, "catalog_home.html", {"home": found})


@_page
async def results(datasette: Datasette, request: Request) -> Response:
    """`/search` and `/search.json`: a list of papers."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    args = {name: request.args.getlist(name) for name in PARAMETERS if name in request.args}
    filters = read_filters(args, facts)
    found = await reader.read(lambda conn: search(conn, facts, filters))
    if request.path.endswith(".json"):
        return _json(results_json(found, facts))
    context = {
        "results": found,
        "filters": found.filters,
        "sorts": [(key, name, found.filters.sorted_by(key).address()) for key, name in SORTS.items()],
        "pubmed_search": pubmed_search_url(found.filters.query.text),
    }
    return await _html(datasette, request, "catalog_search.html", context)


@_page
async def articles(datasette: Datasette, request: Request) -> Response:
    """`/articles`: the list is at `/search`."""
    return Response.redirect(datasette.urls.path("/search"))


@_page
async def article(datasette: Datasette, request: Request) -> Response:
    """`/articles/PMID` and `/articles/PMID.json`: one paper."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    wanted, as_json = request.url_vars["pmid"], bool(request.url_vars.get("format"))
    found = None
    if re.fullmatch(rf"0*[1-9][0-9]{{0,{_LONGEST_PMID - 1}}}", wanted):
        pmid = int(wanted)
        if str(pmid) != wanted:
            return Response.redirect(datasette.urls.path(f"/articles/{pmid}" + (".json" if as_json else "")), 301)
        found = await reader.read(lambda conn: load_article(conn, facts, pmid))
        pubmed = pubmed_url(pmid)
    else:
        pubmed = None
    if found is None:
        if as_json:
            return _json(
                {"ok": False, "error": f"PMID {wanted} is not in this catalog", "sample": facts.about.sample}, 404
            )
        context = {"pmid": wanted, "pubmed": pubmed}
        return await _html(datasette, request, "catalog_no_article.html", context, 404)
    if as_json:
        return _json(article_json(found, facts))
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
    return await _html(datasette, request, "catalog_article.html", context)


@cache
def style() -> bytes:
    """The one style sheet."""
    return resources.files("catalog.site").joinpath("static", "catalog.css").read_bytes()


async def stylesheet(datasette: Datasette, request: Request) -> Response:
    """`/-/catalog/VERSION.css`: the address changes with the content, so it may be kept for good."""
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(style(), headers=headers, content_type="text/css; charset=utf-8")
