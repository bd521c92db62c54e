"""Papers side by side: which ones, what is said of each; as a page, a spreadsheet, a bare table, a picture, data."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from html import unescape
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import etree, html

from catalog.site.compare import MOST, Compared, read_comparison
from catalog.site.evidence_table import COLUMNS, comparison_csv, comparison_json, conclusion_of
from catalog.site.facts import Facts, load_facts
from catalog.site.harvest_plot import TALLEST, Plot, harvest_plot
from tests.records import article_xml
from tests.site_fixtures import (
    ANALYSIS,
    EXTENSION,
    FIRST_SERIES,
    HOSTILE,
    HOSTILE_PMID,
    LEANING,
    NEW,
    OLD,
    PROTOCOL,
    REPORT,
    RETRACTED,
    SERIES,
    TRIAL,
    WITHDRAWN,
    Site,
    serving,
    write_site,
)
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

SVG = "{http://www.w3.org/2000/svg}"
PLASMA_BEAT_DEXTROSE = 970000064  # in the bundled sample


def compared(shown: Site, **args: str) -> tuple[Sequence[Compared], Facts]:
    """The papers that an address asks for, and the catalog."""
    with closing(sqlite3.connect(shown.path)) as conn:
        facts = load_facts(conn)
        return read_comparison(conn, facts, {name: [value] for name, value in args.items()}).papers, facts


def spreadsheet(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def words(element: etree._Element) -> str:
    """All text within, blanks as one space each."""
    return " ".join("".join(map(str, element.itertext())).split())


def test_papers_stand_in_the_order_given(full_site: Site) -> None:
    """PMIDs apart or joined by commas, each once; what the catalog says of each is what its tables say."""
    address = f"/compare.json?pmid={REPORT},{OLD}&pmid={WITHDRAWN}&pmid={REPORT}"
    answer = full_site.get(address).json()
    assert [paper["pmid"] for paper in answer["papers"]] == [REPORT, OLD, WITHDRAWN]
    assert (answer["total"], answer["left_out"], answer["notes"]) == (3, 0, [])
    fields = "title level design included participants studies comparator versus followup_months direction basis harms"
    fields += " certainty region status year doi"
    for paper in answer["papers"]:
        names = fields.split()
        (row,) = full_site.rows(f"SELECT {', '.join(names)} FROM articles WHERE pmid = ?", paper["pmid"])  # noqa: S608 - ours
        assert [paper[name] for name in names] == list(row)
        tagged = full_site.rows(
            "SELECT intervention, role, direction FROM article_interventions JOIN interventions i"
            " ON i.id = intervention WHERE pmid = ? ORDER BY i.position",
            paper["pmid"],
        )
        assert list(zip(paper["treatments"], paper["roles"], paper["directions"], strict=True)) == tagged


def test_a_search_is_compared_as_it_is_listed(sample_site: Site) -> None:
    """A list's own address gives its papers, in its order."""
    asked = "intervention=ozone&level=2&evidence=counted&sort=oldest"
    listed = sample_site.get(f"/search.json?{asked}").json()
    answer = sample_site.get(f"/compare.json?{asked}").json()
    assert [paper["pmid"] for paper in answer["papers"]] == [paper["pmid"] for paper in listed["articles"]]
    page = unescape(sample_site.get(f"/compare?{asked}").text)
    back = re.search(r'From <a href="(/search\?[^"]*)">this list of (\d+) papers?</a>', page)
    assert back is not None
    assert (
        sample_site.get(back[1].replace("/search?", "/search.json?")).json()["total"] == int(back[2]) == listed["total"]
    )


