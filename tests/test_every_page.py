"""What is asked of every page: anyone can read it, on a phone and by night; small; nothing from elsewhere; safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.page_kinds import KINDS, Kind
from tests.site_fixtures import Site
from tests.site_fixtures import bare_site as bare_site
from tests.site_fixtures import browser as browser
from tests.site_fixtures import changed_site as changed_site
from tests.site_fixtures import claims_site as claims_site
from tests.site_fixtures import excerpt_site as excerpt_site
from tests.site_fixtures import full_site as full_site
from tests.site_fixtures import sample_site as sample_site
from tests.site_fixtures import site as site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
UNFOLD = "document.querySelectorAll('details').forEach(fold => fold.open = true)"
LARGEST = 100_000  # bytes of a page with all it loads
# Rules of axe-core that are off by default and that WCAG 2.2 AA wants.
RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
# What a change of colours can change.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


@pytest.fixture
def opened(kind: Kind, request: pytest.FixtureRequest) -> Site:
    """The site that shows this kind of page."""
    return cast(Site, request.getfixturevalue(kind.site))


@pytest.fixture
def page(browser: Browser, opened: Site) -> Iterator[Page]:
    """A page that fails the test on any console message, script error or request to elsewhere."""
    context = browser.new_context(base_url=opened.url)
    shown = context.new_page()
    troubles: list[str] = []
    shown.on("console", lambda message: troubles.append(message.text))
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on("request", lambda asked: None if asked.url.startswith(opened.url) else troubles.append(asked.url))
    yield shown
    context.close()
    assert [trouble for trouble in troubles if "404 (Not Found)" not in trouble] == []


@pytest.mark.browser
@every_kind
def test_anyone_can_read_it(page: Page, kind: Kind) -> None:
    """axe-core finds nothing to mend, wide and narrow, by day and by night; nothing scrolls sideways at 360 px."""
    page.set_viewport_size({"width": 1280, "height": 800})
    answer = page.goto(kind.path)
    assert answer is not None
    assert answer.status == kind.status
    assert _found(page, RULES) == []
    assert page.evaluate(CONTRAST) == []
    assert _sideways(page) == 0
    page.emulate_media(color_scheme="dark")
    assert _found(page, COLOURS) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert _sideways(page) == 0
    page.evaluate(UNFOLD)  # with every fold open, all that a phone can show
    assert _sideways(page) == 0
    assert _found(page, COLOURS) == []
    assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="light")
    assert _found(page, RULES) == []


@pytest.mark.browser
def test_axe_would_find_it(browser: Browser) -> None:
    """A page with faults is found faulty: the check above checks."""
    page = browser.new_page()
    page.set_content(
        "<html lang=en><title>x</title><main><h1 style='color:#bbb;background:#fff'>Faint</h1><img src=x>"
        "<a href=/a style='font-size:9px'>a</a><br><a href=/b style='font-size:9px'>b</a></main>"
    )
    found = {line.split(":")[0] for line in _found(page, RULES)}
    page.close()
    assert {"color-contrast", "image-alt", "target-size"} <= found


@pytest.mark.browser
@every_kind
def test_it_has_one_of_each(page: Page, kind: Kind) -> None:
    """One main, one first heading, one search box, the way around, a title, a language, a footer."""
    page.goto(kind.path)
    assert page.locator("main").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    assert page.get_by_role("searchbox", name="Search the papers").count() == 1
    assert page.get_by_role("navigation", name="Site").get_by_role("link").count() >= 3
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.get_by_role("contentinfo").count() == 1
    assert page.title().strip()


@pytest.mark.browser
@every_kind
def test_it_is_small_and_all_ours(page: Page, opened: Site, kind: Kind) -> None:
    """Page and style sheet together stay under 100 KB, in at most two requests, all to this site; no cookie is left."""
    loaded: list[int] = []
    page.on("response", lambda answer: loaded.append(len(answer.body())))
    page.goto(kind.path, wait_until="networkidle")
    assert sum(loaded) < LARGEST
    assert len(loaded) <= 2
    assert page.context.cookies() == []


@every_kind
def test_it_allows_nothing_from_elsewhere(opened: Site, kind: Kind) -> None:
    """No script, no frame, no style in the page; one style sheet that may be kept for good; headers that hold it so."""
    answer = opened.get(kind.path)
    assert answer.status_code == kind.status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    loaded = re.findall(r'<(?:link(?=[^>]*rel="stylesheet")|img|iframe|source)[^>]*(?:href|src)="([^"]*)"', answer.text)
    assert [address.split("?")[0] for address in loaded] == [f"/-/catalog/{loaded[0].split('/')[-1]}"]
    style = opened.get(loaded[0])
    assert style.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in style.headers["cache-control"]
    assert "url(" not in style.text
    assert "@import" not in style.text


@every_kind
def test_it_speaks_no_sql(opened: Site, kind: Kind) -> None:
    """Readers meet no database words but for the links to the data."""
    text = re.sub(r"<[^>]*>", " ", opened.get(kind.path).text).replace("Data, SQL and JSON for those who want them", "")
    ours = ("Spreadsheet (CSV)", "Data (JSON)", "Evidence table for a manuscript")
    for said in ("This record as JSON", "2011 table", "table is silent", "counts in no table", *ours):
        text = text.replace(said, "")
    assert not re.search(r"\b(SQL|JSON|CSV|Datasette|NULL|rowid|database|query|table)\b", text)


def _found(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe-core finds, a line each: the rule, what is wrong, where."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("async options => (await axe.run(options)).violations", options)
    return [
        f"{rule['id']}: {node['target']}: {node['failureSummary']}\n{node['html'][:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def _sideways(page: Page) -> int:
    """How many pixels the page is wider than the screen."""
    return int(page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)"))


# axe-core leaves some texts undecided; here each has a colour and a ground. Those whose contrast is below WCAG's 4.5 (3
# for large ones).
CONTRAST = """
() => {
  const parse = text => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    return parts.length > 3 ? parts : [...parts, 1];
  };
  const light = colour => {
    const [r, g, b] = colour.slice(0, 3).map(v => v / 255)
      .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = parse(getComputedStyle(element).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest('.vh, .skip')) continue;
    const style = getComputedStyle(element), back = behind(element), alpha = Number(style.opacity);
    const ink = parse(style.color).map((v, i) => i < 3 ? v * alpha + back[i] * (1 - alpha) : 1);
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push(`${element.className}: ${text.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return bad;
}
"""
