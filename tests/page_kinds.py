"""Every kind of page a reader meets, one line each: what is asked of all pages is asked of these.

A new page joins by a line here; tests/test_every_page.py then checks that anyone can read it, that it fits a phone,
that it is small, and that nothing in it comes from elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.site_fixtures import (
    BARE,
    EXTENSION,
    HOSTILE_PMID,
    LEANING,
    OLD,
    REPORT,
    RETRACTED,
    TRIAL,
    WITHDRAWN,
)

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page: the fixture of the site that shows it, its address there, and the HTTP status it has."""

    name: str
    site: Literal["site", "full_site", "sample_site", "changed_site", "claims_site", "bare_site", "excerpt_site"]
    path: str
    status: int = 200


KINDS = [
    Kind("first page", "full_site", "/"),
    Kind("first page of the sample", "sample_site", "/"),
    Kind("first page, one condition", "sample_site", "/?condition=disc_herniation"),
    Kind("papers side by side", "full_site", f"/compare?pmid={REPORT},{WITHDRAWN},{LEANING},{OLD},{EXTENSION}"),
    Kind("as many as fit side by side", "sample_site", "/compare?sort=level"),
    Kind("side by side, full of markup", "site", f"/compare?pmid={HOSTILE_PMID},{TRIAL}&height=participants"),
    Kind("nothing to compare", "site", "/compare?pmid=1"),
    Kind("list", "site", "/search"),
    Kind("list, narrowed", "site", "/search?q=ozone&level=4&year=2010-2019&retracted=exclude"),
    Kind("list, nothing found", "site", "/search?q=xylophones+quince&level=1"),
    Kind("list, each study once", "full_site", "/search?studies=once"),
    Kind("paper", "site", f"/articles/{TRIAL}"),
    Kind("paper, retracted", "site", f"/articles/{RETRACTED}"),
    Kind("paper without abstract", "site", f"/articles/{BARE}"),
    Kind("paper in a copy without abstracts", "bare_site", f"/articles/{TRIAL}"),
    Kind("paper in a copy of excerpts", "excerpt_site", f"/articles/{TRIAL}"),
    Kind("list in a copy without abstracts", "bare_site", "/search?q=%22randomised+trial%22"),
    Kind("find a quote in a copy without abstracts", "bare_site", "/quotes"),
    Kind("paper full of markup", "site", f"/articles/{HOSTILE_PMID}"),
    Kind("paper with comments and prompts", "full_site", f"/articles/{REPORT}"),
    Kind("paper corrected by hand", "full_site", f"/articles/{EXTENSION}"),
    Kind("review that cites a retracted paper", "full_site", f"/articles/{LEANING}"),
    Kind("paper that claims more than it shows", "sample_site", "/articles/970000066"),
    Kind("paper of a trial with several", "sample_site", "/articles/970000042"),
    Kind("paper retracted by a notice", "full_site", f"/articles/{WITHDRAWN}"),
    Kind("review with a newer version", "full_site", f"/articles/{OLD}"),
    Kind("feeds", "site", "/feeds"),
    Kind("changes", "changed_site", "/changes"),
    Kind("changes, from the beginning", "changed_site", "/changes?since=2026-01-11"),
    Kind("changes, none", "changed_site", "/changes?since=2027-01-01"),
    Kind("changes of a sample", "sample_site", "/changes"),
    Kind("lists", "site", "/lists"),
    Kind("list of a treatment", "full_site", "/lists/best_evidence?intervention=ozone"),
    Kind("list, disagreements", "full_site", "/lists/disagreements"),
    Kind("list by journal", "site", "/lists/by_journal"),
    Kind("reliability", "site", "/reliability"),
    Kind("claims", "claims_site", "/claims"),
    Kind("claims of a sample", "sample_site", "/claims"),
    Kind("claim, a comparison", "claims_site", "/claims/msc-less-pain-than-drugs"),
    Kind("claim, an effect", "claims_site", "/claims/prp-relieves-back-pain"),
    Kind("claim, a mechanism", "claims_site", "/claims/msc-differentiation"),
    Kind("claim, safety", "claims_site", "/claims/msc-safe"),
    Kind("claim on many products", "sample_site", "/claims/injections-instead-of-surgery"),
    Kind("claim without evidence", "claims_site", "/claims/ozone-herniation-sciatica"),
    Kind("claim outside the catalog", "claims_site", "/claims/rest-for-acute-pain"),
    Kind("no such claim", "claims_site", "/claims/nothing", 404),
    Kind("check a text", "full_site", "/check"),
    Kind("check references", "sample_site", "/references"),
    Kind("find a quote", "full_site", "/quotes"),
    Kind("no such feed", "site", "/feeds/nothing.atom", 404),
    Kind("no such paper", "site", "/articles/1", 404),
    Kind("no PMID", "site", "/articles/x", 404),
]
