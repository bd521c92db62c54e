"""Small harvests for tests: invented records kept in a real `pubmed.db`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from harvest.eutils import package_version
from harvest.pubmed import incoming
from harvest.store import Store
from harvest.topics import Topics, load_topics

__all__ = ["harvest_of"]


def harvest_of(path: Path, raws: Iterable[bytes], *, topics: Topics | None = None) -> Path:
    """A `pubmed.db` at `path` that holds these records, as one complete run from a file."""
    vocabulary = topics or load_topics()
    with Store.open(path) as store:
        used = (vocabulary.sha256, vocabulary.source, vocabulary.text)
        store.begin_run("harvest files", harvester=package_version(), topics=used)
        store.keep([incoming(raw) for raw in raws], source="file:synthetic.xml", order="revision")
        store.finish_run("complete")
    return path
