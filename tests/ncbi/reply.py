"""One answer on its way out: what it says and how it is delivered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Delivery", "Reply"]


class Delivery(Enum):
    """How the bytes reach the client."""

    WHOLE = "whole"
    RESET_BEFORE = "reset before"  # the connection is reset before a byte is sent
    RESET_MIDWAY = "reset midway"  # headers and half the body, then a reset
    CUT = "cut"  # Content-Length right, half the body, then an orderly close
    CUT_CHUNKED = "cut chunked"  # chunks, the last one missing
    DAMAGED_GZIP = "damaged gzip"  # for a client that accepts gzip: a body that does not unzip


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body and delivery; `records` are the raw records the body is made of, for EFetch as XML."""

    body: bytes
    content_type: str
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    records: tuple[bytes, ...] | None = None
    delivery: Delivery = Delivery.WHOLE
    wait: float = 0.0  # seconds before the first byte
    wait_midway: float = 0.0  # seconds after half the body
    length_off: int = 0  # by how much Content-Length is wrong
