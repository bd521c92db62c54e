"""The pages and JSON that take a text: `/check`, `/references`, `/quotes`; limits; nothing kept."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from catalog.site.workers import MOST_CLIENTS, Busy, Workers
from tests.claim_records import LEANING_REVIEW, RETRACTED_TRIAL, SHAM_TRIAL, told_records
from tests.site_fixtures import Site, serving, write_site
from tests.site_fixtures import browser as browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LISTS = Path(__file__).parent / "bibliographies"
CLAIM = "Mesenchymal stem cells are proven to relieve low back pain better than surgery."


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: each client may ask only so often."""
    with serving(write_site(tmp_path_factory.mktemp("handed") / "catalog.db", told_records())) as running:
        yield running


def _post(site: Site, path: str, **kwargs: Any) -> requests.Response:
    return requests.post(site.url.rstrip("/") + path, timeout=30, **kwargs)


def test_a_claim_as_json(handed: Site) -> None:
    """POST /check.json answers what the command prints, and is kept nowhere on the way."""
    answer = _post(handed, "/check.json", json={"text": CLAIM})
    found = answer.json()
    assert answer.status_code == 200
    assert found["claims"][0]["kind"] == "evidence_strength"
    assert [p["intervention"] for p in found["claims"][0]["evidence"]["products"]] == ["msc", "bone_marrow", "adipose"]
    assert "not medical advice" in found["limits"]
    (standing,) = found["claims"][0]["standing_claims"]
    page = _post(handed, "/check", data={"text": CLAIM}).text
    assert f'Standing claim on this: <a href="{standing["address"]}">' in page
    assert handed.get(standing["address"]).status_code == 200


@pytest.mark.parametrize(
    "kwargs",
    [
        {"data": {"text": CLAIM}},
        {"files": {"file": ("page.html", f"<p>{CLAIM}</p>")}},
        {"files": {"text": (None, CLAIM)}},
        {"data": CLAIM.encode(), "headers": {"content-type": "text/plain"}},
        {"data": {"text": CLAIM}, "cookies": {"ds_csrftoken": "x", "other": "y"}},
    ],
    ids=["form", "file", "multipart", "body", "cookies"],
)
def test_every_way_to_hand_a_text_in(handed: Site, kwargs: dict[str, Any]) -> None:
    """A form, a file, a plain body; cookies of other pages make no difference, for there is nothing to forge."""
    answer = _post(handed, "/check", **kwargs)
    assert answer.status_code == 200
    assert "<h1>1 claim in this text</h1>" in answer.text
    assert "no-store" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("path", "kwargs", "status", "says"),
    [
        ("/check.json", {"json": {"text": " "}}, 400, "There is no text"),
        ("/check.json", {"json": ["x"]}, 400, "has no text"),
        ("/check.json", {"data": "{", "headers": {"content-type": "application/json"}}, 400, "is no JSON"),
        ("/check.json", {"data": "x", "headers": {"content-type": "image/png"}}, 415, "are not read"),
        ("/check.json", {"data": b"a" * 1_000_001, "headers": {"content-type": "text/plain"}}, 413, "too large"),
        ("/check.json", {"json": {"text": "noise. " * 40_000}}, 400, "at most 200,000 are read"),
        ("/check.json", {"files": {"file": ("a.pdf", b"%PDF-1.7")}}, 400, "is a PDF file"),
        ("/check.json", {"data": "x", "headers": {"content-type": "multipart/form-data"}}, 400, "could not be read"),
        ("/quotes.json", {"json": {"text": "long " * 300}}, 400, "give one sentence"),
    ],
)
def test_what_is_refused(handed: Site, path: str, kwargs: dict[str, Any], status: int, says: str) -> None:
    """Empty, no JSON, wrong type, too large, too long, a PDF: a status and one line."""
    answer = _post(handed, path, **kwargs)
    assert (answer.status_code, answer.json()["ok"]) == (status, False)
    assert says in answer.json()["error"]


