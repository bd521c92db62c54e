"""`harvest files`: what somebody saved from PubMed, into the store; on topic by the local match, or all of it.

XML holds the records themselves. Lists of PMIDs and MEDLINE text only name them: they are fetched from PubMed; where
PubMed cannot be reached, they stay on order for the next `harvest pubmed` or `harvest files`.

A record that the store holds already is kept up to date whether or not its newer version still matches. Which version
of a PMID becomes the current one, and that deletions stand, is said in `harvest.versions`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from harvest.errors import BadRecord, HarvestError, Unreachable, WrongUse
from harvest.eutils import Client
from harvest.fetch import Fetch
from harvest.harvester import harvester
from harvest.progress import Progress, Quiet
from harvest.record import parse_article, parse_deletions, pmid_of
from harvest.rows import Incoming, Kept
from harvest.saved import SUFFIXES, XML, FileKind, kind_of, pmids_in
from harvest.shapes import Record
from harvest.store import PUBMED, Store
from harvest.stream import Element, elements, open_xml
from harvest.topics import Topics, load_topics

__all__ = ["BATCH", "Filed", "harvest_files"]

BATCH = 500


@dataclass(frozen=True, slots=True)
class Filed:
    """A run and its outcome. `files` were read whole; `problems`: a line for each file or record that could not be.

    `read`: records in XML; `named`: different PMIDs in lists and MEDLINE text.
    """

    run_id: int
    files: int
    read: int
    named: int
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
    connect: Callable[[], Client] = Client,
) -> Filed:
    """Read files saved from PubMed (folders are searched for them) in the order given into `db`.

    A file or record that cannot be read is a line in `problems`, and the rest goes on. `connect` is called where a file
    names PMIDs alone.

    Raises:
        WrongUse: no path is given, or the topics file or the database cannot be used.
        HarvestError: the disk or the database fails.
    """
    if not paths:
        raise WrongUse("name one file or folder saved from PubMed or more")
    progress = progress or Quiet()
    topics = topics or load_topics()
    with Store.open(db) as store:
        run_id = store.begin_run(
            "harvest files --all" if keep_all else "harvest files",
            harvester=harvester(),
            topics=(topics.sha256, topics.source, topics.text),
        )
        run = _Run(store, topics, keep_all, progress, batch)
        with closing(progress), store.run_under_way():
            run.all(paths)
            run.fetch(connect)
        missing = len({request.pmid for request in store.requests(open_only=True)}) if run.named else 0
        if missing:
            store.finish_run("incomplete", f"{missing:,} PMIDs are not fetched yet; the next run fetches them")
        else:
            problems = f"{len(run.problems)} files or records could not be read" if run.problems else None
            store.finish_run("complete", problems)
        return Filed(
            run_id=run_id,
            files=run.files,
            read=run.read,
            named=len(run.named),
            off_topic=run.off_topic,
            kept=run.kept,
            deleted=run.deleted,
            problems=tuple(run.problems),
        )


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
    named: set[int] = field(default_factory=set)

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
            within = [file for file in within if file.suffix != ".txt" or kind_of(file) is not None]
            if not within:
                self.problems.append(f"{path}: holds no file saved from PubMed ({', '.join(SUFFIXES)})")
            yield from within

    def _file(self, path: Path) -> None:
        """Everything of one file; what was read before a fault in it is kept."""
        source = f"file:{path}"
        try:
            kind = kind_of(path) if path.is_file() else XML  # whose reader says what is wrong
            if kind is None:
                self.problems.append(f"{path}: is neither PubMed XML, MEDLINE text nor a list of PMIDs; save it as one")
            elif kind == XML:
                self._records(path, source)
            else:
                self._names(path, source, kind)
        except OSError as error:
            self._fault(source, f"{path}: cannot be read ({error.strerror or error}); check the file and its disk")

    def _records(self, path: Path, source: str) -> None:
        self.progress.stage(f"Reading {path.name}, records")
        waiting: list[Incoming] = []
        read, off_topic, bad = self.read, self.off_topic, 0
        with closing(self._elements(path, source)) as stream:
            for element in stream:
                try:
                    if element.kind == "DeleteCitation":
                        self._flush(waiting, source)
                        self.deleted += self.store.delete(parse_deletions(element.raw), source=source)
                    else:
                        self._record(element, waiting)
                except BadRecord as error:
                    bad += 1
                    self.problems.append(f"{path}: {error}")
                    self.store.set_aside(pmid_of(element.raw), source=source, reason=str(error), raw=element.raw)
                if len(waiting) >= self.batch:
                    self._flush(waiting, source)
        self._flush(waiting, source)
        if path.is_file():
            records = self.read - read + bad
            self.store.note_file(
                source, kind=XML, sha256=_hash(path), records=records, off_topic=self.off_topic - off_topic, bad=bad
            )

    def _names(self, path: Path, source: str, kind: FileKind) -> None:
        """The PMIDs of a list or MEDLINE text, put on order."""
        self.progress.stage(f"Reading {path.name}")
        try:
            named = pmids_in(path, kind)
        except ValueError as error:
            self._fault(source, f"{path}: {error}")
            return
        self.files += 1
        self.named |= set(named.pmids)
        self.problems += [f"{path}: {problem}" for problem in named.problems]
        self.store.request(named.pmids, source=source, keep_all=self.keep_all)
        self.store.note_file(
            source, kind=kind, sha256=_hash(path), records=named.records, off_topic=None, bad=len(named.problems)
        )
        self.store.resolve(source=source)

    def fetch(self, connect: Callable[[], Client]) -> None:
        """What is on order: by this run's files, and by earlier ones when PubMed could not be reached.

        A run that names nothing, of XML alone, needs no PubMed and asks none.
        """
        if not self.named:
            return
        store = self.store
        open_requests = store.requests(open_only=True)
        held = store.pmids(source=PUBMED) - store.deleted()
        store.answer_requests(held, "kept")
        wanted = sorted({request.pmid for request in open_requests} - held)
        if not wanted:
            return
        whatever = {request.pmid for request in open_requests if request.keep_all}

        def on_topic(record: Record) -> bool:
            return record.pmid in whatever or record.pmid in self.held or bool(self.topics.match(record).topics)

        def not_sent(pmid: int) -> None:
            names = ", ".join(r.source.removeprefix("file:") for r in open_requests if r.pmid == pmid)
            self.problems.append(f"{names}: PubMed has no PMID {pmid}; check the number")
            store.answer_requests([pmid], "not in PubMed")

        try:
            with connect() as client:
                fetching = Fetch(store, client, self.progress, wanted=on_topic, not_sent=not_sent)
                try:
                    fetching.all(wanted)
                finally:
                    self.kept += fetching.kept
                    self.off_topic += len(fetching.unwanted)
                    store.answer_requests(fetching.unwanted, "off topic")
                    store.answer_requests(store.pmids(source=PUBMED) - store.deleted(), "kept")
        except Unreachable as error:
            missing = len({request.pmid for request in store.requests(open_only=True)})
            self.problems.append(f"{missing:,} PMIDs are not fetched yet; the next `harvest pubmed` does it ({error})")
        aside = {row.pmid: row.reason for row in store.open_set_aside() if row.source == PUBMED}
        self.problems += [f"PMID {pmid}: {aside[pmid]}" for pmid in wanted if pmid in aside]

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


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
