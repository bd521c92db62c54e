"""`harvest bulk`: NLM's baseline and update files, from a folder or from NLM's file area, into the store.

Files are applied in NLM's order (see harvest/fileorder.py), each in one transaction together with its checkpoint: a run
that is stopped at any moment leaves whole files behind it and goes on after them, and a second run does nothing for
what is applied. What is on topic by the local match is kept, and whatever the store holds already is kept up to date.
A file that is missing, damaged or not what its `.md5` says is named and tried again in the next run; the files after it
go on, because a file that comes late is put in its place.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from harvest.bulkstore import Applied, BulkStore, source_of
from harvest.cluster import ClusterScanners
from harvest.download import FileArea, NotThere, WrongSum, md5_of
from harvest.errors import Unreachable
from harvest.eutils import Patience
from harvest.fileorder import FileKey, key_of
from harvest.harvester import harvester
from harvest.listing import BulkFile, gaps, list_folder, md5_in
from harvest.progress import Progress, Quiet
from harvest.rows import Kept
from harvest.scan import Batch, Deletion, Ended, scan
from harvest.topics import Topics, load_topics
from harvest.workers import Scanners, Scanning, Task, WorkerDied, work

__all__ = ["Bulked", "harvest_bulk"]

# Files in a row that cannot be downloaded, before the server as a whole is held to be down.
FAILURES_IN_A_ROW = 5
LEFT_BEHIND = "came with an earlier year's files and not with the {year} baseline: deleted since, or off topic there"
KIND = "PubMed bulk file"


@dataclass(frozen=True, slots=True)
class Bulked:
    """A run and its outcome.

    `listed`: files there are; `already`: applied before, nothing done; `applied`: in this run; `read`: records in
    those; `problems`: a line for each file or record that could not be used; `notes`: lines worth knowing.
    """

    run_id: int
    listed: int
    already: int
    applied: int
    read: int
    off_topic: int
    kept: Kept
    deleted: int
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 all done, 1 something is missing or set aside, and listed."""
        return 1 if self.problems else 0


def harvest_bulk(
    db: Path,
    place: str,
    *,
    topics: Topics | None = None,
    workers: int = 1,
    dask: str | None = None,
    folder: Path | None = None,
    need_md5: bool = True,
    progress: Progress | None = None,
    patience: Patience | None = None,
    target: Callable[..., None] = work,
) -> Bulked:
    """Apply the bulk files of a folder or an http(s) address to `db`.

    Args:
        db: the store.
        place: a folder that holds bulk files, or `baseline/` and `updatefiles/`; or the address of one.
        topics: what to keep; None: the bundled vocabulary.
        workers: processes that scan; 1 scans in this one.
        dask: the address of a Dask scheduler, whose workers scan instead; they see the files under the same path.
        folder: where downloads go and stay; None: beside `db`, and each is removed when it is applied.
        need_md5: leave out files without a `.md5`.
        progress: told how far it is.
        patience: how long a server is tried.
        target: what a worker runs; for tests.

    Raises:
        WrongUse: the place holds no bulk files, or a setting, the topics file or the database cannot be used.
        Unreachable: the server cannot be reached, or does not give its files; what was applied stays applied.
        HarvestError: the disk or the database fails.
    """
    progress = progress or Quiet()
    topics = topics or load_topics()
    with ExitStack() as stack:
        area = None
        if "://" in place:
            area = stack.enter_context(FileArea(place, patience=patience, on_retry=progress.note))
        files = area.listing() if area else list_folder(Path(place))
        store = stack.enter_context(BulkStore.open(db))
        run_id = store.begin_run(
            "harvest bulk",
            harvester=harvester(),
            topics=(topics.sha256, topics.source, topics.text),
            host=area.host if area else None,
        )
        held = store.pmids()
        scanners: Scanning
        if dask:
            scanners = stack.enter_context(ClusterScanners(topics, held, dask))
        else:
            scanners = stack.enter_context(Scanners(topics, held, min(workers, len(files)), target))
        downloads = folder or db.with_name(db.name + ".bulk")
        run = _Run(store, topics, scanners, held, progress, area, downloads, keep=folder is not None, md5=need_md5)
        with closing(progress), store.run_under_way():
            run.all(files)
        missing = f"{run.not_applied} of {len(files)} files could not be applied whole" if run.not_applied else None
        noted = f"{len(run.problems)} lines of what could not be read" if run.problems else None
        store.finish_run("incomplete" if missing else "complete", missing or noted)
        return run.bulked(run_id, len(files))


