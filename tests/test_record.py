"""The parser on synthetic records: every name, number and sentence here is invented."""

from __future__ import annotations

import pytest

from harvest.errors import BadRecord
from harvest.record import (
    DataBank,
    Keyword,
    Link,
    MeshHeading,
    PublicationType,
    Qualifier,
    Record,
    Reference,
    Section,
    parse_article,
    parse_deletions,
    pmid_of,
)

PMID = 970000001


def article(
    inner: str = "", *, title: str = "An invented title.", journal: str = "", citation: str = "", data: str = ""
) -> bytes:
    """A synthetic PubmedArticle: `inner` goes into Article, `citation` after it, `data` into PubmedData."""
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{PMID}</PMID>'
        f'<Article PubModel="Print">{journal}<ArticleTitle>{title}</ArticleTitle>{inner}</Article>{citation}'
        f"</MedlineCitation><PubmedData>{data}</PubmedData></PubmedArticle>"
    ).encode()


def abstract(text: str) -> str:
    return f"<Abstract><AbstractText>{text}</AbstractText></Abstract>"


def text_of_abstract(text: str) -> str | None:
    return parse_article(article(abstract(text))).abstract


def dated(pubdate: str) -> Record:
    return parse_article(
        article(journal=f"<Journal><JournalIssue><PubDate>{pubdate}</PubDate></JournalIssue></Journal>")
    )


def author(inner: str) -> str:
    return f'<AuthorList><Author ValidYN="Y"><LastName>Muster</LastName>{inner}</Author></AuthorList>'


def test_what_a_record_does_not_say_is_none_or_an_empty_tuple() -> None:
    """A record with nothing but a PMID and a title has no '' and no 0 in any field."""
    record = parse_article(
        b"<PubmedArticle><MedlineCitation><PMID>970000001</PMID><Article><ArticleTitle/><Abstract><AbstractText> "
        b"</AbstractText></Abstract><AuthorList><Author/></AuthorList><Language> </Language><VernacularTitle/>"
        b"</Article></MedlineCitation></PubmedArticle>"
    )
    said = {name: value for name in Record.__slots__ if (value := getattr(record, name)) not in (None, ())}
    assert said == {"pmid": PMID, "version": 1, "is_book": False, "owner": "NLM", "authors_complete": True}
    assert record.abstract is None


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("H<sub>2</sub>O at 10<sup>-3</sup> M", "H2O at 10-3 M"),
        ("<b>one <i>two<u>three</u></i></b> four", "one twothree four"),
        ("  runs \n\t of   space ", "runs of space"),
        ("no\u00a0break\u2009thin &amp; &lt;5 &#8805;3", "no\u00a0break\u2009thin & <5 ≥3"),
        ("before<DispFormula><mml:math><mml:mi>x</mml:mi></mml:math></DispFormula>after", "before x after"),
        ("<p>first</p><p>second</p>", "first second"),
        ("a <mml:math><mml:msup><mml:mi>x</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math>-test", "a x2-test"),
        ("<mml:math><mml:mfrac><mml:mn>1</mml:mn><mml:mn>2</mml:mn></mml:mfrac></mml:math> dose", "1 2 dose"),
        ("<mml:math>\n <mml:mi>He</mml:mi>\n <mml:mn>3</mml:mn>\n</mml:math>", "He 3"),
        ('<m:math xmlns:m="urn:any"><m:mi>y</m:mi></m:math>1', "y1"),
        ("kept<!-- not this --> whole<?nor this?>", "kept whole"),
        ("<![CDATA[</AbstractText> & <b>]]>", "</AbstractText> & <b>"),
        ('linked <ext:a ext:href="x">text</ext:a> too', "linked text too"),
    ],
)
def test_markup_becomes_text_with_nothing_dropped_and_nothing_merged(markup: str, text: str) -> None:
    """Inline markup joins, blocks and fractions keep a space, an undeclared prefix spoils nothing."""
    assert text_of_abstract(markup) == text
    assert parse_article(article(title=markup)).title == text