def test_get_shows_the_form(handed: Site) -> None:
    """GET shows the form, without script; JSON says how to ask; other methods are refused."""
    for path in ("/check", "/references", "/quotes"):
        page = handed.get(path)
        assert page.status_code == 200
        assert '<form class="handed noprint" method="post"' in page.text
        assert "<script" not in page.text
        assert "absence here is not evidence of absence; not medical advice" in page.text
        assert handed.get(f"{path}.json").status_code == 405
    assert requests.put(handed.url + "check", timeout=20).status_code == 405


def test_hostile_text_stays_text(handed: Site) -> None:
    """What a text holds is shown as text."""
    hostile = "<p>PRP relieves pain &lt;script&gt;alert(1)&lt;/script&gt; {{7*7}} in backs.</p><p>x</p>"
    page = _post(handed, "/check", data={"text": hostile}).text
    assert "&lt;script&gt;" in page
    assert "<script" not in page


def test_references(handed: Site) -> None:
    """A list as a file; what is not found is not in this catalog."""
    data = (LISTS / "zotero.bib").read_bytes()
    answer = _post(handed, "/references.json", files={"file": ("zotero.bib", data)})
    assert [r["in_catalog"] for r in answer.json()["references"]] == [False, False]
    page = _post(handed, "/references", data={"text": f"PMID: {SHAM_TRIAL}"}).text
    assert f'href="/articles/{SHAM_TRIAL}"' in page


def test_quotes(handed: Site) -> None:
    """The nearest sentences of results and conclusions, each with level and citation, and one that points elsewhere."""
    sentence = "Mesenchymal stem cells were superior to medication for low back pain."
    found = _post(handed, "/quotes.json", json={"text": sentence}).json()
    assert 1 <= len(found["nearest"]) <= 3
    for quote in [*found["nearest"], *([found["other_way"]] if found["other_way"] else [])]:
        title, abstract, status = handed.rows(
            "SELECT title, abstract, status FROM articles WHERE pmid = ?", quote["pmid"]
        )[0]
        assert quote["text"] in abstract, title
        assert status != "retracted"
        assert quote["level"]
        assert str(quote["pmid"]) in quote["citation"] or title in quote["citation"]
    ways = {quote["direction"] in ("favours", "non_inferior") for quote in found["nearest"] if quote["direction"]}
    if found["other_way"]:
        assert (found["other_way"]["direction"] == "favours") not in ways
    assert "bm25" in found["ranking"]
    assert _post(handed, "/quotes.json", json={"text": "zzz qqq"}).json()["nearest"] == []


def test_a_client_may_ask_so_often() -> None:
    """So many at once, then 429 with the seconds to wait; another client is not affected; few are remembered."""
    workers = Workers(SimpleNamespace(plugin_config=lambda _: {"checks_per_minute": 3}))
    for _ in range(3):
        workers.admit("a")
    with pytest.raises(Busy, match="more than 3 a minute") as refused:
        workers.admit("a")
    assert (refused.value.status, refused.value.after) == (429, 20)
    workers.admit("b")
    for n in range(MOST_CLIENTS + 5):
        workers.admit(f"c{n}")
    assert len(workers._clients) == MOST_CLIENTS


@pytest.mark.browser
def test_paste_read_print(handed: Site, browser: Browser) -> None:
    """Paste a text, read the claims, open a level, follow a number to its list, print without the form."""
    context = browser.new_context(base_url=handed.url)
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(message.text))
    page.on("request", lambda request: None if request.url.startswith(handed.url) else troubles.append(request.url))
    page.goto("/check")
    page.get_by_label("The text").fill(CLAIM)
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("heading", level=1).inner_text() == "1 claim in this text"
    page.get_by_text("Held:").first.click()
    number = page.locator(".rungs a").first
    count = int(number.inner_text().split()[0])
    assert number.is_visible()
    page.emulate_media(media="print")
    assert page.locator("form.handed").is_hidden()
    assert len(page.pdf()) > 1_000
    page.emulate_media(media="screen")
    number.click()
    assert page.locator("article.card").count() == count
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto("/references")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles == []
    context.close()


