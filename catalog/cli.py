"""The `catalog` command: build, serve, explain, cite, evaluate. Exit statuses as in harvest/commands.py."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from catalog.build import Built, build
from catalog.check.checking import check_file as check_claims_file
from catalog.check.printed import as_html as claims_html
from catalog.check.report import as_json as claims_json
from catalog.check.report import as_text as claims_text
from catalog.cite.printing import CHOICES, cite
from catalog.digest import digest
from catalog.errors import WrongUse
from catalog.evaluation import as_document, as_text, evaluate
from catalog.explain import explain
from catalog.export import FORMATS, Format, export
from catalog.references.files import check_file as check_reference_file
from catalog.references.report import as_json as references_json
from catalog.references.report import as_text as references_text
from catalog.references.report import exit_status
from catalog.serving.flags import address_options, serving_options
from catalog.serving.options import Options
from catalog.up import prepare, write_sample_in
from catalog.withholding import ABSTRACTS, Abstracts
from harvest.commands import LISTED, PATH, Commands, say, topics_option
from harvest.errors import Unreachable
from harvest.eutils import package_version
from harvest.progress import progress_for
from harvest.topics import load_topics

__all__ = ["main"]


def _catalog_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--db", type=PATH, default=Path("catalog.db"), show_default=True, help="The catalog to read.")(
        command
    )


def _second_sources(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--claims", type=PATH, help="A file of standing claims, instead of the bundled one.")(
        command
    )
    command = click.option(
        "--retractions", type=PATH, help="A Retraction Watch CSV (Crossref's), a second source for status."
    )(command)
    command = click.option(
        "--abstracts",
        type=click.Choice(ABSTRACTS),
        default="full",
        show_default=True,
        help="What the catalog carries of abstracts, in which publishers may hold rights; tags are the same.",
    )(command)
    return click.option("--curation", type=PATH, help="A CSV of corrections, which beat every rule.")(command)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_version(), prog_name="catalog")
def main() -> None:
    """Build and publish the catalog of a harvest: each paper with its study design and level of evidence."""


@main.command("build")
@click.option("--from", "source", type=PATH, default=Path("pubmed.db"), show_default=True, help="The harvest to read.")
@click.option("--to", "target", type=PATH, default=Path("catalog.db"), show_default=True, help="The catalog to write.")
@topics_option
@_second_sources
@click.option("--allow-fewer", is_flag=True, help="Replace a catalog even by one with over a tenth fewer articles.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that tag; the bytes are the same.  [default: one for each core, or for few records one]",
)
@click.pass_context
def build_command(
    ctx: click.Context,
    source: Path,
    target: Path,
    topics: Path | None,
    curation: Path | None,
    retractions: Path | None,
    claims: Path | None,
    abstracts: Abstracts,
    allow_fewer: bool,
    workers: int | None,
) -> None:
    """Tag every record of a harvest and write a fresh catalog; the old one is replaced in one step, when all is well.

    Without --topics the vocabulary is the one the latest harvest used.
    """
    built = build(
        source,
        target,
        topics=load_topics(topics) if topics else None,
        curation=curation,
        retractions=retractions,
        claims=claims,
        abstracts=abstracts,
        allow_fewer=allow_fewer,
        progress=progress_for(),
        processes=workers,
    )
    _tell_built(built)
    click.echo(f"{built.articles:,} articles in {target}.")
    ctx.exit(1 if built.set_aside or built.troubles else 0)


def _tell_built(built: Built) -> None:
    for pmid, reason in built.set_aside[:LISTED]:
        say(f"Left out: PMID {pmid}: {reason}")
    if len(built.set_aside) > LISTED:
        say(f"... and {len(built.set_aside) - LISTED:,} more")
    for lines in (built.troubles, built.remarks):
        for line in lines[:LISTED]:
            say(line)
        if len(lines) > LISTED:
            say(f"... and {len(lines) - LISTED:,} more")


@main.command("serve")
@click.argument("path", type=PATH, default=Path("catalog.db"), envvar="CATALOG_DB", metavar="[catalog.db]")
@address_options
@serving_options
def serve_command(path: Path, host: str, port: int, **options: Any) -> None:
    """Show a catalog in the browser. A newer catalog built meanwhile is taken up by itself."""
    _serve(path, host, port, Options(**options))


def _serve(path: Path, host: str, port: int, options: Options | None = None) -> None:
    # Datasette takes most of a second to import, and no other command needs it.
    from catalog.serve import serve

    serve(path, host, port, on_ready=_tell_ready, options=options)


def _tell_ready(address: str) -> None:
    click.echo(f"The catalog is at {address} (Ctrl-C ends it)")


@main.command()
@address_options
@topics_option
@_second_sources
def up(
    host: str,
    port: int,
    topics: Path | None,
    curation: Path | None,
    retractions: Path | None,
    claims: Path | None,
    abstracts: Abstracts,
) -> None:
    """Harvest PubMed, build the catalog and show it in the browser: everything in one step.

    Keeps pubmed.db and catalog.db in this folder; run again, it only fetches what is new. Where PubMed cannot be
    reached and nothing was harvested yet, it shows a sample of invented records.
    """
    target = Path("catalog.db")
    ready = prepare(
        Path("pubmed.db"),
        target,
        topics=load_topics(topics) if topics else None,
        curation=curation,
        retractions=retractions,
        claims=claims,
        abstracts=abstracts,
        progress=progress_for(),
        say=say,
    )
    if ready.harvested is not None:
        kept = ready.harvested.kept
        say(f"Harvested: {ready.harvested.found:,} records found, {kept.new:,} new, {kept.changed:,} changed.")
        for row in ready.harvested.set_aside[:LISTED]:
            say(f"Set aside: PMID {row.pmid}: {row.reason}")
    if ready.built is not None:
        _tell_built(ready.built)
        say(f"Built: {ready.built.articles:,} articles in {target}.")
    if ready.catalog is not None:
        _serve(ready.catalog, host, port)
        return
    if topics is not None and load_topics(topics).name != load_topics().name:
        raise Unreachable(
            "nothing is harvested yet, and the bundled sample is on another subject than this vocabulary;"
            " run `catalog up` again when PubMed can be reached"
        )
    say(
        "Nothing is harvested yet, so this is a SAMPLE of invented records, not of papers."
        " Run `catalog up` again when PubMed can be reached."
    )
    with tempfile.TemporaryDirectory(prefix="lbp-evidence-sample-") as folder:
        _serve(write_sample_in(Path(folder)), host, port)


@main.command("export")
@_catalog_option
@click.option("--to", "folder", type=PATH, required=True, help="A new folder; a file a table, and a data dictionary.")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="parquet", show_default=True)
def export_command(db: Path, folder: Path, kind: Format) -> None:
    """Write the catalog's tables as files for analysts, with a data dictionary (a Frictionless Data Package)."""
    exported = export(db, folder, kind)
    click.echo(f"Exported: {len(exported.rows)} tables, {sum(exported.rows.values()):,} rows, to {folder}.")


