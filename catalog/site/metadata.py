"""Where `metadata.yml` is: at the top of a checkout, inside the package of an installed wheel."""

from __future__ import annotations

from pathlib import Path

import catalog

__all__ = ["metadata_path"]


def metadata_path() -> Path:
    """The `metadata.yml` that belongs to this code. A checkout's own comes first, so that an edit there is seen."""
    package = Path(catalog.__file__).resolve().parent
    for candidate in (package.parent / "metadata.yml", package / "metadata.yml"):
        if candidate.is_file() and (candidate.parent == package or (package.parent / "pyproject.toml").is_file()):
            return candidate
    raise FileNotFoundError(f"{package / 'metadata.yml'}: missing; install the project again")
