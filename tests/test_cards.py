"""A card's numbers: each traced to SQL written for this test, and each leads to a list that holds exactly as many."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.card import Card, Product, load_card, product_of
from catalog.claimtables import held_claims
from catalog.dossier import CLINICAL, Question, gather
from catalog.harmsheet import upper_bound
from catalog.listing import HERE, UNKNOWN, Listing, Papers
from catalog.site.facets import selected
from catalog.site.facts import Facts, load_facts
from catalog.site.filters import read_filters
from catalog.site.shelf import UNTAGGED, positions
from harvest.stream import elements
from tests.claim_records import (
    ELSEWHERE,
    FIRST_REVIEW,
    LATE_REPORT,
    LEANING_REVIEW,
    MARROW_SERIES,
    SECOND_REVIEW,
    SERIOUS_CASE,
    WITHIN_REVIEW,
    drawn_records,
    told_records,
)
from tests.linked import linked_xml
from tests.site_fixtures import write_site

# The evidence on one claim and treatment, from the articles themselves.
HELD = """
WITH held AS (
    SELECT a.*, i.direction AS concludes FROM articles a
    JOIN article_interventions i ON i.pmid = a.pmid AND i.role = 'experimental' AND i.intervention = :intervention
    JOIN claim_evidence e ON e.pmid = a.pmid AND e.claim = :claim AND e.intervention = :intervention
    WHERE a.status <> 'retracted' AND coalesce(a.region, 'unstated') IN ('lumbar', 'unstated')
    AND NOT EXISTS (SELECT 1 FROM trial_families f WHERE f.pmid = a.pmid AND f.represents = 0)
)
"""
# What a conclusion stands against, said in SQL.
AGAINST = (
    "CASE WHEN versus IS NOT NULL THEN versus WHEN basis IN ('between', 'pooled_between') THEN 'control'"
    " ELSE 'unclear' END"
)


@pytest.fixture(scope="module", params=["told", "drawn 3", "drawn 4"])
def conn(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Three catalogs of invented records: families, retracted trials, head-to-heads, reviews of before and after."""
    kind, _, seed = request.param.partition(" ")
    records = told_records() if kind == "told" else drawn_records(int(seed))
    with closing(sqlite3.connect(write_site(tmp_path_factory.mktemp("cards") / "catalog.db", records))) as opened:
        yield opened


@pytest.fixture(scope="module")
def cards(conn: sqlite3.Connection) -> list[Card]:
    return [load_card(conn, claim) for claim in held_claims(conn).claims]


@pytest.fixture(scope="module")
def facts(conn: sqlite3.Connection) -> Facts:
    return load_facts(conn)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = write_site(tmp_path_factory.mktemp("told") / "catalog.db", told_records())
    with closing(sqlite3.connect(path)) as opened:
        yield opened


def products(cards: list[Card]) -> Iterator[tuple[Card, Product]]:
    return ((card, product) for card in cards for product in card.every)


def card_of(conn: sqlite3.Connection, claim: str) -> Card:
    return load_card(conn, held_claims(conn).claim(claim))


def asked(conn: sqlite3.Connection, card: Card, product: Product, sql: str) -> list[tuple[object, ...]]:
    values = {"claim": card.claim.id, "intervention": product.intervention}
    return sorted(conn.execute(HELD + sql, values).fetchall(), key=repr)


def numbered(product: Product) -> Iterator[Listing | Papers]:
    """Every number of a product that a card can show."""
    yield from (product.listing, product.people, product.preclinical, product.reviews, product.retracted)
    yield product.leaning
    if product.as_claimed:
        yield product.as_claimed
    if product.settling:
        yield product.settling
    for rung in (*product.rungs, *(product.compared or ())):
        yield rung.listing
        if rung.uncontrolled:
            yield rung.uncontrolled
        for split in rung.splits:
            yield split.listing
            yield from (held for _, held in split.directions)
    for named in (product.unlevelled, product.certainty, product.harms.by_value, product.harms.reviews_by_value):
        yield from (held for _, held in named)
    yield from (product.harms.studies, product.harms.reviews)
    if product.harms.bound:
        yield product.harms.bound.studies


