"""Commands of this project as processes, as a user runs them: started, waited for, stopped, killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Served", "run", "serving", "start"]

READY = re.compile(r"The catalog is at (http://\S+)")


class Served:
    """A running `catalog up` or `catalog serve`: its process and, once it is ready, its address without the last /."""

    def __init__(self, process: subprocess.Popen[str], out: Path, err: Path) -> None:
        self.process = process
        self.out = out
        self.err = err
        self.address = ""

    def wait_ready(self, within: float = 60) -> str:
        """Wait for the line that gives the address. Raises AssertionError with what was said instead."""
        until = time.monotonic() + within
        while time.monotonic() < until:
            if found := READY.search(self.out.read_text("utf-8")):
                self.address = found[1].rstrip("/")
                return self.address
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"not ready (exit {self.process.poll()}): {self.err.read_text('utf-8')}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(30)


def _environment(base_url: str | None) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("NCBI_") and not k.lower().endswith("_proxy")}
    if base_url is not None:
        env["NCBI_BASE_URL"] = base_url
    return env


def run(
    module: str, arguments: Sequence[str], folder: Path, *, base_url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `harvest` or `catalog` with arguments in a folder to its end."""
    return subprocess.run(
        [sys.executable, "-m", f"{module}.cli", *arguments],
        cwd=folder,
        env=_environment(base_url),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(module: str, arguments: Sequence[str], folder: Path, *, base_url: str | None = None) -> Served:
    """Start a command that goes on until told to stop."""
    out, err = folder / "stdout.txt", folder / "stderr.txt"
    with out.open("w") as to_out, err.open("w") as to_err:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{module}.cli", *arguments],
            cwd=folder,
            env=_environment(base_url),
            stdout=to_out,
            stderr=to_err,
            text=True,
        )
    return Served(process, out, err)


@contextmanager
def serving(arguments: Sequence[str], folder: Path, *, base_url: str | None = None) -> Iterator[Served]:
    """`catalog ARGUMENTS` running and ready, stopped at the end."""
    served = start("catalog", arguments, folder, base_url=base_url)
    try:
        served.wait_ready()
        yield served
    finally:
        served.stop()