def test_a_long_check_does_not_starve_readers(handed: Site) -> None:
    """While a long text is checked, pages still answer."""
    text = json.dumps({"text": "PRP relieves back pain better than surgery. " * 4_000})
    done: list[int] = []

    def ask() -> None:
        answer = _post(handed, "/check.json", data=text, headers={"content-type": "application/json"})
        done.append(answer.status_code)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.3)
    answered = 0
    while asking.is_alive():
        assert handed.get("/check").status_code == 200
        answered += 1
    asking.join()
    assert done[0] in (200, 503)
    assert answered >= 1


def test_a_page_of_many_claims_stays_small_and_says_what_it_leaves_out(handed: Site) -> None:
    """Many claims, many other sentences, or one endless one: under 100 KB, and the rest is counted and said."""
    texts = {
        "claims": " ".join(f"Stem cells are proven to relieve back pain better than surgery {n}." for n in range(200)),
        "others": " ".join(f"Rest is the best medicine for back pain in week {n}." for n in range(300)),
        "endless": "PRP relieves back pain " + "and again & again " * 9_000 + "for years.",
    }
    for name, text in texts.items():
        answer = _post(handed, "/check", data={"text": text})
        assert answer.status_code == 200, name
        assert len(answer.content) < 100_000, name
    page = _post(handed, "/check", data={"text": texts["claims"]}).text
    shown = page.count('<li class="card" id="claim-')
    assert 3 < shown < 200
    assert f"Shown here: the first {shown} of 200 claims." in page
    assert len(_post(handed, "/check.json", json={"text": texts["claims"]}).json()["claims"]) == 200
    assert 'as under <a href="#claim-1">claim 1</a>' in page
    assert "more, in /check.json" in _post(handed, "/check", data={"text": texts["others"]}).text


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_a_retracted_reference_is_met_first_and_cannot_be_missed(handed: Site, browser: Browser, width: int) -> None:
    """Pasted last, it is the first on the page: in the heading, in a box of its own colour, and in words."""
    context = browser.new_context(base_url=handed.url, java_script_enabled=False)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 800})
    page.goto("/references")
    page.get_by_label("References, PMIDs or DOIs").fill(
        f"1. Nobody A. A paper that is not held. J Invent. 2020;1:1-2. PMID: 970099999\n"
        f"2. Synthetic B. A sham-controlled trial. PMID: {SHAM_TRIAL}\n"
        f"3. Synthetic C. A withdrawn trial. PMID: {RETRACTED_TRIAL}\n"
    )
    page.get_by_role("button", name="Check").click()
    assert page.get_by_role("heading", level=1).inner_text() == "1 reference is retracted"
    entries = page.locator("ol.refs > li")
    assert entries.count() == 3
    first = entries.first
    assert "Reference 3" in first.inner_text()
    alarm = first.get_by_text("This paper was withdrawn: it counts nowhere as evidence.")
    assert alarm.is_visible()
    top = alarm.bounding_box()
    assert top is not None
    assert top["y"] < 800  # without scrolling
    ground = [entries.nth(n).evaluate("e => getComputedStyle(e).backgroundColor") for n in range(3)]
    assert ground[0] != ground[1] == ground[2]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_a_quote_from_a_review_that_cites_a_retracted_paper_says_so(handed: Site) -> None:
    """Marked on the page and in JSON, as everywhere."""
    sentence = "Pooled pain was significantly lower with cells than with control."
    found = _post(handed, "/quotes.json", json={"text": sentence}).json()
    assert {quote["pmid"] for quote in found["nearest"] if quote["cites_retracted"]} == {LEANING_REVIEW}
    assert "Cites a retracted paper" in _post(handed, "/quotes", data={"text": sentence}).text
