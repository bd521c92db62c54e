"""The certainty of evidence that a review or guideline states itself (GRADE or similar); never our own judgement."""

from __future__ import annotations

import re
from functools import cache

from catalog.tagging.document import Document, TextField
from catalog.tagging.rules import Hit, fire
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["CERTAINTIES", "decide_certainty"]

# From the lowest.
CERTAINTIES = ("very_low", "low", "moderate", "high")
# The codebook asks for it of reviews and guidelines only.
_STATING = frozenset({"systematic_review", "guideline", "narrative_review"})
_CLAUSE_END = re.compile(r"[;]|\. |, (?:but|and|while|whereas) ")


def decide_certainty(document: Document, design: str) -> tuple[str | None, tuple[Tag, ...]]:
    """(certainty, its proofs): the lowest stated for pain or function, else the lowest stated; None where none is."""
    if design not in _STATING:
        return None, ()
    hits = fire("certainty", document)
    if not hits:
        return None, ()
    of_main = [hit for hit in hits if _speaks_of_main(document, hit)]
    value = min((hit.value for hit in of_main or hits), key=CERTAINTIES.index)
    return value, tuple(
        Tag("certainty", h.value, h.rule, h.source, h.start, h.end, h.quote, h.value == value) for h in hits
    )


@cache
def _main() -> re.Pattern[str]:
    return re.compile(table("certainty")["main"], re.IGNORECASE)


def _speaks_of_main(document: Document, hit: Hit) -> bool:
    """Whether the clause around a statement names pain or function."""
    if hit.start is None or hit.end is None:
        return False
    field: TextField = "title" if hit.source == "title" else "abstract"
    text = document.text(field)
    sentence = document.sentence_at(field, hit.start)
    before = [m.end() for m in _CLAUSE_END.finditer(text, sentence.start, hit.start)]
    after = _CLAUSE_END.search(text, hit.end, sentence.end)
    start = before[-1] if before else sentence.start
    return bool(_main().search(text, start, after.start() if after else sentence.end))
