"""Everything that can go wrong with PubMed, one small class each (schedules.py says when).

| --fault name | class | what the client meets |
|---|---|---|
| rate_limited | RateLimited | HTTP 429, JSON body; `retry_after=SECONDS` adds the header; `status=200` the body alone |
| raw_limited | RawLimited | the same body with HTTP 200 and a raw line break in its string |
| server_error | ServerError | HTTP 500 (`status=502`, `503`), HTML body; `retry_after=SECONDS` |
| html_page | HtmlPage | an HTML page with HTTP 200 |
| error_element | ErrorElement | `<eFetchResult><ERROR>` with HTTP 200 (`status=400`, `message=TEXT`) |
| backend_timeout | BackendTimeout | HTTP 400 for a passing trouble: "External viewer error ... Status: Timeout" |
| search_failed | SearchFailed | ESearch's ERROR with HTTP 200, in JSON with a raw line break |
| raw_newlines | RawNewlines | the right JSON answer, a raw line break in one of its strings (esearch, json) |
| reset_before, reset_midway | ResetBefore, ResetMidway | TCP reset before the first byte; after half the body |
| cut_body | CutBody | Content-Length right, half the bytes, then a close |
| cut_chunked | CutChunked | chunked, closed without the last chunk |
| cut_xml | CutXml | the body cut short, Content-Length consistent: nothing wrong on the wire |
| stall, stall_midway | Stall, StallMidway | nothing for `seconds=30`; nothing after half the body |
| expired_webenv | ExpiredWebEnv | every WebEnv forgotten before this request (one that uses a WebEnv) |
| missing_records | MissingRecords | the last `count=1` records of a batch left out (efetch) |
| duplicate_records | DuplicateRecords | the first `count=1` records of a batch twice (efetch) |
| extra_record | ExtraRecord | a record nobody asked for, `pmid=979999999`, at the end of the batch (efetch) |
| broken_record | BrokenRecord | one record of the batch not well-formed, the others whole (efetch) |
| wrong_length | WrongLength | a Content-Length `by=-40` off; too long, the connection closes before it is reached |
| damaged_gzip | DamagedGzip | a gzip body that does not unzip (for clients that accept gzip) |
| wrong_charset | WrongCharset | `charset=ISO-8859-1` in the header of a UTF-8 body |
| redirect | Redirect | HTTP 302 to `location=URL` on another host |
| empty_body | EmptyBody | HTTP 200 and nothing |
| wrong_count | WrongCount | Count off by `by=1` (esearch) |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from tests.ncbi import bodies
from tests.ncbi.reply import Delivery, Reply

__all__ = [
    "FAULTS",
    "BackendTimeout",
    "BrokenRecord",
    "CutBody",
    "CutChunked",
    "CutXml",
    "DamagedGzip",
    "DuplicateRecords",
    "EmptyBody",
    "ErrorElement",
    "ExpiredWebEnv",
    "ExtraRecord",
    "Fault",
    "HtmlPage",
    "MissingRecords",
    "RateLimited",
    "RawLimited",
    "RawNewlines",
    "Redirect",
    "ResetBefore",
    "ResetMidway",
    "SearchFailed",
    "ServerError",
    "Stall",
    "StallMidway",
    "WrongCharset",
    "WrongCount",
    "WrongLength",
    "rate_limit_body",
]

HTML = "text/html; charset=UTF-8"


def rate_limit_body(who: str = "127.0.0.1", count: int = 4, limit: int = 3) -> bytes:
    """NCBI's body for too many requests."""
    return (f'{{"error":"API rate limit exceeded","api-key":"{who}","count":"{count}","limit":"{limit}"}}\n').encode()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with one request: `spoil` turns the right reply into what the client meets."""

    program: ClassVar[str] = ""  # the only program it concerns, "" for all
    json_only: ClassVar[bool] = False
    forgets_webenvs: ClassVar[bool] = False

    def concerns(self, path: str, params: Mapping[str, str]) -> bool:
        """Whether this request can go wrong in this way."""
        if (self.json_only and params.get("retmode") != "json") or (self.forgets_webenvs and "WebEnv" not in params):
            return False
        return path.rpartition("/")[2].startswith(self.program)

    def spoil(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        """What is sent in place of `reply`."""
        return self._spoiled(reply, params)

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        raise NotImplementedError


def _retry_after(seconds: int | None) -> tuple[tuple[str, str], ...]:
    return () if seconds is None else (("Retry-After", str(seconds)),)


@dataclass(frozen=True, slots=True)
class RateLimited(Fault):
    """Too many requests, says PubMed; with status=200 only the body says so."""

    retry_after: int | None = None
    status: int = 429

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return Reply(rate_limit_body(), bodies.JSON, self.status, _retry_after(self.retry_after))


@dataclass(frozen=True, slots=True)
class RawLimited(Fault):
    """Too many requests, says a JSON body with HTTP 200 that holds a raw line break."""

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return Reply(rate_limit_body().replace(b"rate limit", b"rate limit\n", 1), bodies.JSON)


@dataclass(frozen=True, slots=True)
class ServerError(Fault):
    """A 5xx with an HTML body."""

    status: int = 500
    retry_after: int | None = None

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        page = f"<html><head><title>Error {self.status}</title></head><body><h1>Server Error</h1></body></html>"
        return Reply(page.encode(), HTML, self.status, _retry_after(self.retry_after))


@dataclass(frozen=True, slots=True)
class HtmlPage(Fault):
    """An HTML page with HTTP 200."""

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        page = (
            b"<!DOCTYPE html>\n<html><head><title>NCBI</title></head><body><p>Down for maintenance.<br></body></html>"
        )
        return Reply(page, HTML)


@dataclass(frozen=True, slots=True)
class ErrorElement(Fault):
    """`<eFetchResult><ERROR>`, by default with HTTP 200."""

    message: str = "Search Backend failed: temporary trouble"
    status: int = 200

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return Reply(bodies.efetch_error(self.message), bodies.XML, self.status)


@dataclass(frozen=True, slots=True)
class BackendTimeout(Fault):
    """HTTP 400 for a passing trouble of the backend."""

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        message = " Error: External viewer error: Empty Response. Bytes read: 0 Status: Timeout"
        return Reply(bodies.efetch_error(message), bodies.XML, 400)


@dataclass(frozen=True, slots=True)
class SearchFailed(Fault):
    """ESearch's ERROR with HTTP 200; its JSON holds a raw line break."""

    program: ClassVar[str] = "esearch"

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        as_json = params.get("retmode") == "json"
        message = "Search Backend failed: Exception:\nCouldn't resolve #exception, the backend is busy"
        return Reply(bodies.esearch_error(message, as_json=as_json), bodies.JSON if as_json else bodies.XML)


