"""The addresses that take a text: `/check`, `/references`, `/quotes`, each with `.json`.

GET shows the form; POST answers, and forgets the text: it is not kept, not logged, and nothing is asked of elsewhere.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datasette.utils.asgi import Request, Response

from catalog.about import Dated, limits_line
from catalog.check.checking import check_text as check_claims
from catalog.check.notes import by_product, said_of
from catalog.check.report import STANDING, counts, described, summary
from catalog.check.report import as_json as claims_json
from catalog.check.texts import LONGEST, MOST_BYTES, read_bytes, read_text
from catalog.errors import WrongUse
from catalog.quotes import LONGEST as LONGEST_SENTENCE
from catalog.quotes import RANKING, Quote, Quotes, find_quotes
from catalog.references.files import MOST_BYTES as MOST_LIST
from catalog.references.files import MOST_REFERENCES, check_bytes
from catalog.references.files import check_text as check_list
from catalog.references.formats import FORMATS
from catalog.references.report import as_json as references_json
from catalog.references.report import summary as references_summary
from catalog.site.answering import html_answer, json_answer, posting
from catalog.site.bodies import BadBody, Handed, read_body
from catalog.site.clients import client_of
from catalog.site.fitting import fitted
from catalog.site.noting import note
from catalog.site.reading import reader_of
from catalog.site.workers import Busy, OutOfTime, workers_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["HANDED_PATHS", "check", "quotes", "references"]

HANDED_PATHS = frozenset({"/check", "/check.json", "/references", "/references.json", "/quotes", "/quotes.json"})
_SENTENCE_BYTES = 20_000
Work = Callable[[sqlite3.Connection, Callable[[], None], Handed], Any]


@posting
async def check(datasette: Datasette, request: Request) -> Response:
    """`/check`: a text's claims beside the evidence."""

    def work(conn: sqlite3.Connection, tick: Callable[[], None], handed: Handed) -> Any:
        text = (
            read_bytes(handed.data, handed.name)
            if handed.data is not None
            else read_text(handed.text or "", handed.name)
        )
        return check_claims(conn, text, handed.name, tick=tick)

    def shown(found: Any) -> dict[str, Any]:
        return {
            "checked": found,
            "shown": fitted(found),
            "summary": summary(found),
            "described": lambda claim: described(claim, found),
            "counts": lambda product: counts(product, found),
            "by_product": by_product,
            "said_of": said_of,
        }

    limits = {"most_bytes": MOST_BYTES, "longest": LONGEST, "standing": STANDING}
    return await _answer(datasette, request, "catalog_check.html", limits, MOST_BYTES, work, shown, claims_json)


@posting
async def references(datasette: Datasette, request: Request) -> Response:
    """`/references`: a reference list, what is retracted first."""

    def work(conn: sqlite3.Connection, tick: Callable[[], None], handed: Handed) -> Any:
        if handed.data is not None:
            return check_bytes(conn, handed.data, handed.name, tick=tick)
        return check_list(conn, handed.text or "", handed.name, tick=tick)

    def shown(found: Any) -> dict[str, Any]:
        return {"report": found, "summary": references_summary(found)}

    limits = {
        "most_bytes": MOST_LIST,
        "most": MOST_REFERENCES,
        "formats": [name.removesuffix("-JSON") for name in FORMATS.values()],
    }
    return await _answer(datasette, request, "catalog_references.html", limits, MOST_LIST, work, shown, references_json)


@posting
async def quotes(datasette: Datasette, request: Request) -> Response:
    """`/quotes`: the catalog's sentences nearest to one of a draft."""

    def work(conn: sqlite3.Connection, tick: Callable[[], None], handed: Handed) -> Any:
        text = handed.text if handed.text is not None else (handed.data or b"").decode("utf-8", "replace")
        if len(text) > LONGEST_SENTENCE:
            raise WrongUse(f"the text: {len(text):,} characters; give one sentence, at most {LONGEST_SENTENCE:,}")
        return find_quotes(conn, text, tick=tick)

    def shown(found: Any) -> dict[str, Any]:
        return {"quotes": found}

    limits = {"longest": LONGEST_SENTENCE, "ranking": RANKING}
    facts = await reader_of(datasette).facts()
    return await _answer(
        datasette,
        request,
        "catalog_quotes.html",
        limits,
        _SENTENCE_BYTES,
        work,
        shown,
        lambda found: _quotes_json(found, Dated(facts.checked, facts.about.sample), facts.about.abstracts),
    )


async def _answer(
    datasette: Datasette,
    request: Request,
    template: str,
    limits: dict[str, Any],
    most: int,
    work: Work,
    shown: Callable[[Any], dict[str, Any]],
    as_json: Callable[[Any], dict[str, Any]],
) -> Response:
    """The form on GET; on POST what the work finds, as a page or, at an address ending in .json, as JSON."""
    facts = await reader_of(datasette).facts()
    wants_json = request.path.endswith(".json")
    said = {**limits, "limits": limits_line(Dated(facts.checked, facts.about.sample)), "pasted": ""}
    if request.method != "POST":
        if wants_json:
            error = f'POST the text here, as {{"text": "..."}}, as a form, or as the body; at most {most:,} bytes.'
            response = json_answer({"ok": False, "error": error}, 405)
            response.headers["allow"] = "POST"
            return response
        return await html_answer(datasette, request, template, said)
    handed = Handed("", None, "the text")
    try:
        workers = workers_of(datasette)
        workers.admit(client_of(request.scope))
        handed = await read_body(request, most)
        found = await workers.run(lambda conn, tick: work(conn, tick, handed))
    except (BadBody, Busy) as refused:
        return await _refused(datasette, request, template, said, handed, refused.status, str(refused), refused)
    except WrongUse as wrong:
        text = str(wrong).removeprefix("the text: ")
        return await _refused(datasette, request, template, said, handed, 400, text, wrong)
    except OutOfTime as late:
        text = "That took too long. Give less text, or run the command on your own machine."
        return await _refused(datasette, request, template, said, handed, 503, text, late)
    if wants_json:
        return json_answer(as_json(found))
    said["pasted"] = handed.text or ""
    response = await html_answer(datasette, request, template, {**said, **shown(found)})
    response.headers["cache-control"] = "no-store"  # what was handed in stays nowhere
    return response


async def _refused(
    datasette: Datasette,
    request: Request,
    template: str,
    said: dict[str, Any],
    handed: Handed,
    status: int,
    text: str,
    why: Exception,
) -> Response:
    if request.path.endswith(".json"):
        response = json_answer({"ok": False, "error": text}, status)
    else:
        context = {**said, "pasted": handed.text or "", "error": text[:1].upper() + text[1:]}
        response = await html_answer(datasette, request, template, context, status)
    if isinstance(why, Busy):
        note(request.scope, "refused", "rate" if status == 429 else "busy")
        response.headers["retry-after"] = str(why.after)
    response.headers["cache-control"] = "no-store"
    return response


def _quotes_json(found: Quotes, dated: Dated, abstracts: str) -> dict[str, Any]:
    return {
        "ok": True,
        "sample": dated.sample,
        "searched": dated.searched,
        "limits": limits_line(dated),
        "abstracts": abstracts,  # full; excerpt: only those are looked at; none: nothing can be quoted
        "asked": found.asked,
        "ranking": RANKING,
        "nearest": [_quote(quote) for quote in found.nearest],
        "other_way": _quote(found.other_way) if found.other_way else None,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    return {name: getattr(quote, name) for name in Quote.__slots__}
