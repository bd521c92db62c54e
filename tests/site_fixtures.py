"""Sites to visit: real servers on loopback over small catalogs of invented records.

`sample_site` is the bundled sample; `site` holds records written for what a test wants to see; `full_site` holds what
one record alone cannot show: a trial with four papers, versions, retractions, corrections by hand. Import the fixtures
a test file wants: `from tests.site_fixtures import site as site`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from catalog.build import build, write_catalog
from catalog.retractions import COLUMNS as WATCH_COLUMNS
from catalog.sample import write_sample
from harvest.pubmed import incoming
from harvest.rows import StoredRecord
from harvest.store import Store
from harvest.topics import load_topics
from tests.harvests import harvest_of
from tests.linked import linked_xml
from tests.nursery import answering
from tests.records import article_xml

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = [
    "HOSTILE",
    "Site",
    "bare_site",
    "browser",
    "changed_site",
    "claims_site",
    "excerpt_site",
    "full_site",
    "invented_records",
    "kept_records",
    "sample_site",
    "serving",
    "site",
    "write_site",
]

HOSTILE = """<script>document.title='taken'</script><img src=x onerror="document.title='taken'">"'&lt;b&gt;{{7*7}}"""
# PMIDs of the invented records that tests name.
TRIAL, HOSTILE_PMID, RETRACTED, NOTICE, REVIEW, BARE, CONCERN = (970010001 + i for i in range(7))
FIRST_SERIES, SERIES = 970010100, 45  # the first of a row of case series, and how many there are
# Those of `full_site`: a trial's protocol, report, retracted analysis and extension, and so on.
PROTOCOL, REPORT, ANALYSIS, EXTENSION, DISPUTED, WITHDRAWN, WITHDRAWAL, LEANING, COMMENT, REPLY, GRADED, OLD, NEW = (
    970011001 + i for i in range(13)
)
ELSEWHERE = 970099999  # cited, in no catalog


@dataclass(frozen=True)
class Site:
    """A running site and the catalog file it shows."""

    url: str
    path: Path

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        """The answer at a path."""
        return requests.get(self.url.rstrip("/") + path, timeout=20, **kwargs)

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the catalog itself says."""
        with closing(sqlite3.connect(self.path)) as conn:
            return conn.execute(sql, parameters).fetchall()

    def value(self, sql: str, *parameters: object) -> Any:
        """One value of the catalog."""
        return self.rows(sql, *parameters)[0][0]


def invented_records() -> list[bytes]:
    """One record a behaviour, and enough case series to fill pages."""
    return [
        article_xml(
            "Synthetic platelet-rich plasma for discogenic low back pain: a randomized controlled trial",
            [
                ("BACKGROUND", "Discogenic low back pain is common."),
                ("METHODS", "Patients were randomly assigned to platelet-rich plasma or saline. COVID-19 delayed it."),
                ("RESULTS", "Zygomatic xylophones were no different & 5 < 6."),
            ],
            pmid=TRIAL,
            mesh=["Platelet-Rich Plasma", "Low Back Pain"],
            year=2023,
            trials=["NCT00000001"],
        ),
        article_xml(
            f"Synthetic ozone {HOSTILE} for sciatica",
            f"A case report of {HOSTILE} ozone injection for sciatica.",
            pmid=HOSTILE_PMID,
            types=["Case Reports"],
            keywords=[HOSTILE],
            year=2022,
        ),
        article_xml(
            "Synthetic prolotherapy for low back pain: a randomized trial",
            "Patients were randomly assigned to dextrose prolotherapy or saline.",
            pmid=RETRACTED,
            types=["Randomized Controlled Trial", "Retracted Publication"],
            links=[("RetractionIn", "Synth J Tests. 2024;1:1")],
            year=2021,
        ),
        article_xml("Synthetic retraction", pmid=NOTICE, types=["Retraction of Publication"], year=2024),
        article_xml(
            "Synthetic ozone for disc herniation: a systematic review of randomized controlled trials",
            "We searched PubMed. We included randomized controlled trials only of ozone for lumbar disc herniation.",
            pmid=REVIEW,
            types=["Systematic Review"],
            year=2020,
        ),
        article_xml("Synthetic remarks", pmid=BARE, year=1955),
        article_xml(
            "Synthetic micro-fragmented adipose tissue for low back pain: a case series",
            "A retrospective case series of 12 patients given micro-fragmented adipose tissue for low back pain.",
            pmid=CONCERN,
            links=[("ExpressionOfConcernIn", "Synth J Tests. 2023;2:2")],
            year=2019,
        ),
        *(
            article_xml(
                f"Synthetic ozone series number {i} in low back pain: a case series",
                f"A case series of {10 + i} patients with low back pain given ozone{' quince' if i % 2 else ''}.",
                pmid=FIRST_SERIES + i,
                year=1970 + i,
            )
            for i in range(SERIES)
        ),
    ]


def kept_records(records: list[bytes]) -> list[StoredRecord]:
    """Records as a harvest hands them to the build."""
    found = []
    for raw in records:
        one = incoming(raw)
        found.append(
            StoredRecord(one.pmid, one.version, raw, hashlib.sha256(raw).hexdigest(), "file:synthetic.xml", "", "")
        )
    return sorted(found, key=lambda stored: stored.pmid)


def write_site(path: Path, records: list[bytes]) -> Path:
    """A catalog at `path` that holds these records."""
    write_catalog(path, kept_records(records), load_topics())
    return path


@contextmanager
def serving(path: Path, *, port: int = 0) -> Iterator[Site]:
    """The site over a catalog file in a process of its own, ended by SIGTERM."""
    with answering(path, port) as url:
        yield Site(url, path)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over invented records harvested from a file and, once, from PubMed's searches."""
    folder = tmp_path_factory.mktemp("site")
    vocabulary = load_topics()
    with Store.open(folder / "pubmed.db") as store:
        used = (vocabulary.sha256, vocabulary.source, vocabulary.text)
        store.begin_run("harvest pubmed", harvester="0", topics=used)
        store.keep([incoming(raw) for raw in invented_records()], source="pubmed", order="arrival")
        store.finish_run("complete")
    build(folder / "pubmed.db", folder / "catalog.db")
    with serving(folder / "catalog.db") as running:
        yield running