class _Refused(Exception):
    """A file without a proven MD5 that cannot be read whole: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file on disk, ready to be scanned."""

    file: BulkFile
    path: Path
    md5: str
    size: int
    verified: bool


@dataclass(slots=True)
class _Outcome:
    """What one file brought, until its transaction is through."""

    kept: Kept = field(default_factory=Kept)
    deleted: int = 0
    pmids: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)
    deletions: list[Deletion] = field(default_factory=list)
    ended: Ended | None = None


class _Run:
    """One run over an open store."""

    def __init__(
        self,
        store: BulkStore,
        topics: Topics,
        scanners: Scanning,
        held: set[int],
        progress: Progress,
        area: FileArea | None,
        downloads: Path,
        *,
        keep: bool,
        md5: bool,
    ) -> None:
        self.store = store
        self.topics = topics
        self.scanners = scanners
        self.held = held
        self.progress = progress
        self.area = area
        self.downloads = downloads
        self.keep = keep
        self.need_md5 = md5
        self.waiting: deque[_Ready] = deque()
        self.before: dict[str, Applied] = {}
        self.failures = 0
        self.already = self.applied = self.read = self.off_topic = self.deleted = self.not_applied = 0
        self.kept = Kept()
        self.problems: list[str] = []
        self.notes: list[str] = []

    def bulked(self, run_id: int, listed: int) -> Bulked:
        """The outcome."""
        return Bulked(
            *(run_id, listed, self.already, self.applied, self.read, self.off_topic, self.kept, self.deleted),
            problems=tuple(self.problems),
            notes=tuple(self.notes),
        )

    def all(self, files: Sequence[BulkFile]) -> None:
        """Apply every file that is not applied yet, in order."""
        every = self.store.applied()
        self.before = {row.name: row for row in every if row.topics_sha256 == self.topics.sha256}
        self._name_gaps(files, every)
        self.progress.stage("Bulk files", len(files))
        for file in files:
            ready = self._obtain(file)
            if ready is None:
                self.progress.advance()
                continue
            self.waiting.append(ready)
            self.scanners.submit(Task(ready.path, file.name))
            while self.scanners.full:
                self._apply()
        while self.scanners.pending:
            self._apply()
        if self.area and not self.keep:
            with suppress(OSError):  # a download that was given up is still in it, for the next run
                self.downloads.rmdir()
        self._name_left_behind(files)

    # Which files

    def _name_gaps(self, files: Sequence[BulkFile], every: Sequence[Applied]) -> None:
        known = {file.key for file in files} | {key for row in every if (key := key_of(row.name))}
        baselines = {(f.key.series, f.key.year) for f in files if f.area == "baseline"}
        baselines |= {(k.series, k.year) for row in every if row.area == "baseline" and (k := key_of(row.name))}
        for key in gaps(known, baselines):
            name = f"{key.series}{key.year:02}n{key.number:04}.xml.gz"
            self._set_aside(name, f"{name}: missing: the files before and after it are there")
            self.not_applied += 1
        for series, year in sorted({(key.series, key.year) for key in known} - baselines):
            first = min(key.number for key in known if (key.series, key.year) == (series, year))
            if first > 1:
                self.notes.append(
                    f"The first {series}{year:02} file is number {first}: without the baseline before it, records that"
                    " no later file repeats are not seen"
                )

    def _obtain(self, file: BulkFile) -> _Ready | None:
        """The file on disk; None where it is applied already, or is named as a problem."""
        before = self.before.get(file.name)
        if before and before.whole and before.stamp == file.stamp and file.stamp is not None:
            self.already += 1
            return None
        try:
            ready = self._downloaded(file, before) if self.area else self._on_disk(file)
        except (NotThere, WrongSum) as error:
            self._give_up(file, str(error))
            self.failures += 1
            if self.failures >= FAILURES_IN_A_ROW and self.area:
                raise Unreachable(f"{error}; {self.failures} files in a row; run again later") from error
            return None
        except OSError as error:
            if self.area:
                raise
            self._give_up(file, f"{file.name}: cannot be read ({error.strerror}); check the file and its disk")
            return None
        self.failures = 0
        if ready is not None and before and before.whole and before.md5 == ready.md5:
            self._remove(ready.path)
            ready = None
        if ready is None and before is not None:
            self.store.restamp(before, file.stamp)
            self.already += 1
        return ready

    def _on_disk(self, file: BulkFile) -> _Ready | None:
        wanted = None
        if file.has_md5:
            wanted = md5_in(Path(file.place + ".md5").read_text("utf-8", "replace"), file.name)
        self._check_has(file, wanted)
        path = Path(file.place)
        md5, size = md5_of(path)
        if wanted is not None and md5 != wanted:
            raise WrongSum(f"{file.name}: its MD5 is {md5} ({size:,} bytes), not {wanted} as its .md5 says")
        return _Ready(file, path, md5, size, verified=wanted is not None)

    def _downloaded(self, file: BulkFile, before: Applied | None) -> _Ready | None:
        area = self.area
        assert area is not None  # noqa: S101 - the caller knows
        wanted = area.md5(file) if file.has_md5 else None
        self._check_has(file, wanted)
        if before and before.whole and before.md5 == wanted:
            return None
        self.downloads.mkdir(parents=True, exist_ok=True)
        path = area.fetch(file, self.downloads, wanted)
        md5, size = md5_of(path)
        return _Ready(file, path, md5, size, verified=wanted is not None)

    def _check_has(self, file: BulkFile, wanted: str | None) -> None:
        if wanted is None and self.need_md5:
            what = f"its .md5 gives no MD5 of {file.name}" if file.has_md5 else "has no .md5 beside it"
            raise NotThere(f"{file.name}: {what}, so it cannot be verified; --no-md5 reads it all the same")

    def _give_up(self, file: BulkFile, reason: str) -> None:
        self.not_applied += 1
        self._set_aside(file.name, reason)

    def _set_aside(self, name: str, reason: str) -> None:
        self.problems.append(reason)
        self.store.set_aside(None, source=source_of(name), reason=reason)

    # Applying

    def _apply(self) -> None:
        """Apply the oldest file that is being scanned; a worker that dies over it is given it once more."""
        ready = self.waiting.popleft()
        name = ready.file.name
        for attempt in (1, 2):
            try:
                with self.store.together():
                    outcome = self._write(ready)
            except WorkerDied as error:
                if attempt == 1:
                    self.progress.note(f"{name}: {error}; once more")
                    self.scanners.again()
                else:
                    self.scanners.without()
                    self._give_up(ready.file, f"{name}: not applied: {error}, twice")
            except _Refused as error:
                self._give_up(ready.file, str(error))
                break
            else:
                self._count(ready, outcome)
                break
        self._remove(ready.path)
        self.progress.advance()

    def _write(self, ready: _Ready) -> _Outcome:
        """Everything of a file and its checkpoint; the caller's transaction holds it together."""
        file, outcome = ready.file, _Outcome()
        for message in self.scanners.results():
            self._write_message(file, message, outcome)
        self._write_late(ready, outcome)
        ended = outcome.ended or Ended(0, b"", None, f"{file.name}: its scan ended early")
        if ended.fault and not ready.verified:
            raise _Refused(f"{ended.fault}; without a verified MD5 nothing of it is kept")
        source = source_of(file.name)
        outcome.deleted = self.store.delete_from(file.key, source, outcome.deletions, ended.newest)
        bad = len(outcome.problems)
        if ended.fault:
            reason = f"{ended.fault}; what could be read is kept, and the next run reads it again"
            outcome.problems.append(reason)
            self.store.set_aside(None, source=source, reason=reason)
        self.store.resolve(source=source)
        off_topic = len(ended.left_out) // array("Q").itemsize
        self.store.checkpoint(
            Applied(
                *(file.name, self.topics.sha256, file.area, ready.md5, ready.size, file.stamp),
                verified=ready.verified,
                whole=not ended.fault,
                newest=ended.newest,
                read=ended.read,
                kept=len(outcome.pmids),
                off_topic=off_topic,
                deleted=outcome.deleted,
                bad=bad,
            )
        )
        self.store.note_file(source, kind=KIND, sha256=None, records=ended.read, off_topic=off_topic, bad=bad)
        return outcome

    def _write_message(self, file: BulkFile, message: Batch | Ended, outcome: _Outcome) -> None:
        source = source_of(file.name)
        if isinstance(message, Ended):
            outcome.ended = outcome.ended or message
            return
        outcome.kept += self.store.keep_from(file.key, source, message.records)
        outcome.pmids.update(record.pmid for record in message.records)
        outcome.deletions += message.deletions  # the file's date, which they need, is known at its end
        for bad in message.bad:
            outcome.problems.append(f"{file.name}: {bad.reason}")
            self.store.set_aside(bad.pmid, source=source, reason=bad.reason, raw=bad.raw)

    def _write_late(self, ready: _Ready, outcome: _Outcome) -> None:
        """Records left out as off topic, that files before this one brought into the store while it was scanned."""
        left_out = array("Q")
        left_out.frombytes(outcome.ended.left_out if outcome.ended else b"")
        late = self.held.intersection(left_out) - outcome.pmids
        if late:
            for message in scan(ready.path, ready.file.name, self.scanners.matcher, (), only=late):
                if isinstance(message, Batch):
                    self._write_message(ready.file, message, outcome)

    def _count(self, ready: _Ready, outcome: _Outcome) -> None:
        ended = outcome.ended
        assert ended is not None  # noqa: S101 - _write saw it
        self.held |= outcome.pmids
        self.applied += 1
        self.not_applied += bool(ended.fault)
        self.read += ended.read
        self.off_topic += len(ended.left_out) // array("Q").itemsize
        self.kept += outcome.kept
        self.deleted += outcome.deleted
        self.problems += outcome.problems

    def _remove(self, path: Path) -> None:
        """A download that is done with; files of somebody's folder are theirs."""
        if self.area and not self.keep:
            path.unlink(missing_ok=True)

    # A new year

    def _name_left_behind(self, files: Sequence[BulkFile]) -> None:
        """Records of earlier years' files that a whole new baseline does not have: kept, and named."""
        whole = {row.name for row in self.store.applied() if row.whole and row.topics_sha256 == self.topics.sha256}
        baselines: dict[tuple[str, int], list[BulkFile]] = {}
        for file in files:
            if file.area == "baseline":
                baselines.setdefault((file.key.series, file.key.year), []).append(file)
        for (series, year), parts in sorted(baselines.items()):
            numbers = sorted(file.key.number for file in parts)
            complete = numbers == list(range(1, len(numbers) + 1)) and all(file.name in whole for file in parts)
            if complete:
                self._left_behind(FileKey(year, numbers[-1], series))

    def _left_behind(self, last: FileKey) -> None:
        source = f"bulk:{last.series}{last.year:02} baseline"
        named = {row.pmid for row in self.store.open_set_aside() if row.source == source}
        pmids = [pmid for pmid, _ in self.store.left_behind(last)]
        for pmid in pmids:
            self.store.set_aside(pmid, source=source, reason=LEFT_BEHIND.format(year=2000 + last.year))
        self.store.resolve(source=source)
        if pmids:
            shown = ", ".join(map(str, pmids[:5])) + (", ..." if len(pmids) > 5 else "")
            line = f"{len(pmids):,} records {LEFT_BEHIND.format(year=2000 + last.year)}; they stay: PMID {shown}"
            (self.problems if set(pmids) - named else self.notes).append(line)
