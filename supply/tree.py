"""Lists of docs/dependencies.md that come from the lock: what is asked for, what that needs in turn, licences."""

from __future__ import annotations

from collections.abc import Iterator

from supply.licences import licences
from supply.locks import LOCK, direct, reached, read_lock

__all__ = ["made_list"]


def made_list(which: str) -> Iterator[str]:
    """The lines of a list: `counts`, `tree` or `licences`."""
    yield from {"counts": _counts, "tree": _tree, "licences": _licences}[which]()


def _counts() -> Iterator[str]:
    """How many packages each dependency brings, and how many of them nothing else brings."""
    lock = read_lock(LOCK)
    asked = direct()
    yield "| asked for | brings | of these only it |"
    yield "|---|---|---|"
    for name in asked:
        brings = set(reached(lock, [name])) - {name}
        others = set(reached(lock, [other for other in asked if other != name]))
        only = sorted(brings - others)
        yield f"| {name} | {len(brings)} | {', '.join(only)} |"


def _tree() -> Iterator[str]:
    """What each package needs, each shown in full where it comes first."""
    lock = read_lock(LOCK)
    needs = reached(lock, {package.name for package in lock})
    versions: dict[str, list[str]] = {}
    for package in lock:
        versions.setdefault(package.name, []).append(package.version)
    shown: set[str] = set()

    def branch(name: str, depth: int) -> Iterator[str]:
        again = name in shown and needs[name]
        yield f"{'  ' * depth}{name} {' / '.join(versions[name])}{' (see above)' if again else ''}"
        if not again:
            shown.add(name)
            for child in needs[name]:
                yield from branch(child, depth + 1)

    yield "```"
    for name in direct():
        yield from branch(name, 0)
    yield "# to build the wheel, not to run it"
    for name in direct("build"):
        yield from branch(name, 0)
    yield "```"


def _licences() -> Iterator[str]:
    """Each package with its licence, and what else is true."""
    versions: dict[str, list[str]] = {}
    for package in read_lock(LOCK):
        versions.setdefault(package.name, []).append(package.version)
    yield "| package | version | licence (SPDX) | says | note |"
    yield "|---|---|---|---|---|"
    for name, licence in licences().items():
        who = "its metadata" if licence.declared else "its files, read"
        yield f"| {name} | {', '.join(versions[name])} | {licence.expression} | {who} | {licence.note} |"
