"""The query language: what is typed, how it is read, what it finds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.site.fields import FACETS, FIELDS
from catalog.site.filters import read_filters
from catalog.site.query import LONGEST, MOST_TERMS, parse
from catalog.site.search import search
from catalog.site.values import typed_years
from tests.search_records import PMID, Searched
from tests.search_records import searched as searched
from tests.search_records import searched_site as searched_site
from tests.site_fixtures import Site

# What is typed, and how it reads: each part as a reader would type it alone.
READ = [
    ("platelet rich", ["platelet", "rich"]),
    ('"platelet rich" disc', ['"platelet rich"', "disc"]),
    ("“platelet rich” disc", ['"platelet rich"', "disc"]),
    ("«platelet rich»", ['"platelet rich"']),
    ("prp OR ozone disc", ["prp OR ozone", "disc"]),
    ("prp | ozone", ["prp OR ozone"]),
    ("prp or ozone", ["prp", "or", "ozone"]),
    ("(prp OR ozone) AND disc", ["prp OR ozone", "disc"]),
    ("(prp disc) OR (ozone knee)", ["(prp disc) OR (ozone knee)"]),
    ("(a OR b) OR c", ["a OR b OR c"]),
    ("ozone -disc", ["ozone", "-disc"]),
    ("ozone NOT disc", ["ozone", "-disc"]),
    ("ozone AND NOT disc", ["ozone", "-disc"]),
    ("ozone −disc", ["ozone", "-disc"]),
    ("ozone –disc", ["ozone", "-disc"]),
    ("+ozone", ["ozone"]),
    ("-(disc OR knee) ozone", ["-(disc OR knee)", "ozone"]),
    ('-"disc pain"', ['-"disc pain"']),
    ("NOT NOT disc", ["disc"]),
    ("herniat*", ["herniat*"]),
    ('"platelet ric*"', ['"platelet ric"*']),
    ("COVID-19", ["COVID-19"]),
    ("O(2)-O(3) injection", ["O(2)-O(3)", "injection"]),
    ("(O(2)-O(3))", ["O(2)-O(3)"]),
    ("Wharton's jelly", ["Wharton's", "jelly"]),
    ("p<0.05", ["p<0.05"]),
    ("author:doe disc", ["author:doe", "disc"]),
    ("author:doe JA disc", ['author:"doe JA"', "disc"]),
    ('Author: "Doe JA"', ['author:"Doe JA"']),
    ("doe ja[au] disc", ['author:"doe ja"', "disc"]),
    ('"low back pain"[tiab] OR lbp[ti]', ['"low back pain" OR title:lbp']),
    ("author:(doe OR roe)", ["author:doe OR author:roe"]),
    ("title:(disc pain)", ["(title:disc title:pain)"]),
    ("journal:spine", ["journal:spine"]),
    ("mesh:aging", ["subjects:aging"]),
    ("-level:5", ["-level:5"]),
    ("ratio 1:2", ["ratio", "1:2"]),
    ("12345678", ["pmid:12345678"]),
    ("PMID: 12345678", ["pmid:12345678"]),
    ("12345678, 23456789; 3456789", ["pmid:12345678 pmid:23456789 pmid:3456789"]),
    ("PMID 12345678 ozone", ["pmid:12345678", "ozone"]),
    ("ozone 12345678", ["ozone", "12345678"]),
    ("2019", ["2019"]),
    ("", []),
    ("  ", []),
    ("*", []),
    ('"', []),
    ('""', []),
    ('"*"*', []),
    ("( )", []),
    (")(", []),
    ("((((", []),
    ("-", []),
    ("- * ^ : ~ \\", []),
    ("\x00", []),
    ("…", []),
    ("😀", []),
    ("AND OR NOT", []),
    ("OR OR", []),
    ("OR ozone OR", ["ozone"]),
    ("ozone OR )", ["ozone"]),
    ("ozone NOT", ["ozone"]),
    ("NOT )ozone", ["ozone"]),
    ('he said "unfinished phrase', ["he", "said", '"unfinished phrase"']),
    ("((ozone disc", ["(ozone disc)"]),
    ("ozone)) disc", ["ozone", "disc"]),
    ("NEAR(a b) {title}: x^2", ["NEAR(a", "b", "{title}:", "x^2"]),
    ("\ud800ozone", ["?ozone"]),
]


@pytest.mark.parametrize(("typed", "parts"), READ)
def test_a_query_reads_as_people_expect(typed: str, parts: list[str]) -> None:
    """Words, phrases, OR, NOT, brackets, endings, fields and numbers; stray characters are nothing."""
    assert [part.node.typed() for part in parse(typed).parts] == parts


@pytest.mark.parametrize("typed", [typed for typed, parts in READ if parts and "12345678" not in typed])
def test_each_part_stands_where_it_says(typed: str) -> None:
    """A part cut out of the text leaves the others."""
    query = parse(typed)
    for number, part in enumerate(query.parts):
        rest = [other.node for other in query.parts if other is not part]
        left = parse(query.without(part)).parts
        if not any(character in typed for character in "()") and len(rest) == len(left):
            assert [other.node for other in left] == rest, number


# What is typed, and the records found (tests/search_records.py), in any order.
FOUND = [
    ("PRP", "prp_short prp_long prp_disk review rat"),
    ("platelet rich plasma", "prp_short prp_long prp_disk review rat platelet_rich"),
    ("platelet-rich plasma", "prp_short prp_long prp_disk review rat"),
    ('"PRP"', "prp_short review"),
    ('"platelet rich plasma"', "prp_long prp_disk review rat"),
    ("disc pain", "prp_long prp_disk"),
    ("disk pain", "prp_long prp_disk"),
    ('"disk" pain', "prp_disk"),
    ("randomised", "prp_long prp_disk review"),
    ("randomized", "prp_long prp_disk review"),
    ("RCT", "prp_long review"),
    ("stem cells", "msc stem"),
    ("MSC", "msc stem"),
    ("slipped disc", "slipped"),
    ("slipped disk", "slipped"),
    ("ozone", "ozone_number ozone_word"),
    ("O2-O3", "ozone_number ozone_word ozone_sub"),
    ("O(2)-O(3)", "ozone_number ozone_word"),
    ("O₂-O₃", "ozone_number ozone_word ozone_sub"),
    ("TGF-beta", "tgf_letter tgf_name"),
    ("TGF-β", "tgf_letter tgf_name"),
    ("TGF-β1", "tgf_letter"),
    ("tumour", "tumour tumor"),
    ("TUMORS", "tumour tumor"),
    ("anaesthetised", "asleep_gb asleep_us"),
    ("anesthetized", "asleep_gb asleep_us"),
    ("COVID-19", "covid"),
    ("degenerat*", "degenerating"),
    ("degenerativ*", "degenerating"),
    ("anesth*", "asleep_us asleep_gb"),
    ("QoL", "quality"),
    ("quality of life", "quality"),
    ("Is PRP effective for the nurses?", ""),
    ("what is PRP in nurses", "prp_short"),
    ('"in nurses"', "prp_short"),
    ("cooks -herniated", "quality"),
    ("cooks NOT slipped", "slipped quality"),
    ("-PRP PRP", "prp_long prp_disk rat"),
    ("(nurses OR cooks) quality", "quality"),
    ("nurses OR cooks", "prp_short slipped quality"),
    ("nurses OR cooks quality", "quality"),
    ("(PRP nurses) OR (quality cooks)", "prp_short quality"),
    ("author:doe", "prp_long"),
    ('author:"Doe JA"', "prp_long"),
    ("author:doe J", "prp_long"),
    ("author:doe B", ""),
    ('author:"Jane Doe"', "prp_long"),
    ('author:"Doe, Jane"', "prp_long"),
    ("doe ja[au]", "prp_long"),
    ("author:roe author:doe", "prp_long"),
    ("author:sorensen", "soerensen"),
    ("Sørensen", "soerensen"),
    ("author:muller", "mueller"),
    ("Müller", "mueller"),
    ("Mu\u0308ller", "mueller"),
    ("journal:spine", "spine european"),
    ('journal:"spine"', "spine"),
    ('journal:"European Spine Journal"', "european"),
    ("journal:nosuchjournal", ""),
    ("title:cooks", "slipped quality"),
    ("abstract:nurses", "prp_short"),
    ("mesh:aging", "degenerating"),
    ("mesh:cooks", ""),
    ("PRP level:1", "review"),
    ("PRP level:I", "review"),
    ("PRP level:1,2", "review prp_long prp_disk"),
    ("PRP level:1..3", "review prp_long prp_disk"),
    ("PRP -level:1..3", "prp_short rat"),
    ("design:rct", "prp_long prp_disk"),
    ('design:"systematic review"', "review"),
    ("design:review PRP", "review"),
    ("PRP year:2019", "prp_long"),
    ("PRP year:2019..", "prp_long review"),
    ("PRP year:2015..2019", "prp_long rat"),
    ("PRP year:2019-2015", "prp_long rat"),
    ("PRP year:>2019", "review"),
    ("PRP year:<=2015", "rat prp_short prp_disk"),
    ("level:1 OR ozone", "review ozone_number ozone_word"),
    ("treatment:prp level:2", "prp_long prp_disk"),
    (str(PMID["covid"]), "covid"),
    (f"PMID: {PMID['covid']}", "covid"),
    (f"{PMID['covid']}, {PMID['rat']} 99999999", "covid rat"),
    (f"pmid:{PMID['covid']} OR nurses", "covid prp_short"),
    (f"https://pubmed.ncbi.nlm.nih.gov/{PMID['covid']}/?from=x", "covid"),
    ("10.5555/prp.long(1)", "prp_long"),
    ("doi:10.5555/PRP.LONG(1).", "prp_long"),
    ("https://doi.org/10.5555/prp.long%281%29", "prp_long"),
    ("https://journal.example/article/10.5555/prp.long(1)?download=true", "prp_long"),
    (f"10.5555/prp.long(1) and {PMID['rat']}", "prp_long rat"),
]


@pytest.mark.parametrize(("typed", "names"), FOUND)
def test_a_query_finds_what_people_expect(searched: Searched, typed: str, names: str) -> None:
    """Each search finds the records written for it and no other."""
    assert sorted(searched.names(typed)) == sorted(names.split())


def test_a_word_that_must_match_anyway_becomes_a_filter(searched: Searched) -> None:
    """level:1 in the box is the same list as the filter beside it, and can be taken off like it."""
    results = searched.results("PRP level:1 year:2019..")
    assert results.filters.query.text == "PRP"
    assert [chip.name for chip in results.chips] == ["“PRP”", "Level 1", "2019 and later"]
    assert results.filters.address() == "/search?q=PRP&level=1&year=2019-"
    assert searched.results("PRP level:2", level="1").filters.chosen == {"level": ("2",)}


def test_values_nobody_knows_are_said(searched: Searched) -> None:
    """An unknown value or field narrows nothing, and one line says so."""
    results = searched.results("PRP level:9 year:soon wall:paint")
    assert results.notes == (
        "There is no field “wall:” here, so its words were searched for.",
        "Level of evidence “9” is not known here and was left out.",
        "Year “soon” is not known here and was left out.",
    )
    assert searched.results("ozone OR level:9").notes == ("Level of evidence “9” is not known here and was left out.",)
    assert searched.results("ab*").notes == ("ab*: at least 3 letters must stand before *, so it was left out.",)
    assert searched.results("journal:zzz").notes == ("No journal here is called “zzz”.",)
    assert "A web address" in searched.results("https://example.org/x ozone").notes[0]


def test_the_most_relevant_comes_first_and_level_decides_between_equals(searched: Searched) -> None:
    """A word in the title counts more than in the abstract; equals stand by level, then newest first."""
    assert searched.names("herniated cooks")[0] == "slipped"
    assert searched.names("synthetic platelet-rich plasma lumbar")[:2] == ["prp_long", "prp_disk"]
    assert searched.names("PRP", sort="level")[:1] == ["review"]


def test_of_very_many_papers_the_order_is_simple_and_says_so(
    searched: Searched, searched_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too many papers to compare: those with the words in the title first, then by level, then newest."""
    ranked = searched.names("cooks OR discs OR PRP")
    monkeypatch.setattr("catalog.site.matching.RANKED", 3)
    searched.facts.matches.put("discs OR PRP OR cooks", None)
    simple = searched.results("discs OR PRP OR cooks")
    assert len(simple.matched.tiers) == 3
    assert simple.papers[0].level == "1"
    assert sorted(ranked) == sorted(searched.names("discs OR PRP OR cooks"))
    assert searched.names("discs OR PRP OR cooks")[-1] == "degenerating"  # only its abstract has the word
    assert "the order is a simple one" not in searched_site.get("/search?q=PRP").text


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("2019", "2019"),
        ("2015..2020", "2015-2020"),
        ("2015...2020", "2015-2020"),
        ("2015-2020", "2015-2020"),
        ("2015:2020", "2015-2020"),
        ("2020..2015", "2015-2020"),
        ("2019..2019", "2019"),
        ("..2010", "-2010"),
        ("2019..", "2019-"),
        ("2019-", "2019-"),
        (">=2019", "2019-"),
        (">2018", "2019-"),
        ("<2011", "-2010"),
        ("<= 2010", "-2010"),
        ("..", None),
        ("soon", None),
        ("20190", None),
        ("19", None),
    ],
)
def test_years_can_be_typed_in_many_ways(typed: str, years: str | None) -> None:
    """A year, a range, an open range, as people write them."""
    assert typed_years(typed) == years


