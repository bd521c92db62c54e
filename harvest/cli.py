"""The `harvest` command. Exit statuses as in harvest/commands.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harvest.commands import LISTED, PATH, Commands, say, topics_option
from harvest.errors import WrongUse
from harvest.eutils import package_version
from harvest.files import Filed, harvest_files
from harvest.progress import progress_for
from harvest.pubmed import Harvested
from harvest.pubmed import harvest as harvest_pubmed
from harvest.rows import Kept
from harvest.status import Status, status_of
from harvest.topics import load_topics

__all__ = ["main"]


def _db_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--db", type=PATH, default=Path("pubmed.db"), show_default=True, help="The store: every record as NLM sent it."
    )(command)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version(), prog_name="harvest")
def main() -> None:
    """Pull PubMed records on the topics of a topics file, and keep them exactly as NLM sent them."""


@main.command()
@_db_option
@topics_option
@click.option("--base-url", metavar="URL", help="Another E-utilities server.  [env: NCBI_BASE_URL]")
@click.option("--email", metavar="E", help="Sent to NCBI so that they can reach you.  [env: NCBI_EMAIL]")
@click.option("--api-key", metavar="K", help="NCBI API key: 10 requests a second, not 3.  [env: NCBI_API_KEY]")
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
@click.option("--all", "keep_all", is_flag=True, help="Keep records off every topic too.")
@click.pass_context
def files(ctx: click.Context, paths: tuple[Path, ...], db: Path, topics: Path | None, keep_all: bool) -> None:
    """Read PubMed XML (.xml, .xml.gz, or folders of them): records on topic are kept, deletions applied."""
    filed = harvest_files(db, paths, topics=load_topics(topics), keep_all=keep_all, progress=progress_for())
    _tell_files(filed)
    ctx.exit(filed.exit_status)


def _tell_files(filed: Filed) -> None:
    for line in filed.problems[:LISTED]:
        say(line)
    if len(filed.problems) > LISTED:
        say(f"... and {len(filed.problems) - LISTED} more")
    off_topic = f", {filed.off_topic:,} off topic" if filed.off_topic else ""
    deleted = f", {filed.deleted:,} PMIDs deleted" if filed.deleted else ""
    click.echo(f"{filed.read:,} records read, {filed.files:,} files whole: {_kept(filed.kept)}{off_topic}{deleted}.")


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
        _tell_status(found)


def _tell_status(found: Status) -> None:
    click.echo(f"{found.db}: {found.records:,} records, {found.deleted:,} PMIDs deleted by NLM")
    click.echo("Runs, newest first")
    for run in reversed(found.runs[-5:]):
        click.echo(f"  {run.started}  {run.command}: {run.state}{f' ({run.message})' if run.message else ''}")
    if found.searches:
        click.echo("Searches, the latest of each topic")
    for search in found.searches:
        click.echo(f"  {search.at}  {search.topic}: {search.count:,} found, {search.state}")
        for line in search.warnings:
            click.echo(f"    {line}")
    if found.no_longer_found:
        click.echo(f"No longer found by any search, still kept: {found.no_longer_found:,}")
    click.echo(f"Set aside: {len(found.set_aside):,}")
    for row in found.set_aside[:LISTED]:
        click.echo(f"  {'PMID ' + str(row.pmid) if row.pmid else row.source}: {row.reason} (since {row.at})")
    if len(found.set_aside) > LISTED:
        click.echo(f"  ... and {len(found.set_aside) - LISTED:,} more; --json lists all")


def _more(count: int, db: Path) -> None:
    if count > LISTED:
        say(f"... and {count - LISTED:,} more; `harvest status --db {db} --json` lists all")


if __name__ == "__main__":
    main()
