"""How much faster several workers scan: the same files by processes of this machine and by a local Dask cluster.

Each worker scans a file first, so that its vocabulary is ready; then what `harvest bulk` does is timed by the clock,
from the first of eight files given out to the last batch stored.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from benchmarks.material import mixed, write_file
from harvest.bulkstore import BulkStore, source_of
from harvest.cluster import ClusterScanners
from harvest.fileorder import key_of
from harvest.scan import Batch
from harvest.topics import Topics, load_topics
from harvest.workers import Scanners, Scanning, Task

__all__ = ["scaled"]

WORKERS = (1, 2, 4)


def _scan(scanners: Scanning, paths: Sequence[Path], store: BulkStore) -> tuple[int, float, float]:
    """(records read, seconds by the clock, processor seconds of this process)."""
    read, waiting = 0, list(reversed(paths))
    began, used = time.perf_counter(), time.process_time()
    while waiting or scanners.pending:
        while waiting and not scanners.full:
            path = waiting.pop()
            scanners.submit(Task(path, path.name))
        name = scanners.pending[0].name
        key = key_of(name)
        for message in scanners.results():
            if isinstance(message, Batch):
                store.keep_from(key, source_of(name), message.records)  # type: ignore[arg-type]
            else:
                read += message.read
    return read, time.perf_counter() - began, time.process_time() - used


def _rates(
    start: Callable[[int], Scanning], paths: Sequence[Path], folder: Path, topics: Topics
) -> dict[int, tuple[float, float]]:
    """By number of workers: (records a second, the writer's processor seconds a record)."""
    found = {}
    for workers in WORKERS:
        with ExitStack() as stack:
            store = stack.enter_context(BulkStore.open(folder / "pubmed.db"))
            store.begin_run("benchmark", harvester="benchmark", topics=(topics.sha256, topics.source, topics.text))
            scanners = start(workers)
            stack.callback(scanners.close)  # type: ignore[attr-defined]
            _scan(scanners, paths[:workers], store)
            read, seconds, used = _scan(scanners, paths, store)
            found[workers] = (read / seconds, used / read)
        (folder / "pubmed.db").unlink()
    return found


def scaled(records: int, on_topic: int = 1_000) -> tuple[float, float, dict[int, float], dict[int, float]]:
    """(records a second of one process, the writer's seconds a record, efficiency by workers: processes, Dask)."""
    topics = load_topics()
    raws = mixed(2_000, on_topic, topics)
    files = 8
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        first = write_file(folder / "pubmed26n0001.xml.gz", raws, times=max(1, records // files // len(raws)))
        paths = [first]
        for n in range(2, files + 1):
            paths.append(folder / f"pubmed26n{n:04}.xml.gz")
            paths[-1].hardlink_to(first)
        own = _rates(lambda workers: Scanners(topics, set(), workers), paths, folder, topics)
        alone = own[1][0]
        dask: dict[int, tuple[float, float]] = {}
        with suppress(ImportError):
            from distributed import LocalCluster

            def start(workers: int) -> Scanning:
                cluster = LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
                )
                scanners = ClusterScanners(topics, set(), cluster.scheduler_address)
                leave = scanners.close

                def close() -> None:
                    leave()
                    cluster.close()

                scanners.close = close  # type: ignore[method-assign]
                return scanners

            dask = _rates(start, paths, folder, topics)
    writer = min(used for _, used in [own[n] for n in WORKERS if n > 1] + list(dask.values()))
    return (
        alone,
        writer,
        {n: rate / alone / n for n, (rate, _) in own.items()},
        {n: rate / alone / n for n, (rate, _) in dask.items()},
    )
