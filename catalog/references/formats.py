"""Reference lists as tools write them: BibTeX, RIS, PubMed's NBIB, EndNote's tags, CSL-JSON; told by their content.

The libraries read what they are made for; around them stands what real exports get wrong: a record without its end, one
blank instead of two, twice the same key, identifiers in notes and links.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any, Literal

import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.library import Library
from bibtexparser.middlewares import LatexDecodingMiddleware
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, Field
from bibtexparser.model import Entry as BibEntry
from Bio import Medline

from catalog.references.entries import LONGEST_FIELD, Entry, Unreadable, dois_in, entry
from catalog.references.pasted import pasted

__all__ = ["FORMATS", "Format", "read_references", "sniff"]

Format = Literal["bibtex", "ris", "nbib", "endnote", "csljson", "text"]
FORMATS: dict[Format, str] = {
    "bibtex": "BibTeX",
    "ris": "RIS",
    "nbib": "PubMed (NBIB)",
    "endnote": "EndNote tags",
    "csljson": "CSL-JSON",
    "text": "pasted references",
}
Found = Iterator[Entry | Unreadable]
_RIS_LINE = re.compile(r"^\s{0,3}([A-Z][A-Z0-9])[ \t]{0,3}-(?:[ \t]+(.*))?$")
# The library tells its trouble on the log; here it becomes lines of the report.
for _name in ("bibtexparser", "pylatexenc"):
    logging.getLogger(_name).addHandler(logging.NullHandler())


def sniff(text: str) -> Format:
    """The format of a reference list, by its content."""
    text = text.lstrip("\ufeff")
    head = text.lstrip()
    if head[:1] in "[{" and _json(head) is not None:
        return "csljson"
    if re.search(r"^\s{0,8}@[A-Za-z]{3,20}\s*[{(]", text, re.MULTILINE):
        return "bibtex"
    if re.search(r"^PMID-\s*\d+", text, re.MULTILINE):
        return "nbib"
    if re.search(r"^\s{0,3}TY[ \t]{0,3}-[ \t]*[A-Z]{2,}", text, re.MULTILINE):
        return "ris"
    if re.search(r"^%0 \S", text, re.MULTILINE) and re.search(r"^%T \S", text, re.MULTILINE):
        return "endnote"
    return "text"


def read_references(text: str, form: Format | None = None) -> tuple[Format, list[Entry], list[Unreadable]]:
    """(format, the references in order, what could not be read). Never fails: at worst a line is no reference."""
    text = text.lstrip("\ufeff")
    form = form or sniff(text)
    readers: dict[Format, Callable[[str], Found]] = {
        "bibtex": _bibtex,
        "ris": _ris,
        "nbib": _nbib,
        "endnote": _endnote,
        "csljson": _csl,
        "text": pasted,
    }
    entries: list[Entry] = []
    troubles: list[Unreadable] = []
    for found in readers[form](text):
        if isinstance(found, Entry):
            entries.append(found)
        else:
            troubles.append(found)
    return form, entries, troubles


def _bibtex(text: str) -> Found:
    library = parse_string(text)
    every: list[tuple[int, BibEntry | Unreadable]] = [(block.start_line or 0, block) for block in library.entries]
    for failed in library.failed_blocks:
        line = failed.start_line or 0
        # Twice the same key or field is still a reference.
        held = (
            failed.ignore_error_block if isinstance(failed, (DuplicateBlockKeyBlock, DuplicateFieldKeyBlock)) else None
        )
        if isinstance(held, BibEntry):
            every.append((line, held))
        else:
            start = " ".join((failed.raw or "").split())[:100]
            every.append((line, Unreadable(line + 1, start, "the entry does not end where it should, or has no key")))
    number = 0
    for _, block in sorted(every, key=lambda item: item[0]):
        if isinstance(block, Unreadable):
            yield block
            continue
        number += 1
        fields = {field.key.lower(): str(field.value)[:LONGEST_FIELD] for field in reversed(block.fields)}
        title = _latex(fields.get("title", ""))
        eprint = fields.get("eprint", "") if fields.get("eprinttype", "").lower() in ("pubmed", "pmid") else ""
        yield entry(
            number,
            key=block.key,
            title=title,
            authors=_first_author(_latex(fields.get("author", ""))),
            journal=_latex(fields.get("journal") or fields.get("journaltitle") or ""),
            year=fields.get("year") or fields.get("date"),
            pmid=fields.get("pmid") or fields.get("pubmedid") or eprint,
            doi=_unescaped(fields.get("doi", "")),
            pmcid=fields.get("pmcid") or fields.get("pmc"),
            elsewhere=_unescaped(" ".join(fields.get(k, "") for k in ("url", "note", "annote", "howpublished"))),
        )


def _latex(text: str) -> str:
    """Text without LaTeX's accents and commands; as it is where that cannot be read."""
    if "\\" not in text:
        return text
    block = BibEntry("article", "k", [Field("title", text)])
    try:
        decoded = LatexDecodingMiddleware(keep_braced_groups=False).transform_entry(block, Library())
    except RecursionError:
        return text
    field = decoded.get("title") if isinstance(decoded, BibEntry) else None
    return str(field.value) if field is not None else text


