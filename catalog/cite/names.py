"""The people and groups of a citation, in the forms that citation formats ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvest.record import Author

__all__ = ["Person", "author_name"]

# PubMed's initials one by one: "JP" is J and P, "ShA" is Sh and A.
_INITIAL = re.compile(r"[^\W\d_a-z][a-z]?(?![a-z])|\w+")


def author_name(author: Author) -> str:
    """A name as cited: family name, initials, suffix; or the group's name."""
    if author.collective:
        return author.collective
    return " ".join(part for part in (author.last_name, author.initials, author.suffix) if part)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who wrote or edited: a person, or a group (`collective`)."""

    family: str | None
    given: str | None  # as printed; None where only initials are known
    initials: str | None  # as PubMed has them: "JP"
    suffix: str | None
    collective: str | None
    orcid: str | None = None
    affiliation: str | None = None

    @property
    def cited(self) -> str:
        """Family name, initials and suffix as PubMed cites them, or the group."""
        return self.collective or " ".join(part for part in (self.family, self.initials, self.suffix) if part)

    @property
    def first(self) -> str | None:
        """The given names, or else the initials apart ("J P")."""
        return self.given or (" ".join(self.letters) or None)

    @property
    def letters(self) -> tuple[str, ...]:
        """PubMed's initials, one by one."""
        return tuple(_INITIAL.findall(self.initials or ""))

    @property
    def inverted(self) -> str:
        """Family name, given names and suffix with commas between ("Doe, Jane P, Jr"), or the group."""
        return self.collective or ", ".join(part for part in (self.family, self.first, self.suffix) if part)
