"""Prompts: what a person may weigh when grading a paper, each with its words. Nothing is graded here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from catalog.tagging.document import Document, read
from catalog.tagging.rules import Hit, Rule, RuleError, fire, load
from catalog.tagging.tables import table
from catalog.tagging.tags import Prompt, PromptSource
from harvest.record import Record, Section

__all__ = ["PromptKind", "decide_prompts", "prompt_kinds"]

_TIERS = ("text", "conflict_of_interest", "affiliation", "absence")


@dataclass(frozen=True, slots=True)
class PromptKind:
    """A prompt as readers meet it, and the designs for which it is asked."""

    id: str
    name: str
    description: str
    designs: frozenset[str]


@cache
def prompt_kinds() -> tuple[PromptKind, ...]:
    """Every prompt in display order. Raises RuleError where a rule names none of them, or reads what there is not."""
    kinds = tuple(
        PromptKind(key, entry["name"], entry["description"], frozenset(entry["designs"]))
        for key, entry in table("prompts")["prompts"].items()
    )
    known = {kind.id for kind in kinds}
    for entry in table("prompts")["rules"]:
        if entry["value"] not in known:
            raise RuleError(f"prompts.yml: rule {entry['id']}: {entry['value']!r} is none of the prompts")
        if entry["tier"] not in _TIERS:
            raise RuleError(f"prompts.yml: rule {entry['id']}: tier may be {', '.join(_TIERS)}")
    return kinds


@cache
def _asked(design: str) -> frozenset[str]:
    """The prompts asked of a design."""
    return frozenset(kind.id for kind in prompt_kinds() if design in kind.designs)


@cache
def _read_for(design: str) -> frozenset[str]:
    """The rules read along title and abstract for a design."""
    return frozenset(
        rule.id for rule in load("prompts") if rule.value in _asked(design) and rule.tier in ("text", "absence")
    )


def decide_prompts(record: Record, document: Document, design: str) -> tuple[Prompt, ...]:
    """The prompts of a record, in display order and reading order; each place once."""
    kinds = prompt_kinds()
    asked = _asked(design)
    fired: dict[str, list[Hit]] = {}
    for hit in fire("prompts", document, asked=_read_for(design)) if asked else ():
        fired.setdefault(hit.rule, []).append(hit)
    found: list[Prompt] = []
    for rule in load("prompts"):
        if rule.value not in asked:
            continue
        if rule.tier == "text":
            found += [_prompt(hit, hit.source) for hit in fired.get(rule.id, ())]
        elif rule.tier == "absence":
            if document.abstract and rule.id not in fired:
                found.append(Prompt(rule.value, rule.id, "absence", None, None, None))
        elif rule.tier == "conflict_of_interest" and record.conflict_of_interest:
            found += [
                _prompt(hit, "conflict_of_interest") for hit in _beside(rule, record, [record.conflict_of_interest])
            ]
        elif rule.tier == "affiliation":
            hits = _beside(rule, record, _affiliations(record))
            found += [replace(_prompt(hit, "affiliation"), start=None, end=None) for hit in hits]
    order = {kind.id: i for i, kind in enumerate(kinds)}
    return tuple(sorted(dict.fromkeys(found), key=lambda prompt: order[prompt.prompt]))


def _prompt(hit: Hit, source: str) -> Prompt:
    # written out: mypy narrows only so
    known: dict[str, PromptSource] = {
        "title": "title",
        "abstract": "abstract",
        "mesh": "mesh",
        "conflict_of_interest": "conflict_of_interest",
        "affiliation": "affiliation",
    }
    return Prompt(hit.value, hit.rule, known[source], hit.start, hit.end, hit.quote)


def _affiliations(record: Record) -> Iterator[str]:
    for author in record.authors:
        yield from author.affiliations


def _beside(rule: Rule, record: Record, texts: Iterable[str]) -> list[Hit]:
    """Hits on texts beside title and abstract, cut into sentences as an abstract is, for the one rules engine."""
    held = [text for text in dict.fromkeys(texts) if rule.pattern and rule.pattern.whole.search(text)]
    if not held:  # most records: spares cutting them into sentences
        return []
    sections = tuple(Section(None, None, text) for text in held)
    return rule.hits(read(replace(record, title=None, sections=sections, publication_types=(), mesh=())))
