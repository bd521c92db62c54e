"""The region a paper is about, from words that stand in a file."""

from __future__ import annotations

import pytest

from catalog.tagging.document import read
from catalog.tagging.region import decide_region
from harvest.errors import WrongUse
from harvest.region import read_region
from harvest.topics import load_topics
from tests.records import record

REGION = load_topics().region
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
    value, tags = decide_region(document, REGION)
    assert value == region
    assert [t.value for t in tags if t.chosen] == ([region] if region else [])
    for t in tags:
        assert t.source in ("title", "abstract")
        text = document.text("title" if t.source == "title" else "abstract")
        assert text[t.start : t.end] == t.quote != ""


def test_the_words_of_each_part_are_data() -> None:
    """Another vocabulary gives other regions, one without `region` none: no word of a part stands in code."""
    knee = read_region(
        {"id": "knee", "name": "knee", "place": "the knee", "words": ["knees?"], "elsewhere": ["back"]}, ValueError
    )
    assert decide_region(read(record("Plasma for the knee")), knee)[0] == "knee"
    assert decide_region(read(record("Plasma for the back")), knee)[0] == "other_site"
    assert decide_region(read(record("Plasma for the neck")), knee)[0] is None
    assert decide_region(read(record("Plasma for the knee")), None) == (None, ())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": []}, "words are missing"),
        ({"words": ["("]}, "is no regular expression"),
        ({"words": "knee"}, "must be a list of regular expressions"),
        ({"place": None}, "place must be a text"),
        ({"id": "The knee"}, "an id is lower-case letters"),
        ({"id": "other_site"}, "are taken"),
        ({"beside": "hip"}, "beside must be a mapping"),
        ({"sites": ["hip"]}, "unknown key 'sites'"),
    ],
)
def test_a_wrong_region_is_told(changed: dict[str, object], said: str) -> None:
    """Each mistake in `region` is named with its entry."""
    sound = {"id": "knee", "name": "knee", "place": "the knee", "words": ["knee"]}
    with pytest.raises(WrongUse, match=said):
        read_region({**sound, **changed}, lambda entry, what: WrongUse(f"{entry}: {what}"))
