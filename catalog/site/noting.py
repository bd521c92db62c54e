"""What an answer's makers note for whoever counts and logs answers (catalog/serving): a dictionary in the scope."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

__all__ = ["NOTES", "note"]

# The scope is copied on the way, the dictionary in it is not.
NOTES = "catalog.notes"


def note(scope: MutableMapping[str, Any], name: str, value: Any) -> None:
    """Note something of a request; where nobody counts, it is forgotten."""
    notes = scope.get(NOTES)
    if notes is not None:
        notes[name] = value
