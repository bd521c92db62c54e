"""What a study says it found: each clause that states a difference, no difference, a change or a claim, read once.

A finding is what a clause says; which findings decide the basis, the direction and the spin check is said there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from catalog.tagging.arms import Arms, word
from catalog.tagging.branches import Branches
from catalog.tagging.document import Document, Sentence, TextField, Zone
from catalog.tagging.estimates import estimates, shows_none
from catalog.tagging.index import Reading
from catalog.tagging.rules import Rule, index_of
from catalog.tagging.scan import Scan
from catalog.tagging.tables import table
from catalog.tagging.winners import winners

__all__ = ["Finding", "Kind", "Outcome", "Study", "at_outset", "clauses", "measured", "of_main", "read_findings"]

# better, worse: the treatment under test than the control; the others as direction.yml has them.
Kind = Literal[
    "better", "worse", "alike", "noninferior", "differs", "improved", "unimproved", "claim", "noclaim",
    "insufficient", "scarce", "mixed",
]  # fmt: skip
Outcome = Literal["main", "other", "open"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause's word on what was found: code points into its field. `open`: it names no outcome.

    `both`: it speaks of every arm ("in both groups"). `favoured` is the intervention that did better, where one is
    named.
    """

    kind: Kind
    tier: str
    rule: str
    zone: Zone
    field: TextField
    start: int
    end: int
    outcome: Outcome
    both: bool
    favoured: str | None


# Kinds that decide nothing: in studies of their own what evidence there is, in their results what is claimed.
_NOTHING: frozenset[str] = frozenset()
_EVIDENCE = frozenset({"insufficient", "scarce"})
_CLAIMS = _EVIDENCE | {"claim"}
_EACH = (
    "both",
    "all ",
    "each",
    "every",
    "within",
    "either",
    "neither",
    "two ",
    "three ",
    "no ",
    "not ",
    "fail",
    "without",
)
_BETWEEN = frozenset({"better", "worse", "alike", "noninferior"})
# What a study is, for what is looked for in it.
Study = Literal["compared", "single", "pooled"]


@dataclass(frozen=True, slots=True)
class _Look:
    """What is looked for in a sentence: its part of the paper, the kinds left out, the rules that can fire."""

    sentence: Sentence
    zone: Zone
    study: Study
    unasked: frozenset[str]
    scan: Scan
    reading: Reading[Rule]


def _unasked(study: Study, zone: Zone, *, concluded: bool) -> frozenset[str]:
    if study == "pooled":
        return _NOTHING
    return _CLAIMS if study == "compared" and zone == "results" and concluded else _EVIDENCE


_READ: frozenset[Zone] = frozenset({"title", "results", "conclusions", "other"})


@cache
def _cue(name: str) -> Branches:
    """A pattern of direction.yml that is no rule, compiled once."""
    data = table("direction")
    source: str = data[name]
    return Branches(source.replace("<start>", f"(?:{data['words']['start']})"))


@cache
def _literals(name: str) -> tuple[str, ...]:
    return tuple(table("direction")[name])


@cache
def _pattern(name: str) -> Branches:
    return Branches(table("outcomes")[name])


def measured(document: Document, *, named: bool = True) -> bool:
    """Whether pain or function is an outcome here: `named` outside the background, and the title of nothing else."""
    title = document.scan("title")
    if _pattern("elsewhere").stands(title) and not of_main(title, 0, len(title.text)):
        return False
    if not named:
        return True
    told = [s for s in document.sentences if s.zone != "background"]
    if all(s.zone == "title" for s in told):  # nothing tells the parts of the abstract
        told = list(document.sentences)
    return any(of_main(document.scan(s.field), s.start, s.end) for s in told)


def of_main(scan: Scan, start: int, end: int) -> bool:
    """Whether a text names pain or function between two places."""
    find = scan.low.find
    if find("pain", start, end) >= 0 or find("disab", start, end) >= 0 or find("oswestry", start, end) >= 0:
        return True
    return _pattern("main").stands(scan, start, end)


