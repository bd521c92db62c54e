"""The E-utilities client against a PubMed on loopback: pacing, retries, checked answers, and no secrets in messages."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harvest.answers import check_articles, check_search, read_search, refusal
from harvest.errors import HarvestError, Unreachable, WrongUse
from harvest.eutils import Client, Patience
from harvest.pace import Pace
from harvest.search import as_proximity, search_all
from tests.ncbi import FIRST_PMID, PubMed, synthetic_article, synthetic_corpus
from tests.ncbi import faults as f
from tests.ncbi.server import API_KEY

QUICK = Patience(delays=(0.01,) * 5, read=0.5, no_connection=1, longest_wait=2)
SECRETS = ("someone@example.org", "a-secret-key")


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NCBI_API_KEY", "NCBI_EMAIL", "NCBI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pubmed() -> Iterator[PubMed]:
    with PubMed(synthetic_corpus(60), rate=100_000) as server:
        yield server


@pytest.fixture
def client(pubmed: PubMed) -> Iterator[Client]:
    with Client(pubmed.base_url, patience=QUICK, per_second=10_000) as made:
        yield made


PASSING: list[f.Fault] = [
    f.RateLimited(),
    f.RateLimited(retry_after=0),
    f.RateLimited(status=200),
    f.RawLimited(),
    f.ServerError(500),
    f.ServerError(502),
    f.ServerError(503, retry_after=0),
    f.HtmlPage(),
    f.ErrorElement(),
    f.ErrorElement(status=400),
    f.BackendTimeout(),
    f.ResetBefore(),
    f.ResetMidway(),
    f.CutBody(),
    f.CutChunked(),
    f.CutXml(),
    f.CutXml(0.02),
    f.Stall(1.0),
    f.StallMidway(1.0),
    f.EmptyBody(),
    f.WrongCharset(),
    f.WrongLength(),
    f.WrongLength(by=40),
    f.DamagedGzip(),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: repr(fault))
def test_passing_faults_are_outlasted(pubmed: PubMed, client: Client, fault: f.Fault) -> None:
    """A fault that passes changes neither what a search finds nor what a fetch brings."""
    search, fetch = client.search("all[sb] OR ozone", retmax=100), client.fetch([FIRST_PMID, FIRST_PMID + 1])
    pubmed.fail_next(fault, 2)
    assert client.search("all[sb] OR ozone", retmax=100) == search
    pubmed.fail_next(fault, 2)
    assert client.fetch([FIRST_PMID, FIRST_PMID + 1]) == fetch
    assert client.retries == (0 if isinstance(fault, f.WrongCharset) else 4)


def test_a_search_that_fails_is_not_empty(pubmed: PubMed, client: Client) -> None:
    """An ESearch error that stays is an error, never "no results"."""
    pubmed.fail_next(f.SearchFailed(), 100)
    with pytest.raises(Unreachable, match="Search Backend failed"):
        client.search("ozone", retmax=10)
    assert client.requests == 6


def test_a_count_that_does_not_fit_is_asked_again(pubmed: PubMed, client: Client) -> None:
    """A Count smaller than the list is garbled; one larger makes the search incomplete if it stays."""
    pubmed.fail_next(f.WrongCount(by=-1))
    assert client.search("ozone", retmax=100).count == len(client.search("ozone", retmax=100).pmids)
    pubmed.fail_next(f.WrongCount(by=3))
    assert search_all(client, "ozone").complete
    pubmed.fail_next(f.WrongCount(by=3), 100)
    found = search_all(client, "ozone")
    assert not found.complete
    assert "incomplete" in found.warnings[-1]


def test_retry_after_is_honoured(pubmed: PubMed, client: Client) -> None:
    """Retry-After is waited for, and one beyond all patience ends the request with how long PubMed asks for."""
    pubmed.fail_next(f.RateLimited(retry_after=1))
    began = time.monotonic()
    client.search("ozone", retmax=1)
    assert time.monotonic() - began >= 1
    pubmed.fail_next(f.ServerError(503, retry_after=3600))
    with pytest.raises(Unreachable, match="wait 3600 s"):
        client.search("ozone", retmax=1)


def test_every_request_says_who_asks(pubmed: PubMed) -> None:
    """Tool and e-mail go with each request, by POST; the key only where there is one."""
    with Client(pubmed.base_url, SECRETS[0], per_second=10_000) as client:
        client.search("ozone", retmax=1)
        client.fetch([FIRST_PMID])
    for request in pubmed.requests:
        assert request.method == "POST"
        assert (request.params["tool"], request.params["email"]) == ("lbp-evidence-catalog", SECRETS[0])
        assert "api_key" not in request.params


def test_settings_come_from_arguments_then_environment(pubmed: PubMed) -> None:
    """An argument beats the environment, the environment beats NCBI's default."""
    environ = {"NCBI_BASE_URL": "http://127.0.0.1:9/x", "NCBI_EMAIL": "e@example.org"}
    with Client(environ=environ) as client:
        assert (client.base_url, client.email) == ("http://127.0.0.1:9/x/", "e@example.org")
    with Client(pubmed.base_url, "other@example.org", environ=environ) as client:
        assert (client.base_url, client.email) == (pubmed.base_url, "other@example.org")
    with Client(environ={}) as client:
        assert client.base_url == "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"


