"""What a catalog says of the labelled records, and by which rule."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.evaluation.fields import FIELDS, Field
from catalog.evaluation.gold import number_text
from catalog.tagging.rules import precedence

__all__ = ["About", "Tagged", "about", "filled", "tagged", "vocabulary"]


@dataclass(frozen=True, slots=True)
class About:
    """Which catalog this is: the program and rules that made it."""

    version: str
    rules_sha256: str
    topics_sha256: str
    articles: int
    sample: bool


@dataclass(frozen=True, slots=True)
class Tagged:
    """A record's values by field, each a sorted tuple, and the rule that decided by (field, value).

    A value without a rule came by default: nothing fired.
    """

    values: dict[str, tuple[str, ...]]
    rules: dict[tuple[str, str], str]

    def rule(self, field: Field, value: str) -> str | None:
        """The rule that decided a value; where a role has none of its own, the one that found the intervention."""
        # a number's tag may be written otherwise than its column (12.0, "twelve"), but there is only one
        own = self.rules.get((field.name, "" if field.kind == "number" else value))
        return own or (self.rules.get(("interventions", value.split(":")[0])) if field.role else None)


def about(conn: sqlite3.Connection) -> About:
    """Which catalog this is."""
    version, rules, topics, sample = conn.execute(
        "SELECT version, rules_sha256, topics_sha256, sample FROM about"
    ).fetchone()
    articles = conn.execute("SELECT count(*) FROM articles").fetchone()[0]
    return About(version, rules, topics, articles, bool(sample))


def vocabulary(conn: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """The values that the catalog's own tables list, in their order, by table."""
    tables = {field.table for field in FIELDS if field.table is not None}
    return {
        table: tuple(row[0] for row in conn.execute(f"SELECT id FROM {table} ORDER BY position"))  # noqa: S608 - ours
        for table in sorted(tables)
    }


def filled(conn: sqlite3.Connection, field: Field) -> bool:
    """Whether the catalog's tagger decides the field at all: some record has a value, or there are rules for it."""
    if not field.optional:
        return True
    if field.role is not None:
        given = "role <> 'experimental'" if field.role == "any" else _of_role(field.role)
        query = f"SELECT 1 FROM article_interventions WHERE {given} LIMIT 1"  # noqa: S608 - ours
    else:
        query = f"SELECT 1 FROM articles WHERE {field.name} IS NOT NULL LIMIT 1"  # noqa: S608 - ours
    if conn.execute(query).fetchone() is not None:
        return True
    return conn.execute("SELECT 1 FROM rules WHERE field = ?", (field.name,)).fetchone() is not None


def tagged(conn: sqlite3.Connection, pmids: Iterable[int], fields: Iterable[Field]) -> dict[int, Tagged]:
    """What the catalog says of those of the PMIDs that it holds."""
    fields = tuple(fields)
    tiers: dict[str, str | None] = dict(conn.execute("SELECT id, tier FROM rules"))
    ranks = {name: _ranks(name) for name in {field.name for field in fields}}
    found: dict[int, Tagged] = {}
    for pmid in pmids:
        article = conn.execute("SELECT indexing_method FROM articles WHERE pmid = ?", (pmid,)).fetchone()
        if article is not None:
            values = {field.name: _values(conn, pmid, field) for field in fields}
            found[pmid] = Tagged(values, _rules(conn, pmid, ranks, tiers, automated=article[0] == "Automated"))
    return found


def _values(conn: sqlite3.Connection, pmid: int, field: Field) -> tuple[str, ...]:
    if field.role is not None:
        shown = "intervention || ':' || role" if field.role == "any" else "intervention"
        query = f"SELECT {shown} FROM article_interventions WHERE pmid = ? AND {_of_role(field.role)}"  # noqa: S608 - ours
        return tuple(sorted(row[0] for row in conn.execute(query, (pmid,))))
    if field.name == "conditions":
        query = "SELECT condition FROM article_conditions WHERE pmid = ?"
        return tuple(sorted(row[0] for row in conn.execute(query, (pmid,))))
    value = conn.execute(f"SELECT {field.name} FROM articles WHERE pmid = ?", (pmid,)).fetchone()[0]  # noqa: S608 - ours
    if value is None:
        return ()
    if field.kind == "number":
        return (number_text(value),)
    return tuple(sorted(value.split(";"))) if field.kind == "several" else (value,)


def _of_role(role: str) -> str:
    return {"favoured": "favoured = 1", "any": "1"}.get(role, f"role = '{role}'")


def _rules(
    conn: sqlite3.Connection,
    pmid: int,
    ranks: Mapping[str, Mapping[tuple[str, str], int]],
    tiers: Mapping[str, str | None],
    *,
    automated: bool,
) -> dict[tuple[str, str], str]:
    """The deciding rule by (field, value), and by (field, "") for a field's only value.

    A curator decides before any rule; the learned vote has a tag only where it decided. Then, where there is a written
    precedence, what stands first in it; then what the tagger names first.
    """
    best: dict[tuple[str, str], tuple[tuple[bool, bool, int], str]] = {}
    query = "SELECT field, value, rule, source FROM tags WHERE pmid = ? AND chosen = 1 ORDER BY rowid"
    for name, value, rule, source in conn.execute(query, (pmid,)):
        tier = tiers.get(rule) or ""
        if automated and tier == "type" and source == "publication_type":
            tier = "type_automated"
        order = ranks.get(name, {})
        rank = (source != "curator", source != "model", order.get((value, tier), len(order)))
        for key in ((name, value), (name, "")):
            if key not in best or rank < best[key][0]:
                best[key] = (rank, rule)
    return {key: rule for key, (_, rule) in best.items()}


def _ranks(name: str) -> dict[tuple[str, str], int]:
    try:
        return {pair: place for place, pair in enumerate(precedence(name))}
    except KeyError:  # a field without a written precedence
        return {}
