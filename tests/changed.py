"""Three harvests of invented records, a month apart, between which nearly everything changes that can."""

from __future__ import annotations

from pathlib import Path

from harvest.pubmed import incoming
from harvest.store import Store
from harvest.topics import load_topics
from tests.linked import linked_xml
from tests.site_fixtures import HOSTILE

__all__ = ["DAYS", "three_harvests"]

DAYS = ("2026-01-10T08:00:00Z", "2026-02-10T08:00:00Z", "2026-03-10T08:00:00Z")
STEADY, RAISED, FALLEN, NOTED, NOTING, LEFT, GONE, ARRIVED, FALLEN_ON_ARRIVAL, MENDED, LATE, RETURNED = (
    970012001 + i for i in range(12)
)
RETRACTED = ("Journal Article", "Retracted Publication")
_TRIAL = "Patients were randomly assigned to platelet-rich plasma or saline for low back pain."


def _first() -> dict[int, bytes]:
    return {
        STEADY: linked_xml("Synthetic steady trial of PRP for low back pain", _TRIAL, pmid=STEADY, year=2020),
        RAISED: linked_xml("Synthetic ozone for sciatica without a word on its design", pmid=RAISED, year=2026),
        FALLEN: linked_xml(f"Synthetic fallen trial of PRP {HOSTILE}", _TRIAL, pmid=FALLEN, year=2019),
        NOTED: linked_xml("Synthetic noted trial of PRP for low back pain", _TRIAL, pmid=NOTED, year=2018),
        LEFT: linked_xml("Synthetic ozone paper that the searches lose", _TRIAL, pmid=LEFT, year=2017),
        GONE: linked_xml("Synthetic ozone paper that NLM deletes", _TRIAL, pmid=GONE, year=2016),
        MENDED: linked_xml("Synthetic prolotherapy for low back pain", _TRIAL, pmid=MENDED, year=2015),
        RETURNED: linked_xml("Synthetic ozone paper found again", _TRIAL, pmid=RETURNED, year=2014),
    }


def _second() -> dict[int, bytes]:
    """Of the second harvest: what came, and what came in another version."""
    return {
        RAISED: linked_xml(
            "Synthetic ozone for sciatica without a word on its design",
            "We enrolled 40 patients with sciatica, who were randomly assigned to ozone or steroid.",
            pmid=RAISED,
            year=2026,
        ),
        MENDED: linked_xml(
            "Synthetic prolotherapy for low back pain", f"{_TRIAL} Mended.", pmid=MENDED, year=2015, conflict="None."
        ),
        ARRIVED: linked_xml(
            "Synthetic micro-fragmented adipose tissue for low back pain: a case series",
            "A case series of 12 patients with low back pain given micro-fragmented adipose tissue.",
            pmid=ARRIVED,
            year=2026,
        ),
    }


def _third() -> dict[int, bytes]:
    return {
        FALLEN: linked_xml(
            f"Synthetic fallen trial of PRP {HOSTILE}",
            _TRIAL,
            pmid=FALLEN,
            year=2019,
            types=RETRACTED,
            links=[("RetractionIn", 970099001)],
        ),
        NOTING: linked_xml(
            "Synthetic expression of concern",
            pmid=NOTING,
            types=("Expression of Concern",),
            links=[("ExpressionOfConcernFor", NOTED)],
            year=2026,
        ),
        FALLEN_ON_ARRIVAL: linked_xml(
            "Synthetic trial of ozone that came retracted",
            "Patients were randomly assigned to ozone or saline for low back pain.",
            pmid=FALLEN_ON_ARRIVAL,
            types=RETRACTED,
            year=2025,
        ),
        LATE: linked_xml(
            "Synthetic ozone for sciatica: a systematic review of randomized controlled trials",
            "We searched PubMed. We included only randomized controlled trials of ozone for sciatica.",
            pmid=LATE,
            types=("Systematic Review",),
            year=2026,
        ),
    }


def three_harvests(path: Path, *, until: int = 3) -> Path:
    """A `pubmed.db` after the first `until` harvests of `DAYS`, every search of one topic complete."""
    vocabulary = load_topics()
    used = (vocabulary.sha256, vocabulary.source, vocabulary.text)
    here: set[int] = set()
    for number, (day, records) in enumerate(zip(DAYS[:until], (_first(), _second(), _third()), strict=False)):
        with Store.open(path, now=lambda day=day: day) as store:  # type: ignore[misc]  # bound now
            store.begin_run("harvest pubmed", harvester="0", topics=used)
            here |= set(records)
            if number == 1:
                here -= {LEFT, RETURNED}
            if number == 2:
                here -= {GONE}
                here |= {RETURNED}
                store.delete([GONE], source="pubmed")
            store.keep([incoming(raw) for raw in records.values()], source="pubmed", order="arrival")
            store.record_search(
                topic="prp",
                purpose="topic",
                interface="synthetic",
                written="prp",
                strategy="prp",
                translation=None,
                count=len(here),
                parts=1,
                at=day,
                complete=True,
                warnings=(),
                pmids=here,
            )
            store.finish_run("complete")
    return path