def test_a_refused_key_is_wrong_use_and_not_repeated(pubmed: PubMed) -> None:
    """A key that NCBI refuses is named by its flag; neither key nor address stands in the message."""
    with Client(pubmed.base_url, *SECRETS, patience=QUICK) as client, pytest.raises(WrongUse) as caught:
        client.search("ozone", retmax=1)
    assert "--api-key" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_pubmeds_words_are_cleaned(pubmed: PubMed) -> None:
    """PubMed's own error text is repeated on one line, without key and address."""
    pubmed.fail_next(f.ErrorElement(f"bad\nkey {API_KEY} of {SECRETS[0]}"), 100)
    with (
        Client(pubmed.base_url, SECRETS[0], API_KEY, patience=QUICK, per_second=10_000) as client,
        pytest.raises(Unreachable) as caught,
    ):
        client.search("ozone", retmax=1)
    assert "bad key *** of ***" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_redirects_elsewhere_are_refused(pubmed: PubMed, client: Client) -> None:
    """A redirect to another server is refused at once: a key would go with it."""
    pubmed.fail_next(f.Redirect())
    with pytest.raises(Unreachable, match=r"another server \(pubmed\.invalid\)"):
        client.search("ozone", retmax=1)
    assert client.requests == 1


def test_redirects_within_the_server_are_followed(pubmed: PubMed, client: Client) -> None:
    """A redirect on the same server is followed, with the whole request."""
    pubmed.fail_next(f.Redirect(location=pubmed.base_url + "esearch.fcgi"))
    assert client.search("ozone", retmax=1).count > 0
    pubmed.fail_next(f.Redirect(location=pubmed.base_url + "esearch.fcgi"), 100)
    with pytest.raises(Unreachable, match="in circles"):
        client.search("ozone", retmax=1)


@pytest.mark.parametrize("url", ["ftp://example.org/", "example.org", "http://", "http://h:x/", "https://h/?api_key=a"])
def test_bad_base_urls(url: str) -> None:
    """A base URL that cannot work is wrong use, in a line that names the flag and does not repeat it."""
    with pytest.raises(WrongUse, match="--base-url") as caught:
        Client(url)
    assert "api_key" not in str(caught.value)


def test_a_refused_connection_is_given_up_soon(unused_port: int) -> None:
    """Nothing listening: one line, exit status 3, and with the usual patience well within 30 seconds."""
    usual = Patience()
    assert usual.no_connection + 2 * usual.connect <= 30
    with Client(f"http://127.0.0.1:{unused_port}/", patience=QUICK) as client, pytest.raises(Unreachable) as caught:
        client.search("ozone", retmax=1)
    assert caught.value.exit_status == 3
    assert "cannot be reached: the connection is refused" in str(caught.value)


