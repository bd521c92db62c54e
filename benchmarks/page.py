"""Parts of docs/performance.md that benchmarks write, each between its own two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["DOCS", "write_part"]

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "performance.md"


def write_part(begin: str, end: str, lines: Sequence[str]) -> None:
    """Put the lines between the marks; where the page lacks them they come last."""
    text = PAGE.read_text("utf-8")
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    head, rest = text.split(begin, 1)
    PAGE.write_text(f"{head}{begin}\n" + "\n".join(lines) + f"\n{end}{rest.split(end, 1)[1]}", "utf-8")
