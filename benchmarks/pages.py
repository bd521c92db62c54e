"""How fast the reader's pages are: `python -m benchmarks.pages` (about five minutes; `--sizes 5000` half a one).

Builds catalogs of invented records (benchmarks/synthetic_catalog.py), serves each with `catalog serve`, and lets 20
readers in two processes of their own ask for one page after the other, without a pause between (a closed loop), on the
same machine. Every kind of page is asked for equally often, each time at another address as far as it has several.
Uncached: each request bears a cookie, so that no answer comes from the site's memory of pages. Repeated: a few
addresses of each kind, asked for again. The server's processor time per request says most on a machine that has other
work.
"""

# ruff: noqa: S101, S311, S603 - it starts this project's own command, and its random numbers are no secrets
from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import platform
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.page import write_part
from benchmarks.synthetic_catalog import write_synthetic_catalog

READERS = 20
PROCESSES = 2
BEGIN, END = "<!-- pages: made by benchmarks/pages.py -->", "<!-- pages: end -->"
Sample = tuple[str, float, int, int]  # kind, seconds, status, bytes


def addresses(path: Path, *, each: int = 300) -> dict[str, list[str]]:
    """Addresses of every kind of page, drawn from the catalog's own words, authors and papers."""
    rng = random.Random(7)
    with closing(sqlite3.connect(path)) as conn:
        papers = conn.execute("SELECT count(*) FROM articles").fetchone()[0]
        held = conn.execute("SELECT pmid FROM articles ORDER BY pmid").fetchall()
        words = conn.execute("SELECT word, papers FROM words WHERE word GLOB '[a-z]*' AND length(word) > 4").fetchall()
        authors = [row[0] for row in conn.execute("SELECT DISTINCT last_name FROM authors LIMIT ?", (each,))]
        dois = [row[0] for row in conn.execute("SELECT doi FROM articles WHERE doi IS NOT NULL LIMIT ?", (each,))]
    pmids = [row[0] for row in rng.sample(held, min(each, len(held)))]
    rare = [word for word, held in words if held <= papers / 1_000]
    some = [word for word, held in words if papers / 1_000 < held <= papers / 30]
    broad = [word for word, held in words if held > papers / 9]
    for listed in (rare, some, broad):
        rng.shuffle(listed)
    facets = [f"level={level}&year={year}" for level in (1, 2, 3, 4, "none") for year in range(1990, 2026)]

    def search(words: Iterator[str] | list[str], rest: str = "") -> list[str]:
        return [f"/search?q={quote_plus(text)}{rest}" for text in list(words)[:each]]

    pairs = [f"{a} {b}" for a, b in pairwise(some)]
    found = {
        "home": ["/"],
        "search: rare word": search(rare),
        "search: two words": search(pairs),
        "search: a word and PRP, with synonyms": search([f"prp {word}" for word in some]),
        "search: phrase": search([f'"{word} of"' for word in broad] + [f'"{word}"' for word in some]),
        "search: any ending": search([f"{word[:5]}*" for word in rare]),
        "search: author": search([f"author:{name}" for name in authors]),
        "search: word, level and years": search([f"{word} level:1,2 year:2010.." for word in some]),
        "search: DOI among words": search([f"{doi} OR {word}" for doi, word in zip(dois, rare, strict=False)]),
        "search: nothing found": search([f"{word}x {other}" for word, other in zip(rare, some, strict=False)]),
        "search: over a tenth of all papers": search(broad + [f"{a} {b}" for a, b in pairwise(broad)]),
        "list by filters": [f"/search?{facet}" for facet in facets],
        "list as JSON": [f"/search.json?{facet}" for facet in facets],
        "paper": [f"/articles/{pmid}" for pmid in pmids[:each]],
        "paper as JSON": [f"/articles/{pmid}.json" for pmid in pmids[:each]],
        "paper as RIS": [f"/articles/{pmid}.ris" for pmid in pmids[:each]],
        "search as RIS": [a.replace("/search?", "/search.ris?") for a in search([f"{word} level:1" for word in some])],
        "feed of a search": [a.replace("/search?", "/search.atom?") for a in search(some)],
        "changes": ["/changes"],
        "compare": [f"/compare?q={quote_plus(word)}" for word in some[:each]],
        "claims": ["/claims"],
        "check": ["/check"],
        "references": ["/references"],
        "reliability": ["/reliability"],
    }
    return {kind: listed for kind, listed in found.items() if listed}


