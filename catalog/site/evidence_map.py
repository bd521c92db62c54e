"""The evidence map: studies of each treatment by level, by what they were compared with, and by what they conclude.

Every number is a list: it counts the papers of the list it links to, which hold the rows of the table `evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from catalog.evidence import VERDICTS, verdict_of
from catalog.site.facets import selected
from catalog.site.facts import Facts, Name
from catalog.site.filters import Filters
from catalog.site.glyphs import Drawing, draw
from catalog.site.query import Query
from catalog.site.shelf import TESTED, UNTAGGED
from catalog.site.words import VERDICTS as VERDICT_WORDS
from harvest.region import ELSEWHERE

__all__ = ["LANES", "Cell", "Column", "EvidenceMap", "Line", "Treatment", "load_map"]

A_LINE = 9  # marks in a line of a cell
MOST_MARKS = 108  # in a cell, before a mark stands for several studies
MOST_IN_ALL = 1_000  # marks on the map, likewise
# The rows of a treatment: id, name, the values of `versus` they hold; those of _ALWAYS stand although empty.
LANES = (
    ("sham", "sham or placebo", ("sham", "sham_and_active")),
    ("active", "active treatment", ("active",)),
    ("unnamed", "not clear", (UNTAGGED,)),
    ("nothing", "nothing", ("nothing",)),
)
_ALWAYS = ("sham", "active", "nothing")
_REVIEW = "systematic_review"
_COMPARED = ("between", "pooled_between")
# What stands in the column of a level, in a few words; the level's name is the catalog's own.
_KINDS = {
    "1": "reviews of randomised trials",
    "2": "randomised trials",
    "3": "controlled, not randomised",
    "4": "series, weaker controls",
    "5": "animals, cells",
}
_BARE = Filters(Query(""), {})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the map: a level, or what has none; `kind` says in a few words what stands in it."""

    id: str
    name: str
    kind: str


_REVIEWS = Column("reviews", "Level unclear", "reviews that do not say what they include")
_OTHERS = Column("others", "No level", "opinions, protocols, other")


@dataclass(frozen=True, slots=True)
class Cell:
    """Studies in one place of the map: the list they are, how many, and how many came to each verdict."""

    column: Column
    address: str
    count: int
    verdicts: Mapping[str, int]

    @property
    def said(self) -> str:
        """The verdicts in words: "2 better, 1 no difference"."""
        return ", ".join(f"{self.verdicts[v]:,} {VERDICT_WORDS[v][1]}" for v in VERDICTS if v in self.verdicts)


