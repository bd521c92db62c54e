"""Every tenth request fails in another way: each fault in turn."""

from __future__ import annotations

from collections.abc import Mapping

from tests.ncbi import faults as f
from tests.ncbi.schedules import Schedule

__all__ = ["EVERY_FAULT", "tenth_request"]

EVERY_FAULT: tuple[f.Fault, ...] = (
    f.WrongCount(),
    f.SearchFailed(),
    f.RateLimited(),
    f.RateLimited(retry_after=1),
    f.RateLimited(status=200),
    f.RawLimited(),
    f.ServerError(500),
    f.ServerError(502),
    f.ServerError(503),
    f.HtmlPage(),
    f.ErrorElement(),
    f.BackendTimeout(),
    f.EmptyBody(),
    f.ResetBefore(),
    f.ResetMidway(),
    f.CutBody(),
    f.CutChunked(),
    f.CutXml(),
    f.StallMidway(1.0),
    f.WrongLength(),
    f.WrongLength(by=40),
    f.DamagedGzip(),
    f.WrongCharset(),
    f.DuplicateRecords(3),
    f.MissingRecords(2),
    f.ExtraRecord(),
    f.BrokenRecord(),
)


def tenth_request() -> Schedule:
    """Every tenth request meets the next fault that concerns it; each of them in turn."""
    to_come: list[f.Fault] = []
    seen = 0

    def schedule(_number: int, path: str, params: Mapping[str, str]) -> f.Fault | None:
        nonlocal seen
        seen += 1
        if seen % 10:
            return None
        to_come[:] = to_come or EVERY_FAULT
        fault = next((fault for fault in to_come if fault.concerns(path, params)), None)
        if fault is None:  # only search faults are left and this is a fetch, or the other way round
            to_come[:] = EVERY_FAULT
            fault = next(fault for fault in to_come if fault.concerns(path, params))
        to_come.remove(fault)
        return fault

    return schedule
