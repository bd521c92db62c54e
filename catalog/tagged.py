"""Stored records parsed and tagged, as rows: in this process or in several, always in the records' order.

Several processes give what one gives: each record is read alone, and rows come back in order. A worker holds one chunk,
and only so many are under way, so memory does not grow with the catalog. Processes are spawned, as harvest/workers.py
has it: the same on every system, and no open database is inherited.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice

from catalog.curation import Curation, Reviewed, reviewed
from catalog.errors import CatalogError
from catalog.rows import Row, rows_of
from catalog.tagging.overrides import Override
from catalog.tagging.tagger import tag
from harvest.errors import BadRecord
from harvest.record import parse_article
from harvest.store import StoredRecord
from harvest.topics import Topics, read_topics

__all__ = ["Done", "processes_for", "tagged"]

# Below so many records the time to start processes, some seconds, is not won back.
MANY = 2_000
# Records sent to a process at once, and chunks under way for each.
CHUNK = 50
DEPTH = 3
# How seldom unused objects are searched for: tagging makes many small ones and hardly a cycle; it took a tenth.
_SELDOM = (100_000, 20, 100)
_LONGEST_FAULT = 200


@dataclass(frozen=True, slots=True)
class Done:
    """One stored record: its rows, and what became of corrections of it; or why it could not be parsed or tagged."""

    pmid: int
    rows: tuple[Row, ...]
    reviewed: tuple[Reviewed, ...]
    fault: str | None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is told of one record to the process that tags it."""

    pmid: int
    raw: bytes
    since: str | None
    overrides: tuple[Override, ...]


def processes_for(records: int | None) -> int:
    """How many processes should tag so many records (None: not known): one for few, else one for each core."""
    if records is None or records < MANY:
        return 1
    # the cores this process may use, where the system tells
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def tagged(
    records: Iterable[StoredRecord], topics: Topics, curation: Curation, *, sample: bool, processes: int
) -> Iterator[Done]:
    """Each record parsed and tagged, in the order given.

    Args:
        records: stored records.
        topics: the vocabulary to tag with.
        curation: corrections that beat every rule.
        sample: whether the records are invented.
        processes: how many tag at once; with one no process is started.

    Raises:
        CatalogError: a process died.
    """
    tasks = (_Task(r.pmid, r.raw, r.first_seen or None, tuple(curation.overrides.get(r.pmid, ()))) for r in records)
    if processes <= 1:
        return _in_this_process(tasks, topics, sample=sample)
    return _in_processes(tasks, topics, sample=sample, processes=processes)


def _done(task: _Task, topics: Topics, *, sample: bool) -> Done:
    try:
        record = parse_article(task.raw)
    except BadRecord as error:
        return Done(task.pmid, (), (), str(error))
    checked: tuple[Reviewed, ...] = ()
    try:
        tags = tag(record, topics, task.overrides)
        if task.overrides:
            by_rules = tag(record, topics)
            checked = tuple(reviewed(override, by_rules, tags) for override in task.overrides)
        rows = tuple(rows_of(record, tags, task.since, sample=sample))
    except Exception as error:  # a fault of a rule on words it has never met: the other records go on
        why = f"{type(error).__name__}: {error}".splitlines()[0][:_LONGEST_FAULT]
        return Done(task.pmid, (), (), f"the rules of tagging cannot read it; please report its PMID ({why})")
    return Done(task.pmid, rows, checked, None)


def _in_this_process(tasks: Iterator[_Task], topics: Topics, *, sample: bool) -> Iterator[Done]:
    before = gc.get_threshold()
    gc.set_threshold(*_SELDOM)
    try:
        for task in tasks:
            yield _done(task, topics, sample=sample)
    finally:
        gc.set_threshold(*before)


def _in_processes(tasks: Iterator[_Task], topics: Topics, *, sample: bool, processes: int) -> Iterator[Done]:
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(topics.text, topics.source, sample),
    )
    waiting: deque[Future[list[Done]]] = deque()
    try:
        while chunk := list(islice(tasks, CHUNK)):
            waiting.append(pool.submit(_work, chunk))
            if len(waiting) >= processes * DEPTH:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise CatalogError("a process that tags records died (out of memory?); the old catalog stays") from error
    finally:
        pool.shutdown(cancel_futures=True)


_of_process: dict[str, tuple[Topics, bool]] = {}


def _start(text: str, source: str, sample: bool) -> None:
    """Make a process ready: Ctrl-C reaches the whole group, and the one that writes ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(*_SELDOM)
    _of_process["told"] = read_topics(text, source), sample


def _work(chunk: Sequence[_Task]) -> list[Done]:
    topics, sample = _of_process["told"]
    return [_done(task, topics, sample=sample) for task in chunk]
