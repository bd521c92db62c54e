"""The learned vote on design: asked only where the rules know little, heard only where it is sure, with its words."""

from __future__ import annotations

import csv
import json
import sqlite3
import time
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from catalog.build import build
from catalog.explain import explain
from catalog.tagging.design import Decision, decide_design
from catalog.tagging.document import Document, read
from catalog.tagging.rules import precedence
from catalog.tagging.tables import table
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Vote
from catalog.tagging.vote import RULE, Model, model, tokens, voted, weights
from harvest.record import parse_article
from harvest.stream import elements, open_xml
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.records import PMID, article_xml, record

# Invented. No rule tells that this is work with cells in a dish.
IN_VITRO = (
    "Platelet releasate and annulus fibrosus",
    "Expression of collagen messenger RNA and of the receptor protein was induced by the releasate. Western blot and"
    " immunofluorescence showed increased phosphorylation. Inhibition of the kinase pathway with siRNA abolished the"
    " expression of both proteins. Transfection restored protein expression, and apoptosis of cells was reduced. These"
    " data indicate that signalling through the kinase mediates the response of cells to the releasate.",
)


def invented(label: str, strength: int = 900) -> Model:
    """A model that is sure of one label for any text with the word `synthetic` in its abstract."""
    classes = ("animal", "in_vitro", "nonrandomised", "other", "rct")
    row = [100, *(strength if name == label else 0 for name in classes)]
    fields = {"title": {"weight": 0.7, "words": {}}, "abstract": {"weight": 1.0, "words": {"synthetic": row}}}
    return Model.of({"version": 1, "classes": classes, "intercept": [0] * len(classes), "fields": fields})


def asked(
    title: str, abstract: str, by: Model | None = None, **also: Any
) -> tuple[Document, Decision, Decision, Vote | None]:
    """The document, what the rules say, what rules and vote say together, and the vote."""
    document = read(record(title, abstract, **also))
    rules = decide_design(document)
    both, vote = voted(document, rules, by)
    return document, rules, both, vote


FILLER = " ".join(["Synthetic sentences of an invented paper fill the space that an abstract has."] * 6)


def test_is_heard_where_no_rule_fired_and_quotes_its_word() -> None:
    """A sure vote gives the design; its tag and every word it kept stand in the abstract, letter for letter."""
    document, rules, both, vote = asked(*IN_VITRO)
    assert rules.winner is None
    assert vote is not None
    assert vote.heard
    assert both.value == vote.value == "in_vitro"
    (own,) = [found for found in both.tags if found.source == "model"]
    assert (own.rule, own.chosen) == (RULE, True)
    assert own.start is not None
    assert document.abstract[own.start : own.end] == own.quote
    assert [document.abstract[word.start : word.end] for word in vote.words] == [word.text for word in vote.words]
    assert [word.weight for word in vote.words] == sorted((word.weight for word in vote.words), reverse=True)
    assert both.winner is not None
    assert (both.winner.quote, both.winner.source) == (vote.words[0].text, "model")


def test_says_the_same_every_time() -> None:
    """One text, one vote, to the last digit."""
    assert asked(*IN_VITRO)[2:] == asked(*IN_VITRO)[2:]


@pytest.mark.parametrize(
    ("title", "also"),
    [
        ("Platelet-rich plasma for discogenic pain: a randomised controlled trial", {}),
        ("Ozone for sciatica in 61 patients: a retrospective comparative study", {}),
        ("Intradiscal platelet-rich plasma: a case report", {}),
        ("Platelet-rich plasma and the disc", {"types": ["Journal Article", "Case Reports"]}),
        ("Platelet-rich plasma and the disc", {"types": ["Journal Article", "Randomized Controlled Trial"]}),
        ("Platelet-rich plasma and the disc", {"types": ["Journal Article", "Review"]}),
        ("Platelet-rich plasma and the disc", {"types": ["Journal Article", "Clinical Trial"]}),
    ],
)
def test_never_beats_a_title_or_a_type(title: str, also: dict[str, Any]) -> None:
    """Where the title says what it is, or a publication type does, the vote is not even asked."""
    _, rules, both, vote = asked(title, FILLER, invented("animal"), **also)
    assert rules.winner is not None
    assert vote is None
    assert both == rules


def test_is_asked_of_no_pair_that_knows() -> None:
    """Every pair it is asked on stands in the precedence, below what titles and types say."""
    policy = table("vote")
    pairs = {tuple(line.split()) for line in policy["asked"]}
    assert pairs - {("unclear", "none")} <= set(precedence("design"))
    assert not {tier for _, tier in pairs} & {"notice", "type", "type_automated", "title", "named", "extension"}
    assert {"title", "named", "type", "notice"} <= set(policy["silent_beside"]["tiers"])


def test_never_gives_what_only_a_rule_may_give() -> None:
    """Randomised trial, protocol and systematic review are not the vote's to give, however sure it is."""
    assert not {"rct", "protocol", "systematic_review"} & table("vote")["labels"].keys()
    _, rules, both, vote = asked("On the disc", FILLER, invented("rct"))
    assert both == rules
    assert vote is not None
    assert (vote.label, vote.value, vote.heard) == ("rct", None, False)


