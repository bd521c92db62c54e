"""Citations of papers: as data for reference managers, as text to copy, and as what browsers' buttons look for."""

from __future__ import annotations

from catalog.cite.citation import Citation
from catalog.cite.imprint import Imprint, read_imprint
from catalog.cite.names import Person, author_name
from catalog.cite.reading import read_citations

__all__ = ["Citation", "Imprint", "Person", "author_name", "read_citations", "read_imprint"]
