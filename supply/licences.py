"""The licence of each package of the lock, as an SPDX expression: from its installed metadata, or as somebody read it.

What may be used, and what was read where metadata say too little, stands in licences.yml.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import yaml
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from supply.locks import LOCK, read_lock

__all__ = ["Licence", "UnknownLicence", "licence_of", "licences", "refused"]

WORDS = Path(__file__).with_name("licences.yml")


class UnknownLicence(ValueError):
    """Nobody can say under which licence a package is; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What a package may be used under."""

    expression: str  # SPDX
    declared: bool  # by its metadata; else concluded by reading
    note: str  # what else is true; '' where metadata say all


@cache
def _words() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text("utf-8"))
    return read


def licences() -> dict[str, Licence]:
    """The licence of every package of requirements.lock, by name. Raises UnknownLicence."""
    return {name: licence_of(name) for name in sorted({package.name for package in read_lock(LOCK)})}


def licence_of(name: str) -> Licence:
    """The licence of an installed package. Raises UnknownLicence."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        raise UnknownLicence(f"{name}: not installed; install requirements-dev.lock") from None
    read = _words()["read"].get(name)
    if read is not None:
        if fingerprint(installed) != read["sha256"]:
            raise UnknownLicence(f"{name}: its licence text is another than was read; read it, renew {WORDS.name}")
        return Licence(read["spdx"], declared=False, note=read["note"])
    note = _words()["notes"].get(name, "")
    expression = _declared(installed)
    if expression is None:
        raise UnknownLicence(f"{name}: its metadata name no licence; read it and enter it in {WORDS.name}")
    return Licence(expression, declared=True, note=note)


def _declared(installed: Distribution) -> str | None:
    """What the metadata declare, where it is one licence that SPDX knows."""
    metadata = installed.metadata
    said = [(metadata.get_all(name) or [""])[0] for name in ("License-Expression", "License")]
    classifiers = [
        value.rpartition(" :: ")[2] for value in metadata.get_all("Classifier") or [] if value.startswith("License :: ")
    ]
    for one in [*said, *(classifiers if len(classifiers) == 1 else [])]:
        if one and (spdx := _spdx(_words()["words"].get(one, one))):
            return spdx
    return None


def _spdx(text: str) -> str | None:
    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        return None


def fingerprint(installed: Distribution) -> str:
    """SHA-256 over the licence files of a package, hex: changes when what was read changes."""
    digest = hashlib.sha256()
    for file in sorted(installed.files or [], key=str):
        if file.parts[0].endswith(".dist-info") and file.name.upper().startswith(("LICEN", "COPYING")):
            digest.update(file.name.encode() + b"\0" + Path(str(file.locate())).read_bytes())
    return digest.hexdigest()


def refused(licence: Licence) -> list[str]:
    """The parts of an expression that licences.yml does not permit: of `A OR B` one is enough."""
    permitted = set(_words()["permitted"])
    alternatives = [part.strip(" ()") for part in licence.expression.split(" OR ")]
    wrong = [
        [one for one in map(str.strip, each.split(" AND ")) if one.strip("()") not in permitted]
        for each in alternatives
    ]
    return min(wrong, key=len)
