"""Answers as NCBI writes them: DOCTYPEs, element order and JSON shapes of its DTDs and of what it really sends."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.ncbi.evaluate import Answer

__all__ = [
    "JSON",
    "TEXT",
    "XML",
    "SearchPage",
    "article_set",
    "efetch_error",
    "einfo",
    "epost",
    "esearch",
    "esearch_count",
    "esearch_error",
]

XML = "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
TEXT = "text/plain; charset=UTF-8"

_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>\n'
_DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd"
_ARTICLES = (
    b'<?xml version="1.0" ?>\n'
    b'<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>'
)


def _doctype(root: str, name: str, day: str) -> str:
    return f'{_HEAD}<!DOCTYPE {root} PUBLIC "-//NLM//DTD {name} {day}//EN" "{_DTD}/{day}/{name}.dtd">\n'


_SEARCH = _doctype("eSearchResult", "esearch", "20060628")


@dataclass(frozen=True, slots=True)
class SearchPage:
    """The part of an answer that one ESearch shows."""

    count: int
    retmax: int
    retstart: int
    ids: list[int]
    webenv: str | None = None
    query_key: int | None = None


def article_set(records: Iterable[bytes]) -> bytes:
    """A `PubmedArticleSet` of raw records, untouched."""
    return _ARTICLES + b"\n".join(records) + b"</PubmedArticleSet>\n"


def _many(element: str, texts: Iterable[str]) -> str:
    return "".join(f"<{element}>{escape(text)}</{element}>" for text in texts)


def _within(element: str, inside: str) -> str:
    return f"<{element}>{inside}</{element}>" if inside else ""


def _esearch_xml(page: SearchPage, answer: Answer) -> bytes:
    history = f"<QueryKey>{page.query_key}</QueryKey><WebEnv>{page.webenv}</WebEnv>" if page.webenv else ""
    ids = "\n".join(f"<Id>{pmid}</Id>" for pmid in page.ids)
    translations = "".join(
        f"<Translation><From>{escape(was)}</From><To>{escape(became)}</To></Translation>"
        for was, became in answer.translations
    )
    errors = _many("PhraseNotFound", answer.phrases_not_found) + _many("FieldNotFound", answer.fields_not_found)
    warnings = (
        _many("PhraseIgnored", answer.phrases_ignored)
        + _many("QuotedPhraseNotFound", answer.quoted_phrases_not_found)
        + _many("OutputMessage", answer.messages)
    )
    return (
        f"{_SEARCH}<eSearchResult><Count>{page.count}</Count><RetMax>{page.retmax}</RetMax>"
        f"<RetStart>{page.retstart}</RetStart>{history}<IdList>\n{ids}\n</IdList>"
        f"<TranslationSet>{translations}</TranslationSet>"
        f"<QueryTranslation>{escape(answer.translation)}</QueryTranslation>"
        f"{_within('ErrorList', errors)}{_within('WarningList', warnings)}</eSearchResult>\n"
    ).encode()


def _json(kind: str, key: str, inside: object) -> bytes:
    return json.dumps({"header": {"type": kind, "version": "0.3"}, key: inside}, ensure_ascii=False).encode()


def _esearch_json(page: SearchPage, answer: Answer) -> bytes:
    result: dict[str, object] = {
        "count": str(page.count),
        "retmax": str(page.retmax),
        "retstart": str(page.retstart),
    }
    if page.webenv:
        result |= {"querykey": str(page.query_key), "webenv": page.webenv}
    result |= {
        "idlist": [str(pmid) for pmid in page.ids],
        "translationset": [{"from": was, "to": became} for was, became in answer.translations],
        "querytranslation": answer.translation,
    }
    if answer.phrases_not_found or answer.fields_not_found:
        result["errorlist"] = {
            "phrasesnotfound": answer.phrases_not_found,
            "fieldsnotfound": answer.fields_not_found,
        }
    if answer.phrases_ignored or answer.quoted_phrases_not_found or answer.messages:
        result["warninglist"] = {
            "phrasesignored": answer.phrases_ignored,
            "quotedphrasesnotfound": answer.quoted_phrases_not_found,
            "outputmessages": answer.messages,
        }
    return _json("esearch", "esearchresult", result)


def esearch(page: SearchPage, answer: Answer, *, as_json: bool) -> bytes:
    """The body of an ESearch, XML or JSON."""
    return _esearch_json(page, answer) if as_json else _esearch_xml(page, answer)


def esearch_count(count: int, *, as_json: bool) -> bytes:
    """The body of an ESearch with rettype=count."""
    if as_json:
        return _json("esearch", "esearchresult", {"count": str(count)})
    return f"{_SEARCH}<eSearchResult><Count>{count}</Count></eSearchResult>\n".encode()


def esearch_error(message: str, *, as_json: bool) -> bytes:
    """An ESearch error. In JSON its line breaks are raw, which is not JSON: NCBI sends it so."""
    if as_json:
        quoted = json.dumps(message, ensure_ascii=False).replace("\\n", "\n")
        return f'{{"header":{{"type":"esearch","version":"0.3"}},"esearchresult":{{"ERROR":{quoted}}}}}'.encode()
    return f"{_SEARCH}<eSearchResult><ERROR>{escape(message)}</ERROR></eSearchResult>\n".encode()


def efetch_error(message: str) -> bytes:
    """An EFetch error."""
    head = _doctype("eEfetchResult", "efetch", "20131226")
    return f"{head}<eFetchResult>\n\t<ERROR>{escape(message)}</ERROR>\n</eFetchResult>\n".encode()


def epost(webenv: str | None = None, key: int | None = None, invalid: Iterable[str] = (), error: str = "") -> bytes:
    """The body of an EPost."""
    posted = f"<QueryKey>{key}</QueryKey>\n<WebEnv>{webenv}</WebEnv>\n" if webenv else ""
    head = _doctype("ePostResult", "epost", "20090526")
    bad = _within("InvalidIdList", _many("Id", invalid))
    return f"{head}<ePostResult>{bad}{posted}{_within('ERROR', escape(error))}</ePostResult>\n".encode()


def einfo(count: int, last_update: str, fields: Iterable[tuple[str, str]], *, as_json: bool) -> bytes:
    """The body of an EInfo on pubmed; `fields` are (tag, name)."""
    about = "PubMed bibliographic record"
    if as_json:
        listed = [{"name": tag.upper(), "fullname": name} for tag, name in fields]
        info = {
            "dbname": "pubmed",
            "menuname": "PubMed",
            "description": about,
            "dbbuild": "Build-loopback",
            "count": str(count),
            "lastupdate": last_update,
            "fieldlist": listed,
        }
        return _json("einfo", "einforesult", {"dbinfo": [info]})
    rows = "".join(
        f"<Field><Name>{escape(tag.upper())}</Name><FullName>{escape(name)}</FullName><Description></Description>"
        "<TermCount></TermCount><IsDate>N</IsDate><IsNumerical>N</IsNumerical><SingleToken>N</SingleToken>"
        "<Hierarchy>N</Hierarchy><IsHidden>N</IsHidden></Field>"
        for tag, name in fields
    )
    return (
        f"{_doctype('eInfoResult', 'einfo', '20190110')}<eInfoResult><DbInfo><DbName>pubmed</DbName>"
        f"<MenuName>PubMed</MenuName><Description>{about}</Description><DbBuild>Build-loopback</DbBuild>"
        f"<Count>{count}</Count><LastUpdate>{last_update}</LastUpdate><FieldList>{rows}</FieldList>"
        "</DbInfo></eInfoResult>\n"
    ).encode()
