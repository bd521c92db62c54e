"""The vocabulary: reads a topics file, renders it as PubMed searches, and matches records against it locally.

One file serves the search, the match on bulk files and the intervention and condition tags, so they cannot drift apart.
The local matcher reads what PubMed's `[tiab]` reads (title, abstract, other abstracts, author keywords) plus MeSH.
Source of the syntax: PubMed User Guide (phrases, truncation, proximity search, MeSH explosion).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any, Literal

import yaml

from harvest.errors import WrongUse
from harvest.matcher import Matcher
from harvest.record import Record
from harvest.region import Region, read_region
from harvest.words import Words, tokens
from harvest.yamlfile import load_yaml

__all__ = ["Abbreviation", "Concept", "Kind", "Near", "Span", "Topic", "TopicMatch", "Topics", "load_topics"]

Kind = Literal["intervention", "condition"]
Where = Literal["title", "abstract", "other_abstract", "keyword", "mesh"]

# PubMed refuses to truncate a shorter stem.
SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that must follow each other; where `prefix`, the last may have any ending."""

    words: tuple[str, ...]
    prefix: bool
    tags: bool = True
    searched: bool = True

    def query(self) -> str:
        """The phrase in PubMed's syntax."""
        text = " ".join(self.words) + ("*" if self.prefix else "")
        return f'"{text}"[tiab]' if len(self.words) > 1 else f"{text}[tiab]"


@dataclass(frozen=True, slots=True)
class Near:
    """One word of each group, in either order, at most `within` words apart."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    within: int

    def query(self) -> str:
        """The pairs as PubMed proximity searches."""
        return " OR ".join(f'"{a} {b}"[tiab:~{self.within}]' for a, b in product(self.first, self.second))


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form that counts only in a record that also has one of `companions`."""

    word: str
    companions: tuple[Phrase, ...]

    def query(self) -> str:
        """The abbreviation in PubMed's syntax, with its condition."""
        return f"({self.word}[tiab] AND ({' OR '.join(c.query() for c in self.companions)}))"


@dataclass(frozen=True)
class Concept:
    """An intervention or a condition: how people and PubMed name it."""

    id: str
    kind: Kind
    name: str
    short: str
    description: str
    phrases: tuple[Phrase, ...]
    nears: tuple[Near, ...]
    abbreviations: tuple[Abbreviation, ...]
    mesh: tuple[str, ...]
    narrower: tuple[str, ...]
    not_in: tuple[Phrase, ...]
    implies: tuple[str, ...]
    search_only: bool
    anywhere: bool
    synonyms: tuple[tuple[str, ...], ...] = ()
    covers: tuple[str, ...] = ()  # narrower concepts

    def query(self) -> str:
        """Every way to find the concept, joined by OR."""
        parts = [f'"{heading}"[mh]' for heading in self.mesh]
        parts += [phrase.query() for phrase in self.phrases if phrase.searched]
        parts += [near.query() for near in self.nears]
        parts += [abbreviation.query() for abbreviation in self.abbreviations]
        return " OR ".join(parts)


