"""Searches that PubMed does not wholly understand: nothing widens, nothing stops, everything is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from harvest.cli import main
from harvest.eutils import Client
from harvest.phrases import joined, terms_like, without
from harvest.search import search_all
from harvest.store import Store
from harvest.topics import load_topics, read_topics
from tests.loopback import QUICK, article, on_topic, run, served, stored
from tests.ncbi import FIRST_PMID, Corpus, PubMed
from tests.ncbi import faults as f
from tests.ncbi.evaluate import Evaluator
from tests.ncbi.index import Index


@pytest.fixture(autouse=True)
def _cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def found_by(strategy: str, records: list[bytes], **server: Any) -> Any:
    with (
        PubMed(records, rate=100_000, **server) as pubmed,
        Client(pubmed.base_url, patience=QUICK, per_second=10_000) as client,
    ):
        return search_all(client, strategy)


@pytest.mark.parametrize(
    ("strategy", "term", "left"),
    [
        ("a[tiab] OR b[tiab] OR c[tiab]", "b[tiab]", "a[tiab] OR c[tiab]"),
        ("a[tiab] OR b[tiab]", "a[tiab]", "b[tiab]"),
        ("(a[tiab] OR (b[tiab] AND (c OR d))) AND (e)", "b[tiab]", "(a[tiab]) AND (e)"),
        ("(a OR b) AND (c)", "c", None),
        ("a NOT b", "b", "a"),
        ("a NOT b", "a", None),
        ("a AND b OR c", "b", "c"),
        ('"a b"[mh] OR "a b"[tiab]', '"a b"[mh]', '"a b"[tiab]'),
        ("a b", "b", None),
    ],
)
def test_without_a_term(strategy: str, term: str, left: str | None) -> None:
    """A term left out counts as finding nothing: it drops out of an OR, and takes its AND with it."""
    assert without(strategy, term) == left


def test_terms_like() -> None:
    """A phrase that PubMed reports without its tag may be any term of these words, with its tag only that one."""
    strategy = '("Ozone"[mh] OR ozone[tiab] OR "oxygen ozone"[Title/Abstract])'
    assert terms_like(strategy, "ozone") == ['"Ozone"[mh]', "ozone[tiab]"]
    assert terms_like(strategy, '"Ozone"[mh]') == ['"Ozone"[mh]']
    assert terms_like(strategy, '"oxygen-ozone"[tiab]') == ['"oxygen ozone"[Title/Abstract]']
    assert terms_like("ozone[tiab] OR (", "ozone") == []


WORDS = st.sampled_from(["ozone[tiab]", "sciatica[tiab]", '"back pain"[tiab]', "plasma[tiab]", "joint[tiab]"])
SIDES = st.lists(WORDS, min_size=1, max_size=3).map(" OR ".join)


@given(st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=4), st.booleans())
def test_joined_finds_what_each_finds(sides: list[tuple[str, str]], same: bool) -> None:
    """One search in place of several finds exactly what they find together."""
    titles = ["Ozone and sciatica", "Back pain, joint", "Plasma in back pain", "Joint ozone", "Ozone, plasma, sciatica"]
    index = Index(Corpus(article(n, f"{title} (invented)") for n, title in enumerate(titles)))
    strategies = [f"({a}) AND ({sides[0][1] if same else b})" for a, b in sides]

    def found(strategy: str) -> set[int]:
        return set(Evaluator(index, date(2024, 1, 1)).run(strategy).pmids)

    assert found(joined(strategies)) == set().union(*map(found, strategies))


def test_the_bundled_strategies_can_be_joined() -> None:
    """The search for revisions names the conditions once, and so stays not much longer than the longest topic's."""
    topics = load_topics()
    strategies = [topics.strategy(topic.id) for topic in topics.topics]
    assert len(joined(strategies)) < 2 * max(map(len, strategies))


def test_an_unknown_word_in_an_and_does_not_widen() -> None:
    """PubMed drops a word it does not know, so (prp AND blood) would become blood: the pair is left out and named."""
    records = [article(0, "Ozone (invented)"), article(1, "Blood, prp (invented)"), article(2, "Blood (invented)")]
    found = found_by("ozone[tiab] OR (prp[tiab] AND blood[tiab])", records, unknown_phrases=["prp"])
    # The word is in a record, but this PubMed's index lacks it: what PubMed cannot find cannot be found.
    assert found.pmids == {FIRST_PMID}
    assert found.strategy == "ozone[tiab]"
    assert found.warnings == ("PubMed knows nothing by prp[tiab]: left out until it does",)
    assert found.complete


def test_a_phrase_unknown_even_by_proximity_is_left_out() -> None:
    """Asked by proximity first, left out only where that finds nothing, and named."""
    records = [article(0, "Ozone (invented)"), article(1, "Foo of bar (invented)")]
    strategy = '(ozone[tiab] OR "foo bar"[tiab]) AND invented[tiab]'
    found = found_by(strategy, records, unknown_phrases=["foo bar"], unknown_near=["foo bar"])
    assert (found.pmids, found.complete) == ({FIRST_PMID}, True)
    assert found.strategy == "(ozone[tiab]) AND invented[tiab]"
    assert found.warnings[-1] == 'PubMed knows nothing by "foo bar"[tiab:~0]: left out until it does'


