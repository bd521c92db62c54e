"""What benchmarks say of figures, without measuring any."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree

from benchmarks.cost import Measured, cost_lines
from benchmarks.instructions import KEPT, STEPS, judged
from benchmarks.material import mixed, write_file
from benchmarks.picture import bars, lines
from benchmarks.steps import OURS, timed
from harvest.record import parse_article


def test_a_tenth_more_instructions_fail_and_say_how_to_renew() -> None:
    """A ratio that grew by more than a tenth is a failure with the remedy; one that shrank asks to be kept."""
    assert judged({"parse": 2.19}, {"parse": 2.0}) == (
        ["parse: 2.19 times the floor's instructions (committed 2, +9.5 %)"],
        True,
    )
    said, well = judged({"parse": 2.3}, {"parse": 2.0})
    assert not well
    assert "renew: python -m benchmarks.instructions --renew" in said[1]
    said, well = judged({"parse": 1.7}, {"parse": 2.0})
    assert well
    assert "faster" in said[1]
    assert judged({"parse": 2.0}, {}) == (["parse: 2 times the floor's instructions (no figure yet)"], True)


def test_committed_ratios_name_every_step() -> None:
    """Each Python that has figures has one for every step that is held against a floor."""
    wanted = {name for name, (_, _, base) in STEPS.items() if name != base}
    kept = json.loads(KEPT.read_text("utf-8"))
    assert kept
    assert all(found.keys() == wanted for found in kept.values())


def test_all_of_pubmed_takes_as_long_as_the_slowest_part() -> None:
    """With 1,000 records a second and core, 40 million take 5.6 hours on two cores; on 320 the writer limits."""
    text = "\n".join(cost_lines(Measured(1_000, 1.0, 2, {1: 1.0, 2: 1.0}, {1: 1.0, 2: 1.0, 4: 0.5})))
    assert "120 files" in text
    assert "| 2 | 5.6 h | 22 min | 17 min | 5.6 h | 5.6 h (scan) |" in text
    assert "| 320 | 2 min | 22 min | 17 min | 22 min | 22 min (writer) |" in text


def test_pictures_are_svg_that_says_what_it_shows() -> None:
    """Both pictures are well-formed, named for those who cannot see them, and need nothing from elsewhere."""
    bar = bars(
        "Times & more", "below", [("Group", [("floor", 1.0, "1.00 ×", "floor"), ("tag <x>", 95.0, "95 ×", "ours")])]
    )
    line = lines("Memory", "below", [(0, 60), (10, 61)], "seconds", "MB", top=100, aim=80)
    for text in (bar, line):
        root = etree.fromstring(text.encode())
        assert root.get("aria-label")
        assert "href" not in text
    assert "Times &amp; more" in bar
    assert "tag &lt;x&gt;" in bar


def test_every_step_reads_the_same_file(tmp_path: Path) -> None:
    """Invented records as long as real ones are read by each of our steps, and of ten one is on topic."""
    path = write_file(tmp_path / "records.xml.gz", mixed(10, 10))
    counts = {name: step(path) for name, step in OURS.items()}
    assert set(counts.values()) == {10, 1}
    assert counts["scan: as harvest bulk does"] == 1
    assert timed({"floor": OURS["floor: unzip + lxml.iterparse"]}, [path], 1)["floor"] > 0
    assert all(len(parse_article(raw).references) == 20 for raw in mixed(10, 10))
