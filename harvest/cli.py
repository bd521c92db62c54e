"""The `harvest` command. Exit statuses as in harvest/commands.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harvest.bulk import Bulked, harvest_bulk
from harvest.commands import LISTED, PATH, Commands, say, topics_option
from harvest.errors import WrongUse
from harvest.eutils import Client, package_version
from harvest.files import Filed, harvest_files
from harvest.prisma import prisma as prisma_of
from harvest.progress import progress_for
from harvest.pubmed import Harvested
from harvest.pubmed import harvest as harvest_pubmed
from harvest.recall import recall as recall_of
from harvest.recall import recall_lines
from harvest.rows import Kept
from harvest.status import status_of
from harvest.tell import prisma_lines, status_lines
from harvest.topics import load_topics
from harvest.verify import verify as verify_store

__all__ = ["main"]


def _db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--db", type=PATH, default=Path("pubmed.db"), show_default=True, help="The store: every record as NLM sent it."
    )(command)


def _server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--api-key", metavar="K", help="NCBI API key: 10 requests a second, not 3.  [env: NCBI_API_KEY]"),
        click.option("--email", metavar="E", help="Sent to NCBI so that they can reach you.  [env: NCBI_EMAIL]"),
        click.option("--base-url", metavar="URL", help="Another E-utilities server.  [env: NCBI_BASE_URL]"),
    ):
        command = option(command)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version(), prog_name="harvest")
def main() -> None:
    """Pull PubMed records on the topics of a topics file, and keep them exactly as NLM sent them."""


@main.command()
@_db_option
@topics_option
@_server_options
@click.option("--full", is_flag=True, help="Fetch every record again, not only new and revised ones.")
@click.pass_context
def pubmed(
    ctx: click.Context,
    db: Path,
    topics: Path | None,
    base_url: str | None,
    email: str | None,
    api_key: str | None,
    full: bool,
) -> None:
    """Search PubMed for every topic and fetch what is new or revised. Stopped at any moment, run it again to go on."""
    harvested = harvest_pubmed(
        db,
        topics=load_topics(topics),
        base_url=base_url,
        email=email,
        api_key=api_key,
        full=full,
        progress=progress_for(),
    )
    _tell_pubmed(harvested, db)
    if not harvested.has_email:
        say("Advice: give --email or set NCBI_EMAIL, so that NCBI can write to you before it blocks an address.")
    ctx.exit(harvested.exit_status)


def _tell_pubmed(harvested: Harvested, db: Path) -> None:
    for topic in harvested.topics:
        for line in topic.warnings:
            say(f"{topic.topic}: {line}")
    for row in harvested.set_aside[:LISTED]:
        say(f"Set aside: PMID {row.pmid}: {row.reason}")
    _more(len(harvested.set_aside), db)
    if not harvested.complete:
        say("Incomplete: PubMed counts more records than it listed; run again to fetch the others.")
    click.echo(f"{harvested.found:,} records found by {len(harvested.topics)} searches: {_kept(harvested.kept)}.")


@main.command()
@click.argument("paths", type=PATH, nargs=-1, required=True, metavar="PATH...")
@_db_option
@topics_option
@_server_options
@click.option("--all", "keep_all", is_flag=True, help="Keep records off every topic too.")
@click.pass_context
def files(
    ctx: click.Context,
    paths: tuple[Path, ...],
    db: Path,
    topics: Path | None,
    base_url: str | None,
    email: str | None,
    api_key: str | None,
    keep_all: bool,
) -> None:
    """Read files saved from PubMed, or folders of them: records on topic are kept, deletions applied.

    XML (.xml, .xml.gz) is read as it is. MEDLINE text (.nbib, .txt) and lists of PMIDs (.txt) name records, which are
    fetched from PubMed.
    """
    progress = progress_for()
    filed = harvest_files(
        db,
        paths,
        topics=load_topics(topics),
        keep_all=keep_all,
        progress=progress,
        connect=lambda: Client(base_url, email, api_key, on_retry=progress.note),
    )
    _tell_files(filed)
    ctx.exit(filed.exit_status)


def _tell_files(filed: Filed) -> None:
    for line in filed.problems[:LISTED]:
        say(line)
    if len(filed.problems) > LISTED:
        say(f"... and {len(filed.problems) - LISTED} more")
    off_topic = f", {filed.off_topic:,} off topic" if filed.off_topic else ""
    deleted = f", {filed.deleted:,} PMIDs deleted" if filed.deleted else ""
    named = f", {filed.named:,} PMIDs named" if filed.named else ""
    click.echo(
        f"{filed.read:,} records read{named}, {filed.files:,} files whole: {_kept(filed.kept)}{off_topic}{deleted}."
    )


@main.command()
@click.argument("place", metavar="DIR|URL")
@_db_option
@topics_option
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that scan; 1: none but this."
)
@click.option("--dask", metavar="ADDRESS", help="Scan on the workers of this Dask scheduler; needs the extra [dask].")
@click.option("--folder", type=PATH, metavar="DIR", help="Keep downloads here; else each goes when it is applied.")
@click.option("--no-md5", is_flag=True, help="Read files without an .md5 too; the others are verified all the same.")
@click.pass_context
def bulk(
    ctx: click.Context,
    place: str,
    db: Path,
    topics: Path | None,
    workers: int,
    dask: str | None,
    folder: Path | None,
    no_md5: bool,
) -> None:
    """Apply NLM's baseline and update files, from a folder or an address like https://ftp.ncbi.nlm.nih.gov/pubmed/.

    Files are verified against their .md5 and applied in NLM's order, records on topic kept, deletions applied. What was
    applied before with the same topics file is not read again.
    """
    if dask and workers > 1:
        raise WrongUse("--workers starts processes here, --dask uses those of a cluster: give one of them")
    bulked = harvest_bulk(
        db,
        place,
        topics=load_topics(topics),
        workers=workers,
        dask=dask,
        folder=folder,
        need_md5=not no_md5,
        progress=progress_for(),
    )
    _tell_bulk(bulked)
    ctx.exit(bulked.exit_status)


def _tell_bulk(bulked: Bulked) -> None:
    for line in bulked.notes:
        say(line)
    for line in bulked.problems[:LISTED]:
        say(line)
    if len(bulked.problems) > LISTED:
        say(f"... and {len(bulked.problems) - LISTED:,} more")
    already = f", {bulked.already:,} were before" if bulked.already else ""
    deleted = f", {bulked.deleted:,} PMIDs deleted" if bulked.deleted else ""
    click.echo(
        f"{bulked.applied:,} of {bulked.listed:,} files applied{already}; {bulked.read:,} records read:"
        f" {_kept(bulked.kept)}, {bulked.off_topic:,} off topic{deleted}."
    )


@main.command()
@click.argument("file", type=PATH, metavar="FILE")
@_db_option
@topics_option
@click.option("--xml", type=PATH, multiple=True, metavar="FILE", help="PubMed XML to look at for papers not stored.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def recall(ctx: click.Context, file: Path, db: Path, topics: Path | None, xml: tuple[Path, ...], as_json: bool) -> None:
    """Check that papers which must be found are: FILE holds their PMIDs or DOIs, one a line or in any text."""
    found = recall_of(file, db, topics=load_topics(topics), xml=xml)
    if as_json:
        click.echo(json.dumps({**asdict(found), "share": found.share}, ensure_ascii=False, indent=2))
    else:
        for line in recall_lines(found):
            click.echo(line)
    ctx.exit(found.exit_status)


def _kept(kept: Kept) -> str:
    older = f", {kept.older:,} older than what is held" if kept.older else ""
    return f"{kept.new:,} new, {kept.changed:,} changed, {kept.unchanged:,} unchanged{older}"


@main.command()
@topics_option
@click.option("--topic", metavar="ID", help="Only this topic.")
def topics(topics: Path | None, topic: str | None) -> None:
    """Print the PubMed search strategy of each topic."""
    vocabulary = load_topics(topics)
    ids = [entry.id for entry in vocabulary.topics]
    if topic is not None and topic not in ids:
        raise WrongUse(f"--topic {topic}: there is no such topic; there are {', '.join(ids)}")
    for entry in vocabulary.topics:
        if topic is None:
            click.echo(f"# {entry.id}: {entry.name}")
        if topic in (None, entry.id):
            click.echo(vocabulary.strategy(entry.id))


@main.command()
@_db_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status(db: Path, as_json: bool) -> None:
    """What the store holds, how the last runs went, what each topic's search found, and what is set aside."""
    found = status_of(db)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
    else:
        for line in status_lines(found):
            click.echo(line)


@main.command()
@_db_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every search as PRISMA-S asks for it.")
def prisma(db: Path, as_json: bool) -> None:
    """The numbers of a PRISMA 2020 flow that a machine may fill in; screening and inclusion are left to people."""
    flow = prisma_of(db)
    if as_json:
        document = {**asdict(flow), "identified_in_all": flow.identified_in_all}
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for line in prisma_lines(flow):
            click.echo(line)


@main.command()
@_db_option
@click.pass_context
def verify(ctx: click.Context, db: Path) -> None:
    """Check every hash, link and page of the store, and say how to mend what is damaged."""
    found = verify_store(db)
    for line in found.problems[:LISTED]:
        say(line)
    if len(found.problems) > LISTED:
        say(f"... and {len(found.problems) - LISTED:,} more")
    state = "damaged" if found.problems else "whole"
    click.echo(f"{db}: {found.records:,} records and {found.versions:,} earlier versions checked: {state}.")
    ctx.exit(found.exit_status)


def _more(count: int, db: Path) -> None:
    if count > LISTED:
        say(f"... and {count - LISTED:,} more; `harvest status --db {db} --json` lists all")


if __name__ == "__main__":
    main()
