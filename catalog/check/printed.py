"""A checked text as one HTML file to print or keep: no script, nothing from elsewhere."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment

from catalog.about import limits_line
from catalog.check.checking import CheckedText
from catalog.check.notes import by_product, said_of
from catalog.check.report import LISTED, STANDING, counts, described, summary
from catalog.sentences import plain

__all__ = ["as_html"]


def as_html(checked: CheckedText) -> str:
    """The report as a page of its own; what the text holds stays text."""
    source = resources.files("catalog.check").joinpath("printed.html").read_text("utf-8")
    template = Environment(autoescape=True, trim_blocks=True).from_string(source)
    return template.render(
        checked=checked,
        limits=limits_line(checked.dated),
        standing=STANDING,
        summary=summary(checked),
        described=lambda found: described(found, checked),
        counts=lambda product: counts(product, checked),
        by_product=by_product,
        said_of=said_of,
        plain=plain,
        most=LISTED,
    )
