"""The first page: what this is, how old it is, and the evidence map, whose every number is a list."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

import catalog.site
from catalog.evidence import VERDICTS
from catalog.shelving import write_shelf
from catalog.site.evidence_map import LANES, MOST_MARKS, Cell, load_map
from catalog.site.facts import load_facts
from catalog.site.words import VERDICTS as WORDS
from tests.site_fixtures import ANALYSIS, HOSTILE, PROTOCOL, Site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

CELL = re.compile(
    r'<a href="(/search\?[^"]*)"><b>([\d,]+)</b>(<svg.*?</svg>)?'
    r'<span class="vh"> (?:study|studies): ([^<]*)</span></a>'
)
# What every number must be by the table `evidence` alone: ?1 treatment, ?2 level (NULL: any), ?3 'reviews', 'others' or
# NULL, ?4 the kind of control ('' for unknown, NULL: any), ?5 condition (NULL: any).
COUNT = """
SELECT count(*) FROM evidence e WHERE intervention = ?1 AND (?2 IS NULL OR level = ?2)
AND (?3 IS NULL OR (?3 = 'reviews') = (design = 'systematic_review'))
AND (?4 IS NULL OR coalesce(replace(versus, 'sham_and_active', 'sham'), '') = ?4)
AND (?5 IS NULL OR EXISTS (SELECT 1 FROM article_conditions c WHERE c.pmid = e.pmid AND c.condition = ?5))
"""
REVIEW = "systematic_review"
# The verdict of each row, said a second time and in SQL.
VERDICT = """CASE
 WHEN direction = 'favours' AND versus IN ('sham', 'active', 'sham_and_active') THEN 'better'
 WHEN direction = 'favours' AND versus IS NULL AND basis IN ('between', 'pooled_between') THEN 'better'
 WHEN direction = 'favours' THEN 'improved'
 WHEN direction IN ('no_difference', 'non_inferior') THEN 'alike'
 WHEN direction IN ('mixed', 'insufficient') THEN 'mixed'
 WHEN direction = 'against' THEN 'against' ELSE 'untold' END"""


@dataclass(frozen=True)
class Shown:
    """A cell as the page shows it: its address, number, marks, and the words that screen readers speak."""

    address: str
    count: int
    marks: str
    treatment: str
    column: str
    lane: str | None
    verdicts: dict[str, int]


def cells(page: str) -> list[Shown]:
    found = []
    for address, count, marks, words in CELL.findall(page):
        what, _, rest = unescape(words).partition(", compared with: ")
        lane, _, said = rest.partition(": ")
        treatment, _, column = what.rpartition(", ")
        verdicts = {}
        for part in said.split(", ") if said else ():
            number = re.match(r"[\d,]+ ", part)
            if number:
                name = next(v for v in VERDICTS if WORDS[v][1].split(", ")[0] == part[number.end() :])
                verdicts[name] = int(number[0].replace(",", ""))
        number_shown = int(count.replace(",", ""))
        found.append(Shown(unescape(address), number_shown, marks, treatment, column, lane or None, verdicts))
    return found


def total(site: Site, address: str) -> int:
    listed = site.get(address.replace("/search?", "/search.json?")).json()
    assert listed["notes"] == []
    return int(listed["total"])


def asked_in_sql(site: Site, cell: Shown, condition: str | None = None) -> list[object]:
    """The parameters of COUNT for a cell, from the words on it."""
    (treatment,) = site.rows("SELECT id FROM interventions WHERE short = ?", cell.treatment)
    level = next((i for i, n in site.rows("SELECT id, name FROM levels") if n == cell.column), None)
    kind = {"Level unclear": "reviews", "No level": "others"}.get(cell.column)
    lane = next((i for i, name, _ in LANES if name == cell.lane), None)
    versus = {"sham": "sham", "active": "active", "nothing": "nothing", "unnamed": ""}[lane] if lane else None
    return [treatment[0], "none" if kind else level, kind, versus, condition]


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_every_cell_is_its_list_and_sql(name: str, request: pytest.FixtureRequest) -> None:
    """A number on the map, the list it opens and SQL on `evidence` are the same; so are the verdicts in it."""
    shown: Site = request.getfixturevalue(name)
    found = cells(shown.get("/").text)
    assert len(found) >= 6
    for cell in found:
        asked = asked_in_sql(shown, cell)
        assert total(shown, cell.address) == cell.count == shown.value(COUNT, *asked)
        if cell.lane:
            grouped = COUNT.replace("count(*)", f"{VERDICT}, count(*)") + " GROUP BY 1"
            assert cell.verdicts == dict(shown.rows(grouped, *asked))
    totals = [cell for cell in found if not cell.lane]
    assert sum(cell.count for cell in totals) == shown.value("SELECT count(*) FROM evidence")
    drawn = shown.value("SELECT count(*) FROM evidence WHERE level IN ('1', '2', '3', '4') OR design = ?", REVIEW)
    preclinical = shown.value("SELECT count(*) FROM evidence WHERE level = '5' AND design = ?", REVIEW)
    assert sum(cell.count for cell in found if cell.lane) == drawn - preclinical


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_every_empty_place_is_empty(name: str, request: pytest.FixtureRequest) -> None:
    """Where the map shows nothing SQL finds nothing, and a screen reader hears so."""
    shown: Site = request.getfixturevalue(name)
    with closing(sqlite3.connect(shown.path)) as conn:
        counted = load_map(load_facts(conn))
    for treatment in counted.treatments:
        every = [*treatment.levels, treatment.preclinical, treatment.others]
        lines: list[tuple[Cell, str | None]] = [(cell, None) for cell in every]
        lines += [(cell, line.name) for line in treatment.lines for cell in line.cells]
        for cell, lane in lines:
            words = Shown("", 0, "", treatment.name.short, cell.column.name, lane, {})
            assert shown.value(COUNT, *asked_in_sql(shown, words)) == cell.count
    page = shown.get("/").text
    assert len(re.findall(r"<td[^>]*><span class=\"vh\">no study</span></td>", page)) == sum(
        not cell.count
        for t in counted.treatments
        if t.total.count
        for cell in [*t.levels, t.preclinical, t.others, *(c for x in t.lines for c in x.cells)]
    )


def test_each_study_has_its_mark(sample_site: Site) -> None:
    """As many marks as studies, each of its verdict's shape; the picture is silent, the words beside it speak."""
    for cell in cells(sample_site.get("/").text):
        if not cell.lane:
            assert cell.marks == ""
            continue
        assert 'aria-hidden="true"' in cell.marks
        for verdict, count in cell.verdicts.items():
            (path,) = re.findall(rf'<path class="m {verdict}(?: line)?" d="([^"]*)"', cell.marks)[:1]
            assert path.count("M") == count


