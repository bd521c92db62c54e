"""The fast look before the parse: it never rejects what the matcher would keep."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvest.errors import BadRecord
from harvest.prefilter import Prefilter, words_of
from harvest.record import parse_article
from harvest.stream import elements, open_xml
from harvest.topics import Topics, load_topics, read_topics
from harvest.words import tokens
from tests.ncbi import synthetic_records
from tests.records import article_xml

TOPICS = load_topics()
FILTER = Prefilter(TOPICS)


def vocabulary() -> list[str]:
    """Every word, phrase and heading that the matcher looks for, and words near to them."""
    found: list[str] = []
    for concept in (*TOPICS.interventions, *TOPICS.conditions):
        for phrase in concept.phrases:
            found.append(" ".join(phrase.words))
            if phrase.prefix:
                found.append(" ".join(phrase.words) + "xyz")
        for near in concept.nears:
            found += [f"{a} of the {b}" for a in near.first for b in near.second]
        for abbreviation in concept.abbreviations:
            found.append(abbreviation.word)
            found += [" ".join(companion.words) for companion in abbreviation.companions]
        found += [*concept.mesh, *concept.narrower]
    return sorted(set(found))


PIECES = [*vocabulary(), "of", "pain", "discuss", "stem", "injection", "α", "—", "β-cell", "Σ", "ﬁ", "é", "＜", "2"]
MANGLE = (
    lambda text: text,
    str.upper,
    str.title,
    lambda text: text.replace(" ", "-"),
    lambda text: text.replace(" ", "–"),
    lambda text: text.replace(" ", "\u00a0"),
    lambda text: text.replace("o", "ö").replace("e", "é"),
    lambda text: text.replace("fi", "ﬁ").replace("a", "\uff41"),
    lambda text: text.replace("i", "i\u0301"),
    lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    lambda text: text.replace("s", "ſ").replace("k", "\u212a"),
)
# Done to the XML itself, where it means the same or something else to a reader of text.
MARKUP = (
    lambda raw: raw,
    lambda raw: raw.replace(b"pla", b"p<i>l</i>a").replace(b"oz", b"o<sup>z</sup>"),
    lambda raw: raw.replace(b"oz", b'o<i class="x">z</i>').replace(b"pla", b"pl<b />a"),
    lambda raw: raw.replace(b"one", b"o&#110;e").replace(b"let", b"&#x6C;et"),
    lambda raw: raw.replace(b"pain", b"pa<!-- not -->in").replace(b"disc", b"di<![CDATA[sc]]>"),
    lambda raw: raw.replace(b"stem", b"s<mml:math><mml:mi>te</mml:mi></mml:math>m"),
    lambda raw: raw.replace(b"<Abstract>", b"<Abstract >").replace(b"</Abstract>", b"</Abstract\n>"),
    lambda raw: raw.replace(b"\xc3", b"\xff"),
    lambda raw: raw[: len(raw) // 2],
)


def agrees(raw: bytes, filtered: Prefilter = FILTER, topics: Topics = TOPICS) -> bool:
    """Whether the look lets through what the matcher keeps; what cannot be parsed cannot match."""
    try:
        record = parse_article(raw)
    except BadRecord:
        return True
    return filtered.may_match(raw) or not topics.match(record).topics


def random_records(count: int, seed: int) -> Iterator[bytes]:
    """Records put together from the vocabulary's pieces, mangled as PubMed's texts are and worse."""
    chance = random.Random(seed)  # noqa: S311 - the same every time, guards nothing

    def text(most: int) -> str:
        pieces = chance.choices(PIECES, k=chance.randint(0, most))
        return " ".join(chance.choice(MANGLE)(piece) for piece in pieces)

    for _ in range(count):
        raw = article_xml(
            text(4),
            [(text(1), text(5)) for _ in range(chance.randint(0, 3))],
            mesh=chance.choices(PIECES, k=chance.randint(0, 3)),
            keywords=[text(2) for _ in range(chance.randint(0, 3))],
            other_abstract=text(4),
        )
        yield chance.choice(MARKUP)(raw)


def test_random_records() -> None:
    """Over thousands of random records near and on the topics, nothing that matches is rejected."""
    matched = passed = 0
    for raw in random_records(4000, 1):
        assert agrees(raw), raw.decode("utf-8", "replace")
        passed += FILTER.may_match(raw)
        try:
            matched += bool(TOPICS.match(parse_article(raw)).topics)
        except BadRecord:
            continue
    assert matched > 1000
    assert passed < 4000


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=6),
    st.sampled_from(MANGLE),
    st.sampled_from(MARKUP),
)
def test_any_text(pieces: list[str], mangle: object, markup: object) -> None:
    """Whatever characters stand between and in the words, nothing that matches is rejected."""
    text = " ".join(pieces)
    clean = "".join(c for c in text if c.isprintable() and ord(c) < 0xD800)
    raw = article_xml(mangle(clean), clean)  # type: ignore[operator]  # one of the functions above
    assert agrees(markup(raw))  # type: ignore[operator]  # likewise


def test_each_way_to_name_a_concept() -> None:
    """Each phrase, near pair, abbreviation and heading, alone with one of the other side, is let through."""
    other = {"intervention": "ozone", "condition": "sciatica"}
    for text in vocabulary():
        for word in other.values():
            assert agrees(article_xml(f"{text} and {word}"))
            assert agrees(article_xml(word, mesh=[text]))


def test_its_words_are_the_matchers_and_more() -> None:
    """Every word the matcher reads is among those the look reads, in any script."""
    text = "Ozône–PRP α2 ΣΑΣ ſtem ﬁbrin H₂O ½ İstanbul 中文 дискогенный"
    words = words_of(article_xml(text, [("MÉTHODES", text)], keywords=[text], other_abstract=text))
    assert words is not None
    assert {token.word for token in tokens(f"MÉTHODES {text}")} <= words


def test_what_it_rejects() -> None:
    """Most records off topic are rejected unread; a broken one is left to the parser where its text cannot be told."""
    raws = list(synthetic_records(400))
    off = [raw for raw in raws if not TOPICS.match(parse_article(raw)).topics]
    assert sum(not FILTER.may_match(raw) for raw in off) > 0.6 * len(off)
    assert FILTER.may_match(raws[0].replace(b"</ArticleTitle>", b""))
    assert FILTER.may_match(b"<PubmedBookArticle></PubmedBookArticle>")
    assert FILTER.may_match(b"no record at all")


def test_a_vocabulary_of_ones_own() -> None:
    """Words without a letter of ASCII, short ones and numbers are looked for as the matcher looks for them."""
    own = read_topics(
        """
