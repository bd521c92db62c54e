"""The main job in one step: harvest, build, serve; or, with nothing harvested and no PubMed, the invented sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from catalog.build import Built, build
from catalog.sample import write_sample
from catalog.withholding import Abstracts
from harvest.errors import HarvestError, Unreachable
from harvest.progress import Progress
from harvest.pubmed import Harvested, harvest
from harvest.store import Store
from harvest.topics import Topics

__all__ = ["Ready", "prepare", "write_sample_in"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A catalog to serve, what came of harvest and build, and what could not be done (one line each)."""

    catalog: Path | None  # None: there is nothing harvested; serve the sample
    harvested: Harvested | None
    built: Built | None
    troubles: tuple[str, ...]


def prepare(
    db: Path,
    catalog: Path,
    *,
    topics: Topics | None = None,
    curation: Path | None = None,
    retractions: Path | None = None,
    claims: Path | None = None,
    abstracts: Abstracts = "full",
    progress: Progress,
    say: Callable[[str], None],
) -> Ready:
    """Harvest into `db` and build `catalog`, as far as PubMed can be reached.

    What was harvested before is served even when PubMed cannot be reached now. Raises HarvestError for what the user
    must mend first (a damaged or foreign file, a wrong setting); a build that is refused leaves the old catalog.
    """
    troubles: list[str] = []
    harvested: Harvested | None = None
    try:
        harvested = harvest(db, topics=topics, progress=progress)
    except Unreachable as error:
        troubles.append(str(error))
    finally:
        progress.close()
    for trouble in troubles:
        say(trouble)
    if not _holds_records(db):
        return Ready(catalog if catalog.is_file() else None, harvested, None, tuple(troubles))
    try:
        built = build(
            db,
            catalog,
            curation=curation,
            retractions=retractions,
            claims=claims,
            abstracts=abstracts,
            progress=progress,
        )
    except HarvestError as error:
        if not catalog.is_file():
            raise
        troubles.append(str(error))
        say(f"{error}. Serving the catalog as it was.")
        return Ready(catalog, harvested, None, tuple(troubles))
    return Ready(catalog, harvested, built, tuple(troubles))


def write_sample_in(folder: Path) -> Path:
    """The sample's catalog in a folder that is not the user's, under the name Datasette will serve it by."""
    path = folder / "catalog.db"
    write_sample(path)
    return path


def _holds_records(db: Path) -> bool:
    if not db.is_file():
        return False
    with Store.read(db) as store:
        return store.count_records() > 0
