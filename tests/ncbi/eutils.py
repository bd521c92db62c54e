"""The four E-utilities over one corpus: parameters in, `Reply` out. No sockets here.

Behaviour after NBK25499 ("The E-utilities In-Depth") and, where that differs, after what the service is known to do:
ESearch shows only the first 9,999 records (a longer page is cut short with a "Restrictions achieved" message, a later
start is an error, with raw line breaks in the JSON), and so does EFetch over the history (with HTTP 400 for the error).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from tests.ncbi import bodies
from tests.ncbi.corpus import Corpus
from tests.ncbi.evaluate import Answer, Evaluator, date_bounds
from tests.ncbi.fields import FIELDS, Kind, find_field
from tests.ncbi.history import History
from tests.ncbi.index import Index
from tests.ncbi.medline import medline
from tests.ncbi.reply import Reply

__all__ = ["MOST_LISTED", "EUtils"]

MOST_LISTED = 9_999
"""PubMed lists no more of a search's records than this."""

_MOST_IDS_IN_GET = 200
_LONGEST_URL = 4096
_TOO_FAR = (
    "'retstart' cannot be larger than 9998. For PubMed, ESearch can only retrieve the first 9,999 records matching the "
    "query. To obtain more than 9,999 PubMed records, consider using EDirect that contains additional logic to batch "
    "PubMed search results automatically so that an arbitrary number can be retrieved. For details see "
    "https://www.ncbi.nlm.nih.gov/books/NBK25499/"
)


class BadParameterError(Exception):
    """A parameter the service refuses; the message is NCBI's."""


def _number(params: Mapping[str, str], name: str, default: int) -> int:
    text = params.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"-?\d+", text):
        raise BadParameterError(f"Invalid value for {name}: {text}")
    return max(0, int(text))


