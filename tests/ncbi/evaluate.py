"""A query and an index to PMIDs, the translation PubMed would show, and everything it would complain of.

What PubMed does not know is declared (`unknown`), because a small corpus knows few words: a term of ours that no test
record holds must find nothing, not be dropped from the search. `closed_world=True` makes the corpus all there is.

A term that PubMed does not know drops out of its AND, OR or NOT, as on PubMed; a quoted phrase that it does not know is
searched as its words, ANDed. Proximity `"a b c"[tiab:~N]` is read as at most N other words among all of the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce

from tests.ncbi.fields import ALL_FIELDS, Field, Kind, find_field
from tests.ncbi.index import Index
from tests.ncbi.mesh import SUBHEADINGS, mesh_tree
from tests.ncbi.query import Chain, Past, Range, Term, read_query
from tests.ncbi.words import STOPWORDS, fold, query_words, words

__all__ = ["Answer", "Evaluator", "date_bounds"]

Found = set[int] | None
"""Document numbers, or None for a term that PubMed ignores."""


@dataclass(slots=True)
class Answer:
    """What a search found and what PubMed says of it."""

    pmids: list[int] = field(default_factory=list)
    translation: str = ""
    translations: list[tuple[str, str]] = field(default_factory=list)  # from, to
    phrases_not_found: list[str] = field(default_factory=list)
    fields_not_found: list[str] = field(default_factory=list)
    phrases_ignored: list[str] = field(default_factory=list)
    quoted_phrases_not_found: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


def date_bounds(low: str, high: str) -> tuple[int, int] | None:
    """`2019`, `2019/3`, `2019/03/07` as the first and last YYYYMMDD meant; None where one is not a date."""
    bounds = []
    for text, month, day in ((low, 1, 1), (high, 12, 31)):
        parts = text.strip().strip("/").split("/")
        if not 1 <= len(parts) <= 3 or not all(part.isdigit() for part in parts) or len(parts[0]) != 4:
            return None
        numbers = [int(part) for part in parts]
        given = [*numbers, *(month, day)[len(numbers) - 1 :]]
        bounds.append(given[0] * 10000 + given[1] * 100 + given[2])
    return bounds[0], bounds[1]


def _slashed(number: int) -> str:
    return f"{number // 10000:04d}/{number // 100 % 100:02d}/{number % 100:02d}"


class Evaluator:
    """Runs queries. `past` gives the PMIDs of `#key`; `today` is what "last 30 days" counts from."""

    def __init__(
        self,
        index: Index,
        today: date,
        unknown: Iterable[str] = (),
        past: Callable[[int], Sequence[int] | None] = lambda _key: None,
        *,
        closed_world: bool = False,
        unknown_near: Iterable[str] = (),
    ) -> None:
        self.index = index
        self.today = today
        self.unknown = {tuple(query_words(phrase)) for phrase in unknown}
        self.unknown_near = {tuple(words(phrase)) for phrase in unknown_near}
        self.past = past
        self.closed_world = closed_world
        self.answer = Answer()

    def run(self, text: str, sort: str = "", dates: tuple[str, int, int] | None = None) -> Answer:
        """Search; `dates` is (field key, first, last) from the datetype, mindate and maxdate parameters."""
        self.index.refresh()
        self.answer = Answer()
        syntax = read_query(text)
        self.answer.messages.extend(syntax.messages)
        found, translation = self._chain(syntax.chain)
        if found is not None and dates is not None:
            limit, said = self._dates(dates[0], dates[1], dates[2])
            found, translation = found & limit, f"({translation}) AND {said}"
        self.answer.translation = translation
        self.answer.pmids = self.index.pmids(found or (), sort)
        if not found:
            self.answer.messages.append("No items found.")
        return self.answer

    def _chain(self, chain: Chain) -> tuple[Found, str]:
        found: Found = None
        said = ""
        for operator, item in chain.items:
            right, right_said = self._item(item)
            if right is None:
                continue
            if found is None:
                found = self.index.live - right if operator == "NOT" else right
                said = f"NOT {right_said}" if operator == "NOT" else right_said
                continue
            found = {"AND": found & right, "OR": found | right, "NOT": found - right}[operator]
            said = f"{said} {operator} {right_said}"
        return found, said

    def _item(self, item: Term | Range | Past | Chain) -> tuple[Found, str]:
        match item:
            case Chain():
                found, said = self._chain(item)
                return found, f"({said})" if len(item.items) > 1 or said.startswith("NOT ") else said
            case Past(key=key):
                pmids = self.past(key)
                if pmids is None:
                    self._note(self.answer.phrases_not_found, f"#{key}")
                    return None, ""
                return self.index.with_pmids(pmids), f"#{key}"
            case Range():
                return self._range(item)
            case Term():
                return self._term(item)

    def _note(self, where: list[str], what: str) -> None:
        if what not in where:
            where.append(what)

    # Ranges, dates and PMIDs

    def _dates(self, key: str, first: int, last: int) -> tuple[set[int], str]:
        searched = find_field(key) or ALL_FIELDS
        return self.index.dated(searched.key, first, last), f"{_slashed(first)}:{_slashed(last)}[{searched.name}]"

    def _range(self, item: Range) -> tuple[Found, str]:
        searched = find_field(item.tag)
        if searched is not None and searched.kind is Kind.UID and (item.low + item.high).isdigit():
            found = self.index.numbered(int(item.low), int(item.high))
            return found, f"{int(item.low)}:{int(item.high)}[{searched.name}]"
        bounds = date_bounds(item.low, item.high)
        if searched is None or searched.kind is not Kind.DATE or bounds is None:
            if searched is None:
                self._note(self.answer.fields_not_found, item.tag)
            self._note(self.answer.phrases_not_found, f"{item.low}:{item.high}")
            return None, ""
        return self._dates(searched.key, *bounds)

    def _date(self, term: Term, searched: Field) -> tuple[Found, str]:
        if last := re.fullmatch(r"last (\d+) (day|month|year)s?", fold(term.text)):
            days = int(last.group(1)) * {"day": 1, "month": 30, "year": 365}[last.group(2)]
            first = self.today - timedelta(days=days)
            bounds: tuple[int, int] | None = (int(first.strftime("%Y%m%d")), int(self.today.strftime("%Y%m%d")))
        else:
            bounds = date_bounds(term.text, term.text)
        if bounds is None:
            return self._ignored(term)
        return self._dates(searched.key, *bounds)

    def _uids(self, term: Term) -> tuple[Found, str]:
        numbers = re.split(r"[\s,]+", term.text.strip())
        if not all(number.isdigit() for number in numbers):
            return self._ignored(term)
        said = " OR ".join(f"{int(number)}[UID]" for number in numbers)
        found = self.index.with_pmids(int(number) for number in numbers)
        return found, f"({said})" if len(numbers) > 1 else said

    # Terms

    def _ignored(self, term: Term) -> tuple[Found, str]:
        self._note(self.answer.phrases_not_found, term.text)
        return None, ""

    def _unknown_phrase(self, term: Term) -> None:
        tag = f"[{term.tag}]" if term.tag else ""
        self._note(self.answer.quoted_phrases_not_found, f'"{term.text}"{tag}')

    def _term(self, term: Term) -> tuple[Found, str]:
        if fold(term.text) == "hasabstract" and (term.tag or "text").casefold() == "text":  # a filter without its tag
            term = Term("hasabstract", "sb", quoted=False)
        tag, _, distance = (term.tag or "").partition(":~")
        searched = find_field(tag) if term.tag is not None else ALL_FIELDS
        if searched is None or (distance and not (searched.proximity and distance.strip().isdigit())):
            self._note(self.answer.fields_not_found, term.tag or "")
            return self._words(term, ALL_FIELDS)
        if distance:
            return self._near(term, searched, int(distance))
        match searched.kind:
            case Kind.UID:
                return self._uids(term)
            case Kind.DATE:
                return self._date(term, searched)
            case Kind.AUTHOR:
                return self._author(term, searched)
            case Kind.MESH | Kind.VALUE:
                return self._value(term, searched)
        if term.tag is None and not term.quoted:
            if all(len(word) > 4 and word.isdigit() for word in term.text.split()):
                return self._uids(term)
            return self._mapped(term)
        return self._words(term, searched)

    def _near(self, term: Term, searched: Field, between: int) -> tuple[Found, str]:
        wanted = words(term.text)
        if "*" in term.text or not term.quoted or not wanted:
            reason = "cannot be truncated" if "*" in term.text else "needs double quotes"
            self._note(self.answer.messages, f"Proximity search {reason}; term ignored: {term.text}")
            return self._ignored(term)
        if tuple(wanted) in self.unknown_near:
            self._unknown_phrase(term)
            return None, ""
        said = f'"{" ".join(wanted)}"[{searched.name}:~{between}]'
        return self.index.near(searched.zones, wanted, between), said

    def _author(self, term: Term, searched: Field) -> tuple[Found, str]:
        name = " ".join(re.sub(r"[,.]", " ", fold(term.text)).split())
        if not name:
            return self._ignored(term)
        if term.quoted or "*" in name:
            found = self.index.value(searched.key, name)
        else:  # "smith j" finds J and any further initials; "smith" any initials
            found = self.index.value(searched.key, f"{name}*" if " " in name else f"{name} *")
        return found, f'"{name}"[{searched.name}]' if term.quoted else f"{name}[{searched.name}]"

    def _value(self, term: Term, searched: Field) -> tuple[Found, str]:
        value = fold(term.text)
        if searched.key == "ta":
            value = " ".join(query_words(value))
        if not value:
            return self._ignored(term)
        key = searched.key.partition(":")[0]
        if searched.kind is Kind.MESH:
            name, slash, sub = value.partition("/")
            heading = mesh_tree().heading(name) or name
            sub = SUBHEADINGS.get(sub.strip(), sub.strip())
            value = f"{heading}{slash}{sub}"
        else:
            heading, slash, sub = value, "", ""
        names = mesh_tree().under(heading) if searched.explode else {heading}
        found: set[int] = set()
        for name in names:
            found |= self.index.value(key, f"{name}{slash}{sub}")
        unknown = tuple(query_words(value)) in self.unknown or (
            self.closed_world and not found and mesh_tree().heading(heading) is None
        )
        if unknown:
            if term.quoted:
                self._unknown_phrase(term)
                return None, ""
            return self._ignored(term)
        return found, f'"{value}"[{searched.name}]'

    # Words and phrases

    def _too_short(self, wanted: Iterable[str]) -> list[str]:
        return [word for word in wanted if "*" in word and word.index("*") < 4]

    def _is_unknown(self, searched: Field, wanted: Sequence[str]) -> bool:
        if tuple(wanted) in self.unknown:
            return True
        return self.closed_world and not self.index.phrase(searched.zones, list(wanted))

    def _phrase(self, searched: Field, wanted: Sequence[str]) -> tuple[set[int], str]:
        return self.index.phrase(searched.zones, list(wanted)), f'"{" ".join(wanted)}"[{searched.name}]'

    def _all_of(self, searched: Field, groups: Iterable[Sequence[str]]) -> tuple[Found, str]:
        """The groups ANDed; a group of several words (hyphenated) stays a phrase; stopwords and unknowns drop out."""
        kept = []
        for group in groups:
            if len(group) == 1 and group[0] in STOPWORDS:
                self._note(self.answer.phrases_ignored, group[0])
            elif self._is_unknown(searched, group) and len(group) == 1:
                self._note(self.answer.phrases_not_found, group[0])
            else:
                kept.append(self._phrase(searched, group))
        if not kept:
            return None, ""
        said = " AND ".join(text for _found, text in kept)
        return reduce(set.intersection, (found for found, _text in kept)), f"({said})" if len(kept) > 1 else said

    def _words(self, term: Term, searched: Field) -> tuple[Found, str]:
        wanted = query_words(term.text)
        if not wanted:
            return self._ignored(term)
        if short := self._too_short(wanted):
            message = f"Truncated word needs at least 4 characters before *; term ignored: {short[0]}"
            self._note(self.answer.messages, message)
            return self._ignored(term)
        if term.quoted:
            if self._is_unknown(searched, wanted):
                self._unknown_phrase(term)
                return self._all_of(searched, [[word] for word in wanted])
            return self._phrase(searched, wanted)
        groups = [group for word in term.text.split() if (group := query_words(word))]
        if len(groups) > 1 and tuple(wanted) not in self.unknown:
            found, said = self._phrase(searched, wanted)
            if found:
                return found, said
        return self._all_of(searched, groups)

    def _mapped(self, term: Term) -> tuple[Found, str]:
        """An untagged term: where it is a heading or entry term, the exploded heading as well (automatic mapping)."""
        found, said = self._words(term, ALL_FIELDS)
        heading = mesh_tree().heading(term.text)
        if heading is None or found is None:
            return found, said
        to = f'"{heading}"[MeSH Terms] OR {said}'
        self.answer.translations.append((term.text, to))
        exploded = set().union(*(self.index.value("mh", name) for name in mesh_tree().under(heading)))
        return found | exploded, f"({to})"