def related_records() -> list[bytes]:
    """Records that speak of each other."""
    number = ["NCT00000011"]
    retracted = ("Journal Article", "Retracted Publication")
    letter = ("Comment", "Letter")
    return [
        linked_xml(
            "Synthetic ozone for sciatica: protocol of a randomized trial",
            "Patients will be randomly assigned to ozone or steroid. Tangerine.",
            pmid=PROTOCOL,
            trials=number,
            year=2018,
        ),
        linked_xml(
            "Synthetic ozone for sciatica: a randomized controlled trial",
            [
                ("BACKGROUND", "An earlier trial (NCT00000099) was small."),
                (
                    "METHODS",
                    "We enrolled 24 patients, who were randomly assigned to ozone or steroid and followed for 12 weeks."
                    " The study was open-label.",
                ),
                ("RESULTS", "Pain was no different."),
            ],
            pmid=REPORT,
            trials=number,
            year=2020,
            links=[("CommentIn", COMMENT)],
            conflict="S. Synthetic owns shares in Ozone Therapeutics Inc.",
        ),
        linked_xml(
            "Synthetic ozone for sciatica: a secondary analysis of a randomized trial",
            "Patients were randomly assigned to ozone or steroid.",
            pmid=ANALYSIS,
            types=retracted,
            trials=number,
            year=2021,
        ),
        linked_xml(
            "Two years after synthetic ozone for sciatica: an uncontrolled extension",
            "Only the treated arm was followed. All received ozone for sciatica.",
            pmid=EXTENSION,
            trials=number,
            year=2022,
        ),
        linked_xml(
            "Synthetic PRP for low back pain: an uncontrolled study",
            "A case series of 30 patients with low back pain given platelet-rich plasma.",
            pmid=DISPUTED,
            types=("Journal Article", "Randomized Controlled Trial"),
            year=2023,
        ),
        linked_xml(
            "Synthetic ozone for low back pain: a randomized trial",
            "Patients were randomly assigned to ozone or saline for low back pain.",
            pmid=WITHDRAWN,
            year=2019,
            doi="10.5555/withdrawn",
        ),
        linked_xml(
            "Synthetic retraction notice",
            pmid=WITHDRAWAL,
            types=("Retraction of Publication",),
            links=[("RetractionOf", WITHDRAWN)],
            year=2024,
        ),
        linked_xml(
            "Synthetic ozone for sciatica: a systematic review of randomized controlled trials",
            "We searched PubMed. We included only randomized controlled trials of ozone for sciatica. There was very"
            " low-certainty evidence that ozone improves pain. The certainty of evidence for swelling was high.",
            pmid=LEANING,
            types=("Systematic Review",),
            references=[WITHDRAWN, REPORT, ELSEWHERE],
            year=2024,
        ),
        linked_xml("Synthetic comment on ozone", pmid=COMMENT, types=letter, links=[("CommentIn", REPLY)], year=2020),
        linked_xml("Synthetic reply on ozone", pmid=REPLY, types=letter, year=2020),
        linked_xml(
            "Synthetic prolotherapy for low back pain: a randomized trial",
            "Forty patients were randomly assigned to dextrose prolotherapy or saline.",
            pmid=GRADED,
            year=2017,
        ),
        linked_xml(
            "Synthetic prolozone for the sacroiliac joint: a systematic review",
            "We searched PubMed. We included only randomized controlled trials.",
            pmid=OLD,
            types=("Systematic Review",),
            links=[("UpdateIn", NEW)],
            year=2015,
        ),
        linked_xml(
            "Synthetic prolozone for the sacroiliac joint: an updated systematic review",
            "We searched PubMed. We included only randomized controlled trials. Certainty was not graded.",
            pmid=NEW,
            types=("Systematic Review",),
            links=[("UpdateOf", OLD)],
            references=[REPORT],
            year=2021,
        ),
    ]


