"""A look at a record's bytes that tells in a fraction of a parse that no topic can match it.

It rejects only what `Topics.match` would find on no topic; where it cannot be sure it lets the record through. Why that
holds: the matcher reads words of the title, abstract, other abstracts, author keywords and MeSH headings. Every such
word is among the words collected here, which are those of the same bytes and more (attributes, what stands between).
Each way to name a concept needs certain words; a topic needs one such way for an intervention and one for a condition.
Records with anything that could make the bytes differ from the text (comments, CDATA, MathML, elements not listed here)
are let through unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from harvest.topics import SHORTEST_STEM, Concept, Phrase, Topics
from harvest.words import fold, tokens

__all__ = ["Prefilter"]

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(rb"</?([^\s<>/]+)")
_INLINE = re.compile(rb"</?(?:b|i|sup|sub|u)>")
_INLINE_ODD = re.compile(rb"</?(?:b|i|sup|sub|u)[\s/]")
_INLINE_NAMES = frozenset({b"b", b"i", b"sup", b"sub", b"u"})
# A name stands for all that begin with it, so a range may only grow by that.
_SEARCHED = tuple(
    (b"<" + name, b"</" + name)
    for name in (b"ArticleTitle", b"Abstract", b"OtherAbstract", b"KeywordList", b"MeshHeadingList")
)
# The elements of NLM's DTD (pubmed_250101.dtd) that may stand in a PubmedArticle, or between the searched ones.
_KNOWN = (
    frozenset(
        b"""PubmedArticle MedlineCitation PMID DateCompleted DateRevised Year Month Day Season MedlineDate Article
Journal ISSN JournalIssue Volume Issue PubDate Title ISOAbbreviation ArticleTitle Pagination StartPage EndPage
MedlinePgn ELocationID Abstract AbstractText CopyrightInformation Language DataBankList DataBank DataBankName
AccessionNumberList AccessionNumber GrantList Grant GrantID Acronym Agency Country PublicationTypeList PublicationType
VernacularTitle ArticleDate MedlineJournalInfo MedlineTA NlmUniqueID ISSNLinking ChemicalList Chemical RegistryNumber
NameOfSubstance SupplMeshList SupplMeshName CitationSubset CommentsCorrectionsList CommentsCorrections RefSource Note
GeneSymbolList GeneSymbol MeshHeadingList MeshHeading DescriptorName QualifierName NumberOfReferences
PersonalNameSubjectList PersonalNameSubject OtherID OtherAbstract KeywordList Keyword CoiStatement SpaceFlightMission
InvestigatorList Investigator GeneralNote AuthorList Author LastName ForeName Initials Suffix CollectiveName
Identifier AffiliationInfo Affiliation PubmedData History PubMedPubDate Hour Minute PublicationStatus ArticleIdList
ArticleId ObjectList Object Param ReferenceList Reference Citation""".split()
    )
    | _INLINE_NAMES
)
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")


class Prefilter:
    """The words each concept of a vocabulary cannot do without, and the test of a record's bytes against them."""

    def __init__(self, topics: Topics) -> None:
        self._sides = [(frozenset(t.interventions), frozenset(t.conditions)) for t in topics.topics]
        self._by_word: dict[str, list[tuple[str, tuple[str, ...], tuple[str, ...]]]] = {}
        self._by_stem: dict[str, list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]] = {}
        self._always: set[str] = set()
        for concept in (*topics.interventions, *topics.conditions):
            for words, stems in set(_needs(concept)):
                self._file(concept.id, words, stems)

    def _file(self, concept: str, words: tuple[str, ...], stems: tuple[str, ...]) -> None:
        """Under its longest word, which is the rarest as a rule; else under a stem's first letters."""
        if not (words or stems):
            self._always.add(concept)
        elif words:
            key = max(words, key=len)
            self._by_word.setdefault(key, []).append((concept, tuple(w for w in words if w != key), stems))
        else:
            key = max(stems, key=len)
            rest = tuple(s for s in stems if s != key)
            self._by_stem.setdefault(key[:SHORTEST_STEM], []).append((concept, key, (), rest))

    def may_match(self, raw: bytes) -> bool:
        """False only where no topic matches the `PubmedArticle`; True wherever that is not certain."""
        words = words_of(raw)
        return words is None or self._any_topic(words)

    def _any_topic(self, have: set[str]) -> bool:
        found = set(self._always)
        for word in self._by_word.keys() & have:
            for concept, words, stems in self._by_word[word]:
                if concept not in found and have.issuperset(words) and all(_begins(have, stem) for stem in stems):
                    found.add(concept)
        for word in have:
            for concept, stem, words, stems in self._by_stem.get(word[:SHORTEST_STEM], ()):
                if (
                    concept not in found
                    and word.startswith(stem)
                    and have.issuperset(words)
                    and all(_begins(have, other) for other in stems)
                ):
                    found.add(concept)
        return any(found & interventions and found & conditions for interventions, conditions in self._sides)


def _begins(have: set[str], stem: str) -> bool:
    return any(word.startswith(stem) for word in have)


def _needs(concept: Concept) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each way to name a concept as (words that must be there, beginnings of words that must be there)."""
    for phrase in concept.phrases:
        yield _parts(phrase)
    for near in concept.nears:
        yield from (((a, b), ()) for a, b in product(near.first, near.second))
    for abbreviation in concept.abbreviations:
        for companion in abbreviation.companions:
            words, stems = _parts(companion)
            yield (abbreviation.word.lower(), *words), stems
    for heading in (*concept.mesh, *concept.narrower):
        yield tuple(token.word for token in tokens(heading)), ()


def _parts(phrase: Phrase) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (phrase.words[:-1], phrase.words[-1:]) if phrase.prefix else (phrase.words, ())


def words_of(raw: bytes) -> set[str] | None:
    """The folded words of a record's searchable elements, and some more; None where its bytes must not be trusted."""
    if not raw.startswith(b"<PubmedArticle>"):
        return None
    part = _searchable(raw)
    if part is None or b"<!" in part or b"<?" in part:
        return None
    names = set(_TAG.findall(part))
    if not names <= _KNOWN:
        return None
    if names & _INLINE_NAMES:
        if _INLINE_ODD.search(part):
            return None
        part = _INLINE.sub(b"", part)
    try:
        text = part.decode()
        if "&#" in text:
            text = _REFERENCE.sub(_character, text)
    except ValueError:  # no UTF-8, or a reference to no character
        return None
    if not text.isascii():
        text = _FOREIGN.sub(_folded, text)
    return set(_WORD.findall(text.lower()))


def _searchable(raw: bytes) -> bytes | None:
    """From the first start to the last end of each element that the matcher reads, whatever stands between.

    None where one has no end: its record is broken, and to be set aside by the parser rather than left out here.
    """
    parts = []
    for opening, closing in _SEARCHED:
        start = raw.find(opening)
        if start >= 0:
            end = raw.rfind(closing)
            if end < start:
                return None
            parts.append(raw[start : end + len(closing)])
    return b" ".join(parts)


def _character(reference: re.Match[str]) -> str:
    return chr(int(reference[1], 16) if reference[1] else int(reference[2]))


def _folded(run: re.Match[str]) -> str:
    return _fold_cached(run[0])


@lru_cache(4096)
def _fold_cached(run: str) -> str:
    return fold(run)[0]