class EUtils:
    """Answers esearch, efetch, epost and einfo for db=pubmed; safe to call from several threads."""

    def __init__(
        self,
        corpus: Corpus,
        history: History,
        unknown: Iterable[str] = (),
        today: date | None = None,
        *,
        closed_world: bool = False,
        unknown_near: Iterable[str] = (),
    ) -> None:
        self.corpus = corpus
        self.history = history
        self.index = Index(corpus)
        self.unknown = list(unknown)
        self.unknown_near = list(unknown_near)
        self.today = today
        self.closed_world = closed_world
        self.last_update = datetime.now(UTC).strftime("%Y/%m/%d %H:%M")
        self._lock = threading.Lock()

    def answer(self, program: str, params: Mapping[str, str], *, method: str = "GET", url: str = "") -> Reply:
        """The answer to `esearch.fcgi` and so on; 404 for a program there is not, 414 for a GET that is too long."""
        programs = {
            "esearch.fcgi": self.esearch,
            "efetch.fcgi": self.efetch,
            "epost.fcgi": self.epost,
            "einfo.fcgi": self.einfo,
        }
        if program not in programs:
            return Reply(b"<html><body><h1>Not Found</h1></body></html>", "text/html; charset=UTF-8", 404)
        ids = [pmid for pmid in params.get("id", "").split(",") if pmid]
        if method == "GET" and (len(ids) > _MOST_IDS_IN_GET or len(url) > _LONGEST_URL):
            page = b"<html><head><title>414 Request-URI Too Long</title></head><body>Request-URI Too Long</body></html>"
            return Reply(page, "text/html; charset=UTF-8", 414)
        database = params.get("db", "pubmed")
        if database != "pubmed":
            message = f"Invalid db name specified: {database}"
            if program == "esearch.fcgi":
                return self._search_error(message, params)
            return Reply(bodies.efetch_error(message), bodies.XML, 400)
        return programs[program](params)

    # ESearch

    def _search_error(self, message: str, params: Mapping[str, str]) -> Reply:
        as_json = params.get("retmode") == "json"
        return Reply(bodies.esearch_error(message, as_json=as_json), bodies.JSON if as_json else bodies.XML)

    def _today(self) -> date:
        return self.today or datetime.now(UTC).date()

    def _date_limit(self, params: Mapping[str, str]) -> tuple[str, int, int] | None:
        """(field, first, last) of reldate, or of mindate with maxdate; one of those two alone is ignored."""
        kind = find_field(params.get("datetype", "pdat"))
        if kind is None or kind.kind is not Kind.DATE:
            raise BadParameterError(f"Invalid datetype: {params.get('datetype')}")
        if "reldate" in params:
            first = self._today() - timedelta(days=_number(params, "reldate", 0))
            return kind.key, int(first.strftime("%Y%m%d")), int(self._today().strftime("%Y%m%d"))
        if "mindate" in params and "maxdate" in params:
            bounds = date_bounds(params["mindate"], params["maxdate"])
            if bounds is None:
                raise BadParameterError(f"Invalid date range: {params['mindate']}:{params['maxdate']}")
            return kind.key, *bounds
        return None

    def _search(self, params: Mapping[str, str]) -> Answer:
        webenv = params.get("WebEnv")
        evaluator = Evaluator(
            self.index,
            self._today(),
            self.unknown,
            lambda key: self.history.get(webenv, key) if webenv else None,
            closed_world=self.closed_world,
            unknown_near=self.unknown_near,
        )
        term = params.get("term", "").strip()
        if key := params.get("query_key", "").lstrip("#"):
            term = f"#{key} AND ({term})" if term else f"#{key}"
        with self._lock:
            return evaluator.run(term, params.get("sort", ""), self._date_limit(params))

    def esearch(self, params: Mapping[str, str]) -> Reply:
        """Search; errors come with HTTP 200, as NCBI sends them."""
        if not params.get("term", "").strip() and not params.get("query_key"):
            return self._search_error("Empty term and query_key - nothing todo", params)
        try:
            start, size = _number(params, "retstart", 0), _number(params, "retmax", 20)
            answer = self._search(params)
        except BadParameterError as error:
            return self._search_error(str(error), params)
        as_json = params.get("retmode") == "json"
        kind = bodies.JSON if as_json else bodies.XML
        count = len(answer.pmids)
        if params.get("rettype") == "count":
            return Reply(bodies.esearch_count(count, as_json=as_json), kind)
        if start >= MOST_LISTED:
            return self._search_error(f"Search Backend failed: Exception:\n{_TOO_FAR}", params)
        if start + size > MOST_LISTED:
            size = MOST_LISTED - start
            answer.messages.append(f"Restrictions achieved. start and count adjusted to {start}, {size}")
        ids = answer.pmids[start : start + size]
        webenv, key = None, None
        if params.get("usehistory") == "y":
            webenv, key = self.history.add(answer.pmids, params.get("WebEnv"))
        page = bodies.SearchPage(count, len(ids), start, ids, webenv, key)
        return Reply(bodies.esearch(page, answer, as_json=as_json), kind)

    # EFetch

    def _wanted(self, params: Mapping[str, str]) -> list[int]:
        """The PMIDs a request asks for, cut to its page."""
        start, size = _number(params, "retstart", 0), min(_number(params, "retmax", 10_000), 10_000)
        if params.get("WebEnv"):
            key = params.get("query_key", "").lstrip("#") or "1"
            kept = self.history.get(params["WebEnv"], int(key)) if key.isdigit() else None
            if kept is None:
                raise BadParameterError(f"Unable to obtain query #{key}")
            if start >= MOST_LISTED:
                raise BadParameterError(f"Search backend cannot retrieve history data. Reason: Exception:\n{_TOO_FAR}")
            if start and start >= len(kept):
                raise BadParameterError(
                    f"Cannot retrieve history data: OUT OF RANGE. Parameter retstart={start} + 1 is greater than "
                    f"number of records available in history. History includes {len(kept)} IDs."
                )
            return list(kept[start : min(start + size, MOST_LISTED)])
        ids = [text for text in re.split(r"[\s,]+", params.get("id", "")) if text.isdigit() and int(text)]
        if not ids:
            raise BadParameterError("ID list is empty! Possibly it has no correct IDs.")
        return list(dict.fromkeys(int(text) for text in ids))[start : start + size]

    def efetch(self, params: Mapping[str, str]) -> Reply:
        """Records; a PMID that PubMed has not is simply absent."""
        try:
            wanted = self._wanted(params)
        except BadParameterError as error:
            return Reply(bodies.efetch_error(str(error)), bodies.XML, 400)
        held = [(pmid, raw) for pmid in wanted if (raw := self.corpus.get(pmid)) is not None]
        if params.get("rettype") == "uilist":
            return Reply("".join(f"{pmid}\n" for pmid, _raw in held).encode(), bodies.TEXT)
        if params.get("rettype") == "medline" or params.get("retmode") == "text":
            return Reply("".join(medline(raw) for _pmid, raw in held).encode(), bodies.TEXT)
        records = tuple(raw for _pmid, raw in held)
        return Reply(bodies.article_set(records), bodies.XML, records=records)

    # EPost and EInfo

    def epost(self, params: Mapping[str, str]) -> Reply:
        """Put PMIDs on the history server; what is not a number is listed as invalid."""
        given = [text for text in re.split(r"[\s,]+", params.get("id", "")) if text]
        good = list(dict.fromkeys(int(text) for text in given if text.isdigit()))
        bad = [text for text in given if not text.isdigit()]
        if not good:
            return Reply(bodies.epost(invalid=bad, error="Wrong UID list: empty or without a number"), bodies.XML, 400)
        webenv, key = self.history.add(good, params.get("WebEnv"))
        return Reply(bodies.epost(webenv, key, bad), bodies.XML)

    def einfo(self, params: Mapping[str, str]) -> Reply:
        """The database's size, fields and last update; without db, the list of databases."""
        as_json = params.get("retmode") == "json"
        kind = bodies.JSON if as_json else bodies.XML
        if "db" not in params:
            listed = json.dumps({"header": {"type": "einfo", "version": "0.3"}, "einforesult": {"dblist": ["pubmed"]}})
            xml = "<eInfoResult><DbList><DbName>pubmed</DbName></DbList></eInfoResult>"
            return Reply((listed if as_json else xml).encode(), kind)
        fields = [(field.key, field.name) for field in FIELDS]
        return Reply(bodies.einfo(len(self.corpus), self.last_update, fields, as_json=as_json), kind)
