"""What a catalog says of itself where its records leave it: by which rules it gave the levels, on which day's data."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from catalog.about import dated

__all__ = ["ATTRIBUTION", "EXCERPT", "SCHEME", "VERIFY", "Imprint", "read_imprint"]

SCHEME = "OCEBM 2011, treatment benefits"
# What NLM asks of whoever passes its data on, and whose the rest is (docs/rights.md).
ATTRIBUTION = (
    "Records: courtesy of the U.S. National Library of Medicine (NLM), from PubMed. NLM has not endorsed this catalog,"
    " and it may not reflect the most current data NLM has. Publishers may hold rights in abstracts."
)
VERIFY = "Starting level by rule, from the abstract; verify in the full text."
EXCERPT = "The abstract here is an excerpt; read it whole at PubMed."
_RULES = 12  # characters of the rules' hash that are told


@dataclass(frozen=True)
class Imprint:
    """A catalog's colophon. `searched` and `gathered` are days, YYYY-MM-DD."""

    title: str
    version: str
    rules: str  # the beginning of the hash over the rules
    sample: bool
    searched: str | None  # when PubMed was last searched in full
    gathered: str | None  # else when the records were last gathered
    from_files: bool  # gathered from files
    levels: Mapping[str, str]  # names by id
    designs: Mapping[str, str]
    abstracts: str = "full"  # what the catalog carries of them: full, excerpt, none

    @property
    def dated(self) -> str:
        """How old the data are."""
        if self.sample:
            return "invented records"
        if self.searched:
            return f"PubMed searched on {self.searched}"
        if self.gathered:
            return f"PubMed files read on {self.gathered}" if self.from_files else f"data of {self.gathered}"
        return "day of the data not known"

    def note(self, level: str, design: str, *, by_hand: bool, retracted: bool, cut: bool = False) -> str:
        """A paper's level of evidence in sentences, with how far they can be trusted and where they come from.

        Args:
            level: the level's id.
            design: the design's id.
            by_hand: a person gave the level or the design.
            retracted: the paper is retracted.
            cut: what is carried of its abstract is an excerpt.
        """
        name = self.designs.get(design, design)
        given = "no level" if level == "none" else self.levels.get(level, level)
        said = [f"Level of evidence ({SCHEME}): {given}; study design: {name}."]
        said.append("Corrected by hand; verify in the full text." if by_hand else VERIFY)
        if retracted:
            said.append("Retracted: counts as evidence nowhere in the catalog.")
        if cut:
            said.append(EXCERPT)
        said.append(f"{self.title} {self.version}, rules {self.rules}, {self.dated}.")
        if self.sample:
            said.insert(0, "SAMPLE: an invented record, not a publication.")
        return " ".join(said)


def read_imprint(conn: sqlite3.Connection) -> Imprint:
    """Read a catalog's own words on itself. Raises sqlite3.Error where the database is not one."""
    title, version, rules, sample, abstracts = conn.execute(
        "SELECT title, version, rules_sha256, sample, abstracts FROM about"
    ).fetchone()
    runs = conn.execute(
        "SELECT command, coalesce(finished, started) FROM runs WHERE state = 'complete' ORDER BY id DESC"
    ).fetchall()
    return Imprint(
        title,
        version,
        rules[:_RULES],
        bool(sample),
        dated(conn).searched,
        runs[0][1][:10] if runs and not sample else None,
        bool(runs) and "files" in runs[0][0].split(),
        dict(conn.execute("SELECT id, name FROM levels")),
        dict(conn.execute("SELECT id, name FROM designs")),
        abstracts,
    )
