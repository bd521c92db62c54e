"""Papers as files for reference managers: one paper, a search, any list of PMIDs, and Datasette's own lists."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from datasette.utils.asgi import AsgiStream, Request, Response

from catalog.cite import Citation, read_citations
from catalog.cite.formats import FORMATS, Format, format_of
from catalog.site.answering import page
from catalog.site.facts import SAMPLE_NOTICE, Facts
from catalog.site.filters import read_filters
from catalog.site.outlinks import pmid_of
from catalog.site.pages import PARAMETERS
from catalog.site.reading import DATABASE, Reader, reader_of
from catalog.site.search import listed_pmids

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["EXTENSIONS", "MOST", "article_export", "export", "list_export", "renderers", "search_export", "unapi"]

MOST = 10_000  # papers in one file, as many as PubMed itself saves at once
BATCH = 200  # papers read and held at once
EXTENSIONS = "|".join(f.extension.replace(".", r"\.") for f in FORMATS)


@page
async def article_export(datasette: Datasette, request: Request) -> Response:
    """`/articles/PMID.ris`, `.bib`, `.nbib`, `.csl.json`."""
    pmid = pmid_of(request.url_vars["pmid"])
    name = f"pmid-{pmid}"
    return await export(datasette, request, [pmid] if pmid else [], _format(request), name)


@page
async def search_export(datasette: Datasette, request: Request) -> Response:
    """`/search.ris?q=...` and so on: the whole list, in the order of its pages, up to `MOST` papers."""
    reader = reader_of(datasette)
    facts = await reader.facts()
    filters = read_filters({name: request.args.getlist(name) for name in PARAMETERS if name in request.args}, facts)
    total, pmids = await reader.read(lambda conn: listed_pmids(conn, facts, filters, MOST))
    return await export(datasette, request, pmids, _format(request), "search", total=total)


@page
async def list_export(datasette: Datasette, request: Request) -> Response:
    """`/cite.ris?pmid=1,2&pmid=3`: the papers a reader ticked, or another page lists."""
    asked = [part for text in request.args.getlist("pmid") for part in text.replace(",", " ").split()]
    pmids = [pmid for part in asked if (pmid := pmid_of(part))]
    return await export(datasette, request, list(dict.fromkeys(pmids)), _format(request), "papers")


def _format(request: Request) -> Format:
    found = format_of(request.url_vars["format"])
    assert found is not None  # noqa: S101 - the routes hold the formats' own extensions
    return found


async def export(
    datasette: Datasette,
    request: Request,
    pmids: Sequence[int],
    form: Format,
    name: str,
    *,
    total: int | None = None,
) -> Response:
    """Papers as a file, in this order. What the catalog does not hold is left out; with none at all it is a 404.

    Args:
        datasette: whose catalog.
        request: what is answered; HEAD gets no body.
        pmids: the papers; those beyond `MOST` are left out, which the file's name and a header say.
        form: one of `FORMATS`.
        name: the file's name without its extension.
        total: how many there are, where `pmids` are only the first of them.
    """
    reader = reader_of(datasette)
    facts = await reader.facts()
    total = max(total or 0, len(pmids))
    pmids = pmids[:MOST]
    first = await _batch(reader, facts, pmids[:BATCH])
    if not first and len(pmids) <= BATCH:
        return Response.text("None of these papers is in this catalog.\n", status=404)
    cut = f"first {len(pmids)} of {total}" if total > len(pmids) else ""
    file = "-".join(part for part in (name, cut.replace(" ", "-")) if part)
    headers = {
        "content-disposition": f'attachment; filename="{file}.{form.extension}"',
        "cache-control": "no-cache",
        "x-catalog-papers": cut or f"{len(pmids)} of {total}",
    }
    content_type = f"{form.media_type}; charset=utf-8"
    if request.method == "HEAD":
        return Response("", headers=headers, content_type=content_type)
    remarks = [SAMPLE_NOTICE] if facts.about.sample else []
    remarks += [f"Only the {cut} papers: narrow the list for the others"] if cut else []
    remark = "; ".join(remarks) or None
    if len(pmids) <= BATCH:
        return Response(form.text(first, remark), headers=headers, content_type=content_type)

    async def write(to: Any) -> None:
        async for text in _text(reader, facts, pmids, first, form, remark):
            await to.write(text)

    return _Streamed(AsgiStream(write, headers=headers, content_type=content_type))


class _Streamed(Response):  # type: ignore[misc]  # Datasette has no types
    """A stream that Datasette takes from an output renderer too, where it wants a Response."""

    def __init__(self, stream: AsgiStream):
        super().__init__("")
        self._stream = stream

    async def asgi_send(self, send: Any) -> None:
        await self._stream.asgi_send(send)


async def _batch(reader: Reader, facts: Facts, pmids: Sequence[int]) -> list[Citation]:
    return await reader.read(lambda conn: read_citations(conn, pmids, facts.imprint)) if pmids else []


async def _text(
    reader: Reader, facts: Facts, pmids: Sequence[int], first: list[Citation], form: Format, remark: str | None
) -> AsyncIterator[str]:
    """The file in pieces of a batch each, so that a long one is never held whole and others are answered meanwhile."""
    yield form.opening(remark)
    begun = False
    for start in range(0, len(pmids), BATCH):
        citations = first if start == 0 else await _batch(reader, facts, pmids[start : start + BATCH])
        yield form.records(citations, begun=begun)
        begun = begun or bool(citations)
    yield form.ending


@page
async def unapi(datasette: Datasette, request: Request) -> Response:
    """unAPI, revision 3: by it Zotero takes each paper of a page as RIS, with its notes."""
    pmid, wanted = request.args.get("id"), request.args.get("format")
    offered = {f.id: f for f in FORMATS if f.id in ("ris", "bibtex")}
    if pmid is None:
        return _formats(offered, None)
    number = pmid_of(pmid)
    facts = await reader_of(datasette).facts()
    if number is None or number not in facts.shelf.places:
        return Response.text("No paper of this catalog has this identifier.\n", status=404)
    if wanted is None:
        return _formats(offered, number)
    if wanted not in offered:
        return Response.text(f"Formats: {', '.join(offered)}.\n", status=406)
    return await export(datasette, request, [number], offered[wanted], f"pmid-{number}")


def _formats(offered: Mapping[str, Format], pmid: int | None) -> Response:
    listed = "".join(f'<format name="{f.id}" type="{f.media_type}"/>' for f in offered.values())
    identifier = f' id="{pmid}"' if pmid else ""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<formats{identifier}>{listed}</formats>\n'
    status = 300 if pmid else 200  # unAPI answers "multiple choices" where an identifier comes without a format
    return Response(body, status=status, content_type="application/xml; charset=utf-8")


def renderers() -> list[dict[str, Any]]:
    """Datasette's output renderers: `.ris`, `.bib`, `.nbib`, `.csl` of lists, rows and queries with a column `pmid`."""
    return [
        {"extension": f.extension.split(".")[0], "render": _renderer(f), "can_render": _can_render} for f in FORMATS
    ]


