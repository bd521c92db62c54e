"""Arms compared in figures alone: intervals around a difference, values with a P value (rules: rules/estimates.yml).

Words decide before figures (direction.py); a figure whose arm or polarity is not plain says no more than `differs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal, NamedTuple

from catalog.tagging.arms import Arms, Mention
from catalog.tagging.document import TextField
from catalog.tagging.tables import table

__all__ = ["Estimate", "estimate_rules", "estimates", "shows_none"]

# Above this a P value shows no difference.
ALPHA = 0.05


class Estimate(NamedTuple):
    """What figures say of the treatment under test against the control, by which rule."""

    kind: Literal["better", "worse", "alike", "differs"]
    rule: str


@cache
def estimate_rules() -> tuple[tuple[str, str, str, str], ...]:
    """(id, value, tier, where it comes from) of every rule."""
    return tuple((str(e["id"]), str(e["value"]), str(e["tier"]), str(e["cites"])) for e in table("estimates")["also"])


@cache
def _pattern(name: str) -> re.Pattern[str]:
    data = table("estimates")
    source: str = data[name]
    return re.compile(source.replace("<number>", data["number"]), re.IGNORECASE)


@cache
def _gate() -> tuple[str, ...]:
    return tuple(table("estimates")["gate"])


def estimates(arms: Arms, field: TextField, text: str, start: int, end: int) -> Iterator[Estimate]:
    """What the figures of a sentence, `text[start:end]`, say of one arm against another, in reading order."""
    low = text[start:end].lower()
    if not any(literal in low for literal in _gate()):
        return
    at = start
    spans = sorted(
        [(m.start(), m.end(), m, True) for m in _pattern("interval").finditer(text, start, end)]
        + [(m.start(), m.end(), m, False) for m in _pattern("p").finditer(text, start, end)],
        key=lambda item: item[0],
    )
    for begin, stop, match, interval in spans:
        piece = (at, begin)
        at = stop
        if interval:
            found = _of_interval(text, (start, begin), match)
        elif text[piece[0] : begin].strip(" ,;:()[]"):
            found = _of_p(arms, field, text, piece, match)
        else:
            found = None  # the P value of the interval just before
        if found is not None:
            yield found


def shows_none(text: str, start: int, end: int) -> bool:
    """Whether the P values of a clause all say that there is no difference."""
    found = list(_pattern("p").finditer(text, start, end))
    return bool(found) and all(m[1] in "=>≥" and _value(m[2]) >= ALPHA for m in found)


def _value(figure: str) -> float:
    figure = figure.replace(",", ".").replace("·", ".")
    return -float(figure[1:]) if figure[0] in "-−–" else float(figure)


def _of_interval(text: str, piece: tuple[int, int], match: re.Match[str]) -> Estimate | None:
    start, end = piece
    lower, upper = _value(match[1]), _value(match[2])
    ratio = bool(_pattern("ratio").search(text, start, end))
    if not ratio and not _pattern("difference").search(text, start, end):
        return None
    if lower > upper or (not ratio and _pattern("within").search(text, start, end)):
        return None
    null = 1 if ratio else 0
    if lower <= null <= upper:
        return Estimate("alike", "estimate.interval_holds_null")
    gain = bool(_pattern("gain").search(text, start, end))
    burden = bool(_pattern("burden").search(text, start, end))
    kind: Literal["better", "worse", "differs"] = "differs"
    if ratio:
        if gain:
            kind = "better" if lower > 1 else "worse"
    elif burden and not gain and upper < 0:  # treatment minus control, as the Cochrane Handbook has it
        kind = "better"
    return Estimate(kind, "estimate.interval_apart")


def _of_p(arms: Arms, field: TextField, text: str, piece: tuple[int, int], match: re.Match[str]) -> Estimate | None:
    start, end = piece
    if _pattern("within").search(text, start, end):
        return None
    pair = _pattern("pair").search(text, start, end)
    mentions = _one_each(arms.mentions(field, text, start, end))
    if pair is None and not mentions:
        return None
    sign, level = match[1], _value(match[2])
    if sign in ">≥" or (sign == "=" and level >= ALPHA):
        return Estimate("alike", "estimate.p_null") if sign == "=" or level >= ALPHA else None
    if level > ALPHA:
        return None
    values = _values(text, start, end)
    gain = bool(_pattern("gain").search(text, start, end)) and not _pattern("level").search(text, start, end)
    if len(values) != 2 or len(mentions) != 2 or values[0] == values[1]:
        return Estimate("differs", "estimate.p_apart")
    if not gain and not _pattern("burden").search(text, start, end):
        return Estimate("differs", "estimate.p_apart")
    first_won = (abs(values[0]) > abs(values[1])) is gain
    ours_first = mentions[0].side == "experimental"
    return Estimate("better" if first_won is ours_first else "worse", "estimate.p_apart")


def _one_each(mentions: Sequence[Mention]) -> list[Mention]:
    """The arms of a piece where each side is named once, else none."""
    sides = [m for i, m in enumerate(mentions) if i == 0 or m.side != mentions[i - 1].side]
    return sides if len(sides) == 2 else []


def _values(text: str, start: int, end: int) -> list[float]:
    """The values of a piece: no times, doses, counts of people or spreads; of 8 of 24 (33%) the percentage."""
    found = []
    for number in _pattern("number").finditer(text, start, end):
        lead = text[max(start, number.start() - 8) : number.start()]
        if number.group()[0] in "-−–" and lead[-1:].isalnum():
            continue
        if _pattern("unvalued_before").search(lead) or _pattern("unvalued_after").match(text, number.end(), end):
            continue
        found.append((_value(number.group()), text[number.end() : number.end() + 2]))
    shares = [value for value, after in found if after.lstrip().startswith("%")]
    return shares if len(shares) == 2 else [value for value, _ in found]
