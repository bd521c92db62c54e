"""What is installed: the same bytes wherever it is built, all data files and nothing else, and it runs by itself."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.request import urlopen

import pytest

from supply.locks import TOP
from tests.running import serving

NOWHERE = "http://127.0.0.1:9/entrez/eutils/"
NOT_SOURCE = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "*.db", "dist", "build")


def built(tree: Path, into: Path, kind: str, **env: str) -> Path:
    """The wheel or sdist of a source tree."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)]
    known = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    subprocess.run(command, cwd=tree, env={**known, **env}, check=True, capture_output=True)
    (made,) = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return built(TOP, tmp_path_factory.mktemp("dist"), "wheel")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same sources in another directory, written at another time by somebody whose files only they may read."""
    tree = tmp_path_factory.mktemp("else where") / "tree"
    shutil.copytree(TOP, tree, ignore=NOT_SOURCE)
    for path in tree.rglob("*"):
        path.chmod(0o700 if path.is_dir() or path.stat().st_mode & 0o100 else 0o600)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return tree


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_built_twice_it_is_the_same(elsewhere: Path, tmp_path: Path, kind: str) -> None:
    """Another directory, time, umask, time zone, language and hash seed: the same file, byte for byte."""
    here = built(TOP, tmp_path / "here", kind)
    before = os.umask(0o077)
    try:
        there = built(elsewhere, tmp_path / "there", kind, TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    finally:
        os.umask(before)
    assert sha256(here) == sha256(there)


def test_the_sdist_gives_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Who builds from the published sources gets what is published."""
    shutil.unpack_archive(built(TOP, tmp_path / "sdist", "sdist"), tmp_path, filter="data")
    (tree,) = tmp_path.glob("lbp_evidence_catalog-*")
    assert sha256(built(tree, tmp_path / "wheel", "wheel")) == sha256(wheel)


def test_it_holds_every_file_and_nothing_else(wheel: Path) -> None:
    """Every file of the two packages, metadata.yml, the licence, and what the format asks for."""
    packed = {info.filename for info in zipfile.ZipFile(wheel).infolist()}
    info = {name for name in packed if ".dist-info/" in name}
    assert {name.partition("/")[2] for name in info} == {
        "METADATA",
        "WHEEL",
        "RECORD",
        "entry_points.txt",
        "licenses/LICENSE",
    }
    sources = {
        path.relative_to(TOP).as_posix()
        for package in ("catalog", "harvest")
        for path in (TOP / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed - info == {*sources, "catalog/metadata.yml"}
    kinds = {Path(name).suffix for name in packed - info}
    assert kinds == {".py", ".typed", ".yml", ".json", ".sql", ".css", ".html", ".svg", ".xml", ".tsv"}


def test_installed_elsewhere_it_runs(wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`catalog up` of an installed wheel, far from the checkout and without PubMed, shows the sample and its tables."""
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    where = [sys.executable, "-c", "import catalog, harvest; print(catalog.__file__, harvest.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.split()
    assert all(Path(file).is_relative_to(installed) for file in found)
    with serving(["up", "--port", "0"], tmp_path, base_url=NOWHERE) as served:
        for address in (
            "/",
            "/search",
            "/articles/970000001",
            "/lists",
            "/reliability",
            "/claims",
            "/catalog/articles",
        ):
            with urlopen(served.address + address, timeout=20) as answer:  # noqa: S310 - loopback
                assert answer.status == 200
                assert b"SAMPLE" in answer.read()