def _unescaped(text: str) -> str:
    return re.sub(r"\\([_&%#$])", r"\1", text).replace("{", "").replace("}", "")


def _first_author(names: str) -> str:
    authors = [name.strip() for name in re.split(r"\s+and\s+", names) if name.strip()]
    return authors[0] + (" et al" if len(authors) > 1 else "") if authors else ""


def _ris(text: str) -> Found:
    lines: list[str] = []
    open_record = False
    for line in text.splitlines():
        found = _RIS_LINE.match(line)
        if not found:
            lines.append(line if line[:1].isspace() else f"   {line}")
            continue
        tag, value = found[1], (found[2] or "").strip()
        if tag == "TY":
            if open_record:
                lines.append("ER  - ")
            open_record = True
        elif tag == "ER":
            open_record = False
        lines.append(f"{tag}  - {value}")
    if open_record:
        lines.append("ER  - ")
    text = "\n".join(lines) + "\n"
    try:
        records = rispy.loads(text, skip_unknown_tags=False)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        yield Unreadable(None, text[:100], f"the RIS file cannot be read ({error})")
        return
    for number, record in enumerate(records, 1):
        yield entry(
            number,
            key=_text(record.get("id")),
            title=_text(record.get("title") or record.get("primary_title") or record.get("translated_title")),
            authors=_people(record.get("authors") or record.get("first_authors") or ()),
            journal=_text(
                record.get("secondary_title") or record.get("journal_name") or record.get("alternate_title3")
            ),
            year=_text(record.get("year") or record.get("publication_year") or record.get("date")),
            pmid=_accession(record),
            doi=_text(record.get("doi")),
            pmcid=_text(record.get("custom2")) if "PMC" in _text(record.get("custom2")) else None,
            elsewhere=_everything(record),
        )


def _accession(record: dict[str, Any]) -> str | None:
    """EndNote and PubMed's own RIS keep the PMID as accession number, of the database PubMed or NLM."""
    number = _text(record.get("accession_number")).strip()
    database = (_text(record.get("name_of_database")) + _text(record.get("database_provider"))).lower()
    if re.fullmatch(r"\d{1,9}", number) and (not database or any(n in database for n in ("pubmed", "medline", "nlm"))):
        return number
    return None


def _everything(record: dict[str, Any]) -> str:
    """Fields that may hold identifiers: links, notes, custom fields; no abstract, which speaks of other papers."""
    return " ".join(
        _text(value)
        for key, value in record.items()
        if key not in ("abstract", "notes_abstract", "title", "primary_title", "references", "keywords")
    )


