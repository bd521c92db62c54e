"""Trial families: one trial with several reports counts once."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from catalog.build import build
from catalog.explain import explain
from catalog.families import components
from catalog.tagging.registries import Registry, registries
from catalog.tagging.tables import table
from catalog.tagging.tagger import tag
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.linked import linked, linked_xml

TOPICS = load_topics()
TRIAL = "Ozone for sciatica: a randomised controlled trial"
FIRST, SECOND, THIRD, FOURTH = range(970020001, 970020005)


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute(sql).fetchall()


def catalog(tmp_path: Path, *raws: bytes) -> Path:
    target = tmp_path / "catalog.db"
    build(harvest_of(tmp_path / "pubmed.db", raws), target)
    return target


def members(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT family, pmid, rule, quote, represents FROM trial_families ORDER BY family, pmid")


@pytest.mark.parametrize("registry", registries(), ids=lambda registry: registry.name)
def test_numbers_of_each_registry(registry: Registry) -> None:
    """A registry's numbers are known however they are spaced, and written one way; what only looks alike is not."""
    for example in registry.match:
        found = registry.first(f"Registered as {example}.")
        assert found is not None, example
        assert registry.written(found), example
    for example in registry.miss:
        assert registry.first(f"Registered as {example}.") is None, example


def test_numbers_are_written_one_way() -> None:
    """Spaces, case and a Japanese portal's prefix make no second trial; zeros make none."""
    abstract = "Trials NCT 97000001, isrctn97000002, JPRN-UMIN970000003 and CRD 42097000001; NCT00000000."
    found = {number.number: number.kind for number in tag(linked(TRIAL, abstract), TOPICS).registrations}
    assert found == {
        "NCT97000001": "trial",
        "ISRCTN97000002": "trial",
        "UMIN970000003": "trial",
        "CRD42097000001": "review",
    }


def test_family_rules_name_their_cues() -> None:
    """The cue rule fires on the words its file says it must, and on none it says it must not."""
    import re

    (cue,) = (rule for rule in table("families")["rules"] if rule["id"] == "family.cue")
    for sentence in cue["match"]:
        assert re.search(cue["pattern"], sentence, re.IGNORECASE), sentence
    for sentence in cue["miss"]:
        assert not re.search(cue["pattern"], sentence, re.IGNORECASE), sentence


def test_protocol_results_and_follow_up_are_one_family(tmp_path: Path) -> None:
    """Reports that share a number, in PubMed's list or the text, are one family; results count, not the protocol."""
    path = catalog(
        tmp_path,
        linked_xml(
            "Ozone for sciatica: study protocol", "Will be done.", pmid=THIRD, trials=["NCT97000001"], year=2018
        ),
        linked_xml(TRIAL, "METHODS: Done. Registration: NCT 97000001.", pmid=SECOND, year=2020),
        linked_xml(
            "Follow-up of the treated arm of a trial: a case series",
            "A.",
            pmid=FIRST,
            trials=["NCT97000001"],
            year=2024,
        ),
        linked_xml("Another randomised controlled trial", "B.", pmid=FOURTH, trials=["NCT97000009"]),
    )
    assert members(path) == [
        (FIRST, FIRST, "family.registry", "NCT97000001", 0),
        (FIRST, SECOND, "family.registry", "NCT 97000001", 1),
        (FIRST, THIRD, "family.registry", "NCT97000001", 0),
    ]
    assert rows(path, "SELECT study, pmid, reports FROM studies ORDER BY study") == [
        (FIRST, SECOND, 3),
        (FOURTH, FOURTH, 1),
    ]
    text = "\n".join(explain(path, THIRD))
    assert f"One of 3 reports of one trial or paper (family {FIRST}):" in text
    assert f"{SECOND}  family.registry: “NCT 97000001”; counts for the family" in text


def test_a_review_that_lists_a_number_is_no_report(tmp_path: Path) -> None:
    """Reviews and letters that name a trial's number, and reviews that share a PROSPERO number, make no family."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=FIRST, trials=["NCT97000001"]),
        linked_xml("Ozone: a systematic review", "We found NCT97000001. CRD42097000001.", pmid=SECOND),
        linked_xml("Letter to the editor: on a trial", "", pmid=THIRD, trials=["NCT97000001"]),
        linked_xml("Plasma: a systematic review", "CRD42097000001.", pmid=FOURTH),
    )
    assert members(path) == []
    assert rows(path, "SELECT kind, count(*) FROM trials GROUP BY kind ORDER BY kind") == [("review", 2), ("trial", 3)]


def test_a_number_of_the_background_is_another_trial(tmp_path: Path) -> None:
    """A number that only the background names ties nothing."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=FIRST, trials=["NCT97000001"]),
        linked_xml(TRIAL, [("BACKGROUND", "A trial (NCT97000001) showed harm."), ("METHODS", "B.")], pmid=SECOND),
    )
    assert members(path) == []


