"""What must hold for any bytes whatever on their way from a stream to tags. Fuzzer and property tests check the same.

Each `check_...` raises AssertionError where a promise is broken, and lets anything pass through that was not promised
to be raised: both are finds. The judge of the cutter is lxml, which reads the same stream as one document.
"""

from __future__ import annotations

import gzip
import io
import re
import types
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from zlib import crc32

from lxml import etree

from catalog.tagging.document import read
from catalog.tagging.tagger import tag
from catalog.tagging.tags import Prompt, Registration, Tag, Tags
from harvest import stream as stream_module
from harvest.errors import BadRecord
from harvest.prefilter import Prefilter
from harvest.record import Record, parse_article, parse_deletions, pmid_of
from harvest.stream import BadFile, BrokenStream, Element, NotRecords, elements, open_xml, why_not_records
from harvest.topics import Topics, load_topics

__all__ = [
    "HEAD",
    "TAIL",
    "check_element",
    "check_gzip",
    "check_neighbours",
    "check_record",
    "check_stream",
    "check_tags",
    "good_article",
]

HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n'
TAIL = b"\n</PubmedArticleSet>\n"
KINDS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation")
SETS = ("PubmedArticleSet", "PubmedBookArticleSet")
# XML's white space, which no text may begin or end with; any other character is the authors'.
SPACE = " \t\r\n"
# A file that small may unzip to anything; the bounds are tried out on small files, so that they are met.
LOWERED = {"RATIO_FROM": 2**16, "MAX_RATIO": 20, "MAX_UNZIPPED": 2**19}
_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Nothing in bytes without these can hide what follows it: no comment, CDATA, instruction, document type or attribute.
_HIDING = re.compile(rb"<[!?]|[\"']|<[^>]*(?:<|\Z)")


def good_article(number: int = 1) -> bytes:
    """A small whole record, invented."""
    return (
        b'<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">%d</PMID><Article><ArticleTitle>Invented.'
        b"</ArticleTitle></Article></MedlineCitation></PubmedArticle>" % (970000000 + number)
    )


class _Pieces(io.BytesIO):
    """A stream that gives as much at a time as it likes: sizes follow from the content, so a find can be repeated."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._turn = crc32(data)

    def read(self, _size: int | None = -1, /) -> bytes:
        self._turn = (self._turn * 1103515245 + 12345) % 2**31
        return super().read(1 + (self._turn >> 8) % 700)


def _check_line(message: str) -> None:
    assert message, "an empty message"
    assert not _CONTROL.search(message), f"not one plain line: {message!r}"


def _cut(stream: io.BytesIO, limit: int) -> tuple[list[Element], Exception | None]:
    found: list[Element] = []
    try:
        for element in elements(stream, name="fuzz.xml", limit=limit):
            found.append(element)  # noqa: PERF402 - what came before an error is kept
    except (NotRecords, BrokenStream) as error:
        _check_line(str(error))
        return found, error
    return found, None


def check_stream(data: bytes, limit: int = stream_module.MAX_ELEMENT) -> list[Element]:
    """The stream's elements, the same however its bytes arrive, whole, in order, and no fewer than lxml finds.

    Raises nothing but `NotRecords` and `BrokenStream` inside; both are one line.
    """
    found, error = _cut(io.BytesIO(data), limit)
    again, other = _cut(_Pieces(data), limit)
    assert found == again, "chunking changed the elements"
    assert (type(error), str(error)) == (type(other), str(other)), f"chunking changed the error: {error} / {other}"
    at = 0
    for element in found:
        assert element.offset >= at, "elements overlap"
        at = element.offset + len(element.raw)
        assert data[element.offset : at] == element.raw, "not the stream's own bytes"
        assert len(element.raw) <= limit, "larger than the limit"
        assert element.raw.startswith(b"<" + element.kind.encode()), "the kind is not the tag's"
        assert element.raw.endswith(b">"), "no end"
    why = why_not_records(data)
    if why is not None:
        _check_line(why)
    if limit >= len(data):
        _check_by_lxml(data, found, error)
    return found


@cache
def _strict() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, collect_ids=False)


def _check_by_lxml(data: bytes, found: list[Element], error: Exception | None) -> None:
    """Where lxml reads the stream as one document, its records are the elements found, or the difference is told."""
    if b"<!DOCTYPE" in data:
        return
    try:
        root = etree.fromstring(data, _strict())
    except etree.XMLSyntaxError:
        return
    docinfo = root.getroottree().docinfo
    if (docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "UTF8", "ASCII", "US-ASCII"):
        return
    name = _name(root)
    if name not in (*KINDS, *SETS):
        assert isinstance(error, NotRecords), f"a document of <{name}> was taken for records"
        return
    children = [root] if name in KINDS else [child for child in root if isinstance(child.tag, str)]
    records = [child for child in children if _name(child) in KINDS]
    inner = [d for r in records for d in r.iterdescendants() if isinstance(d.tag, str) and _name(d) in (*KINDS, *SETS)]
    left = data
    for element in found:
        left = left.replace(element.raw, b"", 1)
    between = "" if name in KINDS else "".join([root.text or "", *(child.tail or "" for child in root)])
    clean = len(records) == len(children) and not inner and not between.strip(SPACE)
    if clean and b"<![CDATA[" not in left and b"&" not in left and "no end of what begins" not in str(error):
        assert error is None, f"a whole document was faulted: {error}"
    if error is None:
        assert clean, "something that is no record was passed over in silence"
    if clean and error is None:
        assert [e.kind for e in found] == [_name(r) for r in records], "a whole record was lost"
        if not root.nsmap:
            for element, record in zip(found, records, strict=True):
                assert _canonical(etree.fromstring(element.raw, _strict())) == _canonical(record), "another record"


def _name(element: etree._Element) -> str:
    local = str(element.tag).rpartition("}")[2]
    return f"{element.prefix}:{local}" if element.prefix else local


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", with_tail=False)


def check_neighbours(data: bytes) -> None:
    """Bytes between two good records cost neither in silence; without anything that hides markup, neither at all."""
    before, after = good_article(1), good_article(2)
    found, error = _cut(io.BytesIO(HEAD + before + data + after + TAIL), stream_module.MAX_ELEMENT)
    raws = [element.raw for element in found]
    assert raws, "nothing came"
    assert raws[0] == before, "the record before was lost"
    if not _HIDING.search(data):
        assert raws[-1] == after, "the record after was lost"
    if error is None and after not in raws:
        held = [raw for raw in raws if after in raw]
        assert held, "the record after was lost in silence"
        for raw in held:
            try:
                parse_article(raw)
            except BadRecord:
                continue
            raise AssertionError("the record after was swallowed by another in silence")


def check_element(element: Element) -> Record | None:
    """An element's record, checked; None where it is set aside or is a list of deletions."""
    if element.kind == "DeleteCitation":
        try:
            pmids = parse_deletions(element.raw)
        except BadRecord as error:
            _check_line(str(error))
        else:
            assert all(pmid > 0 for pmid in pmids)
        return None
    return check_record(element.raw)