def _nbib(text: str) -> Found:
    # Medline's reader wants the tag in column one, its hyphen in column five, and a blank line between records.
    lines = [re.sub(r"^([A-Z]{2,4})\s*-\s?", lambda m: f"{m[1]:<4}- ", line) for line in text.splitlines()]
    spaced = re.sub(r"\n(?=PMID- )", "\n\n", "\n".join(lines) + "\n")
    for number, record in enumerate(Medline.parse(io.StringIO(spaced)), 1):  # type: ignore[no-untyped-call]
        ids = [*_list(record.get("AID")), *_list(record.get("LID"))]
        yield entry(
            number,
            title=_text(record.get("TI") or record.get("BTI")),
            authors=_people(record.get("AU") or record.get("FAU") or ()),
            journal=_text(record.get("TA") or record.get("JT")),
            year=_text(record.get("DP")),
            pmid=_text(record.get("PMID")),
            doi=next((doi for value in ids if "[doi]" in value.lower() for doi in dois_in(value)), None),
            pmcid=_text(record.get("PMC")),
        )


_ENDNOTE = {
    "T": "title",
    "A": "authors",
    "J": "journal",
    "B": "journal",
    "D": "year",
    "R": "doi",
    "M": "pmid",
    "2": "pmcid",
}


def _endnote(text: str) -> Found:
    for number, chunk in enumerate(re.split(r"(?m)^(?=%0 )", text)[1:], 1):
        fields: dict[str, str] = {}
        rest = []
        for line in chunk.splitlines():
            found = re.match(r"^%(\S) (.*)$", line)
            if found:
                fields.setdefault(_ENDNOTE.get(found[1], found[1]), found[2])
                if found[1] in "URMZ<":
                    rest.append(found[2])
        number_only = re.fullmatch(r"\d{5,9}", fields.get("pmid", "").strip())
        yield entry(
            number,
            title=fields.get("title"),
            authors=fields.get("authors"),
            journal=fields.get("journal"),
            year=fields.get("year"),
            pmid=fields["pmid"] if number_only else None,
            doi=fields.get("doi"),
            pmcid=fields.get("pmcid"),
            elsewhere=" ".join(rest),
        )


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _csl(text: str) -> Found:
    data = _json(text.lstrip())
    if isinstance(data, dict):
        data = data.get("items") if isinstance(data.get("items"), list) else [data]
    for number, item in enumerate(data if isinstance(data, list) else [], 1):
        if not isinstance(item, dict):
            yield Unreadable(
                None, str(item)[:100], "is no reference: an object with a title or an identifier is expected"
            )
            continue
        fields = {str(key).lower(): value for key, value in item.items()}
        authors = [
            " ".join(_text(person.get(part)) for part in ("family", "given", "literal") if person.get(part))
            for person in _list(fields.get("author"))
            if isinstance(person, dict)
        ]
        yield entry(
            number,
            key=_text(fields.get("id") or fields.get("citation-key")) or None,
            title=_text(fields.get("title")),
            authors=_people(authors),
            journal=_text(fields.get("container-title")),
            year=_issued(fields.get("issued")),
            pmid=_text(fields.get("pmid")),
            doi=_text(fields.get("doi")),
            pmcid=_text(fields.get("pmcid")),
            elsewhere=" ".join(_text(fields.get(name)) for name in ("note", "extra", "url", "annote", "source")),
        )


def _issued(value: Any) -> str:
    if isinstance(value, dict):
        parts = value.get("date-parts")
        if isinstance(parts, list) and parts and isinstance(parts[0], list) and parts[0]:
            return str(parts[0][0])
        return _text(value.get("raw") or value.get("literal") or value.get("year"))
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(_text(item) for item in value[:20])
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return str(value)[: 4 * LONGEST_FIELD]
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _people(names: Any) -> str:
    people = [_text(name) for name in _list(names) if _text(name)]
    return people[0] + (" et al" if len(people) > 1 else "") if people else ""