@contextmanager
def served(path: Path, workers: int) -> Iterator[tuple[str, int, float]]:
    """(address, process, seconds to the first answer) of `catalog serve`."""
    began = time.perf_counter()
    command = [sys.executable, "-c", "from catalog.cli import main; main()", "serve", str(path), "--port", "0"]
    command += ["--workers", str(workers)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    ready = time.perf_counter() - began
    found = re.search(r"http://\S+", line)
    try:
        if found is None:
            raise SystemExit(f"the server did not start: {line}")
        yield found[0], process.pid, ready
    finally:
        process.terminate()
        process.wait(30)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, path: str, more: str
) -> tuple[int, int]:
    """Status and length of one answer over a kept connection."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    if length := re.search(rb"content-length: (\d+)", head, re.IGNORECASE):
        body = await reader.readexactly(int(length[1]))
        return status, len(body)
    total = 0
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
        total += size
    await reader.readline()
    return status, total


async def _read(url: str, kinds: dict[str, list[str]], more: str, until: float, seed: int) -> list[Sample]:
    parts = urlsplit(url)
    rng = random.Random(seed)
    names = list(kinds)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**22)
    found: list[Sample] = []
    while time.perf_counter() < until:
        kind = rng.choice(names)
        address = rng.choice(kinds[kind])
        began = time.perf_counter()
        status, size = await _ask(reader, writer, parts.netloc, address, more)
        found.append((kind, time.perf_counter() - began, status, size))
    writer.close()
    return found


def _readers(url: str, kinds: dict[str, list[str]], more: str, seconds: float, seed: int, count: int) -> list[Sample]:
    async def every() -> list[list[Sample]]:
        until = time.perf_counter() + seconds
        return await asyncio.gather(*(_read(url, kinds, more, until, seed * 100 + n) for n in range(count)))

    return [sample for samples in asyncio.run(every()) for sample in samples]


def load(
    url: str, kinds: dict[str, list[str]], *, cached: bool, seconds: float, readers: int = READERS
) -> list[Sample]:
    """What so many readers in other processes met."""
    more = "" if cached else "Cookie: uncached=1\r\n"
    processes = min(PROCESSES, readers)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        shares = [(url, kinds, more, seconds, n + 1, readers // processes) for n in range(processes)]
        return [sample for samples in pool.starmap(_readers, shares) for sample in samples]


def answered(url: str, kinds: dict[str, list[str]]) -> dict[str, list[str]]:
    """The kinds of page this site has."""

    async def ask(address: str) -> int:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**22)
        status, _ = await _ask(reader, writer, parts.netloc, address, "Cookie: a=1\r\n")
        writer.close()
        return status

    return {kind: listed for kind, listed in kinds.items() if asyncio.run(ask(listed[0])) in (200, 302)}


def cpu_seconds(pid: int) -> float:
    """Processor time a process and its children have used."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_used(number) for number in (pid, *map(int, children)))