def test_sections_keep_label_and_category_and_empty_ones_are_dropped() -> None:
    """Structured sections come in order with Label and NlmCategory; the abstract puts labels before texts."""
    record = parse_article(
        article(
            '<Abstract><AbstractText Label="AIM" NlmCategory="OBJECTIVE">To ask.</AbstractText>'
            '<AbstractText Label="X"/>'
            "<AbstractText>Unlabelled.</AbstractText><CopyrightInformation>© Nobody</CopyrightInformation></Abstract>",
            citation='<OtherAbstract Type="Publisher" Language="ger"><AbstractText Label="ZIEL">Zu fragen.'
            '</AbstractText></OtherAbstract><OtherAbstract Type="plain-language-summary"><AbstractText>Plainly.'
            '</AbstractText></OtherAbstract><OtherAbstract Type="Publisher"><AbstractText/></OtherAbstract>',
        )
    )
    assert record.sections == (Section("AIM", "OBJECTIVE", "To ask."), Section(None, None, "Unlabelled."))
    assert record.abstract == "AIM: To ask.\nUnlabelled."
    assert record.copyright == "© Nobody"
    assert [(o.kind, o.language, o.sections) for o in record.other_abstracts] == [
        ("Publisher", "ger", (Section("ZIEL", None, "Zu fragen."),)),
        ("plain-language-summary", "eng", (Section(None, None, "Plainly."),)),
    ]


@pytest.mark.parametrize(
    ("pubdate", "printed", "published"),
    [
        ("<Year>2019</Year>", "2019", "2019"),
        ("<Year>2019</Year><Month>Aug</Month>", "2019 Aug", "2019-08"),
        ("<Year>2019</Year><Month>08</Month><Day>5</Day>", "2019 08 5", "2019-08-05"),
        ("<Year>2019</Year><Month>September</Month><Day>31</Day>", "2019 September 31", "2019-09"),
        ("<Year>2019</Year><Month>13</Month>", "2019 13", "2019"),
        ("<Year>2019</Year><Season>Spring</Season>", "2019 Spring", "2019"),
        ("<Year>2019</Year><Season>Apr-Jun</Season>", "2019 Apr-Jun", "2019-04"),
        ("<MedlineDate>1998 Dec-1999 Jan</MedlineDate>", "1998 Dec-1999 Jan", "1998-12"),
        ("<MedlineDate>2018 May - Jun</MedlineDate>", "2018 May - Jun", "2018-05"),
        ("<MedlineDate>1978 SEP/OCT</MedlineDate>", "1978 SEP/OCT", "1978-09"),
        ("<MedlineDate>1944-1945</MedlineDate>", "1944-1945", "1944"),
        ("<MedlineDate>2000 15-30</MedlineDate>", "2000 15-30", "2000"),
        ("<MedlineDate>Winter 1990-Mar 1991</MedlineDate>", "Winter 1990-Mar 1991", "1990"),
        ("<MedlineDate>Jan-Feb 1990</MedlineDate>", "Jan-Feb 1990", "1990-01"),
        ("<MedlineDate>undated</MedlineDate>", "undated", None),
        ("<Year>19x9</Year>", "19x9", None),
        ("<Year>0000</Year><Month>1</Month><Day>1</Day>", "0000 1 1", None),
    ],
)
def test_every_form_of_pubdate_gives_the_date_as_far_as_it_is_known(
    pubdate: str, printed: str, published: str | None
) -> None:
    """PubDate keeps its printed form and gives YYYY[-MM[-DD]]: a range its first month, a season its year."""
    record = dated(pubdate)
    assert (record.pubdate, record.published) == (printed, published)
    assert record.year == (int(published[:4]) if published else None)


def test_the_other_dates_are_iso_dates() -> None:
    """Electronic, revised, completed and entrez dates are YYYY-MM-DD; other history is left out."""
    parts = "<Year>2020</Year><Month>2</Month><Day>{}</Day>"
    record = parse_article(
        article(
            f'<ArticleDate DateType="Electronic">{parts.format(1)}</ArticleDate>',
            citation=f"<DateRevised>{parts.format(2)}</DateRevised><DateCompleted>{parts.format(30)}</DateCompleted>",
            data=f'<History><PubMedPubDate PubStatus="received">{parts.format(4)}</PubMedPubDate>'
            f'<PubMedPubDate PubStatus="entrez">{parts.format(5)}<Hour>6</Hour></PubMedPubDate></History>'
            "<PublicationStatus>ppublish</PublicationStatus>",
        )
    )
    assert (record.article_date, record.date_revised, record.date_completed) == ("2020-02-01", "2020-02-02", "2020-02")
    assert (record.entrez_date, record.publication_status) == ("2020-02-05", "ppublish")


