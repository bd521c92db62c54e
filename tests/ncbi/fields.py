"""PubMed's search tags: what each one is called and where it looks.

Source: PubMed User Guide, "Search field descriptions and tags". Zones are the indexed parts of a document
(see document.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["ALL_FIELDS", "FIELDS", "Field", "Kind", "find_field"]


class Kind(Enum):
    """How a field is searched."""

    WORDS = "words"  # words and phrases, wherever they stand in its zones
    VALUE = "value"  # the whole value
    MESH = "mesh"  # the whole heading, exploded
    AUTHOR = "author"  # last name and initials, cut after the initials given
    DATE = "date"
    UID = "uid"


@dataclass(frozen=True, slots=True)
class Field:
    """One search field: `key` is its tag, `name` the form QueryTranslation uses."""

    key: str
    name: str
    kind: Kind
    zones: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    proximity: bool = False
    explode: bool = False


_TIAB = ("ti", "ab", "oab", "ot")
_TEXT = (*_TIAB, "tt", "mhw", "ptw", "nmw")

FIELDS: tuple[Field, ...] = (
    Field("all", "All Fields", Kind.WORDS, (*_TEXT, "auw", "cn", "ad", "jo", "ids")),
    Field("tiab", "Title/Abstract", Kind.WORDS, _TIAB, proximity=True),
    Field("ti", "Title", Kind.WORDS, ("ti",), ("title word",), proximity=True),
    Field("ab", "Abstract", Kind.WORDS, ("ab", "oab")),
    Field("tw", "Text Word", Kind.WORDS, _TEXT, ("text", "text words")),
    Field("ot", "Other Term", Kind.WORDS, ("ot",), ("keyword", "keywords")),
    Field("tt", "Transliterated Title", Kind.WORDS, ("tt",)),
    Field("ad", "Affiliation", Kind.WORDS, ("ad",), proximity=True),
    Field("cn", "Corporate Author", Kind.WORDS, ("cn",), ("author - corporate",)),
    Field("mh", "MeSH Terms", Kind.MESH, aliases=("mesh", "mesh:exp", "mh:exp"), explode=True),
    Field("mh:noexp", "MeSH Terms:noexp", Kind.MESH, aliases=("mesh:noexp",)),
    Field("majr", "MeSH Major Topic", Kind.MESH, explode=True),
    Field("majr:noexp", "MeSH Major Topic:noexp", Kind.MESH),
    Field("sh", "MeSH Subheading", Kind.VALUE, aliases=("subheading",)),
    Field("nm", "Supplementary Concept", Kind.VALUE),
    Field("pt", "Publication Type", Kind.VALUE, explode=True),
    Field("la", "Language", Kind.VALUE, aliases=("lang",)),
    Field("ta", "Journal", Kind.VALUE, aliases=("jour", "so", "journal title")),
    Field("sb", "Filter", Kind.VALUE, aliases=("filter", "subset")),
    Field("aid", "Location ID", Kind.VALUE, aliases=("doi", "lid", "article identifier", "si", "secondary source id")),
    Field("au", "Author", Kind.AUTHOR, aliases=("author name",)),
    Field("1au", "Author - First", Kind.AUTHOR, aliases=("first author", "first author name")),
    Field("dp", "Date - Publication", Kind.DATE, aliases=("pdat", "publication date")),
    Field("ppdat", "Date - Print", Kind.DATE, aliases=("print publication date",)),
    Field("epdat", "Date - Electronic", Kind.DATE, aliases=("electronic publication date",)),
    Field("edat", "Date - Entry", Kind.DATE, aliases=("entrez date", "date - entrez")),
    Field("crdt", "Date - Create", Kind.DATE, aliases=("create date",)),
    Field("mdat", "Date - Modification", Kind.DATE, aliases=("lr", "modification date")),
    Field("uid", "UID", Kind.UID, aliases=("pmid",)),
)
ALL_FIELDS = FIELDS[0]

_BY_TAG = {tag.casefold(): field for field in FIELDS for tag in (field.key, field.name, *field.aliases)}


def find_field(tag: str) -> Field | None:
    """The field a tag such as `tiab` or `MeSH Terms:noexp` names, upper or lower case; None where PubMed has none."""
    return _BY_TAG.get(" ".join(tag.split()).casefold().replace(" :", ":").replace(": ", ":"))
