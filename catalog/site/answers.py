"""The pages' data as JSON: the same question gives the same answer, page or JSON."""

from __future__ import annotations

from typing import Any

from catalog.site.article import Article, Notice
from catalog.site.facts import Facts
from catalog.site.proofs import Proof
from catalog.site.search import Paper, Results

__all__ = ["article_json", "results_json"]


def results_json(results: Results, facts: Facts) -> dict[str, Any]:
    """A page of a list."""
    filters = results.filters
    return {
        "ok": True,
        "sample": facts.about.sample,
        "query": filters.query.text,
        "filters": {facet: list(values) for facet, values in filters.chosen.items()},
        "retracted": "exclude" if filters.without_retracted else "include",
        "sort": filters.sort,
        "total": results.total,
        "retracted_among_them": results.retracted,
        "page": filters.page,
        "pages": results.pages,
        "next": filters.address(page=filters.page + 1, path="/search.json") if filters.page < results.pages else None,
        "notes": list(results.notes),
        "articles": [_paper(paper) for paper in results.papers],
        "facets": {
            facet.id: [
                {"value": choice.value, "name": choice.name, "count": choice.count, "chosen": choice.chosen}
                for choice in facet.choices
            ]
            for facet in results.facets
        },
    }


def article_json(article: Article, facts: Facts) -> dict[str, Any]:
    """A paper with its tags and their proof."""
    return {
        "ok": True,
        "sample": facts.about.sample,
        **article.row,
        "level_name": facts.name("level", article.row["level"]).name,
        "design_name": facts.name("design", article.row["design"]).name,
        "authors": list(article.authors),
        "interventions": [
            {"id": i, "name": facts.name("intervention", i).name, "role": r or None} for i, r in article.interventions
        ],
        "conditions": [{"id": c, "name": facts.name("condition", c).name} for c in article.conditions],
        "evidence": {
            "deciding": [_proof(p) for p in article.proofs.deciding],
            "agreeing": [_proof(p) for p in article.proofs.agreeing],
            "overruled": [_proof(p) for p in article.proofs.overruled],
            "topics": [_proof(p) for p in article.proofs.topics],
            "status": [_proof(p) for p in article.proofs.status],
        },
        "notices": [_notice(n) for n in (*article.standing, *article.notices)],
        "trials": [link.name for link in article.trials],
        "mesh_headings": [link.name for link in article.mesh],
        "publication_types": list(article.types),
        "keywords": list(article.keywords),
        "links": {link.name: link.address for link in article.links},
        "citation": article.citation,
        "provenance": list(article.provenance),
        "limits": "Starting level given by rule from title and abstract; not medical advice. Verify in the full text.",
    }


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "pmid": paper.pmid,
        "title": paper.plain_title,
        "lines": "".join(piece.text for piece in paper.lines) or None,
        "level": paper.level,
        "design": paper.design,
        "status": paper.status,
        "year": paper.year,
        "journal": paper.journal,
        "authors": paper.authors,
        "interventions": list(paper.interventions),
        "conditions": list(paper.conditions),
        "address": f"/articles/{paper.pmid}",
    }


def _proof(proof: Proof) -> dict[str, Any]:
    names = ("field", "value", "rule", "cites", "source", "start", "end", "quote", "chosen")
    return {name: getattr(proof, name) for name in names}


def _notice(notice: Notice) -> dict[str, Any]:
    return {"kind": notice.kind, "pmid": notice.pmid, "citation": notice.citation, "note": notice.note}