def test_authors_are_persons_or_groups_with_suffix_affiliations_and_validity() -> None:
    """Collective names, suffixes, several affiliations, ValidYN=N, an incomplete list and investigators are kept."""
    record = parse_article(
        article(
            '<AuthorList CompleteYN="N"><Author><LastName>Muster</LastName><ForeName>Eva M</ForeName><Initials>EM'
            "</Initials><Suffix>3<sup>rd</sup></Suffix><AffiliationInfo><Affiliation>One.</Affiliation>"
            '<Identifier Source="ROR">x</Identifier></AffiliationInfo><AffiliationInfo><Affiliation>Two.</Affiliation>'
            '</AffiliationInfo></Author><Author ValidYN="N"><LastName>Mutser</LastName></Author>'
            "<Author><CollectiveName>The <i>Invented</i> Group</CollectiveName></Author></AuthorList>",
            citation="<InvestigatorList><Investigator><LastName>Helper</LastName></Investigator></InvestigatorList>",
        )
    )
    person, wrong, group = record.authors
    assert (person.last_name, person.fore_name, person.initials, person.suffix) == ("Muster", "Eva M", "EM", "3rd")
    assert (person.affiliations, person.valid, person.collective) == (("One.", "Two."), True, None)
    assert (wrong.last_name, wrong.valid) == ("Mutser", False)
    assert (group.collective, group.last_name) == ("The Invented Group", None)
    assert not record.authors_complete
    assert [i.last_name for i in record.investigators] == ["Helper"]


