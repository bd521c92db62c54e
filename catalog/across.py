"""What it takes more than one record to tell, once all are written to a draft.

Status by others' notices and by Retraction Watch, trial families, comment threads, reviews that cite a retracted paper,
what counts as evidence.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass

from catalog.evidence import write_evidence
from catalog.families import Report, components, families
from catalog.retractions import Matched, Watch, WatchLine, match, rule_of, standing_lines
from catalog.tagging.status import settle, status_rules
from catalog.tagging.tables import table
from catalog.tagging.tags import Tag

__all__ = ["INVERSE", "Told", "tell_across"]

# PubMed's CommentsCorrections RefTypes in pairs: what one record calls the other, and how the other calls it back.
_PAIRS = {
    "RetractionIn": "RetractionOf",
    "RetractedandRepublishedIn": "RetractedandRepublishedFrom",
    "ExpressionOfConcernIn": "ExpressionOfConcernFor",
    "ErratumIn": "ErratumFor",
    "CorrectedandRepublishedIn": "CorrectedandRepublishedFrom",
    "RepublishedIn": "RepublishedFrom",
    "UpdateIn": "UpdateOf",
    "CommentIn": "CommentOn",
    "SummaryForPatientsIn": "SummaryForPatientsOf",
    "AssociatedDataset": "AssociatedPublication",
    "ReprintIn": "ReprintOf",
}
INVERSE = _PAIRS | {back: kind for kind, back in _PAIRS.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """How many lines of the Retraction Watch list are about articles here, and what was wrong, one line each."""

    watched: int
    troubles: tuple[str, ...]


def tell_across(conn: sqlite3.Connection, watch: Watch) -> Told:
    """Complete a draft whose records are all written; reads and writes its tables, in a fixed order."""
    matched, troubles = match(watch, dict(conn.execute("SELECT pmid, doi FROM articles ORDER BY pmid").fetchall()))
    conn.executemany("INSERT INTO notice_kinds VALUES (?, ?)", sorted(INVERSE.items()))
    conn.executemany(
        "INSERT INTO retraction_watch VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (x.record_id, m.pmid, m.by, x.nature, x.date, x.reason, x.notice_pmid, x.notice_doi)
            for m in matched
            for x in (m.line,)
        ],
    )
    _settle_statuses(conn, matched)
    _prompt_retracted(conn)
    _write_families(conn)
    write_evidence(conn)
    threads = conn.execute(
        "SELECT pmid, notice_pmid FROM notices WHERE kind IN ('CommentIn', 'CommentOn') AND notice_pmid IS NOT NULL"
    ).fetchall()
    conn.executemany(
        "INSERT INTO comment_threads VALUES (?, ?)",
        [(group[0], pmid) for group in components(threads) if len(group) > 1 for pmid in group],
    )
    _write_leans(conn, watch)
    return Told(len(matched), tuple(troubles))


def _settle_statuses(conn: sqlite3.Connection, matched: Sequence[Matched]) -> None:
    """Add the proofs of other records and of the list, and set the status they make with the record's own."""
    proofs: dict[int, list[Tag]] = defaultdict(list)
    for pmid, proof in _pointing_back(conn):
        proofs[pmid].append(proof)
    listed: dict[int, list[WatchLine]] = defaultdict(list)
    for found in matched:
        listed[found.pmid].append(found.line)
    for pmid, lines in listed.items():
        for line in standing_lines(lines):
            rule, value = rule_of(line.nature)
            proofs[pmid].append(Tag("status", value, rule, "retraction_watch", None, None, line.quote, True))
    for pmid in sorted(proofs):
        own = [
            Tag("status", value, rule, source, start, end, quote, True)
            for value, rule, source, start, end, quote in conn.execute(_OWN_STATUS, (pmid,))
        ]
        status, tags = settle([*own, *proofs[pmid]])
        conn.execute("UPDATE articles SET status = ? WHERE pmid = ?", (status, pmid))
        conn.execute("DELETE FROM tags WHERE pmid = ? AND field = 'status'", (pmid,))
        rows = [(pmid, *astuple(tag)) for tag in dict.fromkeys(tags)]
        conn.executemany("INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


_OWN_STATUS = (
    "SELECT value, rule, source, start, end, quote FROM tags WHERE pmid = ? AND field = 'status' ORDER BY rowid"
)


def _pointing_back(conn: sqlite3.Connection) -> list[tuple[int, Tag]]:
    """Proofs from notices whose own record names an article here, where the article's record does not say so itself."""
    own = set(conn.execute("SELECT pmid, kind, notice_pmid FROM notices WHERE notice_pmid IS NOT NULL"))
    found: list[tuple[int, Tag]] = []
    for rule in status_rules():
        for kind in sorted(rule.links_back):
            rows = conn.execute(
                "SELECT DISTINCT n.notice_pmid, n.pmid, n.citation FROM notices n"
                " JOIN articles a ON a.pmid = n.notice_pmid"
                " WHERE n.kind = ? AND n.pmid != n.notice_pmid ORDER BY n.notice_pmid, n.pmid, n.citation",
                (kind,),
            )
            for pmid, notice, citation in rows.fetchall():
                if (pmid, INVERSE[kind], notice) in own:
                    continue
                quote = f"{kind}: {citation}" if citation else kind
                quote = f"{quote} (in the record of PMID {notice})"
                found.append((pmid, Tag("status", rule.value, rule.id, "notice", None, None, quote, True)))
    return found


def _prompt_retracted(conn: sqlite3.Connection) -> None:
    conn.execute(
        "INSERT INTO prompts SELECT a.pmid, 'retracted', 'prompt.status', 'status', NULL, NULL,"
        " (SELECT t.quote FROM tags t WHERE t.pmid = a.pmid AND t.field = 'status' AND t.chosen = 1"
        " ORDER BY t.rowid LIMIT 1) FROM articles a WHERE a.status IN ('retracted', 'concern') ORDER BY a.pmid"
    )


def _write_families(conn: sqlite3.Connection) -> None:
    versions: dict[int, list[tuple[str, int]]] = defaultdict(list)
    kinds = set(table("families")["versions"])
    links = conn.execute("SELECT pmid, kind, notice_pmid FROM notices WHERE notice_pmid IS NOT NULL ORDER BY rowid")
    for pmid, kind, other in links:
        if kind in kinds:
            versions[pmid].append((kind, other))
    numbers: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    named = conn.execute(
        "SELECT pmid, registry_id, registry, quote FROM trials WHERE kind = 'trial' AND own = 1 ORDER BY rowid"
    )
    for pmid, number, registry, quote in named:
        numbers[pmid].append((number, registry, quote))
    reports = [
        Report(
            pmid,
            title,
            abstract,
            first_author,
            year,
            design,
            level,
            status,
            bool(preprint),
            tuple(numbers[pmid]),
            tuple(versions[pmid]),
        )
        for pmid, title, abstract, first_author, year, design, level, status, preprint in conn.execute(
            "SELECT a.pmid, a.title,"
            " CASE WHEN (SELECT count(*) FROM trials t WHERE t.pmid = a.pmid) > 1 THEN a.abstract END,"
            " a.first_author, a.year, a.design, a.level, a.status, EXISTS (SELECT 1 FROM publication_types p"
            " WHERE p.pmid = a.pmid AND p.name = 'Preprint') FROM articles a ORDER BY a.pmid"
        )
    ]
    conn.executemany("INSERT INTO trial_families VALUES (?, ?, ?, ?, ?)", [astuple(m) for m in families(reports)])


def _write_leans(conn: sqlite3.Connection, watch: Watch) -> None:
    """Reviews and guidelines with a retracted paper in their reference list, and how that is known."""
    listed: dict[int, list[WatchLine]] = defaultdict(list)
    for line in watch.lines:
        if line.pmid is not None:
            listed[line.pmid].append(line)
    here = dict(conn.execute("SELECT pmid, status FROM articles").fetchall())
    noticed = dict(
        conn.execute(
            "SELECT notice_pmid, min(pmid) FROM notices WHERE kind = 'RetractionOf' AND notice_pmid IS NOT NULL"
            " GROUP BY notice_pmid"
        ).fetchall()
    )
    cited = conn.execute(
        "SELECT DISTINCT r.pmid, r.cited_pmid FROM article_references r JOIN articles a ON a.pmid = r.pmid"
        " WHERE a.design IN ('systematic_review', 'narrative_review', 'guideline') AND r.cited_pmid != r.pmid"
        " ORDER BY r.pmid, r.cited_pmid"
    ).fetchall()
    rows: list[tuple[int, int, str, str]] = []
    for pmid, paper in cited:
        if paper in here:
            if here[paper] == "retracted":
                rows.append((pmid, paper, "catalog", _status_quote(conn, paper)))
        elif paper in noticed:
            rows.append((pmid, paper, "notice", f"RetractionOf in the record of PMID {noticed[paper]}"))
        else:
            held = [line for line in standing_lines(listed.get(paper, ())) if line.nature == "Retraction"]
            if held:
                rows.append((pmid, paper, "retraction_watch", held[-1].quote))
    conn.executemany("INSERT INTO leans_on_retracted VALUES (?, ?, ?, ?)", rows)


def _status_quote(conn: sqlite3.Connection, pmid: int) -> str:
    found = conn.execute(
        "SELECT quote FROM tags WHERE pmid = ? AND field = 'status' AND chosen = 1 ORDER BY rowid LIMIT 1", (pmid,)
    ).fetchone()
    return str(found[0])
