"""Sentences made from counts: fixed wording, right for one and many, each number with its list, no judgement."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
import yaml

from catalog.listing import Listing, Papers
from catalog.sentences import Part, compose, joined, plain, word

WORDING = yaml.safe_load(resources.files("catalog").joinpath("sentences.yml").read_text("utf-8"))
CATALOG = Path(__file__).parents[1] / "catalog"
SLICE = (("level", ("1",)),)


def shown(name: str, **values: object) -> str:
    return plain(compose(name, **values), lambda part: f"[{part.text}]")  # type: ignore[arg-type]  # given as they are


def test_one_many_and_none() -> None:
    """A number agrees with its noun and its verb; nought is a word; only a number above nought has a list."""
    assert shown("leaning", n=Papers(1, SLICE)).startswith(
        "[1 review or guideline] counted here cites a retracted paper"
    )
    assert shown("leaning", n=Papers(1234, SLICE)).startswith(
        "[1,234 reviews or guidelines] counted here cite a retracted"
    )
    assert shown("against_sham", n=Papers(2, SLICE), list="x").startswith("[2 randomised trials] compare it with")
    assert shown("against_sham", n=Papers(1, SLICE), list="x").startswith("[1 randomised trial] compares it with")
    assert shown("settling_each", n=Papers(0, SLICE), treatment="y") == "none on y"
    assert shown("in_people", treatment="x", n=Listing((), SLICE), levels="") == "X: no studies in people."


def test_a_sentence_inside_a_sentence_keeps_its_links() -> None:
    """Parts of a list stay numbers with lists of their own."""
    each = [compose("at_level", n=Papers(n, SLICE), level=f"level {n}") for n in (1, 2, 3)]
    inside = compose("listed", list=joined(each, "and"))
    said = compose("in_people", treatment="ozone", n=Papers(6, SLICE), levels=inside)
    assert plain(said) == "Ozone: 6 studies in people, 1 at level 1, 2 at level 2 and 3 at level 3."
    assert [part.text for part in said if part.slice] == ["6 studies", "1", "2", "3"]
    assert joined([]) == ()
    assert joined([(Part("a"),), (), (Part("b"),)], "or") == (Part("a"), Part(" or "), Part("b"))


def test_text_is_text() -> None:
    """What fills a field is never read as wording."""
    assert plain(compose("nothing", treatment="{n#}<b>")) == "{n#}<b>: no study in the catalog."


def test_a_field_that_is_not_given_is_an_error() -> None:
    """A wording and its caller cannot part in silence."""
    with pytest.raises(KeyError):
        compose("nothing")
    with pytest.raises(KeyError):
        compose("no_such_sentence")


def test_every_wording_is_used_and_every_one_used_is_there() -> None:
    """No sentence stands in the file that no card says."""
    code = "".join(path.read_text("utf-8") for path in CATALOG.glob("**/*.py"))
    for name in WORDING:
        assert name == "words" or f'"{name}"' in code, name
    for kind in WORDING["words"]:
        assert f'"{kind}"' in code, kind


def test_no_wording_judges() -> None:
    """Cards list; they have no words for a verdict."""
    text = resources.files("catalog").joinpath("sentences.yml").read_text("utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    verdict = (
        r"\b(works?|proven|proves?|effective|ineffective|refuted?|true|false|myth|debunk\w*|supports?|confirms?)\b"
    )
    assert re.findall(verdict, text, re.IGNORECASE) == []


def test_words_for_every_value() -> None:
    """Each direction, certainty and kind of harm has its words; what is not known too; an unknown value is itself."""
    assert word("directions", "favours") != word("within", "favours")
    assert word("harms", "_none") == "left open by the rules"
    assert word("comparators", "new_kind") == "new kind"