@pytest.mark.parametrize(
    ("spelling", "orcid"),
    [
        ("0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("http://www.orcid.org/0000-0002-1825-0097/", "0000-0002-1825-0097"),
        ("orcid.org/0000000218250097", "0000-0002-1825-0097"),
        ("ORCID: 0000 0002 1694 233x", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", None),
        ("0000-0002-1825", None),
        ("someone@example.org", None),
        ("", None),
    ],
)
def test_an_orcid_has_one_spelling_and_a_wrong_one_is_none(spelling: str, orcid: str | None) -> None:
    """Address, spaces and missing hyphens are made uniform; a wrong check digit is no ORCID."""
    record = parse_article(article(author(f'<Identifier Source="ORCID">{spelling}</Identifier>')))
    assert record.authors[0].orcid == orcid


def test_only_an_orcid_identifier_counts() -> None:
    """An ISNI, which looks the same, is not taken for an ORCID."""
    assert (
        parse_article(article(author('<Identifier Source="ISNI">0000-0002-1825-0097</Identifier>'))).authors[0].orcid
        is None
    )


REFERENCES = (
    "<ReferenceList><Title>References</Title><Reference><Citation>Cited <i>One</i>.</Citation><ArticleIdList>"
    '<ArticleId IdType="pubmed">970000009</ArticleId><ArticleId IdType="doi">10.9999/other</ArticleId>'
    '<ArticleId IdType="pmc">PMC9999999</ArticleId></ArticleIdList></Reference><ReferenceList><Reference>'
    "<Citation>Cited two.</Citation></Reference></ReferenceList><Reference><Citation/></Reference></ReferenceList>"
)


def test_identifiers_are_the_articles_own_and_never_a_references() -> None:
    """DOI and PMCID come from the article's own list; nested reference lists are kept apart, in order."""
    record = parse_article(article(data=REFERENCES))
    assert (record.doi, record.pmcid, record.article_ids) == (None, None, ())
    assert record.references == (
        Reference("Cited One.", 970000009, "10.9999/other"),
        Reference("Cited two.", None, None),
    )


@pytest.mark.parametrize(
    ("elocation", "ids", "doi", "pmcid"),
    [
        ('<ELocationID EIdType="doi">10.9999/e</ELocationID>', "", "10.9999/e", None),
        ('<ELocationID EIdType="doi" ValidYN="N">10.9999/e</ELocationID>', "", None, None),
        ('<ELocationID EIdType="pii">10.9999/e</ELocationID>', "", None, None),
        (
            '<ELocationID EIdType="doi">10.9999/e</ELocationID>',
            '<ArticleId IdType="doi">10.9999/a</ArticleId>',
            "10.9999/a",
            None,
        ),
        ("", '<ArticleId IdType="doi">https://doi.org/10.9999/a</ArticleId>', "10.9999/a", None),
        ("", '<ArticleId IdType="doi">none</ArticleId><ArticleId IdType="pmc">PMC12.1</ArticleId>', None, "PMC12"),
        ("", '<ArticleId IdType="doi"/><ArticleId IdType="doi">10.9999/b</ArticleId>', "10.9999/b", None),
    ],
)
def test_which_doi_and_pmcid_are_the_articles(elocation: str, ids: str, doi: str | None, pmcid: str | None) -> None:
    """The ArticleIdList's DOI beats an ELocationID's, an invalid one counts nowhere, a PMCID loses its version."""
    record = parse_article(article(elocation, data=f"<ArticleIdList>{ids}</ArticleIdList>" + REFERENCES))
    assert (record.doi, record.pmcid) == (doi, pmcid)


def test_article_ids_are_kept_in_order_as_sent() -> None:
    """Every id of the article is kept; an id without a type is a PMID, the DTD's default."""
    ids = '<ArticleId>970000001</ArticleId><ArticleId IdType="pmc">PMC12.1</ArticleId><ArticleId IdType="pii"/>'
    record = parse_article(article(data=f"<ArticleIdList>{ids}</ArticleIdList>"))
    assert record.article_ids == (("pubmed", "970000001"), ("pmc", "PMC12.1"))


def test_subject_terms_keep_their_ids_stars_and_owners() -> None:
    """Publication types, MeSH with qualifiers, supplementary MeSH, chemicals and keywords of each owner."""
    record = parse_article(
        article(
            '<PublicationTypeList><PublicationType UI="D016428">Journal Article</PublicationType>'
            "</PublicationTypeList>",
            citation="<ChemicalList><Chemical><RegistryNumber>0</RegistryNumber>"
            '<NameOfSubstance UI="D1">Ozone</NameOfSubstance></Chemical></ChemicalList>'
            '<SupplMeshList><SupplMeshName Type="Protocol" UI="C1">AB protocol</SupplMeshName></SupplMeshList>'
            '<MeshHeadingList><MeshHeading><DescriptorName UI="D2" MajorTopicYN="N">Back Pain</DescriptorName>'
            '<QualifierName UI="Q1" MajorTopicYN="Y">therapy</QualifierName></MeshHeading></MeshHeadingList>'
            '<KeywordList Owner="NOTNLM"><Keyword MajorTopicYN="Y">P<sub>1</sub></Keyword><Keyword/></KeywordList>'
            "<KeywordList><Keyword>nlm's</Keyword></KeywordList>",
        )
    )
    assert record.publication_types == (PublicationType("D016428", "Journal Article"),)
    assert record.mesh == (MeshHeading("D2", "Back Pain", False, (Qualifier("Q1", "therapy", True),)),)
    assert (record.supplementary_mesh, record.chemicals) == (("AB protocol",), ("Ozone",))
    assert record.keywords == (Keyword("P1", True, "NOTNLM"), Keyword("nlm's", False, "NLM"))


def test_links_databanks_grants_and_notes_are_kept() -> None:
    """Related notices with and without a PMID, accession numbers, grants as MEDLINE writes them, statements, notes."""
    record = parse_article(
        article(
            "<Language>eng</Language><Language>fre</Language><DataBankList><DataBank><DataBankName>ISRCTN</DataBankName>"
            "<AccessionNumberList><AccessionNumber>A1</AccessionNumber><AccessionNumber>A2</AccessionNumber>"
            "</AccessionNumberList></DataBank><DataBank><DataBankName>GEO</DataBankName></DataBank></DataBankList>"
            "<GrantList><Grant><GrantID>G1</GrantID><Agency>Nobody</Agency><Country>Nowhere</Country></Grant></GrantList>"
            "<VernacularTitle>Un titre.</VernacularTitle>",
            citation='<CommentsCorrectionsList><CommentsCorrections RefType="RetractionIn"><RefSource>J. 2020;1:2'
            '</RefSource><PMID Version="1">970000002</PMID><Note>a note</Note></CommentsCorrections>'
            '<CommentsCorrections RefType="ErratumIn"><RefSource>J. 2021</RefSource></CommentsCorrections>'
            '</CommentsCorrectionsList><CoiStatement>None <b>known</b>.</CoiStatement><GeneralNote Owner="NASA">n1'
            "</GeneralNote><GeneralNote>n2</GeneralNote>",
        )
    )
    assert record.links == (
        Link("RetractionIn", 970000002, "J. 2020;1:2", "a note"),
        Link("ErratumIn", None, "J. 2021", None),
    )
    assert record.databanks == (DataBank("ISRCTN", "A1"), DataBank("ISRCTN", "A2"), DataBank("GEO", None))
    assert (record.grants, record.languages) == (("G1/Nobody/Nowhere",), ("eng", "fre"))
    assert (record.vernacular_title, record.conflict_of_interest) == ("Un titre.", "None known.")
    assert record.general_notes == ("n1", "n2")


def test_the_journal_the_issue_and_the_records_own_attributes_are_kept() -> None:
    """Journal names, ISSN, volume, issue, pages, status, owner, indexing method, model, version."""
    record = parse_article(
        b'<PubmedArticle><MedlineCitation Status="In-Process" IndexingMethod="Automated" Owner="PIP"><PMID Version="3">'
        b'970000001</PMID><Article PubModel="Print-Electronic"><Journal><ISSN IssnType="Print">0000-0001</ISSN>'
        b"<JournalIssue><Volume>1 Suppl</Volume><Issue>2</Issue></JournalIssue><Title>Invented Journal</Title>"
        b"<ISOAbbreviation>Inv. J.</ISOAbbreviation></Journal><Pagination><StartPage>5</StartPage><EndPage>9</EndPage>"
        b"</Pagination></Article><MedlineJournalInfo><Country>Nowhere</Country><MedlineTA>Inv J</MedlineTA>"
        b"<NlmUniqueID>1X</NlmUniqueID><ISSNLinking>0000-0002</ISSNLinking></MedlineJournalInfo></MedlineCitation>"
        b"</PubmedArticle>"
    )
    assert (record.status, record.indexing_method, record.owner) == ("In-Process", "Automated", "PIP")
    assert (record.version, record.publication_model) == (3, "Print-Electronic")
    assert (record.journal, record.journal_iso, record.medline_ta) == ("Invented Journal", "Inv. J.", "Inv J")
    assert (record.issn, record.nlm_unique_id, record.country) == ("0000-0001", "1X", "Nowhere")
    assert (record.volume, record.issue, record.pages) == ("1 Suppl", "2", "5-9")


def test_medlines_page_range_beats_start_and_end_page() -> None:
    """MedlinePgn is what PubMed prints."""
    pages = "<Pagination><StartPage>105</StartPage><EndPage>109</EndPage><MedlinePgn>105-9</MedlinePgn></Pagination>"
    assert parse_article(article(pages)).pages == "105-9"


BOOK = (
    '<PubmedBookArticle><BookDocument><PMID Version="1">970000001</PMID><ArticleIdList>'
    '<ArticleId IdType="bookaccession">NBK1</ArticleId></ArticleIdList>'
    "<Book><Publisher><PublisherName>Invented Press</PublisherName></Publisher>"
    "<BookTitle>A Made-up <i>Book</i></BookTitle><PubDate><Year>2001</Year></PubDate>"
    '<AuthorList Type="editors"><Author><LastName>Editor</LastName></Author></AuthorList>'
    '<AuthorList Type="authors"><Author><LastName>Whole</LastName></Author></AuthorList><Isbn>123</Isbn></Book>%s'
    '<Language>eng</Language>%s<PublicationType UI="D1">Review</PublicationType><Abstract><AbstractText Label="A">b'
    "</AbstractText></Abstract><ContributionDate><Year>2006</Year><Month>2</Month><Day>5</Day></ContributionDate>"
    "</BookDocument><PubmedBookData><PublicationStatus>ppublish</PublicationStatus></PubmedBookData></PubmedBookArticle>"
)


def test_a_book_chapter_is_a_record_with_its_book() -> None:
    """A chapter has its own title and authors, the book's title, accession, editors, publisher and dates."""
    authors = '<AuthorList Type="authors"><Author><LastName>Own</LastName></Author></AuthorList>'
    record = parse_article((BOOK % ("<ArticleTitle>A chapter</ArticleTitle>", authors)).encode())
    assert (record.is_book, record.title, record.book_title) == (True, "A chapter", "A Made-up Book")
    assert (record.book_accession, record.publisher, record.isbn) == ("NBK1", "Invented Press", "123")
    assert [a.last_name for a in record.authors] == ["Own"]
    assert [a.last_name for a in record.editors] == ["Editor"]
    assert (record.year, record.article_date, record.publication_status) == (2001, "2006-02-05", "ppublish")
    assert (record.sections, record.status, record.journal) == ((Section("A", None, "b"),), None, None)
    assert record.publication_types == (PublicationType("D1", "Review"),)


def test_a_whole_book_has_the_books_title_and_authors() -> None:
    """Where there is no chapter, title and authors are the book's."""
    record = parse_article((BOOK % ("", "")).encode())
    assert (record.title, [a.last_name for a in record.authors]) == ("A Made-up Book", ["Whole"])


def test_an_undeclared_prefix_and_a_declared_one_may_stand_side_by_side() -> None:
    """A prefix declared on the set element is missing from the record's own bytes; the text is there all the same."""
    both = (
        '<mml:math><mml:mi>x</mml:mi></mml:math> <mml:math xmlns:mml="http://www.w3.org/1998/Math/MathML">y</mml:math>'
    )
    assert text_of_abstract(both) == "x y"


BOMB = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 40))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (f'<!DOCTYPE x [<!ENTITY e0 "ha">{BOMB}]>'.encode() + article(title="&e39;"), "begins with"),
        (b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + article(title="&e;"), "begins with"),
        (article(title="&nbsp;"), "nbsp"),
        (article(title='<!DOCTYPE x [<!ENTITY e "y">]>&e;'), "not well-formed"),
        (article(title="a\0b"), "not well-formed"),
        (article(title="\x0b"), "not well-formed"),
        (article().replace(b"invented", b"\xff\xfe"), "not well-formed"),
        (article(title="<b>" * 5000 + "</b>" * 5000), "not well-formed"),
        (article()[:-20], "not well-formed"),
        (article() + b"<more/>", "not well-formed"),
        (b"<PubmedArticle/>", "no PMID"),
        (b"<PubmedBookArticle/>", "no PMID"),
        (article().replace(b"970000001", b"x"), "no PMID"),
        (article().replace(b"970000001", b"0"), "no PMID"),
        (article().replace(b"970000001", "٣٤".encode()), "no PMID"),
        (article().replace(b"970000001", b"9" * 5000), "no PMID"),
        (b"<PubmedArticle><MedlineCitation><PMID>970000001</PMID></MedlineCitation></PubmedArticle>", "no <Article>"),
        (b"<DeleteCitation/>", "begins with"),
        (b"<html/>", "begins with"),
        (b"", "begins with"),
    ],
)
def test_a_hostile_or_broken_record_is_one_clear_line(raw: bytes, reason: str) -> None:
    """Entities, NUL bytes, invalid UTF-8, deep nesting, cuts and missing PMIDs give a BadRecord of one short line."""
    with pytest.raises(BadRecord) as caught:
        parse_article(raw)
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    assert len(message) < 300
    assert message.startswith(f"PMID {PMID}" if pmid_of(raw) else "a record without a readable PMID")


