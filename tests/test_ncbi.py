"""The loopback PubMed behaves as NCBI's: searching, fetching, history, pacing, and going wrong on order."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import Bio.Entrez
import pytest
import requests
from Bio import Medline
from lxml import etree

from tests.ncbi import FIRST_PMID, Corpus, PubMed, synthetic_article, synthetic_corpus, synthetic_records
from tests.ncbi.corpus import CorpusError
from tests.ncbi.faults import (
    FAULTS,
    BackendTimeout,
    BrokenRecord,
    CutBody,
    CutChunked,
    CutXml,
    DamagedGzip,
    DuplicateRecords,
    EmptyBody,
    ErrorElement,
    ExpiredWebEnv,
    ExtraRecord,
    Fault,
    HtmlPage,
    MissingRecords,
    RateLimited,
    RawLimited,
    RawNewlines,
    Redirect,
    ResetBefore,
    ResetMidway,
    SearchFailed,
    ServerError,
    Stall,
    StallMidway,
    WrongCharset,
    WrongCount,
    WrongLength,
)
from tests.ncbi.schedules import FaultError, at, every, parse_fault
from tests.ncbi.server import API_KEY

P = FIRST_PMID - 1  # record n below has PMID P + n

RECORDS = [
    synthetic_article(P + 1, "Platelet-rich plasma for chronic low back pain", "A trial of PRP.", keywords=["Lumbago"]),
    synthetic_article(
        P + 2,
        "Prolotherapy in sciatica",
        [("METHODS", "Pain, chronic and in the back, was scored."), ("RESULTS", "Prolotherapists injected dextrose.")],
        mesh=["*Low Back Pain", "Prolotherapy"],
        published=date(2019, 3, 7),
    ),
    synthetic_article(
        P + 3,
        "Oxygen-ozone for disc herniation",
        "We discuss ozone.",
        mesh=["Ozone/*therapeutic use", "Intervertebral Disc Displacement", "Humans"],
        publication_types=["Journal Article", "Randomized Controlled Trial"],
        authors=["Müller, Jörg A", "The Ozone Study Group"],
        published=date(2020, 6, 1),
        entered=date(2020, 7, 15),
        revised=date(2021, 2, 3),
    ),
    synthetic_article(P + 4, "Failed back surgery", None, mesh=["Failed Back Surgery Syndrome"], language="ger"),
    synthetic_article(
        P + 5, "Spondylolisthesis graded", "Plasma was rich in platelets.", mesh=["*Spondylolisthesis", "Back Pain"]
    ),
    synthetic_article(
        P + 6,
        "Stem cells & the disc",
        "Cells <grown> in vitro.",
        other_abstract="Células madre para la espalda.",
        pubdate="2018 Nov-Dec",
        status="Publisher",
    ),
    synthetic_article(P + 7, "Pain in the neck and the lower back", "Rich text about plasma for a platelet."),
]


@pytest.fixture(scope="module")
def pubmed() -> Iterator[PubMed]:
    with PubMed(
        RECORDS, rate=10_000, today=date(2021, 2, 10), unknown_phrases=["trial of prp", "qzxwv", "No Such Heading"]
    ) as server:
        yield server


@pytest.fixture
def fresh() -> Iterator[PubMed]:
    with PubMed(RECORDS, rate=10_000) as server:
        yield server


def get(pubmed: PubMed, program: str, **params: str | int) -> requests.Response:
    given: dict[str, str | int] = {"db": "pubmed", **params}
    return requests.get(f"{pubmed.base_url}{program}.fcgi", params=given, timeout=10, allow_redirects=False)


def esearch(pubmed: PubMed, term: str, **params: str | int) -> dict[str, Any]:
    result = get(pubmed, "esearch", term=term, retmode="json", **params).json()["esearchresult"]
    assert isinstance(result, dict)
    return result


def found(pubmed: PubMed, term: str, **params: str | int) -> list[int]:
    return [int(pmid) - P for pmid in esearch(pubmed, term, **params)["idlist"]]


def pmids(body: bytes) -> list[int]:
    return [int(element.text or "") - P for element in etree.fromstring(body).iterfind("*/MedlineCitation/PMID")]


def entrez_read(body: bytes) -> Any:
    return Bio.Entrez.read(io.BytesIO(body))  # type: ignore[no-untyped-call] # Biopython has no types


QUERIES = [
    ("prolotherapy[tiab]", [2]),
    ("PROLOTHERAPY[TIAB]", [2]),
    ("prolotherap*[tiab]", [2]),
    ("prolotherapis*[ab]", [2]),
    ("prolotherapis*[ti]", []),
    ("disc*[tiab]", [6, 3]),  # finds "discuss" too
    ("discu*[tiab]", [3]),
    ('"platelet rich plasma"[tiab]', [1]),
    ('"platelet-rich plasma"[tiab]', [1]),
    ("platelet-rich plasma[tiab]", [1]),
    ('"platelet rich plasm*"[tiab]', [1]),
    ("plasma rich[tiab]", [7, 5, 1]),  # no such phrase: the words, ANDed
    ("rich-plasma[tiab]", [1]),  # a hyphen keeps words together
    ("plasma-rich[tiab]", []),
    ("lumbago[tiab]", [1]),  # an author keyword
    ("lumbago[ot]", [1]),
    ("espalda[tiab]", [6]),  # the other abstract
    ("celulas[tiab]", [6]),  # accents do not matter
    ("Células[tiab]", [6]),
    ("study group[tiab]", []),  # a group author is not text
    ('"ozone study group"[cn]', [3]),
    ("methods[tiab]", [2]),  # a label is
    ('"sciatica methods"[tiab]', []),  # no phrase from title into abstract
    ('"back pain chronic"[tiab:~0]', []),
    ('"pain back"[tiab:~0]', [1]),
    ('"back pain chronic"[tiab:~1]', [1]),
    ('"back pain chronic"[tiab:~3]', [2, 1]),
    ('"back pain chronic"[ti:~3]', [1]),
    ('"pain back"[ti:~5]', [1]),
    ('"pain back"[ti:~6]', [7, 1]),
    ('"pain back"[Title/Abstract:~6]', [7, 2, 1]),
    ('"invention nowhere"[ad:~0]', [7, 6, 5, 4, 3, 2, 1]),
    ("ozone OR prolotherapy[tiab] AND dextrose[tiab]", [2]),  # left to right
    ("ozone OR (prolotherapy[tiab] AND dextrose[tiab])", [3, 2]),
    ("back[tiab] NOT pain[tiab]", [4]),
    ("pain[ti] back[ti]", [7, 1]),
    ("NOT back[tiab]", [6, 5, 3]),
    ("back[tiab] AND (NOT pain[tiab])", [4]),
    ("low back pain", [2, 1]),  # automatic mapping: the heading as well
    ("backache", [5, 4, 2]),  # an entry term
    ('"Back Pain"[mh]', [5, 4, 2]),
    ('"Back Pain"[mh:noexp]', [5]),
    ('"Back Pain"[MeSH Terms:noexp]', [5]),
    ('"Low Back Pain"[mh]', [2]),
    ("Spondylosis[mh]", [5]),
    ('"Spinal Diseases"[majr]', [5]),
    ('"Ozone/therapeutic use"[mh]', [3]),
    ('"Ozone/tu"[mh]', [3]),
    ("ozone[majr]", [3]),
    ('"Intervertebral Disc Displacement"[majr]', []),
    ('"Slipped disc"[mh]', [3]),
    ("therapeutic use[sh]", [3]),
    ("randomized controlled trial[pt]", [3]),
    ("clinical trial[pt]", [3]),  # publication types explode
    ("german[la]", [4]),
    ("ger[la]", [4]),
    ("muller j[au]", [3]),
    ("Müller[au]", [3]),
    ('"muller j"[au]', []),
    ('"muller ja"[au]', [3]),
    ("muller[1au]", [3]),
    ('"Journal of Invented Records"[ta] AND ozone[ti]', [3]),
    ("2019[dp]", [2]),
    ("2019/03[dp]", [2]),
    ("2019:2020/06[dp] NOT low[ti]", [7, 5, 4, 3, 2]),
    ('"2018/11/01"[dp] : "2018/12/31"[dp]', [6]),
    ("2020/07/15[edat]", [3]),
    ("2021/01/01:2021/12/31[mdat]", [3]),
    ('"last 10 days"[mdat]', [3]),
    (f"{P + 2}:{P + 4}[uid]", [4, 3, 2]),
    (f"1:{P + 1}[PMID]", [1]),
    (f"{P + 2}[uid] OR {P + 5}[pmid]", [5, 2]),
    (f"{P + 2},{P + 5}[uid]", [5, 2]),
    (f"{P + 2} {P + 5}", [5, 2]),
    ("publisher[sb]", [6]),
    ("all[sb] NOT hasabstract[sb]", [4]),
    ("all[sb] NOT hasabstract", [4]),
    ("grown[all]", [6]),
    ('"10.5555/invented.970000003"[aid]', [3]),
    ("spondylolisthesis[tw]", [5]),
    ("lumbar[tiab]", []),
]


@pytest.mark.parametrize(("term", "expected"), QUERIES)
def test_a_query_finds_what_pubmed_would(pubmed: PubMed, term: str, expected: list[int]) -> None:
    """Each piece of PubMed's syntax finds the right records, newest first, and its translation finds the same again."""
    result = esearch(pubmed, term)
    assert found(pubmed, term) == expected
    assert result["count"] == str(len(expected))
    assert found(pubmed, str(result["querytranslation"])) == expected
    assert "errorlist" not in result