def test_levels_comparisons_and_directions_are_what_sql_counts(conn: sqlite3.Connection, cards: list[Card]) -> None:
    """By level, what it stands against and direction: the same groups, the same numbers, and nothing lost."""
    groups = 0
    for card, product in products(cards):
        said = sorted(
            (
                (rung.level, split.against, None if name == UNKNOWN else name, held.number)
                for rung in product.rungs
                for split in rung.splits
                for name, held in split.directions
            ),
            key=repr,
        )
        sql = (
            f"SELECT level, {AGAINST}, concludes, count(*) FROM held WHERE level IN ('1', '2', '3', '4')"  # noqa: S608
            " GROUP BY 1, 2, 3"
        )
        assert said == asked(conn, card, product, sql)
        assert sum(number for *_, number in said) == product.people.number
        groups += len(said)
    assert groups > 60


def test_what_compares_as_the_claim_does(conn: sqlite3.Connection, cards: list[Card]) -> None:
    """Arms compared, and a comparator that the claim names, alone or beside others."""
    seen = 0
    for card, product in products(cards):
        if not card.claim.comparator:
            assert product.compared is None
            continue
        wanted = " OR ".join(f"';' || comparator || ';' LIKE '%;{kind};%'" for kind in card.claim.comparator)
        sql = (
            "SELECT level, count(*) FROM held WHERE versus IN ('sham', 'active', 'sham_and_active')"  # noqa: S608
            f" AND level IN ('1', '2', '3', '4') AND ({wanted}) GROUP BY 1"
        )
        assert product.compared is not None
        said = [(rung.level, rung.listing.number) for rung in product.compared]
        assert said == asked(conn, card, product, sql)
        assert product.as_claimed is not None
        assert product.as_claimed.number == sum(number for _, number in said)
        seen += len(said)
    assert seen > 3


def test_the_rest_of_the_numbers(conn: sqlite3.Connection, cards: list[Card]) -> None:
    """Preclinical, no level by design, certainty, harms of studies and reviews, reviews with uncontrolled studies."""
    for card, product in products(cards):

        def rows(
            listed: tuple[tuple[str, Listing], ...],
            field: str,
            where: str,
            card: Card = card,
            product: Product = product,
        ) -> None:
            sql = f"SELECT coalesce({field}, '_none'), count(*) FROM held WHERE {where} GROUP BY 1"  # noqa: S608
            assert sorted(((name, held.number) for name, held in listed), key=repr) == asked(conn, card, product, sql)

        rows(product.unlevelled, "design", "level = 'none'")
        rows(product.certainty, "certainty", "design IN ('systematic_review', 'guideline')")
        reviews = "design IN ('systematic_review', 'narrative_review', 'guideline')"
        people = f"NOT {reviews} AND design NOT IN ('animal', 'in_vitro', 'opinion', 'protocol')"
        rows(product.harms.by_value, "harms", people)
        rows(product.harms.reviews_by_value, "harms", reviews)
        (total,) = asked(conn, card, product, "SELECT count(*) FROM held WHERE level = '5'")
        assert (product.preclinical.number,) == total
        sql = (
            "SELECT DISTINCT held.pmid FROM held JOIN tags t ON t.pmid = held.pmid AND t.field = 'lowest_design'"
            " AND t.chosen = 1 AND t.value != 'controlled' WHERE design = 'systematic_review' AND level = '4'"
        )
        lowest = {pmid for (pmid,) in asked(conn, card, product, sql)}
        for rung in product.rungs:
            assert (rung.uncontrolled is not None) == (rung.level == "4")
            assert rung.level != "4" or lowest <= {row.pmid for row in (rung.uncontrolled or rung.listing).rows}


def test_a_bound_only_where_nobody_was_seriously_harmed(conn: sqlite3.Connection, cards: list[Card]) -> None:
    """3/n over followed people of studies that stated events; none where any serious event is known."""
    bounds = 0
    for card, product in products(cards):
        (serious,) = asked(conn, card, product, "SELECT count(*) FROM held WHERE harms = 'serious'")[0]
        sql = (
            "SELECT count(*), coalesce(sum(participants), 0), coalesce(sum(design != 'single_arm'), 0) FROM held"
            " WHERE harms = 'none_serious' AND participants IS NOT NULL AND design IN"
            " ('rct', 'nonrandomised_controlled', 'historical_control', 'single_arm')"
        )
        studies, people, controlled = asked(conn, card, product, sql)[0]
        bound = product.harms.bound
        if serious or not people:
            assert bound is None
            continue
        if bound is None:  # a serious event in another report of a counted trial, or in a review that does not count
            assert product.harms.serious
            continue
        assert (bound.people, bound.studies.number, bound.controls) == (people, studies, bool(controlled))
        assert bound.upper == upper_bound(int(str(people)))
        bounds += 1
    assert bounds or card.claim


