"""How fast a bulk scan is, and that its memory stays flat: `python benchmarks/bulk_memory.py --records 1000000`.

Invented records are made on the fly, compressed, and read through named pipes as if each were a bulk file of 30,000
records, so nothing large is on disk. The scan is the one `harvest bulk` uses: unzip, cut, look, parse, match, store.
Each record bears an abstract of usual length, an affiliation and a reference list, to be about as large as a real one.
One in `--on-topic` is on topic. Printed: records a second, and each process's peak and current memory (resident) as the
scan goes on. The generator runs in a process of its own; its time is not the scan's, but on one core they share it:
`cpu s` is the scan's alone.
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
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harvest.bulkstore import BulkStore, source_of
from harvest.fileorder import key_of
from harvest.record import parse_article
from harvest.scan import Batch, Ended
from harvest.topics import load_topics
from harvest.workers import Scanners, Task
from tests.ncbi.synthetic import FIRST_PMID, synthetic_records

PER_FILE = 30_000
VARIETY = 2_000
# Makes an abstract as long as most are, about 250 words.
PROSE = b" ".join(
    b" In the %dth invented setting, %d participants gave answers to a questionnaire about daily habits, and the"
    b" investigators compared observed frequencies between groups with adjusted models." % (n, n * 37)
    for n in range(1, 9)
)


def template(records: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Invented records, cut where the PMID stands, made about as long as real ones."""
    place = b"<AffiliationInfo><Affiliation>" + b"Department of Invention, Institute of Nowhere, Nowhere. " * 4
    affiliation = place + b"</Affiliation></AffiliationInfo>"
    entry = b"<Reference><Citation>Inventor A. An invented reference. J Invent Rec. 2001;1:1-9.</Citation></Reference>"
    found = []
    for raw in records:
        raw = raw.replace(b"</PubmedData>", b"<ReferenceList>" + entry * 30 + b"</ReferenceList></PubmedData>")
        raw = raw.replace(b"</AbstractText>", PROSE + b"</AbstractText>", 1)
        raw = raw.replace(b"</Initials>", b"</Initials>" + affiliation)
        head, _, tail = raw.partition(b'<PMID Version="1">')
        found.append((head + b'<PMID Version="1">', tail[tail.index(b"<") :]))
    return found


def variety(on_topic: int) -> list[tuple[bytes, bytes]]:
    """So many different records that one in `on_topic` is on topic."""
    topics = load_topics()
    raws = list(synthetic_records(VARIETY))
    on = [raw for raw in raws if topics.match(parse_article(raw)).topics]
    off = sorted(set(raws) - set(on))
    mixed = [on[n // on_topic % len(on)] if n % on_topic == 0 else off[n % len(off)] for n in range(VARIETY)]
    return template(mixed)


def resident(pid: int) -> tuple[float, float]:
    """(peak, current) resident memory of a process in MB; NaN where the system does not tell."""
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines())
        return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))  # type: ignore[return-value]
    except (OSError, KeyError):
        return float("nan"), float("nan")


def scanned(scanners: Scanners, paths: list[Path]) -> Iterator[tuple[str, Batch | Ended]]:
    """Every message of every file, in file order."""
    waiting = list(reversed(paths))
    while waiting or scanners.pending:
        while waiting and not scanners.full:
            path = waiting.pop()
            scanners.submit(Task(path, path.name))
        name = scanners.pending[0].name
        for message in scanners.results():
            yield name, message


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--on-topic", type=int, default=1_000, metavar="N", help="one record in N (default 1000)")
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"pubmed26n{n + 1:04}.xml.gz" for n in range(-(-given.records // PER_FILE))]
        for path in paths:
            os.mkfifo(path)
        # Several workers open several pipes at once: each needs a writer of its own.
        feeders = [
            context.Process(
                target=feed_some, args=(paths, k, given.workers, given.records, given.on_topic), daemon=True
            )
            for k in range(max(1, given.workers))
        ]
        for feeder in feeders:
            feeder.start()
        run(given.records, given.workers, given.on_topic, folder, paths)
        for feeder in feeders:
            feeder.join()


def feed_some(paths: list[Path], k: int, workers: int, records: int, on_topic: int) -> None:
    """Every `workers`th pipe, from the kth."""
    pieces = variety(on_topic)
    for n in range(k, len(paths), max(1, workers)):
        feed_one(paths[n], n, pieces, records)


def feed_one(path: Path, n: int, pieces: list[tuple[bytes, bytes]], records: int) -> None:
    """One pipe's records as a gzip stream."""
    packer = zlib.compressobj(1, wbits=31)
    with path.open("wb") as pipe:
        pipe.write(packer.compress(b'<?xml version="1.0"?>\n<PubmedArticleSet>\n'))
        for i in range(n * PER_FILE, min((n + 1) * PER_FILE, records)):
            head, tail = pieces[i % len(pieces)]
            pipe.write(packer.compress(head + b"%d" % (FIRST_PMID + i) + tail))
        pipe.write(packer.compress(b"</PubmedArticleSet>\n") + packer.flush())


def run(records: int, workers: int, on_topic: int, folder: Path, paths: list[Path]) -> None:
    """Scan the pipes into a store and print how it goes."""
    topics = load_topics()
    read = kept = 0
    with BulkStore.open(folder / "pubmed.db") as store, Scanners(topics, set(), workers) as scanners:
        size = sum(len(head) + len(tail) + 9 for head, tail in variety(on_topic)) / VARIETY
        print(f"{records:,} invented records of {size / 1024:.1f} KiB on average, one in {on_topic:,} on topic")
        store.begin_run("benchmark", harvester="benchmark", topics=(topics.sha256, topics.source, topics.text))
        print("   records  kept      s  records/s  cpu s  MB now (peak): this process, each worker", flush=True)
        began, told = time.perf_counter(), 0.0
        for name, message in scanned(scanners, paths):
            key = key_of(name)
            assert key is not None  # noqa: S101 - named above
            if isinstance(message, Batch):
                store.keep_from(key, source_of(name), message.records)
                kept += len(message.records)
                continue
            read += message.read
            assert message.fault is None, message.fault  # noqa: S101 - a benchmark of a broken scan is none
            spent = time.perf_counter() - began
            if spent - told > 10 or read == records:
                told = spent
                pids = [os.getpid(), *scanners.pids]
                shown = ", ".join(f"{now:.0f} ({peak:.0f})" for peak, now in map(resident, pids))
                used = resource.getrusage(resource.RUSAGE_SELF)
                cpu = used.ru_utime + used.ru_stime
                print(f"{read:10,} {kept:5,} {spent:6.0f} {read / spent:10,.0f} {cpu:6.0f}  {shown}", flush=True)


if __name__ == "__main__":
    main()