def read_findings(document: Document, arms: Arms, *, study: Study) -> tuple[Finding, ...]:
    """Every finding in reading order, from title, results and conclusions, or where there are none, from the rest.

    `study` says what is looked for: in a review also what it says of the evidence, and claims in its results; where
    arms are compared, a change from baseline in the results only if every arm had it.
    """
    found = list(_findings(document, arms, _READ, study=study))
    zone: Zone
    if not any(f.outcome != "other" for f in found):
        # A cut or unstructured abstract: what was found stands where the methods are told, or in its only sentences.
        for zone in ("methods", "background"):
            more = _findings(document, arms, frozenset({zone}), study=study)
            found += [
                f
                for f in more
                if f.tier in ("between", "favour", "estimate") or (f.tier, zone) == ("within", "methods")
            ]
            if not (document.has("methods") or document.has("objective")):  # cut to one piece: nothing tells its parts
                found += [f for f in _findings(document, arms, frozenset({zone}), study=study) if f not in found]
            if found:
                break
    return tuple(found)


def _findings(document: Document, arms: Arms, zones: frozenset[Zone], *, study: Study) -> Iterator[Finding]:
    concluded = document.has("conclusions")
    readings: dict[TextField, Reading[Rule]] = {}
    for sentence in document.sentences:
        if sentence.zone not in zones:
            continue
        scan = document.scan(sentence.field)
        if sentence.field not in readings:
            readings[sentence.field] = index_of("direction").read(scan)
        reading = readings[sentence.field]
        zone = sentence.zone
        if (
            zone in ("results", "other")
            and _may(scan, sentence, "concluders")
            and _cue("concluding").stands(scan, sentence.start, sentence.end)
        ):
            zone = "conclusions"
        if zone == "title" and (not _cue("titled").stands(scan) or scan.text.rstrip().endswith("?")):
            continue
        unasked = _unasked(study, zone, concluded=concluded)
        spoken: Outcome = "open"
        told: list[Finding] = []
        for start, end in clauses(scan, sentence) if reading.tells(sentence.start, sentence.end) else ():
            look = _Look(sentence, zone, study, unasked, scan, reading)
            clause_found = list(_clause(document, arms, look, (start, end), spoken))
            if any(f.tier == "retracts" for f in clause_found):
                told = [replace(f, kind="alike") if f.kind in ("better", "worse") else f for f in told]
                clause_found = [f for f in clause_found if f.tier != "retracts"]
            if any(f.tier == "turns" for f in clause_found):
                clause_found = _turned(told, clause_found)
            told += clause_found
            if clause_found:
                spoken = clause_found[-1].outcome
        if study == "compared" and zone != "title" and not any(f.kind in _BETWEEN for f in told):
            told += _of_figures(document, arms, sentence, zone)
        yield from told


