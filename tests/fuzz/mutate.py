"""Records changed at random: half-way sane XML, so that what comes gets past a parser and on to the tags."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from lxml import etree

from catalog.tagging.tables import NAMES, table
from harvest.topics import load_topics
from tests.fuzz.pieces import ATTRIBUTES, ODD, SYNTAX, TAGS

__all__ = ["spliced", "tree_changed"]


def spliced(data: bytes, chance: random.Random) -> bytes:
    """The bytes with a scrap of syntax put in somewhere, in place of a few of them or of none."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(SYNTAX).encode() + data[at + chance.choice((0, 0, 1, 20)) :]


@cache
def _phrases() -> tuple[str, ...]:
    """Words and sentences that the vocabulary and the rules look for, so that tags are met."""
    topics = load_topics()
    found = [" ".join(p.words) for c in (*topics.interventions, *topics.conditions) for p in c.phrases]
    for name in NAMES:
        for rule in table(name).get("rules") or ():
            found += [str(text) for key in ("match", "types", "mesh") for text in rule.get(key) or ()]
    return tuple(found)


def _text(chance: random.Random) -> str:
    pieces = chance.choices(_phrases(), k=chance.randint(0, 3)) + chance.choices(ODD, k=chance.randint(0, 2))
    chance.shuffle(pieces)
    text = chance.choice(("", " ", ". ", "\n")).join(pieces)
    return chance.choice((str, str, str, str.upper, _other_letters))(text)


def _other_letters(text: str) -> str:
    """Letters that change their length or kind in another case."""
    return text.replace("i", "İ").replace("s", "ſ").replace("k", "\u212a")


def tree_changed(data: bytes, chance: random.Random) -> bytes | None:
    """An XML document with one to four of its elements dropped, repeated, moved or filled anew; None if it is none."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    for _ in range(chance.randint(1, 4)):
        held = [element for element in root.iter() if isinstance(element.tag, str)]
        element = chance.choice(held)
        try:
            chance.choice(_CHANGES)(element, held, chance)
        except (ValueError, TypeError):  # a character that is no XML, an element moved into itself
            continue
    return etree.tostring(root, encoding="UTF-8", xml_declaration=False)


Change = Callable[[Any, list[Any], random.Random], None]


def _drop(element: Any, _held: list[Any], _chance: random.Random) -> None:
    if element.getparent() is not None:
        element.getparent().remove(element)


def _repeat(element: Any, _held: list[Any], _chance: random.Random) -> None:
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


def _move(element: Any, held: list[Any], chance: random.Random) -> None:
    chance.choice(held).insert(chance.randint(0, 3), element)


def _rename(element: Any, _held: list[Any], chance: random.Random) -> None:
    element.tag = chance.choice(TAGS)


def _new(element: Any, _held: list[Any], chance: random.Random) -> None:
    etree.SubElement(element, chance.choice(TAGS)).text = _text(chance)


def _retext(element: Any, _held: list[Any], chance: random.Random) -> None:
    element.text = _text(chance)


def _tail(element: Any, _held: list[Any], chance: random.Random) -> None:
    element.tail = _text(chance)


def _attribute(element: Any, _held: list[Any], chance: random.Random) -> None:
    name = chance.choice(tuple(ATTRIBUTES))
    element.set(name, chance.choice((*ATTRIBUTES[name], _text(chance))))


def _strip(element: Any, _held: list[Any], _chance: random.Random) -> None:
    element.attrib.clear()


def _wrap(element: Any, _held: list[Any], chance: random.Random) -> None:
    inner = etree.Element(chance.choice(("b", "i", "sup", "p", "Abstract", "x")))
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)


def _texts_anew(element: Any, _held: list[Any], chance: random.Random) -> None:
    """A new title or abstract: what most of the tagging reads."""
    for found in element.getroottree().getroot().iter("ArticleTitle", "AbstractText", "CoiStatement"):
        if chance.random() < 0.5:
            found.text = " ".join(_text(chance) + "." for _ in range(chance.randint(0, 8)))


_CHANGES: tuple[Change, ...] = (
    *(_drop, _repeat, _move, _rename, _new, _retext, _retext, _tail, _attribute, _attribute, _strip, _wrap),
    *(_texts_anew, _texts_anew),
)
