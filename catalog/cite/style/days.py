"""`date` of a CSL style: the parts of a date in the order and form of the style or of its locale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from catalog.cite.style.parts import Unsupported, checked, finisher
from catalog.cite.style.seams import join
from catalog.cite.style.terms import CSL, Terms

__all__ = ["day_writer"]

_ORDER = ("year", "month", "day")
_DASH = "–"


@dataclass(frozen=True, slots=True)
class _DatePart:
    name: str
    form: str
    finish: Callable[[str], str]


def day_writer(element: etree._Element, terms: Terms) -> Callable[[Mapping[str, Any]], str]:
    """What writes a date, CSL-JSON's, as an element `date` wants it. Raises Unsupported."""
    checked(element, "variable", "form", "date-parts", "delimiter")
    form = element.get("form")
    source = terms.dates[form] if form else element
    wanted = element.get("date-parts", "year-month-day").split("-")
    own = {part.get("name"): part for part in element.findall(f"{CSL}date-part")}
    parts = []
    for part in source.findall(f"{CSL}date-part"):
        name = part.get("name", "")
        if name in wanted:
            parts.append(_date_part(part, own.get(name) if form else None))
    delimiter = source.get("delimiter", "") if form else element.get("delimiter", "")

    def write(date: Mapping[str, Any]) -> str:
        ends = [dict(zip(_ORDER, end, strict=False)) for end in date["date-parts"]]
        season = date.get("season")
        if len(ends) > 1 and ends[0].get("year") != ends[1].get("year"):
            shown = parts if any(p.name != "year" for p in parts) else parts[:1]
            return _DASH.join(_joined(shown, [end], None) for end in ends)
        return _joined(parts, ends, season)

    def _joined(shown: Sequence[_DatePart], ends: Sequence[Mapping[str, int]], season: int | None) -> str:
        texts = ((part, _text(part, ends, season, terms)) for part in shown)
        return join((part.finish(text) for part, text in texts if text), delimiter)

    return write


def _date_part(part: etree._Element, override: etree._Element | None) -> _DatePart:
    merged = etree.Element(part.tag, {**dict(part.attrib), **(dict(override.attrib) if override is not None else {})})
    checked(merged, "name", "form", "range-delimiter")
    return _DatePart(merged.get("name", ""), merged.get("form", "long"), finisher(merged))


def _text(part: _DatePart, ends: Sequence[Mapping[str, int]], season: int | None, terms: Terms) -> str:
    """One part of a date; of a range within a year, the months with a dash between."""
    values = list(dict.fromkeys(end[part.name] for end in ends if part.name in end))
    if part.name == "year":
        return str(values[0]) if values else ""
    if part.name == "month":
        if not values:
            return terms.word(f"season-{season:02}") if season else ""
        return _DASH.join(_month(value, part.form, terms) for value in values)
    if part.form not in ("long", "numeric"):
        raise Unsupported(f"<date-part name='day' form={part.form!r}>")
    return str(values[0]) if len(values) == 1 else ""


def _month(number: int, form: str, terms: Terms) -> str:
    if form == "numeric":
        return str(number)
    if form == "numeric-leading-zeros":
        return f"{number:02}"
    return terms.word(f"month-{number:02}", form)