def check_record(raw: bytes) -> Record | None:
    """What `parse_article` makes of any bytes: `BadRecord` in one line, or a record whose every field is in order."""
    guess = pmid_of(raw)
    assert guess is None or guess > 0
    try:
        record = parse_article(raw)
    except BadRecord as error:
        _check_line(str(error))
        return None
    assert record == parse_article(raw)
    _check_value(record, Record, "record")
    assert record.pmid > 0
    assert record.version > 0
    assert record.year is None or 0 < record.year < 10000
    for name in ("published", "article_date", "date_revised", "date_completed", "entrez_date"):
        date = getattr(record, name)
        assert date is None or _DATE.fullmatch(date), f"{name}: {date!r}"
    assert record.published is None or record.year == int(record.published[:4])
    assert record.doi is None or record.doi.startswith("10.")
    assert record.pmcid is None or re.fullmatch("PMC[0-9]+", record.pmcid)
    assert all(pmid is None or pmid > 0 for pmid in _pmids_named(record))
    for author in (*record.authors, *record.investigators, *record.editors):
        assert not (author.collective and author.last_name), "a person and a group in one"
    assert (record.abstract is None) == (not record.sections)
    return record


def _pmids_named(record: Record) -> list[int | None]:
    return [link.pmid for link in record.links] + [reference.pmid for reference in record.references]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _check_value(value: Any, hint: Any, where: str) -> None:
    """A value is of its declared type, all the way down; no text is empty or has XML white space at its ends."""
    origin = get_origin(hint)
    if origin is types.UnionType:
        if value is None:
            assert type(None) in get_args(hint), f"{where} is None"
            return
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
        origin = get_origin(hint)
    if origin is tuple:
        assert type(value) is tuple, f"{where} is no tuple"
        args = get_args(hint)
        wanted = [args[0]] * len(value) if args[-1] is ... else list(args)
        assert len(wanted) == len(value), f"{where} has {len(value)} members"
        for i, (member, kind) in enumerate(zip(value, wanted, strict=True)):
            _check_value(member, kind, f"{where}[{i}]")
    elif is_dataclass(hint):
        assert type(value) is hint, f"{where} is {type(value)}"
        hints = _hints(hint)  # type: ignore[arg-type]  # a dataclass that is a type: get_type_hints gave it
        for field in fields(hint):
            _check_value(getattr(value, field.name), hints[field.name], f"{where}.{field.name}")
    else:
        assert type(value) is hint, f"{where} is {value!r}, no {hint}"
        if hint is str:
            assert value == value.strip(SPACE), f"{where} has space at its ends: {value!r}"
            assert value, f"{where} is empty"


