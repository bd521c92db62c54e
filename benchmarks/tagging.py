"""How fast records are parsed, tagged and built: `python -m benchmarks.tagging RECORDS.xml`.

RECORDS.xml (.gz too) holds PubMed records; those that a topic matches and that have an abstract are the kept ones, and
are repeated under new PMIDs until there are enough. Each rate is the best of several passes in processor seconds of
this process, so what else the machine does counts less; the floor, measured in the same run, is unzipping and
lxml.iterparse on the same records. Builds are timed as a user sees them (wall), in processes of their own, with their
peak memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.apart import apart
from benchmarks.material import on_topic_of, read_files, repeated, write_file
from benchmarks.steps import floor
from catalog.build import write_catalog
from catalog.tagging.design import decide_design
from catalog.tagging.document import read
from catalog.tagging.tagger import tag
from harvest.record import parse_article
from harvest.store import StoredRecord
from harvest.topics import load_topics


def best(passes: int, work: Callable[[], object]) -> float:
    """Processor seconds of the fastest of several passes."""
    found = []
    for _ in range(passes):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def measured(raws: Sequence[bytes], passes: int) -> list[tuple[str, float]]:
    """(what, processor seconds for one pass over the records)."""
    topics = load_topics()
    records = [parse_article(raw) for raw in raws]
    for record in records:  # rules are compiled when first asked
        tag(record, topics)
    with tempfile.TemporaryDirectory() as folder:
        packed = write_file(Path(folder) / "records.xml.gz", raws)
        least = best(passes, lambda: floor(packed))
    return [
        ("floor: unzip + lxml.iterparse", least),
        ("parse", best(passes, lambda: [parse_article(raw) for raw in raws])),
        ("parse + topic match", best(passes, lambda: [topics.match(parse_article(raw)) for raw in raws])),
        ("tag: design alone", best(passes, lambda: [decide_design(read(record)) for record in records])),
        ("tag: all fields", best(passes, lambda: [tag(record, topics) for record in records])),
        ("parse + tag all fields", best(passes, lambda: [tag(parse_article(raw), topics) for raw in raws])),
    ]


def built(path: Path, records: list[StoredRecord], processes: int) -> tuple[float, float, float]:
    """Build a catalog: (seconds, peak MB of this process, peak MB of the largest process it started)."""
    start = time.perf_counter()
    write_catalog(path, records, load_topics(), total=len(records), processes=processes)
    seconds = time.perf_counter() - start
    own, others = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return seconds, own, others


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="PubMed XML, .gz too")
    parser.add_argument("--records", type=int, default=5_000, help="records to build (default: %(default)s)")
    parser.add_argument(
        "--passes", type=int, default=10, help="passes, of which the best counts (default: %(default)s)"
    )
    arguments = parser.parse_args()
    raws = on_topic_of(read_files([arguments.file]), load_topics())
    print(f"{len(raws)} kept records; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("| step | records a second | times the floor |\n|---|---:|---:|")
    steps = measured(raws, arguments.passes)
    for what, seconds in steps:
        print(f"| {what} | {len(raws) / seconds:,.0f} | {seconds / steps[0][1]:.1f} |")
    if arguments.records:
        records = repeated(raws, arguments.records)
        print(f"\n| build of {len(records):,} | seconds | records a second | peak MB |\n|---|---:|---:|---:|")
        with tempfile.TemporaryDirectory() as folder:
            for processes in (1, 2):
                seconds, own, other = apart(built, Path(folder) / f"{processes}.db", records, processes)
                peaks = f"{own:.0f}" + (f" + {other:.0f} each" if processes > 1 else "")
                name = f"{processes} process{'es' if processes > 1 else ''}"
                print(f"| {name} | {seconds:.1f} | {len(records) / seconds:,.0f} | {peaks} |")


if __name__ == "__main__":
    main()
