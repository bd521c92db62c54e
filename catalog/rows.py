"""A record and its tags as rows of `catalog.db`: pure, one function a table's worth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from operator import attrgetter
from typing import Any

from catalog.cite import author_name
from catalog.evidence import directions_of, versus_of
from catalog.tagging.tags import Result, Tag, Tags
from harvest.record import Author, Record

__all__ = ["SAMPLE_MARK", "Row", "author_key", "rows_of"]

Row = tuple[str, tuple[Any, ...]]
# What stands before the title of every invented record, in every table, page and export.
SAMPLE_MARK = "[SAMPLE] "
# Flat ones as tuples; `astuple` copies every value and takes ten times as long.
_of_tag = attrgetter(*(field.name for field in fields(Tag)))
_of_result = attrgetter(*(field.name for field in fields(Result)))


def author_key(author: Author) -> tuple[str | None, ...]:
    """What makes two names on two papers one entry of `authors`: the name as printed, and the ORCID."""
    return (
        author.last_name,
        author.fore_name,
        author.initials,
        author.suffix,
        author.collective,
        author.orcid,
    )


def rows_of(record: Record, tags: Tags, since: str | None, *, sample: bool = False) -> Iterator[Row]:
    """(table, values) of a record, parents first; authors and editors are named by key, not yet by number.

    Args:
        record: the parsed record.
        tags: what the rules say of it.
        since: when the harvest first saw it.
        sample: the record is invented: its title says so wherever it goes, and the spans into it move along.
    """
    pmid = record.pmid
    title = f"{SAMPLE_MARK}{record.title or ''}" if sample else record.title
    names = [author_name(author) for author in record.authors]
    journal = record.journal or record.medline_ta or record.book_title
    others = [
        "\n".join(f"{s.label}: {s.text}" if s.label else s.text for s in other.sections)
        for other in record.other_abstracts
    ]
    given = dict(tags.given)
    comparator = _coded(given.get("comparator", tags.comparator))
    basis = _coded(given.get("basis", tags.basis))
    direction = _coded(given.get("direction", tags.direction))
    yield (
        "articles",
        (
            pmid,
            title,
            record.abstract,
            journal,
            record.journal_iso or record.medline_ta,
            record.volume,
            record.issue,
            record.pages,
            record.year,
            record.published,
            ", ".join(names) or None,
            names[0] if names else None,
            record.doi,
            record.pmcid,
            ";".join(record.languages) or None,
            record.vernacular_title,
            tags.design,
            tags.included,
            tags.level,
            tags.jbjs,
            tags.timing,
            given.get("region", tags.region),
            given.get("participants", tags.participants),
            given.get("studies", tags.studies),
            comparator,
            basis,
            direction,
            given.get("followup_months", tags.followup_months),
            given.get("harms", tags.harms),
            tags.certainty,
            versus_of(tags.design, basis, comparator, tags.interventions),
            tags.status,
            since,
            record.date_revised,
            record.indexing_method,
            record.conflict_of_interest,
            "\n\n".join(others) or None,
            record.version,
            record.abstract is not None,
            None,
        ),
    )
    yield "bibliography", _bibliography(record)
    directions = directions_of(tags.design, basis, comparator, direction, tags.interventions)
    for item, concluded in zip(tags.interventions, directions, strict=True):
        yield "article_interventions", (pmid, item.intervention, item.role, item.favoured, concluded)
    for condition in tags.conditions:
        yield "article_conditions", (pmid, condition)
    for tag in tags.tags:
        yield "tags", (pmid, *_of_tag(_moved(tag, len(SAMPLE_MARK)) if sample and tag.source == "title" else tag))
    for position, section in enumerate(record.sections, 1):
        yield "sections", (pmid, position, section.label, section.category, section.text)
    for position, author in enumerate(record.authors, 1):
        yield "article_authors", (pmid, position, author_key(author), "; ".join(author.affiliations) or None)
    for position, editor in enumerate(record.editors, 1):
        yield "article_editors", (pmid, position, author_key(editor))
    for position, heading in enumerate(record.mesh, 1):
        qualifiers = "; ".join(q.name for q in heading.qualifiers) or None
        major = heading.major or any(q.major for q in heading.qualifiers)
        yield "mesh_headings", (pmid, position, heading.ui, heading.name, major, qualifiers)
    for kind in record.publication_types:
        yield "publication_types", (pmid, kind.ui, kind.name)
    for position, keyword in enumerate(record.keywords, 1):
        yield "keywords", (pmid, position, keyword.text, keyword.owner)
    for link in record.links:
        yield "notices", (pmid, link.ref_type, link.pmid, link.citation, link.note)
    moved = {"title": len(SAMPLE_MARK)} if sample else {}
    for number in tags.registrations:
        start, end = _moved_span(number.start, number.end, moved.get(number.source, 0))
        yield (
            "trials",
            (
                number.number,
                number.registry,
                pmid,
                number.kind,
                number.source,
                start,
                end,
                number.quote,
                number.own,
            ),
        )
    for prompt in tags.prompts:
        start, end = _moved_span(prompt.start, prompt.end, moved.get(prompt.source, 0))
        yield "prompts", (pmid, prompt.prompt, prompt.rule, prompt.source, start, end, prompt.quote)
    for result in tags.results:
        yield "results", (pmid, *_of_result(result))
    if tags.vote is not None:
        vote = tags.vote
        words = [[word.text, word.start, word.end, word.weight] for word in vote.words]
        said = json.dumps(words, ensure_ascii=False)
        yield "votes", (pmid, vote.label, vote.value, vote.score, said, vote.heard)
    for spin in tags.spin:
        start, end = _moved_span(spin.conclusion_start, spin.conclusion_end, moved.get(spin.conclusion_source, 0))
        yield (
            "spin",
            (
                pmid,
                spin.rule,
                spin.field,
                spin.claims,
                spin.reports,
                spin.says,
                spin.conclusion,
                spin.conclusion_source,
                start,
                end,
                spin.results,
                spin.results_start,
                spin.results_end,
            ),
        )
    for reference in record.references:
        if reference.pmid is not None:
            yield "article_references", (pmid, reference.pmid)


def _coded(value: str | float | None) -> str | None:
    return None if value is None else str(value)


def _bibliography(record: Record) -> tuple[Any, ...]:
    """What only citations need. A book record with a title of its own beside the book's is a chapter."""
    book = record.is_book and record.title == record.book_title
    return (
        record.pmid,
        "book" if book else "chapter" if record.is_book else "journal",
        record.issn,
        record.issn_type,
        record.nlm_unique_id,
        record.medline_ta,
        record.country,
        record.pubdate,
        record.article_date,
        record.entrez_date,
        record.date_completed,
        record.owner,
        record.status,
        record.publication_status,
        record.book_title,
        record.publisher,
        record.publisher_place,
        record.isbn,
    )


def _moved(tag: Tag, by: int) -> Tag:
    start, end = _moved_span(tag.start, tag.end, by)
    return replace(tag, start=start, end=end)


def _moved_span(start: int | None, end: int | None, by: int) -> tuple[int | None, int | None]:
    return (None, None) if start is None or end is None else (start + by, end + by)
