"""Whose requests are counted together."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

__all__ = ["client_of"]


def client_of(scope: Mapping[str, Any]) -> str:
    """Who asks: an IPv4 address, or an IPv6 network of one customer (/64)."""
    host = (scope.get("client") or ("unknown", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