def test_where_a_whole_side_is_unknown_nothing_is_searched() -> None:
    """A side of which PubMed knows nothing would drop out and find everything else: it says so, and is incomplete."""
    found = found_by("(qzx[tiab]) AND (back[tiab])", on_topic(9), unknown_phrases=["qzx"])
    assert (found.count, found.pmids, found.complete) == (0, frozenset(), False)
    assert found.warnings[-1].startswith("incomplete: PubMed knows no term of one side")


def test_a_term_reported_without_its_tag_is_asked_for_alone() -> None:
    """Of two terms with the same words only the one that finds nothing is left out."""
    records = [article(0, "Zebrafish (invented)"), article(1, "Ozone (invented)", mesh=("Ozone",))]
    found = found_by('zebrafish[tiab] OR "Zebrafish"[mh] OR ozone[tiab]', records, closed_world=True)
    assert found.pmids == {FIRST_PMID, FIRST_PMID + 1}
    assert found.strategy == "zebrafish[tiab] OR ozone[tiab]"


UNKNOWN = """
interventions:
  - {id: ozone, name: Ozone, words: [ozone, oxygenozone, ozone gas]}
conditions:
  - {id: back, name: Back, words: [back pain]}
topics:
  - {id: ozone, name: Ozone, interventions: [ozone]}
"""


def test_what_was_left_out_is_asked_again_each_run(tmp_path: Path) -> None:
    """Run and status name phrase and topic; one request a run asks whether PubMed has learnt the terms meanwhile."""
    db = tmp_path / "p.db"
    topics = read_topics(UNKNOWN, "test.yml")
    records = [article(0), article(1, "Oxygenozone for back pain (invented)")]
    with PubMed(records, rate=100_000, unknown_phrases=["oxygenozone", "ozone gas"]) as pubmed:
        first = run(pubmed, db, topics=topics)
        assert (first.exit_status, set(stored(db))) == (0, {FIRST_PMID})
        second = run(pubmed, db, topics=topics)
        assert len(pubmed.requests) == 3  # whether it is known now, the topic, what was revised
        for harvested in (first, second):
            assert sorted(harvested.topics[0].warnings) == [
                "PubMed does not know the phrase 'ozone gas': asked for as \"ozone gas\"[tiab:~0]",
                "PubMed knows nothing by oxygenozone[tiab]: left out until it does",
            ]
        shown = CliRunner().invoke(main, ["status", "--db", str(db)]).stdout
        topic = shown[shown.index("  ozone: ") :]
        assert "'ozone gas'" in topic
        assert "oxygenozone[tiab]" in topic
        pubmed.eutils.unknown = ["ozone gas"]
        run(pubmed, db, topics=topics)
        assert stored(db) == served(pubmed)


def test_a_changed_translation_is_reported(tmp_path: Path) -> None:
    """Where PubMed reads the same strategy otherwise than last time, run and status say so, with the topic."""
    db = tmp_path / "p.db"
    with PubMed(on_topic(6), rate=100_000) as pubmed:
        run(pubmed, db)
        pubmed.eutils.unknown = ["sciatica"]  # said in a warning that names it, too
        harvested = run(pubmed, db)
    for topic in harvested.topics:
        assert any("sciatica" in line for line in topic.warnings)
    with PubMed(on_topic(6), rate=100_000) as pubmed:
        run(pubmed, tmp_path / "q.db")

        class Otherwise(f.Fault):
            """PubMed maps a word to another heading from one day to the next."""

            program = "esearch"

            def _spoiled(self, reply: Any, params: Any) -> Any:
                return replace(reply, body=reply.body.replace(b"[Title/Abstract]", b"[Text Word]"))

        pubmed.fail_next(Otherwise(), 100)
        harvested = run(pubmed, tmp_path / "q.db")
        for topic in harvested.topics:
            assert topic.warnings == ("PubMed translates the search otherwise than last time",)
    shown = CliRunner().invoke(main, ["status", "--db", str(tmp_path / "q.db")]).stdout
    assert shown.count("PubMed translates the search otherwise than last time") == 2


def test_an_expired_webenv_costs_nothing(tmp_path: Path) -> None:
    """What is kept is PMIDs: a history server that forgets every search at once loses nothing."""
    with PubMed(on_topic(30), rate=100_000, webenv_lifetime=0) as pubmed:
        harvested = run(pubmed, tmp_path / "p.db", batch=5, cap=9)
        assert harvested.exit_status == 0
        assert stored(tmp_path / "p.db") == served(pubmed)
        assert not any("WebEnv" in request.params for request in pubmed.requests)


def test_every_part_of_a_split_search_is_listed(tmp_path: Path) -> None:
    """A part of a split search that lists too few makes the run incomplete, and the next run repairs it."""
    db = tmp_path / "p.db"
    with PubMed(on_topic(40), rate=100_000) as pubmed:
        pubmed.faults.append(lambda _n, _p, params: f.WrongCount(by=1) if "[uid]" in params.get("term", "") else None)
        harvested = run(pubmed, db, cap=7)
        assert (harvested.exit_status, harvested.complete) == (1, False)
        assert any("incomplete" in line for line in harvested.topics[0].warnings)
        pubmed.faults.clear()
        assert run(pubmed, db, cap=7).exit_status == 0
        assert stored(db) == served(pubmed)
    with Store.read(db) as store:
        assert [r.state for r in store.runs()] == ["incomplete", "complete"]
