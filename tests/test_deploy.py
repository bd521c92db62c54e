"""The recipes of deploy/: the image, the units, the renewal and the weekly workflow, whose steps are run here."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ncbi import PubMed, synthetic_records

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
WEEKLY = ROOT / ".github" / "workflows" / "weekly.yml"


def instructions(path: Path) -> list[tuple[str, str]]:
    """(name, the rest) of each instruction of a Dockerfile."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", path.read_text(), flags=re.M))
    return [
        (name.upper(), rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines()) if name
    ]


def tool(name: str) -> str:
    """A program's path; the test skips where it is missing."""
    found = shutil.which(name)
    if not found:
        pytest.skip(f"no {name} on this machine")
    return found


def test_the_image_is_locked_small_and_nobody() -> None:
    """Every package by its hash, no shell anywhere, a user by number, a health check, one base for both stages."""
    lines = instructions(ROOT / "Dockerfile")
    for name, rest in lines:
        if name in ("RUN", "CMD", "ENTRYPOINT"):
            assert json.loads(rest), rest
        if name == "HEALTHCHECK":
            assert json.loads(rest.partition("CMD ")[2])[1:] == ["-m", "catalog.serving.probe"]
    assert [rest for name, rest in lines if name == "FROM"] == ["${PYTHON} AS build", "${PYTHON} AS serve"]
    last = lines[[name for name, _ in lines].index("FROM", 3) :]
    assert not {"RUN", "ADD"} & {name for name, _ in last}
    said = dict(last)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", said["USER"])
    assert (said["STOPSIGNAL"], said["CMD"]) == ("SIGTERM", '["serve"]')
    assert "org.opencontainers.image.licenses" in said["LABEL"]
    installs = [json.loads(rest) for name, rest in lines if name == "RUN" and '"install"' in rest]
    assert all("--require-hashes" in one or "--no-deps" in one for one in installs)


