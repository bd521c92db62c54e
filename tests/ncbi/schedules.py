"""When a fault strikes: schedules, in Python and as written after --fault.

A schedule is any callable (request number from 1, path, parameters) -> Fault or None. `every(3, fault)`,
`upcoming(2, fault)` and `at(fault, 1, 4)` make them; a fault that does not concern a request leaves it and its turn
alone. By hand: `NAME[,key=value...][@every:N|@next:N|@at:N[+N...]][@PROGRAM]`, for example
`rate_limited,retry_after=2@every:5` or `cut_xml@next:2@efetch`; without a condition, the next request. The names are
those of the table in faults.py.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from tests.ncbi.faults import FAULTS, Fault

__all__ = ["FaultError", "Schedule", "at", "every", "parse_fault", "upcoming"]


class FaultError(Exception):
    """A --fault that cannot be understood, in one line."""


Schedule = Callable[[int, str, Mapping[str, str]], Fault | None]


def _fits(fault: Fault, program: str, path: str, params: Mapping[str, str]) -> bool:
    return path.rpartition("/")[2].startswith(program) and fault.concerns(path, params)


def every(nth: int, fault: Fault, program: str = "") -> Schedule:
    """The fault on each `nth` request that it concerns (of `program`, such as "efetch")."""
    seen = 0

    def schedule(_number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        nonlocal seen
        if not _fits(fault, program, path, params):
            return None
        seen += 1
        return fault if seen % nth == 0 else None

    return schedule


def upcoming(times: int, fault: Fault, program: str = "") -> Schedule:
    """The fault on the next `times` requests that it concerns."""
    left = times

    def schedule(_number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        nonlocal left
        if left <= 0 or not _fits(fault, program, path, params):
            return None
        left -= 1
        return fault

    return schedule


def at(fault: Fault, *numbers: int, program: str = "") -> Schedule:
    """The fault on the requests with these numbers, from 1 for the server's first."""

    def schedule(number: int, path: str, params: Mapping[str, str]) -> Fault | None:
        return fault if number in numbers and _fits(fault, program, path, params) else None

    return schedule


def _made(text: str) -> Fault:
    name, *settings = text.split(",")
    if name not in FAULTS:
        raise FaultError(f"--fault {name}: there is none of that name; there are {', '.join(sorted(FAULTS))}")
    kinds = {f.name: str(f.type) for f in dataclasses.fields(FAULTS[name])}
    values: dict[str, int | float | str] = {}
    for setting in settings:
        key, _, value = setting.partition("=")
        if key not in kinds:
            raise FaultError(f"--fault {name}: no setting {key}; it has {', '.join(kinds) or 'none'}")
        try:
            values[key] = int(value) if "int" in kinds[key] else float(value) if kinds[key] == "float" else value
        except ValueError as error:
            raise FaultError(f"--fault {name}: {key}={value} is not a number") from error
    return FAULTS[name](**values)


def parse_fault(spec: str) -> Schedule:
    """A schedule from its written form (see the module's docstring).

    Raises:
        FaultError: the form, a name or a number in it is wrong.
    """
    text, *conditions = spec.split("@")
    fault = _made(text)
    program, word, given = "", "next", [1]
    for condition in conditions:
        if ":" not in condition:
            program = condition
            continue
        word, _, numbers = condition.partition(":")
        if word not in {"every", "next", "at"} or not re.fullmatch(r"[1-9]\d*(\+[1-9]\d*)*", numbers):
            raise FaultError(f"--fault {spec}: @{condition} is not @every:N, @next:N, @at:N or @PROGRAM")
        given = [int(number) for number in numbers.split("+")]
    if word == "at":
        return at(fault, *given, program=program)
    return (every if word == "every" else upcoming)(given[0], fault, program)
