"""Every error the harvester raises on purpose.

HarvestError            what a user can act on: one line that names the file, record or flag, and what to do
├── WrongUse            the command was given something it cannot work with (exit 2)
├── Unreachable         PubMed could not be reached or would not answer (exit 3)
└── BadRecord           one record cannot be parsed; the rest goes on (exit 1 at the end)
"""

__all__ = ["BadRecord", "HarvestError", "Unreachable", "WrongUse"]


class HarvestError(Exception):
    """An error whose message is one line, clear to the person at the keyboard."""

    exit_status = 1


class WrongUse(HarvestError):
    """A flag, path or file the command cannot work with."""

    exit_status = 2


class Unreachable(HarvestError):
    """PubMed could not be reached, or gave no usable answer after every retry."""

    exit_status = 3


class BadRecord(HarvestError):
    """One record that is not what NLM's DTD promises; it is set aside with its raw bytes."""
