"""The rule files as data: `rules/NAME.yml`, parsed."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

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


def table(name: str) -> Any:
    """The parsed content of `rules/NAME.yml`."""
    return yaml.safe_load(raw(name))
