"""One paper's page: everything the catalog holds on it, read in one go."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from catalog.cite import Citation, read_citations
from catalog.cite.styles import STYLES, Formatted, formatted
from catalog.site.corrections import Conflict, Correction, load_conflicts, load_corrections
from catalog.site.facts import Facts
from catalog.site.findings import Effect, Overclaim, load_effects, load_overclaims
from catalog.site.grading import Prompt, load_prompts
from catalog.site.marks import Block, Segment, Span, blocks, segments
from catalog.site.numbers import Figure, figures
from catalog.site.outlinks import doi_url, pmc_url, pubmed_url, registry_url
from catalog.site.proofs import Proofs, load_proofs
from catalog.site.related import Related, load_related
from catalog.site.similar import Similar, similar_papers
from catalog.site.words import CERTAINTIES, INCLUDED, LANGUAGES, ROLES, TIMING, day, plain

__all__ = ["Article", "Link", "Treatment", "load_article"]

# Designs that may state the certainty of their evidence.
_STATE_CERTAINTY = ("systematic_review", "guideline")
# What a registration is called, by its kind.
_REGISTRATIONS = {"trial": "Trial registration", "review": "The review’s own registration", "other": "Data deposited"}
_INDEXING = {"Automated": "by program, unchecked", "Curated": "by program, checked by people"}
_SHORT_HASH = 12


@dataclass(frozen=True, slots=True)
class Link:
    """A name with an address; the address is None where there is none."""

    name: str
    address: str | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment of the paper: its id, its role in words ("" where it is under test), and whether it did better."""

    id: str
    role: str
    favoured: bool | None  # where two of ours were compared; None: not compared, or not said


