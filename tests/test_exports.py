"""Papers as files from the site: one paper, a search, any list, Datasette's own lists; unAPI."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
import requests
import rispy
from lxml import etree

from catalog.site import exports
from tests.asking import asking
from tests.citable import ARTICLE, CITABLE, WITHDRAWN, citable_catalog
from tests.site_fixtures import FIRST_SERIES, RETRACTED, SERIES, TRIAL, Site, serving
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site


@pytest.fixture(scope="module")
def citable_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over records with all that a citation may need."""
    with serving(citable_catalog(tmp_path_factory.mktemp("citable") / "catalog.db")) as running:
        yield running


def pmids_in(text: str) -> list[int]:
    return [int(entry["accession_number"]) for entry in rispy.loads(text)]


@pytest.mark.parametrize(
    ("extension", "media_type", "begins"),
    [
        ("ris", "application/x-research-info-systems", "TY  - JOUR\r\n"),
        ("bib", "application/x-bibtex", "@article{"),
        ("nbib", "application/nbib", f"PMID- {TRIAL}\n"),
        ("csl.json", "application/vnd.citationstyles.csl+json", "[\n{"),
    ],
)
def test_a_paper_in_each_format(site: Site, extension: str, media_type: str, begins: str) -> None:
    """`/articles/PMID.ext` is a file to save, named after the paper."""
    answer = site.get(f"/articles/{TRIAL}.{extension}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="pmid-{TRIAL}.{extension}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.text.startswith(begins)
    assert "Synthetic platelet-rich plasma" in answer.text
    head = requests.head(f"{site.url}articles/{TRIAL}.{extension}", timeout=20)
    assert (head.status_code, head.text) == (200, "")


@pytest.mark.parametrize("wanted", ["5", "abc", "0", "99999999999999", "%F0%9F%92%A9", "1.5"])
def test_an_unknown_paper_is_a_404(site: Site, wanted: str) -> None:
    """In one line, never an empty file."""
    answer = site.get(f"/articles/{wanted}.ris")
    assert answer.status_code == 404
    assert answer.text == "None of these papers is in this catalog.\n"


def test_a_search_is_exported_whole_and_in_its_order(site: Site) -> None:
    """Every page of the list, filters and order kept; the header says how many."""
    listed = site.get("/search.json?q=quince&sort=oldest").json()
    answer = site.get("/search.ris?q=quince&sort=oldest&page=2")
    found = pmids_in(answer.text)
    assert len(found) == listed["total"] == SERIES // 2
    assert found[: len(listed["articles"])] == [article["pmid"] for article in listed["articles"]]
    assert answer.headers["x-catalog-papers"] == f"{len(found)} of {len(found)}"
    assert pmids_in(site.get("/search.ris?level=2&retracted=exclude").text) == [
        article["pmid"] for article in site.get("/search.json?level=2&retracted=exclude").json()["articles"]
    ]
    assert site.get("/search.ris?q=nothingatall").status_code == 404


def test_a_list_offers_its_files(site: Site) -> None:
    """Each format of the whole list, filters kept and the page left out; and the ticked papers."""
    page = site.get("/search?q=quince&sort=oldest&page=2").text
    for extension in ("ris", "bib", "nbib", "csl.json"):
        assert f'href="/search.{extension}?q=quince&amp;sort=oldest"' in page
    assert f"Save all {SERIES // 2} for a reference manager" in page
    assert '<button class="quiet" form="compare" formaction="/cite.ris">' in page


def test_a_long_list_is_streamed_and_a_longer_one_cut(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces of a batch, valid in every format; beyond the limit the file's name, a header and BibTeX say so."""
    monkeypatch.setattr(exports, "BATCH", 7)

    every = site.value("SELECT count(*) FROM articles")
    with asking(site.path, immutable=True) as ask:
        answer = ask("/search.csl.json")
        assert len(json.loads(answer.text)) == every
        assert answer.headers["x-catalog-papers"] == f"{every} of {every}"
        assert len(pmids_in(ask("/search.ris").text)) == every
        monkeypatch.setattr(exports, "MOST", 10)
        answer = ask("/search.bib")
        assert answer.text.count("\n@") == 10
        assert answer.text.startswith(f"% Only the first 10 of {every} papers: narrow the list for the others\n")
        assert answer.headers["content-disposition"] == f'attachment; filename="search-first-10-of-{every}.bib"'
        assert answer.headers["x-catalog-papers"] == f"first 10 of {every}"
        answer = ask("/catalog/articles.ris")
        assert len(pmids_in(answer.text)) == 10
        assert answer.headers["content-disposition"].startswith('attachment; filename="articles-first-10-of-')


def test_any_list_of_papers(site: Site) -> None:
    """`/cite.ris?pmid=` takes PMIDs in the order given, each once; what is no PMID or not here is left out."""
    answer = site.get(f"/cite.ris?pmid={RETRACTED},{TRIAL}&pmid=5&pmid=x&pmid={TRIAL}")
    assert pmids_in(answer.text) == [RETRACTED, TRIAL]
    assert site.get("/cite.ris").status_code == 404
    assert site.get("/cite.ris?pmid=5").status_code == 404


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/catalog/articles.ris", None),
        ("/catalog/articles.ris?level=4&_sort=year", None),
        ("/catalog/articles.ris?_size=5", 5),
        ("/catalog/article_interventions.ris?intervention=ozone", None),
        ("/catalog/tags.ris?_labels=on&_size=max", None),
        ("/catalog/conflicts.ris", 0),
        (f"/catalog/articles/{TRIAL}.ris", 1),
        ("/catalog.ris?sql=select+pmid+as+PMID,+title+from+articles+limit+3", 3),
        ("/catalog.ris?sql=select+pmid||''+as+pmid+from+articles+limit+3", 3),
    ],
)
def test_datasettes_lists(site: Site, path: str, count: int | None) -> None:
    """Tables with filters, views, rows and queries: the papers of the rows, whole lists, each paper once."""
    answer = site.get(path)
    if count == 0:
        assert answer.status_code == 404
        return
    assert answer.status_code == 200, answer.text
    found = pmids_in(answer.text)
    assert len(set(found)) == len(found) > 0
    if count:
        assert len(found) == count
    elif path == "/catalog/articles.ris":
        assert len(found) == site.value("SELECT count(*) FROM articles")
    elif "sort=year" in path:
        assert found == [p for (p,) in site.rows("SELECT pmid FROM articles WHERE level = 4 ORDER BY year, pmid")]


