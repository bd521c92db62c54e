"""`pubmed.db` to `catalog.db`: parse, tag, write beside the old one, check, swap in one rename.

One `pubmed.db`, one lock and one SQLite give the same bytes: rows in PMID order, no clock, no network, no state.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from catalog.across import tell_across
from catalog.changes import NO_PAST, Past, note_own_status, write_changes, write_later_changes
from catalog.claims import Claims, load_claims
from catalog.claimtables import write_claims
from catalog.curation import NO_CURATION, Curation, Reviewed, read_curation
from catalog.errors import CatalogError, Refused, WrongUse
from catalog.inserting import insert, write_records
from catalog.lexicon import index_texts, write_lexicon
from catalog.names import write_names
from catalog.retractions import NO_WATCH, Watch, read_watch
from catalog.shelving import write_shelf
from catalog.tagged import processes_for, tagged
from catalog.tagging.status import settle
from catalog.tagging.tags import Tag
from catalog.withholding import Abstracts, withhold
from harvest.history import HistoryStore
from harvest.progress import Progress, Quiet
from harvest.store import Store, StoredRecord
from harvest.topics import Topics, load_topics, read_topics

__all__ = ["Built", "build", "write_catalog"]

# A catalog this much smaller than the one it would replace is more likely a mistake than a change in PubMed.
LARGEST_LOSS = 0.1


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: articles written, and what could not be parsed as (PMID, reason).

    `troubles` are lines of the curation and Retraction Watch files that were left out; `remarks` say what came of the
    others and what to look at. One line each.
    """

    articles: int
    set_aside: tuple[tuple[int, str], ...]
    troubles: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def build(
    source: Path,
    target: Path,
    *,
    topics: Topics | None = None,
    curation: Path | None = None,
    retractions: Path | None = None,
    claims: Path | None = None,
    abstracts: Abstracts = "full",
    allow_fewer: bool = False,
    progress: Progress | None = None,
    processes: int | None = None,
) -> Built:
    """Build `target` from the harvest `source`. The old catalog answers until the new one is whole.

    Args:
        source: a `pubmed.db`.
        target: the `catalog.db` to write.
        topics: the vocabulary; by default the one the latest harvest used.
        curation: a curation file, whose corrections beat every rule.
        retractions: a Retraction Watch file, a second source for status.
        claims: a file of standing claims; by default the bundled one.
        abstracts: what the catalog carries of abstracts; tags are the same.
        allow_fewer: replace a catalog even by one with more than a tenth fewer articles.
        progress: told how far it is.
        processes: how many tag at once; None: as many as there are cores, or one for few records.

    Raises:
        CatalogError: one line; WrongUse for wrong paths, Refused for an emptier catalog.
        harvest.errors.HarvestError: the harvest cannot be read.
    """
    _check_target(target)
    with HistoryStore.read(source) as store:
        vocabulary = topics or _vocabulary(store)
        corrections = read_curation(curation, vocabulary) if curation else NO_CURATION
        watch = read_watch(retractions) if retractions else NO_WATCH
        said = load_claims(vocabulary, claims)
        fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
        try:
            built = write_catalog(
                fresh,
                store.records(),
                vocabulary,
                curation=corrections,
                watch=watch,
                claims=said,
                abstracts=abstracts,
                provenance=_provenance(store),
                past=Past(store.superseded(), store.deleted_records()),
                progress=progress,
                total=store.count_records(),
                processes=processes,
            )
            # That the bundled claims do not fit a vocabulary of one's own is no trouble; that one's own do not, is.
            own, bundled = (_left_out(said), ()) if claims else ((), _left_out(said))
            built = replace(
                built,
                troubles=(*built.troubles, *own),
                remarks=(*built.remarks, *bundled, *_dropped(target, corrections, watch, abstracts)),
            )
            held = _articles(target)
            if held is not None and built.articles < held * (1 - LARGEST_LOSS) and not allow_fewer:
                raise Refused(
                    f"{target}: holds {held:,} articles and the new catalog only {built.articles:,}; the old one stays."
                    " If that is right, build again with --allow-fewer"
                )
            fresh.replace(target)
            _sync_folder(target.parent)
        except sqlite3.Error as error:
            raise CatalogError(f"{target}: the catalog could not be written ({error}); the old one stays") from error
        except OSError as error:
            raise CatalogError(
                f"{target}: the catalog could not be written ({error.strerror}); the old one stays"
            ) from error
        finally:
            for leftover in (fresh, fresh.with_name(fresh.name + ".draft")):
                leftover.unlink(missing_ok=True)
    return built


