"""What a check reads: plain text, Markdown and HTML of any kind, within limits; what is no text is refused."""

from __future__ import annotations

import pytest

from catalog.check.blocks import Block, markdown_blocks, text_blocks
from catalog.check.markup import html_blocks
from catalog.check.sentences import sentences_of
from catalog.check.texts import LONGEST, MOST_BYTES, read_bytes, read_text
from catalog.errors import WrongUse


def _texts(blocks: list[Block]) -> list[tuple[str, str]]:
    return [(block.shape, block.text) for block in blocks]


def _sentences(data: bytes | str) -> list[str]:
    text = read_bytes(data, "page") if isinstance(data, bytes) else read_text(data, "page")
    return [sentence.text for sentence in sentences_of(text, "page")]


def test_plain_text_wrapped_or_a_line_a_paragraph() -> None:
    """Lines wrapped for width are one paragraph; short lines without a stop are headings; bullets are items."""
    wrapped = (
        "What it does\n\nThe injection is given into the ligament and the\nbody answers with new tissue. It may\nhurt."
        "\n\nBenefits:\n- less pain\n- more\n  movement\n"
    )
    assert _texts(text_blocks(wrapped)) == [
        ("heading", "What it does"),
        ("paragraph", "The injection is given into the ligament and the body answers with new tissue. It may hurt."),
        ("heading", "Benefits"),
        ("item", "less pain"),
        ("item", "more movement"),
    ]


def test_questions_and_answers() -> None:
    """“Q:” and “A:” are taken off; the question stands as a heading over its answer."""
    assert _texts(text_blocks("Q: Is it safe?\nA: It is.\n\nQ2. Does it last?\nA2. For years.")) == [
        ("heading", "Is it safe?"),
        ("paragraph", "It is."),
        ("heading", "Does it last?"),
        ("paragraph", "For years."),
    ]


def test_markdown() -> None:
    """Headings, items and quotations; front matter, code, links' targets and footnote marks are left out."""
    text = (
        "---\ntitle: x\n---\n# PRP\n\nIt *may* **help**[^1], see [a study](https://example.org/a).\nMore.\n\n> Quoted\n"
        "> twice.\n\n1. one\n2. two\n\n```\ncode = 'PRP cures'\n```\n\n| a | b |\n|---|---|\n\n[^1]: Note.\n"
    )
    assert _texts(markdown_blocks(text)) == [
        ("heading", "PRP"),
        ("paragraph", "It may help, see a study. More."),
        ("quotation", "Quoted twice."),
        ("item", "one"),
        ("item", "two"),
        ("heading", "a. b"),
        ("paragraph", "Note."),
    ]


def test_html_as_a_reader_sees_it() -> None:
    """Scripts, styles, menus, hidden parts and comments are not on the page; entities and inline tags are."""
    page = (
        "<html><head><title>T</title><style>p{}</style></head><body><nav>Home</nav><script>var a='PRP cures';</script>"
        "<h2>PRP&nbsp;&amp; co</h2><p>It <b>hel</b>ps.<br>Really.</p><!-- PRP --><ul><li>One<li>Two</ul>"
        "<p style='display: none'>Hidden</p><div hidden>Hidden</div><p aria-hidden=true>Hidden</p>"
        "<noscript>No</noscript>"
        "<table><tr><td>A</td><td>B</td></tr></table><blockquote><p>Said.</p></blockquote>text"
    )
    assert _texts(html_blocks(page)) == [
        ("heading", "PRP & co"),
        ("paragraph", "It helps. Really."),
        ("item", "One"),
        ("item", "Two"),
        ("item", "A"),
        ("item", "B"),
        ("quotation", "Said."),
        ("paragraph", "text"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 80_000 + "PRP works." + "</div>" * 80_000,
        "<p>" * 50_000 + "PRP works.",
        "</div>" * 1_000 + "<p>PRP works.",
        "<p <p <p PRP><<<>>> <a href='x'>PRP works.</a></x></y>",
        "<html><body>" + "<b><i>" * 5_000 + "PRP works.",
        "<!DOCTYPE html [<!ENTITY a 'b'><!ENTITY c '&a;&a;'>]><p>PRP works.</p>",
        "<p>PRP works.</p><svg><script>alert(1)</script></svg><iframe src='https://example.org'></iframe>",
        "<html>\x00<p>PRP works.</p>" + "<p>Filler.</p>" * 20,
    ],
    ids=["deep", "open", "closed", "broken", "inline", "entities", "svg", "nul"],
)
def test_hostile_html(page: str) -> None:
    """Nesting eighty thousand deep, tags that never close, entities: the sentence is found, nothing is fetched."""
    assert any("PRP works." in sentence for sentence in _sentences(page.encode()))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252"])
def test_encodings(encoding: str) -> None:
    """Whatever a word processor saves as text."""
    assert _sentences("“PRP” – it helps, says Dr Müller.".encode(encoding)) == ["“PRP” – it helps, says Dr Müller."]


def test_a_page_names_its_encoding() -> None:
    """A page in another encoding than UTF-8 says so; a name that is no text encoding is not believed."""
    page = "<html><meta charset='iso-8859-2'><p>Žilní ł PRP.</p>"
    assert _sentences(page.encode("iso-8859-2")) == ["Žilní ł PRP."]
    assert _sentences(b"<html><meta charset='zip'><p>PRP \xe9.</p>") == ["PRP é."]


def test_what_cannot_be_decoded_is_counted() -> None:
    """Bytes that fit no encoding stand as U+FFFD, and are counted."""
    text = read_bytes(b"PRP helps \x81\x8d \xff.", "page")
    assert (text.encoding, text.unreadable) == ("cp1252", 2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.4 stuff", "is a PDF file, not text"),
        (b"PK\x03\x04stuff", "is a Word, OpenDocument or zip file"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"{\\rtf1 PRP}", "is an RTF file"),
        (bytes(range(256)) * 100, "is not text"),
        (b"a" * (MOST_BYTES + 1), "at most 1,000,000 are read"),
        (b"noise and more noise. " * 40_000, "characters of text; at most 200,000 are read"),
        (b"<html>" + b"<p>noise and more noise.</p>" * 30_000, "characters of text; at most 200,000 are read"),
    ],
    ids=["pdf", "docx", "png", "rtf", "binary", "huge", "long", "long html"],
)
def test_what_is_not_read_is_refused_in_one_line(data: bytes, says: str) -> None:
    """Wrong types, binary, a megabyte of noise: one line that says what to do."""
    with pytest.raises(WrongUse, match=says) as refused:
        _sentences(data)
    assert "\n" not in str(refused.value)


def test_a_large_page_with_little_text_is_read() -> None:
    """A saved page carries scripts; they do not count as text."""
    page = b"<html><script>" + b"x" * (LONGEST * 2) + b"</script><p>PRP helps.</p>"
    assert _sentences(page) == ["PRP helps."]


def test_sentences_are_cut_as_the_tagger_does() -> None:
    """Not after “Dr.” or “vs.”; after a stop without a blank; marks of references do not hide an end."""
    text = "Dr. Doe compared PRP vs. saline.It helped.[1,2] Then it did not.3 We saw. (4) The end."
    assert _sentences(text) == [
        "Dr. Doe compared PRP vs. saline.",
        "It helped.",
        "Then it did not.",
        "We saw.",
        "The end.",
    ]
