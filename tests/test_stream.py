"""The cutter and the opening of files, on synthetic streams: every record here is invented."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest import stream as stream_module
from harvest.errors import BadRecord, HarvestError, WrongUse
from harvest.record import parse_article
from harvest.stream import (
    BadFile,
    BrokenStream,
    Element,
    NotRecords,
    TruncatedStream,
    elements,
    open_xml,
    why_not_records,
)

HEAD = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st '
    b'January 2025//EN" "https://example.org/a>b.dtd">\n<PubmedArticleSet>\n'
)
TAIL = b"\n</PubmedArticleSet>\n"
HIDDEN = (
    b"<!-- </PubmedArticle> <PubmedArticle> -->",
    b"<![CDATA[</PubmedArticle> <PubmedArticle>]]>",
    b"<?note </PubmedArticle> ?>",
    b"&lt;/PubmedArticle&gt; what! really?",
    b"<PubmedArticleLike>x</PubmedArticleLike>",
    b"<!---->",
)


def article(number: int = 1, text: bytes = b"invented") -> bytes:
    return (
        b'<PubmedArticle>\n <MedlineCitation Status="MEDLINE"><PMID Version="1">%d</PMID><Article><ArticleTitle>%s'
        b"</ArticleTitle></Article></MedlineCitation><PubmedData/>\n</PubmedArticle>" % (970000000 + number, text)
    )


def book(number: int = 1) -> bytes:
    return b"<PubmedBookArticle><BookDocument><PMID>%d</PMID></BookDocument></PubmedBookArticle >" % (
        970000000 + number
    )


DELETION = b'<DeleteCitation>\n<PMID Version="1">970000009</PMID>\n</DeleteCitation>'


def cut(data: bytes, chunk: int = 2**18, **options: int) -> list[Element]:
    return list(elements(io.BytesIO(data), name="test.xml", chunk=chunk, **options))


def drain(source: Iterator[Element], came: list[bytes]) -> None:
    for element in source:
        came.append(element.raw)  # noqa: PERF401 - what came before an error must be kept


def kept(data: bytes, chunk: int = 2**18, **options: int) -> tuple[list[bytes], HarvestError]:
    """What a reader had in hand when the error came, and the error: one line that names the stream."""
    came: list[bytes] = []
    with pytest.raises(HarvestError, match=r"\Atest\.xml: [^\n]+\Z") as caught:
        drain(elements(io.BytesIO(data), name="test.xml", chunk=chunk, **options), came)
    return came, caught.value


MIXED = [article(1), article(2, HIDDEN[0]), book(3), article(4, HIDDEN[1]), article(5, HIDDEN[2]), DELETION]


@pytest.mark.parametrize("chunk", range(1, 65))
def test_any_chunk_size_gives_the_same_elements(chunk: int) -> None:
    """Chunks of 1 to 64 bytes give each element's exact bytes, kind and offset."""
    data = HEAD + b"<!-- <PubmedArticle/> -->" + b"\n".join(MIXED) + TAIL
    found = cut(data, chunk)
    assert [e.raw for e in found] == MIXED
    assert [e.kind for e in found] == [
        *("PubmedArticle", "PubmedArticle", "PubmedBookArticle", "PubmedArticle", "PubmedArticle", "DeleteCitation")
    ]
    assert all(data[e.offset : e.offset + len(e.raw)] == e.raw for e in found)


@given(
    records=st.lists(
        st.tuples(
            st.booleans(),
            st.text(st.characters(codec="utf-8", exclude_characters="<&>\r", min_codepoint=32), max_size=30),
            st.sampled_from((b"", *HIDDEN)),
        ),
        max_size=6,
    ),
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=8),
    spaced=st.booleans(),
)
def test_any_records_survive_any_chunking(
    records: list[tuple[bool, str, bytes]], sizes: list[int], spaced: bool
) -> None:
    """Whatever the texts, and however the bytes arrive, the same records come out and parse."""
    raws = [article(n, t.encode() + hidden) for n, (_, t, hidden) in enumerate(records, 1)]
    data = HEAD + (b"\n" if spaced else b"").join(raws) + TAIL

    class Dribble(io.BytesIO):
        turn = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.turn += 1
            return super().read(sizes[self.turn % len(sizes)])

    assert [e.raw for e in elements(Dribble(data))] == raws
    assert [parse_article(raw).pmid for raw in raws] == [970000000 + n for n in range(1, len(raws) + 1)]


