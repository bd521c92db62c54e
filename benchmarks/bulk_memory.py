"""That a bulk scan's memory stays flat: `python -m benchmarks.bulk_memory [--workers 2] [--write]`.

Invented records (benchmarks/material.py) are compressed on the fly and read through named pipes as if each were a bulk
file of 30,000 records, so nothing large is on disk. The scan is the one `harvest bulk` uses: unzip, cut, look, parse,
match, store. One in `--on-topic` is on topic. Told as the scan goes on: records a second, and each process's current
and peak memory (resident). The generator runs in a process of its own; its time is not the scan's, but they share the
cores: `cpu s` is the time of the process that stores, which with one worker is the scan's too.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.apart import apart, resident
from benchmarks.material import FIRST_PMID, PMID, VARIETY, mixed
from benchmarks.page import DOCS, write_part
from benchmarks.picture import lines as drawn
from harvest.bulkstore import BulkStore, source_of
from harvest.fileorder import key_of
from harvest.scan import Batch, Ended
from harvest.topics import load_topics
from harvest.workers import Scanners, Task

PER_FILE = 30_000
BEGIN, END = "<!-- memory: made by benchmarks/bulk_memory.py -->", "<!-- memory: end -->"
PICTURE = "performance-memory.svg"
AIM = 80


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a scan: records read and kept, seconds, processor seconds, (current, peak) MB of each process."""

    read: int
    kept: int
    seconds: float
    cpu: float
    memory: list[tuple[float, float]]

    def row(self) -> str:
        """As a row of Markdown."""
        now = ", ".join(f"{held:.0f}" for held, _ in self.memory)
        peak = ", ".join(f"{most:.0f}" for _, most in self.memory)
        rate = self.read / self.seconds
        return f"| {self.read:,} | {self.kept:,} | {self.seconds:.0f} | {rate:,.0f} | {self.cpu:.0f} | {now} | {peak} |"


HEAD = [
    "| records read | kept | seconds | records/s | cpu s | MB now: this process, workers | MB peak |",
    "|---:|---:|---:|---:|---:|---:|---:|",
]


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


def pieces_of(on_topic: int) -> list[tuple[bytes, bytes]]:
    """Invented records, cut where the PMID stands."""
    found = []
    for raw in mixed(VARIETY, on_topic):
        head, _, tail = raw.partition(PMID)
        found.append((head + PMID, tail[tail.index(b"<") :]))
    return found


def feed_some(paths: list[Path], k: int, workers: int, records: int, on_topic: int) -> None:
    """Every `workers`th pipe, from the kth."""
    pieces = pieces_of(on_topic)
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


def run(records: int, workers: int, on_topic: int) -> Iterator[Seen]:
    """Scan so many records into a store; a look at it every ten seconds or more, and at the end."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = [folder / f"pubmed26n{n + 1:04}.xml.gz" for n in range(-(-records // PER_FILE))]
        for path in paths:
            os.mkfifo(path)
        # Several workers open several pipes at once: each needs a writer of its own.
        feeders = [
            context.Process(target=feed_some, args=(paths, k, workers, records, on_topic), daemon=True)
            for k in range(max(1, workers))
        ]
        for feeder in feeders:
            feeder.start()
        yield from _looks(records, workers, folder, paths)
        for feeder in feeders:
            feeder.join()


def _looks(records: int, workers: int, folder: Path, paths: list[Path]) -> Iterator[Seen]:
    topics = load_topics()
    read = kept = 0
    with BulkStore.open(folder / "pubmed.db") as store, Scanners(topics, set(), workers) as scanners:
        store.begin_run("benchmark", harvester="benchmark", topics=(topics.sha256, topics.source, topics.text))
        began, used, told = time.perf_counter(), time.process_time(), 0.0
        for name, message in scanned(scanners, paths):
            if isinstance(message, Batch):
                key = key_of(name)
                assert key is not None  # noqa: S101 - named above
                store.keep_from(key, source_of(name), message.records)
                kept += len(message.records)
                continue
            read += message.read
            assert message.fault is None, message.fault  # noqa: S101 - a benchmark of a broken scan is none
            spent = time.perf_counter() - began
            if spent - told > 10 or read == records:
                told = spent
                memory = [resident(pid) for pid in (os.getpid(), *scanners.pids)]
                yield Seen(read, kept, spent, time.process_time() - used, memory)


def remembered(*, write: bool, records: int = 1_000_000, workers: int = 2, on_topic: int = 1_000) -> None:
    """A scan by one process, in a process of its own so that nothing else is in its memory, then by several."""
    size = sum(len(head) + len(tail) + 9 for head, tail in pieces_of(on_topic)) / VARIETY / 1024
    said = f"{records:,} invented records of {size:.1f} KiB on average, one in {on_topic:,} on topic"
    sys.stderr.write(said + "\n")
    alone = apart(_all, records, 1, on_topic)
    several = apart(_all, records // 3, workers, on_topic)
    peak = max(most for seen in [*alone, *several] for _, most in seen.memory)
    lines = [
        "### Memory over time",
        "",
        f"![Line: memory of the process that scans, over time]({PICTURE})",
        "",
        f"{said}, made on the fly, scanned and stored by one process; a line every 30,000 records, {len(alone)} looks."
        f" The generator shares the {os.cpu_count()} cores.",
        "",
        *HEAD,
        *[seen.row() for seen in [*alone[:: max(1, len(alone) // 8)][:8], alone[-1]]],
        "",
        f"With `--workers {workers}`:",
        "",
        *HEAD,
        several[-1].row(),
        "",
        f"Peak of any process {peak:.0f} MB, aim {AIM}: {'met' if peak <= AIM else '**missed**'}.",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if write:
        write_part(BEGIN, END, lines)
        points = [(seen.seconds, seen.memory[0][0]) for seen in alone]
        title = f"Memory while {records:,} records are scanned by one process"
        svg = drawn(title, "resident, invented records", points, "seconds", "MB", top=100, aim=AIM)
        (DOCS / PICTURE).write_text(svg, "utf-8")


def _all(records: int, workers: int, on_topic: int) -> list[Seen]:
    found = []
    for seen in run(records, workers, on_topic):
        sys.stderr.write(seen.row() + "\n")
        found.append(seen)
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--on-topic", type=int, default=1_000, metavar="N", help="one record in N (default 1000)")
    parser.add_argument("--write", action="store_true", help="by one process, a third by two; into docs/performance.md")
    given = parser.parse_args()
    if given.write:
        remembered(write=True, records=given.records, on_topic=given.on_topic)
        return
    sys.stdout.write("\n".join(HEAD) + "\n")
    for seen in run(given.records, given.workers, given.on_topic):
        sys.stdout.write(seen.row() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