@dataclass(frozen=True, slots=True)
class RawNewlines(Fault):
    """The right JSON answer with a raw line break in one of its strings."""

    program: ClassVar[str] = "esearch"
    json_only: ClassVar[bool] = True

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, body=reply.body.replace(b'"querytranslation": "', b'"querytranslation": "\n', 1))


@dataclass(frozen=True, slots=True)
class _Delivered(Fault):
    delivery: ClassVar[Delivery] = Delivery.WHOLE

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, delivery=self.delivery)


@dataclass(frozen=True, slots=True)
class ResetBefore(_Delivered):
    """TCP reset before the first byte."""

    delivery: ClassVar[Delivery] = Delivery.RESET_BEFORE


@dataclass(frozen=True, slots=True)
class ResetMidway(_Delivered):
    """TCP reset after half the body."""

    delivery: ClassVar[Delivery] = Delivery.RESET_MIDWAY


@dataclass(frozen=True, slots=True)
class CutBody(_Delivered):
    """Content-Length right, half the bytes, then a close."""

    delivery: ClassVar[Delivery] = Delivery.CUT


@dataclass(frozen=True, slots=True)
class CutChunked(_Delivered):
    """Chunks without the last one."""

    delivery: ClassVar[Delivery] = Delivery.CUT_CHUNKED


@dataclass(frozen=True, slots=True)
class DamagedGzip(_Delivered):
    """A compressed body that does not unzip."""

    delivery: ClassVar[Delivery] = Delivery.DAMAGED_GZIP


@dataclass(frozen=True, slots=True)
class WrongLength(Fault):
    """Content-Length is off: too short, the rest of the body is left on the connection; too long, it never comes."""

    by: int = -40

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, length_off=self.by)