@pytest.mark.parametrize(
    "data",
    [
        b"<PubmedArticleSet/>",
        b"<PubmedArticleSet></PubmedArticleSet>",
        HEAD + TAIL,
        b"<PubmedBookArticleSet ></PubmedBookArticleSet >",
        b"\xef\xbb\xbf<PubmedArticleSet/>",
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "<b>]"> <!-- > -->\n] >\n<PubmedArticleSet/>',
    ],
)
def test_an_empty_set_is_a_legitimate_answer(data: bytes) -> None:
    """An empty set has no elements and is no error."""
    assert cut(data) == []
    assert why_not_records(data) is None


@pytest.mark.parametrize(
    ("data", "raws"),
    [
        (article(1), [article(1)]),
        (article(1) + article(2), [article(1), article(2)]),
        (HEAD + article(1) + TAIL + HEAD + article(2) + TAIL, [article(1), article(2)]),
        (HEAD + article(1) + TAIL + b"<PubmedArticleSet/>" + HEAD + TAIL, [article(1)]),
        (b"<PubmedBookArticleSet>" + book(1) + b"</PubmedBookArticleSet>", [book(1)]),
        (b'<PubmedArticleSet xmlns:mml="a>b">' + article(1) + TAIL, [article(1)]),
        (HEAD + b"<DeleteCitation/>" + TAIL, [b"<DeleteCitation/>"]),
        (HEAD + b"<PubmedArticle/>" + TAIL, [b"<PubmedArticle/>"]),
        (HEAD + article(1, b"<a b='>'/>") + TAIL, [article(1, b"<a b='>'/>")]),
    ],
)
def test_sets_books_bare_articles_and_documents_in_a_row_all_work(data: bytes, raws: list[bytes]) -> None:
    """What may hold records is taken as it comes."""
    for chunk in (1, 7, 2**18):
        assert [e.raw for e in cut(data, chunk)] == raws


WHOLE = HEAD + article(1) + article(2) + TAIL


@pytest.mark.parametrize("chunk", [1, 2**18])
def test_a_stream_cut_anywhere_gives_what_is_whole_and_says_so(chunk: int) -> None:
    """Wherever a set is cut short, every whole element before comes first, then the error."""
    first, second = WHOLE.index(article(1)) + len(article(1)), WHOLE.index(article(2)) + len(article(2))
    end = WHOLE.index(b"</PubmedArticleSet>") + len(b"</PubmedArticleSet>")
    for at in range(HEAD.index(b"<PubmedArticleSet>") + 18, end, 3 if chunk == 1 else 1):
        came, error = kept(WHOLE[:at], chunk)
        assert came == [article(1), article(2)][: (at >= first) + (at >= second)]
        assert isinstance(error, TruncatedStream)
    assert len(cut(WHOLE[:end])) == 2


def test_a_cut_names_the_record_and_the_place() -> None:
    """The message has the PMID where it was read, and the byte."""
    at = WHOLE.index(article(2)) + 120
    _, error = kept(WHOLE[:at])
    assert "PMID 970000002" in str(error)
    assert f"byte {at}" in str(error)


def test_a_document_cut_short_does_not_swallow_the_next_one() -> None:
    """Where another document or record begins inside an element, the cut one is reported and the next one kept."""
    for junction in (HEAD, b"", TAIL):
        came, error = kept(HEAD + article(1)[:-30] + junction + article(2) + TAIL)
        assert came == [article(2)]
        assert isinstance(error, TruncatedStream)
        assert "PMID 970000001" in str(error)
    came, error = kept(HEAD + article(1)[:-30] + DELETION + TAIL)
    assert came == [DELETION]
    came, error = kept(HEAD + article(1) + HEAD + article(2) + TAIL)
    assert came == [article(1), article(2)]
    assert "</PubmedArticleSet> is missing" in str(error)


