"""A harvest plot: every study a bar under what it concludes; its height the level or the number of participants.

After Ogilvie and others, BMC Med Res Methodol 2008;8:8. The fill tells what a study was compared with, the number under
a bar its row in the table. A trial is drawn once, a retracted paper never, and only treatments under test.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog.site.compare import Compared, Part
from catalog.site.evidence_table import study_of
from catalog.site.facts import Facts
from catalog.site.words import VERDICTS, plural

__all__ = ["FILLS", "HEIGHTS", "Bar", "Lane", "Plot", "Post", "harvest_plot"]

HEIGHTS = {"level": "Level", "participants": "Participants"}
# What the fill of a bar tells, in the order of the legend; an unknown control is `unclear`.
FILLS = {
    "sham": "sham or placebo",
    "active": "active treatment",
    "sham_and_active": "both",
    "nothing": "nothing",
    "unclear": "not clear",
}
# Columns from against to for, as a harvest plot has them; then what stands apart. The first four are always there.
_ORDER = ("against", "alike", "mixed", "better", "improved", "untold")
_ALWAYS = 4
_LEVELS = {"1": 64.0, "2": 52.0, "3": 38.0, "4": 24.0, "5": 12.0}
_NO_LEVEL = 7.0
TALLEST = 64.0
LEFT, TOP, GAP, PAD = 172, 40, 8, 6
WIDTH, NARROWEST = 1040, 118
BAR, THINNEST = 18.0, 4.0
NUMBERED = 12.0  # bars at least this wide have their number under them
_ROW = TALLEST + 34
_NAME = 15  # letters of a treatment's name in a line


@dataclass(frozen=True, slots=True)
class Bar:
    """A study in the plot: where its bar stands, how it is filled, and what it says when pointed at."""

    number: int  # its row in the table, from 1
    x: float
    y: float
    width: float
    height: float
    verdict: str
    fill: str
    unknown: bool  # no height is known
    said: str


@dataclass(frozen=True, slots=True)
class Post:
    """A column's place and heading, in two lines."""

    verdict: str
    x: float
    width: float
    lines: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lane:
    """A treatment's studies."""

    name: str
    lines: tuple[str, ...]  # the name, broken to fit beside its bars
    y: float  # of the ground the bars stand on
    groups: tuple[tuple[str, tuple[Bar, ...]], ...]  # a verdict, its bars
    said: str


@dataclass(frozen=True, slots=True)
class Plot:
    """The whole picture, in SVG units; `notes` say what is not drawn."""

    width: float
    height: float
    by: str
    posts: tuple[Post, ...]
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, str], ...]  # height above the ground, its label
    fills: tuple[tuple[str, str], ...]
    key: str  # the numbers under the bars with their studies; "" where bars are too thin for numbers
    notes: tuple[str, ...]

    @property
    def said(self) -> str:
        """The picture in words."""
        return ". ".join(f"{lane.name}: {lane.said}" for lane in self.lanes) or "Nothing to draw"


_HEADS = {
    "against": ("Against", "control better, no effect"),
    "alike": ("No difference", "or not inferior"),
    "mixed": ("Mixed", "or too little evidence"),
    "better": ("Better", "than the control"),
    "improved": ("Improved", "from before to after"),
    "untold": ("Not told", "or left open"),
}
Drawn = tuple[int, Compared, Part]  # the row in the table, the paper, the treatment


def harvest_plot(papers: Sequence[Compared], facts: Facts, by: str = "level") -> Plot:
    """Lay out the plot.

    Args:
        papers: in the table's order.
        facts: the catalog.
        by: what the height is: one of `HEIGHTS`.
    """
    drawn, notes = _studies(papers)
    treatments: dict[str, list[Drawn]] = {
        name: kept
        for name in facts.names["intervention"]
        if (kept := [entry for entry in drawn if entry[2].intervention == name])
    }
    grouped = {name: _by_verdict(entries, by) for name, entries in treatments.items()}
    shown = [
        verdict
        for at, verdict in enumerate(_ORDER)
        if at < _ALWAYS or any(groups.get(verdict) for groups in grouped.values())
    ]
    most = {verdict: max((len(g.get(verdict, ())) for g in grouped.values()), default=0) for verdict in shown}
    posts, bar = _posts(most)
    largest = max((paper.participants or 0 for _, paper, _ in drawn), default=0)
    lanes = []
    for at, (name, groups) in enumerate(grouped.items()):
        ground = TOP + at * _ROW + TALLEST + 8
        bars = [
            (
                post.verdict,
                tuple(_bar(e, facts, by, largest, post, i, bar, ground) for i, e in enumerate(groups[post.verdict])),
            )
            for post in posts
            if groups.get(post.verdict)
        ]
        said = ", ".join(
            f"{len(groups[verdict])} {VERDICTS[verdict][1]}" for verdict in reversed(shown) if groups.get(verdict)
        )
        title = facts.name("intervention", name).name
        lanes.append(Lane(title, tuple(textwrap.wrap(title, _NAME)), ground, tuple(bars), said))
    used = {bar.fill for lane in lanes for _, some in lane.groups for bar in some}
    return Plot(
        posts[-1].x + posts[-1].width + PAD,
        TOP + len(lanes) * _ROW + 4,
        by,
        posts,
        tuple(lanes),
        _ticks(facts, by, largest),
        tuple((fill, name) for fill, name in FILLS.items() if fill in used),
        _key(drawn) if bar >= NUMBERED else "",
        tuple(notes),
    )


