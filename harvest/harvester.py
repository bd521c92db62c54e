"""Which harvester this is: its version, and a hash of the code that ran."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from harvest.eutils import package_version

__all__ = ["harvester"]


@cache
def harvester() -> str:
    """Such as `0.1.0 (code 0123456789ab)`: the hash is over every Python file of the harvester, by name."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"{package_version()} (code {digest.hexdigest()[:12]})"
