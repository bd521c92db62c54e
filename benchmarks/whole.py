"""The whole benchmark in one run: `python -m benchmarks.run [FILES] [--long] [--no-write]`.

Measures, on invented records or those of files given, a floor (unzip and lxml.iterparse), our parse, match, scan and
tags, other readers that are installed (`pip install --group bench`), then store, build, full-text search and pages, and
how several workers scan. Writes the table, the pictures and the cost model into docs/performance.md.

Times of records are processor seconds: of every 50 records the fastest of several passes, all steps in turn at each 50,
so that ratios hold on a machine that has other work. The rest is by the clock. Peak memory is that of a process of its
own, interpreter and modules included. `--json FILE` keeps the figures, `--against FILE` compares with kept ones.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from benchmarks.apart import apart
from benchmarks.bulk_memory import remembered
from benchmarks.cost import PER_FILE, Measured, cost_lines
from benchmarks.material import Material, blocks, material, repeated, write_file
from benchmarks.page import DOCS, write_part
from benchmarks.pages import addresses, load, percentiles, served
from benchmarks.picture import Bar, bars
from benchmarks.scale import scaled
from benchmarks.steps import ON_TOPIC, OURS, PEERS, Step, installed, peak, timed
from benchmarks.synthetic_catalog import write_synthetic_catalog
from benchmarks.tagging import built
from harvest.record import parse_article
from harvest.rows import Incoming
from harvest.store import Store

BEGIN, END = "<!-- scan: made by benchmarks/run.py -->", "<!-- scan: end -->"
PICTURE = "performance.svg"
LARGE = 6_000  # records of the file whose peak memory is taken
AIMS = {"parse to the full Record": 1.5, "scan: as harvest bulk does": 1.8}


@dataclass(frozen=True, slots=True)
class Row:
    """A step: records (or requests) a second, times the floor's time and peak MB where they are known."""

    group: str
    name: str
    rate: float
    ratio: float | None = None
    memory: float | None = None


def record_rows(found: Material, folder: Path, passes: int) -> list[Row]:
    """Every step over all records and over those on topic."""
    peers = {f"{name} {held}": step for name, step in PEERS.items() if (held := installed(name))}
    rows: list[Row] = []
    for group, raws, steps in (
        ("all records", found.all, {**OURS, **peers}),
        ("on topic", found.on, ON_TOPIC),
    ):
        rows += _rows(group, raws, steps, folder, passes)
    return rows


