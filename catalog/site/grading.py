"""What a person may weigh when grading a paper: the prompts, each with its words. Nothing is graded here."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.site.proofs import Proof

__all__ = ["Prompt", "load_prompts"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to grade by, and every place that raises it."""

    id: str
    name: str
    description: str
    proofs: tuple[Proof, ...]


def load_prompts(
    conn: sqlite3.Connection, pmid: int, texts: Mapping[str, str], first_number: int
) -> tuple[Prompt, ...]:
    """Read a paper's prompts in display order.

    Args:
        conn: the catalog.
        pmid: the paper.
        texts: its `title`, `abstract` and `conflict_of_interest`; a span that does not hold its quote is not marked.
        first_number: the first number free for a proof on the page.
    """
    found: dict[tuple[str, str, str], list[Proof]] = {}
    rows = conn.execute(
        "SELECT k.id, k.name, k.description, p.rule, r.cites, p.source, p.start, p.end, p.quote FROM prompts p"
        " JOIN prompt_kinds k ON k.id = p.prompt LEFT JOIN rules r ON r.id = p.rule WHERE p.pmid = ?"
        " ORDER BY k.position, p.source != 'title', p.source, p.start, p.end, p.rule",
        (pmid,),
    )
    for number, (kind, name, description, rule, cites, source, start, end, quote) in enumerate(rows, first_number):
        if start is not None and texts.get(source, "")[start:end] != quote:
            start = end = None
        found.setdefault((kind, name, description), []).append(
            Proof(number, "prompt", kind, name, rule, cites, source, start, end, quote, True)
        )
    return tuple(Prompt(*kind, tuple(proofs)) for kind, proofs in found.items())