def test_no_more_than_fit(site: Site) -> None:
    """Only the first `MOST` stand side by side; how many there are is said."""
    answer = site.get("/compare.json?q=series").json()
    assert len(answer["papers"]) == MOST
    assert answer["total"] > MOST
    assert answer["left_out"] == answer["total"] - MOST
    assert answer["notes"] == [
        f"Only {MOST} papers stand side by side: the first of the {answer['total']:,} on the list."
    ]
    chosen = ",".join(str(FIRST_SERIES + i) for i in range(SERIES))
    given = site.get(f"/compare.json?pmid={chosen}").json()
    assert [paper["pmid"] for paper in given["papers"]] == [FIRST_SERIES + i for i in range(MOST)]
    assert given["notes"] == [f"Only {MOST} papers stand side by side: the first of the {SERIES} chosen."]
    page = site.get("/search?q=series").text
    assert f">Compare the first {MOST}</a>" in page


def test_what_is_not_understood_is_said(site: Site) -> None:
    """Unknown and impossible PMIDs are named and left out; PMIDs beat a search; nothing at all is no error."""
    answer = site.get("/compare.json", params={"pmid": f"{TRIAL},1,2,x{HOSTILE}"}).json()
    assert [paper["pmid"] for paper in answer["papers"]] == [TRIAL]
    assert answer["notes"][0] == "Not in this catalog, and left out: PMID 1, 2."
    assert len(answer["notes"]) <= 5
    assert all(note.endswith("is no PMID and was left out.") for note in answer["notes"][1:])
    both = site.get(f"/compare.json?pmid={TRIAL}&q=ozone").json()
    assert both["total"] == 1
    assert both["notes"] == ["The papers are those chosen by PMID; the search in the address was left out."]
    for path in ("/compare", "/compare?pmid=", "/compare?pmid=0&level=9", "/compare?q=xylophones+quince"):
        page = site.get(path)
        assert page.status_code == 200
        assert "Tick papers on" in page.text
    odd = site.get(f"/compare?pmid={TRIAL}&height=tall").text
    assert "Bars can be as high as level or participants" in odd