def _studies(papers: Sequence[Compared]) -> tuple[list[Drawn], list[str]]:
    """(each study once, for each of its treatments under test; what is left out, a line each)."""
    drawn: list[Drawn] = []
    retracted = elsewhere = again = untested = 0
    families: set[tuple[int, ...]] = set()
    present = {paper.pmid for paper in papers if not paper.retracted and not paper.elsewhere}
    for number, paper in enumerate(papers, 1):
        tested = [part for part in paper.parts if part.tested]
        if paper.retracted:
            retracted += 1
            continue
        if paper.elsewhere:
            elsewhere += 1
            continue
        if paper.family is not None:
            stands_for_it = paper.family.represents == paper.pmid or paper.family.represents not in present
            if not stands_for_it or paper.family.members in families:
                again += 1
                continue
            families.add(paper.family.members)
        if not tested:
            untested += 1
        drawn += [(number, paper, part) for part in tested]
    notes = []
    if retracted:
        notes.append(f"{plural(retracted, 'retracted paper')} not drawn.")
    if elsewhere:
        notes.append(f"{plural(elsewhere, 'paper')} about another part of the body not drawn.")
    if again:
        notes.append(f"{plural(again, 'further paper')} on a study that is drawn already.")
    if untested:
        notes.append(f"{plural(untested, 'paper')} with none of these treatments under test not drawn.")
    return drawn, notes


def _key(drawn: Sequence[Drawn]) -> str:
    named = {number: study_of(paper) for number, paper, _ in drawn}
    return "; ".join(f"{number} {name}" for number, name in sorted(named.items()))


def _by_verdict(entries: Sequence[Drawn], by: str) -> dict[str, list[Drawn]]:
    groups: dict[str, list[Drawn]] = {}
    for entry in entries:
        groups.setdefault(entry[1].verdict_for(entry[2]), []).append(entry)

    def rank(entry: Drawn) -> tuple[float, str, int]:
        paper = entry[1]
        return (-(paper.participants or 0) if by == "participants" else 0, paper.level, entry[0])

    return {verdict: sorted(group, key=rank) for verdict, group in groups.items()}


def _posts(most: Mapping[str, int]) -> tuple[tuple[Post, ...], float]:
    """(the columns, each wide enough for its bars and its heading; how wide a bar with its gap is)."""

    def widths(bar: float) -> dict[str, float]:
        return {verdict: max(NARROWEST, count * bar + PAD) for verdict, count in most.items()}

    room = WIDTH - LEFT - GAP * (len(most) - 1) - PAD
    bar = BAR
    while bar > THINNEST and sum(widths(bar).values()) > room:
        bar -= 0.5
    found = widths(bar)
    spare = max(0.0, room - sum(found.values())) / len(found)
    posts = []
    x = float(LEFT)
    for verdict, width in found.items():
        posts.append(Post(verdict, x, width + spare, _HEADS[verdict]))
        x += width + spare + GAP
    return tuple(posts), bar


def _bar(entry: Drawn, facts: Facts, by: str, largest: int, post: Post, place: int, bar: float, ground: float) -> Bar:
    number, paper, part = entry
    height = _height(paper, by, largest)
    verdict = paper.verdict_for(part)
    fill = paper.versus or "unclear"
    people = f"{paper.participants:,} people" if paper.participants is not None else "people: not known"
    level = facts.name("level", paper.level).name
    said = f"{number} {study_of(paper)} · {level} · {people} · {FILLS[fill]}"
    known = height if height is not None else _NO_LEVEL
    x = post.x + PAD / 2 + place * bar
    return Bar(number, x, ground - known, max(bar - 3, bar * 0.75), known, verdict, fill, height is None, said)


def _height(paper: Compared, by: str, largest: int) -> float | None:
    """A bar's height; areas of participants grow with their number's square root, so that small trials stay seen."""
    if by == "level":
        return _LEVELS.get(paper.level)
    if paper.participants is None or not largest:
        return None
    return max(3.0, TALLEST * math.sqrt(paper.participants / largest))


def _ticks(facts: Facts, by: str, largest: int) -> tuple[tuple[float, str], ...]:
    if by == "level":
        return tuple((height, facts.name("level", level).name) for level, height in _LEVELS.items() if level != "5")
    steps = [step for step in (10, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if 0.06 * largest < step <= largest]
    return tuple((TALLEST * math.sqrt(step / largest), f"{step:,}") for step in steps[-3:])