@cache
def _vocabulary() -> tuple[Topics, Prefilter]:
    topics = load_topics()
    return topics, Prefilter(topics)


def check_tags(record: Record, raw: bytes | None = None) -> Tags:
    """The tags of a record: every one taken from a text quotes its place. With `raw`, the fast look agrees."""
    topics, prefilter = _vocabulary()
    texts = {"title": record.title, "abstract": record.abstract, "conflict_of_interest": record.conflict_of_interest}
    texts["model"] = record.abstract  # its words stand there
    document = read(record)
    at = {"title": 0, "abstract": 0}
    for sentence in document.sentences:
        assert at[sentence.field] <= sentence.start < sentence.end <= len(texts[sentence.field] or ""), "a sentence"
        at[sentence.field] = sentence.end
    match = topics.match(record)
    for span in match.spans:
        if span.where in ("title", "abstract"):
            assert (texts[span.where] or "")[span.start : span.end] == span.text, f"{span} misquotes"
        assert span.text
    if raw is not None and match.topics and not record.is_book:
        assert prefilter.may_match(raw), "the fast look rejects what matches"
    tags = tag(record, topics)
    assert tags.pmid == record.pmid
    quoting: list[Tag | Prompt | Registration] = [*tags.tags, *tags.prompts, *tags.registrations]
    for quoted in quoting:
        if quoted.source in ("title", "abstract"):
            assert quoted.start is not None, f"{quoted} has no place"
        if quoted.start is not None:
            _check_quote(texts.get(quoted.source), quoted.start, quoted.end, quoted.quote, quoted)
    for result in tags.results:
        _check_quote(record.abstract, result.start, result.end, result.text, result)
    for spin in tags.spin:
        said = texts.get(spin.conclusion_source)
        _check_quote(said, spin.conclusion_start, spin.conclusion_end, spin.conclusion, spin)
        _check_quote(record.abstract, spin.results_start, spin.results_end, spin.results, spin)
    for word in tags.vote.words if tags.vote else ():
        _check_quote(record.abstract, word.start, word.end, word.text, word)
    assert tags.participants is None or tags.participants > 0
    assert tags.followup_months is None or tags.followup_months >= 0
    return tags


def _check_quote(text: str | None, start: int, end: int | None, quote: str | None, whose: object) -> None:
    assert text is not None, f"{whose} quotes no text"
    assert end is not None
    assert 0 <= start < end <= len(text), f"{whose} lies outside"
    assert text[start:end] == quote, f"{whose} misquotes"


def check_gzip(data: bytes, folder: Path) -> None:
    """Bytes as a gzip file, whole or spoilt where they say: read within the bounds, or refused in one line."""
    path = folder / "fuzz.xml.gz"
    zipped = gzip.compress(data, 6, mtime=0)
    turn = crc32(data)
    kind, at = turn % 4, (turn >> 2) % len(zipped)
    if kind == 1:
        zipped = zipped[:at]
    elif kind == 2:
        zipped = zipped[:at] + bytes([zipped[at] ^ (1 << turn % 7)]) + zipped[at + 1 :]
    elif kind == 3:  # the bytes themselves are taken for gzip, or for what follows a member
        zipped = b"\x1f\x8b\x08\0" + data if turn % 8 < 4 else zipped + data
    path.write_bytes(zipped)
    kept = {name: getattr(stream_module, name) for name in LOWERED}
    try:
        for name, bound in LOWERED.items():
            setattr(stream_module, name, bound)
        came = b"".join(_unzipped(path))
    finally:
        for name, bound in kept.items():
            setattr(stream_module, name, bound)
    bound = min(LOWERED["MAX_UNZIPPED"], max(LOWERED["RATIO_FROM"], LOWERED["MAX_RATIO"] * len(zipped)))
    assert len(came) <= bound, f"unzipped to {len(came)} bytes"
    if kind == 0 and len(data) <= bound:
        assert came == data, "not what was zipped"


def _unzipped(path: Path) -> Iterator[bytes]:
    try:
        with open_xml(path) as stream:
            while chunk := stream.read(2**14):
                yield chunk
    except BadFile as error:
        _check_line(str(error))
