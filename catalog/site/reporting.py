"""Where a reader reports a wrong tag: an address from metadata.yml, with the paper's tags filled in.

Nothing of the reader goes along: no search, no address they came from. Without a setting there is no link.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from catalog.cite import Imprint

if TYPE_CHECKING:  # Datasette loads its plugins while it is itself being imported
    from datasette.app import Datasette

__all__ = ["PLUGIN", "report_address", "report_to"]

PLUGIN = "lbp-evidence-catalog"  # the name of its settings in metadata.yml
SETTING = "report_wrong_tags_to"
LONGEST_TITLE = 150  # characters; mail programs take addresses of about 2,000


def report_to(datasette: Datasette) -> str | None:
    """The address of the setting: `mailto:...` or `https://...`; None where there is none, or it is another kind."""
    settings: Any = datasette.plugin_config(PLUGIN)
    address = settings.get(SETTING) if isinstance(settings, dict) else None
    if not isinstance(address, str) or urlsplit(address).scheme not in ("mailto", "https", "http"):
        return None
    return address


def report_address(address: str, pmid: int, title: str, tags: Sequence[tuple[str, str]], imprint: Imprint) -> str:
    """The address with subject and text filled in.

    Args:
        address: of the setting. In one that holds `{title}` and `{body}` they are replaced; to any other `subject` and
            `body` (mail) or `title` and `body` (an issue) are added.
        pmid: the paper.
        title: its title.
        tags: (field, value) as the page shows them.
        imprint: the catalog's own words on itself.
    """
    subject = f"Wrong tag: PMID {pmid}"
    short = title if len(title) <= LONGEST_TITLE else title[:LONGEST_TITLE].rsplit(" ", 1)[0] + " …"
    lines = [
        f"PMID {pmid}: {short}",
        *(f"{field}: {value}" for field, value in tags),
        f"({imprint.title} {imprint.version}, rules {imprint.rules}, {imprint.dated})",
        "",
        "Which tag is wrong, and which words of the abstract say so:",
        "",
    ]
    body = "\n".join(lines)
    if "{title}" in address or "{body}" in address:
        return address.replace("{title}", quote(subject, safe="")).replace("{body}", quote(body, safe=""))
    mail = urlsplit(address).scheme == "mailto"
    filled = urlencode([("subject" if mail else "title", subject), ("body", body)], quote_via=quote)
    return address + ("&" if "?" in address else "?") + filled
