"""What every part of a style shares: the paper being cited, what a part answers, affixes and formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lxml import etree

from catalog.cite.style.cases import CASES
from catalog.cite.style.seams import italic, join, seam
from catalog.cite.style.terms import kind_of

__all__ = ["CALLED", "FILLED", "Part", "Scene", "Unsupported", "checked", "finisher", "silent", "together"]

# What a part answers: it asks for a variable; the paper has one that it asks for.
CALLED, FILLED = 1, 2
_FORMATS = frozenset({"prefix", "suffix", "font-style", "text-case", "strip-periods"})


class Unsupported(Exception):
    """A style uses what this processor does not know; the message says what."""


class Scene:
    """A paper while it is being cited."""

    __slots__ = ("_gone", "_used", "item")

    def __init__(self, item: Mapping[str, Any]):
        self.item = item
        self._gone: set[str] = set()
        self._used: list[str] = []

    def take(self, name: str) -> Any:
        """A variable to show, None where the paper has none, or where it stands for the missing author already."""
        value = self.item.get(name)
        if not value or name in self._gone:
            return None
        self._used.append(name)
        return value

    def stand_in(self, part: Part, out: list[str]) -> int:
        """Render a part in the place of a missing one; what it shows is not shown again."""
        before = len(self._used)
        answer = part(self, out)
        self._gone.update(self._used[before:])
        return answer


# A part appends its texts, if any, and answers CALLED and FILLED. `choose` appends its branch's, so that the delimiter
# of the group around it parts them too.
Part = Callable[[Scene, list[str]], int]


def silent(answer: int) -> Part:
    """A part that shows nothing."""
    return lambda scene, out: answer


def together(parts: Iterable[Part], delimiter: str = "") -> Callable[[Scene], tuple[str, int]]:
    """Parts in a row: (their texts joined, what they answer)."""
    row = tuple(parts)

    def render(scene: Scene) -> tuple[str, int]:
        out: list[str] = []
        answer = 0
        for part in row:
            answer |= part(scene, out)
        return join(out, delimiter), answer

    return render


def checked(element: etree._Element, *known: str, formats: bool = True) -> etree._Element:
    """The element, if every attribute of it is known. Raises Unsupported."""
    for name in map(str, element.attrib):
        if name not in known and not (formats and name in _FORMATS):
            said = f"<{kind_of(element)} {name}={element.get(name)!r}>"
            raise Unsupported(f"{said} in line {element.sourceline} of the style")
    return element


def finisher(element: etree._Element) -> Callable[[str], str]:
    """What an element's own attributes do to its text: periods, case, italics, and the affixes around it."""
    periods = element.get("strip-periods") == "true"
    style = element.get("font-style", "normal")
    case = element.get("text-case")
    prefix, suffix = element.get("prefix", ""), element.get("suffix", "")
    if style not in ("normal", "italic") or (case is not None and case not in CASES):
        raise Unsupported(f"font-style {style!r} or text-case {case!r} in line {element.sourceline} of the style")

    def finish(text: str) -> str:
        if periods:
            text = text.replace(".", "")
        if case:
            text = CASES[case](text)
        if style == "italic":
            text = italic(text)
        return seam(seam(prefix, text), suffix) if prefix or suffix else text

    return finish
