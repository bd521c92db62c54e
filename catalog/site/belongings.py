"""What belongs to one Datasette and goes with it.

A weak dictionary would not do: a reader refers to its Datasette, so the entry would keep its own key alive, and every
catalog ever served would stay in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["belonging"]

T = TypeVar("T")


def belonging(datasette: Datasette, kind: type[T], make: Callable[[], T]) -> T:
    """The one thing of a kind that a Datasette has, made when first asked for."""
    held: dict[type[Any], Any] = datasette.__dict__.setdefault("_catalog_belongings", {})
    found: T | None = held.get(kind)
    if found is None:
        found = held[kind] = make()
    return found