@pytest.fixture
def unused_port() -> int:
    with PubMed([]) as server:
        return int(server.base_url.split(":")[2].split("/")[0])


def test_a_proxy_from_the_environment(pubmed: PubMed, monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    """A proxy set in the environment is used; one that does not answer is named, without its password."""
    monkeypatch.setenv("http_proxy", f"http://user:hush@127.0.0.1:{unused_port}")
    monkeypatch.setenv("no_proxy", "")
    with (
        Client("http://pubmed.invalid/", patience=QUICK) as client,
        pytest.raises(Unreachable, match="proxy") as caught,
    ):
        client.search("ozone", retmax=1)
    assert "hush" not in str(caught.value)


def most_in_a_second(pubmed: PubMed) -> int:
    times = [request.at for request in pubmed.requests]
    return max(sum(1 for other in times if at <= other < at + 1) for at in times)


@pytest.mark.parametrize(("key", "limit"), [(None, 3), (API_KEY, 10)])
def test_pacing(key: str | None, limit: int) -> None:
    """Never more than 3 requests in any second, 10 with a key, by several processes together; none is turned away."""
    script = f"""
from harvest.eutils import Client
import sys
with Client(sys.argv[1]) as client:
    for _ in range({limit}):
        client.search("ozone", retmax=1)
"""
    env = {**os.environ, **({"NCBI_API_KEY": key} if key else {})}
    with PubMed(synthetic_corpus(5), rate=3, key_rate=10) as pubmed:
        processes = [subprocess.Popen([sys.executable, "-c", script, pubmed.base_url], env=env) for _ in range(2)]
        assert [process.wait() for process in processes] == [0, 0]
        assert len(pubmed.requests) == 2 * limit
        assert most_in_a_second(pubmed) <= limit
        assert pubmed.throttled == 0


def test_pacing_holds_no_key(tmp_path: Path) -> None:
    """The file that processes share holds hashes and times, never a key."""
    pace = Pace("127.0.0.1", SECRETS[1], folder=tmp_path)
    with pace.turn():
        pass
    pace.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert written
    assert SECRETS[1].encode() not in written


def test_pacing_without_a_place_for_its_file(tmp_path: Path) -> None:
    """Where the shared file cannot be kept, or is garbage, turns are counted within the process."""
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "garbage").mkdir()
    (tmp_path / "garbage" / "pace.db").write_text("no database " * 100)
    for folder in (tmp_path / "file" / "below", tmp_path / "garbage"):
        waits: list[float] = []

        def sleep(seconds: float, waits: list[float] = waits) -> None:
            waits.append(seconds)
            time.sleep(seconds)

        pace = Pace("127.0.0.1", folder=folder, per_second=2, sleep=sleep)
        for _ in range(3):
            with pace.turn():
                pass
        pace.close()
        assert len(waits) == 1


@pytest.mark.parametrize("cap", [7, 30])
def test_searches_above_the_cap_are_split(client: Client, cap: int) -> None:
    """A search with more records than PubMed lists is asked in ranges of PMIDs that together are all of it."""
    whole = search_all(client, "record[tiab]")
    split = search_all(client, "record[tiab]", cap=cap)
    assert len(whole.pmids) == whole.count == 60
    assert (split.pmids, split.count, split.complete) == (whole.pmids, whole.count, True)
    assert split.parts >= 60 / cap


def test_the_real_cap() -> None:
    """10,500 records behind PubMed's own cap of 9,999 are all found, in a handful of requests."""
    records = (synthetic_article(FIRST_PMID + 3 * n, "Ozone (invented record)") for n in range(10_500))
    with PubMed(records, rate=100_000) as pubmed, Client(pubmed.base_url, per_second=10_000) as client:
        found = search_all(client, "ozone[tiab]")
        assert found.complete
        assert found.pmids == {FIRST_PMID + 3 * n for n in range(10_500)}
        assert client.requests <= 4