CURATION = f"""pmid,field,value,who,when,why
{EXTENSION},interventions,+prp:adjunct,R. Reader,2026-03-02,"Plasma was given <b>to all</b>"
{EXTENSION},participants,26,R. Reader,2026-03-03,Flow chart
{DISPUTED},design,single_arm,A. Librarian,2026-01-02,No control
{GRADED},level,3,A. Librarian,2026-01-05,Serious risk of bias
"""
WATCH = f"""{",".join(WATCH_COLUMNS)}
1,8/31/2024 0:00,10.5555/notice,0,10.5555/withdrawn,0,Retraction,+Concerns/Issues About Data;
2,8/31/2024 0:00,,0,,{ELSEWHERE},Retraction,
"""


@pytest.fixture(scope="session")
def full_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over records that speak of each other, with corrections by hand and a Retraction Watch list."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "curation.csv").write_text(CURATION, "utf-8")
    (folder / "watch.csv").write_text(WATCH, "utf-8")
    built = build(
        harvest_of(folder / "pubmed.db", related_records()),
        folder / "catalog.db",
        curation=folder / "curation.csv",
        retractions=folder / "watch.csv",
    )
    assert built.troubles == ()
    with serving(folder / "catalog.db") as running:
        yield running


@pytest.fixture(scope="session")
def changed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site after three harvests between which much changed."""
    from tests.changed import three_harvests  # which needs this module

    folder = tmp_path_factory.mktemp("changed")
    build(three_harvests(folder / "pubmed.db"), folder / "catalog.db")
    with serving(folder / "catalog.db") as running:
        yield running


@pytest.fixture(scope="session")
def claims_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over records that bear on claims, after two harvests."""
    from tests.claim_records import two_harvests  # which needs this module

    folder = tmp_path_factory.mktemp("claimed")
    build(two_harvests(folder / "pubmed.db"), folder / "catalog.db")
    with serving(folder / "catalog.db") as running:
        yield running


@pytest.fixture(scope="session")
def bare_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over a copy that carries no abstracts."""
    folder = tmp_path_factory.mktemp("bare")
    build(harvest_of(folder / "pubmed.db", invented_records()), folder / "catalog.db", abstracts="none")
    with serving(folder / "catalog.db") as running:
        yield running


@pytest.fixture(scope="session")
def excerpt_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over a copy that carries excerpts of abstracts."""
    folder = tmp_path_factory.mktemp("excerpt")
    build(harvest_of(folder / "pubmed.db", invented_records()), folder / "catalog.db", abstracts="excerpt")
    with serving(folder / "catalog.db") as running:
        yield running


@pytest.fixture(scope="session")
def sample_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site over the bundled sample."""
    path = tmp_path_factory.mktemp("sample") / "sample.db"
    write_sample(path)
    with serving(path) as running:
        yield running


@pytest.fixture(scope="module")  # Playwright's event loop must be gone before other tests run their own
def browser() -> Iterator[Browser]:
    """Headless Chromium of the machine; the test skips where there is none, or fails where REQUIRE_BROWSER is set."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        missing = "no Chromium on this machine: install Debian's chromium, or name one in CHROMIUM"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import sync_playwright

    flags = (
        "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        " --disable-component-update --disable-sync"
    )
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags.split())
        yield running
        running.close()


def wait_until(question: Any, *, within: float = 15.0) -> None:
    """Ask again until it is so."""
    until = time.monotonic() + within
    while not question():
        assert time.monotonic() < until, "it did not become so in time"
        time.sleep(0.05)
