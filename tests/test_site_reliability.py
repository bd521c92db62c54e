"""The page on how reliable the tags are: the committed figures, in counts and plain words."""

from __future__ import annotations

import copy
import html
import re

from catalog.site.reliability import document, load_parts, words
from tests.site_fixtures import Site
from tests.site_fixtures import site as site


def test_every_figure_is_the_committed_one(site: Site) -> None:
    """For each labelled field, right of given, and the interval, as evaluation.json has them."""
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html.unescape(site.get("/reliability").text)))
    for name, entry in document()["fields"].items():
        if not entry["labelled"]:
            continue
        kept = entry["abstaining"]
        right, of = (kept["right"], kept["given"]) if kept else (entry["agreed"], entry["records"])
        figure = entry["figures"]["right_of_given" if kept else "accuracy"]
        rate, low, high = (f"{figure[part] * 100:.0f}" for part in ("value", "low", "high"))
        assert f"{right} of {of} right: {rate} % ({low} to {high})" in page, name


def test_it_says_how_the_figures_were_made_and_what_fails(site: Site) -> None:
    """How many records, two readers, no clinician, and every known failure in words."""
    page = html.unescape(site.get("/reliability").text)
    assert f"{document()['data']['compared']} records of the field were compared" in page
    assert "Two readers" in page
    unread = document()["unread"]["data"]["compared"]
    assert f"Of {unread} papers that nobody had read when the rules were written" in page
    assert "Records nobody read while the rules were written" in page
    assert "No clinician has checked the labels." in page
    for line in (*words()["made"], *words()["failures"]):
        assert line in page


def test_json_holds_the_whole_document(site: Site) -> None:
    """The same address with .json gives every figure and the words."""
    found = site.get("/reliability.json").json()
    assert found["evaluation"] == document()
    assert found["made"] == words()["made"]


def test_a_document_with_more_in_it_is_read_too() -> None:
    """New keys, new fields and parts of their own change nothing of the rest; records kept unread stand apart."""
    figures = copy.deepcopy(document())
    figures["schema_version"] = 2
    figures["new"] = {"things": [1]}
    figures["fields"]["mood"] = {"labelled": 3, "agreed": 2, "records": 3, "surprise": {}}
    figures["fields"]["empty"] = {"labelled": 0}
    figures["unread"] = {"data": {"compared": 25}, "fields": {"level": figures["fields"]["level"]}}
    figures["parts"] = {"second": {"fields": {"design": figures["fields"]["design"]}}}
    parts = load_parts(figures, words()["fields"])
    assert [part.id for part in parts] == ["all", "unread", "second"]
    assert parts[1].title == "Records nobody read while the rules were written"
    assert parts[1].records == 25
    mood = next(row for row in parts[0].rows if row.field == "mood")
    assert (mood.name, mood.right, mood.of, mood.rate, mood.few) == ("Mood", 2, 3, None, True)
    assert "empty" not in {row.field for row in parts[0].rows}
    assert load_parts({}, words()["fields"])[0].rows == ()


def test_every_field_has_a_conclusion() -> None:
    """What is scored is told with what a clinician should conclude of it."""
    scored = {row.field for row in load_parts(document(), words()["fields"])[0].rows}
    assert scored - {"adjunct_interventions", "comparator_interventions", "favoured", "status"} <= set(
        words()["fields"]
    )
