"""Lists people ask for often: canned queries, right, quick, and readable without a word of SQL."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from html import unescape
from typing import Any

import pytest

from catalog.site.lists import listings
from tests.site_fixtures import DISPUTED, REPORT, RETRACTED, TRIAL, WITHDRAWN, Site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import site as site


def rows(opened: Site, name: str, **args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = opened.get(f"/lists/{name}.json", params=args).json()["rows"]
    return found


def test_the_lists_that_people_want_are_there(site: Site) -> None:
    """Levels 1 and 2, no difference, newest, retracted, disagreements, sample sizes, by journal, spin: all linked."""
    assert set(listings()) == set(
        "best_evidence no_difference newest retracted disagreements sample_sizes by_journal spin".split()  # noqa: SIM905
    )
    page = site.get("/lists").text
    for name, item in listings().items():
        assert f'href="/lists/{name}"' in page
        assert item.description in unescape(page)
        assert site.get(f"/lists/{name}").status_code == 200


@pytest.mark.parametrize("name", listings())
def test_page_and_datasettes_own_query_say_the_same(full_site: Site, name: str) -> None:
    """One SQL behind both, with the same parameter."""
    for treatment in ("ozone", "prp", "msc") if listings()[name].by_treatment else ("",):
        query = f"?_shape=array&intervention={treatment}"
        assert full_site.get(f"/catalog/{name}.json{query}").json() == rows(full_site, name, intervention=treatment)


@pytest.mark.parametrize("name", listings())
def test_no_list_reads_every_paper(full_site: Site, name: str) -> None:
    """Each goes by an index: no table of papers or tags is read from end to end."""
    with closing(sqlite3.connect(full_site.path)) as conn:
        plan = [row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {listings()[name].sql}", {"intervention": "prp"})]
    scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step and not step.startswith("SCAN s")]
    assert scans == [], plan


def test_levels_1_and_2(full_site: Site) -> None:
    """Each study once, best level first, none retracted, of the treatment asked for."""
    found = rows(full_site, "best_evidence", intervention="ozone")
    assert found
    assert [row["level"] for row in found] == sorted(row["level"] for row in found)
    assert {row["level"] for row in found} <= {"1", "2"}
    assert WITHDRAWN not in {row["pmid"] for row in found}
    wanted = full_site.rows(
        "SELECT a.pmid FROM studies a JOIN article_interventions i ON i.pmid = a.pmid"
        " WHERE i.intervention = 'ozone' AND i.role = 'experimental' AND a.level IN ('1', '2')"
        " AND a.status != 'retracted'"
    )
    assert {row["pmid"] for row in found} == {pmid for (pmid,) in wanted}


def test_trials_without_a_difference_and_their_sizes(full_site: Site) -> None:
    """The trial that found none, with how many took part."""
    assert [row["pmid"] for row in rows(full_site, "no_difference", intervention="ozone")] == [REPORT]
    sizes = {row["pmid"]: row["participants"] for row in rows(full_site, "sample_sizes", intervention="ozone")}
    assert sizes[REPORT] == 24


def test_retracted_newest_disagreements_and_journals(site: Site, full_site: Site) -> None:
    """Each holds just what its title says."""
    assert [row["pmid"] for row in rows(site, "retracted")] == [RETRACTED]
    newest = rows(site, "newest")
    assert RETRACTED not in {row["pmid"] for row in newest}
    assert TRIAL in {row["pmid"] for row in newest}
    assert [row["pmid"] for row in rows(full_site, "disagreements")] == [DISPUTED]
    wanted = site.rows("SELECT journal, count(*) FROM articles GROUP BY journal")
    assert {(row["journal"], row["papers"]) for row in rows(site, "by_journal")} == set(wanted)


def test_a_retracted_paper_is_marked_on_every_list(site: Site) -> None:
    """The list of retracted papers marks each as retracted, as the search does."""
    page = site.get("/lists/retracted").text
    assert page.count('<span class="badge status status-retracted">') == page.count('<p class="title">') > 0


def test_spin_quotes_both_sides(full_site: Site) -> None:
    """Conclusion and results stand beside each other, as many as the catalog holds."""
    assert len(rows(full_site, "spin")) == full_site.value("SELECT count(*) FROM spin")


def test_a_treatment_is_chosen_by_name(site: Site) -> None:
    """Treatments are links by their names; one that is none is said and changes nothing."""
    page = unescape(site.get("/lists/best_evidence?intervention=ozone").text)
    assert "<h1>Levels 1 and 2, by treatment: Ozone</h1>" in page
    assert re.search(r'intervention=ozone" aria-current="true">Ozone<', page)
    odd = site.get("/lists/best_evidence?intervention=<b>x</b>")
    assert odd.status_code == 200
    assert "is no treatment of this catalog" in odd.text
    assert "<b>x" not in odd.text


def test_no_such_list(site: Site) -> None:
    """A name that is none says where the lists are."""
    answer = site.get("/lists/nothing")
    assert answer.status_code == 404
    assert "/lists" in answer.text