@dataclass(frozen=True, slots=True)
class Line:
    """A treatment's studies that were compared with one kind of control, by level."""

    id: str
    name: str
    cells: tuple[Cell, ...]

    @property
    def empty(self) -> bool:
        """Whether there is no such study."""
        return not any(cell.count for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Treatment:
    """A treatment: all its studies, those drawn, and those that stand apart."""

    name: Name
    total: Cell
    levels: tuple[Cell, ...]  # a column's studies, whatever they were compared with
    lines: tuple[Line, ...]
    preclinical: Cell
    others: Cell


@dataclass(frozen=True, slots=True)
class EvidenceMap:
    """The map of a catalog, or of one condition in it. `each` is how many studies a mark stands for."""

    condition: Name | None
    columns: tuple[Column, ...]
    preclinical: Column
    others: Column
    treatments: tuple[Treatment, ...]
    studies: Cell  # all that is counted
    elsewhere: Cell  # studies of other parts of the body, left out
    retracted: Cell  # papers, left out
    each: int

    def picture(self, cell: Cell) -> Drawing:
        """A cell's marks."""
        return draw(cell.verdicts, a_line=A_LINE, each=self.each)

    @property
    def legend(self) -> tuple[tuple[str, str], ...]:
        """(verdict, its meaning) of all that can be drawn."""
        return tuple((verdict, VERDICT_WORDS[verdict][0]) for verdict in VERDICTS)


def load_map(facts: Facts, condition: str | None = None) -> EvidenceMap:
    """Count the map, of all papers or of those on one condition (an id the catalog knows)."""
    bare = _BARE if condition is None else _BARE.only("condition", condition)
    evidence = bare.counting(counted=True)
    levels = facts.names["level"]
    columns = [Column(i, levels[i].name, kind) for i, kind in _KINDS.items() if i in levels]
    drawn = [*(column for column in columns if column.id != "5"), _REVIEWS]
    preclinical = columns[-1]
    treatments = tuple(
        Treatment(
            name,
            _cell(facts, _OTHERS, of_one),
            tuple(_cell(facts, column, _in_column(facts, column, of_one)) for column in drawn),
            _lines(facts, drawn, of_one),
            _cell(facts, preclinical, _in_column(facts, preclinical, of_one)),
            _cell(facts, _OTHERS, _in_column(facts, _OTHERS, of_one)),
        )
        for name in facts.names["intervention"].values()
        if name.id != UNTAGGED
        for of_one in (evidence.only("intervention", name.id),)
    )
    elsewhere = replace(bare.only("role", TESTED), once=True, without_retracted=True)
    # Where the vocabulary asks nothing of regions, no paper has this one.
    for region in [name for name in facts.names["region"] if name in facts.uncounted] or [ELSEWHERE]:
        elsewhere = elsewhere.adding("region", region)
    counts = [cell.count for t in treatments for line in t.lines for cell in line.cells]
    return EvidenceMap(
        facts.name("condition", condition) if condition is not None else None,
        tuple(drawn),
        preclinical,
        _OTHERS,
        treatments,
        _cell(facts, _OTHERS, evidence),
        _cell(facts, _OTHERS, elsewhere),
        _cell(facts, _OTHERS, bare.only("status", "retracted")),
        _each(counts),
    )


def _lines(facts: Facts, columns: Sequence[Column], of_one: Filters) -> tuple[Line, ...]:
    lines = []
    for lane, name, values in LANES:
        compared = of_one
        for value in values:
            compared = compared.adding("versus", value)
        cells = tuple(_cell(facts, c, _in_column(facts, c, compared), values) for c in columns)
        line = Line(lane, name, cells)
        if lane in _ALWAYS or not line.empty:
            lines.append(line)
    return tuple(lines) if any(not line.empty for line in lines) else ()


def _in_column(facts: Facts, column: Column, filters: Filters) -> Filters:
    """The list of a column: a level, or of what has none the reviews, or the rest."""
    if column.id not in ("reviews", "others"):
        return filters.only("level", column.id)
    unlevelled = filters.only("level", "none")
    if column.id == "reviews":
        return unlevelled.only("design", _REVIEW)
    held = selected(unlevelled, facts)
    for design in facts.names["design"]:
        if design != _REVIEW and held & facts.shelf.having("design", [design]):
            unlevelled = unlevelled.adding("design", design)
    # Where there is none, the list must be empty too.
    return unlevelled if "design" in unlevelled.chosen else unlevelled.only("design", "other")


def _cell(facts: Facts, column: Column, filters: Filters, versus: Sequence[str] = ()) -> Cell:
    papers = selected(filters, facts)
    verdicts: dict[str, int] = {}
    if papers and versus:
        (intervention,) = filters.chosen["intervention"]
        for direction, concluded in facts.shelf.concluded[intervention].items():
            found = papers & concluded
            if found:
                for verdict, count in _verdicts(found, direction, versus, facts):
                    verdicts[verdict] = verdicts.get(verdict, 0) + count
    return Cell(column, filters.address(), papers.bit_count(), verdicts)


def _verdicts(papers: int, direction: str, versus: Sequence[str], facts: Facts) -> Iterator[tuple[str, int]]:
    """What studies of one direction, each compared with one of these, come to: (verdict, how many)."""
    if versus != (UNTAGGED,):
        yield verdict_of(direction, versus[0], None), papers.bit_count()
        return
    # What is not known to stand against anybody is benefit only where arms were compared all the same.
    compared = (papers & facts.shelf.having("basis", _COMPARED)).bit_count()
    for count, basis in ((compared, _COMPARED[0]), (papers.bit_count() - compared, None)):
        if count:
            yield verdict_of(direction, None, basis), count


def _each(counts: Sequence[int]) -> int:
    """How many studies a mark stands for: 1, 2, 5, 10 ..., so that the largest cell and the whole stay readable."""
    least = max(max(counts, default=0) / MOST_MARKS, sum(counts) / MOST_IN_ALL)
    each = 1
    while each < least:
        each = each * 5 // 2 if str(each).startswith("2") else each * 2
    return each
