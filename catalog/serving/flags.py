"""The flags of `catalog serve`, each with its environment variable, which a flag given beats."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import click

from catalog.serving.options import LOGS, METRICS, Options

__all__ = ["address_options", "serving_options"]

_DEFAULT = Options()


class _Addresses(click.ParamType):  # type: ignore[type-arg]
    """Addresses and networks, with commas between."""

    name = "addresses"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same, each of them read. Fails in one line where one is none."""
        given = [one.strip() for one in str(value).split(",") if one.strip()]
        for one in given:
            try:
                ipaddress.ip_network(one)
            except ValueError as error:
                self.fail(f"{error}; give addresses such as 10.0.0.5, networks such as 10.0.0.0/8", param, ctx)
        return ",".join(given)


def address_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--host` and `--port`."""
    command = click.option(
        "--port",
        type=click.IntRange(0, 65535),
        default=8001,
        envvar="CATALOG_PORT",
        show_default=True,
        show_envvar=True,
        help="0: any free port.",
    )(command)
    return click.option(
        "--host",
        default="127.0.0.1",
        envvar="CATALOG_HOST",
        show_default=True,
        show_envvar=True,
        help="0.0.0.0 lets other machines in.",
    )(command)


def serving_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """How the site runs: the fields of `Options`."""
    seconds = click.FloatRange(0, 3_600)
    for name, kind, text in (
        ("stop_within", seconds, "Seconds that answers begun may take after a stop."),
        ("stop_delay", seconds, "Seconds it listens on after SIGTERM, with health at 503."),
        ("forwarded_from", _Addresses(), "Proxies whose word is taken on who asks (X-Forwarded-For)."),
        ("metrics", click.Choice(METRICS), "Who may read /-/metrics: nobody, this machine, everybody."),
        ("log", click.Choice(LOGS), "A line to stderr for each request."),
        ("workers", click.IntRange(1, 64), "Processes that answer."),
    ):
        command = click.option(
            f"--{name.replace('_', '-')}",
            type=kind,
            default=getattr(_DEFAULT, name),
            envvar=f"CATALOG_{name.upper()}",
            show_default=True,
            show_envvar=True,
            help=text,
        )(command)
    return command
