"""A search strategy as the terms it is made of, so that one PubMed does not know is mended and changes nothing else.

PubMed drops a term that it does not know from the search: harmless in an OR, but `(bmac AND cells)` becomes `cells`.
Here such a term counts as what it is, one that finds nothing. Syntax: PubMed User Guide; AND, OR and NOT from left to
right, parentheses first, AND where nothing stands between two terms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

__all__ = ["as_proximity", "bare", "joined", "terms_like", "without"]

_TIAB = r"\s*\[\s*(?:tiab|title/abstract)\s*\]"
_TAG = r"\[\s*([^\[\]]*?)\s*\]"
_PART = re.compile(rf'\s*(\(|\)|(?:AND|OR|NOT)(?=[\s(])|"[^"]*"(?:\s*{_TAG})?|[^\s()"\[\]]+(?:\s*{_TAG})?)')

# A chain of items, each with the operator before it; the first one's is "".
Chain = list[tuple[str, "str | Chain"]]


def bare(phrase: str) -> str:
    """The words of a phrase as PubMed reports it: with or without quotes and tag."""
    return " ".join(re.sub(r"\[[^\[\]]*\]\s*$", "", phrase.strip()).strip().strip('"').split())


def as_proximity(strategy: str, phrase: str) -> tuple[str, str] | None:
    """The strategy with a quoted `[tiab]` phrase asked for by proximity, and the term now in its place.

    `"..."[tiab:~0]` finds the words side by side without PubMed's phrase index. It knows no truncation, so a final *
    goes. None where the phrase does not stand in the strategy as a quoted phrase of two or more words.
    """
    words = re.findall(r"[^\s\-]+", bare(phrase))
    if len(words) < 2:
        return None
    text = r"[\s\-]+".join(re.escape(word) for word in words)
    instead = f'"{" ".join(words).rstrip("*")}"[tiab:~0]'
    changed, times = re.subn(rf'"\s*{text}\s*"{_TIAB}', lambda _: instead, strategy, flags=re.IGNORECASE)
    return (changed, instead) if times else None


def terms_like(strategy: str, phrase: str) -> list[str]:
    """The terms of a strategy that a phrase PubMed reports may mean: the same words, and the same tag if it has one."""
    wanted, tag = _identity(phrase)
    try:
        chain = _read(strategy)
    except ValueError:  # PubMed refuses no search, so a strategy of somebody's own may be anything
        return []
    found = (term for term in _terms(chain) if _identity(term)[0] == wanted)
    return list(dict.fromkeys(term for term in found if tag is None or _identity(term)[1] == tag))


def without(strategy: str, term: str) -> str | None:
    """The strategy as if the term found nothing; None where then the whole finds nothing."""
    left = _pruned(_read(strategy), term)
    return _written(left) if left else None


def joined(strategies: Sequence[str]) -> str:
    """One search for whatever any of the strategies finds; what all of them end in with AND is said once."""
    chains = [_read(strategy) for strategy in dict.fromkeys(strategies)]
    if len(chains) == 1:
        return strategies[0]
    last = chains[0][-1]
    if last[0] == "AND" and all(len(chain) == 2 and chain[-1] == last for chain in chains):
        return f"({' OR '.join(_written(chain[:1]) for chain in chains)}) AND {_item(last[1])}"
    return " OR ".join(f"({_written(chain)})" for chain in chains)


def _identity(term: str) -> tuple[tuple[str, ...], str | None]:
    tag = re.search(rf"{_TAG}\s*$", term)
    words = tuple(re.findall(r"[^\s\-]+", bare(term).lower()))
    name = tag[1].lower().replace(" ", "") if tag else None
    return words, {"title/abstract": "tiab", "meshterms": "mh"}.get(name or "", name)


def _read(strategy: str) -> Chain:
    """The strategy as a chain. Raises ValueError where its parentheses do not match."""
    stack: list[Chain] = [[]]
    operators = [""]
    at, end = 0, len(strategy.rstrip())
    while at < end:
        found = _PART.match(strategy, at)
        if found is None:
            raise ValueError(f"cannot read the search strategy from {strategy[at : at + 20]!r} on")
        at, part = found.end(), found[1]
        if part == "(":
            stack.append([])
            operators.append("")
        elif part == ")":
            if len(stack) == 1:
                raise ValueError("the search strategy closes a parenthesis that was not opened")
            inner: str | Chain = stack.pop()
            operators.pop()
            _put(stack[-1], operators, inner)
        elif part in ("AND", "OR", "NOT"):
            operators[-1] = part
        else:
            _put(stack[-1], operators, part)
    if len(stack) > 1:
        raise ValueError("the search strategy leaves a parenthesis open")
    return stack[0]


def _put(chain: Chain, operators: list[str], item: str | Chain) -> None:
    chain.append(((operators[-1] or "AND") if chain else "", item))
    operators[-1] = ""


def _terms(chain: Chain) -> Iterator[str]:
    for _operator, item in chain:
        if isinstance(item, str):
            yield item
        else:
            yield from _terms(item)


def _pruned(chain: Chain, term: str) -> Chain:
    """What is left of a chain, from left to right; an empty chain finds nothing."""
    left: Chain = []
    for operator, item in chain:
        kept = _pruned(item, term) if isinstance(item, list) else ([] if item == term else item)
        if operator == "" or (operator == "OR" and not left):
            left = [("", kept)] if kept else []
        elif operator == "AND":
            left = [*left, (operator, kept)] if left and kept else []
        elif kept and left:  # OR, NOT
            left.append((operator, kept))
    return left


def _written(chain: Chain) -> str:
    return " ".join(f"{operator} {_item(item)}" if operator else _item(item) for operator, item in chain)


def _item(item: str | Chain) -> str:
    return item if isinstance(item, str) else f"({_written(item)})"
