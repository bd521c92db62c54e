"""docs/operating.md is true: its commands are run as written, and what it promises of backups holds."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import click
import pytest

from catalog.build import build
from catalog.cli import main as catalog_command
from catalog.digest import digest
from harvest.cli import main as harvest_command
from tests.harvests import harvest_of
from tests.ncbi import Corpus, PubMed
from tests.ncbi.synthetic import synthetic_records
from tests.running import run

TOP = Path(__file__).resolve().parents[1]
DOCS = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]


def commands(name: str) -> str:
    """The block of the guide with that mark, with this interpreter's commands for those of a clone."""
    text = (TOP / "docs" / "operating.md").read_text("utf-8")
    found = re.search(rf"<!-- tested: {name} -->\n```sh\n(.*?)```", text, re.DOTALL)
    assert found, name
    return (
        found[1]
        .replace(".venv/bin/python", sys.executable)
        .replace(".venv/bin/harvest", f"{sys.executable} -m harvest.cli")
        .replace(".venv/bin/catalog", f"{sys.executable} -m catalog.cli")
    )


def shell(script: str, folder: Path, base_url: str = "http://127.0.0.1:9/entrez/eutils/") -> str:
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "NCBI_BASE_URL": base_url, "PYTHONPATH": str(TOP)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def records_in(path: Path) -> int:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as conn:
            return int(conn.execute("SELECT count(*) FROM records").fetchone()[0])
    except sqlite3.Error:
        return 0


def test_a_backup_during_a_harvest_restores_to_the_same_catalog(tmp_path: Path) -> None:
    """Taken while a harvest writes, it verifies; restored and harvested on, its digest is the undisturbed one's."""
    busy, lost = tmp_path / "busy", tmp_path / "lost"
    busy.mkdir()
    lost.mkdir()
    # 500 of these are on topic: several batches, with a pause before each answer.
    with PubMed(Corpus(synthetic_records(1_000, 5)), rate=1000, latency=0.4) as pubmed:
        arguments = [sys.executable, "-m", "harvest.cli", "pubmed"]
        env = {**os.environ, "NCBI_BASE_URL": pubmed.base_url, "PYTHONPATH": str(TOP)}
        harvest = subprocess.Popen(arguments, cwd=busy, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while records_in(busy / "pubmed.db") == 0 and harvest.poll() is None:
                time.sleep(0.02)
            assert harvest.poll() is None, "the harvest is still writing"
            shell(commands("backup").rsplit("\n", 2)[0], busy)  # all but `harvest verify`, which takes longer
            assert harvest.poll() is None, "the harvest is still writing"
            assert harvest.wait(120) == 0
        finally:
            harvest.kill()
            harvest.wait()
        held, whole = records_in(busy / "backup.db"), records_in(busy / "pubmed.db")
        assert 0 < held < whole
        assert run("harvest", ["verify", "--db", "backup.db"], busy).returncode == 0
        # the store is lost, with a stale journal left behind; the guide's commands bring it back
        (busy / "backup.db").rename(lost / "backup.db")
        (lost / "pubmed.db").write_bytes(b"lost")
        (lost / "pubmed.db-wal").write_bytes(b"of another database")
        shell(commands("restore"), lost, pubmed.base_url)
    assert records_in(lost / "pubmed.db") == whole
    build(busy / "pubmed.db", busy / "catalog.db")
    assert digest(lost / "catalog.db") == digest(busy / "catalog.db")


def test_an_upgrade_is_built_beside_and_compared(tmp_path: Path) -> None:
    """The guide's commands leave the old catalog, and print both digests: the same where nothing changed."""
    build(harvest_of(tmp_path / "pubmed.db", synthetic_records(5, 1)), tmp_path / "catalog.db")
    before, after = shell(commands("upgrade"), tmp_path).split("5 articles in catalog.db.next.")
    assert before.strip() == after.strip() != ""
    assert (tmp_path / "catalog.db.before").read_bytes() == (tmp_path / "catalog.db").read_bytes()


@pytest.mark.parametrize(
    "arguments", [["digest"], ["cite", "970000001"], ["export", "--to", "out"], ["explain", "970000001"]]
)
def test_a_catalog_of_an_older_program_is_refused_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """One that lacks what this version reads: "is not a catalog of this version", build it again; no traceback."""
    build(harvest_of(tmp_path / "pubmed.db", synthetic_records(3, 1)), tmp_path / "catalog.db")
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as conn:
        conn.execute("ALTER TABLE about DROP COLUMN abstracts")
    ended = run("catalog", arguments, tmp_path)
    assert ended.returncode == 2
    assert "is not a catalog of this version" in ended.stderr
    assert "catalog build" in ended.stderr
    assert "Traceback" not in ended.stderr


_COMMAND = re.compile(r"^(?:\$ )?(?:\S+=\S+ )*(?:\.venv/bin/)?(harvest|catalog) (\w+)((?: [^\n#&|;>]*)?)", re.MULTILINE)


def shown() -> list[tuple[str, str, str, str]]:
    """(page, program, command, rest) of every command in a block of a page."""
    found = []
    for page in DOCS:
        for block in re.findall(r"```(?:sh)?\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            found += [(page.name, m[1], m[2], m[3]) for m in _COMMAND.finditer(block)]
    return found


def test_every_command_shown_is_one_with_those_options() -> None:
    """Commands in blocks of README and docs exist, and so does every option they are given."""
    listed = [entry for entry in shown() if "[" not in entry[3]]  # not design.md's grammar
    wrong = []
    for page, program, name, rest in listed:
        command = {"harvest": harvest_command, "catalog": catalog_command}[program].get_command(
            click.Context(catalog_command), name
        )
        if command is None:
            wrong.append(f"{page}: {program} {name}")
            continue
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        wrong += [f"{page}: {program} {name} {o}" for o in re.findall(r"(?<!\S)--[\w-]+", rest) if o not in known]
    assert wrong == []
    assert len(listed) > 20


def test_the_messages_it_explains_are_those_of_the_program() -> None:
    """What the guide quotes of messages stands in the program's code, word for word."""
    text = (TOP / "docs" / "operating.md").read_text("utf-8")
    rows = text[text.index("## What to do when") :].splitlines()
    quoted = [said for row in rows if row.startswith("|") for said in re.findall(r'"([^"]+)"', row.split("|")[1])]
    code = " ".join(
        file.read_text("utf-8") for folder in ("harvest", "catalog") for file in (TOP / folder).glob("*.py")
    )
    code = re.sub(r'"\s*\n\s*f?"', "", code)
    assert len(quoted) > 6
    assert [said for said in quoted if said not in code] == []