def _can_render(columns: Sequence[str], database: str) -> bool:
    return database == DATABASE and _place(columns) is not None


def _place(columns: Sequence[str]) -> int | None:
    return next((at for at, name in enumerate(columns) if name.lower() == "pmid"), None)


def _renderer(form: Format) -> Callable[..., Awaitable[Response | dict[str, Any]]]:
    async def render(
        datasette: Datasette,
        request: Request,
        columns: Sequence[str],
        rows: Sequence[Any],
        database: str,
        table: str | None,
        data: Mapping[str, Any],
    ) -> Response | dict[str, Any]:
        place = _place(columns)
        if database != DATABASE or place is None:
            said = "Citations need a list of the catalog with a column called pmid; this one has none.\n"
            return {"body": said, "status_code": 400, "content_type": "text/plain; charset=utf-8"}
        total = None
        paged = data.get("next") and table and not {"_size", "_next"} & set(request.args)
        if paged:
            pmids, more = await _every_page(datasette, request, table or "")
            total = max(len(pmids) + 1, data.get("filtered_table_rows_count") or 0) if more else None
        else:
            pmids = [pmid for row in rows if (pmid := _pmid(row[place]))]
            if data.get("truncated") or data.get("next"):
                total = max(len(pmids) + 1, data.get("filtered_table_rows_count") or 0)
        unique = list(dict.fromkeys(pmids))
        name = table or data.get("query_name") or "query"
        answer = await export(datasette, request, unique, form, name, total=total)
        if answer.status != 200:  # Datasette gives a query's Response its own status, but leaves this one as it is
            return {"body": answer.body, "status_code": answer.status, "content_type": answer.content_type}
        return answer

    return render


def _pmid(cell: Any) -> int | None:
    """The PMID in a cell, which with labels is {"value", "label"}."""
    return pmid_of(str(cell["value"] if isinstance(cell, dict) else cell))


async def _every_page(datasette: Datasette, request: Request, table: str) -> tuple[list[int], bool]:
    """(the PMIDs of all pages of a table's list, up to `MOST` rows; whether there are more rows)."""
    kept = [
        (name, value)
        for name, value in parse_qsl(request.query_string, keep_blank_values=True)
        if name not in ("_labels", "_label", "_facet", "_shape", "_col", "_nocol", "_json", "_nl")
    ]
    fixed = [("_shape", "arrays"), ("_col", "pmid"), ("_size", "max"), ("_nofacet", "1"), ("_nocount", "1")]
    pmids: list[int] = []
    after: list[tuple[str, str]] = []
    while True:
        address = datasette.urls.table(DATABASE, table, format="json") + "?" + urlencode(kept + fixed + after)
        answer = (await datasette.client.get(address, cookies=request.cookies)).json()
        place = _place(answer["columns"])
        pmids += [pmid for row in answer["rows"] if (pmid := _pmid(row[place]))]
        if not answer.get("next") or len(pmids) >= MOST:
            return pmids, bool(answer.get("next"))
        after = [("_next", str(answer["next"]))]
