"""The bundled sample: invented records that show a newcomer without network the whole site.

`sample.xml` holds the records, `labels.tsv` what each was written to be. Every page and export made from them says
"SAMPLE: invented records"; they are never written to anyone's `catalog.db`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from harvest.record import parse_article
from harvest.rows import StoredRecord
from harvest.stream import elements
from harvest.topics import load_topics

__all__ = ["sample_records", "write_sample"]


def sample_records() -> Iterator[StoredRecord]:
    """The sample's records in PMID order, as a harvest would have stored them."""
    found = []
    with resources.files("catalog.sample").joinpath("sample.xml").open("rb") as stream:
        for element in elements(stream, name="the bundled sample"):
            record = parse_article(element.raw)
            sha256 = hashlib.sha256(element.raw).hexdigest()
            found.append(StoredRecord(record.pmid, record.version, element.raw, sha256, "sample", "", ""))
    yield from sorted(found, key=lambda stored: stored.pmid)


def write_sample(path: Path) -> int:
    """Write the sample's catalog to `path`; returns how many articles it holds."""
    from catalog.build import write_catalog

    return write_catalog(path, sample_records(), load_topics(), sample=True).articles