def test_csv_round_trips(full_site: Site) -> None:
    """Read by another program, the spreadsheet holds what the data hold: unknown empty, lists joined, no word less."""
    pmids = ",".join(str(pmid) for pmid in (REPORT, EXTENSION, WITHDRAWN, LEANING, OLD))
    answer = full_site.get(f"/compare.csv?pmid={pmids}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="comparison.csv"'
    lines = spreadsheet(answer.content.decode("utf-8"))
    papers = full_site.get(f"/compare.json?pmid={pmids}").json()["papers"]
    assert len(lines) == len(papers)
    for line, paper in zip(lines, papers, strict=True):
        for name, value in paper.items():
            if name == "address":
                continue
            if isinstance(value, bool):
                expected = "yes" if value else "no"
            elif isinstance(value, list):
                expected = ";".join("" if item is None else str(item) for item in value)
            else:
                expected = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
            assert line[name] == expected
        assert "verify in the full text" in line["note"]
    assert lines[2]["status"] == "retracted"
    assert "Retracted: counts as evidence nowhere" in lines[2]["note"]
    assert "Corrected by hand" not in lines[0]["note"]


def test_csv_runs_nothing(tmp_path: Path) -> None:
    """Quotes, line ends and markup come through whole; what a spreadsheet would run has an apostrophe before it."""
    titles = {
        970013001: f'"Quoted", {HOSTILE}',
        970013002: '=HYPERLINK("http://x")',
        970013003: "-1+1",
        970013004: "@x",
    }
    records = [article_xml(title, "A case series of ozone for low back pain.", pmid=p) for p, title in titles.items()]
    path = write_site(tmp_path / "hostile.db", records)
    with closing(sqlite3.connect(path)) as conn:
        facts = load_facts(conn)
        found = read_comparison(conn, facts, {"pmid": [",".join(map(str, titles))]})
        stored = dict(conn.execute("SELECT pmid, title FROM articles"))
    lines = spreadsheet(comparison_csv(found, facts))
    for line in lines:
        title = stored[int(line["pmid"])]
        assert line["title"] == (f"'{title}" if title[0] in "=-@" else title)
    assert [line["title"][0] for line in lines[1:]] == ["'"] * 3


@pytest.mark.parametrize("name", ["site", "sample_site", "full_site"])
def test_the_manuscript_table_is_bare(name: str, request: pytest.FixtureRequest) -> None:
    """A table and a note, nothing else: every paper a row, every cell text; no script, style, link; retracted said."""
    shown: Site = request.getfixturevalue(name)
    answer = shown.get("/compare.html?sort=oldest")
    assert answer.headers["content-type"].startswith("text/html")
    page = html.document_fromstring(answer.text)
    assert {element.tag for element in page.iter()} <= set(
        "html head meta title body table caption thead tbody tr th td strong i p".split()  # noqa: SIM905 - reads better
    )
    papers, facts = compared(shown, sort="oldest")
    rows = page.findall(".//tbody/tr")
    assert len(rows) == len(papers)
    heads = [head.text for head in page.findall(".//thead/tr/th")]
    columns = [column for column in COLUMNS if column.heading in heads]
    assert [column.heading for column in columns] == heads
    for row, paper in zip(rows, papers, strict=True):
        cells = [words(cell) for cell in row.findall("td")]
        for column, cell in zip(columns[1:], cells[1:], strict=True):
            assert cell == " ".join(column.text(paper, facts).split())
        assert f"PMID {paper.pmid}" in cells[0]
        assert cells[0].startswith("RETRACTED:") == (paper.status == "retracted")
    assert "verify in the full text" in words(page.findall(".//p")[-1])


def test_conclusions_say_no_more_than_they_carry(sample_site: Site, full_site: Site) -> None:
    """Improvement without a control is called that; of two compared each has its own; what is open is said to be."""
    papers, facts = compared(sample_site, pmid=str(PLASMA_BEAT_DEXTROSE))
    assert conclusion_of(papers[0], facts) == "PRP: favours the treatment; Prolotherapy: against the treatment"
    papers, facts = compared(sample_site, versus="nothing", direction="favours")
    assert papers
    for paper in papers:
        assert "improvement reported, compared with nothing" in conclusion_of(paper, facts)
        assert "favours" not in conclusion_of(paper, facts)
    papers, facts = compared(sample_site, versus="active", direction="no_difference")
    assert papers
    assert {conclusion_of(paper, facts) for paper in papers} == {"no difference between the groups"}
    assert {paper.verdict for paper in papers} == {"alike"}


def test_the_page_marks_what_is_not_plain(full_site: Site) -> None:
    """Retracted papers, other papers of the same trial, versions, reviews that cite a retracted paper, certainty."""
    page = unescape(full_site.get(f"/compare?pmid={REPORT},{WITHDRAWN},{LEANING},{OLD},{ANALYSIS}").text)
    assert "2 retracted papers among them, marked; they count nowhere." in page
    assert page.count('<tr class="retracted">') == 2
    assert page.count("retracted: counts nowhere") == 2
    assert f"Same trial as: PMID {PROTOCOL}, {ANALYSIS}, {EXTENSION}" in page
    assert f"Another version: PMID {NEW}" in page
    assert "Cites a retracted paper" in page
    assert "certainty it states: very low" in page
    assert f'<a href="/cite.ris?pmid={REPORT},{WITHDRAWN},{LEANING},{OLD},{ANALYSIS}">' in page


def bars(plot: Plot) -> dict[tuple[str, str], list[int]]:
    return {(lane.name, verdict): [bar.number for bar in some] for lane in plot.lanes for verdict, some in lane.groups}


@pytest.mark.parametrize("name", ["sample_site", "full_site"])
def test_the_plot_draws_the_evidence(name: str, request: pytest.FixtureRequest) -> None:
    """Over all that counts, each row of the table `evidence` is one bar, under its verdict, as high as its level."""
    shown: Site = request.getfixturevalue(name)
    for intervention, title in shown.rows("SELECT id, name FROM interventions"):
        papers, facts = compared(shown, intervention=intervention, evidence="counted")
        rows = shown.rows("SELECT pmid, level FROM evidence WHERE intervention = ?", intervention)
        if len(rows) > MOST:
            continue
        plot = harvest_plot(papers, facts)
        drawn = [
            papers[bar.number - 1].pmid
            for lane in plot.lanes
            if lane.name == title
            for _, some in lane.groups
            for bar in some
        ]
        assert sorted(drawn) == sorted(pmid for pmid, _ in rows)
        for lane in plot.lanes:
            for _, some in lane.groups:
                for bar in some:
                    assert bar.unknown == (papers[bar.number - 1].level == "none")
                    assert bar.y + bar.height == pytest.approx(lane.y)


def test_the_plot_leaves_out_and_says_so(full_site: Site) -> None:
    """Retracted papers, further papers of a trial, and papers without a treatment under test are not drawn."""
    papers, facts = compared(full_site, pmid=f"{EXTENSION},{REPORT},{PROTOCOL},{ANALYSIS},{WITHDRAWN}")
    plot = harvest_plot(papers, facts)
    assert bars(plot) == {("Ozone", "alike"): [2]}
    assert plot.notes == ("2 retracted papers not drawn.", "2 further papers on a study that is drawn already.")
    papers, facts = compared(full_site, pmid=f"{EXTENSION}")
    assert sum(len(some) for some in bars(harvest_plot(papers, facts)).values()) == 1  # the trial's only paper here


@pytest.fixture(scope="module")
def knees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trial of the knee and one of the back."""
    kinds = ("Journal Article", "Randomized Controlled Trial")
    said = "Patients were randomised to platelet-rich plasma or saline. Pain was significantly lower with plasma."
    records = [
        article_xml(f"Synthetic platelet-rich plasma for {where}: a randomised trial", said, pmid=pmid, types=kinds)
        for pmid, where in ((970000951, "knee osteoarthritis"), (970000952, "chronic low back pain"))
    ]
    return write_site(tmp_path_factory.mktemp("knees") / "catalog.db", records)


def test_a_paper_on_another_part_of_the_body_is_not_drawn_as_of_the_back(knees: Path) -> None:
    """The knee stands in the table marked, in words and in data, and not in the plot, which says so."""
    with closing(sqlite3.connect(knees)) as conn:
        facts = load_facts(conn)
        found = read_comparison(conn, facts, {"pmid": ["970000951,970000952"]})
    knee, back = found.papers
    assert (knee.region, knee.elsewhere, back.elsewhere) == ("other_site", True, False)
    (condition,) = [column for column in COLUMNS if column.id == "condition"]
    assert "another part of the body" in condition.text(knee, facts)
    assert "another part of the body" not in condition.text(back, facts)
    plot = harvest_plot(found.papers, facts)
    assert [number for some in bars(plot).values() for number in some] == [2]
    assert plot.notes == ("1 paper about another part of the body not drawn.",)
    data = comparison_json(found, facts)["papers"]
    assert [paper["another_part_of_the_body"] for paper in data] == [True, False]
    rows = spreadsheet(comparison_csv(found, facts))
    assert [row["another_part_of_the_body"] for row in rows] == ["yes", "no"]
    with serving(knees) as shown:
        page = shown.get("/compare?pmid=970000951,970000952").text
    assert page.count("Not the low back") == 1
    assert "1 paper is about another part of the body than the low back" in page


def test_the_lesser_of_two_stands_against(sample_site: Site) -> None:
    """A trial of two of ours is a bar under each, the one for and the other against, hatched: an active control."""
    papers, facts = compared(sample_site, pmid=str(PLASMA_BEAT_DEXTROSE))
    plot = harvest_plot(papers, facts)
    assert bars(plot) == {("Platelet-rich plasma", "better"): [1], ("Prolotherapy", "against"): [1]}
    assert {bar.fill for lane in plot.lanes for _, some in lane.groups for bar in some} == {"active"}


def test_bars_by_participants(sample_site: Site) -> None:
    """The largest trial is the tallest; areas follow the square root; who has no number is dashed and low."""
    papers, facts = compared(sample_site, level="2")
    plot = harvest_plot(papers, facts, "participants")
    largest = max(
        paper.participants or 0 for paper in papers if any(p.tested for p in paper.parts) and not paper.retracted
    )
    for lane in plot.lanes:
        for _, some in lane.groups:
            for bar in some:
                count = papers[bar.number - 1].participants
                assert bar.unknown == (count is None)
                if count:
                    assert bar.height == pytest.approx(max(3, TALLEST * (count / largest) ** 0.5))


def test_many_bars_stay_in_the_picture(site: Site) -> None:
    """Forty studies under one conclusion fit: bars are thinner, none overlaps another or leaves its column."""
    papers, facts = compared(site, q="series")
    plot = harvest_plot(papers, facts)
    places = {post.verdict: (post.x, post.x + post.width) for post in plot.posts}
    for lane in plot.lanes:
        for verdict, some in lane.groups:
            assert len(some) >= MOST - 1 or len(plot.lanes) > 1
            edges = [(bar.x, bar.x + bar.width) for bar in some]
            assert all(left >= places[verdict][0] and right <= places[verdict][1] for left, right in edges)
            assert all(a[1] <= b[0] for a, b in pairwise(edges))
    assert plot.posts[-1].x + plot.posts[-1].width <= plot.width


@pytest.mark.parametrize("by", ["level", "participants"])
def test_the_picture_stands_alone(sample_site: Site, by: str) -> None:
    """As a file it is whole XML with its own colours, bars as in the plot, studies by number, and where it is from."""
    asked = {"level": "2", "evidence": "counted"}
    answer = sample_site.get("/compare.svg", params={**asked, "height": by})
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert 'filename="harvest-plot.svg"' in answer.headers["content-disposition"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    picture = etree.fromstring(answer.content)
    assert picture.tag == f"{SVG}svg"
    papers, facts = compared(sample_site, **asked)
    plot = harvest_plot(papers, facts, by)
    titles = [title.text for title in picture.iter(f"{SVG}title")]
    assert titles == [bar.said for lane in plot.lanes for _, some in lane.groups for bar in some]
    assert picture.get("aria-label") == f"Harvest plot. {plot.said}."
    text = " ".join(line.text or "" for line in picture.iter(f"{SVG}text"))
    assert "verify in the full text" in text
    assert "SAMPLE: invented records" in text
    assert re.search(r"\b1 \w+", text)
    for shape in picture.iter(f"{SVG}rect", f"{SVG}path"):
        within = [shape, *shape.iterancestors(f"{SVG}g")]
        assert any(element.get("fill") or element.get("stroke") for element in within)


def test_hostile_words_stay_words(site: Site) -> None:
    """Markup in titles and authors is text in the page, the bare table and the picture, and whole in the data."""
    title = site.value("SELECT title FROM articles WHERE pmid = ?", HOSTILE_PMID)
    for form in ("", ".html", ".svg"):
        text = site.get(f"/compare{form}?pmid={HOSTILE_PMID},{RETRACTED}").text
        assert "<script" not in text
        assert "<img" not in text
        if form == ".svg":
            etree.fromstring(text.encode())
        else:
            assert "&lt;script&gt;" in text
    assert site.get(f"/compare.json?pmid={HOSTILE_PMID}").json()["papers"][0]["title"] == title
    noted = site.get("/compare", params={"pmid": HOSTILE, "q": HOSTILE, "height": HOSTILE}).text
    assert "<script" not in noted


def test_lists_lead_to_comparisons(sample_site: Site) -> None:
    """Each paper on a list can be ticked, and the whole list be compared."""
    page = sample_site.get("/search?q=ozone&level=2").text
    total = sample_site.get("/search.json?q=ozone&level=2").json()["total"]
    ticks: Mapping[str, str] = dict(re.findall(r'<input type="checkbox" name="pmid" value="(\d+)" form="(\w+)">', page))
    assert len(ticks) == total
    assert set(ticks.values()) == {"compare"}
    assert f'<a href="/compare?q=ozone&amp;level=2">Compare all {total}</a>' in page
