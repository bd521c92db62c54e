"""How the site bears a busy day: `python -m benchmarks.soak` (about 16 minutes; `--minutes 1` for a quick look).

Readers are wrk's (readers.lua), on the same machine as the server. They ask for a mix of pages as people would: mostly
searches and papers, the first page, claim cards, sometimes a feed, an export, a text to check. Every second request
bears a cookie, so that half of all answers cannot come from the site's memory of pages.

A busy day: 200 readers, each with pauses of two seconds in the mean, and the server's memory meanwhile. A rush: the
same 200 without any pause. A new catalog: two editions that differ in a word of every title take turns in the served
file's place while readers read; every answer must be whole and of one edition. An abusive client: 20 readers, alone,
and beside one client that asks for something expensive again and again. wrk stands where a proxy would, and names the
addresses readers come from as a proxy does (X-Forwarded-For).
"""

# ruff: noqa: S311 - its random numbers are no secrets
from __future__ import annotations

import argparse
import os
import platform
import random
import re
import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pages import addresses, answered, cpu_seconds, served
from benchmarks.synthetic_catalog import write_synthetic_catalog
from benchmarks.wrk import Answered, Asked, started

PAGE = Path(__file__).resolve().parents[1] / "docs" / "load.md"
BEGIN, END = "<!-- made by benchmarks/soak.py -->", "<!-- end -->"
# How often each kind of page is asked for; what is not named, once.
WEIGHTS = {"home": 15, "paper": 25, "list by filters": 8, "claims": 6, "search: two words": 8, "search: rare word": 8}
WEIGHTS |= {"search: a word and PRP, with synonyms": 5, "search: author": 3, "search: phrase": 3}
EDITIONS = ("quillwortfirst", "quillwortsecond")
_JSON = ("Content-Type", "application/json")
_ANEW = ("Cookie", "a=1")  # not from the memory of pages
_ABUSER = 250
_CLAIM = "Stem cell injections relieve low back pain. Ozone is safer than surgery for a herniated disc. "
_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
_CROSSED = "SELECT count(*) FROM articles a, articles b WHERE a.abstract LIKE '%' || b.title || '%'"
# What one client may think of, each asked over ten connections at once without a pause.
ABUSES = {
    "SQL that never ends": [Asked(f"/catalog.json?sql={quote(_ENDLESS)}")],
    "every record against every other in SQL": [Asked(f"/catalog.json?sql={quote(_CROSSED)}")],
    "facets of every column": [Asked("/catalog/articles?_facet=title&_facet=abstract&_facet=authors&_size=1000")],
    "whole tables as CSV": [Asked("/catalog/articles.csv?_stream=1&_size=max")],
    "the widest search, 10,000 papers as RIS": [Asked("/search.ris?q=pain", headers=(_ANEW,))],
    "the widest search, page after page": [
        Asked(f"/search?q=pain+OR+disc+OR+p*&page={page}", headers=(_ANEW,)) for page in range(1, 90)
    ],
    "the longest texts to check": [Asked("/check.json", "POST", (_JSON,), f'{{"text": "{_CLAIM * 400}"}}')],
}


def mix(url: str, path: Path) -> list[Asked]:
    """Requests as people make them, each kind as often as `WEIGHTS` says, half of them past the memory of pages."""
    rng = random.Random(11)
    kinds = answered(url, addresses(path, each=200))
    kinds.pop("search as RIS", None)  # says 404 where it finds nothing, as an export with nothing in it should
    asked: list[Asked] = []
    for kind, listed in kinds.items():
        asked += [Asked(address) for address in rng.choices(listed, k=40 * WEIGHTS.get(kind, 1))]
    asked += [replace(one, headers=(_ANEW,)) for one in asked]
    asked += [Asked("/check.json", "POST", (_JSON,), f'{{"text": "{_CLAIM}"}}')] * 20
    return [replace(one, headers=(*one.headers, _from(rng.randrange(200)))) for one in asked]


def _from(number: int) -> tuple[str, str]:
    """The header that names a reader's address (of the block set apart for documentation)."""
    return ("X-Forwarded-For", f"198.51.100.{number}")


