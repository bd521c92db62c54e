"""The records that are measured: invented ones about as large as real ones, or those of files given.

Invented records (tests/ncbi/synthetic.py) get an abstract of usual length, affiliations, MeSH headings and a reference
list, and the line ends and indents that NLM's files have. `mixed` gives so many of which one in `on_topic` is on topic,
as in a scan of PubMed nearly all are not.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from harvest.record import parse_article
from harvest.rows import StoredRecord
from harvest.stream import elements, open_xml
from harvest.topics import Topics, load_topics
from tests.ncbi.synthetic import synthetic_records

__all__ = ["FIRST_PMID", "Material", "invented", "mixed", "on_topic_of", "read_files", "repeated", "write_file"]

FIRST_PMID = 970_000_001
PMID = b'<PMID Version="1">'
HEADER = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January'
    b' 2025//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>\n'
)
VARIETY = 2_000
BLOCK = 50
# Makes an abstract as long as most are, about 250 words.
PROSE = b"".join(
    b" In the %dth invented setting, %d participants gave answers to a questionnaire about daily habits, and the"
    b" investigators compared observed frequencies between groups with adjusted models." % (n, n * 37)
    for n in range(1, 9)
)
PLACE = b"<AffiliationInfo><Affiliation>%s</Affiliation></AffiliationInfo>" % (
    b"Department of Invention, Institute of Nowhere, Nowhere. " * 4
)
MESH = b"<MeshHeadingList>%s</MeshHeadingList>" % b"".join(
    b'<MeshHeading><DescriptorName UI="D%06d" MajorTopicYN="N">Invented Heading %d</DescriptorName>'
    b'<QualifierName UI="Q%06d" MajorTopicYN="Y">invention</QualifierName></MeshHeading>' % (n, n, n)
    for n in range(8)
)
REFERENCES = b"<ReferenceList>%s</ReferenceList>" % b"".join(
    b"<Reference><Citation>Inventor A, Muster B. An invented reference. J Invent Rec. 2001;1:1-9.</Citation>"
    b'<ArticleIdList><ArticleId IdType="doi">10.5555/invented.%d</ArticleId><ArticleId IdType="pubmed">%d</ArticleId>'
    b"</ArticleIdList></Reference>" % (n, FIRST_PMID + n)
    for n in range(20)
)


@dataclass(frozen=True, slots=True)
class Material:
    """Records as raw bytes: `all` of a scan, and those `on` topic with an abstract; and what both are, in words."""

    said: str
    said_on: str
    all: list[bytes]
    on: list[bytes]


def invented(raw: bytes) -> bytes:
    """An invented record made about as long as a real one, with NLM's line ends and indents."""
    raw = raw.replace(b"</AbstractText>", PROSE + b"</AbstractText>", 1).replace(b"</Initials>", b"</Initials>" + PLACE)
    if b"<MeshHeadingList>" not in raw:
        raw = raw.replace(b"</MedlineCitation>", MESH + b"</MedlineCitation>")
    raw = raw.replace(b"</PubmedData>", REFERENCES + b"</PubmedData>")
    return raw.replace(b"><", b">\n      <")


def mixed(count: int, on_topic: int, topics: Topics | None = None) -> list[bytes]:
    """So many different invented records, one in `on_topic` of them on topic."""
    topics = topics or load_topics()
    raws = list(synthetic_records(VARIETY))
    on = [raw for raw in raws if topics.match(parse_article(raw)).topics]
    off = sorted(set(raws) - set(on))
    return [invented(on[n // on_topic % len(on)] if n % on_topic == 0 else off[n % len(off)]) for n in range(count)]


def on_topic_of(raws: Iterable[bytes], topics: Topics) -> list[bytes]:
    """Those that a topic matches and that have an abstract."""
    return [raw for raw in raws if (record := parse_article(raw)).abstract and topics.match(record).topics]


def read_files(paths: Sequence[Path]) -> list[bytes]:
    """Every record of some files of PubMed XML, .gz or not."""
    found = []
    for path in paths:
        with open_xml(path) as stream:
            found += [element.raw for element in elements(stream, name=str(path)) if element.kind == "PubmedArticle"]
    return found


def material(paths: Sequence[Path], count: int) -> Material:
    """Of files given, or invented: `count` records of which one in 200 is on topic. On topic are the files', or 100."""
    topics = load_topics()
    raws = read_files(paths) or mixed(count, 200, topics)
    said = f"records of {', '.join(path.name for path in paths)}" if paths else "invented records"
    held = on_topic_of(raws, topics)
    size = sum(map(len, raws)) / len(raws) / 1024
    on = held
    if len(held) < 20:
        on = list(islice(on_topic_of((invented(raw) for raw in synthetic_records(VARIETY)), topics), 100))
    return Material(
        f"{len(raws):,} {said}, {size:.1f} KiB each on average, {len(held):,} of them on topic with an abstract",
        f"{len(on):,} {said if on is held else 'invented records'} on topic with an abstract",
        raws,
        on,
    )


def repeated(raws: Sequence[bytes], count: int) -> list[StoredRecord]:
    """So many stored records, the given ones in turn, with PMIDs from 970000001 on."""
    made = []
    for n in range(count):
        head, _, tail = raws[n % len(raws)].partition(PMID)
        raw = head + PMID + str(FIRST_PMID + n).encode() + tail[tail.index(b"<") :]
        made.append(StoredRecord(FIRST_PMID + n, 1, raw, "", "", "", ""))
    return made


def write_file(path: Path, raws: Iterable[bytes], *, times: int = 1) -> Path:
    """A file as NLM's bulk files are, gzip; the records so many times over."""
    listed = list(raws)
    with gzip.open(path, "wb", compresslevel=6) as file:
        file.write(HEADER)
        for _ in range(times):
            for raw in listed:
                file.write(raw + b"\n")
        file.write(b"</PubmedArticleSet>\n")
    return path


def blocks(folder: Path, raws: Sequence[bytes]) -> list[Path]:
    """The records in files of `BLOCK` each: short enough to be timed many times, one step after the other."""
    folder.mkdir()
    return [write_file(folder / f"{at:06}.xml.gz", raws[at : at + BLOCK]) for at in range(0, len(raws), BLOCK)]
