"""The pages' data as JSON: the same question gives the same answer, page or JSON."""

from __future__ import annotations

from typing import Any

from catalog.cite.formats import FORMATS
from catalog.site.article import Article
from catalog.site.facts import Facts
from catalog.site.proofs import Proof
from catalog.site.related import Notice
from catalog.site.search import Paper, Results
from catalog.site.shelf import Family

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
        "studies": "once" if filters.once else "all",
        "evidence": "counted" if filters.counted else "all",
        "sort": filters.sort,
        "total": results.total,
        "retracted_among_them": results.retracted,
        "further_papers_among_them": 0 if filters.once else results.further,
        "further_papers_left_out": results.further if filters.once else 0,
        "page": filters.page,
        "pages": results.pages,
        "next": filters.address(page=filters.page + 1, path="/search.json") if filters.page < results.pages else None,
        "notes": list(results.notes),
        "understood": {
            "also_searched": [{"typed": also.typed, "texts": list(also.texts)} for also in results.matched.also],
            "left_out": list(results.matched.unsearched),
            "read_as": filters.query.read_as(),
            "order": "tiers" if results.matched.tiers and filters.sort == "relevance" else filters.sort,
            "not_in_catalog": list(results.matched.missing.names),
        },
        "did_you_mean": [{"query": way.text, "total": way.count} for way in results.meant],
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
        "abstracts": facts.about.abstracts,
        **article.row,
        "level_name": facts.name("level", article.row["level"]).name,
        "design_name": facts.name("design", article.row["design"]).name,
        "authors": list(article.authors),
        "interventions": [
            {"id": t.id, "name": facts.name("intervention", t.id).name, "role": t.role or None, "favoured": t.favoured}
            for t in article.interventions
        ],
        "conditions": [{"id": c, "name": facts.name("condition", c).name} for c in article.conditions],
        "evidence": {
            "deciding": [_proof(p) for p in article.proofs.deciding],
            "agreeing": [_proof(p) for p in article.proofs.agreeing],
            "overruled": [_proof(p) for p in article.proofs.overruled],
            "topics": [_proof(p) for p in article.proofs.topics],
            "status": [_proof(p) for p in article.proofs.status],
            "certainty": [_proof(p) for p in (*article.proofs.certainty, *article.proofs.certainty_besides)],
            **{field: [_proof(p) for p in proofs] for field, proofs in article.proofs.others.items()},
        },
        "prompts": [
            {
                "id": prompt.id,
                "name": prompt.name,
                "evidence": [_proof(p, "rule", "cites", "source", "start", "end", "quote") for p in prompt.proofs],
            }
            for prompt in article.prompts
        ],
        "corrections": [
            _some(c, "field", "value", "who", "when", "why", "rules_say", "outcome") for c in article.corrections
        ],
        "conflicts": [
            _some(c, "field", "chosen", "disagrees", "rule", "quote", "source", "results", "says")
            for c in article.conflicts
        ],
        "results": [
            {"outcome": e.outcome, "measures": list(e.measures), "timepoint": e.timepoint, "text": e.text}
            for e in article.effects
        ],
        "family": _family(article.related.family)
        and {
            **(_family(article.related.family) or {}),
            "members": [
                _some(m, "pmid", "title", "year", "level", "design", "status", "represents", "rule", "quote")
                for m in article.related.members
            ],
        },
        "notices": [_notice(n) for n in article.related.every_notice],
        "comment_thread": list(article.related.thread),
        "cites_retracted": [_some(c, "pmid", "title", "source", "quote") for c in article.related.cited_retracted],
        "references_known": article.related.references or None,
        "retraction_watch": [
            _some(w, "nature", "date", "reason", "matched_by", "notice_pmid", "notice_doi")
            for w in article.related.watched
        ],
        "similar": [_some(s, "pmid", "title", "year", "level", "design", "shares") for s in article.similar],
        "trials": [link.name for _, links in article.registrations for link in links],
        "mesh_headings": [link.name for link in article.mesh],
        "publication_types": list(article.cited.types),
        "keywords": list(article.keywords),
        "links": {link.name: link.address for link in article.links},
        "citations": {style: said.text for style, said in article.citations.items()},
        "exports": {f.id: f"/articles/{article.row['pmid']}.{f.extension}" for f in FORMATS},
        "provenance": list(article.provenance),
        "limits": "Starting level given by rule from title and abstract; not medical advice. Verify in the full text.",
    }


def _paper(paper: Paper) -> dict[str, Any]:
    return {
        "pmid": paper.pmid,
        "title": paper.plain_title,
        "lines": "".join(piece.text for piece in paper.lines) or None,
        "has_abstract": paper.has_abstract,
        "level": paper.level,
        "design": paper.design,
        "status": paper.status,
        "year": paper.year,
        "journal": paper.journal,
        "authors": paper.authors,
        "interventions": list(paper.interventions),
        "conditions": list(paper.conditions),
        "certainty": paper.certainty,
        "family": _family(paper.family),
        "cites_retracted": paper.cites_retracted,
        "address": f"/articles/{paper.pmid}",
    }


_PROOF = ("field", "value", "rule", "cites", "source", "start", "end", "quote", "chosen")


def _proof(proof: Proof, *names: str) -> dict[str, Any]:
    return _some(proof, *(names or _PROOF))


def _notice(notice: Notice) -> dict[str, Any]:
    return _some(notice, "kind", "pmid", "title", "citation", "note", "told_by")


def _family(family: Family | None) -> dict[str, Any] | None:
    """The papers that are one study with a paper; None where it is one of its own."""
    if family is None:
        return None
    return {
        "of": "versions" if family.versions else "reports",
        "represented_by": family.represents,
        "retracted": family.retracted,
        "pmids": list(family.members),
    }


def _some(thing: object, *names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}
