"""Every error the catalog raises on purpose.

CatalogError            what a user can act on: one line that names the file, record or flag, and what to do
├── WrongUse            the command was given something it cannot work with (exit 2)
└── Refused             a step was not taken because it would lose something (exit 1)
"""

__all__ = ["CatalogError", "Refused", "WrongUse"]


class CatalogError(Exception):
    """An error whose message is one line, clear to the person at the keyboard."""

    exit_status = 1


class WrongUse(CatalogError):
    """A flag, path or file the command cannot work with."""

    exit_status = 2


class Refused(CatalogError):
    """Going on would lose something that is kept; the message says how to insist."""
