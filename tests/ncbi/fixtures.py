"""A plain fixture: `from tests.ncbi.fixtures import pubmed` in a test file that wants one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.ncbi.server import PubMed
from tests.ncbi.synthetic import synthetic_corpus

__all__ = ["pubmed"]


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    """A PubMed of 200 invented records that does not mind haste."""
    with PubMed(synthetic_corpus(200), rate=1000) as server:
        yield server