def test_a_quoted_phrase_missing_from_the_phrase_index_silently_becomes_its_words(pubmed: PubMed) -> None:
    """The answer widens and only a warning says so; proximity needs no index and finds the phrase."""
    widened = esearch(pubmed, '"trial of PRP"[tiab]')
    assert widened["warninglist"] == {
        "phrasesignored": ["of"],
        "quotedphrasesnotfound": ['"trial of PRP"[tiab]'],
        "outputmessages": [],
    }
    assert widened["querytranslation"] == '("trial"[Title/Abstract] AND "prp"[Title/Abstract])'
    exact = esearch(pubmed, '"trial of PRP"[tiab:~0]')
    assert exact["idlist"] == [str(P + 1)]
    assert "warninglist" not in exact


def test_a_word_pubmed_does_not_know_drops_out_of_the_search(pubmed: PubMed) -> None:
    """The rest is searched without it and PhraseNotFound names it; alone it finds nothing."""
    result = esearch(pubmed, "ozone[ti] AND qzxwv[tiab]")
    assert result["idlist"] == [str(P + 3)]
    assert result["errorlist"] == {"phrasesnotfound": ["qzxwv"], "fieldsnotfound": []}
    alone = esearch(pubmed, "qzxwv")
    assert (alone["count"], alone["errorlist"]) == ("0", {"phrasesnotfound": ["qzxwv"], "fieldsnotfound": []})
    heading = esearch(pubmed, 'ozone[ti] OR "No Such Heading"[mh]')
    assert heading["warninglist"]["quotedphrasesnotfound"] == ['"No Such Heading"[mh]']
    assert heading["count"] == "1"