@dataclass(frozen=True)
class Article:
    """A paper as its page shows it."""

    row: dict[str, Any]  # the columns of `articles`
    cited: Citation
    title: tuple[Segment, ...]
    abstract: tuple[Block, ...]
    proofs: Proofs
    prompts: tuple[Prompt, ...]  # to grade by
    figures: tuple[Figure, ...]  # people, follow-up, conclusion
    effects: tuple[Effect, ...]  # results in numbers, as it words them
    overclaims: tuple[Overclaim, ...]
    related: Related  # the records around it
    similar: tuple[Similar, ...]
    corrections: tuple[Correction, ...]  # by hand
    conflicts: tuple[Conflict, ...]  # PubMed's types against the paper's own words, its conclusion against its results
    conflict_of_interest: tuple[Segment, ...]
    interventions: tuple[Treatment, ...]
    conditions: tuple[str, ...]
    registrations: tuple[tuple[str, tuple[Link, ...]], ...]  # its own, by what they are called
    mesh: tuple[Link, ...]
    links: tuple[Link, ...]
    provenance: tuple[str, ...]

    @property
    def plain_title(self) -> str:
        """The title as text; says so where there is none."""
        return self.row["title"] or self.row["vernacular_title"] or "[no title]"

    @property
    def authors(self) -> tuple[str, ...]:
        """Its authors as cited."""
        return tuple(person.cited for person in self.cited.authors)

    @property
    def affiliations(self) -> tuple[tuple[str, str], ...]:
        """Authors with where they work, as far as it is stated."""
        return tuple((person.cited, person.affiliation) for person in self.cited.authors if person.affiliation)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Its keywords."""
        return tuple(keyword for keyword, _ in self.cited.keywords)

    @property
    def languages(self) -> str | None:
        """The languages of the full text, in words as far as they are known; None where not stated."""
        return ", ".join(LANGUAGES.get(code, code) for code in self.cited.languages) or None

    @property
    def citations(self) -> dict[str, Formatted]:
        """The paper cited in every style."""
        return {style: formatted(self.cited, style) for style in STYLES}

    @property
    def certainty(self) -> str | None:
        """The certainty it states itself, in words; None where it states none."""
        return CERTAINTIES.get(self.row["certainty"], self.row["certainty"]) if self.row["certainty"] else None

    @property
    def may_state_certainty(self) -> bool:
        """Whether a certainty, or that none is stated, belongs beside its level."""
        return bool(self.row["certainty"]) or self.row["design"] in _STATE_CERTAINTY

    @property
    def graded(self) -> Correction | None:
        """The correction by which a person graded its level: then it is no starting level."""
        return next((c for c in self.corrections if c.field == "level" and c.outcome == "corrects"), None)

    @property
    def design_by_hand(self) -> bool:
        """Whether a person gave its design."""
        return any(c.field == "design" for c in self.corrections)

    @property
    def included(self) -> str | None:
        """What a systematic review includes, in words."""
        return INCLUDED.get(self.row["included"], self.row["included"]) if self.row["included"] else None

    @property
    def timing(self) -> str | None:
        """Prospective or retrospective, in words; None where the question does not fit the design."""
        return TIMING.get(self.row["timing"], self.row["timing"]) if self.row["timing"] else None

    @property
    def source(self) -> str:
        """Journal, date, volume and pages on one line."""
        row = self.row
        when = day(row["published"]) or (str(row["year"]) if row["year"] else None) or "date not stated"
        where = (row["volume"] or "") + (f"({row['issue']})" if row["issue"] else "")
        place = ":".join(part for part in (where, row["pages"]) if part)
        return " · ".join(part for part in (row["journal"] or "Journal not stated", when, place) if part)

    def figure(self, field: str) -> Figure | None:
        """One of its numbers; None where it is not asked of its design."""
        return next((figure for figure in self.figures if figure.field == field), None)


def load_article(conn: sqlite3.Connection, facts: Facts, pmid: int) -> Article | None:
    """Read a paper; None where the catalog has none with this PMID."""
    cursor = conn.execute("SELECT * FROM articles WHERE pmid = ?", (pmid,))
    found = cursor.fetchone()
    if found is None:
        return None
    row = dict(zip((column[0] for column in cursor.description), found, strict=True))
    (cited,) = read_citations(conn, [pmid], facts.imprint)
    title, abstract, shift = row["title"] or "", row["abstract"] or "", row["abstract_shift"] or 0
    # Places are in PubMed's abstract; of an excerpt, blanks stand for what was before it.
    placed = " " * shift + abstract
    texts = {"title": title, "abstract": placed, "conflict_of_interest": row["conflict_of_interest"] or ""}
    proofs = load_proofs(conn, facts, pmid, texts)
    prompts = load_prompts(conn, pmid, texts, proofs.next_number)
    raised = [proof for prompt in prompts for proof in prompt.proofs]
    effects = load_effects(conn, pmid, texts, proofs.next_number + len(raised))
    overclaims = load_overclaims(conn, pmid, texts, proofs.next_number + len(raised) + len(effects))
    targets = proofs.targets | {proof.number: f"prompt-{prompt.id}" for prompt in prompts for proof in prompt.proofs}
    spans: dict[str, list[Span]] = {text: proofs.spans(text, raised, targets) for text in texts}
    spans["abstract"] += [effect.span for effect in effects if effect.span]
    for overclaim in overclaims:
        for text, span in overclaim.spans:
            spans[text].append(span)
    spans["abstract"] = [replace(span, start=span.start - shift, end=span.end - shift) for span in spans["abstract"]]
    sections = conn.execute("SELECT label, text FROM sections WHERE pmid = ? ORDER BY position", (pmid,)).fetchall()
    interventions = _treatments(conn, pmid, row["basis"])
    conditions = tuple(
        c[0]
        for c in conn.execute(
            "SELECT a.condition FROM article_conditions a JOIN conditions n ON n.id = a.condition"
            " WHERE a.pmid = ? ORDER BY n.position",
            (pmid,),
        )
    )
    return Article(
        row=row,
        cited=cited,
        title=segments(title, spans["title"]) if title else (Segment(row["vernacular_title"] or "[no title]"),),
        abstract=blocks(abstract, [(s[0], s[1]) for s in sections], spans["abstract"]) if abstract else (),
        proofs=proofs,
        prompts=prompts,
        figures=tuple(figures(row, proofs, facts)),
        effects=effects,
        overclaims=overclaims,
        related=load_related(conn, facts, pmid, row["status"]),
        similar=similar_papers(
            conn, facts, pmid, tuple(t.id for t in interventions), conditions, preclinical=row["level"] == "5"
        ),
        corrections=load_corrections(conn, facts, pmid),
        conflicts=load_conflicts(conn, pmid),
        conflict_of_interest=segments(texts["conflict_of_interest"], spans["conflict_of_interest"]),
        interventions=interventions,
        conditions=conditions,
        registrations=_registrations(conn, pmid),
        mesh=tuple(
            Link(
                plain(h.name), None, ("major topic" if h.major else "") + (f" — {h.qualifiers}" if h.qualifiers else "")
            )
            for h in cited.headings
        ),
        links=_links(row),
        provenance=_provenance(conn, facts, pmid, row),
    )


def _treatments(conn: sqlite3.Connection, pmid: int, basis: str | None) -> tuple[Treatment, ...]:
    compared = basis in ("between", "pooled_between")
    return tuple(
        Treatment(
            name,
            "" if role == "experimental" else ROLES.get(role, role),
            bool(favoured) if compared and favoured is not None else None,
        )
        for name, role, favoured in conn.execute(
            "SELECT a.intervention, a.role, a.favoured FROM article_interventions a"
            " JOIN interventions n ON n.id = a.intervention WHERE a.pmid = ?"
            " ORDER BY a.role != 'experimental', n.position",
            (pmid,),
        )
    )


def _links(row: dict[str, Any]) -> tuple[Link, ...]:
    links = [Link("PubMed", pubmed_url(row["pmid"]))]
    if row["pmcid"]:
        links.append(Link("Free full text (PMC)", pmc_url(row["pmcid"])))
    if row["doi"]:
        links.append(Link("Publisher (DOI)", doi_url(row["doi"])))
    return tuple(links)


def _registrations(conn: sqlite3.Connection, pmid: int) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """Registry numbers that are the paper's own, not another trial's in the background."""
    found: dict[str, list[Link]] = {}
    for number, registry, kind in conn.execute(
        "SELECT DISTINCT registry_id, registry, kind FROM trials WHERE pmid = ? AND own = 1"
        " ORDER BY kind = 'other', kind = 'review', registry_id",
        (pmid,),
    ):
        found.setdefault(_REGISTRATIONS.get(kind, "Registration"), []).append(
            Link(number, registry_url(number), registry or "")
        )
    return tuple((name, tuple(links)) for name, links in found.items())


def _provenance(conn: sqlite3.Connection, facts: Facts, pmid: int, row: dict[str, Any]) -> tuple[str, ...]:
    """Which search brought the record and when, and which rules tagged it, in sentences."""
    if facts.about.sample:
        lines = ["An invented record of the bundled sample; it is not a publication."]
    else:
        hits = conn.execute(
            "SELECT h.topic, min(s.at), sum(h.gone_search_id IS NULL) = 0 FROM search_hits h"
            " JOIN searches s ON s.id = h.search_id WHERE h.pmid = ? GROUP BY h.topic ORDER BY h.topic",
            (pmid,),
        ).fetchall()
        lines = [
            f"Found by the PubMed search “{topic.replace('_', ' ').replace('-', ' ')}” on {day(at)}"
            + ("; a later search no longer lists it." if gone else ".")
            for topic, at, gone in hits
        ] or ["No PubMed search kept here lists it: it was read from a file, or followed from another record."]
    if row["in_catalog_since"]:
        lines.append(f"In this catalog since {day(row['in_catalog_since'])}.")
    if row["revised"]:
        lines.append(f"PubMed last revised its record on {day(row['revised'])}.")
    if row["indexing_method"]:
        how = _INDEXING.get(row["indexing_method"])
        lines.append(f"MeSH indexing: {row['indexing_method']}" + (f" ({how})." if how else "."))
    lines.append(
        f"Tagged by version {facts.imprint.version} of this catalog’s rules (fingerprint {facts.imprint.rules})."
    )
    return tuple(lines)