def test_one_condition_at_a_time(sample_site: Site) -> None:
    """The map of a condition counts its studies only, its lists too; one that is not known is said to be left out."""
    conditions = sample_site.rows(
        "SELECT c.condition, count(*) FROM evidence e JOIN article_conditions c USING (pmid) GROUP BY 1 ORDER BY 2 DESC"
    )
    whole = sample_site.get("/").text
    for condition, _ in conditions[:4]:
        page = sample_site.get(f"/?condition={condition}").text
        studies = sample_site.value(
            "SELECT count(DISTINCT pmid) FROM evidence JOIN article_conditions USING (pmid) WHERE condition = ?",
            condition,
        )
        assert re.search(rf'<option value="{condition}" selected>[^<]*\({studies}\)</option>', page)
        assert re.search(rf'<option value="{condition}">[^<]*\({studies}\)</option>', whole)
        found = cells(page)
        assert found
        for cell in found:
            assert f"condition={condition}" in cell.address
            assert total(sample_site, cell.address) == cell.count
            assert sample_site.value(COUNT, *asked_in_sql(sample_site, cell, condition)) == cell.count
    odd = sample_site.get("/", params={"condition": HOSTILE})
    assert odd.status_code == 200
    assert "is not known here and was left out" in odd.text
    assert "<script" not in odd.text
    assert cells(odd.text) == cells(whole)


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_what_is_left_out_is_said(name: str, request: pytest.FixtureRequest) -> None:
    """Studies of other parts of the body and retracted papers are counted beside the map, each number a list."""
    shown: Site = request.getfixturevalue(name)
    page = unescape(shown.get("/").text)
    section = page[page.index("Left out: ") :]
    elsewhere = re.search(r'<a href="([^"]*)">(\d+) stud(?:y|ies)</a> of another part of the body', section)
    count = shown.value(
        "SELECT count(DISTINCT s.study) FROM studies s JOIN articles a USING (pmid) JOIN article_interventions i"
        " USING (pmid) WHERE i.role = 'experimental' AND a.status != 'retracted'"
        " AND a.region IN ('cervical_thoracic', 'other_site')"
    )
    assert (int(elsewhere[2]) if elsewhere else 0) == count
    retracted = re.search(r'<a href="([^"]*)">(\d+) retracted papers?</a>', section)
    assert retracted is not None
    assert int(retracted[2]) == shown.value("SELECT count(*) FROM articles WHERE status = 'retracted'")
    for found in (elsewhere, retracted):
        if found:
            assert total(shown, found[1]) == int(found[2])
    studies = re.search(r'<a href="([^"]*)">(\d+) stud(?:y|ies)</a> are counted', page)
    assert studies is not None
    assert total(shown, studies[1]) == int(studies[2]) == shown.value("SELECT count(DISTINCT pmid) FROM evidence")