def test_in_a_closed_world_what_the_corpus_lacks_is_not_found() -> None:
    """With closed_world a word or heading that no record has is reported; without, it simply finds nothing."""
    with PubMed(RECORDS, rate=10_000, closed_world=True) as server:
        assert esearch(server, "ozone[ti] AND zebrafish[tiab]")["count"] == "1"
        result = esearch(server, 'ozone[ti] AND "Zebrafish Studies"[mh]')
        assert result["warninglist"]["quotedphrasesnotfound"] == ['"Zebrafish Studies"[mh]']


@pytest.mark.parametrize(
    ("term", "expected", "said"),
    [
        ("ozone[tiab] AND dis*[tiab]", [3], "at least 4 characters"),
        ('"back pain*"[tiab:~2] OR ozone[ti]', [3], "cannot be truncated"),
        ("(ozone[ti] AND herniation[ti]", [3], "opening parenthesis"),
        ("ozone[ti])", [3], "closing parenthesis"),
        ('ozone[ti] "', [3], "double quote"),
        ("ozone[ti] AND", [3], "operator AND"),
        ("AND ozone[ti]", [3], "operator AND"),
        ("(ozone OR prp)[tiab]", [3, 1], "after a group"),
    ],
)
def test_what_pubmed_ignores_it_mentions(pubmed: PubMed, term: str, expected: list[int], said: str) -> None:
    """A malformed piece is left out, the rest is searched, and an output message names it."""
    result = esearch(pubmed, term)
    assert found(pubmed, term) == expected
    assert said in json.dumps(result["warninglist"])


def test_an_unknown_field_is_named_and_all_fields_searched(pubmed: PubMed) -> None:
    """FieldNotFound gives the tag; also for proximity in a field that has none."""
    result = esearch(pubmed, "ozone[titel] AND herniation[tiab]")
    assert result["errorlist"] == {"phrasesnotfound": [], "fieldsnotfound": ["titel"]}
    assert result["querytranslation"] == '"ozone"[All Fields] AND "herniation"[Title/Abstract]'
    assert esearch(pubmed, '"low back"[ab:~2]')["errorlist"] == {"phrasesnotfound": [], "fieldsnotfound": ["ab:~2"]}


def test_lower_case_operators_are_words(pubmed: PubMed) -> None:
    """`or` joins nothing: the words are ANDed and `or` is ignored."""
    result = esearch(pubmed, "ozone or prolotherapy")
    assert result["count"] == "0"
    assert result["warninglist"]["phrasesignored"] == ["or"]


def test_date_parameters_limit_a_search(pubmed: PubMed) -> None:
    """A mindate with its maxdate, or reldate, of the datetype asked for; the translation shows it."""
    dates = {"datetype": "mdat", "mindate": "2021/01", "maxdate": "2021/02/05"}
    result = esearch(pubmed, "back OR ozone", **dates)
    assert result["idlist"] == [str(P + 3)]
    assert str(result["querytranslation"]).endswith("AND 2021/01/01:2021/02/05[Date - Modification]")
    assert found(pubmed, "all[sb]", datetype="mdat", reldate=30) == [3]
    assert found(pubmed, "all[sb]", datetype="pdat", mindate="2019", maxdate="2019") == [2]
    assert "Invalid datetype" in get(pubmed, "esearch", term="ozone", datetype="xdat").text


def test_esearch_xml_is_what_bio_entrez_reads(pubmed: PubMed) -> None:
    """Counts, ids, history, translations, errors and warnings, under NCBI's DOCTYPE."""
    term = 'sciatica OR qzxwv[tiab] OR "trial of PRP"[tiab] OR x[titel]'
    response = get(pubmed, "esearch", term=term, usehistory="y", retmax=1)
    assert response.headers["Content-Type"] == "text/xml; charset=UTF-8"
    read = entrez_read(response.content)
    assert (read["Count"], read["RetMax"], read["RetStart"], read["QueryKey"]) == ("2", "1", "0", "1")
    assert read["IdList"] == [str(P + 2)]
    assert read["WebEnv"].startswith("MCID_")
    assert read["TranslationSet"][0]["From"] == "sciatica"
    assert "[Title/Abstract]" in read["QueryTranslation"]
    assert read["ErrorList"] == {"PhraseNotFound": ["qzxwv"], "FieldNotFound": ["titel"]}
    assert read["WarningList"]["QuotedPhraseNotFound"] == ['"trial of PRP"[tiab]']
    count = entrez_read(get(pubmed, "esearch", term="back", rettype="count").content)
    assert count == {"Count": "5"}


def test_an_empty_query_gets_ncbis_error_body(pubmed: PubMed) -> None:
    """HTTP 200 with ERROR, in JSON and in XML; an unknown database likewise."""
    assert esearch(pubmed, " ") == {"ERROR": "Empty term and query_key - nothing todo"}
    with pytest.raises(RuntimeError, match="Empty term"):
        entrez_read(get(pubmed, "esearch").content)
    assert "Invalid db name" in get(pubmed, "esearch", db="nosuch", term="x").text


