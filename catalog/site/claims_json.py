"""Claims and their cards as JSON: the same numbers as the pages, each with the address of its list (docs/api.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from catalog.card import Product, Rung
from catalog.cardtext import Names, percent
from catalog.claims import Claim
from catalog.listing import Listing, Papers
from catalog.sentences import Sentence, plain
from catalog.site.claims import CardPage, Group, ShownProduct, address_of
from catalog.site.facts import Facts

__all__ = ["LIMITS", "MOST", "card_json", "claims_json"]

MOST = 1_000  # PMIDs of one treatment; the rest is at its list
LIMITS = (
    "PubMed abstracts only; what is absent here is not shown to be absent. Levels are starting levels given by rule."
    " Counts of what is held: nobody has judged whether a claim is true. Not medical advice."
)


def claims_json(groups: Iterable[Group], facts: Facts) -> dict[str, Any]:
    """Every claim, with its studies by level for each of its own treatments."""
    return {
        "ok": True,
        **_frame(facts),
        "claims": [
            {
                **_claim(entry.claim),
                "evidence": [
                    {
                        "intervention": held.intervention,
                        "in_people": {"studies": held.people, "list": held.address},
                        "compared_as_claimed" if entry.claim.comparator else "levels": {
                            level: {"studies": count, "list": address} for level, count, address in held.levels
                        },
                    }
                    for held in entry.products
                ],
            }
            for group in groups
            for entry in group.claims
        ],
    }


def card_json(page: CardPage, facts: Facts, names: Names) -> dict[str, Any]:
    """A claim's card."""
    news = page.card.news
    return {
        "ok": True,
        **_frame(facts),
        **_claim(page.claim),
        "judged": page.outcome.judged,
        "settled_by": {
            "text": page.claim.settled_by,
            "designs": list(page.claim.designs),
            "versus": list(page.claim.versus),
        },
        "note": page.claim.note,
        "state": page.card.state,
        "news": None if news is None else {"since": news.since, "latest": news.latest, "new": list(news.new)},
        "products": [_product(shown, apart=False) for shown in page.products]
        + [_product(shown, apart=True) for shown in page.apart],
        "papers": page.papers_address if page.products else None,
        "feed": page.feed_address if page.products else None,
        "names": {
            "levels": {level: name for level, (name, _) in names.levels.items()},
            "interventions": dict(names.interventions),
        },
    }


def _frame(facts: Facts) -> dict[str, Any]:
    return {
        "sample": facts.about.sample,
        "searched": facts.checked,
        "dated": facts.dated,
        "limits": LIMITS,
    }


def _claim(claim: Claim) -> dict[str, Any]:
    return {
        "id": claim.id,
        "address": f"/claims/{claim.id}",
        "statement": claim.statement,
        "kind": claim.kind,
        "outcome": claim.outcome,
        "asserts": claim.asserts,
        "interventions": list(claim.interventions),
        "apart": list(claim.apart),
        "conditions": list(claim.conditions),
        "comparator": list(claim.comparator),
        "words": list(claim.words),
        "outside": claim.outside,
    }


def _counted(held: Listing | Papers) -> dict[str, Any]:
    return {"studies": held.number, "list": address_of(held.slice)}


def _said(sentences: Iterable[Sentence]) -> list[str]:
    return [plain(sentence) for sentence in sentences]


def _rung(rung: Rung) -> dict[str, Any]:
    return {
        "level": rung.level,
        **_counted(rung.listing),
        "against": {
            split.against: {
                **_counted(split.listing),
                "directions": {_known(name): _counted(held) for name, held in split.directions},
            }
            for split in rung.splits
        },
    }


def _known(value: str) -> str:
    return "unknown" if value.startswith("_") else value


def _named(pairs: Iterable[tuple[str, Listing]]) -> dict[str, Any]:
    return {_known(name): _counted(held) for name, held in pairs}


def _product(shown: ShownProduct, *, apart: bool) -> dict[str, Any]:
    product = shown.product
    return {
        "intervention": product.intervention,
        "name": shown.name,
        "apart": apart,
        **_counted(product.listing),
        "pmids": [row.pmid for row in product.listing.rows[:MOST]],
        "in_people": _counted(product.people),
        "summary": _said(shown.summary),
        "missing": _said(shown.missing),
        "levels": [_rung(rung) for rung in product.rungs],
        "compared_as_claimed": None
        if product.compared is None or product.as_claimed is None
        else {**_counted(product.as_claimed), "levels": [_rung(rung) for rung in product.compared]},
        "could_settle": _counted(product.settling) if product.settling else None,
        "preclinical": _counted(product.preclinical),
        "no_level": _named(product.unlevelled),
        "harms": _harms(product),
        "certainty": _named(product.certainty),
        "reviews": {
            **_counted(product.reviews),
            "include_uncontrolled_or_do_not_say": _counted(product.rung("4").uncontrolled or product.reviews),
            "partly_known": list(product.overlap.known),
            "share_a_study": [{"pmid": pmid, "with": list(others)} for pmid, others in product.overlap.sharing],
        },
        "cites_retracted": {**_counted(product.leaning), "pmids": [row.pmid for row in product.leaning.rows]},
        "not_counted": {
            "retracted": {**_counted(product.retracted), "pmids": [paper.pmid for paper in product.dossier.retracted]},
        },
    }


def _harms(product: Product) -> dict[str, Any]:
    harms = product.harms
    bound = harms.bound
    return {
        "studies": {**_counted(harms.studies), "say": _named(harms.by_value)},
        "reviews": {**_counted(harms.reviews), "say": _named(harms.reviews_by_value)},
        "serious": [
            {"pmid": event.pmid, "counted": event.counted, "quote": event.quote, "source": event.source}
            for event in harms.serious
        ],
        "none_in": None
        if bound is None
        else {
            "people": bound.people,
            **_counted(bound.studies),
            "upper_95_percent": float(percent(bound.upper)),
            "controls_among_them": bound.controls,
            "rule": "rule of three: 3/n; below 30 people exact, 1 - 0.05^(1/n)",
        },
    }
