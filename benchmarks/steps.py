"""What is measured of records: each step takes a file of PubMed XML (.gz) and does all of its work, from unzipping on.

So every row of the table includes the ones before it, and its ratio is to the floor on the same file. The floor is what
any reader of such a file must do: unzip, let lxml build each PubmedArticle, and throw it away.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lxml import etree

from benchmarks.apart import apart, resident
from harvest.record import parse_article
from harvest.scan import Batch, Matcher, scan
from harvest.stream import elements, open_xml
from harvest.topics import load_topics

__all__ = ["ON_TOPIC", "OURS", "PEERS", "Step", "installed", "peak", "timed"]

Step = Callable[[Path], int]


@cache
def _topics() -> Any:
    return load_topics()


@cache
def _matcher() -> Matcher:
    return Matcher(_topics())


def _raws(path: Path) -> Iterator[bytes]:
    with open_xml(path) as stream:
        for element in elements(stream):
            yield element.raw


def floor(path: Path) -> int:
    """Unzip and let lxml build every element."""
    count = 0
    with gzip.open(path) as stream:
        for _, element in etree.iterparse(stream, tag="PubmedArticle"):
            count += 1
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    return count


def cut(path: Path) -> int:
    """Unzip and cut into raw records."""
    return sum(1 for _ in _raws(path))


def parse(path: Path) -> int:
    """Every record to a full `Record`, no field left for later."""
    return sum(1 for raw in _raws(path) if parse_article(raw))


def parse_and_match(path: Path) -> int:
    """Every record parsed in full, and matched with the vocabulary, every place that names a concept found."""
    match = _topics().match
    return sum(1 for raw in _raws(path) if match(parse_article(raw)))


def scanned(path: Path) -> int:
    """What `harvest bulk` does of a file: records whose bytes rule every topic out are not parsed."""
    return sum(
        len(message.records) for message in scan(path, path.name, _matcher(), set()) if isinstance(message, Batch)
    )


def tagged(path: Path) -> int:
    """Every record parsed, matched and tagged in all fields."""
    from catalog.tagging.tagger import tag

    topics = _topics()
    return sum(1 for raw in _raws(path) if tag(parse_article(raw), topics))


def by_pubmed_parser(path: Path) -> int:
    """pubmed_parser's dictionaries, with all that it can read."""
    import pubmed_parser

    return len(
        list(
            pubmed_parser.parse_medline_xml(
                str(path), year_info_only=False, nlm_category=True, author_list=True, reference_list=True
            )
        )
    )


def by_biopython(path: Path) -> int:
    """Biopython's nested lists and dictionaries, the whole set at once: it reads PubmedArticleSet in no other way."""
    from Bio import Entrez

    with gzip.open(path) as stream:
        return len(Entrez.read(stream)["PubmedArticle"])


def by_pymed(path: Path) -> int:
    """Articles of pymed: nine fields, no MeSH, types or references. It prints a line for each that lacks one."""
    from pymed.article import PubMedArticle

    with gzip.open(path) as stream, redirect_stdout(StringIO()):
        root = ElementTree.parse(stream).getroot()  # noqa: S314 - our own file
        return len([PubMedArticle(xml_element=element) for element in root.iter("PubmedArticle")])


OURS: dict[str, Step] = {
    "floor: unzip + lxml.iterparse": floor,
    "cut into raw records": cut,
    "parse to the full Record": parse,
    "parse + topic match, every record": parse_and_match,
    "scan: as harvest bulk does": scanned,
}
ON_TOPIC: dict[str, Step] = {
    "floor: unzip + lxml.iterparse": floor,
    "parse to the full Record": parse,
    "parse + topic match": parse_and_match,
    "parse + match + tag, all fields": tagged,
}
# By the name of the package on PyPI.
PEERS: dict[str, Step] = {"pubmed_parser": by_pubmed_parser, "biopython": by_biopython, "pymed": by_pymed}


def installed(package: str) -> str | None:
    """A package's version, None where it is not installed."""
    with suppress(PackageNotFoundError):
        return version(package)
    return None


def timed(steps: Mapping[str, Step], files: Sequence[Path], passes: int) -> dict[str, float]:
    """Processor seconds of each step over all files: of each file the fastest of several passes, summed.

    Steps take turns at each file, so that what slows the machine for a while slows them alike.
    """
    best = {name: [float("inf")] * len(files) for name in steps}
    for step in steps.values():  # what is made once a process is made before
        step(files[0])
    for _ in range(passes):
        for at, path in enumerate(files):
            for name, step in steps.items():
                start = time.thread_time()
                step(path)
                best[name][at] = min(best[name][at], time.thread_time() - start)
    return {name: sum(found) for name, found in best.items()}


def peak(step: Step, path: Path) -> float:
    """Peak resident MB of a process of its own that does the step over a file, its interpreter and modules included."""
    return apart(_peak, step, path)


def _peak(step: Step, path: Path) -> float:
    step(path)
    return resident()[1]
