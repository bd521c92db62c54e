"""Lists read off a record's bytes: the same as the tree's, whatever stands in them."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvest import record as record_module
from harvest.errors import BadRecord
from harvest.lists import author
from harvest.plain import plain_lists
from harvest.record import Record, parse_article
from harvest.shapes import Author
from harvest.stream import elements, open_xml
from tests.ncbi.synthetic import synthetic_records

HEAD = (
    '<PubmedArticle><MedlineCitation><PMID Version="1">970000001</PMID><Article><ArticleTitle>Invented.</ArticleTitle>'
)
AUTHOR = '<Author ValidYN="Y"><LastName>Muster</LastName><ForeName>Ada</ForeName><Initials>A</Initials>{}</Author>'
PLACE = "<AffiliationInfo><Affiliation>Nowhere &amp; sons.</Affiliation></AffiliationInfo>"
ORCID = '<Identifier Source="ORCID">0000-0002-1825-0097</Identifier>'
MESH = '<MeshHeading><DescriptorName UI="D1" MajorTopicYN="N">Pain</DescriptorName>{}</MeshHeading>'
QUALIFIER = '<QualifierName UI="Q1" MajorTopicYN="Y">therapy</QualifierName>'
REFERENCE = "<Reference><Citation>{}</Citation>{}</Reference>"
DOI, PUBMED = (f'<ArticleId IdType="{kind}">{n}</ArticleId>' for kind, n in (("doi", "10.1/x"), ("pubmed", 970000002)))
IDS = f"<ArticleIdList>{DOI}{PUBMED}</ArticleIdList>"
ODD = (
    "<i>x</i>",
    "<!-- <Author> -->",
    "<![CDATA[</AuthorList>]]>",
    "<?x y?>",
    "&#xe9;&#8211;",
    "&lt;b&gt; &quot;&apos;&amp;amp;",
    "&#32;a&#10;",
    "&nbsp;",
    "&#0;",
    "&",
    "]]>",
    ">",
    "a  b\n c",
    " a ",
    "\u00a0a\u2009",
    "\ufffe",
    "\x01",
    "\u00e9\u0144",
    "</Author>",
    "<Author>",
    "<Title>References</Title>",
    "<ReferenceList/>",
    '<ArticleId IdType="pubmed">970000003</ArticleId>',
    "0",
    "\r\n",
)
texts = st.sampled_from(ODD) | st.sampled_from(["", "a", "an invented text"])
authors = st.lists(
    texts | st.sampled_from([AUTHOR.format(x) for x in ("", PLACE, ORCID + PLACE * 2, "<Suffix>Jr</Suffix>")])
)
mesh = st.lists(texts | st.sampled_from([MESH.format(x) for x in ("", QUALIFIER, QUALIFIER * 2)]))
references = st.lists(
    texts | st.builds(REFERENCE.format, texts, st.sampled_from(["", IDS, IDS.replace("pubmed", "pmc"), IDS * 2]))
)


def written(authors: list[str], mesh: list[str], references: list[str], gap: str, where: str) -> bytes:
    """A record with these entries in its lists; `where` stands before its author list."""
    return (
        f"{HEAD}{where}<AuthorList>{gap.join(authors)}</AuthorList></Article>"
        f"<MeshHeadingList>{gap}{gap.join(mesh)}{gap}</MeshHeadingList></MedlineCitation>"
        f"<PubmedData><ReferenceList>{gap.join(references)}{gap}</ReferenceList></PubmedData></PubmedArticle>"
    ).encode()


def by_tree(raw: bytes) -> Record | str:
    """The record with every list read from the tree, or why it is none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_module, "plain_lists", lambda raw: (raw, {}))
        return either(raw)


def either(raw: bytes) -> Record | str:
    """The record, or why it is none."""
    try:
        return parse_article(raw)
    except BadRecord as error:
        return str(error)


@settings(max_examples=400, deadline=None)
@given(authors, mesh, references, st.sampled_from(["", "\n  ", " "]), texts)
def test_lists_taken_from_bytes_are_those_of_the_tree(
    authors: list[str], mesh: list[str], references: list[str], gap: str, where: str
) -> None:
    """Whatever stands in a list or before it, the record or the complaint is the same with and without the shortcut."""
    raw = written(authors, mesh, references, gap, where)
    assert either(raw) == by_tree(raw)


@pytest.mark.parametrize(
    "raw",
    [
        written([AUTHOR.format("")], [], [], "", "<!--").replace(b"</AuthorList>", b"</AuthorList>-->"),
        written([AUTHOR.format("")], [], [], "", "<x>").replace(b"</AuthorList>", b"</AuthorList></x>"),
        written(["0"], [], [], "", ""),
        written([AUTHOR.format("")], [], [], "", "").replace(b"Invented.", b"<AuthorList>0</AuthorList>"),
        written([AUTHOR.format("")], [], [], "", "").replace(b"<AuthorList", b'<AuthorList CompleteYN="N" x="&gt;>"'),
        written([], [], [REFERENCE.format("a", "")], "", "").replace(
            b"</PubmedData>", b"<ReferenceList/></PubmedData>"
        ),
    ],
    ids=["comment", "elsewhere", "mark", "twice", "bracket", "second"],
)
def test_what_only_looks_like_a_list_is_not_taken_for_one(raw: bytes) -> None:
    """A list in a comment, in a foreign element, beside another or holding the mark is read as the tree has it."""
    assert either(raw) == by_tree(raw)


def test_nearly_every_record_takes_the_short_way() -> None:
    """Invented records as NLM writes them have all their lists taken, so that a slip cannot turn the shortcut off."""
    for raw in synthetic_records(50):
        _, taken = plain_lists(raw)
        assert taken.keys() == {
            name for name in ("AuthorList", "MeshHeadingList", "ReferenceList") if f"<{name}".encode() in raw
        }
        assert either(raw) == by_tree(raw)


@pytest.mark.shared
def test_real_records_are_the_same_both_ways(shared_data: Path) -> None:
    """Every real record at hand reads the same with and without the shortcut, which most of their lists take."""
    with open_xml(shared_data / "pubmed" / "efetch-more.xml.gz") as stream:
        raws = [element.raw for element in elements(stream)]
    assert all(either(raw) == by_tree(raw) for raw in raws)
    assert sum("AuthorList" in plain_lists(raw)[1] for raw in raws) > 0.9 * len(raws)


def test_what_is_made_quickly_is_the_frozen_class() -> None:
    """A dataclass made by `quick` equals one made as usual, hashes alike and cannot be changed."""
    values = ("Muster", None, None, None, None, None, ("Nowhere",), True)
    made = author(*values)
    assert made == Author(*values)
    assert type(made) is Author
    assert hash(made) == hash(Author(*values))
    assert repr(made) == repr(Author(*values))
    with pytest.raises(FrozenInstanceError):
        made.last_name = "x"  # type: ignore[misc]
