"""Frozen dataclasses made quickly.

A frozen dataclass with slots sets each of its fields through `object.__setattr__`, which takes most of the time that
making one takes. Here it is filled as an open twin of the same slots, which then becomes the frozen class: the object
is the same in every way, made in a third of the time. Only parsing, which makes tens of objects a record, needs this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, ParamSpec, TypeVar, cast

__all__ = ["quick"]

P = ParamSpec("P")
T = TypeVar("T")


def quick(made: Callable[P, T]) -> Callable[P, T]:
    """A function that makes what the class makes, with the same arguments, faster.

    The class must be a frozen dataclass with slots, without `__post_init__` and default factories.
    """
    names = [field.name for field in fields(cast(Any, made))]
    defaults = cast(Any, made).__init__.__defaults__
    twin = type(f"Open{cast(Any, made).__name__}", (), {"__slots__": tuple(names), "__module__": __name__})
    lines = [f"def make({', '.join(names)}):", "    new = open(twin)"]
    lines += [f"    new.{name} = {name}" for name in names]
    lines += ["    new.__class__ = made", "    return new"]
    scope: dict[str, Any] = {"twin": twin, "made": made, "open": object.__new__}
    exec("\n".join(lines), scope)  # noqa: S102 - as dataclasses makes __init__: only names of fields are in it
    make = scope["make"]
    make.__defaults__ = defaults
    return cast(Callable[P, T], make)
