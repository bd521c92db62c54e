"""A small catalog of invented records, each written to be found by one kind of search and missed by another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from catalog.site.facts import Facts, load_facts
from catalog.site.filters import read_filters
from catalog.site.search import Results, search
from tests.ncbi.synthetic import synthetic_article
from tests.site_fixtures import Site, serving, write_site

__all__ = ["Searched", "searched", "searched_site", "searching_records"]

# Short names of the records in tests; PMIDs from 970030001.
NAMES = """
    prp_short prp_long prp_disk ozone_number ozone_word ozone_sub tgf_letter tgf_name tumour tumor msc stem covid
    asleep_gb asleep_us review rat soerensen mueller spine european slipped quality degenerating platelet_rich
""".split()  # noqa: SIM905 - twenty-five words read better so
PMID = {name: 970030001 + number for number, name in enumerate(NAMES)}
TRIAL = "Patients were randomly assigned to the injection or to saline."


def _record(name: str, title: str, abstract: str = "", **rest: object) -> bytes:
    pmid = PMID[name]
    given = {"published": date(2000 + pmid % 25, 5, 1), **rest}
    return synthetic_article(pmid, title, abstract or None, **given)  # type: ignore[arg-type]  # passed on as given


def searching_records() -> list[bytes]:
    """The records, in the order of NAMES."""
    return [
        _record("prp_short", "Synthetic PRP in nurses", "A case series of 12 nurses."),
        _record(
            "prp_long",
            "Synthetic platelet-rich plasma for lumbar disc pain: a randomised controlled trial",
            TRIAL,
            authors=("Doe, Jane A", "Roe, Richard"),
            published=date(2019, 1, 1),
            doi="10.5555/Prp.Long(1)",
        ),
        _record("prp_disk", "Synthetic platelet-rich plasma for lumbar disk pain: a randomized trial", TRIAL),
        _record("ozone_number", "Synthetic O2-O3 mixture in sheep", "Sheep were given the mixture."),
        _record("ozone_word", "Synthetic ozone in lumbar pain", "Ozone was given to 30 patients, a case series."),
        _record("ozone_sub", "Synthetic O₂–O₃ in goats", "Goats were given the mixture."),
        _record("tgf_letter", "Synthetic TGF-β1 in cultured cells", "Cells were cultured."),
        _record("tgf_name", "Synthetic TGF-beta in cultured tissue", "Tissue was cultured."),
        _record("tumour", "Synthetic tumours of the sacrum", "Four tumours are described."),
        _record("tumor", "Synthetic tumor of the coccyx", "One tumor is described."),
        _record("msc", "Synthetic MSC for lumbar pain", "Twelve patients, a case series."),
        _record("stem", "Synthetic mesenchymal stem cells in rabbits", "Rabbits were given cells."),
        _record("covid", "Synthetic COVID-19 and the back", "COVID-19 delayed visits."),
        _record("asleep_gb", "Synthetic anaesthetised rats", "Rats were anaesthetised."),
        _record("asleep_us", "Synthetic anesthetized mice", "Mice were anesthetized."),
        _record(
            "review",
            "Synthetic PRP for back pain: a systematic review of randomized controlled trials",
            "We searched PubMed. We included randomized controlled trials only of platelet-rich plasma.",
            publication_types=("Systematic Review",),
            published=date(2021, 1, 1),
        ),
        _record("rat", "Synthetic platelet-rich plasma in rats", "Rats were given it.", published=date(2015, 1, 1)),
        _record("soerensen", "Synthetic remarks on walking", authors=("Sørensen, Åse",)),
        _record("mueller", "Synthetic remarks on running", authors=("Müller, Jörg P",)),
        _record("spine", "Synthetic notes on sitting", journal="Spine"),
        _record("european", "Synthetic notes on standing", journal="European spine journal"),
        _record("slipped", "Synthetic herniated discs in cooks", "Herniated discs of 30 cooks."),
        _record("quality", "Synthetic quality of life in cooks", "Quality of life of 30 cooks."),
        _record("degenerating", "Synthetic degenerative changes", "Degeneration of discs.", mesh=("Aging",)),
        _record("platelet_rich", "Synthetic plasma, rich in words on a platelet", "A platelet, and plasma rich in it."),
    ]


class Searched:
    """The catalog of these records, asked without a server."""

    def __init__(self, path: Path, facts: Facts):
        self.path = path
        self.facts = facts

    def results(self, typed: str, **rest: str) -> Results:
        """What a search finds."""
        args = {"q": [typed], **{name: [value] for name, value in rest.items()}}
        with closing(sqlite3.connect(self.path)) as conn:
            return search(conn, self.facts, read_filters(args, self.facts))

    def names(self, typed: str, **rest: str) -> list[str]:
        """The short names of the records found, in their order."""
        return [NAMES[paper.pmid - 970030001] for paper in self.results(typed, **rest).papers]


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Searched:
    """The catalog of the records above."""
    path = write_site(tmp_path_factory.mktemp("searched") / "catalog.db", searching_records())
    with closing(sqlite3.connect(path)) as conn:
        return Searched(path, load_facts(conn))


@pytest.fixture(scope="session")
def searched_site(searched: Searched) -> Iterator[Site]:
    """A site over it."""
    with serving(searched.path) as running:
        yield running