def test_a_family_with_a_retracted_paper_still_counts(full_site: Site) -> None:
    """The trial counts by a report that stands; its retracted analysis and its protocol count nowhere."""
    cell = full_site.get("/search.json?intervention=ozone&level=2&evidence=counted").json()
    (trial,) = cell["articles"]
    assert trial["pmid"] not in (ANALYSIS, PROTOCOL)
    assert trial["family"]["retracted"] == 1


def test_a_crowded_map_draws_several_studies_a_mark(tmp_path: Path, sample_site: Site) -> None:
    """Where a cell would hold more marks than can be seen, one stands for several studies, and the page can say so."""
    path = tmp_path / "crowd.db"
    path.write_bytes(sample_site.path.read_bytes())
    crowd = MOST_MARKS * 5
    with closing(sqlite3.connect(path)) as conn, conn:
        (series,) = conn.execute(
            "SELECT min(pmid) FROM evidence WHERE versus = 'nothing' AND direction = 'favours'"
        ).fetchone()
        for table, numbered in (("articles", 1), ("article_interventions", 1), ("evidence", 2)):
            (row,) = conn.execute(f"SELECT * FROM {table} WHERE pmid = ?", (series,)).fetchall()  # noqa: S608 - ours
            copies = ((*[980000001 + n] * numbered, *row[numbered:]) for n in range(crowd))  # PMID or study and PMID
            conn.executemany(f"INSERT INTO {table} VALUES ({','.join('?' * len(row))})", copies)  # noqa: S608 - ours
        conn.execute("DELETE FROM shelf")
        write_shelf(conn)
        counted = load_map(load_facts(conn))
    assert counted.each == 10
    largest = max((c for t in counted.treatments for x in t.lines for c in x.cells), key=lambda c: c.count)
    assert largest.count > crowd
    marks = [path.count("M") for _, path in counted.picture(largest).paths]
    assert sum(marks) <= MOST_MARKS
    assert counted.picture(largest).paths[0][1].count("M") == -(-largest.verdicts["improved"] // 10)


def test_map_names_come_from_the_catalog_in_its_order(sample_site: Site) -> None:
    """Blocks are the vocabulary's treatments in order, columns the levels, strongest first, preclinical apart."""
    page = sample_site.get("/").text
    blocks = [unescape(name) for name in re.findall(r'<span class="treatment">([^<]*)</span>', page)]
    studied = sample_site.rows(
        "SELECT name FROM interventions WHERE id IN (SELECT intervention FROM evidence) ORDER BY position"
    )
    assert blocks == [row[0] for row in studied]
    heads = re.findall(r'<th scope="col"[^>]*><(?:a|span) class="badge[^>]*>([^<]*)<', page)
    assert heads == ["Level 1", "Level 2", "Level 3", "Level 4", "Level unclear", "Preclinical", "No level"]


def test_home_says_what_it_is_how_old_and_its_limits(site: Site) -> None:
    """Title, description, date of the last search of PubMed, examples that find something, and the honest sentence."""
    page = site.get("/").text
    title, description, examples = site.rows("SELECT title, description, json_array_length(examples) FROM about")[0]
    assert f"<h1>{title}</h1>" in page
    assert description in page
    assert re.search(r"PubMed searched on \d{1,2} [A-Z][a-z]+ 20\d\d\.", page)
    assert page.count("/search?q=") == examples
    limits = page[page.index("Not medical advice") :]
    assert "Levels are starting levels given by rule from title and abstract" in limits
    assert '<a href="/reliability">see how reliable they are</a>' in limits
    for words in WORDS.values():
        assert words[0] in page


def test_newest_evidence_is_newest_first_and_counts(sample_site: Site) -> None:
    """Five papers by year: studies in people with a level that the map counts; the link lists all of them."""
    page = sample_site.get("/").text
    section = page[page.index('<h2 id="new-title"') :]
    shown = [int(pmid) for pmid in re.findall(r"/articles/(\d+)", section)]
    counted = "FROM articles WHERE level < '5' AND pmid IN (SELECT pmid FROM evidence)"
    newest = f"SELECT pmid {counted} ORDER BY year DESC, published DESC, pmid DESC LIMIT 5"
    assert shown == [row[0] for row in sample_site.rows(newest)]
    link = re.search(r'<a href="([^"]*)">All studies in people with a level', section)
    assert link is not None
    assert total(sample_site, unescape(link[1])) == sample_site.value(f"SELECT count(*) {counted}")


def test_sample_says_so(sample_site: Site) -> None:
    """Over invented records the page says so, and so does a header of every answer, whatever its kind."""
    assert "SAMPLE: invented records" in sample_site.get("/").text
    assert "PubMed searched on" not in sample_site.get("/").text
    style = re.search(r'href="(/-/catalog/[^"]*)"', sample_site.get("/").text)
    assert style is not None
    for path in (
        "/",
        "/search.json?q=ozone",
        "/articles/1",
        "/catalog",
        "/catalog/articles.json",
        "/nowhere",
        style[1],
    ):
        assert sample_site.get(path).headers["x-catalog-sample"] == "SAMPLE: invented records"
    for path in ("/catalog", "/catalog/articles", "/catalog/articles/970000001", "/nowhere"):
        assert "SAMPLE: invented records" in sample_site.get(path).text


def test_a_real_catalog_is_not_called_a_sample(site: Site) -> None:
    """No banner and no header where the records are not the sample's."""
    answer = site.get("/")
    assert "x-catalog-sample" not in answer.headers
    assert "SAMPLE" not in answer.text


def test_the_style_sheet_is_packed_and_whole(site: Site) -> None:
    """Sent without comments and idle blanks, it has every rule and every quoted word of the files it is made of."""
    address = re.search(r'href="(/-/catalog/[^"]*)"', site.get("/").text)
    assert address is not None
    sent = site.get(address[1]).text
    folder = Path(catalog.site.__file__).parent / "static"
    written = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.css")))
    bare = re.sub(r"/\*.*?\*/", "", written, flags=re.DOTALL)
    assert sent.count("{") == bare.count("{")
    assert sorted(re.findall(r'"[^"]*"', sent)) == sorted(re.findall(r'"[^"]*"', bare))
    assert "/*" not in sent
    assert len(sent) < len(written)
