"""A curator's corrections on one record: each beats every rule, and is kept as a tag with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from catalog.tagging.design import Decision
from catalog.tagging.rules import Hit
from catalog.tagging.tags import InterventionTag, Role, Tag, Tags

__all__ = ["BLANK", "RULE", "Mode", "Override", "agrees", "apply", "decided", "value_of"]

Mode = Literal["is", "add", "drop"]
RULE = "curator"
# What a curator writes where the right answer is that the text states none.
BLANK = "blank"
# Other columns of `articles`: what a curator gives stands in `Tags.given` and wins over what rules may say.
_GIVEN = (
    "region",
    "participants",
    "studies",
    "comparator",
    "basis",
    "direction",
    "followup_months",
    "harms",
)
_NUMBERS = {"participants": int, "studies": int, "followup_months": float}


@dataclass(frozen=True, slots=True)
class Override:
    """One line of a curation file, checked.

    `mode` is `is` (the value, or the whole list), `add` or `drop`. `items` are the values of a field that may have
    several, each with its role or None; for any other field, the one value, or nothing for `blank`.
    """

    line: int
    pmid: int
    field: str
    value: str
    who: str
    when: str
    why: str
    mode: Mode
    items: tuple[tuple[str, str | None], ...]

    @property
    def one(self) -> str | None:
        """The value of a field that has one; None for blank."""
        return self.items[0][0] if self.items else None


def decided(field: str, decision: Decision, overrides: Sequence[Override]) -> Decision:
    """A decision of the rules, or the curator's, with the rules' hits kept as evidence that agrees or lost."""
    override = next((o for o in overrides if o.field == field), None)
    if override is None or override.one is None:
        return decision
    value = override.one
    tags = tuple(replace(tag, chosen=tag.value == value) for tag in decision.tags)
    winner = Hit(RULE, value, "", "curator", None, None, override.why)
    return Decision(value, winner, (_tag(override, value), *tags))


def apply(tags: Tags, overrides: Sequence[Override]) -> Tags:
    """Tags with every field set as the curator says, but for those that `decided` has settled before."""
    for override in overrides:
        if override.field in ("interventions", "conditions", "comparator"):
            tags = _listed(tags, override)
        elif override.field in ("level", "jbjs", "status"):
            value = cast(str, override.one)
            tags = _with(tags, override, {value})
            if override.field == "level":
                tags = replace(tags, level=value)
            elif override.field == "jbjs":
                tags = replace(tags, jbjs=value)
            else:
                tags = replace(tags, status=value)
        elif override.field == "certainty":
            tags = replace(_with(tags, override, {override.one}), certainty=override.one)
        elif override.field in _GIVEN:
            number = _NUMBERS.get(override.field)
            value_given = number(override.one) if number and override.one is not None else override.one
            given = dict(tags.given) | {override.field: value_given}
            tags = replace(_with(tags, override, {override.one}), given=tuple(sorted(given.items())))
    return tags


def value_of(tags: Tags, field: str) -> str | None:
    """What a record's tags say on a field, as a curator would write it; None where they say nothing."""
    if field == "interventions":
        return ";".join(f"{i.intervention}:{i.role}" for i in tags.interventions) or None
    if field == "conditions":
        return ";".join(tags.conditions) or None
    if field == "lowest_design":
        return next((tag.value for tag in tags.tags if tag.field == field and tag.chosen), None)
    given = dict(tags.given)
    found = given[field] if field in given else getattr(tags, field, None)
    return None if found is None else str(found)


def agrees(tags: Tags, override: Override) -> bool:
    """Whether tags already say what a correction asks for."""
    said = value_of(tags, override.field)
    if override.field not in ("interventions", "conditions", "comparator"):
        return said == override.one
    held = dict(_pair(item) for item in said.split(";")) if said else {}
    if override.mode == "drop":
        return not any(name in held for name, _ in override.items)
    there = all(name in held and role in (None, held[name]) for name, role in override.items)
    return there and (override.mode == "add" or len(held) == len(override.items))


def _pair(item: str) -> tuple[str, str | None]:
    name, _, role = item.partition(":")
    return name, role or None


def _tag(override: Override, value: str) -> Tag:
    return Tag(override.field, value, RULE, "curator", None, None, override.why, True)


def _with(tags: Tags, override: Override, values: set[str | None]) -> Tags:
    """Tags with the curator's own, and the others of its field marked as agreeing or lost."""
    own = [_tag(override, value if value is not None else BLANK) for value in sorted(values, key=str)]
    others = [replace(t, chosen=t.value in values) if t.field == override.field else t for t in tags.tags]
    return replace(tags, tags=(*own, *others))


def _listed(tags: Tags, override: Override) -> Tags:
    """A field with several values: the whole list set, or values added or dropped; each value keeps its role."""
    held = dict(_pair(item) for item in (value_of(tags, override.field) or "").split(";") if item)
    asked = dict(override.items)
    if override.mode == "is":
        held = {name: role or held.get(name) for name, role in asked.items()}
    elif override.mode == "add":
        held |= {name: role or held.get(name) for name, role in asked.items()}
    else:
        held = {name: role for name, role in held.items() if name not in asked}
    lead = "-" if override.mode == "drop" else ""
    own = tuple(_tag(override, f"{lead}{name}") for name in asked) or (_tag(override, BLANK),)
    before = tuple(
        t if t.field != override.field or t.source == "curator" else replace(t, chosen=t.value in held)
        for t in tags.tags
    )
    tags = replace(tags, tags=(*own, *before))
    if override.field == "conditions":
        return replace(tags, conditions=tuple(held))
    if override.field == "comparator":
        return replace(
            tags, given=tuple(sorted((dict(tags.given) | {"comparator": ";".join(sorted(held)) or None}).items()))
        )
    old = {i.intervention: i for i in tags.interventions}
    items = tuple(
        replace(old[name], role=cast(Role, role))
        if name in old
        else InterventionTag(name, cast(Role, role or "experimental"))
        for name, role in held.items()
    )
    return replace(tags, interventions=items)