def test_a_broken_record_tells_its_pmid_where_it_can_be_found() -> None:
    """The PMID is read from the bytes, the record's own and not one of a related notice."""
    assert pmid_of(article()[:200]) == PMID
    assert pmid_of(b'<PubmedArticle><MedlineCitation Status="x"><PMID Version="1"> 970000001 </PMID><Oops') == PMID
    assert pmid_of(b"<PubmedBookArticle><BookDocument><PMID>970000001</PMID>") == PMID
    assert pmid_of(b"<MedlineCitation><CommentsCorrections><PMID>970000002</PMID>") is None
    assert pmid_of(b"") is None


def test_deletions_keep_their_order() -> None:
    """A DeleteCitation gives its PMIDs as listed, an empty one none."""
    raw = b'<DeleteCitation>\n<PMID Version="1">970000003</PMID><!-- x --><PMID>970000002</PMID></DeleteCitation>'
    assert parse_deletions(raw) == (970000003, 970000002)
    assert parse_deletions(b"<DeleteCitation/>") == ()


@pytest.mark.parametrize("inner", ["<PMID>x</PMID>", "<PMID/>", "<Other>1</Other>", "<PMID>1", "&x;"])
def test_a_deletion_that_cannot_be_read_is_an_error(inner: str) -> None:
    """A PMID that is no number is never passed over in silence."""
    with pytest.raises(BadRecord):
        parse_deletions(f"<DeleteCitation>{inner}</DeleteCitation>".encode())


def test_many_small_parts_take_no_more_than_their_share_of_time() -> None:
    """A hundred thousand languages and authors are read in one go: time grows with size, not with its square."""
    record = parse_article(
        article("<Language>eng</Language>" * 100_000 + "<AuthorList>" + "<Author/>" * 100_000 + "</AuthorList>")
    )
    assert len(record.languages) == 100_000
    assert record.authors == ()
