"""`names` of a CSL style: how authors and editors are written, when they end in "et al.", who stands in for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from catalog.cite.style.parts import Unsupported, checked
from catalog.cite.style.seams import join
from catalog.cite.style.terms import Terms

__all__ = ["NameStyle", "initials", "name_style", "written"]

# Attributes of `name` with CSL's defaults; the style and its bibliography may set them for all names.
_DEFAULTS = {
    "and": "",
    "delimiter": ", ",
    "delimiter-precedes-et-al": "contextual",
    "delimiter-precedes-last": "contextual",
    "et-al-min": "0",
    "et-al-use-first": "1",
    "et-al-use-last": "false",
    "initialize": "true",
    "initialize-with-hyphen": "true",
    "name-as-sort-order": "",
    "sort-separator": ", ",
}
_INHERITED_AS = {"delimiter": "name-delimiter"}


@dataclass(frozen=True, slots=True)
class NameStyle:
    """The attributes of `name`."""

    all: Mapping[str, str]
    initialize_with: str | None

    def __getitem__(self, name: str) -> str:
        return self.all[name]


def name_style(element: etree._Element | None, inherited: Sequence[etree._Element]) -> NameStyle:
    """The attributes that hold for a `name`: its own, else the bibliography's, else the style's, else CSL's."""
    own = element if element is not None else etree.Element("name")
    checked(own, *_DEFAULTS, "initialize-with", "form", formats=False)
    if own.get("form", "long") != "long":
        raise Unsupported(f"<name form={own.get('form')!r}>")
    found = {}
    for name, default in _DEFAULTS.items():
        around = (element.get(_INHERITED_AS.get(name, name)) for element in inherited)
        found[name] = own.get(name) or next((value for value in around if value is not None), default)
    withs = (element.get("initialize-with") for element in (own, *inherited))
    return NameStyle(found, next((value for value in withs if value is not None), None))


def written(people: Sequence[Mapping[str, Any]], style: NameStyle, terms: Terms) -> str:
    """People as the style writes them, on one line."""
    least, first = int(style["et-al-min"]), int(style["et-al-use-first"])
    cut = bool(least) and len(people) >= least and len(people) > first
    shown = [_person(person, style, at) for at, person in enumerate(people[:first] if cut else people)]
    delimiter = style["delimiter"]
    if cut and style["et-al-use-last"] == "true" and len(people) > first + 1:
        return join([*shown, "… " + _person(people[-1], style, len(people) - 1)], delimiter)
    if cut:
        return join(
            [join(shown, delimiter), terms.word("et-al")], _before(style["delimiter-precedes-et-al"], shown, delimiter)
        )
    if style["and"] and len(shown) > 1:
        word = "&" if style["and"] == "symbol" else terms.word("and")
        before = _before(style["delimiter-precedes-last"], shown[:-1], delimiter)
        return join([join(shown[:-1], delimiter), f"{word} {shown[-1]}"], before)
    return join(shown, delimiter)


def _before(rule: str, shown: Sequence[str], delimiter: str) -> str:
    """What stands before "et al." or the last name: the delimiter, or a space."""
    if rule not in ("always", "never", "contextual"):
        raise Unsupported(f"delimiter-precedes {rule!r}")
    return delimiter if rule == "always" or (rule == "contextual" and len(shown) > 1) else " "


def _person(person: Mapping[str, Any], style: NameStyle, at: int) -> str:
    if "literal" in person:
        return str(person["literal"])
    given = str(person.get("given") or "")
    mark = style.initialize_with
    if given and mark is not None and style["initialize"] == "true":
        hyphens = style["initialize-with-hyphen"] == "true"
        told = person.get("initials")
        if told and not (hyphens and "-" in given):
            given = (mark.join(told) + mark).strip()
        else:
            given = initials(given, mark, hyphens=hyphens)
    family, suffix = str(person.get("family") or ""), str(person.get("suffix") or "")
    order = style["name-as-sort-order"]
    if order == "all" or (order == "first" and at == 0):
        return join((family, given, suffix), style["sort-separator"])
    return join((given, family, suffix), " ")


def initials(given: str, mark: str, *, hyphens: bool) -> str:
    """Given names as initials ("Jean-Pierre M": "J.-P. M." or "JPM"); words in small letters (de, van) stay."""
    found = ""
    for word in given.split():
        if word[0].islower():
            found = f"{found.rstrip()} {word} ".lstrip()
            continue
        letters = [letter for part in re.split(r"[-\u2010\u2011.]", word) if part for letter in _letters(part)]
        found += (f"{mark.rstrip()}-" if hyphens and "-" in word else mark).join(letters) + mark
    return found.strip()


def _letters(word: str) -> list[str]:
    """The first letter; of initials written together (JP), each."""
    return list(word) if 1 < len(word) <= 3 and word.isupper() else [word[0].upper()]
