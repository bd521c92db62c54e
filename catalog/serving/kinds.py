"""Which kind of address a request asks for: few names, whatever people type, so that counts and logs stay small."""

from __future__ import annotations

__all__ = ["KINDS", "UNKNOWN", "kind_of"]

_PAGES = (
    *("search", "articles", "cite", "unapi", "feeds", "changes", "compare", "claims", "lists", "reliability", "robots"),
    *("check", "references", "quotes"),
)
UNKNOWN = "unknown"
KINDS = ("home", *_PAGES, "data", "download", "health", "metrics", "static", UNKNOWN)


def kind_of(path: str) -> str:
    """The kind of a path: its first part, where that is one of ours."""
    if path == "/":
        return "home"
    if path in ("/-/health", "/-/metrics"):
        return path[3:]
    if path == "/catalog.db":
        return "download"
    first = path[1:].partition("/")[0]
    name = first.partition(".")[0]
    if name in _PAGES:
        return name
    if name == "catalog":
        return "data"
    return "static" if first in ("-", "favicon") or path == "/favicon.ico" else UNKNOWN