@pytest.fixture(scope="module")
def crowd() -> Iterator[PubMed]:
    """More records than PubMed lists."""
    article = synthetic_article(P, "Ozone", None)
    records = (article.replace(str(P).encode(), str(P + n).encode()) for n in range(1, 10_102))
    with PubMed(records, rate=10_000) as server:
        yield server


def test_no_search_lists_beyond_the_first_9999_records(crowd: PubMed) -> None:
    """A page across the end is cut short with a message; a later start is an error whose JSON has raw line breaks."""
    result = esearch(crowd, "ozone[ti]", retmax=100_000)
    assert (result["count"], result["retmax"]) == ("10101", "9999")
    assert result["idlist"][0] == str(P + 10_101)
    assert "adjusted to 0, 9999" in json.dumps(result["warninglist"])
    assert len(found(crowd, "ozone[ti]", retstart=9998, retmax=5)) == 1
    late = get(crowd, "esearch", term="ozone[ti]", retstart=9999, retmode="json")
    assert late.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(late.text)
    assert json.loads(late.text, strict=False)["esearchresult"]["ERROR"].startswith(
        "Search Backend failed: Exception:\n'retstart' cannot be larger than 9998."
    )
    parts = [
        esearch(crowd, f"(ozone[ti]) AND {lo}:{hi}[uid]")["count"] for lo, hi in ((1, P + 5000), (P + 5001, 10**10))
    ]
    assert parts == ["5000", "5101"]


def test_the_history_too_ends_at_9999(crowd: PubMed) -> None:
    """EFetch over a WebEnv cuts the last page without a word and refuses a later start with HTTP 400."""
    kept = esearch(crowd, "ozone[ti]", usehistory="y", retmax=0)
    assert kept["idlist"] == []
    history = {"WebEnv": kept["webenv"], "query_key": kept["querykey"], "rettype": "uilist", "retmode": "text"}
    page = get(crowd, "efetch", **history, retstart=9990, retmax=100)
    assert len(page.text.split()) == 9
    late = get(crowd, "efetch", **history, retstart=9999)
    assert (late.status_code, "larger than 9998" in late.text) == (400, True)


