"""Regressions without a clock: `python -m benchmarks.instructions [--renew]`, under a minute; needs Valgrind.

Counts the processor instructions of the floor (unzip and lxml.iterparse), of parse, match, scan and tag on a few
invented records, and compares each one's ratio to the floor with the committed one for this minor version of Python
(benchmarks/instructions.json). A count does not depend on what else the machine does. Fails where a ratio has grown by
more than a tenth; says so where it has shrunk by as much, or where there is no figure for this Python.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.material import invented, mixed, on_topic_of, write_file
from benchmarks.steps import floor, parse, parse_and_match, scanned, tagged
from benchmarks.valgrind import Counter, supported
from harvest.topics import load_topics
from tests.ncbi.synthetic import synthetic_records

KEPT = Path(__file__).with_name("instructions.json")
TOLERANCE = 0.10
RENEW = "python -m benchmarks.instructions --renew"
# name: (step, what it is measured on, the floor it is held against)
STEPS = {
    "floor": (floor, "all", "floor"),
    "parse": (parse, "all", "floor"),
    "parse and match": (parse_and_match, "all", "floor"),
    "scan": (scanned, "all", "floor"),
    "floor on topic": (floor, "on", "floor on topic"),
    "parse, match and tag": (tagged, "on", "floor on topic"),
}
_TRIGGER = re.compile(r"^desc: Trigger: Client Request: (.*)$", re.MULTILINE)
_TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)


def write_records(folder: Path) -> None:
    """The records: 40 of which one is on topic, and six on topic with an abstract."""
    topics = load_topics()
    write_file(folder / "all.xml.gz", mixed(40, 40, topics))
    on = on_topic_of((invented(raw) for raw in synthetic_records(200)), topics)
    write_file(folder / "on.xml.gz", on[:6])


def count_here(folder: Path) -> None:
    """In the process under Valgrind: each step once to make all ready, then once counted."""
    counter = Counter()
    for name, (step, records, _) in STEPS.items():
        path = folder / f"{records}.xml.gz"
        step(path)
        gc.collect()
        gc.disable()
        counter.start()
        step(path)
        counter.stop(name)
        gc.enable()


def counts() -> dict[str, int]:
    """Instructions of each step."""
    with tempfile.TemporaryDirectory(prefix="instructions-") as name:
        folder = Path(name)
        write_records(folder)
        command = [
            *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--quiet"),
            f"--callgrind-out-file={folder}/out",
            *(sys.executable, "-m", "benchmarks.instructions", "--child", name),
        ]
        done = subprocess.run(  # noqa: S603 - this module, under Valgrind
            command, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"Valgrind failed: {(done.stderr or done.stdout).strip()[-600:]}")
        found = {}
        for path in folder.glob("out*"):
            text = path.read_text("utf-8", "replace")
            trigger, total = _TRIGGER.search(text), _TOTALS.search(text)
            if trigger and total:
                found[trigger[1]] = int(total[1])
    if found.keys() != STEPS.keys():
        raise SystemExit(f"Valgrind counted {sorted(found)} instead of {sorted(STEPS)}")
    return found


def ratios(found: dict[str, int]) -> dict[str, float]:
    """Each step's count as a multiple of its floor's."""
    return {name: round(found[name] / found[base], 3) for name, (_, _, base) in STEPS.items() if name != base}


def judged(now: dict[str, float], before: dict[str, float]) -> tuple[list[str], bool]:
    """What there is to say, a line each, and whether all is well."""
    lines, well = [], True
    for name, ratio in now.items():
        old = before.get(name)
        change = ratio / old - 1 if old else 0.0
        said = "no figure yet" if old is None else f"committed {old:g}, {100 * change:+.1f} %"
        lines.append(f"{name}: {ratio:g} times the floor's instructions ({said})")
        if change > TOLERANCE:
            well = False
            lines.append(f"  slower by more than {100 * TOLERANCE:.0f} %: make it faster, or, if meant, renew: {RENEW}")
        elif change < -TOLERANCE:
            lines.append(f"  faster by more than {100 * TOLERANCE:.0f} %: renew, so that it stays so: {RENEW}")
    return lines, well


def main() -> None:
    """Count, compare, tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--renew", action="store_true", help="write the figures of this Python instead of comparing")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        count_here(given.child)
        return
    if not supported() or not shutil.which("valgrind"):
        raise SystemExit("Needs Valgrind on 64-bit x86 (Debian: apt-get install valgrind)")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    now = ratios(counts())
    lines, well = judged(now, kept.get(python, {}))
    if given.renew:
        KEPT.write_text(json.dumps({**kept, python: now}, indent=2, sort_keys=True) + "\n", "utf-8")
    elif python not in kept:
        lines.append(f"Not compared: there is no figure for Python {python}. Make one: {RENEW}")
    sys.stdout.write("\n".join(lines) + "\n")
    if not (well or given.renew):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