def test_every_facet_is_a_field() -> None:
    """Whatever stands beside a list can be typed."""
    assert set(FACETS) <= set(FIELDS.values())


def test_very_long_queries_are_cut_and_say_so(searched_site: Site) -> None:
    """Ten thousand characters are answered by their beginning, in a line that says so."""
    answer = searched_site.get("/search.json?q=" + "%20".join(["ozone"] * 150)).json()
    assert answer["notes"] == [f"Only the first {MOST_TERMS} words of the search were used."]
    assert answer["total"] == 2
    page = searched_site.get("/search?q=" + "x" * 10_000)
    assert page.status_code == 200
    assert f"Only the first {LONGEST:,} characters" in page.text


def test_one_paper_by_number_is_opened(searched_site: Site) -> None:
    """A PMID or DOI alone leads to its paper; beside a filter, in JSON, or of several it is a list."""
    pmid = PMID["prp_long"]
    for typed in (str(pmid), f"PMID: {pmid}", "10.5555/prp.long(1)"):
        answer = searched_site.get(f"/search?q={typed}", allow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (302, f"/articles/{pmid}")
    assert searched_site.get(f"/search?q={pmid}&level=2", allow_redirects=False).status_code == 200
    assert searched_site.get(f"/search.json?q={pmid}").json()["total"] == 1
    several = searched_site.get(f"/search?q={pmid},99999999", allow_redirects=False)
    assert several.status_code == 200
    assert 'Not in this catalog: <a href="https://pubmed.ncbi.nlm.nih.gov/99999999/">PMID 99999999</a>' in several.text


_ODD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from('"*()-+:^{}[]|&,;.\x00\u2212\u201c\u00ad 0123456789 abc ORNOTAND'),
    ),
    max_size=80,
)
_PIECES = st.lists(
    st.sampled_from(
        [
            *(typed for typed, _ in READ),
            *(typed for typed, _ in FOUND),
            *(f"{name}:" for name in FIELDS),
            "(",
            ")",
            '"',
        ],
    ),
    max_size=8,
).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(st.one_of(_ODD, _PIECES, st.builds(lambda a, b: a + b, _PIECES, _ODD)))
def test_no_query_is_an_error(searched: Searched, typed: str) -> None:
    """Whatever is typed, the index answers, the parts stand in the text, and every address can be asked again."""
    with closing(sqlite3.connect(searched.path)) as conn:
        filters = read_filters({"q": [typed]}, searched.facts)
        found = search(conn, searched.facts, filters)
        assert 0 <= found.total <= searched.facts.papers

        def total(address: str) -> int:
            return search(conn, searched.facts, read_filters(parse_qs(urlsplit(address).query), searched.facts)).total

        assert total(found.filters.address()) == found.total
        if found.literally is not None:
            assert total(found.literally) <= found.total
        for address, count in [(w.address, w.count) for w in found.ways] + [(a.address, a.count) for a in found.meant]:
            assert total(address) == count > 0