def test_unknown_phrases_are_asked_by_proximity() -> None:
    """A phrase that PubMed does not know neither widens nor stops a search; it is named with what was asked instead."""
    records = [
        synthetic_article(FIRST_PMID, "Zygapophyseal ozone (invented)"),
        synthetic_article(FIRST_PMID + 1, "Ozone for the joint, zygapophyseal (invented)"),
    ]
    with (
        PubMed(records, rate=100_000, unknown_phrases=["zygapophyseal ozone"]) as pubmed,
        Client(pubmed.base_url, per_second=10_000) as client,
    ):
        found = search_all(client, '"Zygapophyseal  ozone"[tiab] OR nothing[tiab]')
    assert found.strategy == '"Zygapophyseal ozone"[tiab:~0] OR nothing[tiab]'
    assert found.pmids == {FIRST_PMID}
    assert found.warnings == (
        "PubMed does not know the phrase 'Zygapophyseal ozone': asked for as \"Zygapophyseal ozone\"[tiab:~0]",
    )


@pytest.mark.parametrize(
    ("strategy", "phrase", "expected"),
    [
        ('"a b"[tiab] OR "a b c"[tiab]', '"a b"[tiab]', '"a b"[tiab:~0] OR "a b c"[tiab]'),
        ('"oxygen-ozone*"[Title/Abstract]', "oxygen-ozone*", '"oxygen ozone"[tiab:~0]'),
        ('"a b"[tiab:~2]', "a b", None),
        ("word[tiab]", "word", None),
        ('"A Heading"[mh]', '"A Heading"[mh]', None),
    ],
)
def test_as_proximity(strategy: str, phrase: str, expected: str | None) -> None:
    """Only a quoted [tiab] phrase of two or more words is asked for by proximity; truncation goes."""
    changed = as_proximity(strategy, phrase)
    assert (changed and changed[0]) == expected


def test_validators_say_why() -> None:
    """Validators return whether a body is whole, and what it is instead."""
    assert check_articles(b"<?xml version='1.0'?>\n<PubmedArticleSet></PubmedArticleSet>\n") == (True, "")
    assert check_articles(b"<PubmedArticleSet/>") == (True, "")
    assert check_articles(b"") == (False, "an empty answer")
    assert check_articles(b"<!DOCTYPE html><html>") == (False, "a web page instead of data")
    assert check_articles(b'{"a": 1}') == (False, "an answer that is not XML")
    assert check_articles(b"<PubmedArticleSet><PubmedArticle>") == (False, "an answer cut short")
    assert check_articles(b"<PubmedArticleSet>\xff</PubmedArticleSet>") == (False, "an answer that is not UTF-8")
    assert check_articles(b"<eFetchResult><ERROR> no\n id </ERROR></eFetchResult>") == (False, "an error, 'no id'")
    assert check_search(b"<eSearchResult><Count>x</Count><IdList/></eSearchResult>")[0] is False
    assert refusal(b'{"error":"API rate\nlimit exceeded","count":"4"}') == "API rate\nlimit exceeded"
    assert refusal(b'{"header": {}}') is None
    assert refusal(b"<xml/>") is None


def test_a_search_answer_reaches_for_nothing() -> None:
    """Entities and foreign document types of an ESearch answer are never used."""
    body = (
        b'<!DOCTYPE eSearchResult SYSTEM "http://pubmed.invalid/x.dtd" [<!ENTITY a "1">]>'
        b"<eSearchResult><Count>&a;</Count><IdList/></eSearchResult>"
    )
    assert check_search(body)[0] is False
    plain = b"<eSearchResult><Count>1</Count><RetMax>1</RetMax><IdList><Id>5</Id></IdList></eSearchResult>"
    assert read_search(b'<!DOCTYPE x SYSTEM "http://pubmed.invalid/x.dtd">' + plain).pmids == (5,)


def test_errors_have_exit_statuses() -> None:
    """What the client raises is what the command line exits with."""
    assert (HarvestError.exit_status, WrongUse.exit_status, Unreachable.exit_status) == (1, 2, 3)
