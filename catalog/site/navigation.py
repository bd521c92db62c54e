"""The way around: the pages that every page links to, in the order readers need them."""

from __future__ import annotations

__all__ = ["SITE_PAGES"]

# (what the link says, address). A page joins when it exists; on a phone each has to fit beside others, so one word.
SITE_PAGES = (
    ("Map", "/"),
    ("Search", "/search"),
    ("Claims", "/claims"),
    ("Check", "/check"),
    ("Lists", "/lists"),
    ("Changes", "/changes"),
    ("Reliability", "/reliability"),
    ("Data", "/catalog"),
)
