"""A CSL processor for reference lists: the official styles, as far as the papers of this catalog need them.

citeproc-py takes 20 ms for a paper in three styles (half a millisecond here), more than its whole page may; it keeps
its state in the style, so that no two threads may cite at once; and it is wrong on some of what PubMed holds. It stays
the second opinion: `tests/test_citeproc.py` compares the two and lists where they differ. What a style asks for and
this processor does not know is an error when the style is loaded, never a citation that is quietly wrong.

Source: Citation Style Language 1.0.2, specification.
"""

from __future__ import annotations

from catalog.cite.style.elements import Style, load_style
from catalog.cite.style.parts import Unsupported

__all__ = ["Style", "Unsupported", "load_style"]