def test_efetch_serves_the_very_bytes(pubmed: PubMed) -> None:
    """Raw records, in the order asked, duplicates once, unknown ones absent, inside NCBI's envelope."""
    response = get(pubmed, "efetch", id=f"{P + 5},{P + 2},{P + 5},999999999", retmode="xml", rettype="abstract")
    assert response.content.startswith(b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD')
    assert RECORDS[4] + b"\n" + RECORDS[1] + b"</PubmedArticleSet>" in response.content
    assert pmids(response.content) == [5, 2]
    assert pmids(get(pubmed, "efetch", id=f"{P + 1},{P + 2},{P + 3}", retstart=1, retmax=1).content) == [2]


def test_efetch_of_nothing_known_is_an_empty_set(pubmed: PubMed) -> None:
    """HTTP 200 and an empty PubmedArticleSet; a list without a single number is HTTP 400."""
    empty = get(pubmed, "efetch", id="999999999")
    assert empty.status_code == 200
    assert empty.text.endswith("<PubmedArticleSet></PubmedArticleSet>\n")
    bad = get(pubmed, "efetch", id="abc")
    assert bad.status_code == 400
    assert "<ERROR>ID list is empty! Possibly it has no correct IDs.</ERROR>" in bad.text


def test_efetch_as_medline_is_what_bio_medline_reads(pubmed: PubMed) -> None:
    """Title, abstract, authors, headings and dates under MEDLINE's tags."""
    text = get(pubmed, "efetch", id=f"{P + 2},{P + 3}", rettype="medline", retmode="text").text
    first, second = Medline.parse(io.StringIO(text))  # type: ignore[no-untyped-call] # Biopython has no types
    assert first["PMID"] == str(P + 2)
    assert first["AB"].startswith("METHODS: Pain, chronic and in the back")
    assert first["MH"] == ["*Low Back Pain", "Prolotherapy"]
    assert second["AU"] == ["Müller JA"]
    assert second["CN"] == ["The Ozone Study Group"]
    assert second["EDAT"] == "2020/07/15 00:00"
    assert second["MH"][0] == "Ozone/*therapeutic use"


def test_many_ids_go_by_post(pubmed: PubMed) -> None:
    """More than 200 ids, or a very long address, get HTTP 414 by GET; POST takes them all."""
    ids = ",".join(str(P + n) for n in range(1, 301))
    assert get(pubmed, "efetch", id=ids).status_code == 414
    assert get(pubmed, "esearch", term="ozone OR " * 600 + "prp").status_code == 414
    url = pubmed.base_url
    posted = requests.post(f"{url}efetch.fcgi", data={"db": "pubmed", "id": ids}, timeout=10)
    assert pmids(posted.content) == [1, 2, 3, 4, 5, 6, 7]
    term = {"db": "pubmed", "term": "zzzzz[tiab] OR " * 600 + "ozone[ti]", "retmode": "json"}
    searched = requests.post(f"{url}esearch.fcgi", data=term, timeout=10).json()
    assert searched["esearchresult"]["idlist"] == [str(P + 3)]


def test_the_history_server_keeps_what_was_found(fresh: PubMed) -> None:
    """Query keys count up within a WebEnv, #1 can be searched in, EPost adds a list, expiry is HTTP 400."""
    one = esearch(fresh, "back[tiab]", usehistory="y")
    webenv = one["webenv"]
    two = esearch(fresh, "#1 AND pain[tiab]", usehistory="y", WebEnv=webenv)
    assert (two["webenv"], two["querykey"]) == (webenv, "2")
    assert two["idlist"] == [str(P + n) for n in (7, 2, 1)]
    posted = get(fresh, "epost", id=f"{P + 6},x,{P + 3}", WebEnv=webenv)
    root = etree.fromstring(posted.content)
    assert (root.findtext("QueryKey"), root.findtext("InvalidIdList/Id")) == ("3", "x")
    assert entrez_read(get(fresh, "epost", id=P + 1).content)["QueryKey"] == "1"
    assert pmids(get(fresh, "efetch", WebEnv=webenv, query_key=2, retstart=1, retmax=1).content) == [2]
    assert pmids(get(fresh, "efetch", WebEnv=webenv, query_key=3).content) == [6, 3]
    assert get(fresh, "efetch", WebEnv=webenv, query_key=1, retstart=50).status_code == 400
    fresh.history.expire()
    gone = get(fresh, "efetch", WebEnv=webenv, query_key=1)
    assert gone.status_code == 400
    assert "<ERROR>Unable to obtain query #1</ERROR>" in gone.text


def test_a_webenv_may_have_a_lifetime() -> None:
    """After webenv_lifetime seconds it is gone, without notice."""
    with PubMed(RECORDS, rate=10_000, webenv_lifetime=0.05) as server:
        kept = esearch(server, "ozone", usehistory="y")
        time.sleep(0.1)
        assert get(server, "efetch", WebEnv=kept["webenv"], query_key=1).status_code == 400


def test_einfo_describes_the_database(pubmed: PubMed) -> None:
    """Count and LastUpdate, as XML and JSON."""
    read = entrez_read(get(pubmed, "einfo").content)["DbInfo"][0]
    assert read["Count"] == "7"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d \d\d:\d\d", read["LastUpdate"])
    assert get(pubmed, "einfo", retmode="json").json()["einforesult"]["dbinfo"][0]["dbname"] == "pubmed"


def test_the_corpus_can_change_between_requests(fresh: PubMed) -> None:
    """A new record is found, a later version replaces the earlier, an earlier one does not, a deleted one is absent."""
    assert found(fresh, "ozone[ti]") == [3]
    fresh.corpus.put(synthetic_article(P + 9, "More ozone", None))
    fresh.corpus.put(synthetic_article(P + 3, "Retitled", "Now of laser.", version=2))
    fresh.corpus.put(synthetic_article(P + 3, "Ozone, an old version arriving late", None))
    assert found(fresh, "ozone[ti]") == [9]
    assert found(fresh, "laser[tiab]") == [3]
    assert fresh.corpus.delete(P + 9)
    assert not fresh.corpus.delete(P + 9)
    assert found(fresh, "ozone[ti]") == []
    assert pmids(get(fresh, "efetch", id=f"{P + 9},{P + 3}").content) == [3]


def test_corpus_files_are_applied_in_order(tmp_path: Path) -> None:
    """.xml and .xml.gz by name; a later file replaces and DeleteCitation removes; a bad path is one clear line."""
    first = b"<PubmedArticleSet>" + b"\n".join(RECORDS[:3]) + b"</PubmedArticleSet>"
    gone = b'<DeleteCitation>\n<PMID Version="1">%d</PMID>\n</DeleteCitation>' % (P + 2)
    second = b"<PubmedArticleSet>" + synthetic_article(P + 1, "Replaced", None) + gone + b"</PubmedArticleSet>"
    (tmp_path / "a.xml.gz").write_bytes(gzip.compress(first))
    (tmp_path / "b.xml").write_bytes(second)
    corpus = Corpus()
    assert corpus.add_path(tmp_path) == 5
    assert corpus.pmids() == [P + 3, P + 1]
    assert corpus.get(P + 3) == RECORDS[2]
    assert b"Replaced" in (corpus.get(P + 1) or b"")
    for bad in (tmp_path / "none.xml", tmp_path / "bad.xml.gz", tmp_path / "empty.xml"):
        if bad.name != "none.xml":
            bad.write_bytes(b"no records")
        with pytest.raises(CorpusError, match=re.escape(bad.name)):
            corpus.add_path(bad)


def test_a_record_that_is_not_well_formed_is_served_but_not_found() -> None:
    """It spoils no search, and the index says which it was."""
    broken = RECORDS[1].replace(b"</MedlineCitation>", b"")
    with PubMed([RECORDS[0], broken], rate=10_000) as server:
        assert found(server, "all[sb]") == [1]
        assert list(server.eutils.index.unindexed) == [P + 2]
        assert broken in get(server, "efetch", id=P + 2).content


def test_three_requests_a_second_and_no_more() -> None:
    """The fourth gets HTTP 429 with NCBI's JSON body, is counted, and the window then moves on."""
    with PubMed(RECORDS) as server:
        statuses = [get(server, "esearch", term="ozone") for _ in range(4)]
        assert [response.status_code for response in statuses] == [200, 200, 200, 429]
        assert statuses[3].json() == {
            "error": "API rate limit exceeded",
            "api-key": "127.0.0.1",
            "count": "4",
            "limit": "3",
        }
        assert statuses[0].headers["X-RateLimit-Limit"] == "3"
        assert (server.throttled, server.max_per_second) == (1, 4)
        time.sleep(1.02)
        assert get(server, "esearch", term="ozone").status_code == 200


def test_a_key_allows_ten_and_a_wrong_key_is_refused() -> None:
    """HTTP 400 names the wrong key to its sender; the log keeps no key's value."""
    with PubMed(RECORDS) as server:
        wrong = get(server, "esearch", term="ozone", api_key="wrong")
        assert (wrong.status_code, wrong.json()) == (400, {"error": "API key invalid", "api-key": "wrong"})
        statuses = [get(server, "esearch", term="ozone", api_key=API_KEY).status_code for _ in range(11)]
        assert statuses == [200] * 10 + [429]
        assert "wrong" not in repr(server.requests)
        assert API_KEY not in repr(server.requests)


def test_every_request_is_logged(fresh: PubMed) -> None:
    """Number, program, parameters, agent, status and fault, in order of arrival."""
    fresh.fail_next(ServerError(503), program="efetch")
    get(fresh, "esearch", term="ozone", tool="test", email="a@b.invalid")
    get(fresh, "efetch", id=P + 1)
    first, second = fresh.requests
    assert (first.number, first.program, first.method, first.status, first.fault) == (1, "esearch", "GET", 200, None)
    assert first.params == {"db": "pubmed", "term": "ozone", "tool": "test", "email": "a@b.invalid"}
    assert first.user_agent.startswith("python-requests")
    assert (second.number, second.status, second.fault) == (2, 503, "ServerError")
    assert first.at <= second.at
    fresh.forget_requests()
    assert fresh.requests == []


def test_connections_are_kept_alive_and_answers_compressed(pubmed: PubMed) -> None:
    """One connection serves several requests; gzip only for clients that accept it."""
    with requests.Session() as session:
        for accepted, encoding in (("gzip", "gzip"), ("identity", None)):
            response = session.get(
                f"{pubmed.base_url}efetch.fcgi",
                params={"id": str(P + 1)},
                headers={"Accept-Encoding": accepted},
                timeout=10,
            )
            assert response.headers.get("Content-Encoding") == encoding
            assert RECORDS[0] in response.content
            assert "close" not in response.headers.get("Connection", "")
        manager = session.get_adapter("http://").poolmanager  # type: ignore[attr-defined] # requests' own pool
        assert [manager.pools[key].num_connections for key in manager.pools.keys()] == [1]  # noqa: SIM118 (no dict)


IDS = f"{P + 1},{P + 2},{P + 3}"


@pytest.mark.parametrize(
    ("fault", "status", "holds"),
    [
        (RateLimited(), 429, '"error":"API rate limit exceeded"'),
        (RateLimited(status=200), 200, '"error":"API rate limit exceeded"'),
        (ServerError(), 500, "Server Error"),
        (ServerError(502), 502, "Error 502"),
        (ServerError(503), 503, "Error 503"),
        (HtmlPage(), 200, "<!DOCTYPE html>"),
        (ErrorElement(), 200, "<eFetchResult>\n\t<ERROR>"),
        (ErrorElement("no such query", 400), 400, "no such query"),
        (BackendTimeout(), 400, "Status: Timeout"),
        (EmptyBody(), 200, ""),
        (Redirect(), 302, ""),
    ],
)
def test_a_fault_replaces_one_answer(fresh: PubMed, fault: Fault, status: int, holds: str) -> None:
    """The next request meets it, the one after is answered rightly."""
    fresh.fail_next(fault)
    spoilt = get(fresh, "efetch", id=IDS)
    assert spoilt.status_code == status
    assert holds in spoilt.text
    if not holds:
        assert spoilt.content == b""
    assert pmids(get(fresh, "efetch", id=IDS).content) == [1, 2, 3]


def test_faults_may_carry_headers(fresh: PubMed) -> None:
    """Retry-After in seconds, a Location elsewhere, a charset the body is not in."""
    fresh.fail_next(RateLimited(retry_after=7))
    assert get(fresh, "efetch", id=IDS).headers["Retry-After"] == "7"
    fresh.fail_next(ServerError(503, retry_after=2))
    assert get(fresh, "efetch", id=IDS).headers["Retry-After"] == "2"
    fresh.fail_next(Redirect())
    assert get(fresh, "efetch", id=IDS).headers["Location"].startswith("http://pubmed.invalid/")
    fresh.fail_next(WrongCharset())
    wrong = get(fresh, "efetch", id=IDS)
    assert wrong.headers["Content-Type"] == "text/xml; charset=ISO-8859-1"
    assert "Müller".encode() in wrong.content


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (ResetBefore(), requests.exceptions.ConnectionError),
        (ResetMidway(), (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)),
        (CutBody(), requests.exceptions.ChunkedEncodingError),
        (CutChunked(), requests.exceptions.ChunkedEncodingError),
        (Stall(5), requests.exceptions.ReadTimeout),
        (StallMidway(5), requests.exceptions.ConnectionError),
    ],
)
def test_a_fault_on_the_wire_is_an_error_for_the_client(fresh: PubMed, fault: Fault, error: type[Exception]) -> None:
    """Resets, cut bodies and stalls are felt by requests, and the server goes on serving."""
    fresh.fail_next(fault)
    with pytest.raises(error):
        requests.get(f"{fresh.base_url}efetch.fcgi", params={"id": IDS}, timeout=0.2)
    assert pmids(get(fresh, "efetch", id=IDS).content) == [1, 2, 3]
    assert fresh.requests[0].fault == type(fault).__name__


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (MissingRecords(), [1, 2]),
        (DuplicateRecords(2), [1, 2, 3, 1, 2]),
        (ExtraRecord(P + 500), [1, 2, 3, 500]),
    ],
)
def test_a_batch_may_hold_the_wrong_records(fresh: PubMed, fault: Fault, expected: list[int]) -> None:
    """Some missing, some twice, one that nobody asked for: well-formed all the same."""
    fresh.fail_next(fault)
    get(fresh, "esearch", term="ozone")  # does not concern it, and does not use it up
    assert pmids(get(fresh, "efetch", id=IDS).content) == expected


