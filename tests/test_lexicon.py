"""What stands for a reader's words: spellings and synonyms as the catalog's own tables list them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import write_catalog
from catalog.lexicon import lexicon
from catalog.site.facts import load_facts
from catalog.site.fields import FACETS
from catalog.site.filters import read_filters
from catalog.site.search import search
from catalog.site.vocabulary import Vocabulary, load_vocabulary
from harvest.errors import WrongUse
from harvest.topics import load_topics, read_topics
from tests.records import article_xml
from tests.search_records import Searched
from tests.search_records import searched as searched
from tests.search_records import searched_site as searched_site
from tests.site_fixtures import Site, kept_records

KNEE = """
title: Knee catalog
interventions:
  - id: brace
    name: Unloader brace
    short: UB
    words: [unloader brace*]
    abbreviations: [{word: UB, with: [brace*]}]
    synonyms: [[unloader brace, offloader]]
  - {id: tape, name: 'Knee tape, elastic', short: KT, words: [tape*], abbreviations: [{word: KT, with: [tape*]}]}
conditions:
  - {id: oa, name: OA, words: [osteoarthritis]}
topics:
  - {id: braces, name: Braces}
"""


@pytest.fixture(scope="module")
def vocabulary(searched: Searched) -> Vocabulary:
    with closing(sqlite3.connect(searched.path)) as conn:
        return load_vocabulary(conn)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("randomised", "randomized"),
        ("randomisation", "randomization"),
        ("analysed", "analyzed"),
        ("haemorrhage", "hemorrhage"),
        ("haematoma", "hematoma"),
        ("ischaemic", "ischemic"),
        ("anaesthesia", "anesthesia"),
        ("paediatric", "pediatric"),
        ("orthopaedics", "orthopedics"),
        ("aetiology", "etiology"),
        ("oedema", "edema"),
        ("lymphoedema", "lymphedema"),
        ("oesophageal", "esophageal"),
        ("oestrogen", "estrogen"),
        ("foetus", "fetus"),
        ("diarrhoea", "diarrhea"),
        ("tumour", "tumor"),
        ("behavioural", "behavioral"),
        ("centre", "center"),
        ("fibres", "fibers"),
        ("millilitre", "milliliter"),
        ("centimetres", "centimeters"),
        ("programme", "program"),
        ("ageing", "aging"),
        ("open-labelled", "open-labeled"),
        ("enrolment", "enrollment"),
        ("sulphate", "sulfate"),
        ("disc", "disk"),
        ("discogenic", "diskogenic"),
        ("microdiscectomy", "microdiskectomy"),
        ("intradiscal", "intradiskal"),
        ("anulus", "annulus"),
        ("anaesthetised", "anesthetized"),
    ],
)
def test_either_spelling_stands_for_the_other(vocabulary: Vocabulary, one: str, other: str) -> None:
    """British and American spelling lead to each other by rule, and are one word to a synonym."""
    assert other in vocabulary.spellings(one)
    assert one in vocabulary.spellings(other)
    assert vocabulary.canonical(one) == vocabulary.canonical(other)


@pytest.mark.parametrize("word", ["pain", "injection", "trial", "exercise", "four", "ozone", "plasma", "discussion"])
def test_other_spellings_are_searched_only_where_a_paper_has_them(searched: Searched, word: str) -> None:
    """What a rule makes of a word that has but one spelling is found in no paper, and nothing is said of it."""
    assert all(text in ("O2-O3",) for also in searched.results(word).matched.also for text in also.texts)


def test_what_was_searched_is_shown_and_can_be_undone(searched: Searched, searched_site: Site) -> None:
    """The page names what else was searched for, with a link that searches only what was typed."""
    results = searched.results("PRP disk")
    assert [(also.typed, also.texts) for also in results.matched.also] == [
        ("PRP", ("platelet-rich plasma",)),
        ("disk", ("disc",)),
    ]
    assert results.literally == "/search?q=%22PRP%22+%22disk%22"
    page = searched_site.get("/search?q=PRP+disk").text
    assert "Also searched: " in page
    assert "<strong>platelet-rich plasma</strong>" in page
    assert 'href="/search?q=%22PRP%22+%22disk%22">Search only what I typed</a>' in page
    answer = searched_site.get("/search.json?q=PRP+disk").json()
    assert answer["understood"]["also_searched"][0] == {"typed": "PRP", "texts": ["platelet-rich plasma"]}
    assert "Also searched" not in searched_site.get("/search?q=%22PRP%22+%22disk%22").text


def test_common_words_are_left_out_and_said(searched: Searched, searched_site: Site) -> None:
    """A question in plain English is searched by its words of meaning; common words alone are searched."""
    results = searched.results("what is PRP in nurses")
    assert results.matched.unsearched == ("what", "is", "in")
    assert results.literally == "/search?q=what+is+%22PRP%22+in+%22nurses%22"
    assert "Left out as too common: “what”, “is”, “in”." in searched_site.get("/search?q=what+is+PRP+in+nurses").text
    assert searched.results("of the").total == searched.results('"of" "the"').total > 0


def test_excluded_words_are_taken_as_typed(searched: Searched) -> None:
    """What is left out is what was typed: -PRP keeps a paper that only says platelet-rich plasma."""
    assert "prp_disk" in searched.names("platelet-rich plasma -PRP")


def test_or_is_shown_as_read(searched_site: Site) -> None:
    """Where OR could be read in two ways the page shows how it was read."""
    assert "Read as: (nurses OR cooks) AND quality" in searched_site.get("/search?q=nurses+OR+cooks+quality").text
    assert "Read as" not in searched_site.get("/search?q=nurses+OR+cooks").text


def test_another_vocabulary_brings_its_own_synonyms(tmp_path: Path) -> None:
    """Another topics file is another search, without a line of code; an abbreviation in `short` stands for the name."""
    records = [
        article_xml("Synthetic unloader brace", pmid=970040001),
        article_xml("Synthetic offloader", pmid=970040002),
        article_xml("Synthetic knee tape", pmid=970040003),
        article_xml("Synthetic platelet-rich plasma", pmid=970040004),
        article_xml("Synthetic UB", pmid=970040005),
    ]
    path = tmp_path / "catalog.db"
    write_catalog(path, kept_records(records), read_topics(KNEE, "knee.yml"))
    with closing(sqlite3.connect(path)) as conn:
        facts = load_facts(conn)
        found = {
            typed: {paper.pmid - 970040000 for paper in search(conn, facts, read_filters({"q": [typed]}, facts)).papers}
            for typed in ("unloader brace", "UB", "KT", "PRP", "offloaders")
        }
    assert found == {
        "unloader brace": {1, 2, 5},
        "offloaders": {1, 2},
        "UB": {1, 5},
        "KT": {3},
        "PRP": set(),
    }


def test_wrong_synonyms_are_one_clear_line() -> None:
    """A synonym that is no list names the file and the entry."""
    with pytest.raises(WrongUse, match=r"mine\.yml: brace: synonyms are lists of two texts or more"):
        read_topics(KNEE.replace("[[unloader brace, offloader]]", "[unloader brace, offloader]"), "mine.yml")


def test_the_lexicon_is_sound() -> None:
    """Pairs differ, no synonym stands alone, values are of facets there are, and no subject's word is too common."""
    known = lexicon()
    assert all(one.strip("-") != other.strip("-") for one, other in known.spellings)
    assert all(len(set(map(str.lower, same))) == len(same) > 1 for same in known.synonyms)
    assert {facet for facet, _, _ in known.values} <= set(FACETS)
    texts = [text for concept in load_topics().interventions for same in concept.synonyms for text in same]
    assert not set(known.unsearched) & {text.lower() for text in texts}


def test_words_are_the_papers_own(searched: Searched) -> None:
    """The table of words holds each word as papers spell it, its stem, and how many papers have it."""
    with closing(sqlite3.connect(searched.path)) as conn:
        words = {word: (stem, papers) for word, stem, papers in conn.execute("SELECT * FROM words")}
        counted = conn.execute("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'cooks'").fetchone()[0]
    assert words["cooks"] == ("cook", counted)
    assert (words["degenerative"][0], words["degeneration"][0]) == ("degen", "degener")
    assert "sorensen" not in words
    assert "sørensen" in words
    assert "muller" in words
    assert "2019" not in words