def memory(pid: int) -> float:
    """Megabytes of memory that a process and its children take, shared pages counted once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_proportional(number) for number in (pid, *map(int, children))) / 1024


def _proportional(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


@contextmanager
def watched(pid: int, every: float) -> Iterator[list[float]]:
    """Megabytes taken, every so many seconds, for as long as the block runs."""
    seen: list[float] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(every):
            seen.append(memory(pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@contextmanager
def swapped(served_file: Path, every: float) -> Iterator[list[float]]:
    """Put the two editions in the served file's place in turn, by rename as `catalog build` does; the times."""
    times: list[float] = []
    over = threading.Event()

    def swap() -> None:
        while not over.wait(every):
            edition = served_file.with_name(f"{EDITIONS[(len(times) + 1) % 2]}.db")
            draft = served_file.with_suffix(".draft")
            shutil.copyfile(edition, draft)
            draft.replace(served_file)
            times.append(time.monotonic())

    thread = threading.Thread(target=swap, daemon=True)
    thread.start()
    try:
        yield times
    finally:
        over.set()
        thread.join()


def write_editions(path: Path) -> None:
    """Two copies of a catalog beside it, told apart by a word in every title, also the catalog's own."""
    for word in EDITIONS:
        copy = path.with_name(f"{word}.db")
        shutil.copyfile(path, copy)
        with closing(sqlite3.connect(copy)) as conn, conn:
            conn.execute("UPDATE articles SET title = coalesce(title, '') || ' ' || ?", (word,))
            conn.execute("UPDATE about SET title = title || ' ' || ?", (word,))


def row(name: str, found: Answered) -> str:
    """A line of a table of answers."""
    cells = [
        name,
        f"{found.requests:,}",
        f"{found.rate:.0f}",
        *(f"{value:,.0f}" for value in (found.p50, found.p95, found.p99, found.longest)),
    ]
    return f"| {' | '.join(cells)} | {found.failed} |"


HEADS = [
    "| | answers | a second | p50 ms | p95 ms | p99 ms | longest ms | failed |",
    "|---|--:|--:|--:|--:|--:|--:|--:|",
]


