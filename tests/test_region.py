"""The region a paper is about, from words that stand in a file."""

from __future__ import annotations

import pytest

from catalog.tagging import region as module
from catalog.tagging.document import read
from catalog.tagging.region import REGIONS, decide_region
from catalog.tagging.tables import table
from tests.records import record

Sections = str | list[tuple[str, str]]

CASES: list[tuple[str, str, Sections, str | None]] = [
    ("lower back", "Ozone for low back pain", "", "lumbar"),
    ("back alone", "Ozone for chronic back pain", "", "lumbar"),
    ("sacroiliac", "Plasma for the sacroiliac joint", "", "lumbar"),
    ("pelvis", "Prolotherapy for pelvic ligament pain", "", "lumbar"),
    ("sciatica", "Ozone for sciatica", "", "lumbar"),
    ("a level", "Fusion at L4-L5 with marrow", "", "lumbar"),
    ("neck", "Plasma for cervical facet joints", "", "cervical_thoracic"),
    ("upper back", "Ozone for thoracic disc herniation", "", "cervical_thoracic"),
    ("neck and back", "Plasma for neck and low back pain", "", "lumbar"),
    (
        "neck, and the back in the aim",
        "Plasma for cervical facets",
        [("OBJECTIVE", "To treat neck and low back pain.")],
        "lumbar",
    ),
    (
        "neck, the back only in passing",
        "Plasma for cervical facets",
        [("BACKGROUND", "Low back pain is common.")],
        "cervical_thoracic",
    ),
    ("knee", "Plasma for knee osteoarthritis", "", "other_site"),
    (
        "knee, the back in passing",
        "Plasma for knee osteoarthritis",
        "Unlike low back pain, knees improve.",
        "other_site",
    ),
    ("gut", "Mesenchymal cells for Crohn's disease", "", "other_site"),
    ("discs in general", "Cells in degenerated intervertebral discs", "Rabbits were used.", "unstated"),
    (
        "discs, the lower back elsewhere",
        "Cells in degenerated discs",
        [("BACKGROUND", "Discs cause low back pain.")],
        "lumbar",
    ),
    (
        "discs, the neck elsewhere",
        "Cells in degenerated discs",
        [("METHODS", "Cervical discs were cut.")],
        "cervical_thoracic",
    ),
    ("spine", "Marrow for spinal fusion", "", "unstated"),
    ("no site in the title", "A survey", [("OBJECTIVE", "To ask people with lumbago.")], "lumbar"),
    ("no site but in the methods", "A survey", [("METHODS", "Shoulders were injected.")], "other_site"),
    ("idiom", "Ozone: a head-to-head trial of two devices", "They went back to work.", None),
    ("cancer of the cervix", "Ozone in cervical cancer", "", "other_site"),
    ("nothing", "Ozone in general practice", "", None),
    ("nothing at all", "", "", None),
]


@pytest.mark.parametrize(("title", "abstract", "region"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_region(title: str, abstract: Sections, region: str | None) -> None:
    """The lower back wins where title or aim names it; a neck must stand alone; no word, no region."""
    document = read(record(title, abstract))
    value, tags = decide_region(document)
    assert value == region
    assert [t.value for t in tags if t.chosen] == ([region] if region else [])
    for t in tags:
        assert t.source in ("title", "abstract")
        text = document.text("title" if t.source == "title" else "abstract")
        assert text[t.start : t.end] == t.quote != ""


def test_the_words_of_each_site_are_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another vocabulary of sites gives other regions: no word of a site stands in code."""
    other = {
        "sites": {"lumbar": ["knee"], "cervical_thoracic": ["x"], "spine": ["y"], "other_site": ["back"]},
        "not_in": "z",
    }
    for cached in (module._sites, module._not_in):
        cached.cache_clear()
    monkeypatch.setattr(module, "table", lambda name: other)
    try:
        assert decide_region(read(record("Plasma for the knee")))[0] == "lumbar"
        assert decide_region(read(record("Plasma for the back")))[0] == "other_site"
    finally:
        for cached in (module._sites, module._not_in):
            cached.cache_clear()


def test_regions_are_those_of_the_file() -> None:
    """The file has words for every region that a word can name."""
    assert set(table("region")["sites"]) == (set(REGIONS) - {"unstated"}) | {"spine"}
