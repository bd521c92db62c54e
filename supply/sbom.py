"""`python -m supply.sbom [-o FILE]`: the bill of materials of what users install, as CycloneDX 1.6 JSON.

Made from requirements.lock, with licences from the installed packages. One lock gives one text, byte for byte: the
serial number comes from the content, and there is no time in it unless SOURCE_DATE_EPOCH gives one.
"""

from __future__ import annotations

import json
import os
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from supply.licences import UnknownLicence, licence_of, refused
from supply.locks import LOCK, TOP, BadLock, Pinned, direct, reached, read_lock

__all__ = ["bill", "main", "text"]

_SPACE = uuid.UUID("6a5b3a0e-54f5-5f0c-9f5e-0d8a4b8d9c11")  # of serial numbers: the same content has the same


def bill() -> dict[str, Any]:
    """The bill as a JSON document. Raises BadLock, UnknownLicence; ValueError where a licence is not permitted."""
    lock = read_lock(LOCK)
    needed = reached(lock, direct())
    known = {package.name for package in lock}
    needs = reached(lock, known)
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    root = {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"], "acknowledgement": "declared"}}],
    }
    document: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": root},
        "components": [_component(package, required=package.name in needed) for package in lock],
        "dependencies": [
            {"ref": project["name"], "dependsOn": _references(lock, direct())},
            *({"ref": _purl(package), "dependsOn": _references(lock, needs[package.name])} for package in lock),
        ],
    }
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        made = datetime.fromtimestamp(int(epoch), UTC)
        document["metadata"]["timestamp"] = made.isoformat(timespec="seconds").replace("+00:00", "Z")
    content = json.dumps(document, sort_keys=True, ensure_ascii=False)
    return {**document, "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, content)}"}


def text() -> str:
    """The bill as it is published. Raises as `bill` does."""
    return json.dumps(bill(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _component(package: Pinned, *, required: bool) -> dict[str, Any]:
    licence = licence_of(package.name)
    if wrong := refused(licence):
        raise ValueError(
            f"{package.name}: {', '.join(wrong)} is not among the licences that supply/licences.yml permits"
        )
    said = "declared" if licence.declared else "concluded"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "scope": "required" if required else "excluded",  # the latter: to build the wheel, not to run it
        "licenses": [{"expression": licence.expression, "acknowledgement": said}],
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{package.name}/{package.version}/#files",
                "comment": "SHA-256 of each file that may be installed",
                "hashes": [{"alg": "SHA-256", "content": one} for one in package.hashes],
            }
        ],
    }
    if package.marker:
        component["properties"] = [{"name": "python:marker", "value": package.marker}]
    return component


def _purl(package: Pinned) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"


def _references(lock: list[Pinned], names: list[str] | tuple[str, ...]) -> list[str]:
    return sorted(_purl(package) for package in lock if package.name in names)


@click.command()
@click.option("-o", "output", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it; else stdout.")
def main(output: Path | None) -> None:
    """Print the bill of materials of what users install, as CycloneDX 1.6 JSON."""
    try:
        made = text()
    except (BadLock, UnknownLicence, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if output is None:
        click.echo(made, nl=False)
    else:
        output.write_text(made, "utf-8")


if __name__ == "__main__":
    main()
