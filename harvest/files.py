"""`harvest files`: PubMed XML that somebody has, into the store; on topic by the local match, or all of it.

A record that the store holds already is kept up to date whether or not its newer version still matches. Which version
of a PMID becomes the current one, and that deletions stand, is said in `harvest.store`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from harvest.errors import BadRecord, HarvestError, WrongUse
from harvest.eutils import package_version
from harvest.progress import Progress, Quiet
from harvest.record import parse_article, parse_deletions, pmid_of
from harvest.rows import Incoming, Kept
from harvest.store import Store
from harvest.stream import Element, elements, open_xml
from harvest.topics import Topics, load_topics

__all__ = ["BATCH", "Filed", "harvest_files"]

BATCH = 500
SUFFIXES = (".xml", ".xml.gz")


@dataclass(frozen=True, slots=True)
class Filed:
    """A run and its outcome. `files` were read whole; `problems`: a line for each file or record that could not be."""

    run_id: int
    files: int
    read: int
    off_topic: int
    kept: Kept
    deleted: int
    problems: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 all done, 1 something could not be read and is listed."""
        return 1 if self.problems else 0


def harvest_files(
    db: Path,
    paths: Sequence[Path],
    *,
    topics: Topics | None = None,
    keep_all: bool = False,
    progress: Progress | None = None,
    batch: int = BATCH,
) -> Filed:
    """Read PubMed XML files (.xml, .xml.gz; folders are searched for them) in the order given into `db`.

    A file or record that cannot be read is a line in `problems`, and the rest goes on.

    Raises:
        WrongUse: no path is given, or the topics file or the database cannot be used.
        HarvestError: the disk or the database fails.
    """
    if not paths:
        raise WrongUse("name one file or folder of PubMed XML or more")
    progress = progress or Quiet()
    topics = topics or load_topics()
    with Store.open(db) as store:
        run_id = store.begin_run(
            "harvest files --all" if keep_all else "harvest files",
            harvester=package_version(),
            topics=(topics.sha256, topics.source, topics.text),
        )
        run = _Run(store, topics, keep_all, progress, batch)
        try:
            run.all(paths)
        except HarvestError as error:
            with suppress(HarvestError):  # the first error is the one to tell
                store.finish_run("failed", str(error))
            raise
        except BaseException:  # Ctrl-C, SIGTERM
            with suppress(HarvestError):
                store.finish_run("incomplete", "stopped before its end")
            raise
        finally:
            progress.close()
        problems = f"{len(run.problems)} files or records could not be read" if run.problems else None
        store.finish_run("complete", problems)
        return Filed(run_id, run.files, run.read, run.off_topic, run.kept, run.deleted, tuple(run.problems))


@dataclass(slots=True)
class _Run:
    """One run over an open store."""

    store: Store
    topics: Topics
    keep_all: bool
    progress: Progress
    batch: int
    files: int = 0
    read: int = 0
    off_topic: int = 0
    deleted: int = 0
    kept: Kept = field(default_factory=Kept)
    problems: list[str] = field(default_factory=list)
    held: set[int] = field(default_factory=set)

    def all(self, paths: Sequence[Path]) -> None:
        self.held = self.store.pmids()
        for path in self._expanded(paths):
            self._file(path)

    def _expanded(self, paths: Iterable[Path]) -> Iterator[Path]:
        """The files themselves; those of a folder by name."""
        for path in paths:
            if not path.is_dir():
                yield path
                continue
            within = sorted(file for file in path.rglob("*") if file.name.endswith(SUFFIXES) and file.is_file())
            if not within:
                self.problems.append(f"{path}: holds no {' or '.join(SUFFIXES)} file")
            yield from within

    def _file(self, path: Path) -> None:
        """Everything of one file; what was read before a fault in it is kept."""
        self.progress.stage(f"Reading {path.name}, records")
        source = f"file:{path}"
        waiting: list[Incoming] = []
        with closing(self._elements(path, source)) as stream:
            for element in stream:
                try:
                    if element.kind == "DeleteCitation":
                        self._flush(waiting, source)
                        self.deleted += self.store.delete(parse_deletions(element.raw), source=source)
                    else:
                        self._record(element, waiting)
                except BadRecord as error:
                    self.problems.append(f"{path}: {error}")
                    self.store.set_aside(pmid_of(element.raw), source=source, reason=str(error), raw=element.raw)
                if len(waiting) >= self.batch:
                    self._flush(waiting, source)
        self._flush(waiting, source)

    def _elements(self, path: Path, source: str) -> Generator[Element, None, None]:
        """The elements of a file. A fault of the file ends it and becomes a problem; the store's do not pass here."""
        try:
            with open_xml(path) as stream:
                yield from elements(stream, name=str(path))
            self.files += 1
        except WrongUse as error:  # a wrong name is not a thing to keep for later
            self.problems.append(str(error))
            return
        except HarvestError as error:
            self._fault(source, str(error))
        except OSError as error:
            self._fault(source, f"{path}: cannot be read ({error.strerror or error}); check the file and its disk")
        self.store.resolve(source=source)

    def _fault(self, source: str, reason: str) -> None:
        self.problems.append(reason)
        self.store.set_aside(None, source=source, reason=reason)

    def _record(self, element: Element, waiting: list[Incoming]) -> None:
        record = parse_article(element.raw)
        self.read += 1
        self.progress.advance()
        if self.keep_all or record.pmid in self.held or self.topics.match(record).topics:
            self.held.add(record.pmid)
            waiting.append(Incoming(record.pmid, record.version, record.date_revised, element.raw))
        else:
            self.off_topic += 1

    def _flush(self, waiting: list[Incoming], source: str) -> None:
        if waiting:
            self.kept += self.store.keep(waiting, source=source, order="revision")
            waiting.clear()
