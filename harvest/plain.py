"""The long lists of a record, read off its bytes where they have the shape in which NLM sends nearly all of them.

Authors, MeSH headings and references are three quarters of a record's elements. Building a tree of them only to walk it
once costs more than all the rest, so one regular expression an entry reads them from the text. It matches no more than
well-formed XML without anything that needs a parser: known elements and attributes in NLM's order, no inline markup, no
comments, no entities but XML's five, no character that XML forbids. A list that is anything else stays where it is, and
the tree has it (`harvest.lists`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from harvest.fields import doi_of, integer, orcid_of, tidy
from harvest.lists import author, mesh_heading, person, qualifier, reference
from harvest.shapes import Author, MeshHeading, Reference

__all__ = ["TAKEN", "plain_lists"]

# Quantifiers are possessive: no list, however odd, makes an expression go back over what it has read.
_GAP = r"[ \t\r\n]*+"
_TEXT = r"(?:[^< \t\r\n]++(?: [^< \t\r\n]++)*+)?+"  # words with one space between: nothing is left to tidy
_VALUE = r'"[^"<>&]*+"'
_CODE = r'"[^"<>& \t\r\n]*+"'


def _leaf(name: str, text: str = f"({_TEXT})") -> str:
    return rf"<{name}>{text}</{name}>{_GAP}"


def _optional(name: str) -> str:
    return rf"(?:{_leaf(name)})?+"


_IDENTIFIERS = rf"(?:<Identifier Source={_VALUE}>{_TEXT}</Identifier>{_GAP})*+"


def _affiliation(text: str) -> str:
    return rf"<AffiliationInfo>{_GAP}{_leaf('Affiliation', text)}{_IDENTIFIERS}</AffiliationInfo>{_GAP}"


_AUTHOR = re.compile(
    rf'<Author(?: ValidYN="([YN])")?+(?: EqualContrib="[YN]")?+>{_GAP}'
    + "".join(map(_optional, ("LastName", "ForeName", "Initials", "Suffix", "CollectiveName")))
    + rf"({_IDENTIFIERS})(?:{_affiliation(f'({_TEXT})')})?+((?:{_affiliation(_TEXT)})*+)</Author>{_GAP}"
)
_MORE_AFFILIATIONS = re.compile(r"<Affiliation>([^<]*+)")
_ORCID = re.compile(r'<Identifier Source="([^"]*+)">([^<]*+)')
_QUALIFIERS = rf'(?:<QualifierName UI={_CODE} MajorTopicYN="[YN]">{_TEXT}</QualifierName>{_GAP})*+'
_MESH = re.compile(
    rf'<MeshHeading>{_GAP}<DescriptorName UI="([^"<>& \t\r\n]*+)" MajorTopicYN="([YN])"(?: Type={_VALUE})?+>({_TEXT})'
    rf"</DescriptorName>{_GAP}({_QUALIFIERS})</MeshHeading>{_GAP}"
)
_QUALIFIER = re.compile(r'UI="([^"]*+)" MajorTopicYN="([YN])">([^<]*+)')
# A citation is tidied, for some need it. The kinds of id in the order NLM has them, then any others.
_REFERENCE = re.compile(
    rf"<Reference>{_GAP}(?:{_leaf('Citation', '([^<]*+)')})?+(?:<ArticleIdList>{_GAP}"
    rf'(?:<ArticleId IdType="doi">({_TEXT})</ArticleId>{_GAP})?+'
    rf'(?:<ArticleId IdType="pmc">{_TEXT}</ArticleId>{_GAP})?+'
    rf'(?:<ArticleId IdType="pubmed">([0-9]{{1,10}}+)</ArticleId>{_GAP})?+'
    rf"((?:<ArticleId IdType={_VALUE}>{_TEXT}</ArticleId>{_GAP})*+)</ArticleIdList>{_GAP})?+</Reference>{_GAP}"
)
_HEADING = re.compile(rf"{_leaf('Title', _TEXT)}")
_ARTICLE_ID = re.compile(r'IdType="([^"]*+)">([^<]*+)')

Parts = list[Any]  # texts or None: what groups matched


def _authors(parts: Parts) -> list[Author]:
    found: list[Author] = []
    for valid, last, fore, initials, suffix, collective, identifiers, place, places in _entries(parts, 9):
        affiliations = [place] if place else []
        if places:
            affiliations += filter(None, _MORE_AFFILIATIONS.findall(places))
        orcid = None
        if identifiers:
            for source, value in _ORCID.findall(identifiers):
                if orcid is None and source.upper() == "ORCID":
                    orcid = orcid_of(value)
        if collective or suffix:
            person(found, last, fore, initials, suffix, collective, orcid, affiliations, valid != "N")
        elif last or fore or initials:
            found.append(
                author(
                    last or None, fore or None, initials or None, None, None, orcid, tuple(affiliations), valid != "N"
                )
            )
    return found


def _mesh(parts: Parts) -> list[MeshHeading]:
    found = []
    for ui, major, name, rest in _entries(parts, 4):
        if name:
            qualifiers = (
                tuple([qualifier(ui or None, of, yes == "Y") for ui, yes, of in _QUALIFIER.findall(rest) if of])
                if rest
                else ()
            )
            found.append(mesh_heading(ui or None, name, major == "Y", qualifiers))
    return found


def _references(parts: Parts) -> list[Reference]:
    found = []
    for citation, first_doi, first_pmid, others in _entries(parts, 4):
        citation = tidy(citation)
        doi = (first_doi if first_doi.startswith("10.") else doi_of(first_doi)) if first_doi else None
        pmid = (int(first_pmid) or None) if first_pmid else None
        if others:
            for kind, value in _ARTICLE_ID.findall(others):
                if kind == "pubmed":
                    pmid = pmid or integer(value)
                elif kind == "doi":
                    doi = doi or doi_of(value)
        if citation or pmid or doi:
            found.append(reference(citation, pmid, doi))
    return found


def _entries(parts: Parts, groups: int) -> zip[tuple[Any, ...]]:
    """The groups of each entry; `parts` is what `re.split` gives: between, groups, between, groups ... between."""
    return zip(*[parts[at :: groups + 1] for at in range(1, groups + 1)], strict=True)


_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[Parts], list[Any]]], ...] = (
    ("ReferenceList", _REFERENCE, _references),
    ("AuthorList", _AUTHOR, _authors),
    ("MeshHeadingList", _MESH, _mesh),
)
_LISTS = [(name, b"<" + name.encode(), b"</" + name.encode() + b">", entry, read) for name, entry, read in _FORMS]
TAKEN = "0"
_FORBIDDEN = bytes(set(range(32)) - set(b"\t\n\r"))
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&"}
_REFERENCE_TO = re.compile(r"&[^;]*+;?")
_NUMBER = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_BLANK = " \t\r\n"
_TAIL = 200


def plain_lists(raw: bytes) -> tuple[bytes, dict[str, list[Any]]]:
    """The record with `TAKEN` as the text of its plain lists, and their entries by the list's name.

    Of each kind the first list is taken. Who finds one not where it belongs must read the record whole: it may have
    been no list but a comment's text. Neither that nor whether the rest is well-formed is looked at here.
    """
    taken: dict[str, list[Any]] = {}
    for name, start, end, entry, read in _LISTS:
        if name == "ReferenceList" and raw.find(end, -_TAIL) < 0:
            continue  # it comes last, so most records need not be searched
        opens = raw.find(start)
        closes = raw.find(end, opens) if opens >= 0 else -1
        if closes < 0:
            continue
        after = raw.find(b">", opens) + 1
        text = _written(raw[after:closes])
        if not text:
            continue
        parts: Parts = entry.split(text)
        between = parts[:: entry.groups + 1]
        if any(between) and (any(between[1:]) or not _HEADING.fullmatch(between[0])):
            continue
        if "&" in text:
            try:
                parts = [_REFERENCE_TO.sub(_meant, part) if part and "&" in part else part for part in parts]
            except ValueError:
                continue
        taken[name] = read(parts)
        raw = raw[:after] + TAKEN.encode() + raw[closes:]
    return raw, taken


def _written(inside: bytes) -> str | None:
    """A list's inside as text; None where a character in it is none of XML's, or its bytes are no UTF-8."""
    if b"]]" in inside or len(inside.translate(None, _FORBIDDEN)) != len(inside):
        return None
    try:
        text = inside.decode().lstrip(_BLANK)
    except UnicodeDecodeError:
        return None
    return None if not text.isascii() and ("\ufffe" in text or "\uffff" in text) else text


def _meant(found: re.Match[str]) -> str:
    return _character(found[0])


@lru_cache(4096)
def _character(reference: str) -> str:
    """What a reference means. Raises ValueError where that is no character, white space, or an entity of its own."""
    if reference in _ENTITIES:
        return _ENTITIES[reference]
    number = _NUMBER.fullmatch(reference)
    if not number:
        raise ValueError(reference)
    code = int(number[1], 16) if number[1] else int(number[2])
    if code <= 0x20 or 0xD800 <= code <= 0xDFFF or code in (0xFFFE, 0xFFFF):
        raise ValueError(reference)
    return chr(code)
