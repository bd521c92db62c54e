"""How fast records are parsed, tagged and built: `python benchmarks/tagging.py RECORDS.xml [--records 5000]`.

RECORDS.xml (.gz too) holds PubMed records; those that a topic matches and that have an abstract are the kept ones, and
are repeated under new PMIDs until there are enough. Each rate is the best of several passes in processor seconds of
this process, so what else the machine does counts less; the floor, measured in the same run, is zlib and
lxml.iterparse on the same records. Builds are timed as a user sees them (wall), in processes of their own, with their
peak memory.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lxml import etree

from catalog.build import write_catalog
from catalog.tagging.design import decide_design
from catalog.tagging.document import read
from catalog.tagging.tagger import tag
from harvest.record import parse_article
from harvest.store import StoredRecord
from harvest.stream import elements, open_xml
from harvest.topics import load_topics

FIRST_PMID = 970_000_001
PMID = b'<PMID Version="1">'


def kept(path: Path) -> list[bytes]:
    """The raw records of a file that are on topic and have an abstract."""
    topics = load_topics()
    with open_xml(path) as stream:
        raws = [element.raw for element in elements(stream, name=str(path)) if element.kind != "DeleteCitation"]
    return [raw for raw in raws if (record := parse_article(raw)).abstract and topics.match(record).topics]


def repeated(raws: Sequence[bytes], count: int) -> list[StoredRecord]:
    """So many stored records, the given ones in turn, with PMIDs from 970000001 on."""
    made = []
    for n in range(count):
        head, _, tail = raws[n % len(raws)].partition(PMID)
        raw = head + PMID + str(FIRST_PMID + n).encode() + tail[tail.index(b"<") :]
        made.append(StoredRecord(FIRST_PMID + n, 1, raw, "", "", "", ""))
    return made


def best(passes: int, work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of several passes."""
    found = []
    for _ in range(passes):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def floor(packed: bytes) -> None:
    """Unzip and read every element: what any parser must do."""
    for _, element in etree.iterparse(BytesIO(zlib.decompress(packed)), tag="PubmedArticle"):
        element.clear()


def measured(raws: Sequence[bytes], passes: int) -> list[tuple[str, float]]:
    """(what, processor seconds for one pass over the records)."""
    topics = load_topics()
    records = [parse_article(raw) for raw in raws]
    packed = zlib.compress(b"<PubmedArticleSet>" + b"".join(raws) + b"</PubmedArticleSet>")
    for record in records:  # rules are compiled when first asked
        tag(record, topics)
    return [
        ("floor: zlib + lxml.iterparse", best(passes, lambda: floor(packed))),
        ("parse", best(passes, lambda: [parse_article(raw) for raw in raws])),
        ("parse + topic match", best(passes, lambda: [topics.match(parse_article(raw)) for raw in raws])),
        ("tag: design alone", best(passes, lambda: [decide_design(read(record)) for record in records])),
        ("tag: all fields", best(passes, lambda: [tag(record, topics) for record in records])),
        ("parse + tag all fields", best(passes, lambda: [tag(parse_article(raw), topics) for raw in raws])),
    ]


def built(path: str, records: list[StoredRecord], processes: int, answer: multiprocessing.SimpleQueue[object]) -> None:
    """Build a catalog; answers (seconds, peak MB of this process, peak MB of the largest process it started)."""
    start = time.perf_counter()
    write_catalog(Path(path), records, load_topics(), total=len(records), processes=processes)
    seconds = time.perf_counter() - start
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    answer.put((seconds, *peaks))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="PubMed XML, .gz too")
    parser.add_argument("--records", type=int, default=5_000, help="records to build (default: %(default)s)")
    parser.add_argument(
        "--passes", type=int, default=10, help="passes, of which the best counts (default: %(default)s)"
    )
    arguments = parser.parse_args()
    raws = kept(arguments.file)
    print(f"{len(raws)} kept records; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| step | records a second | times the floor |\n|---|---:|---:|")
    steps = measured(raws, arguments.passes)
    for what, seconds in steps:
        print(f"| {what} | {len(raws) / seconds:,.0f} | {seconds / steps[0][1]:.1f} |")
    if arguments.records:
        records = repeated(raws, arguments.records)
        print(f"\n| build of {len(records):,} | seconds | records a second | peak MB |\n|---|---:|---:|---:|")
        spawn = multiprocessing.get_context("spawn")
        with tempfile.TemporaryDirectory() as folder:
            for processes in (1, 2):
                answer: multiprocessing.SimpleQueue[tuple[float, float, float]] = spawn.SimpleQueue()
                path = str(Path(folder) / f"{processes}.db")
                process = spawn.Process(target=built, args=(path, records, processes, answer))
                process.start()
                seconds, own, other = answer.get()
                process.join()
                peaks = f"{own:.0f}" + (f" + {other:.0f} each" if processes > 1 else "")
                name = f"{processes} process{'es' if processes > 1 else ''}"
                print(f"| {name} | {seconds:.1f} | {len(records) / seconds:,.0f} | {peaks} |")


if __name__ == "__main__":
    main()
