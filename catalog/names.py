"""Everything a reader meets as a name, in display order, and every rule: written into a draft before its records."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from importlib import metadata
from typing import Any

from catalog.claims import Claims
from catalog.curation import Curation
from catalog.inserting import insert
from catalog.retractions import Watch
from catalog.tagging.basis import FROM_DESIGN
from catalog.tagging.estimates import estimate_rules
from catalog.tagging.listed import LISTED, listed
from catalog.tagging.overrides import RULE
from catalog.tagging.prompts import prompt_kinds
from catalog.tagging.spin import spin_rules
from catalog.tagging.tables import NAMES, raw, table
from catalog.tagging.vote import vote_rule, weights
from catalog.withholding import Abstracts
from harvest.topics import Topics

__all__ = ["rules_sha256", "write_names"]

# Fields whose rules are those of tagging/rules.py.
_ALONG = (
    "design",
    "included",
    "timing",
    "certainty",
    "prompts",
    "basis",
    "direction",
    "harms",
    "roles",
    "results",
)


def write_names(
    conn: sqlite3.Connection,
    topics: Topics,
    curation: Curation,
    watch: Watch,
    claims: Claims,
    *,
    sample: bool,
    abstracts: Abstracts,
) -> None:
    """Write what the build goes by (`about`), every named value and every rule."""
    insert(
        conn,
        "about",
        [
            (
                topics.title,
                topics.subject,
                topics.short_subject,
                topics.description,
                json.dumps(topics.examples, ensure_ascii=False),
                topics.sha256,
                rules_sha256(),
                metadata.version("lbp-evidence-catalog"),
                sample,
                curation.sha256,
                watch.sha256,
                claims.sha256,
                topics.name,
                topics.region and topics.region.id,
                topics.region and topics.region.place,
                abstracts,
            )
        ],
    )
    insert(conn, "vocabulary", [(topics.text,)])
    if topics.region:
        insert(conn, "regions", [(n, i, name, counts) for i, (n, name, counts) in enumerate(topics.region.names, 1)])
    for name, entries in (("designs", table("designs")), ("levels", table("levels")["names"])):
        insert(conn, name, [(key, i, e["name"], e["description"]) for i, (key, e) in enumerate(entries.items(), 1)])
    for name, concepts in (("interventions", topics.interventions), ("conditions", topics.conditions)):
        tagged = [concept for concept in concepts if not concept.search_only]
        insert(conn, name, [(c.id, i, c.name, c.short, c.description) for i, c in enumerate(tagged, 1)])
    insert(conn, "prompt_kinds", [(k.id, i, k.name, k.description) for i, k in enumerate(prompt_kinds(), 1)])
    rules: list[tuple[Any, ...]] = [
        (RULE, "curation", None, None, "A person's correction; see the table curation"),
        ("prompt.status", "prompts", "retracted", None, "The record's status"),
    ]
    for field in _ALONG:  # as the files have them: their patterns are compiled by the processes that tag
        rules += [(e["id"], field, str(e["value"]), str(e["tier"]), str(e["cites"])) for e in table(field)["rules"]]
    rules.append((FROM_DESIGN, "basis", None, None, "Codebook: arms compared or not, by the design"))
    rules += [(rule, "direction", value, tier, cites) for rule, value, tier, cites in estimate_rules()]
    rules += [(rule, "spin", None, None, f"{says} {cites}") for rule, says, cites in spin_rules()]
    rules.append(vote_rule())
    for field in LISTED:
        rules += [(rule, field, value, tier, cites) for rule, value, tier, cites in listed(field)]
    rules += [(entry["id"], "status", entry["value"], None, None) for entry in table("status")["rules"]]
    rules += [(entry["id"], "families", entry["value"], None, entry["cites"]) for entry in table("families")["rules"]]
    rules += [(entry["id"], "topic", None, None, entry["where"]) for entry in table("topic")["rules"]]
    insert(conn, "rules", sorted(rules))


def rules_sha256() -> str:
    """A hash over every rules file and the vote's weights: which rules decided."""
    digest = hashlib.sha256()
    for name in NAMES:
        digest.update(raw(name))
    digest.update(weights())
    return digest.hexdigest()
