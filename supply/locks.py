"""The locks: every package with its hashes, and who asked for it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DEV_LOCK", "LOCK", "TOP", "BadLock", "Pinned", "direct", "reached", "read_lock"]

TOP = Path(__file__).resolve().parents[1]
LOCK = TOP / "requirements.lock"
DEV_LOCK = TOP / "requirements-dev.lock"
_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)(?: ; (.+))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_OURS = "lbp-evidence-catalog (pyproject.toml"


class BadLock(ValueError):
    """A line of a lock is not what uv writes."""


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package of a lock. The same name comes twice where versions of Python need different ones."""

    name: str
    version: str
    marker: str | None  # where it is installed; None is everywhere
    hashes: tuple[str, ...]  # SHA-256, hex, of every file that may be installed
    via: tuple[str, ...]  # names of the packages that need it; this project's own name where it does itself


def read_lock(path: Path) -> list[Pinned]:
    """Every package of a lock, in its order.

    Raises:
        BadLock: a line is neither a package with a version, nor a hash, nor a comment; or a package has no hash.
    """
    found: list[Pinned] = []
    for block in _blocks(path.read_text("utf-8").splitlines()):
        package = _PACKAGE.fullmatch(block[0].removesuffix("\\").strip())
        if package is None:
            raise BadLock(f"{path.name}: {block[0]!r} names no package with its version")
        hashes: list[str] = []
        via: list[str] = []
        for line in block[1:]:
            text = line.strip()
            if text.startswith("#"):
                via += [name for name in [text.removeprefix("#").strip().removeprefix("via").strip()] if name]
            elif one := _HASH.fullmatch(text.removesuffix("\\").strip()):
                hashes.append(one[1])
            else:
                raise BadLock(f"{path.name}: {package[1]}: {text!r} is no hash")
        if not hashes:
            raise BadLock(f"{path.name}: {package[1]} has no hash")
        names = tuple(dict.fromkeys("lbp-evidence-catalog" if name.startswith(_OURS) else name for name in via))
        found.append(Pinned(package[1], package[2], package[3], tuple(hashes), names))
    return found


def _blocks(lines: Iterable[str]) -> list[list[str]]:
    """Each package's lines; comments before the first are left out."""
    blocks: list[list[str]] = []
    for line in lines:
        if line[:1].strip() and not line.startswith("#"):
            blocks.append([line])
        elif line.strip() and blocks:
            blocks[-1].append(line)
    return blocks


def direct(group: str | None = None) -> list[str]:
    """Names that pyproject.toml asks for: the project's own dependencies, or those of a dependency group."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
    asked = project["project"]["dependencies"] if group is None else project["dependency-groups"][group]
    return [found[0].lower() for requirement in asked if (found := _REQUIREMENT.match(requirement))]


def reached(lock: list[Pinned], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each package that these need, themselves included, with what it needs in turn, both by name in order."""
    needs: dict[str, set[str]] = {package.name: set() for package in lock}
    for package in lock:
        for parent in package.via:
            if parent in needs:
                needs[parent].add(package.name)
    found: dict[str, tuple[str, ...]] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = tuple(sorted(needs[name]))
            waiting += found[name]
    return dict(sorted(found.items()))
