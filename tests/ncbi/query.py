"""PubMed's search syntax, read into a tree.

A query is a chain of items joined by upper case AND, OR, NOT (AND where nothing stands between), worked off left to
right without precedence; parentheses nest. An item is a run of bare words up to a `[tag]`, a `"quoted phrase"[tag]`,
a range `a:b[tag]`, or `#1` for an earlier search. Source: PubMed User Guide, "How do I search PubMed?".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Chain", "Past", "Range", "Syntax", "Term", "read_query"]


@dataclass(frozen=True, slots=True)
class Term:
    """Words with their tag as written (None where untagged)."""

    text: str
    tag: str | None
    quoted: bool


@dataclass(frozen=True, slots=True)
class Range:
    """`low:high[tag]`, as written."""

    low: str
    high: str
    tag: str


@dataclass(frozen=True, slots=True)
class Past:
    """`#key`: the result of an earlier search in the same WebEnv."""

    key: int


@dataclass(slots=True)
class Chain:
    """Items with the operator before each (the first one's is AND, or NOT where the query begins so)."""

    items: list[tuple[str, Term | Range | Past | Chain]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Syntax:
    """A query's tree and what PubMed would say of its form."""

    chain: Chain
    messages: tuple[str, ...]


_TAG = r"\[\s*([^\[\]]*?)\s*\]"
_RANGE = re.compile(rf'"?(\d[\d/]*)"?\s*(?:{_TAG})?\s*:\s*"?(\d[\d/]*)"?\s*{_TAG}')
_QUOTED = re.compile(rf'"([^"]*)"\s*(?:{_TAG})?')
_AFTER = re.compile(rf"\s*{_TAG}")
_BARE = re.compile(r'[^\s()"\[\]]+')
_PAST = re.compile(r"#(\d+)(?=[\s()]|$)")


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.messages: list[str] = []
        self.stack: list[Chain] = [Chain()]
        self.operators: list[str | None] = [None]
        self.run: list[str] = []

    def say(self, message: str) -> None:
        if message not in self.messages:
            self.messages.append(message)

    def put(self, item: Term | Range | Past | Chain) -> None:
        self.stack[-1].items.append((self.operators[-1] or "AND", item))
        self.operators[-1] = None

    def end_run(self, tag: str | None = None) -> None:
        if self.run:
            self.put(Term(" ".join(self.run), tag, quoted=False))
            self.run = []

    def operator(self, word: str) -> None:
        self.end_run()
        chain = self.stack[-1]
        if self.operators[-1] is not None or (not chain.items and word != "NOT"):
            self.say(f"Boolean operator {word} without a term before it ignored.")
            return
        self.operators[-1] = word

    def close(self) -> None:
        self.end_run()
        if self.operators[-1] is not None:
            self.say(f"Boolean operator {self.operators[-1]} without a term after it ignored.")
        self.operators.pop()
        chain = self.stack.pop()
        if chain.items:
            self.put(chain)
        else:
            self.operators[-1] = None

    def token(self, at: int) -> int:
        """Read one token at `at`; returns where the next begins."""
        character = self.text[at]
        if character == "(":
            self.end_run()
            self.stack.append(Chain())
            self.operators.append(None)
            return at + 1
        if character == ")":
            if len(self.stack) == 1:
                self.say("Unmatched closing parenthesis ignored.")
                self.end_run()
                return at + 1
            self.close()
            if group_tag := _AFTER.match(self.text, at + 1):
                self.say(f"Field tag [{group_tag.group(1)}] after a group ignored.")
                return group_tag.end()
            return at + 1
        if match := _RANGE.match(self.text, at):
            self.end_run()
            self.put(Range(match.group(1), match.group(3), match.group(4)))
            return match.end()
        if match := _QUOTED.match(self.text, at):
            self.end_run()
            self.put(Term(match.group(1), match.group(2), quoted=True))
            return match.end()
        if character == '"':
            self.say("Unmatched double quote ignored.")
            return at + 1
        if match := _PAST.match(self.text, at):
            self.end_run()
            self.put(Past(int(match.group(1))))
            return match.end()
        if match := _BARE.match(self.text, at):
            word = match.group(0)
            if word in {"AND", "OR", "NOT"}:
                self.operator(word)
            else:
                self.run.append(word)
                if tag := _AFTER.match(self.text, match.end()):
                    self.end_run(tag.group(1))
                    return tag.end()
            return match.end()
        self.say(f"Character {character} ignored.")
        return at + 1

    def read(self) -> Chain:
        at = 0
        while at < len(self.text):
            at = at + 1 if self.text[at].isspace() else self.token(at)
        self.end_run()
        while len(self.stack) > 1:
            self.say("Unmatched opening parenthesis ignored.")
            self.close()
        if self.operators[-1] is not None:
            self.say(f"Boolean operator {self.operators[-1]} without a term after it ignored.")
        return self.stack[0]


def read_query(text: str) -> Syntax:
    """Read a query; PubMed never refuses one, so neither does this: what it ignores is in `messages`."""
    reader = _Reader(text)
    chain = reader.read()
    return Syntax(chain, tuple(reader.messages))
