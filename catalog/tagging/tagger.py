"""A record's tags: every question asked once, each answer with its proof."""

from __future__ import annotations

from collections.abc import Sequence

from catalog.tagging.certainty import decide_certainty
from catalog.tagging.comparator import decide_comparator
from catalog.tagging.design import decide_design, decide_included, decide_timing
from catalog.tagging.document import read
from catalog.tagging.followup import decide_followup
from catalog.tagging.level import level_of
from catalog.tagging.outcome import decide_outcome
from catalog.tagging.overrides import Override, apply, decided
from catalog.tagging.participants import decide_participants
from catalog.tagging.prompts import decide_prompts
from catalog.tagging.region import decide_region
from catalog.tagging.registries import registrations
from catalog.tagging.rules import Hit
from catalog.tagging.status import decide_status
from catalog.tagging.studies import decide_studies
from catalog.tagging.tags import Tag, Tags
from catalog.tagging.topic import decide_topics
from catalog.tagging.vote import voted
from harvest.record import Record
from harvest.topics import Topics

__all__ = ["tag"]


def tag(record: Record, topics: Topics, overrides: Sequence[Override] = ()) -> Tags:
    """Everything the rules say of a record, corrected by its curator. Pure: the same input gives the same tags."""
    document = read(record)
    by_words, vote = voted(document, decide_design(document))
    design = decided("design", by_words, overrides)
    tags = [*design.tags]
    included: str | None = None
    lowest: str | None = None
    deciding = [design.winner]
    if design.value == "systematic_review":
        what, worst = decide_included(document)
        what, worst = decided("included", what, overrides), decided("lowest_design", worst, overrides)
        included, lowest = what.value, worst.value
        tags += [*what.tags, *worst.tags]
        deciding += [what.winner, worst.winner if included in ("mixed", "nonrandomised") else None]
    timing = decide_timing(document, design.value)
    if timing is not None:
        timing = decided("timing", timing, overrides)
        tags += timing.tags
    level, jbjs = level_of(design.value, included, lowest, timing.value if timing else None)
    tags += _derived("level", level, [hit for hit in deciding if hit])
    timed = timing.winner if timing and design.value == "nonrandomised_controlled" else None
    tags += _derived("jbjs", jbjs, [hit for hit in (*deciding, timed) if hit])
    status, status_tags = decide_status(record)
    named = tuple(topics.spans(record))
    interventions, conditions, topic_tags = decide_topics(document, topics, named)
    certainty, certainty_tags = decide_certainty(document, design.value)
    region, region_tags = decide_region(document, topics.region)
    participants, participants_tags = decide_participants(document, design.value)
    studies, studies_tags = decide_studies(document, design.value)
    studied = [item.intervention for item in interventions]
    comparator, comparator_tags = decide_comparator(document, design.value, design.winner, studied)
    followup, followup_tags = decide_followup(document, design.value)
    outcome = decide_outcome(document, design.value, design.winner, included, interventions, named)
    tags += [*status_tags, *certainty_tags, *topic_tags, *region_tags]
    tags += [*participants_tags, *studies_tags, *comparator_tags, *followup_tags]
    tags += outcome.tags
    found = Tags(
        pmid=record.pmid,
        design=design.value,
        included=included,
        level=level,
        jbjs=jbjs,
        timing=timing.value if timing else None,
        status=status,
        interventions=outcome.interventions,
        conditions=conditions,
        tags=tuple(dict.fromkeys(tags)),
        certainty=certainty,
        region=region,
        participants=participants,
        studies=studies,
        comparator=comparator,
        followup_months=followup,
        basis=outcome.basis,
        direction=outcome.direction,
        harms=outcome.harms,
        results=outcome.results,
        spin=outcome.spin,
        vote=vote,
        prompts=decide_prompts(record, document, design.value),
        registrations=registrations(record, document),
    )
    return apply(found, overrides)


def _derived(field: str, value: str, hits: list[Hit]) -> list[Tag]:
    """A level's proof is the proof of what it follows from."""
    return [Tag(field, value, f"{field}.from.{h.rule}", h.source, h.start, h.end, h.quote, True) for h in hits]
