"""What a scan costs, from a file to all of PubMed on a cluster: computed from figures measured in the same run."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Measured", "cost_lines"]

# NLM, "Download PubMed Data" and its listings of 2026: files of 30,000 records.
RECORDS = 40_000_000
PER_FILE = 30_000
FILES = -(-RECORDS // PER_FILE)
# Assumed: how large the files are together, and how fast they come (NLM's server gave others 20 to 60 MB/s).
GIGABYTES = 50
MEGABYTES_A_SECOND = 50
CORES = (2, 32, 320)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on `cores` cores.

    `rate`: records a second of one core; `writer`: seconds the writer is busy with a file of 30,000 records;
    `processes`, `dask`: efficiency by number of workers (1 is a core's whole rate).
    """

    rate: float
    writer: float
    cores: int
    processes: dict[int, float]
    dask: dict[int, float]

    @property
    def efficiency(self) -> float:
        """Of a worker while there is a core for it, the writer's included; no more than all of a core."""
        known = self.dask or self.processes
        return min(1.0, *(value for n, value in known.items() if n <= self.cores))


def hours(measured: Measured, cores: int) -> tuple[float, float, float]:
    """(scan, writer, download) in hours; they run at once, so the longest is how long it takes."""
    scan = RECORDS / (measured.rate * measured.efficiency * cores) / 3600
    writer = measured.writer * FILES / 3600
    return scan, writer, GIGABYTES * 1000 / MEGABYTES_A_SECOND / 3600


def _time(value: float) -> str:
    return f"{value:.1f} h" if value >= 1 else f"{value * 60:.0f} min" if value * 60 >= 1.5 else f"{value * 3600:.0f} s"


def cost_lines(measured: Measured) -> list[str]:
    """The cost model as lines of Markdown."""
    rows = []
    for cores in CORES:
        scan, writer, download = hours(measured, cores)
        times = {"scan": scan, "writer": writer, "download": download}
        longest = max(times, key=times.__getitem__)
        on_disk = max(scan, writer)
        rows.append(
            f"| {cores} | {_time(scan)} | {_time(writer)} | {_time(download)} | {_time(on_disk)}"
            f" | {_time(times[longest])} ({longest}) |"
        )
    shown = {
        name: ", ".join(f"{n}: {100 * value:.0f} %" for n, value in found.items())
        for name, found in (("processes", measured.processes), ("dask", measured.dask))
    }
    return [
        "### Cost model",
        "",
        f"One core scans {measured.rate:,.0f} records a second: {measured.rate * 3600 / PER_FILE:,.0f} files of"
        f" {PER_FILE:,} records an hour. The writer is busy for {measured.writer * 1000:.0f} ms with each file.",
        f"Efficiency a worker, on {measured.cores} cores that the writer shares, against one process that scans and"
        f" writes: processes {shown['processes']}; Dask {shown['dask']}. More workers than cores"
        " cannot be more efficient, and say what waiting for a core costs and no more.",
        "",
        f"All of PubMed, {FILES:,} files of {PER_FILE:,}, about {RECORDS // 1_000_000} million records:",
        "",
        "| cores | scan | the one writer | download | files on disk | files downloaded (what limits) |",
        "|---:|---:|---:|---:|---:|---:|",
        *rows,
        "",
        f"Assumed, not measured: {GIGABYTES} GB in all at {MEGABYTES_A_SECOND} MB/s; a shared disk as fast as the"
        f" cores; every core as fast as this machine's; Dask's efficiency beyond {measured.cores} cores as it is here"
        f" ({100 * measured.efficiency:.0f} %). One file is one task, so no run is shorter than a file takes"
        f" ({PER_FILE / measured.rate:.0f} s), and beyond {FILES:,} cores more do nothing.",
    ]