@pytest.mark.parametrize("extension", ["ris", "bib", "nbib", "csl"])
def test_datasettes_pages_offer_each_format(site: Site, extension: str) -> None:
    """The links stand where there is a column pmid, and nowhere else."""
    assert f"/catalog/articles.{extension}" in site.get("/catalog/articles").text
    assert f".{extension}" not in site.get("/catalog/levels").text
    assert site.get(f"/catalog/articles.{extension}?_size=2").status_code == 200


@pytest.mark.parametrize(
    "path", ["/catalog/levels.ris", "/catalog.ris?sql=select+1+as+one", "/catalog/levels/1.bib", "/catalog/designs.csl"]
)
def test_a_list_without_papers_says_why(site: Site, path: str) -> None:
    """One clear line, not an empty file and not a traceback."""
    answer = site.get(path)
    assert answer.status_code == 400
    assert answer.text == "Citations need a list of the catalog with a column called pmid; this one has none.\n"


@pytest.mark.parametrize("path", ["/catalog.ris?sql=select+'x'+as+pmid", "/catalog.ris?sql=select+null+as+pmid"])
def test_rows_that_hold_no_pmid(site: Site, path: str) -> None:
    """A column called pmid with something else in it gives no paper."""
    assert site.get(path).status_code == 404


def test_unapi(citable_site: Site) -> None:
    """Formats of all, formats of one (300), one in a format; what is unknown is 404 or 406."""
    formats = etree.fromstring(citable_site.get("/unapi").content)
    assert [f.get("name") for f in formats] == ["ris", "bibtex"]
    one = citable_site.get(f"/unapi?id={ARTICLE}")
    assert one.status_code == 300
    assert etree.fromstring(one.content).get("id") == str(ARTICLE)
    record = citable_site.get(f"/unapi?id={WITHDRAWN}&format=ris")
    assert rispy.loads(record.text)[0]["title"].startswith("RETRACTED: ")
    assert citable_site.get("/unapi?id=5").status_code == 404
    assert citable_site.get('/unapi?id="><x>').status_code == 404
    assert citable_site.get(f"/unapi?id={ARTICLE}&format=marc").status_code == 406


def test_exports_can_only_be_read(site: Site) -> None:
    """GET and HEAD, nothing else."""
    for path in (f"articles/{TRIAL}.ris", "search.ris", "cite.ris", "unapi"):
        assert requests.post(site.url + path, timeout=20).status_code == 405


def test_a_sample_is_marked_in_its_exports(sample_site: Site) -> None:
    """Header, title and note say that the records are invented."""
    answer = sample_site.get("/search.ris?level=1")
    assert answer.headers["x-catalog-sample"].startswith("SAMPLE")
    for entry in rispy.loads(answer.text):
        assert "[SAMPLE] " in entry["title"]
        assert any("SAMPLE: an invented record" in note for note in entry["notes"])
    assert sample_site.get("/search.bib?level=1").text.startswith("% SAMPLE: invented records\n")


def test_the_whole_citable_catalog(citable_site: Site) -> None:
    """Books, chapters, preprints and retracted papers come out of a search as any other."""
    assert sorted(pmids_in(citable_site.get("/search.ris").text)) == CITABLE
    assert re.search(r"^@incollection\{", citable_site.get("/search.bib").text, re.MULTILINE)
    assert FIRST_SERIES not in CITABLE
