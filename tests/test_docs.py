"""The documentation is true as far as a machine can tell."""

from __future__ import annotations

from tests.docs import problems
from tests.readme import command


def test_documentation_is_in_order() -> None:
    """Links lead somewhere, every command is documented, and lists made from files are current."""
    assert problems() == []


def test_readme_opens_with_the_two_commands() -> None:
    """README's first code block runs the main job and its second the tests, both from the lock with hashes."""
    for which, lock in (("up", "requirements.lock"), ("tests", "requirements-dev.lock")):
        assert lock in command(which)
        assert "--require-hashes" in command(which)
        assert "--no-deps" in command(which)
