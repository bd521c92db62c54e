"""Documentation checks: links lead somewhere, every command is documented, lists made from files are current.

`python -m tests.docs` prints what is wrong and exits 1; with `--write` it renews the generated lists first.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from catalog.cli import main as catalog_command
from catalog.tagging.estimates import estimate_rules
from catalog.tagging.listed import LISTED, listed
from catalog.tagging.rules import load, precedence
from catalog.tagging.spin import spin_rules
from harvest.cli import main as harvest_command
from supply.tree import made_list

__all__ = ["problems", "renew"]

TOP = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_GENERATED = re.compile(r"(<!-- made from ([\w.]+) by tests/docs.py -->\n).*?(<!-- end -->)", re.DOTALL)


def pages() -> list[Path]:
    """Every Markdown page of the project."""
    return sorted([*TOP.glob("*.md"), *(TOP / "docs").glob("**/*.md"), *(TOP / "benchmarks").glob("**/*.md")])


def problems() -> list[str]:
    """What is wrong with the documentation, one line each."""
    return [*_broken_links(), *_undocumented_commands(), *_stale_lists()]


def renew() -> None:
    """Write the generated lists anew."""
    for page in pages():
        text = page.read_text("utf-8")
        fresh = _renewed(text)
        if fresh != text:
            page.write_text(fresh, "utf-8")


def _broken_links() -> Iterator[str]:
    for page in pages():
        for target in _LINK.findall(page.read_text("utf-8")):
            if target.startswith(("http://", "https://", "mailto:", "#")):
                continue
            if not (page.parent / target.split("#")[0]).exists():
                yield f"{page.relative_to(TOP)}: link to {target} leads nowhere"


def _undocumented_commands() -> Iterator[str]:
    text = "\n".join(page.read_text("utf-8") for page in pages())
    for group in (harvest_command, catalog_command):
        name = "harvest" if group is harvest_command else "catalog"
        for command in group.list_commands(click.Context(group)):
            if f"`{name} {command}" not in text and f"{name} {command}" not in text:
                yield f"`{name} {command}` is in no page"


def _stale_lists() -> Iterator[str]:
    for page in pages():
        text = page.read_text("utf-8")
        if _renewed(text) != text:
            yield f"{page.relative_to(TOP)}: a list made from files is old; run `python -m tests.docs --write`"


def _renewed(text: str) -> str:
    return _GENERATED.sub(lambda found: found[1] + "\n".join(_made_from(found[2])) + "\n" + found[3], text)


def _made_from(source: str) -> Iterator[str]:
    """The list for one source: `rules.FIELD`, `precedence.FIELD` or `lock.LIST`."""
    kind, field = source.split(".")
    if kind == "lock":
        yield from made_list(field)
        return
    if kind == "precedence":
        yield ""
        for number, (value, tier) in enumerate(precedence(field), 1):
            yield f"{number}. {value}, {tier}"
        yield ""
        return
    yield "| rule | value | tier | from |"
    yield "|---|---|---|---|"
    if field == "spin":
        for rule_id, says, cites in spin_rules():
            yield f"| `{rule_id}` | {says} |  | {cites} |"
        return
    if field in LISTED:
        for rule_id, given, tier, cites in listed(field):
            yield f"| `{rule_id}` | {given or ''} | {tier} | {cites.replace('|', '/')} |"
        return
    for rule in load(field):
        yield f"| `{rule.id}` | {rule.value} | {rule.tier} | {rule.cites.replace('|', '/')} |"
    if field == "direction":
        for rule_id, value, tier, cites in estimate_rules():
            yield f"| `{rule_id}` | {value} | {tier} | {cites} |"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        renew()
    found = problems()
    sys.stdout.write("".join(f"{line}\n" for line in found) or "The documentation is in order.\n")
    sys.exit(1 if found else 0)
