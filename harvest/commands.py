"""What `harvest` and `catalog` share at the command line: one line an error, exit statuses, signals, progress.

Exit status: 0 all done; 1 done, but something was set aside and is listed; 2 wrong use; 3 PubMed could not be reached
or would not answer; 130 and 143 stopped by Ctrl-C and SIGTERM. Messages go to stderr, results to stdout.
"""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import click

from harvest.errors import HarvestError

__all__ = ["LISTED", "PATH", "Commands", "say", "topics_option"]

# How many of the things set aside are listed before "and N more".
LISTED = 20
PATH: Any = click.Path(path_type=Path)


class Stopped(KeyboardInterrupt):
    """SIGTERM: ends as Ctrl-C does, with its own exit status."""


class Commands(click.Group):
    """A group of commands that turns every error into one line and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; no traceback reaches a user."""
        try:
            with _terminable():
                return super().invoke(ctx)
        except HarvestError as error:
            say(f"Error: {error}")
            ctx.exit(error.exit_status)
        except KeyboardInterrupt as stop:
            say("Stopped. What was kept stays kept; run the same command again to go on.")
            ctx.exit(143 if isinstance(stop, Stopped) else 130)
        except (OSError, sqlite3.Error) as error:
            if isinstance(error, BrokenPipeError):  # the reader of our output left: click's own, quiet ending
                raise
            say(f"Error: the disk or the database failed ({error}); what was kept stays kept")
            ctx.exit(1)


def say(line: str) -> None:
    """A message: to stderr, so that results stay clean."""
    click.echo(line, err=True)


def topics_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that names a topics file."""
    return click.option("--topics", type=PATH, help="A topics file of your own; without it, the bundled one.")(command)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, so that the run is closed in order."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread, where signals cannot be caught
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
