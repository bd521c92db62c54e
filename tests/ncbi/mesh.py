"""Explosion over a small MeSH tree, kept as data in mesh_tree.txt."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.ncbi.words import fold

__all__ = ["SUBHEADINGS", "Tree", "mesh_tree"]

SUBHEADINGS = {
    "ad": "administration & dosage",
    "ae": "adverse effects",
    "co": "complications",
    "dt": "drug therapy",
    "me": "metabolism",
    "mt": "methods",
    "pd": "pharmacology",
    "rh": "rehabilitation",
    "su": "surgery",
    "th": "therapy",
    "tu": "therapeutic use",
}
"""MeSH's two-letter subheading abbreviations, those of our field."""


class Tree:
    """Headings, what lies under each, and entry terms; all names folded to lower case without accents."""

    def __init__(self, text: str) -> None:
        self._under: dict[str, set[str]] = {}
        self._entries: dict[str, str] = {}
        path: list[str] = []
        for line in text.splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            depth = (len(line) - len(line.lstrip(" "))) // 2
            name, _, entries = line.strip().partition(" = ")
            heading = fold(name)
            path = [*path[:depth], heading]
            for ancestor in path:
                self._under.setdefault(ancestor, set()).add(heading)
            for entry in filter(None, entries.split("; ")):
                self._entries[fold(entry)] = heading

    def heading(self, name: str) -> str | None:
        """The folded heading a heading or entry term names; None where the tree does not have it."""
        folded = fold(name)
        return folded if folded in self._under else self._entries.get(folded)

    def under(self, heading: str) -> frozenset[str]:
        """The heading itself and all narrower ones; a heading the tree does not have is alone."""
        return frozenset(self._under.get(heading, {heading}))


@cache
def mesh_tree() -> Tree:
    """The tree of mesh_tree.txt."""
    return Tree(Path(__file__).with_name("mesh_tree.txt").read_text(encoding="utf-8"))