@pytest.mark.parametrize("chunk", [1, 2**18])
def test_an_element_over_the_limit_is_left_out_by_name(chunk: int) -> None:
    """A huge element is passed over without being held; the others come, and the error names it."""
    data = HEAD + article(1) + article(2, b"x" * 3000) + article(3) + TAIL
    came, error = kept(data, chunk, limit=1000)
    assert came == [article(1), article(3)]
    assert isinstance(error, BrokenStream)
    assert not isinstance(error, TruncatedStream)
    assert "PMID 970000002" in str(error)
    assert "1,000 bytes" in str(error)
    came, error = kept(HEAD + article(1) + article(2, b"x" * 3000)[:-20], chunk, limit=1000)
    assert came == [article(1)]
    assert isinstance(error, TruncatedStream)


def test_an_element_of_exactly_the_limit_is_kept() -> None:
    """The limit is the largest size allowed, whatever the chunk."""
    for chunk in (1, 5, 2**18):
        assert len(cut(HEAD + article(1) + TAIL, chunk, limit=len(article(1)))) == 1
        came, _ = kept(HEAD + article(1) + TAIL, chunk, limit=len(article(1)) - 1)
        assert came == []


def test_entities_a_document_declares_are_never_used() -> None:
    """A document type with a billion laughs or an outside file is skipped; a record that uses it is a bad record."""
    laughs = b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (n, n - 1, n - 1) for n in range(1, 40))
    subset = b'[<!ENTITY e0 "ha">' + laughs + b'<!ENTITY f SYSTEM "file:///etc/hostname">]'
    data = b"<!DOCTYPE PubmedArticleSet " + subset + b"><PubmedArticleSet>"
    found = cut(data + article(1, b"&e39;") + article(2, b"&f;") + article(3) + TAIL)
    assert len(found) == 3
    for element in found[:2]:
        with pytest.raises(BadRecord, match="Entity"):
            parse_article(element.raw)
    assert parse_article(found[2].raw).title == "invented"


@pytest.mark.parametrize(
    "extra",
    [b"stray text", b"\0\0", b"<Other>1</Other>", b"</PubmedArticle>", b"<![CDATA[x]]>", b"<ERROR>sorry</ERROR>"],
)
def test_what_is_no_record_between_records_is_told_at_the_end(extra: bytes) -> None:
    """Strange content between records costs no record and is not passed over in silence."""
    for chunk in (1, 2**18):
        came, error = kept(HEAD + article(1) + extra + article(2) + TAIL, chunk)
        assert came == [article(1), article(2)]
        assert type(error) is BrokenStream


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b'<?xml version="1.0"?>\n', "holds no record set"),
        (b'<?xml version="1.0"?><!DOCTYPE x>\n<eFetchResult>\n<ERROR>Not so.</ERROR></eFetchResult>', "'Not so.'"),
        (b"<!DOCTYPE html><html><body>Sorry</body></html>", "web page"),
        (b"<!-- x --><HTML>", "web page"),
        (b'{"error":"API rate limit exceeded","count":"4"}', "'API rate limit exceeded'"),
        (b"[]", "JSON"),
        (b"<eSearchResult><Count>1</Count></eSearchResult>", "<eSearchResult>"),
        (b"<PubmedArticleSetLike/>", "<PubmedArticleSetLike>"),
        (b"PMID- 970000001", "no XML"),
    ],
)
def test_an_error_body_is_told_from_a_record_set(body: bytes, why: str) -> None:
    """E-utilities' errors, web pages and other formats are refused, with what they say."""
    said = why_not_records(body)
    assert said is not None
    assert why in said
    for chunk in (1, 2**18):
        came, error = kept(body, chunk)
        assert came == []
        assert isinstance(error, NotRecords)