def write_catalog(
    path: Path,
    records: Iterable[StoredRecord],
    topics: Topics,
    *,
    curation: Curation = NO_CURATION,
    watch: Watch = NO_WATCH,
    claims: Claims | None = None,
    provenance: Mapping[str, Iterable[tuple[Any, ...]]] | None = None,
    past: Past = NO_PAST,
    abstracts: Abstracts = "full",
    sample: bool = False,
    progress: Progress | None = None,
    total: int | None = None,
    processes: int | None = None,
) -> Built:
    """Write a whole catalog to a path where there is none yet, and check it.

    Args:
        path: the file to make.
        records: stored records in PMID order.
        topics: the vocabulary to tag with.
        curation: corrections that beat every rule.
        watch: the Retraction Watch list.
        claims: the standing claims; None: the bundled ones that the vocabulary has words for.
        provenance: rows of `runs`, `searches` and `search_hits`.
        past: earlier versions and deleted records, for `changes`.
        abstracts: what the catalog carries of abstracts.
        sample: whether the records are invented.
        progress: told how far it is.
        total: how many records there are, if known.
        processes: how many tag at once; None: as many as there are cores, or one for few records. The bytes are the
            same.
    """
    progress = progress or Quiet()
    claims = claims or load_claims(topics)
    draft = path.with_name(path.name + ".draft")
    draft.unlink(missing_ok=True)
    path.unlink(missing_ok=True)
    set_aside: list[tuple[int, str]] = []
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as conn:
            conn.execute("PRAGMA journal_mode=OFF")  # a draft is thrown away if anything fails
            conn.execute("PRAGMA synchronous=OFF")
            conn.executescript(resources.files("catalog").joinpath("schema.sql").read_text("utf-8"))
            conn.execute("BEGIN")
            write_names(conn, topics, curation, watch, claims, sample=sample, abstracts=abstracts)
            write_lexicon(conn, topics)
            progress.stage("Tagging records", total)
            processes = processes_for(total) if processes is None else processes
            done = tagged(records, topics, curation, sample=sample, processes=processes)
            articles, corrected = write_records(conn, done, set_aside, progress)
            progress.stage("Linking records")
            write_changes(conn, past, topics, curation.overrides)
            note_own_status(conn)
            told = tell_across(conn, watch)
            checked = _write_curation(conn, curation, corrected)
            for name in ("runs", "searches", "search_hits"):
                insert(conn, name, (provenance or {}).get(name, ()))
            write_later_changes(conn)
            conn.execute("COMMIT")
            progress.stage("Indexing")
            index_texts(conn)
            progress.stage("Gathering claims")
            conn.execute("BEGIN")
            write_claims(conn, claims)
            write_shelf(conn)
            conn.execute("COMMIT")
            if abstracts != "full":
                progress.stage("Taking out abstracts")
                withhold(conn, abstracts)
            conn.execute("ANALYZE")
            conn.execute("VACUUM INTO ?", (str(path),))
    finally:
        draft.unlink(missing_ok=True)
    _check(path, articles)
    _sync(path)
    progress.close()
    troubles = [*curation.troubles, *watch.troubles, *told.troubles, *_unfit(checked)]
    remarks = _remarks(checked)
    if watch.sha256 is not None:
        remarks.append(
            f"Retraction Watch: lines read: {len(watch.lines) + watch.without_ids:,};"
            f" about articles here: {told.watched:,}; without PMID and DOI: {watch.without_ids:,}."
        )
    return Built(articles, tuple(set_aside), tuple(troubles), tuple(remarks))


def _check_target(target: Path) -> None:
    if target.is_dir() or not target.parent.is_dir():
        raise WrongUse(
            f"{target}: {'is a folder' if target.is_dir() else 'its folder does not exist'}; give a file name"
        )


def _vocabulary(store: Store) -> Topics:
    """The vocabulary of the latest harvest; the bundled one moves on with the program."""
    used = store.topics_text()
    if used is None or used[0] == "bundled":
        return load_topics()
    return read_topics(used[1], used[0])


def _provenance(store: Store) -> dict[str, Iterable[tuple[Any, ...]]]:
    return {
        "runs": [astuple(run) for run in store.runs()],
        "searches": [(*astuple(s)[:-1], json.dumps(s.warnings) if s.warnings else None) for s in store.searches()],
        "search_hits": (astuple(hit) for hit in store.hits()),
    }