@main.command("digest")
@click.argument("path", type=PATH, default=Path("catalog.db"), metavar="[catalog.db]")
def digest_command(path: Path) -> None:
    """Print one hash over what a catalog says, whenever and by whichever route it was harvested."""
    click.echo(digest(path))


@main.command("explain")
@click.argument("pmid", type=click.IntRange(1))
@_catalog_option
def explain_command(pmid: int, db: Path) -> None:
    """Print every rule that fired on a record, on which words, and why the winner won."""
    for line in explain(db, pmid):
        click.echo(line)


@main.command("check")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@_catalog_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--html", "as_html", is_flag=True, help="One HTML page to print or keep.")
def check_command(file: Path, db: Path, as_json: bool, as_html: bool) -> None:
    """Find the claims of a text (.txt, .md, .html; - for stdin) and put the evidence beside each; never a verdict."""
    if as_json and as_html:
        raise WrongUse("--json and --html exclude each other; choose one")
    checked = check_claims_file(file, db)
    if as_html:
        click.echo(claims_html(checked), nl=False)
    elif as_json:
        click.echo(json.dumps(claims_json(checked), ensure_ascii=False, indent=2))
    else:
        for line in claims_text(checked):
            click.echo(line)


@main.command("refs")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE")
@_catalog_option
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.pass_context
def refs_command(ctx: click.Context, file: Path, db: Path, as_json: bool) -> None:
    """Look a reference list up: .bib, .ris, .nbib, CSL-JSON, EndNote's tags, or pasted references, PMIDs, DOIs.

    What is retracted comes first, and then the command ends with 1, so that a build of a manuscript can stop there.
    """
    report = check_reference_file(file, db)
    if as_json:
        click.echo(json.dumps(references_json(report), ensure_ascii=False, indent=2))
    else:
        for line in references_text(report):
            click.echo(line)
    for piece in report.unreadable[:LISTED]:
        say(f"Not read: {f'line {piece.line}: ' if piece.line else ''}“{piece.text}”: {piece.why}")
    ctx.exit(exit_status(report))