@dataclass(frozen=True, slots=True)
class Topic:
    """One search: any of `interventions` together with any of `conditions` (concept ids)."""

    id: str
    name: str
    interventions: tuple[str, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a concept was found.

    `start`/`end` are code points into the title, the abstract as stored, or the nth other abstract or keyword; for MeSH
    they are None and `text` is the heading. `tags` is False where the words are too broad to tag by,
    `searched` where they are no part of the search.
    """

    concept: str
    kind: Kind
    where: Where
    start: int | None
    end: int | None
    text: str
    tags: bool
    searched: bool = True


@dataclass(frozen=True, slots=True)
class TopicMatch:
    """The topics a record belongs to, and every place that says so."""

    topics: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Topics:
    """An immutable vocabulary. `text` is the file as read, `sha256` its hash, `source` where it came from."""

    text: str
    sha256: str
    source: str
    name: str
    title: str
    subject: str
    short_subject: str
    description: str
    examples: tuple[str, ...]
    interventions: tuple[Concept, ...]
    conditions: tuple[Concept, ...]
    topics: tuple[Topic, ...]
    region: Region | None
    _by_id: Mapping[str, Concept] = field(repr=False)

    def concept(self, concept_id: str) -> Concept:
        """The intervention or condition with that id; KeyError where there is none."""
        return self._by_id[concept_id]

    def strategy(self, topic_id: str) -> str:
        """The PubMed search strategy of a topic, one line, in PubMed's own syntax; KeyError for an unknown topic."""
        topic = next((t for t in self.topics if t.id == topic_id), None)
        if topic is None:
            raise KeyError(topic_id)
        sides = [" OR ".join(self._by_id[c].query() for c in ids) for ids in (topic.interventions, topic.conditions)]
        return " AND ".join(f"({side})" for side in sides)

    def match(self, record: Record) -> TopicMatch:
        """The topics of a record and the spans that decided, in reading order."""
        spans = tuple(self.spans(record))
        found = {span.concept for span in spans if span.searched}
        topics = tuple(
            t.id for t in self.topics if found.intersection(t.interventions) and found.intersection(t.conditions)
        )
        return TopicMatch(topics, spans)

    def spans(self, record: Record) -> Iterator[Span]:
        """Every place in the record that names a concept: title, abstract, other abstracts, keywords, MeSH."""
        texts: list[tuple[Where, str]] = []
        if record.title:
            texts.append(("title", record.title))
        if record.abstract:
            texts.append(("abstract", record.abstract))
        texts += [("other_abstract", s.text) for other in record.other_abstracts for s in other.sections]
        texts += [("keyword", keyword.text) for keyword in record.keywords]
        read = [(where, text, Words(text)) for where, text in texts]
        usable = self._matcher.usable([words for _, _, words in read])
        for where, text, words in read:
            for concept_id, start, end, tags, searched in self._matcher.find(words, usable):
                kind = self._by_id[concept_id].kind
                yield Span(concept_id, kind, where, start, end, text[start:end], tags, searched)
        for heading in record.mesh:
            for concept_id in self._mesh.get(heading.name.lower(), ()):
                yield Span(concept_id, self._by_id[concept_id].kind, "mesh", None, None, heading.name, True)

    def find(self, text: str) -> list[tuple[str, int, int]]:
        """(concept id, start, end) of each concept a free text names; abbreviations count if the text explains them."""
        words = Words(text)
        found = self._matcher.find(words, self._matcher.usable([words]))
        return [(concept_id, start, end) for concept_id, start, end, tags, _ in found if tags]

    @cached_property
    def _mesh(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for concept in (*self.interventions, *self.conditions):
            for heading in (*concept.mesh, *concept.narrower):
                found.setdefault(heading.lower(), []).append(concept.id)
        return found

    @cached_property
    def _matcher(self) -> Matcher:
        return Matcher((*self.interventions, *self.conditions), SHORTEST_STEM)


# Reading a topics file

_GROUP = re.compile(r"\(([^()]*)\)(\*?)")


def load_topics(path: Path | None = None) -> Topics:
    """Read a topics file; None reads the bundled one.

    Raises:
        WrongUse: the file is missing, is not YAML, or an entry is wrong; one line names the file and the entry.
    """
    if path is None:
        return read_topics(resources.files("harvest").joinpath("topics.yml").read_text("utf-8"), "bundled")
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"topics file {path}: cannot be read ({error}); give a UTF-8 YAML file") from error
    return read_topics(text, path.name)


def read_topics(text: str, source: str) -> Topics:
    """The vocabulary a YAML text describes; `source` names it in messages. Raises WrongUse, one line."""
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        line = " ".join(str(error).split())
        raise WrongUse(f"topics file {source}: not valid YAML ({line})") from error
    if not isinstance(data, dict):
        raise WrongUse(f"topics file {source}: must be a mapping with interventions, conditions and topics")
    reader = _Reader(source)
    interventions = tuple(reader.concept(entry, "intervention") for entry in reader.entries(data, "interventions"))
    conditions = tuple(reader.concept(entry, "condition") for entry in reader.entries(data, "conditions"))
    by_id: dict[str, Concept] = {}
    for concept in (*interventions, *conditions):
        if concept.id in by_id:
            raise reader.wrong(concept.id, "the id stands twice")
        by_id[concept.id] = concept
    for concept in by_id.values():
        for key, others in (("implies", concept.implies), ("covers", concept.covers)):
            for other in others:
                if other not in by_id:
                    raise reader.wrong(concept.id, f"{key} {other!r}, which is not an id here")
    topics = tuple(reader.topic(entry, interventions, conditions) for entry in reader.entries(data, "topics"))
    if len({topic.id for topic in topics}) != len(topics):
        raise reader.wrong("topics", "an id stands twice")
    title = reader.text(data, "title", source)
    subject = reader.text(data, "subject", title)
    return Topics(
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        source=source,
        name=reader.text(data, "name", title),
        title=title,
        subject=subject,
        short_subject=reader.text(data, "short_subject", subject),
        description=reader.text(data, "description", title),
        examples=tuple(reader.strings(data, "examples", "top of the file")),
        interventions=interventions,
        conditions=conditions,
        topics=topics,
        region=read_region(data.get("region"), reader.wrong),
        _by_id=by_id,
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks each entry and names the file and the entry in what it raises."""

    source: str

    def wrong(self, entry: str, what: str) -> WrongUse:
        return WrongUse(f"topics file {self.source}: {entry}: {what}")

    def entries(self, data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
        found = data.get(key)
        if not isinstance(found, list) or not found or not all(isinstance(entry, dict) for entry in found):
            raise self.wrong(key, "must be a list of entries, each with an id")
        return found

    def text(self, data: Mapping[str, Any], key: str, default: str | None = None) -> str:
        found = data.get(key, default)
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(str(data.get("id", key)), f"{key} must be a text")
        return " ".join(found.split())

    def strings(self, data: Mapping[str, Any], key: str, entry: str) -> list[str]:
        found = data.get(key) or []
        if not isinstance(found, list) or not all(isinstance(item, str) and item.strip() for item in found):
            raise self.wrong(
                entry, f"{key} must be a list of texts (quote what YAML would read as a number or a mapping)"
            )
        return found

    def concept(self, data: Mapping[str, Any], kind: Kind) -> Concept:
        concept_id = self.text(data, "id")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", concept_id):
            raise self.wrong(concept_id, "an id is lower-case letters, digits and _")
        unknown = sorted(data.keys() - _CONCEPT_KEYS)
        if unknown:
            raise self.wrong(concept_id, f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_CONCEPT_KEYS))}")
        name = self.text(data, "name")
        concept = Concept(
            id=concept_id,
            kind=kind,
            name=name,
            short=self.text(data, "short", name),
            description=self.text(data, "description", name),
            phrases=tuple(
                phrase
                for key in ("words", "search_words", "tag_words")
                for phrase in self.phrases(data, key, concept_id)
            ),
            nears=tuple(self.near(entry, concept_id) for entry in data.get("near") or ()),
            abbreviations=tuple(self.abbreviation(entry, concept_id) for entry in data.get("abbreviations") or ()),
            mesh=tuple(self.strings(data, "mesh", concept_id)),
            narrower=tuple(self.strings(data, "narrower", concept_id)),
            not_in=self.phrases(data, "not_in", concept_id),
            implies=tuple(self.strings(data, "implies", concept_id)),
            search_only=bool(data.get("search_only", False)),
            anywhere=bool(data.get("anywhere", False)),
            synonyms=self.synonyms(data, concept_id),
            covers=tuple(self.strings(data, "covers", concept_id)),
        )
        if not (concept.phrases or concept.nears or concept.abbreviations or concept.mesh):
            raise self.wrong(concept_id, "has no words, near, abbreviations or mesh, so nothing can be found")
        return concept

    def phrases(self, data: Mapping[str, Any], key: str, entry: str) -> tuple[Phrase, ...]:
        found: dict[Phrase, None] = {}
        for pattern in self.strings(data, key, entry):
            for spelling in _spellings(pattern):
                found[self.phrase(spelling, entry, key)] = None
        return tuple(found)

    def phrase(self, text: str, entry: str, key: str) -> Phrase:
        prefix = text.endswith("*")
        words = tuple(token.word for token in tokens(text))
        if not words or "*" in text.rstrip("*") or text.count("*") > 1:
            raise self.wrong(entry, f"{text!r}: a * may stand only at the very end")
        if prefix and len(words[-1]) < SHORTEST_STEM:
            raise self.wrong(entry, f"{text!r}: PubMed wants {SHORTEST_STEM} letters or more before the *")
        return Phrase(words, prefix, tags=key != "search_words", searched=key != "tag_words")

    def synonyms(self, data: Mapping[str, Any], entry: str) -> tuple[tuple[str, ...], ...]:
        found = data.get("synonyms") or []
        if not isinstance(found, list) or not all(isinstance(same, list) and len(same) > 1 for same in found):
            raise self.wrong(entry, "synonyms are lists of two texts or more that mean the same: [[one, other], ...]")
        return tuple(tuple(self.strings({"synonyms": same}, "synonyms", entry)) for same in found)

    def near(self, data: Any, entry: str) -> Near:
        words = data.get("words") if isinstance(data, dict) else None
        within = data.get("within") if isinstance(data, dict) else None
        if not isinstance(words, list) or len(words) != 2 or not isinstance(within, int) or within < 0:
            raise self.wrong(entry, "near needs words: [[one, ...], [other, ...]] and within: a number of words")
        groups = [
            tuple(token.word for token in tokens(" ".join(self.strings({"words": g}, "words", entry)))) for g in words
        ]
        return Near(groups[0], groups[1], within)

    def abbreviation(self, data: Any, entry: str) -> Abbreviation:
        if not isinstance(data, dict) or not isinstance(data.get("word"), str) or not data.get("with"):
            raise self.wrong(entry, "an abbreviation is {word: ABC, with: [words that must stand in the same record]}")
        return Abbreviation(data["word"], self.phrases(data, "with", entry))

    def topic(
        self, data: Mapping[str, Any], interventions: tuple[Concept, ...], conditions: tuple[Concept, ...]
    ) -> Topic:
        topic_id = self.text(data, "id")
        sides = []
        for key, concepts in (("interventions", interventions), ("conditions", conditions)):
            ids = self.strings(data, key, topic_id) or [concept.id for concept in concepts]
            for concept_id in ids:
                if concept_id not in {concept.id for concept in concepts}:
                    raise self.wrong(f"topic {topic_id}", f"{concept_id!r} is not one of the {key}")
            sides.append(tuple(ids))
        return Topic(topic_id, self.text(data, "name"), sides[0], sides[1])


_CONCEPT_KEYS = frozenset(
    {
        "id",
        "name",
        "short",
        "description",
        "words",
        "search_words",
        "tag_words",
        "near",
        "abbreviations",
        "mesh",
        "narrower",
        "not_in",
    }
    | {"implies", "search_only", "anywhere", "synonyms", "covers"}
)


def _spellings(pattern: str) -> list[str]:
    """Each spelling of a pattern with (either|or) groups; a * after a group belongs to each member."""
    options: list[list[str]] = []
    at = 0
    for group in _GROUP.finditer(pattern):
        options.append([pattern[at : group.start()]])
        options.append([member + group[2] for member in group[1].split("|")])
        at = group.end()
    options.append([pattern[at:]])
    return ["".join(parts).strip() for parts in product(*options)]