def _write_curation(conn: sqlite3.Connection, curation: Curation, corrected: Iterable[Reviewed]) -> list[Reviewed]:
    """Write every sound correction with what became of it, in the file's order; returns the same."""
    met = {review.override.line: review for review in corrected}
    every: list[Reviewed] = []
    for override in sorted((o for group in curation.overrides.values() for o in group), key=lambda o: o.line):
        review = met.get(override.line, Reviewed(override, None, "not_in_catalog"))
        if override.field == "status" and review.outcome != "not_in_catalog":
            # Known only now: other records and the Retraction Watch list speak of it too.
            status = _status_by_rules(conn, override.pmid)
            review = Reviewed(override, status, "rules_agree" if status == override.value else "corrects")
        every.append(review)
    rows = [
        (o.line, o.pmid, o.field, o.value, o.who, o.when, o.why, review.rules_say, review.outcome)
        for review in every
        for o in (review.override,)
    ]
    insert(conn, "curation", rows)
    return every


def _status_by_rules(conn: sqlite3.Connection, pmid: int) -> str:
    tags = conn.execute(
        "SELECT value, rule, source, start, end, quote FROM tags"
        " WHERE pmid = ? AND field = 'status' AND source != 'curator'",
        (pmid,),
    )
    return settle(
        Tag("status", value, rule, source, start, end, quote, True) for value, rule, source, start, end, quote in tags
    )[0]


def _unfit(checked: Iterable[Reviewed]) -> list[str]:
    return [
        f"Curation line {o.line}: {o.field} is not asked of PMID {o.pmid}, given its design; the line has no effect"
        for review in checked
        if review.outcome == "does_not_fit"
        for o in (review.override,)
    ]


def _left_out(claims: Claims) -> tuple[str, ...]:
    if not claims.left_out:
        return ()
    if not claims.claims:
        return ("No claims: the file is about another subject; `--claims FILE` takes one for this vocabulary",)
    names = ", ".join(claims.left_out)
    return (f"Claims left out, on treatments or conditions that this vocabulary does not have: {names}",)


def _remarks(checked: Iterable[Reviewed]) -> list[str]:
    said = {
        "rules_agree": "the rules now say the same; the line can go",
        "not_in_catalog": "the article is not in the catalog",
    }
    return [
        f"Curation line {o.line}: {o.field} {o.value} of PMID {o.pmid}: {said[review.outcome]}"
        for review in checked
        if review.outcome in said
        for o in (review.override,)
    ]


def _check(path: Path, articles: int) -> None:
    """Refuse a catalog that is not whole, before it takes the old one's place."""
    with closing(sqlite3.connect(path)) as conn:
        said = conn.execute("PRAGMA integrity_check").fetchone()[0]
        orphans = conn.execute("PRAGMA foreign_key_check").fetchall()
        counted = conn.execute("SELECT count(*) FROM articles").fetchone()[0]
    if said != "ok" or orphans or counted != articles:
        raise CatalogError(
            f"the new catalog is not whole ({said}, {len(orphans)} orphans, {counted} of {articles} articles)"
        )


def _articles(path: Path) -> int | None:
    """How many articles a catalog holds; None where there is none, or no sound one to lose."""
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            return int(conn.execute("SELECT count(*) FROM articles").fetchone()[0])
    except sqlite3.Error:
        return None


def _dropped(path: Path, curation: Curation, watch: Watch, abstracts: Abstracts) -> list[str]:
    """What the catalog being replaced was built with and the new one is not, one line each."""
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as conn:
            *before, carried = conn.execute(
                "SELECT curation_sha256, retractions_sha256, abstracts FROM about"
            ).fetchone() or (None, None, abstracts)
    except sqlite3.Error:  # no catalog, or one of an older program
        return []
    names = ("curation", "curation file"), ("retractions", "Retraction Watch file")
    told = [
        f"{path}: was built with a {what}, this one without; build again with --{option} FILE to have it back"
        for (option, what), old, new in zip(names, before, (curation.sha256, watch.sha256), strict=True)
        if old is not None and new is None
    ]
    if abstracts == "full" != carried:
        told.append(
            f"{path}: was built with --abstracts {carried}, this one carries them in full; if it is for the public,"
            f" build again with --abstracts {carried}"
        )
    return told


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be synced there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