def _turned(told: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """A clause that bounds what its sentence told before: a difference at one time or in one outcome only."""
    kinds = {f.kind for f in told}
    if kinds & {"better", "worse"}:
        return list(found)
    rest = [f for f in found if f.tier != "turns"]
    if not kinds & {"claim", "improved"}:
        return rest
    return [*rest, *(replace(f, kind="mixed") for f in found if f.tier == "turns")]


def _of_figures(document: Document, arms: Arms, sentence: Sentence, zone: Zone) -> Iterator[Finding]:
    """What a sentence says in figures alone."""
    scan, start, end = document.scan(sentence.field), sentence.start, sentence.end
    found = list(estimates(arms, sentence.field, scan.text, start, end))
    if not found or _cue("outset").stands(scan, start, end) or _cue("aside").stands(scan, start, end):
        return
    outcome = _outcome(scan, start, end, "open")
    for kind, rule in dict.fromkeys(found):
        yield Finding(kind, "estimate", rule, zone, sentence.field, start, end, outcome, False, None)


def at_outset(scan: Scan, start: int, end: int) -> bool:
    """Whether a clause speaks of the arms before treatment, or of a plan."""
    return _cue("outset").stands(scan, start, end)


def clauses(scan: Scan, sentence: Sentence) -> Iterator[tuple[int, int]]:
    """(start, end) of each clause of a sentence of a text."""
    text = scan.text
    at = sentence.start
    if not _may(scan, sentence, "turns"):
        yield at, sentence.end
        return
    if _cue("conceded").match(scan, at):
        comma = text.find(", ", at, sentence.end)
        if comma > 0:
            yield at, comma
            at = comma + 2
    for mark in _cue("cut").matches(scan, at, sentence.end):
        bracketed = text.count("(", at, mark.start()) > text.count(")", at, mark.start())
        if mark.start() > at + 3 and not bracketed:
            yield at, mark.start()
            at = mark.end()
    if sentence.end > at:
        yield at, sentence.end


def _clause(
    document: Document,
    arms: Arms,
    look: _Look,
    place: tuple[int, int],
    spoken: Outcome,
) -> Iterator[Finding]:
    start, end = place
    sentence, zone, scan = look.sentence, look.zone, look.scan
    text = scan.text
    # Where arms are compared, what the results say of one arm's change decides nothing.
    each = look.study != "compared" or zone != "results" or _holds(scan, start, end, _EACH)
    predicts = _cue("predicts").stands(scan, start, end)
    hits: list[tuple[Rule, re.Match[str]]] = []
    done: set[str] = set()
    for rule, branch in look.reading.within(start, end):
        if rule.id in done or rule.value in look.unasked or (rule.tier == "within" and not each):
            continue
        match = branch.search(scan, start, end)
        if match:
            done.add(rule.id)
            if not (rule.unless and rule.unless.stands(scan, start, end)):
                hits.append((rule, match))
    if not hits:
        return
    between = {rule.value for rule, _ in hits if rule.tier in ("between", "favour", "retracts")}
    outcome = _outcome(scan, start, end, spoken)
    if between and (
        _cue("outset").stands(scan, start, end) or (outcome != "main" and _cue("aside").stands(scan, start, end))
    ):
        if not between & {"alike"} or _cue("outset").stands(scan, start, end):
            return
        outcome = "other"
    both = _cue("both").stands(scan, start, end) or (
        zone == "conclusions" and _cue("both_claim").stands(scan, start, end)
    )
    conceded = bool(_cue("conceded").match(scan, start))
    told: set[Kind] = set()
    for rule, match in hits:
        kinds: list[tuple[Kind, str | None]]
        if rule.value in ("better", "worse"):
            if predicts or ("alike" in between and rule.tier != "favour"):
                continue
            if both and not word("pivot").search(text, start, end):
                kinds = [("improved", None)] if rule.value == "better" else []
            else:
                kinds = list(winners(arms, sentence.field, text, (start, end), match, rule))
        else:
            kinds = [(rule.value, None)]  # type: ignore[list-item]  # the values of direction.yml are kinds; a test
        if rule.id in _MOVES:
            kinds = _moved(match, apart=not shows_none(text, start, end))
        if rule.id == "evidence.mixed" and not predicts and _of_control(arms, sentence.field, text, start, end):
            continue
        if (rule.value == "improved" and between and not both) or (rule.tier == "claim" and conceded):
            continue
        for kind, favoured in kinds:
            if kind in told:
                continue
            told.add(kind)
            about = "open" if rule.tier == "claim" and outcome == "other" and _beside(scan, start, end) else outcome
            yield Finding(kind, rule.tier, rule.id, zone, sentence.field, start, end, about, both, favoured)


def _beside(scan: Scan, start: int, end: int) -> bool:
    """Whether every other outcome a clause names only stands beside its claim ("its safety and efficacy")."""
    return all(_pattern("beside").stands(scan, *other.span()) for other in _pattern("other").matches(scan, start, end))


# Rules that give a scale before and after.
_MOVES = frozenset({"within.from_to", "within.before_after"})


def _moved(match: re.Match[str], *, apart: bool) -> list[tuple[Kind, str | None]]:
    """A scale of pain or disability that fell has improved, unless a P value says it did not (`apart` false)."""
    before, after = float(match[1]), float(match[2])
    return [("improved" if after < before and apart else "unimproved", None)] if before != after else []


def _of_control(arms: Arms, field: TextField, text: str, start: int, end: int) -> bool:
    return {m.side for m in arms.mentions(field, text, start, end)} == {"control"}


def _may(scan: Scan, sentence: Sentence, literals: str) -> bool:
    return _holds(scan, sentence.start, sentence.end, _literals(literals))


def _holds(scan: Scan, start: int, end: int, literals: Iterable[str]) -> bool:
    find = scan.low.find
    return any(find(literal, start, end) >= 0 for literal in literals)


def _outcome(scan: Scan, start: int, end: int, spoken: Outcome) -> Outcome:
    if of_main(scan, start, end):
        return "main"
    if _pattern("other").stands(scan, start, end):
        return "other"
    return "main" if spoken == "open" and _cue("general").stands(scan, start, end) else spoken
