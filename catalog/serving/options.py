"""How `catalog serve` runs, beside what it serves and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

__all__ = ["LOGS", "METRICS", "LogKind", "MetricsFor", "Options"]

LogKind = Literal["none", "text", "json"]
MetricsFor = Literal["off", "loopback", "all"]
LOGS: tuple[str, ...] = get_args(LogKind)
METRICS: tuple[str, ...] = get_args(MetricsFor)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of a run.

    Attributes:
        workers: processes that answer; each reads the catalog for itself.
        log: what is written to stderr of each request.
        metrics: who may read `/-/metrics`.
        forwarded_from: addresses or networks of proxies, with commas between, that may say whom they ask for.
        stop_delay: seconds between SIGTERM, when health turns to 503, and the end of listening.
        stop_within: seconds after that in which answers begun may end.
    """

    workers: int = 1
    log: LogKind = "none"
    metrics: MetricsFor = "loopback"
    forwarded_from: str = "127.0.0.1,::1"
    stop_delay: float = 0.0
    stop_within: float = 8.0  # below the 10 s that `docker stop` and Cloud Run give
