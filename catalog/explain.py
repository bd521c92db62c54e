"""Why a record got its tags: every rule that fired, and why the winner won."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from catalog.errors import WrongUse
from catalog.opening import open_catalog
from catalog.tagging.rules import precedence
from catalog.withholding import CUT

__all__ = ["explain"]

# Fields in the order a reader asks about them, with what they are called.
_FIELDS = {
    "design": "Study design",
    "included": "The review includes",
    "lowest_design": "Lowest design it states",
    "level": "Level of evidence (OCEBM 2011, starting level)",
    "jbjs": "Level after JBJS",
    "timing": "Timing",
    "certainty": "Certainty the paper states itself",
    "status": "Status",
    "interventions": "Interventions",
    "roles": "Roles that are not under test",
    "favoured": "The better of two under test",
    "conditions": "Conditions",
    "region": "Region",
    "participants": "Participants",
    "studies": "Studies",
    "comparator": "Comparator",
    "followup_months": "Follow-up in months",
    "basis": "Basis of comparison",
    "direction": "Direction",
    "harms": "Harms",
}


_NAMES = {
    "publication_type": "publication type",
    "mesh": "MeSH heading",
    "notice": "PubMed's link to a notice",
    "retraction_watch": "Retraction Watch",
    "conflict_of_interest": "conflict-of-interest statement",
    "catalog": "status here",
    "model": "learned vote, abstract",
}


def explain(path: Path, pmid: int) -> Iterator[str]:
    """Lines that say, field by field, what was decided, by which rule, on which words, and what lost.

    Raises WrongUse: no such catalog, or no such record in it.
    """
    with closing(open_catalog(path)) as conn:
        conn.row_factory = sqlite3.Row
        article = conn.execute("SELECT * FROM articles WHERE pmid = ?", (pmid,)).fetchone()
        if article is None:
            raise WrongUse(f"PMID {pmid} is not in {path}; it may be off topic, or newer than the last harvest")
        tiers = dict(conn.execute("SELECT id, tier FROM rules").fetchall())
        tags = conn.execute("SELECT rowid, * FROM tags WHERE pmid = ? ORDER BY rowid", (pmid,)).fetchall()
        (carried,) = conn.execute("SELECT abstracts FROM about").fetchone()
        vote = conn.execute("SELECT * FROM votes WHERE pmid = ?", (pmid,)).fetchone()
        around = [
            *_conflicts(conn, pmid),
            *_prompts(conn, pmid),
            *_family(conn, pmid),
            *_cited_retracted(conn, pmid),
            *_curation(conn, pmid),
        ]
    yield f"{pmid}  {article['title'] or '[no title]'}"
    if carried != "full" and article["has_abstract"]:
        what = "no abstracts" if carried == "none" else "excerpts of abstracts"
        yield f"This copy carries {what}: places are in PubMed's, and {CUT} stands for words that are not carried."
    for field, name in _FIELDS.items():
        fired = [tag for tag in tags if tag["field"] == field]
        value = _value(article, field, fired)
        if value is None and not fired:
            continue
        yield ""
        yield f"{name}: {value or 'not stated'}"
        if not fired:
            yield "  no rule fired, so this is the value for what nothing speaks for"
        for tag in sorted(fired, key=lambda t: (not t["chosen"], _rank(field, t, tiers), t["rowid"])):
            yield f"  {'+' if tag['chosen'] else '-'} {tag['value']}  {tag['rule']}  {_place(tag)}: “{tag['quote']}”"
        if field == "design" and vote is not None:
            yield _vote(vote)
        reason = _why(field, fired, tiers)
        if reason:
            yield f"  {reason}"
    yield from around


def _vote(vote: sqlite3.Row) -> str:
    """What the learned vote said, how sure it was, on which words, and what came of it."""
    said = vote["label"] if vote["value"] in (None, vote["label"]) else f"{vote['label']}, here {vote['value']}"
    words = ", ".join(f"“{text}” {weight:.2f}" for text, _, _, weight in json.loads(vote["words"]))
    heard = "heard" if vote["heard"] else "not heard: no other design than the rules', or not sure enough"
    return f"  learned vote: {said}, score {vote['score']:.2f}, on {words or 'no word of the abstract'} ({heard})"


def _conflicts(conn: sqlite3.Connection, pmid: int) -> Iterator[str]:
    """Where the record's sources disagree: PubMed's type with its words, or its conclusion with its results."""
    rows = conn.execute("SELECT * FROM conflicts WHERE pmid = ? ORDER BY field, rule", (pmid,)).fetchall()
    if rows:
        yield ""
        yield "Conflicts, kept and shown:"
    for row in rows:
        chosen = f"{_name(row['field'])} is {row['chosen'] or 'left open'}, against it stands {row['disagrees']}"
        if row["says"] is None:
            yield f"  {chosen}  {row['rule']}  {_NAMES.get(row['source'], row['source'])}: “{row['quote']}”"
            continue
        yield f"  {row['says']}  {row['rule']}  ({chosen})"
        yield f"    concluded ({row['source']}): “{row['quote']}”"
        yield f"    results: “{row['results']}”"


def _name(field: str) -> str:
    name = _FIELDS[field]
    return name[0].lower() + name[1:]


def _prompts(conn: sqlite3.Connection, pmid: int) -> Iterator[str]:
    rows = conn.execute(
        "SELECT k.name, p.* FROM prompts p JOIN prompt_kinds k ON k.id = p.prompt WHERE p.pmid = ?"
        " ORDER BY k.position, p.rowid",
        (pmid,),
    ).fetchall()
    if rows:
        yield ""
        yield "To weigh when grading (nothing is graded here):"
    for row in rows:
        if row["quote"] is None:
            yield f"  {row['name']}  {row['rule']}: nothing in title or abstract says it"
        else:
            yield f"  {row['name']}  {row['rule']}  {_place(row)}: “{row['quote']}”"


def _family(conn: sqlite3.Connection, pmid: int) -> Iterator[str]:
    members = conn.execute(
        "SELECT * FROM trial_families WHERE family = (SELECT family FROM trial_families WHERE pmid = ?) ORDER BY pmid",
        (pmid,),
    ).fetchall()
    if members:
        yield ""
        yield f"One of {len(members)} reports of one trial or paper (family {members[0]['family']}):"
    for row in members:
        counts = "; counts for the family" if row["represents"] else ""
        yield f"  {row['pmid']}  {row['rule']}: “{row['quote']}”{counts}"


def _cited_retracted(conn: sqlite3.Connection, pmid: int) -> Iterator[str]:
    rows = conn.execute("SELECT * FROM leans_on_retracted WHERE pmid = ? ORDER BY cited_pmid", (pmid,)).fetchall()
    if rows:
        yield ""
        yield "Its reference list holds retracted papers:"
    for row in rows:
        yield f"  PMID {row['cited_pmid']}  {_NAMES.get(row['source'], row['source'])}: “{row['quote']}”"


def _curation(conn: sqlite3.Connection, pmid: int) -> Iterator[str]:
    rows = conn.execute("SELECT * FROM curation WHERE pmid = ? ORDER BY line", (pmid,)).fetchall()
    if rows:
        yield ""
        yield "Corrected by hand:"
    outcomes = {
        "corrects": "",
        "rules_agree": "; the rules now say the same",
        "does_not_fit": "; no effect: not asked of this design",
    }
    for row in rows:
        yield (
            f"  {row['field']} {row['value']}  by {row['who']}, {row['when']}: “{row['why']}”"
            f" (the rules say {row['rules_say'] or 'nothing'}{outcomes[row['outcome']]})"
        )


def _value(article: sqlite3.Row, field: str, fired: list[sqlite3.Row]) -> str | None:
    if field in article.keys():  # noqa: SIM118 - a Row's `in` looks at values
        found = article[field]
        return None if found is None else str(found)
    values = dict.fromkeys(tag["value"] for tag in fired if tag["chosen"])
    return ", ".join(values) or None


def _place(tag: sqlite3.Row) -> str:
    source: str = tag["source"]
    if tag["start"] is None:
        return _NAMES.get(source, source)
    return f"{_NAMES.get(source, source)} {tag['start']}-{tag['end']}"


def _tier(tag: sqlite3.Row, tiers: dict[str, str]) -> str:
    return tiers.get(tag["rule"]) or ""


def _rank(field: str, tag: sqlite3.Row, tiers: dict[str, str]) -> int:
    """Where the tag stands in the written precedence; fields without one keep reading order."""
    try:
        order = precedence(field)
    except KeyError:
        return 0
    tier = _tier(tag, tiers)
    ranks = [
        i for i, (value, name) in enumerate(order) if value == tag["value"] and name in (tier, f"{tier}_automated")
    ]
    return min(ranks, default=len(order))


def _why(field: str, fired: list[sqlite3.Row], tiers: dict[str, str]) -> str | None:
    """Why the winner won, where something lost."""
    chosen = [tag for tag in fired if tag["chosen"]]
    lost = [tag for tag in fired if not tag["chosen"]]
    if field not in ("design", "included", "timing") or not chosen or not lost:
        return None
    if any(tag["source"] == "curator" for tag in chosen):
        return f"{chosen[0]['value']} is a curator's word, which stands above every rule"
    if any(tag["source"] == "model" for tag in chosen):
        return f"{chosen[0]['value']} is the learned vote's, asked because the rules knew little (rules/vote.yml)"
    best = min(chosen, key=lambda tag: _rank(field, tag, tiers))
    second = min(lost, key=lambda tag: _rank(field, tag, tiers))
    return (
        f"{best['value']} ({_tier(best, tiers)}) stands before {second['value']} ({_tier(second, tiers)})"
        " in rules/precedence.yml"
    )
