"""The step that tries the newest Datasette: one line that tells, whatever comes out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from supply.next_datasette import FILES, TOP, verdict

REPORT = b"""<testsuites><testsuite name="pytest">
<testcase classname="tests.test_site_home" name="test_the_map"/>
<testcase classname="tests.test_feeds" name="test_new[a]"><failure message="x">E x</failure></testcase>
<testcase classname="tests.test_feeds" name="test_old"><error message="x">E x</error></testcase>
<testcase classname="tests.test_feeds" name="test_browser"><skipped message="none"/></testcase>
</testsuite></testsuites>"""
CLOSING = re.compile(r"\d+ (passed|failed|error)")


def test_what_does_not_hold_is_named() -> None:
    """The line counts the tests that ran and names those that do not hold; it reads like no end of a test run."""
    line = verdict("1.0a99", REPORT)
    assert line == (
        "Datasette 1.0a99, required by nothing here yet: 1 of 3 site tests hold;"
        " not test_feeds::test_new[a], test_feeds::test_old."
    )
    assert not CLOSING.search(line)


def test_all_held_and_none_ran_are_told_apart() -> None:
    """A report without failures ends the line; no report at all is said, not counted as success."""
    held = re.sub(rb"<(failure|error).*?</\1>", b"", REPORT)
    assert verdict("1.0a99", held).endswith("3 of 3 site tests hold.")
    assert verdict("1.0a99", b"") == "Datasette 1.0a99: the site's tests could not begin."


def test_a_missing_registry_is_said_and_fails_nothing() -> None:
    """Where no package registry answers the step says so in one line and ends well."""
    here = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_INDEX": "1"}
    command = [sys.executable, "-m", "supply.next_datasette"]
    ended = subprocess.run(
        command, cwd=TOP, env={**os.environ, **here}, capture_output=True, text=True, timeout=60, check=True
    )
    assert ended.stdout == "Datasette 1.0 was not tried: no package registry gave datasette>=1.0a0.\n"
    assert ended.stderr == ""


def test_what_it_runs_exists() -> None:
    """Every test file that it names is there."""
    assert [name for name in FILES if not Path(TOP, name).is_file()] == []
