"""The page `/articles/PMID`, and the same as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasette.utils.asgi import Request, Response

from catalog.cite.embedded import meta_tags
from catalog.cite.formats import FORMATS
from catalog.cite.styles import STYLES
from catalog.site.answering import html_answer, json_answer, page
from catalog.site.answers import article_json
from catalog.site.article import Article, load_article
from catalog.site.facts import Facts
from catalog.site.filters import Filters
from catalog.site.outlinks import doi_url, pmid_of, pubmed_url
from catalog.site.proofs import alike, distinct, value_name
from catalog.site.query import Query
from catalog.site.reading import reader_of
from catalog.site.reporting import report_address, report_to
from catalog.site.words import FIELDS

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["article"]

# What a report of a wrong tag says of the paper.
_REPORTED = ("design", "level", "status", "participants", "comparator", "direction", "harms")


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
    context = {
        "article": found,
        "addresses": _addresses(found),
        "alike": alike,
        "distinct": distinct,
        "doi_url": doi_url,
        "meta_tags": meta_tags(found.cited),
        "styles": STYLES,
        "formats": FORMATS,
        "report": _report(datasette, found, facts),
    }
    return await html_answer(datasette, request, "catalog_article.html", context)


def _addresses(found: Article) -> dict[tuple[str, str], str]:
    """The lists that the paper's tags lead to, by facet and value."""
    bare = Filters(Query(""), {})
    values = {
        "intervention": [treatment.id for treatment in found.interventions],
        "condition": found.conditions,
        "level": [found.row["level"]],
        "design": [found.row["design"]],
    }
    return {(facet, value): bare.adding(facet, value).address() for facet, some in values.items() for value in some}


def _report(datasette: Datasette, found: Article, facts: Facts) -> str | None:
    """Where to report a wrong tag of the paper; None where whoever runs the site gave no address."""
    address = report_to(datasette)
    if address is None:
        return None
    tags = [
        (FIELDS[field], value_name(facts, field, str(found.row[field])))
        for field in _REPORTED
        if found.row[field] is not None
    ]
    treatments = [facts.name("intervention", treatment.id).name for treatment in found.interventions]
    tags.append(("Treatments", ", ".join(treatments) or "none"))
    return report_address(address, found.row["pmid"], found.plain_title, tags, facts.imprint)
