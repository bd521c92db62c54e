"""YAML read: data only, by the fast loader where there is one."""

from __future__ import annotations

from typing import Any

import yaml

__all__ = ["load_yaml"]

# libyaml's loader, ten times as fast, where PyYAML was built with it; both make plain data and nothing else.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str | bytes) -> Any:
    """The data that a YAML text holds. Raises yaml.YAMLError."""
    return yaml.load(text, _LOADER)  # noqa: S506 - a safe loader
