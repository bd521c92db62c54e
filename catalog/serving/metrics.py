"""`/-/metrics`: the board in Prometheus's text format (version 0.0.4), all processes added up."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.serving.board import BUCKETS, Board, State

__all__ = ["CONTENT_TYPE", "metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics(board: Board) -> str:
    """The numbers of all processes."""
    return "\n".join((*_counts(board), *_latencies(board), *_processes(board))) + "\n"


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP catalog_{name} {text}", f"# TYPE catalog_{name} {kind}"]


def _counts(board: Board) -> Iterator[str]:
    yield from _head("requests_total", "counter", "Answers by kind of address and status.")
    for kind, status, number in board.requests():
        yield f'catalog_requests_total{{kind="{kind}",status="{status}"}} {number:.0f}'
    yield from _head("requests_refused_total", "counter", "Requests refused to keep the site answering, by reason.")
    for reason, number in board.refusals():
        yield f'catalog_requests_refused_total{{reason="{reason}"}} {number:.0f}'
    for name, field, text in (
        ("answers_remembered_total", "remembered", "Answers given from the memory of answers."),
        ("answers_cut_total", "cut", "Answers that did not get to their end: the client left, or the site stopped."),
        ("response_body_bytes_total", "sent", "Bytes of bodies sent."),
        ("swaps_total", "swaps", "Times a process took up another catalog."),
        ("swaps_refused_total", "swaps_refused", "Times a process could not take up the file that was put there."),
    ):
        yield from _head(name, "counter", text)
        yield f"catalog_{name} {board.total(field):.0f}"


def _latencies(board: Board) -> Iterator[str]:
    name = "request_duration_seconds"
    yield from _head(name, "histogram", "Seconds to the end of an answer, by kind of address.")
    for kind, buckets, seconds in board.latencies():
        below = 0.0
        for most, number in zip((*map(str, BUCKETS), "+Inf"), buckets, strict=True):
            below += number
            yield f'catalog_{name}_bucket{{kind="{kind}",le="{most}"}} {below:.0f}'
        yield f'catalog_{name}_sum{{kind="{kind}"}} {seconds:.6f}'
        yield f'catalog_{name}_count{{kind="{kind}"}} {below:.0f}'


def _processes(board: Board) -> Iterator[str]:
    used = [(n, column) for n, column in enumerate(board.columns) if column.state is not State.UNUSED]
    yield from _head("generation_info", "gauge", "The catalog a process answers from: its file's SHA-256.")
    for n, column in used:
        if column.generation:
            yield f'catalog_generation_info{{worker="{n}",generation="{column.generation}"}} 1'
    yield from _head("process_state", "gauge", "What a process is doing: 1 for its state.")
    for n, column in used:
        yield f'catalog_process_state{{worker="{n}",state="{column.state.name.lower()}"}} 1'
    for name, field, text in (
        ("requests_in_flight", "in_flight", "Requests a process is answering."),
        ("articles", "articles", "Papers in the catalog a process answers from."),
        ("generation_loaded_timestamp_seconds", "loaded", "When a process took up its catalog."),
        ("process_start_timestamp_seconds", "since", "When a process started."),
    ):
        yield from _head(name, "gauge", text)
        for n, column in used:
            yield f'catalog_{name}{{worker="{n}"}} {column[field]:.0f}'
    yield from _head("process_resident_memory_bytes", "gauge", "Memory a process holds, shared parts included.")
    for n, column in used:
        resident = column.resident if column.state in (State.STARTING, State.SERVING, State.STOPPING) else None
        if resident is not None:
            yield f'catalog_process_resident_memory_bytes{{worker="{n}"}} {resident}'
