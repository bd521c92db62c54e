"""What every test may ask for. The network is blocked by pytest-socket (see pyproject.toml): loopback only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

# Python keeps what it compiled. Where an environment forbids it, each of the several hundred commands that tests start
# would compile the project anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more worker than processors: tests wait for servers, browsers and clocks a third of their time."""
    return len(os.sched_getaffinity(0)) + 1 if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real PubMed records beside the checkout; the test skips where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the real records of ../shared/data are not on this machine")
    return SHARED