def test_other_encodings_are_refused_by_name() -> None:
    """PubMed sends UTF-8; anything else is refused before a text is misread."""
    for data in (
        "<PubmedArticleSet/>".encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?><PubmedArticleSet/>',
    ):
        _, error = kept(data)
        assert isinstance(error, NotRecords)
        assert "UTF-8" in str(error)


def test_an_endless_comment_is_not_held_in_memory() -> None:
    """What has no end within a megabyte, outside a record, stops the reading with a clear error."""
    came, error = kept(HEAD + article(1) + b"<!--" + b"x" * 3_000_000)
    assert came == [article(1)]
    assert "not read" in str(error)


class Endless(io.BytesIO):
    """A set of many records, made as it is read."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count + 2

    def read(self, _size: int | None = -1, /) -> bytes:
        """The next part, whatever size is asked."""
        self._left -= 1
        if self._left < 0:
            return b""
        if self._left == 0:
            return TAIL
        return article(1, b"x" * 20_000) if self._started() else HEAD

    def _started(self) -> bool:
        started, self._begun = getattr(self, "_begun", False), True
        return started


def test_memory_stays_flat() -> None:
    """Forty megabytes of records take no more than two to cut."""
    source = Endless(2000)
    tracemalloc.start()
    count = sum(1 for _ in elements(source))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 2000
    assert peak < 2_000_000


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def read(path: Path) -> list[bytes]:
    with open_xml(path) as stream:
        return [e.raw for e in elements(stream, name=path.name)]


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(tmp_path: Path) -> None:
    """A plain file called .gz and a gzip file called .xml both open; several gzip members are one stream."""
    assert read(write(tmp_path / "plain.xml.gz", WHOLE)) == [article(1), article(2)]
    assert read(write(tmp_path / "zipped.xml", gzip.compress(WHOLE))) == [article(1), article(2)]
    half = len(WHOLE) // 2
    members = gzip.compress(WHOLE[:half]) + gzip.compress(WHOLE[half:]) + b"\0" * 512
    assert read(write(tmp_path / "members.gz", members)) == [article(1), article(2)]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A missing file and a folder are wrong use, in one line."""
    for path in (tmp_path / "missing.xml", tmp_path):
        with pytest.raises(WrongUse, match=path.name):
            read(path)


def truncated(data: bytes) -> bytes:
    return data[:-12]


def damaged(data: bytes) -> bytes:
    return data[:-8] + b"\0\0\0\0" + data[-4:]


def followed(data: bytes) -> bytes:
    return data + b"not gzip"


@pytest.mark.parametrize("spoil", [truncated, damaged, followed])
def test_a_spoilt_gzip_file_is_named_after_what_came(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    """Cut short, damaged or followed by rubbish: what was whole comes, then one line naming the file."""
    path = write(tmp_path / "spoilt.xml.gz", spoil(gzip.compress(HEAD + article(1) * 40_000 + TAIL, 1)))
    came: list[bytes] = []
    with open_xml(path) as stream, pytest.raises(BadFile, match=r"spoilt\.xml\.gz: [^\n]+\Z"):
        drain(elements(stream), came)
    assert len(came) > 30_000


def test_a_gzip_bomb_is_stopped_by_its_ratio(tmp_path: Path) -> None:
    """A file that unzips to a thousand times its size stops soon after sixteen megabytes."""
    bomb = gzip.compress(HEAD + b" " * 64_000_000 + TAIL)
    path = write(tmp_path / "bomb.xml.gz", bomb)
    with open_xml(path) as stream, pytest.raises(BadFile, match="250 times"):
        stream.read()
    with pytest.raises(BadFile, match=r"bomb\.xml\.gz"):
        read(path)


def test_a_gzip_bomb_is_stopped_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is an absolute limit too, here lowered to be met by a small file."""
    monkeypatch.setattr(stream_module, "MAX_UNZIPPED", 500)
    with pytest.raises(BadFile, match="500 bytes"):
        read(write(tmp_path / "large.xml.gz", gzip.compress(WHOLE)))
