"""What PubMed's answers look like: validators that say (ok, reason), and ESearch's answer as a small class."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from Bio import Entrez

__all__ = ["SearchAnswer", "check_articles", "check_search", "error_of", "read_search", "refusal"]

# Biopython reads by DTD and would fetch one that it does not carry: it is always given ESearch's own, which it does.
_ESEARCH = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE eSearchResult PUBLIC "-//NLM//DTD esearch 20060628//EN" '
    b'"https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">\n'
)
_read: Callable[..., Any] = Entrez.read
# It would make a folder for more DTDs in the home folder, which may be read-only: it gets the one of those it carries.
setattr(Entrez, "local_cache", str(Path(Entrez.__file__).parents[2]))  # noqa: B010 - Biopython types it as None
_ERROR = re.compile(rb"<ERROR>(.*?)</ERROR>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """One ESearch answer. `unknown` are phrases PubMed does not know, `warnings` what else it complains of."""

    count: int
    pmids: tuple[int, ...]
    translation: str | None
    unknown: tuple[str, ...]
    warnings: tuple[str, ...]


def refusal(body: bytes) -> str | None:
    """The message of NCBI's gateway, `{"error": "..."}`, which comes with HTTP 429, 400 and also 200; else None."""
    if body.lstrip()[:1] != b"{":
        return None
    try:
        # strict=False: NCBI's JSON may hold raw line breaks.
        found = json.loads(body, strict=False)
    except ValueError:
        return None
    error = found.get("error") if isinstance(found, dict) else None
    return error if isinstance(error, str) else None


def error_of(body: bytes) -> str:
    """The text of the `<ERROR>` in a body, "" without one."""
    error = _ERROR.search(body)
    return " ".join(error[1].decode("utf-8", "replace").split()) if error else ""


def _check_xml(body: bytes, root: bytes) -> tuple[bool, str]:
    text = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not text:
        return False, "an empty answer"
    head = text[:1000].lower()
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return False, "a web page instead of data"
    if not text.startswith(b"<"):
        return False, "an answer that is not XML"
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False, "an answer that is not UTF-8"
    if b"<" + root not in text:
        error = error_of(text)
        return False, f"an error, {error!r}" if error else "an answer of another kind"
    if not (text.endswith(b"</" + root + b">") or re.search(rb"<" + root + rb"[^<>]*/>\Z", text)):
        return False, "an answer cut short"
    return True, ""


def check_articles(body: bytes) -> tuple[bool, str]:
    """Whether this is a whole `PubmedArticleSet`; an empty one is (PubMed has none of those PMIDs)."""
    return _check_xml(body, b"PubmedArticleSet")


def check_search(body: bytes) -> tuple[bool, str]:
    """Whether this is a whole ESearch answer without an error, that Biopython can read and whose numbers fit."""
    good, reason = _check_xml(body, b"eSearchResult")
    if not good:
        return good, reason
    try:
        read_search(body)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        return False, f"a search answer that cannot be read ({error})"
    return True, ""


def read_search(body: bytes) -> SearchAnswer:
    """A checked ESearch answer. Raises ValueError, KeyError or RuntimeError (`<ERROR>`) for one that is not whole."""
    at = body.find(b"<eSearchResult")
    # Everything before the root goes: declarations and entities of a stranger's document type are never used.
    found = _read(io.BytesIO(_ESEARCH + body[at:]))
    pmids = tuple(int(pmid) for pmid in found["IdList"])
    count = int(found["Count"])
    if count < len(set(pmids)):
        raise ValueError(f"lists {len(set(pmids))} records but counts {count}")
    errors = found.get("ErrorList") or {}
    warnings = found.get("WarningList") or {}
    said = [f"PubMed does not know the field {field}" for field in errors.get("FieldNotFound", ())]
    said += [f"PubMed ignored {phrase}" for phrase in warnings.get("PhraseIgnored", ())]
    said += [str(line) for line in warnings.get("OutputMessage", ()) if str(line).strip(". ") != "No items found"]
    return SearchAnswer(
        count=count,
        pmids=pmids,
        translation=str(found.get("QueryTranslation") or "") or None,
        unknown=tuple(map(str, (*errors.get("PhraseNotFound", ()), *warnings.get("QuotedPhraseNotFound", ())))),
        warnings=tuple(" ".join(line.split()) for line in said),
    )
