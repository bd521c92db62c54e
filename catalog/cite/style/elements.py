"""A CSL style made into functions, once: what cites a paper then walks no XML.

A style serves every kind of source there is. Whatever asks for variables that our papers never have, or for kinds they
never are, is left out while the style is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from catalog.cite.style.days import day_writer
from catalog.cite.style.parts import CALLED, FILLED, Part, Scene, Unsupported, checked, finisher, silent, together
from catalog.cite.style.people import name_style, written
from catalog.cite.style.seams import join
from catalog.cite.style.terms import CSL, Terms, kind_of

__all__ = ["Style", "load_style"]

# What our papers may be and have (catalog.cite.csl).
KINDS = frozenset({"article-journal", "article", "chapter", "book"})
TEXTS = frozenset(
    {
        *("title", "genre", "container-title", "container-title-short", "publisher", "publisher-place", "volume"),
        *("issue", "page", "DOI", "PMID", "PMCID"),
    }
)
PEOPLE = frozenset({"author", "editor"})
DATES = frozenset({"issued"})
KNOWN = TEXTS | PEOPLE | DATES
_NUMERIC = re.compile(r"[A-Za-z]*\d+[A-Za-z]*(?:\s*[-,&\u2013]\s*[A-Za-z]*\d+[A-Za-z]*)*")
_SEVERAL = re.compile(r"\d[^\d.]+\d")
_RANGE = re.compile(r"(\w*?)(\d+)(\w*)-(\w*?)(\d+)(\w*)")
Test = Callable[[Scene], bool]

Style = Callable[[Mapping[str, Any]], str]


def load_style(style: etree._Element, locale: etree._Element) -> Style:
    """What cites a CSL-JSON item in a style's reference list, without a number before it.

    Args:
        style: the root of the style.
        locale: the root of the locale file.

    Raises:
        Unsupported: the style uses what this processor does not know.
    """
    reader = _Reader(style, locale)
    bibliography = style.find(f"{CSL}bibliography")
    layout = bibliography.find(f"{CSL}layout") if bibliography is not None else None
    if layout is None:
        raise Unsupported("a style without a bibliography")
    render = together(reader.children(checked(layout)))
    finish = finisher(layout)

    def cite(item: Mapping[str, Any]) -> str:
        return finish(render(Scene(item))[0]).strip()

    return cite


class _Reader:
    """Reads a style's elements, each macro once."""

    def __init__(self, style: etree._Element, locale: etree._Element):
        self._terms = Terms(style, locale)
        self._macros = {macro.get("name"): macro for macro in style.findall(f"{CSL}macro")}
        self._read: dict[str, Callable[[Scene], tuple[str, int]]] = {}
        self._inherited = [element for element in (style.find(f"{CSL}bibliography"), style) if element is not None]
        self._ranges = style.get("page-range-format")
        if self._ranges not in (None, "expanded", "minimal"):
            raise Unsupported(f"page-range-format {self._ranges!r}")

    def children(self, element: etree._Element) -> list[Part]:
        return [self._part(child) for child in element if isinstance(child.tag, str)]

    def _part(self, element: etree._Element) -> Part:
        read = {
            "text": self._text,
            "group": self._group,
            "choose": self._choose,
            "names": self._names,
            "date": self._date,
            "label": self._label,
            "number": self._number,
        }.get(kind_of(element))
        if read is None:
            raise Unsupported(f"<{kind_of(element)}> in line {element.sourceline} of the style")
        return read(element)

    def _text(self, element: etree._Element) -> Part:
        checked(element, "macro", "variable", "term", "value", "form", "plural")
        finish = finisher(element)
        if (macro := element.get("macro")) is not None:
            return _finished(self._macro(macro), finish)
        if (variable := element.get("variable")) is not None:
            return self._variable(variable, element.get("form", "long"), finish)
        term = element.get("term")
        word = element.get("value", "") if term is None else self._word(term, element)
        shown = finish(word) if word else ""

        def text(scene: Scene, out: list[str]) -> int:
            out.append(shown)
            return 0

        return text

    def _word(self, term: str, element: etree._Element) -> str:
        return self._terms.word(term, element.get("form", "long"), plural=element.get("plural") == "true")

    def _macro(self, name: str) -> Callable[[Scene], tuple[str, int]]:
        if name not in self._read:
            self._read[name] = together(self.children(checked(self._macros[name], "name", formats=False)))
        return self._read[name]

    def _variable(self, variable: str, form: str, finish: Callable[[str], str]) -> Part:
        if variable not in TEXTS:
            return silent(CALLED)
        short = f"{variable}-short" if form == "short" else variable

        def text(scene: Scene, out: list[str]) -> int:
            value = scene.take(short if scene.item.get(short) else variable)
            if value is None:
                return CALLED
            out.append(finish(self._pages(value) if variable == "page" else str(value)))
            return CALLED | FILLED

        return text

    def _pages(self, pages: str) -> str:
        """Page ranges as the style has them; the item's are written out in full."""
        dash = self._terms.word("page-range-delimiter") or "–"

        def shown(found: re.Match[str]) -> str:
            before, first, after, last_before, last, last_after = found.groups()
            if (
                self._ranges == "minimal"
                and before == last_before
                and len(first) == len(last)
                and not after + last_after
            ):
                same = next((i for i, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(last) - 1)
                last_before, last = "", last[same:]
            return f"{before}{first}{after}{dash}{last_before}{last}{last_after}"

        return _RANGE.sub(shown, pages)

    def _group(self, element: etree._Element) -> Part:
        checked(element, "delimiter")
        finish = finisher(element)
        render = together(self.children(element), element.get("delimiter", ""))

        def group(scene: Scene, out: list[str]) -> int:
            text, answer = render(scene)
            if text and answer != CALLED:
                out.append(finish(text))
            return answer

        return group

    def _choose(self, element: etree._Element) -> Part:
        branches: list[tuple[Test, list[Part]]] = []
        for branch in element:
            if not isinstance(branch.tag, str):
                continue
            test = _always if kind_of(branch) == "else" else _test(branch)
            if test is _never:
                continue
            branches.append((test, self.children(branch)))
            if test is _always:
                break

        def choose(scene: Scene, out: list[str]) -> int:
            for test, parts in branches:
                if test(scene):
                    answer = 0
                    for part in parts:
                        answer |= part(scene, out)
                    return answer
            return 0

        return choose

    def _names(self, element: etree._Element, around: etree._Element | None = None) -> Part:
        """`names`; within `substitute` without children of its own it is written as the one around it."""
        checked(element, "variable", "delimiter")
        model = around if around is not None and not len(element) else element
        style = name_style(model.find(f"{CSL}name"), self._inherited)
        label = model.find(f"{CSL}label")
        finish = finisher(element)
        variables = [name for name in element.get("variable", "").split() if name in PEOPLE]
        delimiter = element.get("delimiter") or self._inherited[-1].get("names-delimiter") or ""
        substitute = element.find(f"{CSL}substitute")
        instead = [
            self._names(child, element) if kind_of(child) == "names" else self._part(child)
            for child in (substitute if substitute is not None else ())
            if isinstance(child.tag, str)
        ]

        def names(scene: Scene, out: list[str]) -> int:
            shown = []
            for variable in variables:
                people = scene.take(variable)
                if people:
                    shown.append(self._labelled(written(people, style, self._terms), label, variable, len(people)))
            if shown:
                out.append(finish(join(shown, delimiter)))
                return CALLED | FILLED
            for part in instead:
                before = len(out)
                if scene.stand_in(part, out) and len(out) > before:
                    return CALLED | FILLED
            return CALLED

        return names

    def _labelled(self, text: str, label: etree._Element | None, variable: str, people: int) -> str:
        """The names with what they were: "editors". Authors have no label in any locale."""
        if label is None:
            return text
        checked(label, "form", "plural")
        word = self._terms.word(variable, label.get("form", "long"), plural=people > 1)
        if not word or variable == "author":
            return text
        return join((text, finisher(label)(word)))

    def _date(self, element: etree._Element) -> Part:
        if element.get("variable") not in DATES:
            return silent(CALLED)
        write = day_writer(element, self._terms)
        finish = finisher(element)
        variable = element.get("variable", "")

        def date(scene: Scene, out: list[str]) -> int:
            value = scene.take(variable)
            text = write(value) if value else ""
            if not text:
                return CALLED
            out.append(finish(text))
            return CALLED | FILLED

        return date

    def _label(self, element: etree._Element) -> Part:
        variable = element.get("variable", "")
        if variable not in TEXTS:
            return silent(0)
        checked(element, "variable", "form", "plural")
        finish = finisher(element)
        form, plural = element.get("form", "long"), element.get("plural", "contextual")

        def label(scene: Scene, out: list[str]) -> int:
            value = scene.item.get(variable)
            if value:
                several = plural == "always" or (plural == "contextual" and bool(_SEVERAL.search(str(value))))
                word = self._terms.word(variable, form, plural=several)
                out.append(finish(word) if word else "")
            return 0

        return label

    def _number(self, element: etree._Element) -> Part:
        if element.get("variable") in KNOWN:
            raise Unsupported(f"<number variable={element.get('variable')!r}>")
        return silent(CALLED)


def _finished(render: Callable[[Scene], tuple[str, int]], finish: Callable[[str], str]) -> Part:
    def part(scene: Scene, out: list[str]) -> int:
        text, answer = render(scene)
        if text:
            out.append(finish(text))
        return answer

    return part


def _always(scene: Scene) -> bool:
    return True


def _never(scene: Scene) -> bool:
    return False


# Conditions that no paper in a reference list meets.
_UNMET = ("locator", "position", "disambiguate", "is-uncertain-date")


def _test(branch: etree._Element) -> Test:
    """The condition of an `if` or `else-if`; `_always` or `_never` where our papers cannot differ in it."""
    checked(branch, "type", "variable", "is-numeric", "match", *_UNMET, formats=False)
    tests: list[Test] = []
    for name in _UNMET:
        tests += [_never] * len(branch.get(name, "").split())
    for kind in branch.get("type", "").split():
        tests.append(_is_kind(kind) if kind in KINDS else _never)
    for name in branch.get("variable", "").split():
        tests.append(_has(name) if name in KNOWN else _never)
    for name in branch.get("is-numeric", "").split():
        tests.append(_is_numeric(name) if name in TEXTS else _never)
    match = branch.get("match", "all")
    open_tests = [test for test in tests if test is not _never]
    if match == "all":
        return (lambda scene: all(test(scene) for test in open_tests)) if len(open_tests) == len(tests) else _never
    if match == "any":
        return (lambda scene: any(test(scene) for test in open_tests)) if open_tests else _never
    if match == "none":
        return (lambda scene: not any(test(scene) for test in open_tests)) if open_tests else _always
    raise Unsupported(f"match {match!r}")


def _is_kind(kind: str) -> Test:
    return lambda scene: scene.item["type"] == kind


def _has(name: str) -> Test:
    return lambda scene: bool(scene.item.get(name))


def _is_numeric(name: str) -> Test:
    return lambda scene: bool(_NUMERIC.fullmatch(str(scene.item.get(name, ""))))
