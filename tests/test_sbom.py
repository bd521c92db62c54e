"""The bill of materials: valid CycloneDX, complete, and the same bytes from the same lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import supply.sbom
from supply.licences import Licence
from supply.locks import LOCK, TOP, direct, read_lock
from supply.sbom import bill, text


def objection(document: str) -> object:
    """What CycloneDX's schema objects to; None where it objects to nothing."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator  # a second to import: not while tests are collected

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(document)


def test_it_is_valid() -> None:
    """CycloneDX's own schema, read strictly, accepts it."""
    assert objection(text()) is None


def test_the_validator_would_object() -> None:
    """The check is one: a bill with a hash that is none is refused."""
    wrong = bill()
    wrong["components"][0]["externalReferences"][0]["hashes"][0]["content"] = "none"
    assert objection(json.dumps(wrong)) is not None


def test_it_holds_the_lock() -> None:
    """Every package of the lock with its hashes and licence; what runs is told from what only builds the wheel."""
    made = bill()
    held = {(c["name"], c["version"]): c for c in made["components"]}
    lock = read_lock(LOCK)
    assert set(held) == {(package.name, package.version) for package in lock}
    for package in lock:
        component = held[package.name, package.version]
        hashes = component["externalReferences"][0]["hashes"]
        assert tuple(one["content"] for one in hashes) == package.hashes
        assert component["licenses"][0]["expression"]
    scopes = {name: component["scope"] for (name, _), component in held.items()}
    assert {scopes[name] for name in direct()} == {"required"}
    assert scopes["hatchling"] == "excluded"
    root = next(one for one in made["dependencies"] if one["ref"] == made["metadata"]["component"]["bom-ref"])
    assert {ref.split("/")[1].split("@")[0] for ref in root["dependsOn"]} == set(direct())
    references = {c["bom-ref"] for c in made["components"]}
    assert {ref for one in made["dependencies"] for ref in one["dependsOn"]} <= references


def test_one_lock_gives_one_text(tmp_path: Path) -> None:
    """Elsewhere, in another language and time zone: the same bytes, with no time in them."""
    env = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    places = {"PYTHONPATH": str(TOP), "LC_ALL": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "supply.sbom", "-o", "bom.json"]
    subprocess.run(command, cwd=tmp_path, env={**env, **places}, check=True)
    assert (tmp_path / "bom.json").read_text("utf-8") == text()
    assert "timestamp" not in bill()["metadata"]


def test_the_time_is_the_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH gives the time, and another bill another serial number."""
    before = bill()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    after = bill()
    assert after["metadata"]["timestamp"] == "2026-01-01T00:00:00Z"
    assert after["serialNumber"] != before["serialNumber"]


def test_a_licence_not_permitted_makes_no_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package under a licence that is not permitted is named instead."""
    monkeypatch.setattr(supply.sbom, "licence_of", lambda name: Licence("GPL-3.0-only", declared=True, note=""))
    with pytest.raises(ValueError, match=r"aiofiles: GPL-3\.0-only is not among"):
        bill()