def _rows(group: str, raws: Sequence[bytes], steps: dict[str, Step], folder: Path, passes: int) -> list[Row]:
    seconds = timed(steps, blocks(folder / group, raws), passes)
    base = next(iter(seconds.values()))
    large = write_file(folder / f"{group}.xml.gz", raws, times=-(-LARGE // len(raws)) if group != "on topic" else 1)
    rows = []
    for name, step in steps.items():
        row = Row(group, name, len(raws) / seconds[name], seconds[name] / base, peak(step, large))
        rows.append(row)
        sys.stderr.write(f"{group}: {name}: {row.rate:,.0f}/s, {row.ratio:.2f} x, {row.memory:.0f} MB\n")
    return rows


def store_row(raws: Sequence[bytes], folder: Path, count: int) -> Row:
    """Keep records in a new store, batch by batch as a harvest does."""
    incoming = []
    for stored in repeated(raws, count):
        record = parse_article(stored.raw)
        incoming.append(Incoming(record.pmid, record.version, record.date_revised, stored.raw))
    start = time.perf_counter()
    with Store.open(folder / "pubmed.db") as store:
        store.begin_run("benchmark", harvester="benchmark", topics=("", "", ""))
        for at in range(0, count, 200):
            store.keep(incoming[at : at + 200], source="benchmark")
    return Row("catalog", f"store {count:,} records", count / (time.perf_counter() - start))


def build_rows(raws: Sequence[bytes], folder: Path, count: int) -> list[Row]:
    """`catalog build` with one process and with as many as there are cores."""
    rows = []
    for processes in sorted({1, os.cpu_count() or 1}):
        seconds, own, others = apart(built, folder / f"{processes}.db", repeated(raws, count), processes)
        name = f"build {count:,} records, {processes} process{'es' if processes > 1 else ''}"
        rows.append(Row("catalog", name, count / seconds, None, max(own, others)))
    return rows


def search_rows(path: Path, seconds: float) -> list[Row]:
    """The full-text index alone: all matches of a query, by kind of query."""
    rows = []
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        for kind in ("search: rare word", "search: two words", "search: over a tenth of all papers"):
            texts = [parse_qs(urlsplit(address).query)["q"][0] for address in addresses(path).get(kind, ())]
            if not texts:  # a small catalog has no rare words
                continue
            count, until = 0, time.perf_counter() + seconds
            while time.perf_counter() < until:
                conn.execute(
                    "SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?", (texts[count % len(texts)],)
                ).fetchall()
                count += 1
            rows.append(Row("catalog", f"full-text {kind}", count / seconds))
    return rows


def page_line(path: Path, seconds: float) -> tuple[Row, str]:
    """Pages of a catalog, every kind equally often, and their latency in words."""
    with served(path, min(2, os.cpu_count() or 1)) as (url, _, ready):
        samples = load(url, addresses(path), cached=False, seconds=seconds)
    middle, late = percentiles([sample[1] for sample in samples])
    said = f"20 readers without a pause: p50 {middle:.0f} ms, p95 {late:.0f} ms; ready in {ready:.1f} s"
    return Row("catalog", "pages", len(samples) / seconds), said


def table(rows: Sequence[Row]) -> list[str]:
    """The rows as Markdown, a heading row for each group."""
    lines = ["| step | a second | times the floor | peak MB |", "|---|---:|---:|---:|"]
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f"| **{group}** | | | |")
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        memory = "" if row.memory is None else f"{row.memory:.0f}"
        lines.append(f"| {row.name} | {row.rate:,.0f} | {ratio} | {memory} |")
    return lines


def picture(rows: Sequence[Row], below: str) -> str:
    """The ratios as bars."""
    groups: dict[str, list[Bar]] = {}
    for row in rows:
        if row.ratio is not None:
            kind = "floor" if row.name.startswith("floor") else "ours" if row.name in {**OURS, **ON_TOPIC} else "other"
            said = (
                f"{row.ratio:.2f} × ({row.rate:,.0f}/s)" if row.ratio < 10 else f"{row.ratio:.0f} × ({row.rate:,.0f}/s)"
            )
            groups.setdefault(row.group, []).append((row.name, row.ratio, said, kind))
    headings = {"all records": "All records, nearly all off topic", "on topic": "Records on topic"}
    return bars(
        "Time of each step, as a multiple of unzipping and lxml.iterparse",
        below,
        [(headings[group], listed) for group, listed in groups.items()],
    )


def against_aims(rows: Sequence[Row]) -> list[str]:
    """How each aim stands, in words."""
    lines = []
    for row in rows:
        aim = AIMS.get(row.name)
        if aim and row.group == "all records" and row.ratio is not None and row.memory is not None:
            met = "met" if row.ratio <= aim else f"**missed** by a factor of {row.ratio / aim:.2f}"
            lines.append(f"- {row.name}: {row.ratio:.2f} times the floor, aim {aim}: {met}.")
            if row.name.startswith("scan"):
                flat = "met" if row.memory <= 80 else "**missed**"
                lines.append(f"- memory of a worker that scans: {row.memory:.0f} MB at its peak, aim 80: {flat}.")
    return lines


def compared(rows: Sequence[Row], kept: Sequence[Row]) -> list[str]:
    """Each ratio of this run beside that of another."""
    before = {(row.group, row.name): row.ratio for row in kept}
    lines, worst = ["| ratio | this run | the other | apart |", "|---|---:|---:|---:|"], 0.0
    for row in rows:
        other = before.get((row.group, row.name))
        if row.ratio and other:
            apart = row.ratio / other - 1
            worst = max(worst, abs(apart))
            lines.append(f"| {row.group}: {row.name} | {row.ratio:.2f} | {other:.2f} | {100 * apart:+.0f} % |")
    return [*lines, "", f"The ratios of two runs are at most {100 * worst:.0f} % apart."]


def measure(given: argparse.Namespace, folder: Path) -> tuple[list[Row], list[str]]:
    """All rows, and the part of the page as lines."""
    before = os.getloadavg()[0]
    found = material(given.files, given.records)
    rows = record_rows(found, folder, given.passes)
    rows.append(store_row(found.on, folder, given.build))
    rows += build_rows(found.on, folder, given.build)
    catalog = folder / "catalog.db"
    write_synthetic_catalog(catalog, given.papers)
    rows += search_rows(catalog, 1)
    row, said = page_line(catalog, given.seconds)
    rows.append(replace(row, name=f"pages of {given.papers:,} papers ({said})"))
    missing = [name for name in PEERS if not installed(name)]
    machine = f"{os.cpu_count()} cores ({platform.system()} {platform.machine()}), Python {platform.python_version()}"
    versions = f"lxml {etree.__version__}, SQLite {sqlite3.sqlite_version}"
    lines = [
        "## Scanning",
        "",
        f"![Bars: the time of each step as a multiple of the floor's]({PICTURE})",
        "",
        " ".join((__doc__ or "").split("\n\n")[2].split()),
        "",
        f"{found.said}; {found.said_on}. {machine}, {versions}; load before: {before:.1f}.",
        "",
        "A bulk scan of PubMed meets nearly nothing on topic, so the aim for parse and match is held against the scan"
        " of all records, as `harvest bulk` does it: a look at the bytes first, and only what it lets through parsed"
        " and matched. The rows above it parse and match every record; records on topic, which cost more to match,"
        " stand apart.",
        "",
        *table(rows),
        "",
        *([f"Not installed, so not measured: {', '.join(missing)}.", ""] if missing else []),
        *against_aims(rows),
        "",
        "pymed reads nine fields and no MeSH heading, publication type or reference; pubmed_parser gives texts joined"
        " by `;`; Biopython gives all, as lists and dictionaries, and holds the whole file.",
    ]
    if given.scale:
        alone, writer, processes, dask = scaled(given.scale)
        cores = os.cpu_count() or 1
        lines += ["", *cost_lines(Measured(alone, writer * PER_FILE, cores, processes, dask))]
    if not given.no_write:
        (DOCS / PICTURE).write_text(picture(rows, f"{machine}; processor time, logarithmic scale"), "utf-8")
    return rows, lines


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", type=Path, nargs="*", help="PubMed XML, .gz or not (default: invented records)")
    parser.add_argument("--records", type=int, default=800, help="invented records (default: %(default)s)")
    parser.add_argument("--passes", type=int, default=9, help="of which the fastest counts (default: %(default)s)")
    parser.add_argument("--build", type=int, default=2_000, help="records to store and build (default: %(default)s)")
    parser.add_argument("--papers", type=int, default=5_000, help="of the catalog searched (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=8, help="of reading pages (default: %(default)s)")
    parser.add_argument("--scale", type=int, default=64_000, help="records for several workers; 0: leave out")
    parser.add_argument("--long", action="store_true", help="scan a million records too, and how memory goes meanwhile")
    parser.add_argument("--json", type=Path, help="keep the figures here")
    parser.add_argument("--against", type=Path, help="figures of another run to compare with")
    parser.add_argument("--no-write", action="store_true", help="leave docs/ as it is")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        rows, lines = measure(given, Path(name))
    if given.json:
        given.json.write_text(json.dumps([[getattr(row, key) for key in Row.__slots__] for row in rows]), "utf-8")
    if given.against:
        lines += ["", *compared(rows, [Row(*row) for row in json.loads(given.against.read_text("utf-8"))])]
    sys.stdout.write("\n".join(lines) + "\n")
    if not given.no_write:
        write_part(BEGIN, END, lines)
    if given.long:
        remembered(write=not given.no_write)
