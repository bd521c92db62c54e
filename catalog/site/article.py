"""One paper's page: everything the catalog holds on it, read in one go."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from catalog.cite import read_citations
from catalog.cite.styles import formatted
from catalog.site.corrections import Conflict, Correction, load_conflicts, load_corrections
from catalog.site.facts import Facts
from catalog.site.grading import Prompt, load_prompts
from catalog.site.marks import Block, Segment, blocks, segments
from catalog.site.numbers import Figure, figures
from catalog.site.outlinks import doi_url, pmc_url, pubmed_url, registry_url
from catalog.site.proofs import Proofs, load_proofs
from catalog.site.related import Related, load_related
from catalog.site.words import CERTAINTIES, INCLUDED, ROLES, TIMING, day

__all__ = ["Article", "Link", "load_article"]

# Designs that may state the certainty of their evidence.
_STATE_CERTAINTY = ("systematic_review", "guideline")
# What a registration is called, by its kind.
_REGISTRATIONS = {"trial": "Trial registration", "review": "The review’s own registration", "other": "Data deposited"}
_INDEXING = {"Automated": "by program, unchecked", "Curated": "by program, checked by people"}


@dataclass(frozen=True, slots=True)
class Link:
    """A name with an address; the address is None where there is none."""

    name: str
    address: str | None
    note: str = ""


@dataclass(frozen=True)
class Article:
    """A paper as its page shows it."""

    row: dict[str, Any]  # the columns of `articles`
    title: tuple[Segment, ...]
    abstract: tuple[Block, ...]
    authors: tuple[str, ...]
    affiliations: tuple[tuple[str, str], ...]
    proofs: Proofs
    prompts: tuple[Prompt, ...]  # to grade by
    figures: tuple[Figure, ...]  # people, follow-up, conclusion
    related: Related  # the records around it
    corrections: tuple[Correction, ...]  # by hand
    conflicts: tuple[Conflict, ...]  # PubMed's types against the paper's own words
    conflict_of_interest: tuple[Segment, ...]
    interventions: tuple[tuple[str, str], ...]  # id, role in words
    conditions: tuple[str, ...]
    registrations: tuple[tuple[str, tuple[Link, ...]], ...]  # its own, by what they are called
    mesh: tuple[Link, ...]
    types: tuple[str, ...]
    keywords: tuple[str, ...]
    links: tuple[Link, ...]
    citation: str
    provenance: tuple[str, ...]

    @property
    def plain_title(self) -> str:
        """The title as text; says so where there is none."""
        return self.row["title"] or self.row["vernacular_title"] or "[no title]"

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


def load_article(conn: sqlite3.Connection, facts: Facts, pmid: int) -> Article | None:
    """Read a paper; None where the catalog has none with this PMID."""
    cursor = conn.execute("SELECT * FROM articles WHERE pmid = ?", (pmid,))
    found = cursor.fetchone()
    if found is None:
        return None
    row = dict(zip((column[0] for column in cursor.description), found, strict=True))
    title, abstract = row["title"] or "", row["abstract"] or ""
    texts = {"title": title, "abstract": abstract, "conflict_of_interest": row["conflict_of_interest"] or ""}
    proofs = load_proofs(conn, facts, pmid, texts)
    prompts = load_prompts(conn, pmid, texts, proofs.next_number)
    raised = [proof for prompt in prompts for proof in prompt.proofs]
    people = conn.execute(
        "SELECT n.last_name, n.initials, n.suffix, n.collective, a.affiliation FROM article_authors a"
        " JOIN authors n ON n.id = a.author WHERE a.pmid = ? ORDER BY a.position",
        (pmid,),
    ).fetchall()
    authors = tuple(p[3] or " ".join(part for part in (p[0], p[1], p[2]) if part) for p in people)
    cited = read_citations(conn, [pmid], facts.imprint)[0]
    sections = conn.execute("SELECT label, text FROM sections WHERE pmid = ? ORDER BY position", (pmid,)).fetchall()
    return Article(
        row=row,
        title=segments(title, proofs.spans("title", raised))
        if title
        else (Segment(row["vernacular_title"] or "[no title]"),),
        abstract=blocks(abstract, [(s[0], s[1]) for s in sections], proofs.spans("abstract", raised))
        if abstract
        else (),
        authors=authors,
        affiliations=tuple((name, p[4]) for name, p in zip(authors, people, strict=True) if p[4]),
        proofs=proofs,
        prompts=prompts,
        figures=tuple(figures(row, proofs, facts)),
        related=load_related(conn, facts, pmid, row["status"]),
        corrections=load_corrections(conn, facts, pmid),
        conflicts=load_conflicts(conn, pmid),
        conflict_of_interest=segments(texts["conflict_of_interest"], proofs.spans("conflict_of_interest", raised)),
        interventions=tuple(
            (i, "" if role == "experimental" else ROLES.get(role, role))
            for i, role in conn.execute(
                "SELECT a.intervention, a.role FROM article_interventions a"
                " JOIN interventions n ON n.id = a.intervention WHERE a.pmid = ? ORDER BY n.position",
                (pmid,),
            )
        ),
        conditions=tuple(
            c[0]
            for c in conn.execute(
                "SELECT a.condition FROM article_conditions a JOIN conditions n ON n.id = a.condition"
                " WHERE a.pmid = ? ORDER BY n.position",
                (pmid,),
            )
        ),
        registrations=_registrations(conn, pmid),
        mesh=tuple(
            Link(name, None, ("major topic" if major else "") + (f" — {qualifiers}" if qualifiers else ""))
            for name, major, qualifiers in conn.execute(
                "SELECT name, major, qualifiers FROM mesh_headings WHERE pmid = ? ORDER BY position", (pmid,)
            )
        ),
        types=tuple(
            t[0] for t in conn.execute("SELECT name FROM publication_types WHERE pmid = ? ORDER BY name", (pmid,))
        ),
        keywords=tuple(
            k[0] for k in conn.execute("SELECT keyword FROM keywords WHERE pmid = ? ORDER BY position", (pmid,))
        ),
        links=_links(row),
        citation=formatted(cited, "vancouver").text,
        provenance=_provenance(conn, facts, pmid, row),
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
    """Which search brought the record and when, in sentences."""
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
    return tuple(lines)