@dataclass(frozen=True, slots=True)
class CutXml(Fault):
    """The body cut short with a Content-Length that agrees."""

    keep: float = 0.6  # of the body

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, body=reply.body[: int(len(reply.body) * self.keep)])


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """Nothing for a while, then the answer."""

    seconds: float = 30.0

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, wait=self.seconds)


@dataclass(frozen=True, slots=True)
class StallMidway(Fault):
    """Half the body, nothing for a while, then the rest."""

    seconds: float = 30.0

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, wait_midway=self.seconds)


@dataclass(frozen=True, slots=True)
class ExpiredWebEnv(Fault):
    """Every WebEnv is forgotten before this request."""

    forgets_webenvs: ClassVar[bool] = True

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return reply  # the server forgot before it answered


@dataclass(frozen=True, slots=True)
class _Batch(Fault):
    program: ClassVar[str] = "efetch"

    def _changed(self, records: tuple[bytes, ...]) -> tuple[bytes, ...]:
        raise NotImplementedError

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        if reply.records is None:
            return reply
        records = self._changed(reply.records)
        return replace(reply, body=bodies.article_set(records), records=records)


@dataclass(frozen=True, slots=True)
class MissingRecords(_Batch):
    """The last records of a batch are left out."""

    count: int = 1

    def _changed(self, records: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return records[: max(0, len(records) - self.count)]


@dataclass(frozen=True, slots=True)
class DuplicateRecords(_Batch):
    """The first records of a batch come twice."""

    count: int = 1

    def _changed(self, records: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return records + records[: self.count]


@dataclass(frozen=True, slots=True)
class ExtraRecord(_Batch):
    """A record nobody asked for ends the batch."""

    pmid: int = 979_999_999

    def _changed(self, records: tuple[bytes, ...]) -> tuple[bytes, ...]:
        like = (
            records[0]
            if records
            else b'<PubmedArticle><MedlineCitation><PMID Version="1">1</PMID></MedlineCitation></PubmedArticle>'
        )
        return (*records, re.sub(rb"(<PMID[^>]*>)\d+", rb"\g<1>%d" % self.pmid, like, count=1))


@dataclass(frozen=True, slots=True)
class BrokenRecord(_Batch):
    """One record of the batch is not well-formed, the others are whole."""

    place: int = 0  # which record of the batch, from 0

    def _changed(self, records: tuple[bytes, ...]) -> tuple[bytes, ...]:
        return tuple(
            re.sub(rb"</(MedlineCitation|BookDocument)>", b"</Brok>&broken;", raw, count=1) if n == self.place else raw
            for n, raw in enumerate(records)
        )


@dataclass(frozen=True, slots=True)
class WrongCharset(Fault):
    """The header names a charset the body is not in."""

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, content_type=reply.content_type.partition(";")[0] + "; charset=ISO-8859-1")


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """HTTP 302 to another host."""

    location: str = "http://pubmed.invalid/entrez/eutils/"

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return Reply(b"", HTML, 302, (("Location", self.location),))


@dataclass(frozen=True, slots=True)
class EmptyBody(Fault):
    """HTTP 200 and nothing."""

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        return replace(reply, body=b"", records=None)


@dataclass(frozen=True, slots=True)
class WrongCount(Fault):
    """Count is off."""

    program: ClassVar[str] = "esearch"
    by: int = 1

    def _spoiled(self, reply: Reply, params: Mapping[str, str]) -> Reply:
        def change(match: re.Match[bytes]) -> bytes:
            return match.group(1) + b"%d" % max(0, int(match.group(2)) + self.by)

        return replace(reply, body=re.sub(rb'(<Count>|"count": ")(\d+)', change, reply.body, count=1))


FAULTS: dict[str, type[Fault]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind
    for kind in (
        RateLimited, RawLimited, ServerError, HtmlPage, ErrorElement, BackendTimeout, SearchFailed, RawNewlines,
        ResetBefore, ResetMidway, CutBody, CutChunked, CutXml, Stall, StallMidway, MissingRecords, DuplicateRecords,
        ExtraRecord, BrokenRecord, WrongCharset, WrongLength, DamagedGzip, Redirect, EmptyBody, WrongCount,
    )
}  # fmt: skip
FAULTS["expired_webenv"] = ExpiredWebEnv
