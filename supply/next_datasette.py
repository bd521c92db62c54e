"""`python -m supply.next_datasette`: does the site hold on the newest Datasette, alphas of 1.0 included?

Prints one line and ends with 0 whatever comes out: it is to tell when to move, not to stop a change. The newest
Datasette goes into a virtual environment of its own, which sees the packages of this one beneath its own; this
project's code is the checkout's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

from lxml import etree

__all__ = ["main", "verdict"]

TOP = Path(__file__).resolve().parents[1]
WANTED = "datasette>=1.0a0"
# The first page, search, papers, lists, each as JSON too, and feeds.
FILES = tuple(f"tests/test_{name}.py" for name in ("site_home", "site_search", "site_article", "site_lists", "feeds"))
# Seconds; together below what a change should wait for.
INSTALL_WITHIN, TEST_WITHIN = 30, 55
MOST_NAMED = 10


def main() -> str:
    """Try it, and say in one line what came out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = _environment(folder / "venv")
        if python is None:
            return f"Datasette 1.0 was not tried: no package registry gave {WANTED}."
        version = _output([str(python), "-c", "import datasette; print(datasette.__version__)"]).strip()
        report = folder / "report.xml"
        command = [
            str(python),
            "-m",
            "pytest",
            "-q",
            "-m",
            "not browser and not shared",
            f"--junit-xml={report}",
            *FILES,
        ]
        if not _ended(command):
            return f"Datasette {version}: the site's tests did not end in {TEST_WITHIN} s."
        return verdict(version, report.read_bytes() if report.exists() else b"")


def verdict(version: str, report: bytes) -> str:
    """The line for a JUnit report; worded so that nobody takes it for the end of this project's own test run."""
    if not report:
        return f"Datasette {version}: the site's tests could not begin."
    cases = list(etree.fromstring(report).iter("testcase"))
    asked = [case for case in cases if case.find("skipped") is None]
    broken = [
        f"{case.get('classname', '').rpartition('.')[2]}::{case.get('name')}".lstrip(":")
        for case in asked
        if case.find("failure") is not None or case.find("error") is not None
    ]
    said = (
        f"Datasette {version}, required by nothing here yet: {len(asked) - len(broken)} of {len(asked)} site tests hold"
    )
    if not broken:
        return f"{said}."
    more = f" and {len(broken) - MOST_NAMED} more" if len(broken) > MOST_NAMED else ""
    return f"{said}; not {', '.join(broken[:MOST_NAMED])}{more}."


def _ended(command: list[str]) -> bool:
    """Run it, unheard, to its end or to the end of its time, with every process that it started."""
    quiet = subprocess.DEVNULL
    running = subprocess.Popen(command, cwd=TOP, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        running.wait(TEST_WITHIN)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        return False
    return True


def _environment(folder: Path) -> Path | None:
    """The Python of a new environment with the newest Datasette over the packages of this one; None without it."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--retries", "1", "--timeout", "10"]
    try:
        subprocess.run([*pip, WANTED], capture_output=True, timeout=INSTALL_WITHIN, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    packages = Path(_output([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    beneath = sysconfig.get_path("purelib")
    (packages / "zz-beneath.pth").write_text(f"import site; site.addsitedir({beneath!r})\n", "utf-8")
    return python


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