def test_is_not_heard_below_its_threshold() -> None:
    """An unsure vote is kept, and changes nothing."""
    _, rules, both, vote = asked("On the disc", FILLER, invented("animal", strength=50))
    assert both == rules
    assert vote is not None
    assert vote.value == "animal"
    assert not vote.heard


def test_is_not_asked_of_titles_and_scraps() -> None:
    """Without an abstract of some length there is nothing to vote on."""
    assert asked("On the disc", "", invented("animal"))[3] is None
    assert asked("On the disc", "A synthetic scrap.", invented("animal"))[3] is None


def test_other_leaves_unclear_as_it_is() -> None:
    """The model's catch-all class says nothing about a record on which no rule fired."""
    _, _, both, vote = asked("On the disc", FILLER, invented("other"))
    assert both.value == "unclear"
    assert vote is not None
    assert vote.value is None


def test_nonrandomised_is_a_single_arm_unless_a_rule_saw_a_comparison() -> None:
    """The corpus does not tell the two apart; the lower level is the default."""
    assert asked("On the disc", FILLER, invented("nonrandomised"))[2].value == "single_arm"


def test_curator_stands_above_it(tmp_path: Path) -> None:
    """A correction by hand beats the vote as it beats every rule, and the vote stays on record."""
    corrections = tmp_path / "curation.csv"
    corrections.write_text(f"pmid,field,value,who,when,why\n{PMID},design,animal,A. Tester,2026-01-02,Invented\n")
    source = harvest_of(tmp_path / "pubmed.db", [article_xml(*IN_VITRO)])
    build(source, tmp_path / "catalog.db", curation=corrections)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        assert conn.execute("SELECT design FROM articles").fetchone() == ("animal",)
        assert conn.execute("SELECT value FROM votes").fetchone() == ("in_vitro",)
        assert conn.execute("SELECT chosen FROM tags WHERE source = 'model' AND field = 'design'").fetchone() == (0,)


def test_catalog_keeps_score_and_words_and_explain_shows_them(tmp_path: Path) -> None:
    """The table `votes` holds label, score and words; `catalog explain` says what they did."""
    build(harvest_of(tmp_path / "pubmed.db", [article_xml(*IN_VITRO)]), tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        ((label, value, score, words, heard, abstract),) = conn.execute(
            "SELECT label, value, score, words, heard, abstract FROM votes JOIN articles USING (pmid)"
        )
        assert conn.execute("SELECT field, tier FROM rules WHERE id = ?", (RULE,)).fetchone() == ("design", "vote")
    assert (label, value, heard) == ("in_vitro", "in_vitro", 1)
    assert 0 < score <= 1
    assert all(abstract[start:end] == text for text, start, end, _ in json.loads(words))
    text = "\n".join(explain(tmp_path / "catalog.db", PMID))
    assert f"learned vote: in_vitro, score {score:.2f}" in text
    assert "+ in_vitro  vote.design  learned vote, abstract" in text


def test_changes_nothing_in_the_sample() -> None:
    """On the invented sample of our own field, whose labels the rules all give, the vote is never heard."""
    with resources.files("catalog.sample").joinpath("labels.tsv").open(encoding="utf-8") as file:
        labels = {int(row["pmid"]): row["design"] for row in csv.DictReader(file, delimiter="\t")}
    topics = load_topics()
    with (
        resources.as_file(resources.files("catalog.sample").joinpath("sample.xml")) as path,
        open_xml(path) as file,
    ):
        for element in elements(file):
            tags = tag(parse_article(element.raw), topics)
            assert tags.design == labels[tags.pmid]
            assert tags.vote is None or not tags.vote.heard


def test_weights_are_small_words_only_and_named() -> None:
    """vote.json says what it was trained on, holds single words and pairs, and is no larger than a picture."""
    data = json.loads(weights())
    assert len(weights()) < 300_000
    assert data["trained_on"]["records"] == sum(data["trained_on"]["labels"].values())
    for field in data["fields"].values():
        assert list(field["words"]) == sorted(field["words"])
        for word, row in field["words"].items():
            assert 1 <= len(tokens(word)) <= 2
            assert " ".join(tokens(word)) == word
            assert len(row) == 1 + len(data["classes"])


def test_scores_are_probabilities_by_the_written_formula() -> None:
    """Softmax over intercepts and weighted words: for one known word, by hand."""
    scores = invented("animal", strength=100).scores("", "Synthetic.")
    assert sum(scores) == pytest.approx(1)
    assert scores[0] == pytest.approx(2.718281828 / (2.718281828 + 4))
    assert model().scores("", "") == pytest.approx(model().scores("·", "·"))


def test_is_fast() -> None:
    """A vote takes well under a millisecond."""
    text = IN_VITRO[1] * 4
    model().scores(IN_VITRO[0], text)
    began = time.perf_counter()
    for _ in range(100):
        model().scores(IN_VITRO[0], text)
    assert (time.perf_counter() - began) / 100 < 0.002
