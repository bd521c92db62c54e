"""The rule files as data: `rules/NAME.yml`, parsed."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from harvest.yamlfile import load_yaml

__all__ = ["NAMES", "raw", "table"]

# Every rules file, in the order in which their hash is taken.
NAMES = (
    "arms",
    "basis",
    "certainty",
    "comparator",
    "design",
    "designs",
    "direction",
    "estimates",
    "families",
    "followup",
    "harms",
    "included",
    "levels",
    "outcomes",
    "participants",
    "parts",
    "precedence",
    "prompts",
    "quantities",
    "region",
    "registries",
    "results",
    "roles",
    "spin",
    "status",
    "studies",
    "timing",
    "topic",
    "vote",
)


def raw(name: str) -> bytes:
    """The bytes of `rules/NAME.yml`."""
    return resources.files("catalog.tagging").joinpath("rules", f"{name}.yml").read_bytes()


@cache
def table(name: str) -> Any:
    """The parsed content of `rules/NAME.yml`, read once: to be read only."""
    return load_yaml(raw(name))