def test_a_report_of_two_trials_joins_neither_unless_it_says_which(tmp_path: Path) -> None:
    """Two numbers of one registry: a pooled report, tied by none of them; a follow-up by the same author is tied."""
    first = linked_xml(TRIAL, "A.", pmid=FIRST, trials=["NCT97000001"], author="Invented")
    second = linked_xml(TRIAL, "A.", pmid=SECOND, trials=["NCT97000002"], author="Fictitious")
    pooled = linked_xml("A randomised trial and another", "B.", pmid=THIRD, trials=["NCT97000001", "NCT97000002"])
    assert members(catalog(tmp_path, first, second, pooled)) == []
    follow = linked_xml(
        "Five-year follow-up of a randomised controlled trial",
        "B.",
        pmid=THIRD,
        trials=["NCT97000001", "NCT97000003"],
        author="Invented",
        year=2025,
    )
    folder = tmp_path / "two"
    folder.mkdir()
    assert members(catalog(folder, first, second, follow)) == [
        (FIRST, FIRST, "family.cue", "NCT97000001", 0),
        (FIRST, THIRD, "family.cue", "Five-year follow-up of", 1),
    ]


def test_preprint_and_published_version_are_one_paper(tmp_path: Path) -> None:
    """By PubMed's link, or by title and first author; the published version counts."""
    long = "Ozone against steroid for sciatica: a randomised controlled trial"
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=FIRST, types=["Preprint"], links=[("UpdateIn", SECOND)], year=2023),
        linked_xml("Another title: a randomised controlled trial", "A.", pmid=SECOND, year=2022),
        linked_xml(long, "A.", pmid=THIRD, types=["Preprint"], year=2023),
        linked_xml(long.upper(), "A.", pmid=FOURTH, year=2023),
        linked_xml(long, "A.", pmid=FOURTH + 1, author="Namesake"),
    )
    found = members(path)
    assert [(family, pmid, rule, counts) for family, pmid, rule, _, counts in found] == [
        (FIRST, FIRST, "family.version", 0),
        (FIRST, SECOND, "family.version", 1),
        (THIRD, THIRD, "family.preprint_title", 0),
        (THIRD, FOURTH, "family.preprint_title", 1),
    ]


def test_a_retracted_report_does_not_count_for_its_family(tmp_path: Path) -> None:
    """Where the report with results is retracted, another stands for the family."""
    path = catalog(
        tmp_path,
        linked_xml(TRIAL, "A.", pmid=FIRST, types=["Retracted Publication"], trials=["NCT97000001"], year=2025),
        linked_xml("Ozone for sciatica: study protocol", "A.", pmid=SECOND, trials=["NCT97000001"]),
    )
    assert rows(path, "SELECT pmid FROM trial_families WHERE represents = 1") == [(SECOND,)]


def test_every_article_is_in_one_family_at_most_and_every_family_counts_once(tmp_path: Path) -> None:
    """Whatever ties them and in whatever order they come: one family each, one representative a family."""
    chance = random.Random(4)  # noqa: S311 - a fixed, made-up family tree
    raws = [
        linked_xml(
            TRIAL,
            "A.",
            pmid=970030000 + i,
            trials=[f"NCT9700{chance.randrange(12):04}"],
            links=[("UpdateOf", 970030000 + chance.randrange(60))],
        )
        for i in range(60)
    ]
    path = catalog(tmp_path, *raws)
    (tmp_path / "again").mkdir()
    assert members(path) == members(catalog(tmp_path / "again", *reversed(raws)))
    assert (
        rows(path, "SELECT family FROM trial_families GROUP BY family HAVING sum(represents) != 1 OR count(*) < 2")
        == []
    )
    assert rows(path, "SELECT family FROM trial_families GROUP BY family HAVING min(pmid) != family") == []
    assert rows(path, "SELECT sum(reports) FROM studies") == [(60,)]


def test_components_are_the_connected_groups() -> None:
    """Pairs in any order give sorted groups, the smallest number first."""
    assert components([(9, 4), (1, 2), (4, 3), (2, 1)]) == [[1, 2], [3, 4, 9]]
    assert components([]) == []
