"""Harvests of the loopback PubMed with a small vocabulary, as several test files want them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harvest.eutils import Client, Patience
from harvest.pubmed import Harvested, harvest
from harvest.store import Store
from harvest.topics import Topics, read_topics
from tests.ncbi import FIRST_PMID, PubMed, synthetic_article

__all__ = ["QUICK", "TOPICS", "VOCABULARY", "article", "fetches", "on_topic", "run", "served", "stored"]

QUICK = Patience(delays=(0.01,) * 4, read=0.3, no_connection=1)
VOCABULARY = """
interventions:
  - {id: ozone, name: Ozone, words: [ozone]}
  - {id: platelets, name: Platelets, words: [platelet rich]}
conditions:
  - {id: back, name: Back, words: [back pain, sciatica]}
topics:
  - {id: ozone, name: Ozone, interventions: [ozone]}
  - {id: platelets, name: Platelets, interventions: [platelets]}
"""
TOPICS: Topics = read_topics(VOCABULARY, "test.yml")


def article(n: int, title: str = "Ozone for back pain (invented)", abstract: str | None = None, **more: Any) -> bytes:
    """The n-th invented record."""
    return synthetic_article(FIRST_PMID + n, title, abstract, **more)


def on_topic(count: int) -> list[bytes]:
    """So many records, alternately on one topic and the other; every fifth on both."""
    names = ("Platelet-rich plasma", "Ozone", "Platelet-rich plasma", "Ozone", "Ozone with platelet-rich plasma")
    return [article(n, f"{names[n % 5]} for back pain, record {n} (invented)") for n in range(count)]


def run(pubmed: PubMed, db: Path, **more: Any) -> Harvested:
    """One harvest, quick and without pacing; the server's log then holds its requests alone."""
    pubmed.forget_requests()
    with Client(pubmed.base_url, patience=QUICK, per_second=10_000) as client:
        return harvest(db, topics=more.pop("topics", TOPICS), client=client, **more)


def stored(db: Path) -> dict[int, bytes]:
    """What the store holds, without deleted records."""
    with Store.read(db) as store:
        return {record.pmid: record.raw for record in store.records()}


def served(pubmed: PubMed) -> dict[int, bytes]:
    """What the loopback PubMed holds."""
    held = {pmid: pubmed.corpus.get(pmid) for pmid in pubmed.corpus.pmids()}
    return {pmid: raw for pmid, raw in held.items() if raw is not None}


def fetches(pubmed: PubMed) -> list[list[int]]:
    """The PMIDs of each EFetch."""
    return [[int(pmid) for pmid in r.params["id"].split(",")] for r in pubmed.requests if r.program == "efetch"]
