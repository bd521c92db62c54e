"""The names others depend on: commands, exit statuses, tables, columns, JSON shapes (docs/design.md)."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from catalog.build import build
from catalog.cli import main as catalog_command
from harvest.cli import main as harvest_command
from tests.harvests import harvest_of
from tests.ncbi import synthetic_records
from tests.running import run

COMMANDS = {
    "harvest": {
        "pubmed": {"db", "topics", "base_url", "email", "api_key", "full"},
        "files": {"db", "topics", "keep_all"},
        "topics": set(),
        "status": {"db"},
    },
    "catalog": {
        "build": {"source", "target", "curation", "claims", "abstracts", "workers"},
        "serve": {"path", "host", "port", "workers", "log", "metrics", "forwarded_from", "stop_delay", "stop_within"},
        "up": {"host", "port", "abstracts"},
        "digest": set(),
        "export": {"db", "folder", "kind"},
        "explain": {"db"},
        "check": {"db", "as_json", "as_html"},
        "refs": {"db", "as_json"},
        "cite": {"pmids", "db", "style"},
        "evaluate": {"db", "as_json"},
    },
}

TABLES = {
    "articles": "pmid title abstract journal year published authors first_author doi pmcid language design included"
    " level jbjs timing region participants studies comparator basis direction followup_months harms certainty versus"
    " status in_catalog_since revised has_abstract abstract_shift",
    "article_interventions": "pmid intervention role favoured direction",
    "article_conditions": "pmid condition",
    "interventions": "id name description",
    "conditions": "id name description",
    "designs": "id name description",
    "levels": "id name description",
    "tags": "pmid field value rule source start end quote chosen",
    "votes": "pmid label value score words heard",
    "conflicts": "pmid field chosen disagrees source rule quote results says",
    "results": "pmid outcome measure timepoint text start end",
    "spin": "pmid rule field claims reports says conclusion conclusion_source results",
    "authors": "id",
    "article_editors": "pmid position author",
    "bibliography": "pmid kind issn printed book_title publisher publisher_place isbn",
    "article_authors": "pmid position author",
    "mesh_headings": "pmid position name",
    "publication_types": "pmid ui name",
    "keywords": "pmid position keyword",
    "sections": "pmid position label category text",
    "notices": "pmid kind notice_pmid citation",
    "trials": "registry_id pmid",
    "article_references": "pmid cited_pmid",
    "changes": "at pmid kind field before after title",
    "runs": "id",
    "searches": "id",
    "search_hits": "topic pmid search_id",
    "evidence": "study pmid intervention level design included direction basis comparator versus participants harms"
    " certainty year region",
    "claims": "id statement kind outcome comparator asserts settled_by",
    "claim_evidence": "claim intervention study pmid part",
    "words": "word stem papers",
    "synonyms": "meaning position text source",
    "articles_fts": "title abstract authors journal subjects abstract_words",
    "about": "title subject description sample abstracts",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("contract")
    build(harvest_of(made / "pubmed.db", synthetic_records(5, 1)), made / "catalog.db")
    return made


@pytest.mark.parametrize("name", ["harvest", "catalog"])
def test_commands_and_their_options(name: str) -> None:
    """Every documented command is there with its documented options."""
    group = harvest_command if name == "harvest" else catalog_command
    for command, options in COMMANDS[name].items():
        found = group.get_command(click.Context(group), command)
        assert found is not None, command
        assert options <= {parameter.name for parameter in found.params}, command


def test_settings_of_a_running_site() -> None:
    """`catalog serve` reads each of its settings from an environment variable of the same name."""
    command = catalog_command.get_command(click.Context(catalog_command), "serve")
    assert command is not None
    named = {parameter.name: parameter.envvar for parameter in command.params}
    assert named == {"path": "CATALOG_DB", **{name: f"CATALOG_{name.upper()}" for name in named if name != "path"}}


@pytest.mark.parametrize("table", TABLES)
def test_tables_and_their_columns(folder: Path, table: str) -> None:
    """Every documented table has its documented columns."""
    with closing(sqlite3.connect(folder / "catalog.db")) as conn:
        columns = {row[1] for row in conn.execute(f'PRAGMA table_info("{table}")')}
    assert set(TABLES[table].split()) <= columns


def test_what_a_copy_carries_is_full_excerpt_or_none() -> None:
    """The values of `--abstracts`, full by default."""
    build_command = catalog_command.get_command(click.Context(catalog_command), "build")
    assert build_command is not None
    (option,) = (parameter for parameter in build_command.params if parameter.name == "abstracts")
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == ("full", "excerpt", "none")
    assert option.default == "full"


def test_level_is_text_and_never_null(folder: Path) -> None:
    """`level` is '1' to '5' or 'none'; a missing participant count is NULL."""
    with closing(sqlite3.connect(folder / "catalog.db")) as conn:
        levels = {level for (level,) in conn.execute("SELECT level FROM articles")}
    assert levels <= {"1", "2", "3", "4", "5", "none"}


@pytest.mark.parametrize(
    ("module", "arguments", "status"),
    [
        ("catalog", ["digest"], 0),
        ("catalog", ["digest", "none.db"], 2),
        ("catalog", ["explain", "5"], 2),
        ("catalog", ["explain", "x"], 2),
        ("catalog", ["build", "--from", "none.db"], 2),
        ("catalog", ["cite", "970000001"], 0),
        ("catalog", ["cite", "970000001", "5", "--format", "ris"], 1),
        ("catalog", ["cite", "5"], 2),
        ("catalog", ["cite", "970000001", "--format", "word"], 2),
        ("catalog", ["evaluate", "none.tsv"], 2),
        ("catalog", ["check", "none.txt"], 2),
        ("catalog", ["refs", "none.bib"], 2),
        ("catalog", ["serve", "none.db"], 2),
        ("catalog", ["nonsense"], 2),
        ("harvest", ["status"], 0),
        ("harvest", ["status", "--db", "none.db"], 2),
        ("harvest", ["files", "none.xml"], 1),
        ("harvest", ["topics", "--topic", "none"], 2),
        ("harvest", ["pubmed", "--db", "new.db", "--base-url", "http://127.0.0.1:9/entrez/eutils/"], 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_exit_statuses(folder: Path, module: str, arguments: list[str], status: int) -> None:
    """0 done, 1 something set aside, 2 wrong use, 3 PubMed out of reach; never a traceback."""
    ended = run(module, arguments, folder)
    assert ended.returncode == status, ended.stderr
    assert "Traceback" not in ended.stderr
    if status:
        assert ended.stderr.strip()


def test_json_is_one_document_on_stdout(folder: Path) -> None:
    """`--json` prints one JSON document and nothing else."""
    status = run("harvest", ["status", "--json"], folder)
    assert json.loads(status.stdout)["records"] == 5
    (folder / "gold.tsv").write_text("pmid\tdesign\n970000001\trct\n")
    found = json.loads(run("catalog", ["evaluate", "gold.tsv", "--json"], folder).stdout)
    assert "design" in found["fields"]