interventions: [{id: a, name: A, words: [α β, "o 3", озон*], abbreviations: [{word: ΣB, with: [ΣΑΣ]}]}]
conditions: [{id: b, name: B, words: [боль, "ς"], near: [{words: [[li], [ne]], within: 1}]}]
topics: [{id: t, name: T, interventions: [a], conditions: [b]}]
""",
        "own.yml",
    )
    filtered = Prefilter(own)
    for title in ("α-β боль", "O3, o 3: li x ne", "ОЗОНОМ ΒΟΛΗ Σ", "ΣB of ΣΑΣ ne li", "ς o 3"):
        assert agrees(article_xml(title), filtered, own)
    assert own.match(parse_article(article_xml("ОЗОНОМ боль"))).topics
    assert not filtered.may_match(article_xml("ozone for back pain"))


@pytest.mark.shared
def test_real_records(shared_data: Path) -> None:
    """On every real record there is, what matches is let through, whatever the record looks like."""
    paths = [*shared_data.glob("ontopic/*.xml"), *shared_data.glob("pubmed/**/*.xml.gz")]
    count = matched = passed = 0
    for path in paths:
        with open_xml(path) as stream:
            for element in elements(stream):
                if element.kind == "PubmedArticle":
                    assert agrees(element.raw), element.raw[:300]
                    count += 1
                    passed += FILTER.may_match(element.raw)
                    matched += bool(TOPICS.match(parse_article(element.raw)).topics)
    assert (count > 1000, matched > 50, passed < count / 2) == (True, True, True)
