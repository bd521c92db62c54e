"""The rule files as data: `rules/NAME.yml`, parsed."""

from __future__ import annotations

from importlib import resources
from typing import Any

from harvest.yamlfile import load_yaml

__all__ = ["NAMES", "table"]

NAMES = ("asserts", "kinds", "languages", "names", "notes")


def table(name: str) -> Any:
    """The parsed content of `rules/NAME.yml`."""
    return load_yaml(resources.files("catalog.check").joinpath("rules", f"{name}.yml").read_text("utf-8"))
