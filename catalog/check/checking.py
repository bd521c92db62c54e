"""A text checked: its claims, what each asserts, and the evidence held beside it. What command and page share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from catalog.about import Dated, dated
from catalog.cardtext import Names, names_of
from catalog.check.evidence import Beside, EvidenceReader, wide_of
from catalog.check.notes import Note, notes_of, outside_note
from catalog.check.reading import Claim, Reading, read_claims
from catalog.check.sentences import sentences_of
from catalog.check.standing import standing_claims
from catalog.check.texts import MOST_BYTES, Text, read_bytes
from catalog.claims import Claim as StandingClaim
from catalog.claimtables import held_claims
from catalog.handed import read_file
from catalog.opening import open_catalog
from harvest.topics import Topics, read_topics

__all__ = ["CheckedClaim", "CheckedText", "check_file", "check_text"]


@dataclass(frozen=True)
class CheckedClaim:
    """A claim with its evidence (None where it is outside the scope), the notes on both, and its standing claims."""

    claim: Claim
    beside: Beside | None
    notes: tuple[Note, ...]
    standing: tuple[StandingClaim, ...] = ()


@dataclass(frozen=True)
class CheckedText:
    """A whole text, checked."""

    text: Text
    reading: Reading
    claims: tuple[CheckedClaim, ...]
    names: Names
    dated: Dated
    subject: str  # the catalog's, as "low back pain"

    @property
    def inside(self) -> tuple[CheckedClaim, ...]:
        """Claims that the catalog can speak to."""
        return tuple(checked for checked in self.claims if checked.beside is not None)

    @property
    def outside(self) -> tuple[CheckedClaim, ...]:
        """Claims outside its scope."""
        return tuple(checked for checked in self.claims if checked.beside is None)


@lru_cache(maxsize=4)
def _vocabulary(text: str) -> Topics:
    return read_topics(text, "of the catalog")


def check_file(path: Path, db: Path) -> CheckedText:
    """Check a file ("-" reads stdin) against a catalog. Raises WrongUse, one line."""
    text = read_bytes(read_file(path, MOST_BYTES), str(path))
    with closing(open_catalog(db)) as conn:
        return check_text(conn, text, str(path))


def check_text(
    conn: sqlite3.Connection,
    text: Text,
    name: str,
    *,
    topics: Topics | None = None,
    tick: Callable[[], None] | None = None,
) -> CheckedText:
    """Check a text.

    Args:
        conn: a catalog.
        text: what was read.
        name: what messages call it.
        topics: the vocabulary; by default the catalog's own.
        tick: called again and again; what it raises ends the check.

    Raises:
        WrongUse: more text than is read.
        sqlite3.Error: the catalog cannot be read.
    """
    topics = topics or _vocabulary(conn.execute("SELECT text FROM vocabulary").fetchone()[0])
    wide = wide_of(topics)
    reading = read_claims(sentences_of(text, name), topics, tick=tick)
    names = names_of(conn)
    reader = EvidenceReader(conn, wide)
    standing = held_claims(conn).claims
    checked = []
    for claim in reading.claims:
        if tick:
            tick()
        if claim.outside:
            checked.append(CheckedClaim(claim, None, (outside_note(claim),)))
        else:
            beside = reader.beside(claim)
            checked.append(
                CheckedClaim(claim, beside, notes_of(claim, beside, names), standing_claims(claim, standing, wide))
            )
    subject = conn.execute("SELECT short_subject FROM about").fetchone()[0]
    return CheckedText(text, reading, tuple(checked), names, dated(conn), subject)