def test_a_batch_may_be_cut_short_or_hold_a_broken_record(fresh: PubMed) -> None:
    """A consistent length with half an XML; one record not well-formed among whole ones."""
    fresh.fail_next(CutXml())
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(get(fresh, "efetch", id=IDS).content)
    fresh.fail_next(BrokenRecord(place=1))
    body = get(fresh, "efetch", id=IDS).content
    assert RECORDS[0] in body
    assert RECORDS[2] in body
    assert body.count(b"</PubmedArticle>") == 3
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(body)


def test_a_search_may_answer_wrongly(fresh: PubMed) -> None:
    """A Count that is off, ERROR with HTTP 200, raw line breaks in otherwise good JSON."""
    fresh.fail_next(WrongCount(by=2))
    assert esearch(fresh, "ozone[ti]")["count"] == "3"
    fresh.fail_next(SearchFailed())
    failed = get(fresh, "esearch", term="ozone", retmode="json")
    assert failed.status_code == 200
    assert "Search Backend failed" in json.loads(failed.text, strict=False)["esearchresult"]["ERROR"]
    fresh.fail_next(RawNewlines())
    get(fresh, "esearch", term="ozone")  # XML: not concerned
    raw = get(fresh, "esearch", term="ozone[ti]", retmode="json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(raw.text)
    assert json.loads(raw.text, strict=False)["esearchresult"]["count"] == "1"


def test_a_body_may_be_garbled_on_its_way(fresh: PubMed) -> None:
    """A length that is too short or too long, gzip that does not unzip, a JSON error with a raw line break."""
    fresh.fail_next(WrongLength(by=-500))
    plain = {"Accept-Encoding": "identity"}
    short = requests.get(f"{fresh.base_url}efetch.fcgi", {"id": IDS}, headers=plain, timeout=5)
    assert not short.content.rstrip().endswith(b"</PubmedArticleSet>")
    fresh.fail_next(WrongLength(by=40))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(fresh, "efetch", id=IDS)
    fresh.fail_next(DamagedGzip())
    with pytest.raises(requests.exceptions.ContentDecodingError):
        get(fresh, "efetch", id=IDS)
    fresh.fail_next(RawLimited())
    body = get(fresh, "efetch", id=IDS).text
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert json.loads(body, strict=False)["error"] == "API rate limit\n exceeded"
    assert pmids(get(fresh, "efetch", id=IDS).content) == [1, 2, 3]


def test_a_phrase_may_be_unknown_even_by_proximity() -> None:
    """It drops out of the search and is named as it was asked for."""
    with PubMed(RECORDS, rate=10_000, unknown_near=["trial of PRP"]) as server:
        result = esearch(server, 'ozone[ti] AND "trial of PRP"[tiab:~0]')
        assert result["count"] == "1"
        assert result["warninglist"]["quotedphrasesnotfound"] == ['"trial of PRP"[tiab:~0]']


def test_a_webenv_may_expire_on_order(fresh: PubMed) -> None:
    """The fault waits for a request that uses a WebEnv; a new search then works."""
    kept = esearch(fresh, "back[tiab]", usehistory="y")
    fresh.fail_next(ExpiredWebEnv())
    assert get(fresh, "efetch", id=IDS).status_code == 200
    assert get(fresh, "efetch", WebEnv=kept["webenv"], query_key=1).status_code == 400
    again = esearch(fresh, "back[tiab]", usehistory="y")
    assert get(fresh, "efetch", WebEnv=again["webenv"], query_key=1).status_code == 200


def test_schedules_say_when(fresh: PubMed) -> None:
    """Every Nth of a program, given numbers, or any callable of one's own."""
    fresh.faults.append(every(2, ServerError(), "efetch"))
    statuses = [
        get(fresh, program, id=IDS, term="x").status_code for program in ("efetch", "esearch", "efetch", "efetch")
    ]
    assert statuses == [200, 200, 500, 200]
    fresh.faults[:] = [at(HtmlPage(), 6)]
    assert ["html" in get(fresh, "einfo").headers["Content-Type"] for _ in range(3)] == [False, True, False]
    fresh.faults[:] = [lambda number, path, params: ServerError(502) if params.get("id") == "1" else None]
    assert [get(fresh, "efetch", id=n).status_code for n in (1, 2)] == [502, 200]


def test_faults_can_be_written_down() -> None:
    """NAME, settings, a condition and a program; every fault has a name; a mistake is one clear line."""
    assert len(FAULTS) == 26
    for name in FAULTS:
        assert callable(parse_fault(name))
    schedule = parse_fault("rate_limited,retry_after=2@every:2@efetch")
    answers = [
        schedule(n, f"/entrez/eutils/{program}.fcgi", {}) for n, program in enumerate(["efetch", "esearch", "efetch"])
    ]
    assert answers == [None, None, RateLimited(retry_after=2)]
    third = parse_fault("cut_xml,keep=0.5@at:3+5")
    assert [third(n, "/efetch.fcgi", {}) is None for n in range(1, 6)] == [True, True, False, True, False]
    for wrong in ("nonsense", "stall,minutes=3", "stall,seconds=x", "stall@never:2", "stall@every:0"):
        with pytest.raises(FaultError, match="--fault"):
            parse_fault(wrong)


def test_closing_ends_stalled_and_idle_connections() -> None:
    """A stalled request and an idle kept-alive connection do not hold the server open."""
    with PubMed(RECORDS, rate=10_000) as server, requests.Session() as session:
        session.get(f"{server.base_url}einfo.fcgi", timeout=5)
        server.fail_next(Stall(60))
        with pytest.raises(requests.exceptions.ReadTimeout):
            get_with_timeout(server, 0.1)
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2


def get_with_timeout(server: PubMed, seconds: float) -> requests.Response:
    return requests.get(f"{server.base_url}einfo.fcgi", timeout=seconds)


def test_a_bug_in_this_pubmed_is_not_hidden() -> None:
    """An exception in a schedule or an answer reaches the client as HTTP 500 and the test on leaving the context."""

    class Bad(Fault):
        def _spoiled(self, reply: object, params: object) -> object:  # type: ignore[override] # wrong on purpose
            raise ZeroDivisionError("on purpose")

    server = PubMed(RECORDS, rate=10_000).start()
    server.fail_next(Bad())
    assert get(server, "einfo").status_code == 500
    with pytest.raises(ZeroDivisionError):
        server.__exit__(None, None, None)


def test_synthetic_records_are_valid_by_nlms_dtd() -> None:
    """Every kind of invented record validates against the PubMed DTD of January 2025, and says that it is invented."""
    dtds = Path(Bio.Entrez.__file__).parent / "DTDs"
    with (dtds / "pubmed_250101.dtd").open("rb") as file:
        dtd = etree.DTD(file)
    for raw in [*RECORDS, *synthetic_records(60)]:
        root = etree.fromstring(b"<PubmedArticleSet>" + raw + b"</PubmedArticleSet>")
        assert dtd.validate(root), dtd.error_log
        assert "invented for tests" in str(root.xpath("string(//GeneralNote)"))


def test_the_synthetic_corpus_is_the_same_each_time_and_has_both_kinds() -> None:
    """The same number and seed give the same bytes, another seed others; on-topic and off-topic records abound."""
    corpus = synthetic_corpus(300)
    assert corpus.raws() == list(synthetic_records(300))
    assert corpus.raws() != synthetic_corpus(300, seed=1).raws()
    assert corpus.pmids()[-1] == FIRST_PMID
    topic = (
        '("platelet rich plasma"[tiab] OR prolotherap*[tiab] OR ozone[tiab] OR "stem cell*"[tiab])'
        ' AND ("Back Pain"[mh] OR sciatica[tiab] OR "intervertebral disc degeneration"[mh] OR lumbar[tiab])'
    )
    with PubMed(corpus, rate=10_000) as server:
        on_topic = int(str(esearch(server, topic)["count"]))
        assert 80 < on_topic < 220
        assert esearch(server, '"water disinfectant"[tiab]')["count"] != "0"


def test_a_search_over_thousands_is_quick_once_indexed() -> None:
    """3,000 records: indexing in seconds, then a many-term search in well under a second."""
    with PubMed(synthetic_corpus(3000), rate=10_000) as server:
        esearch(server, "warm")
        began = time.monotonic()
        term = " OR ".join(f'("low back pain"[tiab] AND "record {n}"[tiab:~2])' for n in range(20)) + " OR disc*[tiab]"
        assert int(str(esearch(server, term)["count"])) > 100
        assert time.monotonic() - began < 1


def test_it_can_be_started_by_hand() -> None:
    """`python -m tests.ncbi` prints the address to export and serves; a mistake is one line and exit status 2."""
    command = [sys.executable, "-m", "tests.ncbi", "--port", "0"]
    root = Path(__file__).parents[1]
    wrong = subprocess.run([*command, "--fault", "nonsense"], cwd=root, capture_output=True, text=True, check=False)
    assert (wrong.returncode, len(wrong.stderr.splitlines())) == (2, 1)
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    started = [*command, "--records", "5", "--fault", "server_error,status=503@next:1"]
    with subprocess.Popen(
        started, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        name, _, address = process.stdout.readline().strip().partition("=")
        assert (name, address.endswith("/entrez/eutils/")) == ("export NCBI_BASE_URL", True)
        assert requests.get(f"{address}einfo.fcgi", timeout=5).status_code == 503
        assert requests.get(f"{address}einfo.fcgi", params={"db": "pubmed"}, timeout=5).status_code == 200
        process.terminate()


@pytest.mark.shared
def test_real_records_can_be_served_and_searched(shared_data: Path) -> None:
    """Every record of a real file is indexed, comes back byte for byte, and is found by its own PMID and title word."""
    corpus = Corpus()
    assert corpus.add_path(shared_data / "pubmed" / "efetch-dev.xml.gz") > 300
    with PubMed(corpus, rate=10_000) as server:
        result = esearch(server, "all[sb]", retmax=1000)
        assert result["count"] == str(len(corpus))
        assert server.eutils.index.unindexed == {}
        ids = ",".join(result["idlist"])
        body = requests.post(f"{server.base_url}efetch.fcgi", data={"id": ids}, timeout=10).content
        assert all(raw in body for raw in corpus.raws())
        assert int(str(esearch(server, "journal article[pt]")["count"])) > 100
        assert int(str(esearch(server, "1900:2100[dp]")["count"])) == len(corpus)
