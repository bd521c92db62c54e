"""The addresses `/claims` and `/claims/ID`, for people and as JSON."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from datasette.utils.asgi import Request, Response

from catalog.cardtext import Names, comparators, names_of
from catalog.cite.formats import FORMATS
from catalog.claims import Claims
from catalog.claimtables import held_claims
from catalog.site.answering import html_answer, html_response, json_answer, message, page, rendered
from catalog.site.claims import CardPage, address_of, claim_groups, load_card_page
from catalog.site.claims_json import card_json, claims_json
from catalog.site.facts import Facts
from catalog.site.feeds_page import absolute_paths
from catalog.site.reading import Reader, reader_of

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["claim", "claims"]


class _Kept:
    """The claims of one catalog, and the cards made so far as they go out: a catalog never changes under its facts.

    Pages are kept with the address they tell as theirs, one a claim; not the rows behind them, which may be many.
    """

    def __init__(self, facts: Facts, held: Claims, names: Names):
        self.facts = facts
        self.claims = held
        self.names = names
        self.pages: dict[str, tuple[str, str]] = {}
        self.documents: dict[str, dict[str, Any]] = {}

    def load(self, conn: sqlite3.Connection, wanted: str) -> CardPage:
        """A card, counted anew."""
        return load_card_page(conn, self.facts, self.claims, self.claims.claim(wanted), self.names)


_kept: WeakKeyDictionary[Reader, _Kept] = WeakKeyDictionary()


async def _kept_of(reader: Reader) -> _Kept:
    facts = await reader.facts()
    found = _kept.get(reader)
    if found is None or found.facts is not facts:
        held, names = await reader.read(lambda conn: (held_claims(conn), names_of(conn)))
        found = _kept[reader] = _Kept(facts, held, names)
    return found


@page
async def claims(datasette: Datasette, request: Request) -> Response:
    """`/claims` and `/claims.json`: every claim by kind, with its studies by level."""
    kept = await _kept_of(reader_of(datasette))
    groups = claim_groups(kept.claims, kept.facts)
    if request.path.endswith(".json"):
        return json_answer(claims_json(groups, kept.facts))
    return await html_answer(datasette, request, "catalog_claims.html", {"groups": groups})


@page
async def claim(datasette: Datasette, request: Request) -> Response:
    """`/claims/ID` and `/claims/ID.json`: a claim's card."""
    reader = reader_of(datasette)
    kept = await _kept_of(reader)
    wanted = request.url_vars["claim"]
    if wanted not in {held.id for held in kept.claims.claims}:
        text = f"There is no claim called “{wanted[:60]}” here. The list of claims is at /claims."
        return await message(datasette, request, 404, "No such claim", text)
    if request.url_vars.get("format"):
        if wanted not in kept.documents:
            card = await reader.read(lambda conn: kept.load(conn, wanted))
            kept.documents[wanted] = card_json(card, kept.facts, kept.names)
        return json_answer(kept.documents[wanted])
    permalink = absolute_paths(datasette, request)(f"/claims/{wanted}")
    known, body = kept.pages.get(wanted, ("", ""))
    if known != permalink:
        card = await reader.read(lambda conn: kept.load(conn, wanted))
        context = {
            "page": card,
            "comparators": comparators(card.claim.comparator),
            "exports": [(form.extension, form.name) for form in FORMATS],
            "address_of": address_of,
            "permalink": permalink,
        }
        body = rendered(datasette, request, "catalog_claim.html", context)
        kept.pages[wanted] = (permalink, body)
    return html_response(body)
