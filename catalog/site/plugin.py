"""The Datasette plugin: our pages at the front, Datasette's own under `/catalog`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from datasette import hookimpl
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader

from catalog.cite.embedded import coins
from catalog.cite.formats import FORMATS
from catalog.site import exports, pages
from catalog.site.article_page import article
from catalog.site.changes_page import changes
from catalog.site.claims_page import claim, claims
from catalog.site.compare_pages import compare
from catalog.site.download import download
from catalog.site.facts import SAMPLE_NOTICE, Facts
from catalog.site.feeds_page import feed, feeds, search_feed
from catalog.site.glyphs import mark
from catalog.site.guard import guarded, limit_connection
from catalog.site.handed_pages import HANDED_PATHS, check, quotes, references
from catalog.site.headers import App, with_headers
from catalog.site.lists import listing, lists
from catalog.site.navigation import SITE_PAGES
from catalog.site.outlinks import TERMS_URL, pubmed_url
from catalog.site.reading import DATABASE, NoCatalog, TooSlow, reader_of
from catalog.site.reliability import reliability
from catalog.site.remembering import with_memory
from catalog.site.robots import robots
from catalog.site.words import CERTAINTIES, STATUSES, day, plural
from catalog.withholding import CUT

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__: list[str] = []  # Datasette calls the hooks; nothing is to be imported from here


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def register_routes(datasette: Datasette) -> list[tuple[str, Callable[..., Any]]]:
    """Our own pages. `/` is ours whatever is open: without a catalog it says what to do."""
    return [
        (r"/$", pages.home),
        (rf"/search\.(?P<format>{exports.EXTENSIONS})$", exports.search_export),
        (rf"/articles/(?P<pmid>[^/]+?)\.(?P<format>{exports.EXTENSIONS})$", exports.article_export),
        (rf"/cite\.(?P<format>{exports.EXTENSIONS})$", exports.list_export),
        (r"/unapi$", exports.unapi),
        (r"/search(?P<format>\.json)?$", pages.results),
        (r"/search\.atom$", search_feed),
        (r"/feeds/?$", feeds),
        (r"/feeds/(?P<name>[^/]+)\.atom$", feed),
        (r"/changes(?P<format>\.json)?$", changes),
        (r"/compare(?P<format>\.csv|\.html|\.json|\.svg)?$", compare),
        (r"/claims(?P<format>\.json)?$", claims),
        (r"/claims/(?P<claim>[^/]+?)(?P<format>\.json)?$", claim),
        (r"/articles/?$", pages.articles),
        (r"/articles/(?P<pmid>[^/]+?)(?P<format>\.json)?$", article),
        (r"/lists/?$", lists),
        (r"/lists/(?P<name>[a-z0-9_]+)(?P<format>\.json)?$", listing),
        (r"/reliability(?P<format>\.json)?$", reliability),
        (r"/robots\.txt$", robots),
        (r"/check(?P<format>\.json)?$", check),
        (r"/references(?P<format>\.json)?$", references),
        (r"/quotes(?P<format>\.json)?$", quotes),
        (r"/-/catalog/[0-9a-f]+\.css$", pages.stylesheet),
        (rf"/{DATABASE}\.db$", download),
    ]


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def register_output_renderer(datasette: Datasette) -> list[dict[str, Any]]:
    """Citations of any list of Datasette's own that has a column `pmid`."""
    return exports.renderers()


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def prepare_jinja2_environment(env: Environment, datasette: Datasette) -> None:
    """Our templates before Datasette's, after those of whoever runs it; and what every template may ask for."""
    ours = FileSystemLoader(str(resources.files("catalog.site").joinpath("templates")))
    loaders: list[BaseLoader] = [FileSystemLoader(datasette.template_dir)] if datasette.template_dir else []
    env.loader = ChoiceLoader([*loaders, ours, *([env.loader] if env.loader else [])])
    env.globals["catalog_facts"] = lambda: _facts(datasette)
    env.globals["catalog_style"] = f"/-/catalog/{pages.style_version()}.css"
    env.globals["site_pages"] = SITE_PAGES
    env.globals["sample_notice"] = SAMPLE_NOTICE
    env.globals["status_names"] = STATUSES
    env.globals["certainty_names"] = CERTAINTIES
    env.globals["pubmed_url"] = pubmed_url
    env.globals["terms_url"] = TERMS_URL
    env.globals["mark_of"] = mark
    env.globals["slice_query"] = lambda parts: urlencode([(k, v) for k, values in parts for v in values])
    env.filters["day"] = day
    env.globals["coins"] = coins
    env.globals["export_formats"] = FORMATS
    env.globals["most_exported"] = exports.MOST
    env.globals["plural"] = plural
    env.globals["withheld"] = CUT


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def skip_csrf(datasette: Datasette, scope: dict[str, Any]) -> bool:
    """The pages that take a text keep nothing and know nobody: no cookie, no session, so nothing to forge."""
    return scope["type"] == "http" and scope["path"] in HANDED_PATHS


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def startup(datasette: Datasette) -> Callable[[], Any]:
    """Read the catalog's facts before the first page asks for them. Without a catalog the pages say so."""

    async def read() -> None:
        await _facts(datasette)

    return read


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """What was answered before, a guard before every page, safe headers on every answer, and the sample's mark."""
    return lambda app: with_memory(datasette, with_headers(datasette, guarded(datasette, app)))


@hookimpl  # type: ignore[untyped-decorator]  # Datasette has no types
def prepare_connection(conn: sqlite3.Connection, database: str) -> None:
    """Bounds on what SQL may ask of the catalog."""
    if database == DATABASE:
        limit_connection(conn)


async def _facts(datasette: Datasette) -> Facts | None:
    try:
        return await reader_of(datasette).facts()
    except (NoCatalog, TooSlow):
        return None