def busy_day(path: Path, workers: int, minutes: float, readers: int) -> list[str]:
    """The busy day and the rush, as lines of Markdown."""
    with served(path, workers) as (url, pid, _):
        asked = mix(url, path)
        before, began = cpu_seconds(pid), memory(pid)
        with watched(pid, 5) as seen:
            day = started(url, asked, readers=readers, seconds=60 * minutes, pause=2).wait()
        used = (cpu_seconds(pid) - before) / day.seconds
        rush = started(url, asked, readers=readers, seconds=min(60, 30 * minutes), seed=2).wait()
        after = memory(pid)
    parts = [seen[len(seen) * n // 10] for n in range(10)] if len(seen) >= 10 else seen
    return [
        "## A busy day",
        "",
        *HEADS,
        row(f"{readers} readers with pauses, {day.seconds / 60:.0f} minutes", day),
        row(f"{readers} readers without a pause, {rush.seconds:.0f} s", rush),
        "",
        f"The busy day took {used:.2f} of the processors. Memory of the server's {workers} processes together:"
        f" {began:.0f} MB at the start; then, at ten moments of the busy day,"
        f" {', '.join(f'{value:.0f}' for value in parts)} MB; {after:.0f} MB after the rush.",
        f"Statuses: {statuses(day, rush)}.",
        "",
    ]


def new_catalog(path: Path, workers: int, seconds: float, every: float = 4) -> list[str]:
    """The swap under load, as lines of Markdown."""
    write_editions(path)
    file = path.with_name("catalog.db")
    shutil.copyfile(path.with_name(f"{EDITIONS[0]}.db"), file)
    with served(file, workers) as (url, pid, _):
        asked = [one for one in mix(url, file) if one.method == "GET" and not one.path.startswith("/check")]
        with watched(pid, 1) as seen, swapped(file, every) as times:
            found = started(url, asked, readers=40, seconds=seconds, pause=0.2, editions=EDITIONS).wait()
    return [
        "## A new catalog while readers read",
        "",
        *HEADS,
        row(f"40 readers, pauses of 0.2 s, {len(times)} new catalogs in {found.seconds:.0f} s", found),
        "",
        f"Of {found.requests:,} answers **{found.failed} failed and {found.mixed} were mixed**: {found.first:,} were"
        f" of the one edition, {found.second:,} of the other, {found.neither:,} held no title at all;"
        f" {found.unlike} named a generation in their header that another edition had named.",
        f"Most memory while old and new were open together: {max(seen, default=0):.0f} MB.",
        f"Statuses: {statuses(found)}.",
        "",
    ]


def abuse(path: Path, workers: int, seconds: float) -> list[str]:
    """Readers beside an abusive client, as lines of Markdown."""
    lines = [
        "## One abusive client",
        "",
        "20 readers with pauses of half a second, alone, then beside one client that asks over ten connections"
        " without a pause.",
        "",
        "| the client asks for | readers' answers | p50 ms | p95 ms | p99 ms | failed | the client got |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    with served(path, workers) as (url, _, _):
        asked = [one for one in mix(url, path) if one.method == "GET"]
        for name, requests in {"nothing": [], **ABUSES}.items():
            wanted = [replace(one, headers=(*one.headers, _from(_ABUSER))) for one in requests]
            client = started(url, wanted, readers=10, seconds=seconds + 2, seed=5) if wanted else None
            time.sleep(1)
            found = started(url, asked, readers=20, seconds=seconds, pause=0.5, seed=3).wait()
            got = client.wait() if client else None
            said = f"{statuses(got)}, p50 {got.p50:,.0f} ms" if got else ""
            times = " | ".join(f"{value:,.0f}" for value in (found.p50, found.p95, found.p99))
            lines.append(f"| {name} | {found.requests:,} | {times} | {found.failed} | {said} |")
            sys.stderr.write(f"{lines[-1]}\n")
    return [*lines, ""]


def statuses(*every: Answered) -> str:
    """`200: 5, 503: 1`, and what did not come at all."""
    counted: dict[str, int] = {}
    for found in every:
        missing = {"cut": found.read + found.write + found.connect, "not within 30 s": found.timeout}
        for status, count in (*found.statuses.items(), *missing.items()):
            counted[status] = counted.get(status, 0) + count
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(counted.items()) if count)


def write(lines: list[str]) -> None:
    """Put the lines between the marks of docs/load.md."""
    head, rest = PAGE.read_text("utf-8").split(BEGIN, 1)
    PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.split(END, 1)[1]}", "utf-8")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=5_000, help="of the catalog")
    parser.add_argument("--minutes", type=float, default=10, help="of the busy day")
    parser.add_argument("--readers", type=int, default=200, help="of the busy day")
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    parser.add_argument("--parts", default="day,swap,abuse", help="which to run, parted by commas")
    parser.add_argument("--no-write", action="store_true", help="leave docs/load.md as it is")
    asked = parser.parse_args()
    parts = asked.parts.split(",")
    lines = [
        f"{asked.records:,} records, `catalog serve --workers {asked.workers}`, {os.cpu_count()} processors shared with"
        f" the readers ({platform.system()} {platform.machine()}), Python {platform.python_version()};"
        f" load before: {os.getloadavg()[0]:.1f}.",
        "",
    ]
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        path = Path(folder) / "made.db"
        write_synthetic_catalog(path, asked.records)
        if "day" in parts:
            lines += busy_day(path, asked.workers, asked.minutes, asked.readers)
        if "swap" in parts:
            lines += new_catalog(path, asked.workers, min(120, 60 * asked.minutes))
        if "abuse" in parts:
            lines += abuse(path, asked.workers, min(15, 15 * asked.minutes))
    sys.stdout.write("\n".join(lines) + "\n")
    if not asked.no_write:
        write(lines)


if __name__ == "__main__":
    main()
