"""Which arm of a study words speak of: the treatment under test, the control, or nobody named."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from catalog.tagging.document import Document, TextField
from catalog.tagging.tables import table
from catalog.tagging.tags import InterventionTag
from harvest.topics import Span

__all__ = ["Arms", "Mention", "Side", "arms_of", "set_against", "word"]

Side = Literal["experimental", "control"]


@dataclass(frozen=True, slots=True)
class Mention:
    """An arm named at a place; `concept` where it is an intervention of the vocabulary."""

    start: int
    end: int
    side: Side
    concept: str | None


@dataclass(frozen=True)
class Arms:
    """The arms of a study and where its text names them; `ours`: one under test is of the vocabulary."""

    places: Mapping[TextField, tuple[Mention, ...]]
    ours: bool
    document: Document

    @cached_property
    def sides(self) -> Mapping[str, tuple[Side, str | None]]:
        """Abbreviations and letters that the abstract gives to arms."""
        return _names(self.document, self)

    @cached_property
    def words(self) -> Mapping[Side, re.Pattern[str]]:
        """Words by which title or allocation tell one arm from another."""
        return set_against(self)

    @cached_property
    def names(self) -> re.Pattern[str] | None:
        """A pattern of all of them; None where there are none."""
        if not self.sides:
            return None
        ordered = sorted(self.sides, key=len, reverse=True)
        pattern = "|".join(rf"(?<=roup ){n}" if _LETTER.fullmatch(n) else rf"(?<![\w-]){re.escape(n)}" for n in ordered)
        return re.compile(rf"(?:{pattern})(?![\w-])")

    def mentions(self, field: TextField, text: str, start: int, end: int, *, named: bool = True) -> list[Mention]:
        """Every arm named between two places, in reading order; what is under test hides control words inside it.

        `named` says whether abbreviations and letters count too.
        """
        placed = self.places[field]
        found = [m for m in placed[bisect_left(placed, start, key=lambda m: m.start) :] if m.end <= end]
        if named and self.names is not None:
            for name in self.names.finditer(text, start, end):
                side, concept = self.sides[name.group()]
                found.append(Mention(name.start(), name.end(), side, concept))
        found += [
            Mention(m.start(), m.end(), "experimental", None) for m in word("experimental").finditer(text, start, end)
        ]
        for side, pattern in self.words.items():
            found += [Mention(m.start(), m.end(), side, None) for m in pattern.finditer(text, start, end)]
        for match in word("control" if self.ours else "pure").finditer(text, start, end):
            if not any(m.start <= match.start() and match.end() <= m.end for m in found):
                found.append(Mention(match.start(), match.end(), "control", None))
        return sorted(found, key=lambda m: (m.start, m.end))


# Of a word so many letters are looked for.
STEM = 7
_WORDS = re.compile(r"[a-z]{4,}")
# A name that counts only after "group".
_LETTER = re.compile(r"[A-Z]|[IV]{1,3}|\d")


@cache
def word(name: str) -> re.Pattern[str]:
    """A pattern of arms.yml, compiled once."""
    return re.compile(table("arms")[name], 0 if name == "named" else re.IGNORECASE)


def arms_of(document: Document, interventions: Iterable[InterventionTag], spans: Iterable[Span]) -> Arms:
    """The arms of a document.

    Args:
        document: the record's text.
        interventions: those of the vocabulary, each with its role: one given to all arms names no arm.
        spans: where the vocabulary's concepts stand.
    """
    roles = {item.intervention: item.role for item in interventions}
    side: dict[str, Side] = {}
    for concept, role in roles.items():
        if role != "adjunct":
            side[concept] = "experimental" if role == "experimental" else "control"
    places: dict[TextField, list[Mention]] = {"title": [], "abstract": []}
    for span in spans:
        if span.start is None or span.end is None or span.concept not in side:
            continue
        if span.where == "title" or span.where == "abstract":
            places[span.where].append(Mention(span.start, span.end, side[span.concept], span.concept))
    ours = "experimental" in side.values()
    return Arms({field: tuple(found) for field, found in places.items()}, ours, document)


@cache
def _against(name: str) -> re.Pattern[str]:
    return re.compile(table("arms")["set_against"][name], re.IGNORECASE)


@cache
def _generic() -> tuple[str, ...]:
    return tuple(table("arms")["set_against"]["generic"])


def set_against(arms: Arms) -> dict[Side, re.Pattern[str]]:
    """Patterns of the words that only one of two arms set against each other holds, by its side."""
    for field, text, start, end in _where_set(arms.document):
        match = _against("title" if field == "title" else "allocation").search(text, start, end)
        if match is None:
            continue
        spans = [match.span(name) for name in match.re.groupindex if match[name]]
        told = [{m.side for m in _plain(arms, field, text, *span)} for span in spans]
        if arms.ours:  # only what ours is set against is still unknown
            if ("experimental" in told[0]) is ("experimental" in told[1]):
                continue
            first = "experimental" in told[0]
        else:
            first = "control" not in told[0]
        words = [{w for w in _WORDS.findall(text[a:b].lower()) if not w.startswith(_generic())} for a, b in spans]
        only = {"experimental": words[0] - words[1], "control": words[1] - words[0]}
        if not first:
            only = {"experimental": only["control"], "control": only["experimental"]}
        sides: dict[Side, set[str]] = {"control": only["control"]}
        if not arms.ours:
            sides["experimental"] = only["experimental"]
        return {
            side: re.compile(rf"\b(?:{'|'.join(sorted(w[:STEM] for w in own))})\w*", re.IGNORECASE)
            for side, own in sides.items()
            if own
        }
    return {}


def _where_set(document: Document) -> Iterator[tuple[TextField, str, int, int]]:
    yield "title", document.title, 0, len(document.title)
    for sentence in document.sentences:
        if sentence.field == "abstract" and sentence.zone in ("methods", "objective", "other"):
            yield "abstract", document.abstract, sentence.start, sentence.end


def _plain(arms: Arms, field: TextField, text: str, start: int, end: int) -> Iterator[Mention]:
    yield from (m for m in arms.places[field] if start <= m.start and m.end <= end)
    for match in word("pure").finditer(text, start, end):
        yield Mention(match.start(), match.end(), "control", None)


def _names(document: Document, arms: Arms) -> dict[str, tuple[Side, str | None]]:
    """Abbreviations and letters, each by the arm named just before (in brackets) or after ("Group A received")."""
    text = document.abstract
    if "(" not in text and "roup " not in text:
        return {}
    found: dict[str, tuple[Side, str | None] | None] = {}
    for match in word("named").finditer(text):
        letter = match[2]
        key = match[1] or letter
        if key in found:
            continue
        sentence = document.sentence_at("abstract", match.start())
        if sentence.zone in ("results", "conclusions"):
            continue
        if letter:
            next_group = text.find("roup", match.end(), sentence.end)
            near = arms.mentions(
                "abstract", text, match.end(), sentence.end if next_group < 0 else next_group, named=False
            )
            near = [m for m in near if m.start - match.end() < 90]
        else:
            near = arms.mentions("abstract", text, max(sentence.start, match.start() - 60), match.start(), named=False)[
                -1:
            ]
            if not near or match.start() - near[-1].end > 25:
                continue
        first = next((m for m in near if m.side == "experimental"), near[0] if near else None)
        found[key] = (first.side, first.concept) if first else None
    return {key: value for key, value in found.items() if value is not None and key.lower() != "group"}
