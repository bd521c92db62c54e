"""What every test may ask for. The network is blocked by pytest-socket (see pyproject.toml): loopback only."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real PubMed records beside the checkout; the test skips where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("the real records of ../shared/data are not on this machine")
    return SHARED