def test_nothing_else_gets_into_the_image() -> None:
    """What the Dockerfile copies is what .dockerignore lets through, and all of it is there."""
    copied = {
        source
        for name, rest in instructions(ROOT / "Dockerfile")
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_through
    assert all((ROOT / source).exists() for source in copied)


def test_lint() -> None:
    """Hadolint and shellcheck have nothing to say, where they are installed."""
    ran = 0
    for name, files in (
        ("hadolint", [ROOT / "Dockerfile", DEPLOY / "Dockerfile.baked"]),
        ("shellcheck", [DEPLOY / "renew"]),
    ):
        if program := shutil.which(name):
            done = subprocess.run([program, *map(str, files)], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout
            ran += 1
    if not ran:
        pytest.skip("neither hadolint nor shellcheck on this machine")


def test_the_units_are_units_and_give_nothing_away(tmp_path: Path) -> None:
    """Systemd reads them without complaint, and rates the site's exposure low."""
    systemd = tool("systemd-analyze")
    for unit in (DEPLOY / "systemd").iterdir():
        # Where the programs are is another machine's business.
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
        (tmp_path / unit.name).write_text(text)
    names = sorted(str(unit) for unit in tmp_path.iterdir())
    done = subprocess.run([systemd, "verify", *names], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for name, most in (("catalog.service", 1.5), ("catalog-renew.service", 2.0)):
        rated = subprocess.run(
            [systemd, "security", "--offline=yes", str(tmp_path / name)], capture_output=True, text=True, check=False
        )
        exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout)
        if exposure is None:
            pytest.skip("this systemd rates no files")
        assert float(exposure[1]) <= most


FAKE_GH = '''
"""A stand-in for GitHub's command: releases are folders, drafts bear a mark."""
import json, os, shutil, sys
from fnmatch import fnmatch
from pathlib import Path
root = Path(os.environ["FAKE_RELEASES"])
if (root / "broken").exists():
    sys.exit("error connecting to api.github.com")
assert os.environ["GH_TOKEN"] and sys.argv[1] == "release", sys.argv
verb, args = sys.argv[2], sys.argv[3:]
def flag(name):
    if name in args:
        at = args.index(name)
        value = args[at + 1]
        del args[at : at + 2]
        return value
jq, fields = flag("--jq"), flag("--json")
if verb == "list":
    assert (fields, jq) == ("tagName", ".[].tagName") and int(flag("--limit")) >= 1000
    print("\\n".join(sorted(one.name for one in root.iterdir() if one.is_dir())))
elif verb == "create":
    title, notes = flag("--title"), flag("--notes") or Path(flag("--notes-file")).read_text()
    release = root / args[0]
    release.mkdir()
    (release / ".notes").write_text(notes)
    (release / ".draft").write_text(str("--draft" in args))
    for file in args[1:]:
        if file != "--draft":
            shutil.copy(file, release)
else:
    release = root / args[0]
    assert release.is_dir(), f"release not found: {args[0]}"
    assets = sorted(one for one in release.iterdir() if not one.name.startswith("."))
    if verb == "view":
        assert (fields, jq) == ("assets", ".assets[].name")
        print("\\n".join(one.name for one in assets))
    elif verb == "upload":
        assert not (release / args[1]).exists()
        shutil.copy(args[1], release)
    elif verb == "delete-asset":
        (release / args[1]).unlink()
    elif verb == "download":
        pattern, folder = flag("--pattern"), Path(flag("--dir"))
        found = [one for one in assets if fnmatch(one.name, pattern)]
        assert found, "no assets match the file pattern"
        folder.mkdir(exist_ok=True)
        for one in found:
            assert not (folder / one.name).exists()
            shutil.copy(one, folder)
    else:
        sys.exit(f"unknown: {verb}")
'''


class Runner:
    """Runs the steps of the workflow's job as its machine would, over a PubMed and releases of the test's own."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.releases, self.number = folder, folder / "releases", 0
        self.releases.mkdir()
        (folder / "bin").mkdir()
        gh = folder / "bin" / "gh"
        gh.write_text(f"#!{sys.executable}\n{FAKE_GH}")
        gh.chmod(0o755)
        known = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        self.env = {
            **known,
            "PATH": f"{folder / 'bin'}:{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "XDG_CACHE_HOME": str(folder / "cache"),
            "NCBI_BASE_URL": address,
            "FAKE_RELEASES": str(self.releases),
        }
        self.job: dict[str, Any] = yaml.safe_load(WEEKLY.read_text())["jobs"]["renew"]
        self.said = ""

    def run(self, **variables: str) -> list[str]:
        """Names of the steps that failed; those after one that failed run only where they say so."""
        self.number += 1
        at = self.folder / f"run{self.number}"
        at.mkdir()
        (at / "deploy").symlink_to(DEPLOY)
        failed: list[str] = []
        values = {
            "github.token": "invented-token",
            "github.repository": "Example/Catalog",
            "secrets.NCBI_EMAIL": "librarian@example.org",
            "secrets.NCBI_API_KEY": "",
            "vars.RENEW_BUILD": "",
            **{name.replace("_", ".", 1): value for name, value in variables.items()},
        }

        def filled(env: dict[str, str]) -> dict[str, str]:
            return {k: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: values[m[1]], v) for k, v in env.items()}

        for step in self.job["steps"]:
            if "run" not in step or step["name"].startswith("Install") or (failed and "if" not in step):
                continue
            env = self.env | filled(self.job["env"]) | filled(step.get("env", {}))
            env |= {"GITHUB_STEP_SUMMARY": str(at / "summary.md"), "GITHUB_RUN_NUMBER": str(self.number)}
            (at / "step").write_text(step["run"])
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "step"], cwd=at, env=env, capture_output=True, text=True, check=False
            )
            self.said = done.stdout + done.stderr
            if done.returncode:
                failed.append(step["name"])
        return failed

    def published(self) -> list[Path]:
        """The releases of catalogs, in their order."""
        return sorted(self.releases.glob("catalog-*"), key=lambda one: int(one.name.rsplit("-", 1)[1]))


def test_the_weekly_workflow(tmp_path: Path) -> None:
    """Two weeks, a GitHub that fails, and a build that is refused: nothing is lost, nothing half is published."""
    records = list(synthetic_records(45, 1))
    with PubMed(records[:30], rate=100) as pubmed:
        runner = Runner(tmp_path, pubmed.base_url)
        assert runner.run() == [], runner.said
        (first,) = runner.published()
        assert (first / ".draft").read_text() == "False"
        assert "The first catalog." in (first / ".notes").read_text()
        said, _, name = (first / "catalog.db.sha256").read_text().partition("  ")
        assert (said, name) == (hashlib.sha256((first / "catalog.db").read_bytes()).hexdigest(), "catalog.db\n")
        numbers = json.loads((first / "prisma.json").read_text())
        assert json.loads((first / "bom.cdx.json").read_text())["bomFormat"] == "CycloneDX"
        assert f"Records in the store, to be screened: {numbers['records']}" in (first / "prisma.txt").read_text()
        assert (runner.releases / "store" / ".draft").read_text() == "True"

        for raw in records[30:40]:
            pubmed.corpus.put(raw)
        assert runner.run() == [], runner.said
        second = runner.published()[1]
        with (
            closing(sqlite3.connect(first / "catalog.db")) as old,
            closing(sqlite3.connect(second / "catalog.db")) as new,
        ):
            before, after = (dict(c.execute("SELECT pmid, in_catalog_since FROM articles")) for c in (old, new))
        assert before.items() < after.items()  # what came a week ago came a week ago
        assert re.search(rf"new papers \|\n\|-+\|\n\| +{len(after) - len(before)} \|", (second / ".notes").read_text())

        for day in (1, 2, 3):
            (runner.releases / "store" / f"pubmed-2020010{day}T000000Z.db.gz").touch()
        (runner.releases / "broken").touch()  # not to be taken for a first week
        assert runner.run()[0] == "Fetch the store and the catalog before"
        (runner.releases / "broken").unlink()
        assert len(runner.published()) == 2

        for raw in records[40:]:
            pubmed.corpus.put(raw)
        assert runner.run(vars_RENEW_BUILD="--topics missing.yml") == ["Harvest, build, say what changed"]
        assert len(runner.published()) == 2
        kept = sorted(one.name for one in (runner.releases / "store").glob("pubmed-*.db.gz"))
        assert len(kept) == 4  # the harvest is kept all the same; the oldest went
        assert kept[0] == "pubmed-20200103T000000Z.db.gz"


def test_the_workflow_may_do_little() -> None:
    """No permission by default, each action by its full hash, one run at a time, no secret or input inside a script."""
    text = WEEKLY.read_text()
    found = yaml.safe_load(text)
    assert found["permissions"] == {}
    assert found["concurrency"]["cancel-in-progress"] is False
    assert [job["permissions"] for job in found["jobs"].values()] == [
        {"contents": "write"},
        {"contents": "read", "packages": "write"},
    ]
    assert all(re.search(r"@[0-9a-f]{40} # v\d", line) for line in text.splitlines() if "uses:" in line)
    for job in found["jobs"].values():
        assert all("${{" not in step.get("run", "") for step in job["steps"])
