"""The standing claims and their evidence as tables of the catalog: written by a build, read by pages and commands."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from catalog.claims import Claim, ClaimKind, Claims, Outcome
from catalog.dossier import Dossier, gather, question_of

__all__ = ["held_claims", "write_claims"]

_SEPARATOR = ";"  # as in articles.comparator; no value holds one


def write_claims(conn: sqlite3.Connection, claims: Claims) -> None:
    """Fill the tables of claims of a draft whose evidence and full-text index are written; rows in a fixed order."""
    conn.executemany(
        "INSERT INTO claim_kinds VALUES (?, ?, ?, ?)",
        [(kind.id, i, kind.name, kind.description) for i, kind in enumerate(claims.kinds.values(), 1)],
    )
    conn.executemany(
        "INSERT INTO claim_outcomes VALUES (?, ?, ?, ?)",
        [(outcome.id, i, outcome.name, outcome.judged) for i, outcome in enumerate(claims.outcomes.values(), 1)],
    )
    for position, claim in enumerate(claims.claims, 1):
        conn.execute(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                claim.id,
                position,
                claim.statement,
                claim.kind,
                claim.outcome,
                _joined(claim.comparator),
                claim.asserts,
                _joined(claim.words),
                claim.settled_by,
                _joined(claim.designs),
                _joined(claim.versus),
                claim.note,
                claim.outside,
            ),
        )
        products = (*claim.interventions, *claim.apart)
        conn.executemany(
            "INSERT INTO claim_interventions VALUES (?, ?, ?, ?)",
            [(claim.id, i, name, name in claim.apart) for i, name in enumerate(products, 1)],
        )
        conn.executemany(
            "INSERT INTO claim_conditions VALUES (?, ?, ?)",
            [(claim.id, i, name) for i, name in enumerate(claim.conditions, 1)],
        )
        for dossier in gather(conn, question_of(claim), products):
            conn.executemany("INSERT INTO claim_evidence VALUES (?, ?, ?, ?, ?)", sorted(_evidence(claim, dossier)))


def _evidence(claim: Claim, dossier: Dossier) -> Iterator[tuple[str, str, int, int, str]]:
    yield from ((claim.id, dossier.intervention, row.study, row.pmid, "counts") for row in dossier.rows)
    yield from ((claim.id, dossier.intervention, paper.study, paper.pmid, "retracted") for paper in dossier.retracted)


def held_claims(conn: sqlite3.Connection) -> Claims:
    """The claims a catalog holds, in the file's order. Raises sqlite3.Error where it has no such tables."""
    kinds = {
        id_: ClaimKind(id_, name, description)
        for id_, name, description in conn.execute("SELECT id, name, description FROM claim_kinds ORDER BY position")
    }
    outcomes = {
        id_: Outcome(id_, name, bool(judged))
        for id_, name, judged in conn.execute("SELECT id, name, judged FROM claim_outcomes ORDER BY position")
    }
    products: dict[str, dict[bool, list[str]]] = {}
    for claim, name, apart in conn.execute(
        "SELECT claim, intervention, apart FROM claim_interventions ORDER BY claim, position"
    ):
        products.setdefault(claim, {}).setdefault(bool(apart), []).append(name)
    conditions: dict[str, list[str]] = {}
    for claim, name in conn.execute("SELECT claim, condition FROM claim_conditions ORDER BY claim, position"):
        conditions.setdefault(claim, []).append(name)
    rows = conn.execute(
        "SELECT id, statement, kind, outcome, comparator, asserts, words, settled_by, designs, versus, note, outside"
        " FROM claims ORDER BY position"
    )
    claims = tuple(
        Claim(
            id=id_,
            statement=statement,
            kind=kind,
            interventions=tuple(products.get(id_, {}).get(False, ())),
            apart=tuple(products.get(id_, {}).get(True, ())),
            conditions=tuple(conditions.get(id_, ())),
            comparator=_parted(comparator),
            outcome=outcome,
            asserts=asserts,
            words=_parted(words),
            settled_by=settled_by,
            designs=_parted(designs),
            versus=_parted(versus),
            note=note,
            outside=outside,
        )
        for id_, statement, kind, outcome, comparator, asserts, words, settled_by, designs, versus, note, outside in (
            rows
        )
    )
    (sha256,) = conn.execute("SELECT claims_sha256 FROM about").fetchone()
    return Claims(claims, kinds, outcomes, (), sha256)


def _joined(values: tuple[str, ...]) -> str | None:
    return _SEPARATOR.join(values) or None


def _parted(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(_SEPARATOR)) if text else ()
