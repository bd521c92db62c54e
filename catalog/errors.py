"""Every error the catalog raises on purpose, besides the harvester's (harvest/errors.py), which it shares.

HarvestError
├── WrongUse            the command was given something it cannot work with (exit 2)
└── CatalogError        a catalog cannot be made or read (exit 1)
    └── Refused         a step was not taken because it would lose something; the message says how to insist
"""

from harvest.errors import HarvestError, WrongUse

__all__ = ["CatalogError", "Refused", "WrongUse"]


class CatalogError(HarvestError):
    """A catalog cannot be made or read; one line that names the file and what to do."""


class Refused(CatalogError):
    """Going on would lose something that is kept; the message says how to insist."""
