"""How heavy each kind of page is: bytes, requests and time to load in headless Chromium, as a Markdown table.

    python -m benchmarks.weight [--url http://127.0.0.1:8001] [--rounds 5]

Without --url it serves the small catalogs of the tests. With one it visits the same addresses at that site, where those
that name a paper of the tests are left out. Times are medians, from the request to the browser's load event, each in a
fresh context, so that nothing comes from its cache. Bytes are of the bodies as received.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.build import build
from catalog.sample import write_sample
from tests.changed import three_harvests
from tests.claim_records import two_harvests
from tests.harvests import harvest_of
from tests.page_kinds import KINDS, Kind
from tests.site_fixtures import CURATION, WATCH, invented_records, related_records, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = ("--no-sandbox", "--disable-gpu")


@contextmanager
def sites() -> Iterator[dict[str, str]]:
    """The sites of the tests, by the name of their fixture."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "curation.csv").write_text(CURATION, "utf-8")
        (folder / "watch.csv").write_text(WATCH, "utf-8")
        build(harvest_of(folder / "site-p.db", invented_records()), folder / "site.db")
        build(
            harvest_of(folder / "full-p.db", related_records()),
            folder / "full.db",
            curation=folder / "curation.csv",
            retractions=folder / "watch.csv",
        )
        build(three_harvests(folder / "changed-p.db"), folder / "changed.db")
        build(two_harvests(folder / "claims-p.db"), folder / "claims.db")
        write_sample(folder / "sample.db")
        with (
            serving(folder / "site.db") as site,
            serving(folder / "full.db") as full,
            serving(folder / "changed.db") as changed,
            serving(folder / "claims.db") as claims,
            serving(folder / "sample.db") as sample,
        ):
            yield {
                "site": site.url,
                "full_site": full.url,
                "changed_site": changed.url,
                "claims_site": claims.url,
                "sample_site": sample.url,
            }


def weigh(browser: Browser, address: str, rounds: int) -> tuple[int, int, int, float]:
    """(status, requests, bytes, milliseconds to load) of a page; the time is the median of the rounds."""
    times: list[float] = []
    sizes: list[int] = []
    status = 0
    for _ in range(rounds):
        context = browser.new_context()
        page = context.new_page()
        sizes = []
        page.on("response", lambda answer, held=sizes: held.append(len(answer.body())))
        answer = page.goto(address, wait_until="networkidle")
        status = answer.status if answer else 0
        times.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        context.close()
    return status, len(sizes), sum(sizes), statistics.median(times)


def table(browser: Browser, urls: dict[str, str], kinds: list[Kind], rounds: int) -> Iterator[str]:
    """The lines of the table."""
    yield "| page | address | KB | requests | ms to load |"
    yield "|---|---|---|---|---|"
    for kind in kinds:
        if kind.site not in urls:
            continue
        status, requests, size, time = weigh(browser, urls[kind.site].rstrip("/") + kind.path, rounds)
        if status == kind.status:
            shown = kind.path if len(kind.path) <= 60 else kind.path[:57] + "..."
            yield f"| {kind.name} | `{shown}` | {size / 1000:.1f} | {requests} | {time:.0f} |"


def main() -> None:
    """Print the table."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description="Weigh every kind of page.")
    parser.add_argument("--url", help="a running site; without it the catalogs of the tests are served")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("no Chromium on this machine: install Debian's chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if chosen.url:
            kinds = [kind for kind in KINDS if not any(char * 3 in kind.path for char in "09") and kind.status == 200]
            urls = dict.fromkeys((kind.site for kind in kinds), chosen.url)
            unique = list({kind.path: kind for kind in kinds}.values())
            lines = list(table(browser, urls, unique, chosen.rounds))
        else:
            with sites() as urls:
                lines = list(table(browser, urls, KINDS, chosen.rounds))
        browser.close()
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
