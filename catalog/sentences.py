"""Sentences made from counts by the fixed wording of sentences.yml: text with numbers, each number with its list."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from catalog.listing import Listing, Papers, Slice
from harvest.yamlfile import load_yaml

__all__ = ["Part", "Sentence", "Value", "compose", "fill", "joined", "plain", "word"]

_FIELD = re.compile(r"\{(\w+)(?:([:?])([^|{}]*)\|([^{}]*)|(#))?\}")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; `slice` where it is a number of a list that can be opened."""

    text: str
    slice: Slice | None = None


Sentence = tuple[Part, ...]
Value = str | int | Listing | Papers | Sentence


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = load_yaml(resources.files("catalog").joinpath("sentences.yml").read_text("utf-8"))
    return loaded


def word(kind: str, value: str) -> str:
    """A value in words, of one of the lists under `words`; the value itself where the list has none."""
    found: str = _data()["words"][kind].get(value, value.replace("_", " "))
    return found


def compose(name: str, **values: Value) -> Sentence:
    """The sentence called `name`, filled.

    Args:
        name: a key of sentences.yml.
        values: for each field of the wording a text, a number, a number with its list, or a sentence.

    Raises:
        KeyError: there is no such sentence, or a field is not given.
    """
    return fill(_data()[name], **values)


def fill(wording: str, **values: Value) -> Sentence:
    """A wording of sentences.yml's kind, filled. Raises KeyError where a field is not given."""
    parts: list[Part] = []
    at = 0
    for field in _FIELD.finditer(wording):
        parts.append(Part(wording[at : field.start()]))
        parts += _filled(field, values[field[1]])
        at = field.end()
    parts.append(Part(wording[at:]))
    return _tidy(parts, capital=wording.endswith("."))


def _filled(field: re.Match[str], value: Value) -> list[Part]:
    _, sign, one, many, bare = field.groups()
    if isinstance(value, str):
        return [Part(value)]
    if isinstance(value, tuple):
        return list(value)
    number, slice_ = (value, None) if isinstance(value, int) else (value.number, value.slice)
    noun = one if number == 1 else many
    if sign == "?":
        return [Part(noun)]
    if bare or sign is None:
        return [Part(f"{number:,}" if number else "none", slice_ if number else None)]
    return [Part(f"{number:,} {noun}" if number else f"no {noun}", slice_ if number else None)]


def joined(sentences: Iterable[Sentence], last: str = "comma") -> Sentence:
    """Sentences in a row: "a, b and c"; `last` is a key of words.join."""
    every = [sentence for sentence in sentences if sentence]
    parts: list[Part] = []
    for i, sentence in enumerate(every):
        if i:
            parts.append(Part(word("join", last if i == len(every) - 1 else "comma")))
        parts += sentence
    return tuple(parts)


def plain(sentence: Sentence, number: Callable[[Part], str] | None = None) -> str:
    """A sentence as text; `number` may write the parts that have a list otherwise."""
    return "".join(number(part) if number and part.slice is not None else part.text for part in sentence)


def _tidy(parts: list[Part], *, capital: bool) -> Sentence:
    """Without empty parts, neighbours without a list joined; a whole sentence begins with a capital."""
    tidy: list[Part] = []
    for part in parts:
        if not part.text:
            continue
        if tidy and part.slice is None and tidy[-1].slice is None:
            tidy[-1] = Part(tidy[-1].text + part.text)
        else:
            tidy.append(part)
    if capital and tidy:
        tidy[0] = Part(tidy[0].text[:1].upper() + tidy[0].text[1:], tidy[0].slice)
    return tuple(tidy)
