"""Starting level of evidence from design: a table, never a judgement (source: rules/levels.yml)."""

from __future__ import annotations

from functools import cache
from typing import Any

from catalog.tagging.tables import table

__all__ = ["level_of"]


@cache
def _levels() -> dict[str, Any]:
    loaded: dict[str, Any] = table("levels")
    return loaded


def level_of(design: str, included: str | None, lowest: str | None, timing: str | None) -> tuple[str, str]:
    """(OCEBM 2011 level, JBJS range) of a record.

    Args:
        design: a design of the codebook.
        included: for systematic reviews, what they include.
        lowest: for mixed and nonrandomised reviews, `controlled`, `uncontrolled` or `unstated`.
        timing: for nonrandomised controlled studies.
    """
    levels = _levels()
    if design == "systematic_review":
        key = f"{included}/{lowest or 'unstated'}" if included in ("mixed", "nonrandomised") else included or "unclear"
        entry = levels["systematic_review"][key]
    else:
        entry = levels["designs"][design]
    jbjs = entry["jbjs"]
    return entry["level"], jbjs if isinstance(jbjs, str) else jbjs[timing or "unclear"]