def test_each_number_leads_to_a_list_of_as_many(facts: Facts, cards: list[Card]) -> None:
    """Every number's slice, read by the site as an address, gives exactly the papers it counts."""
    assert UNKNOWN == UNTAGGED
    checked = 0
    for _, product in products(cards):
        for counted in numbered(product):
            assert HERE not in dict(counted.slice)
            filters = read_filters({name: list(values) for name, values in counted.slice}, facts)
            assert filters.notes == ()
            pmids = [facts.shelf.pmids[place] for place in positions(selected(filters, facts))]
            assert len(pmids) == counted.number, (product.intervention, counted.slice)
            if isinstance(counted, Listing):
                assert pmids == [row.pmid for row in counted.rows]
            checked += bool(pmids)
    assert checked > 300


@pytest.mark.shared
def test_each_number_on_real_records_leads_to_a_list_of_as_many(
    shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Cards of real papers of the field: levels, comparisons and harms add up, and every number is its list."""
    with (shared_data / "ontopic" / "ontopic.xml").open("rb") as stream:
        raws = [element.raw for element in elements(stream, name="ontopic.xml")]
    path = write_site(tmp_path_factory.mktemp("real") / "catalog.db", raws)
    checked = 0
    with closing(sqlite3.connect(path)) as conn:
        facts = load_facts(conn)
        for claim in held_claims(conn).claims:
            for product in load_card(conn, claim).every:
                assert product.people.number == sum(rung.listing.number for rung in product.rungs)
                for counted in numbered(product):
                    filters = read_filters({name: list(values) for name, values in counted.slice}, facts)
                    assert selected(filters, facts).bit_count() == counted.number
                    checked += bool(counted.number)
    assert checked > 500


def test_a_question_asked_at_will_has_the_same_numbers(conn: sqlite3.Connection, facts: Facts) -> None:
    """Without a standing claim, by treatments and conditions: every number leads to as many, too."""
    question = Question(("msc", "ozone"), ("low_back_pain", "sciatica"), ("steroid", "surgery"))
    for dossier in gather(conn, question):
        product = product_of(conn, dossier)
        assert product.settling is None
        for counted in numbered(product):
            filters = read_filters({name: list(values) for name, values in counted.slice}, facts)
            assert selected(filters, facts).bit_count() == counted.number


def test_level_1_for_cells_over_drugs(told: sqlite3.Connection) -> None:
    """Three level 1 reviews, one citing a retracted trial, none against drugs; a trial against them; one of level 4."""
    card = card_of(told, "msc-less-pain-than-drugs")
    cells, marrow, fat = card.every
    assert [product.intervention for product in card.apart] == ["bone_marrow", "adipose"]
    assert cells.rung("1").listing.number == 3
    assert [(rung.level, rung.listing.number) for rung in cells.compared or ()] == [("2", 1)]
    uncontrolled = cells.rung("4").uncontrolled
    assert uncontrolled is not None
    assert [row.pmid for row in uncontrolled.rows] == [WITHIN_REVIEW]
    (nothing,) = cells.rung("4").splits
    assert nothing.against == "nothing"
    assert (marrow.people.number, fat.people.number) == (2, 1)
    assert cells.retracted.number == cells.leaning.number == 1
    assert cells.settling is not None
    assert cells.settling.number == 1


def test_reviews_that_share_a_trial_are_known_as_such(told: sqlite3.Connection) -> None:
    """Reviews that cite reports of one trial; a paper that is in no catalog ties nobody; one review shares nothing."""
    overlap = card_of(told, "msc-less-pain-than-drugs").products[0].overlap
    assert ELSEWHERE not in {pmid for pmid, _ in overlap.sharing}
    assert overlap.reviews == 4
    assert overlap.known == (SECOND_REVIEW, FIRST_REVIEW, LEANING_REVIEW, WITHIN_REVIEW)
    assert overlap.sharing == (
        (SECOND_REVIEW, (FIRST_REVIEW,)),
        (FIRST_REVIEW, (SECOND_REVIEW, LEANING_REVIEW)),
        (LEANING_REVIEW, (FIRST_REVIEW,)),
    )


def test_reviews_are_tied_by_a_registry_number(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One review cites the trial, the other names its registration."""
    records = [
        *told_records(),
        linked_xml(
            "Synthetic mesenchymal cells in the spine: a systematic review of randomized controlled trials",
            "We searched Scopus. We included only randomized controlled trials of mesenchymal stem cells for low back"
            " pain. One of them was NCT00000021, another NCT00000029.",
            pmid=970020900,
            types=("Journal Article", "Systematic Review"),
            year=2026,
        ),
    ]
    path = write_site(tmp_path_factory.mktemp("tied") / "catalog.db", records)
    with closing(sqlite3.connect(path)) as conn:
        overlap = card_of(conn, "msc-less-pain-than-drugs").products[0].overlap
    assert overlap.sharing[0] == (970020900, (SECOND_REVIEW, FIRST_REVIEW))


def test_serious_events_are_told_with_their_words(told: sqlite3.Connection) -> None:
    """A case report counts for harm whatever its level, and takes away the bound of those who had none."""
    cells, marrow, _ = card_of(told, "msc-safe").every
    (event,) = cells.harms.serious
    assert (event.pmid, event.counted) == (SERIOUS_CASE, True)
    assert "spondylodiscitis" in (event.quote or "").lower()
    assert cells.harms.bound is None
    assert MARROW_SERIES in {row.pmid for row in marrow.harms.of("none_serious").rows}
    assert marrow.harms.bound is None


def test_a_serious_event_in_another_report_of_a_trial_is_not_lost(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The report that stands for a trial says nothing of harm; an earlier one does, and is told though not counted."""
    records = [
        *told_records(),
        linked_xml(
            "Synthetic mesenchymal precursor cells for degenerative disc disease: harms in a randomized trial",
            "Patients with degenerative disc disease were randomly assigned to mesenchymal precursor cells or saline."
            " One patient in the cell group developed discitis.",
            pmid=970020901,
            types=("Journal Article", "Randomized Controlled Trial"),
            trials=["NCT00000021"],
            year=2019,
        ),
    ]
    path = write_site(tmp_path_factory.mktemp("other") / "catalog.db", records)
    with closing(sqlite3.connect(path)) as conn:
        cells = card_of(conn, "msc-safe").products[0]
    assert LATE_REPORT in {row.pmid for row in cells.listing.rows}
    assert {(event.pmid, event.counted) for event in cells.harms.serious} == {(SERIOUS_CASE, True), (970020901, False)}


@pytest.mark.parametrize(
    ("people", "percent"), [(1, 95.0), (10, 25.9), (24, 11.7), (30, 10.0), (300, 1.0), (1000, 0.3)]
)
def test_the_rule_of_three(people: int, percent: float) -> None:
    """About 3/n, and exact where n is small; never over 100 %."""
    assert round(upper_bound(people) * 100, 1) == percent


def test_the_state_names_what_is_counted(told: sqlite3.Connection, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The same rows give the same state on any day; one more study gives another."""
    claim = held_claims(told).claim("msc-safe")
    card = load_card(told, claim)
    assert load_card(told, claim).state == card.state
    assert load_card(told, replace(claim, statement="Otherwise.")).state != card.state
    path = write_site(tmp_path_factory.mktemp("fewer") / "catalog.db", told_records()[1:])
    with closing(sqlite3.connect(path)) as conn:
        assert card_of(conn, "msc-safe").state != card.state
        assert card_of(conn, "ozone-safe").state == card_of(told, "ozone-safe").state


def test_a_claim_outside_the_catalog_has_no_numbers(told: sqlite3.Connection) -> None:
    """Nothing is gathered on rest; the card holds the claim and no product."""
    card = card_of(told, "rest-for-acute-pain")
    assert card.every == ()
    assert card.claim.outside
    assert CLINICAL == ("1", "2", "3", "4")