@main.command("cite")
@click.argument("pmids", type=click.IntRange(1), nargs=-1, required=True, metavar="PMID...")
@_catalog_option
@click.option("--format", "style", type=click.Choice(CHOICES), default="vancouver", show_default=True)
@click.pass_context
def cite_command(ctx: click.Context, pmids: tuple[int, ...], db: Path, style: str) -> None:
    """Print papers as citations: data for a reference manager, or text in a citation style."""
    printed = cite(db, pmids, style)
    click.echo(printed.text, nl=False)
    for pmid in printed.missing[:LISTED]:
        say(f"Not in {db}: PMID {pmid}")
    if len(printed.missing) > LISTED:
        say(f"... and {len(printed.missing) - LISTED:,} more")
    ctx.exit(1 if printed.missing else 0)


@main.command("evaluate")
@click.argument("gold", type=PATH, metavar="GOLD.tsv")
@_catalog_option
@click.option("--pmids", type=PATH, help="A file of PMIDs, one a line: compare these only.")
@click.option("--unread", type=PATH, help="PMIDs of records kept unread while rules were written: shown apart as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--out", type=PATH, help="Also write the JSON document to this file.")
@click.option("--name", help="What the JSON calls the labelled data; by default its file name.")
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), help="The day the JSON gives; without it, none.")
@click.pass_context
def evaluate_command(
    ctx: click.Context,
    gold: Path,
    db: Path,
    pmids: Path | None,
    unread: Path | None,
    as_json: bool,
    out: Path | None,
    name: str | None,
    date: datetime | None,
) -> None:
    """Compare the catalog's tags with hand labels: a table with a column `pmid` and the codebook's fields."""
    found = evaluate(gold, db, pmids=pmids)
    apart = evaluate(gold, db, pmids=unread) if unread else None
    document = as_document(found, name=name, date=f"{date:%Y-%m-%d}" if date else None, unread=apart)
    text = json.dumps(document, ensure_ascii=False, indent=2)
    for cell in found.set_aside[:LISTED]:
        say(f"Not compared: {gold}: line {cell.line}: PMID {cell.pmid}: {cell.field}: {cell.why}")
    if len(found.set_aside) > LISTED:
        say(f"... and {len(found.set_aside) - LISTED:,} more")
    if out is not None:
        _write(out, text + "\n")
    if as_json:
        click.echo(text)
    else:
        for line in as_text(found):
            click.echo(line)
        if apart is not None:
            click.echo("\nRecords kept unread while rules were written\n")
            for line in as_text(apart):
                click.echo(line)
    ctx.exit(max(found.exit_status, apart.exit_status if apart else 0))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise WrongUse(f"{path}: cannot be written ({error.strerror}); give a file in a folder that exists") from error
    say(f"Written: {path}")


if __name__ == "__main__":
    main()
