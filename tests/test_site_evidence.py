"""Lists of what counts as evidence: each holds exactly the rows of the table `evidence` that it asks for."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.site.facets import facets, selected
from catalog.site.facts import Facts, load_facts
from catalog.site.filters import Filters, read_filters
from catalog.site.shelf import UNTAGGED, positions
from tests.site_fixtures import Site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

PLASMA_BEAT_DEXTROSE = 970000064  # in the bundled sample


def facts_of(shown: Site) -> Facts:
    with closing(sqlite3.connect(shown.path)) as conn:
        return load_facts(conn)


def asked(facts: Facts, **values: str) -> Filters:
    filters = read_filters({name: [value] for name, value in values.items()}, facts)
    assert filters.notes == ()
    return filters


def listed(facts: Facts, filters: Filters) -> list[int]:
    return sorted(facts.shelf.pmids[place] for place in positions(selected(filters, facts)))


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_every_group_of_evidence_is_its_list(name: str, request: pytest.FixtureRequest) -> None:
    """Treatment, level, what it was compared with and conclusion: the list of each group is the table's papers."""
    shown: Site = request.getfixturevalue(name)
    facts = facts_of(shown)
    groups = shown.rows(
        "SELECT intervention, level, coalesce(versus, '_none'), coalesce(direction, '_none'), json_group_array(pmid)"
        " FROM (SELECT * FROM evidence ORDER BY pmid) GROUP BY 1, 2, 3, 4"
    )
    assert len(groups) >= 3
    for intervention, level, versus, direction, pmids in groups:
        filters = asked(
            facts, intervention=intervention, level=level, versus=versus, direction=direction, evidence="counted"
        )
        assert str(listed(facts, filters)).replace(" ", "") == pmids
        assert listed(facts, filters.dropping("intervention")) == [
            row[0]
            for row in shown.rows(
                "SELECT DISTINCT pmid FROM evidence WHERE level = ? AND coalesce(versus, '_none') = ?"
                " AND coalesce(direction, '_none') = ? ORDER BY 1",
                level,
                versus,
                direction,
            )
        ]
    assert listed(facts, asked(facts, evidence="counted")) == [
        row[0] for row in shown.rows("SELECT DISTINCT pmid FROM evidence ORDER BY 1")
    ]


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_each_facet_counts_the_list_it_would_give(name: str, request: pytest.FixtureRequest) -> None:
    """A value's count is the length of the list with that value alone beside the other filters, counted or not."""
    facts = facts_of(request.getfixturevalue(name))
    everything = facts.shelf.everything
    questions = [
        {},
        {"evidence": "counted"},
        {"evidence": "counted", "intervention": "prp,prolotherapy", "direction": "favours,against"},
        {"intervention": "ozone", "role": "experimental,adjunct"},
        {"direction": "no_difference", "versus": "active"},
        {"role": "comparator", "region": "lumbar", "studies": "once"},
    ]
    for question in questions:
        filters = asked(facts, **question)
        for facet in facets(filters, facts, everything):
            for choice in facet.choices:
                assert choice.count == selected(filters.only(facet.id, choice.value), facts).bit_count()


def test_the_lesser_of_two_is_not_found_as_benefit(sample_site: Site) -> None:
    """The trial that plasma won is under plasma's benefit and dextrose's harm of it, and under neither's opposite."""
    facts = facts_of(sample_site)
    found = {
        (intervention, direction): PLASMA_BEAT_DEXTROSE
        in listed(facts, asked(facts, intervention=intervention, direction=direction))
        for intervention in ("prp", "prolotherapy")
        for direction in ("favours", "against")
    }
    assert found == {
        ("prp", "favours"): True,
        ("prp", "against"): False,
        ("prolotherapy", "favours"): False,
        ("prolotherapy", "against"): True,
    }
    assert PLASMA_BEAT_DEXTROSE in listed(facts, asked(facts, direction="favours"))


def test_a_control_has_no_conclusion_of_its_own(sample_site: Site) -> None:
    """A treatment that is only the comparator is not listed under what the paper concludes for the one under test."""
    facts = facts_of(sample_site)
    controls = sample_site.rows(
        "SELECT i.pmid, i.intervention FROM article_interventions i JOIN articles USING (pmid)"
        " WHERE i.role = 'comparator' AND articles.direction = 'favours'"
    )
    assert controls
    for pmid, intervention in controls:
        assert pmid not in listed(facts, asked(facts, intervention=intervention, direction="favours"))
        assert pmid in listed(facts, asked(facts, intervention=intervention, role="comparator"))
        assert pmid in listed(facts, asked(facts, intervention=intervention, direction=UNTAGGED))


def test_the_address_keeps_every_filter(sample_site: Site) -> None:
    """What is read from an address is written to it again, and the page says what it counts and how to leave it."""
    facts = facts_of(sample_site)
    words = {"intervention": "prp", "direction": "favours", "versus": "sham", "evidence": "counted", "harms": "serious"}
    filters = asked(facts, **words)
    assert parse_qs(urlsplit(filters.address()).query) == {name: [value] for name, value in words.items()}
    page = sample_site.get("/search?intervention=prp&evidence=counted").text
    assert "Only what counts as evidence" in page
    assert 'href="/search?intervention=prp"><span class="vh">Remove: </span>Counted as evidence' in page
    answer = sample_site.get("/search.json?intervention=prp&evidence=counted").json()
    assert (answer["evidence"], answer["total"]) == (
        "counted",
        sample_site.value("SELECT count(*) FROM evidence WHERE intervention = 'prp'"),
    )
    odd = sample_site.get("/search.json?evidence=all&versus=nobody&direction=up").json()
    assert odd["notes"] == [
        "Concludes “up” is not known here and was left out.",
        "Compared with “nobody” is not known here and was left out.",
    ]


def test_nothing_found_offers_what_does_not_count(sample_site: Site) -> None:
    """An empty list of evidence leads to the papers that do not count."""
    page = sample_site.get("/search?evidence=counted&region=other_site").text
    assert "With what does not count as evidence" in page