def _used(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _at(sorted_times: list[float], part: float) -> float:
    return 1000 * sorted_times[min(int(part * len(sorted_times)), len(sorted_times) - 1)]


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """(p50, p95) in milliseconds."""
    ordered = sorted(seconds)
    return _at(ordered, 0.5), _at(ordered, 0.95)


def table(uncached: list[Sample], alone: dict[str, float], repeated: list[Sample]) -> list[str]:
    """Rows of Markdown, a kind of page each."""
    by_kind: dict[str, list[Sample]] = defaultdict(list)
    again: dict[str, list[float]] = defaultdict(list)
    for sample in uncached:
        by_kind[sample[0]].append(sample)
    for kind, seconds, _, _ in repeated:
        again[kind].append(seconds)
    heads = ("page", "requests", "p50 ms", "p95 ms", "one reader, cpu ms", "repeated p95 ms", "bytes")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for kind, samples in by_kind.items():
        times = sorted(seconds for _, seconds, _, _ in samples)
        sizes = sorted(size for *_, size in samples)
        late = f"{_at(sorted(again[kind]), 0.95):.0f}" if again[kind] else ""
        cells = (
            kind,
            str(len(samples)),
            f"{_at(times, 0.5):.0f}",
            f"{_at(times, 0.95):.0f}",
            f"{alone.get(kind, 0):.1f}",
            late,
            f"{sizes[len(sizes) // 2]:,}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def measure(records: int, folder: Path, seconds: float, workers: int) -> list[str]:
    """One size, as lines of Markdown."""
    path = folder / f"catalog-{records}.db"
    if not path.exists():
        draft = path.with_suffix(".new")
        write_synthetic_catalog(draft, records)
        draft.replace(path)
    kinds = addresses(path)
    with served(path, workers) as (url, pid, ready):
        kinds = answered(url, kinds)
        alone: dict[str, float] = {}
        for kind, listed in kinds.items():
            before = cpu_seconds(pid)
            samples = load_here(url, {kind: listed}, seconds=min(0.6, seconds / 10))
            alone[kind] = 1000 * (cpu_seconds(pid) - before) / max(len(samples), 1)
        before = cpu_seconds(pid)
        uncached = load(url, kinds, cached=False, seconds=seconds)
        spent = cpu_seconds(pid) - before
        few = {kind: listed[:10] for kind, listed in kinds.items()}
        load_here(url, few, cached=True, seconds=seconds / 4, every=True)
        repeated = load(url, few, cached=True, seconds=seconds / 3)
    wrong = sorted({(kind, status) for kind, _, status, _ in uncached if status not in (200, 302)})
    times, again = sorted(sample[1] for sample in uncached), sorted(sample[1] for sample in repeated)
    lines = [
        f"### {records:,} records ({path.stat().st_size / 1e6:,.0f} MB)",
        "",
        f"Ready in {ready:.1f} s.",
        f"Uncached: {len(uncached) / seconds:.0f} requests/s,"
        f" p50 {_at(times, 0.5):.0f} ms, p95 {_at(times, 0.95):.0f} ms;"
        f" {1000 * spent / max(len(uncached), 1):.1f} ms of the server's processor time a request.",
        f"Repeated: {len(repeated) * 3 / seconds:.0f} requests/s, p95 {_at(again, 0.95):.0f} ms.",
        *([f"Answered otherwise than 200: {wrong}."] if wrong else []),
        "",
        *table(uncached, alone, repeated),
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return lines


def load_here(
    url: str, kinds: dict[str, list[str]], *, seconds: float, cached: bool = False, every: bool = False
) -> list[Sample]:
    """One reader in this process; `every`: each address once, in order."""
    more = "" if cached else "Cookie: uncached=1\r\n"
    if not every:
        return _readers(url, kinds, more, seconds, 1, 1)

    async def once() -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**22)
        for address in [address for listed in kinds.values() for address in listed]:
            await _ask(reader, writer, parts.netloc, address, more)
        writer.close()

    asyncio.run(once())
    return []


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="5000,300000", help="records of each catalog, parted by commas")
    parser.add_argument("--folder", type=Path, help="keep the catalogs here and use them again")
    parser.add_argument("--seconds", type=float, default=20, help="of the uncached part, for each size")
    parser.add_argument("--workers", type=int, default=2, help="processes of the server")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md as it is")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pages-") as made:
        folder = asked.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        load_before = os.getloadavg()[0]
        lines = [
            "## Pages",
            "",
            (__doc__ or "").split("\n\n")[1].replace("\n", " ").strip(),
            "",
            f"Measured with {READERS} readers, {asked.workers} processes of the server,"
            f" {os.cpu_count()} processors ({platform.system()} {platform.machine()}),"
            f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; load before: {load_before:.1f}.",
            "",
        ]
        for size in asked.sizes.split(","):
            lines += measure(int(size), folder, asked.seconds, asked.workers)
    if not asked.no_write:
        write_part(BEGIN, END, lines)


if __name__ == "__main__":
    main()
