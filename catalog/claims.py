"""The standing claims of a field: claims.yml, read and checked against the vocabulary and the codebook.

A claim is something people say of a treatment. What the catalog holds on it is gathered by `catalog.evidence`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from catalog.errors import WrongUse
from catalog.evaluation.fields import FIELDS
from catalog.evidence import VERSUS
from catalog.tagging.tables import table
from harvest.topics import Topics
from harvest.words import tokens
from harvest.yamlfile import load_yaml

__all__ = ["Claim", "ClaimKind", "Claims", "Outcome", "load_claims", "read_claims"]

COMPARATORS = next(field.values for field in FIELDS if field.name == "comparator") or ()
_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_KEYS = frozenset(
    {"id", "statement", "kind", "interventions", "apart", "conditions", "comparator", "outcome", "asserts", "words"}
    | {"settled_by", "note", "outside"}
)
_TOP = frozenset({"kinds", "outcomes", "groups", "claims", "vocabulary"})


@dataclass(frozen=True, slots=True)
class ClaimKind:
    """What sort of thing a claim says."""

    id: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a claim is about; `judged` where the catalog's direction speaks of it."""

    id: str
    name: str
    judged: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A standing claim. Ids are the vocabulary's and the codebook's; an empty tuple of conditions is any condition."""

    id: str
    statement: str
    kind: str
    interventions: tuple[str, ...]
    apart: tuple[str, ...]  # products shown beside, each by itself
    conditions: tuple[str, ...]
    comparator: tuple[str, ...]
    outcome: str
    asserts: str | None  # the level it says it has
    words: tuple[str, ...]  # the evidence must name one of them; none: no such limit
    settled_by: str
    designs: tuple[str, ...]  # that could settle it
    versus: tuple[str, ...]  # compared with one of these; none: with anything
    note: str | None
    outside: str | None  # why the catalog cannot say anything


@dataclass(frozen=True)
class Claims:
    """A file of claims as one vocabulary can use it. `left_out` are the ids of claims on what it does not have."""

    claims: tuple[Claim, ...]
    kinds: Mapping[str, ClaimKind]
    outcomes: Mapping[str, Outcome]
    left_out: tuple[str, ...]
    sha256: str

    def claim(self, claim_id: str) -> Claim:
        """The claim with that id; KeyError where there is none."""
        for claim in self.claims:
            if claim.id == claim_id:
                return claim
        raise KeyError(claim_id)


def load_claims(topics: Topics, path: Path | None = None) -> Claims:
    """Read a file of claims; None reads the bundled one.

    Raises:
        WrongUse: the file is missing or no YAML, or a claim is wrong; one line that names the file and the claim.
    """
    if path is None:
        return read_claims(resources.files("catalog").joinpath("claims.yml").read_bytes(), "bundled", topics)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WrongUse(f"claims file {path}: cannot be read ({error.strerror}); give a UTF-8 YAML file") from error
    return read_claims(raw, path.name, topics)


def read_claims(raw: bytes, source: str, topics: Topics) -> Claims:
    """The claims a YAML text describes; `source` names it in messages. Raises WrongUse, one line."""
    reader = _Reader(source)
    try:
        data = load_yaml(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise WrongUse(f"claims file {source}: not UTF-8 ({error.reason} at byte {error.start})") from error
    except yaml.YAMLError as error:
        raise WrongUse(f"claims file {source}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(data, dict) or not _TOP - {"groups", "vocabulary"} <= data.keys():
        raise WrongUse(f"claims file {source}: must be a mapping with kinds, outcomes and claims")
    reader.known("top of the file", data, _TOP)
    kinds = {
        key: ClaimKind(key, reader.text(key, entry, "name"), reader.text(key, entry, "description"))
        for key, entry in reader.mapping(data, "kinds")
    }
    outcomes = {
        key: Outcome(key, reader.text(key, entry, "name"), reader.flag(key, entry, "judged"))
        for key, entry in reader.mapping(data, "outcomes")
    }
    entries = data["claims"]
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise reader.wrong("claims", "must be a list of claims, each with an id")
    every = [reader.claim(entry, kinds, outcomes) for entry in entries]
    seen: set[str] = set()
    for claim in every:
        if claim.id in seen:
            raise reader.wrong(claim.id, "the id stands twice")
        seen.add(claim.id)
    treatments = {concept.id for concept in topics.interventions if not concept.search_only}
    conditions = {concept.id for concept in topics.conditions if not concept.search_only}
    fitting = [
        claim
        for claim in every
        if data.get("vocabulary") in (None, topics.name)
        and treatments.issuperset((*claim.interventions, *claim.apart))
        and conditions.issuperset(claim.conditions)
    ]
    fit = {claim.id for claim in fitting}
    left_out = tuple(claim.id for claim in every if claim.id not in fit)
    return Claims(tuple(fitting), kinds, outcomes, left_out, hashlib.sha256(raw).hexdigest())


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks each entry and names the file and the claim in what it raises."""

    source: str

    def wrong(self, entry: str, what: str) -> WrongUse:
        return WrongUse(f"claims file {self.source}: {entry}: {what}")

    def known(self, entry: str, data: Mapping[Any, Any], keys: frozenset[str]) -> None:
        unknown = sorted(str(key) for key in data.keys() - keys)
        if unknown:
            raise self.wrong(entry, f"unknown key {unknown[0]!r}; known are {', '.join(sorted(keys))}")

    def mapping(self, data: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
        found = data[key]
        if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
            raise self.wrong(key, "must be a mapping of ids to entries")
        return [(str(name), entry) for name, entry in found.items()]

    def text(self, entry: str, data: Mapping[str, Any], key: str) -> str:
        found = self.optional(entry, data, key)
        if found is None:
            raise self.wrong(entry, f"{key} is missing")
        return found

    def optional(self, entry: str, data: Mapping[str, Any], key: str) -> str | None:
        found = data.get(key)
        if found is None:
            return None
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(entry, f"{key} must be a text (quote what YAML would read as a number)")
        return " ".join(found.split())

    def flag(self, entry: str, data: Mapping[str, Any], key: str) -> bool:
        found = data.get(key)
        if not isinstance(found, bool):
            raise self.wrong(entry, f"{key} must be true or false")
        return found

    def ids(
        self, entry: str, data: Mapping[str, Any], key: str, known: Mapping[str, Any] | tuple[str, ...] | None = None
    ) -> tuple[str, ...]:
        found = data.get(key)
        if found is None:
            return ()
        if not isinstance(found, list) or not all(isinstance(item, str) and item.strip() for item in found):
            raise self.wrong(entry, f"{key} must be a list of texts")
        if len(set(found)) < len(found):
            raise self.wrong(entry, f"{key} names something twice")
        for item in found:
            if known is not None and item not in known:
                raise self.wrong(entry, f"{key} {item!r} is not known; known are {', '.join(known)}")
        return tuple(found)

    def choice(self, entry: str, data: Mapping[str, Any], key: str, known: Mapping[str, Any]) -> str:
        found = self.text(entry, data, key)
        if found not in known:
            raise self.wrong(entry, f"{key} {found!r} is not known; known are {', '.join(known)}")
        return found

    def claim(self, data: Mapping[str, Any], kinds: Mapping[str, ClaimKind], outcomes: Mapping[str, Outcome]) -> Claim:
        name = self.text("a claim", data, "id")
        if not _ID.fullmatch(name):
            raise self.wrong(name, "an id is small letters and digits, with hyphens between")
        self.known(name, data, _KEYS)
        settled = data.get("settled_by")
        if not isinstance(settled, dict):
            raise self.wrong(name, "settled_by must be a mapping with text, designs and versus")
        self.known(name, settled, frozenset({"text", "designs", "versus"}))
        asserts = self.optional(name, data, "asserts")
        levels = table("levels")["names"]
        if asserts is not None and asserts not in levels:
            raise self.wrong(name, f"asserts {asserts!r} is not a level; levels are {', '.join(levels)}")
        claim = Claim(
            id=name,
            statement=self.text(name, data, "statement"),
            kind=self.choice(name, data, "kind", kinds),
            interventions=self.ids(name, data, "interventions"),
            apart=self.ids(name, data, "apart"),
            conditions=self.ids(name, data, "conditions"),
            comparator=self.ids(name, data, "comparator", COMPARATORS),
            outcome=self.choice(name, data, "outcome", outcomes),
            asserts=asserts,
            words=self.ids(name, data, "words"),
            settled_by=self.text(name, settled, "text"),
            designs=self.ids(name, settled, "designs", table("designs")),
            versus=self.ids(name, settled, "versus", VERSUS),
            note=self.optional(name, data, "note"),
            outside=self.optional(name, data, "outside"),
        )
        if (claim.outside is None) == (not claim.interventions):
            raise self.wrong(name, "has either interventions, or `outside`: why the catalog cannot say anything")
        if set(claim.interventions) & set(claim.apart):
            raise self.wrong(name, "a treatment is both in interventions and apart")
        if (claim.kind == "comparison") != bool(claim.comparator):
            raise self.wrong(name, "a comparison, and only a comparison, names a comparator")
        for word in claim.words:
            if not tokens(word) or "*" in word.rstrip("*"):
                raise self.wrong(name, f"words: {word!r} must hold a letter, with a * only at its end")
        return claim
