"""A file of hand labels against a catalog."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from catalog.errors import WrongUse
from catalog.evaluation.bootstrap import ROUNDS
from catalog.evaluation.compare import FieldScore, compare
from catalog.evaluation.fields import ROLES, Field
from catalog.evaluation.gold import SetAside, read_gold, read_pmids
from catalog.evaluation.tagged import About, about, filled, tagged, vocabulary
from catalog.opening import open_catalog

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All fields compared, and everything that was not: nothing is left out without being named here."""

    gold: str  # the file's name
    gold_sha256: str
    catalog: About
    labelled: int  # records, of those asked for
    restricted: bool  # whether only a list of PMIDs was asked for
    missing: tuple[int, ...]  # labelled, not in the catalog
    unlabelled: tuple[int, ...]  # asked for, not labelled
    unread_columns: tuple[str, ...]
    set_aside: tuple[SetAside, ...]
    not_tagged_yet: dict[str, int]  # fields the catalog does not fill, with how many records are labelled
    fields: tuple[FieldScore, ...]
    rounds: int  # of the bootstrap

    @property
    def compared(self) -> int:
        """Records with labels that the catalog holds."""
        return self.labelled - len(self.missing)

    @property
    def exit_status(self) -> int:
        """0 all compared, 1 something was set aside and is listed."""
        return 1 if self.missing or self.unlabelled or self.set_aside else 0


def evaluate(gold: Path, catalog: Path, *, pmids: Path | None = None, rounds: int = ROUNDS) -> Evaluation:
    """Compare a catalog with a tab-separated file of hand labels (columns `pmid` and the codebook's fields).

    Args:
        gold: the labels.
        catalog: a `catalog.db`.
        pmids: a file of PMIDs, one a line: compare these only.
        rounds: of the bootstrap.

    Raises:
        WrongUse: a file is missing or wrong, or there is nothing to compare; one line.
    """
    asked = read_pmids(pmids) if pmids is not None else None
    with closing(open_catalog(catalog)) as conn:
        words = vocabulary(conn)
        labels = read_gold(gold, words)
        chosen = {pmid: row for pmid, row in labels.labels.items() if asked is None or pmid in set(asked)}
        if not chosen:
            raise WrongUse(f"{pmids or gold}: names no record that is labelled in {gold}")
        found = tagged(conn, chosen, labels.fields)
        if not found:
            raise WrongUse(
                f"{catalog}: holds none of the {len(chosen)} labelled records;"
                " harvest them with `harvest files FILE --all`, then `catalog build`"
            )
        there = {field.name for field in labels.fields if filled(conn, field)}
        described = about(conn)
    return Evaluation(
        gold=labels.name,
        gold_sha256=labels.sha256,
        catalog=described,
        labelled=len(chosen),
        restricted=asked is not None,
        missing=tuple(pmid for pmid in chosen if pmid not in found),
        unlabelled=tuple(pmid for pmid in asked or () if pmid not in chosen),
        unread_columns=labels.unread_columns,
        set_aside=tuple(cell for cell in labels.set_aside if cell.pmid in chosen),
        not_tagged_yet={
            field.name: sum(1 for pmid in found if chosen[pmid].get(field.name))
            for field in labels.fields
            if field.name not in there
        },
        fields=tuple(
            compare(field, _column(chosen, field), found, _order(field, words), rounds=rounds)
            for field in labels.fields
            if field.name in there
        ),
        rounds=rounds,
    )


def _column(labels: dict[int, dict[str, tuple[str, ...]]], field: Field) -> dict[int, tuple[str, ...]]:
    """The field's labels; a record whose cell was set aside is not among them."""
    return {pmid: row[field.name] for pmid, row in labels.items() if field.name in row}


def _order(field: Field, words: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    if field.name == ROLES:
        return tuple(
            f"{word}:{role}" for word in words["interventions"] for role in ("experimental", "comparator", "adjunct")
        )
    return words[field.table] if field.table is not None else field.values or ()
