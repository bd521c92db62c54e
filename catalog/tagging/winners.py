"""Which side of a comparison did better: read from the arms named around a comparative, and what it is set against."""

from __future__ import annotations

import re
from typing import Literal

from catalog.tagging.arms import Arms, Mention, word
from catalog.tagging.document import TextField
from catalog.tagging.rules import Rule

__all__ = ["Won", "winners"]

# better: the treatment under test than the control; and the intervention that did better, where one is named.
Won = tuple[Literal["better", "worse"], str | None]
# An arm this far from what points at it is another sentence part's.
_NEAR = 60


def winners(
    arms: Arms, field: TextField, text: str, place: tuple[int, int], match: re.Match[str], rule: Rule
) -> list[Won]:
    """Which side did better by a comparative; both where the clause names each in turn, none where nobody can be told.

    Args:
        arms: the arms of the study.
        field: where the clause stands, `text` its whole text and `place` the clause's start and end.
        text: see above.
        place: see above.
        match: the comparative.
        rule: its rule: `better` or `worse`.
    """
    start, end = place
    win = rule.value == "better"
    mentions = arms.mentions(field, text, start, end)
    if rule.tier == "favour":
        favour = word("favour").search(text, start, end)
        after = [m for m in mentions if favour and 0 <= m.start - favour.end() < _NEAR]
        return [_told(after[0] if after else None, win=True)]
    pivot = word("pivot").search(text, match.start(), end) or word("pivot").search(text, start, end)
    if pivot is None:
        return _unpaired(arms, text, place, match, mentions, rule)
    stop = word("reference_end").search(text, pivot.end(), end)
    reference = [m for m in mentions if pivot.end() <= m.start <= (stop.start() if stop else end)]
    reference = reference or [m for m in mentions if 0 <= m.start - pivot.end() < _NEAR][:1]
    subject = [m for m in mentions if m.end <= pivot.start()]
    if not subject and reference:
        subject = [m for m in mentions if m.start >= reference[-1].end and m not in reference]
    ref = next((m for m in reference if m.side == "experimental"), reference[0] if reference else None)
    sub = next((m for m in reversed(subject) if m.side == "experimental"), subject[-1] if subject else None)
    if ref is None:
        return [_told(sub, win=win)]
    if ref.side == "control":
        if sub is not None and sub.side == "control" and not arms.ours:
            return [_told(sub, win=win)]
        concept = sub.concept if sub and sub.side == "experimental" else None
        return [_told(Mention(0, 0, "experimental", concept), win=win)]
    if sub is not None and sub.side == "experimental":
        if sub.concept is None or sub.concept == ref.concept:
            return [_told(None, win=win)]
        return [("better", sub.concept if win else ref.concept)]
    return [_told(ref, win=not win)]


def _unpaired(
    arms: Arms, text: str, place: tuple[int, int], match: re.Match[str], mentions: list[Mention], rule: Rule
) -> list[Won]:
    """Nothing is set against anything ("better with plasma"): the arms named with a preposition, or the nearest."""
    start, end = place
    win = rule.value == "better"
    named = [m for m in mentions if word("before_arm").search(text, max(start, m.start - 30), m.start)]
    sides = {m.side for m in named if len(named) > 1} or {m.side for m in mentions}
    if len(sides) == 2:
        if len(named) > 1:
            return [_told(m, win=win) for m in named]
        before = [
            [m.side for m in mentions if m.end <= comparative.start()][-1:]
            for comparative in word("comparative").finditer(text, start, end)
        ]
        if len(word("time").findall(text, start, end)) > 1 or (
            win and ["experimental"] in before and ["control"] in before
        ):
            return [_told(next(m for m in mentions if m.side == side), win=win) for side in sorted(sides)]
        return [_told(min(named or mentions, key=lambda m: abs(m.start - match.start())), win=win)]
    if not mentions and arms.ours and rule.id != "between.superior":
        return []
    nearest = (named or mentions)[:1]
    return [_told(nearest[0] if nearest else None, win=win)]


def _told(mention: Mention | None, *, win: bool) -> Won:
    """The finding where this side did better (`win`) or worse; where nobody is named, the one under test."""
    experimental = mention is None or mention.side == "experimental"
    concept = mention.concept if mention and experimental and win else None
    return ("better" if experimental == win else "worse"), concept
