"""Invented PubMed records: valid by NLM's DTD, labelled as synthetic, on our topic and off it.

PMIDs begin at 970000001. The same number and seed give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from xml.sax.saxutils import escape, quoteattr

from tests.ncbi.corpus import Corpus

__all__ = ["FIRST_PMID", "SYNTHETIC_NOTE", "synthetic_article", "synthetic_corpus", "synthetic_records"]

FIRST_PMID = 970_000_001
SYNTHETIC_NOTE = "Synthetic record, invented for tests; it describes no real study."

_PUBLICATION_TYPES = {
    "Case Reports": "D002363",
    "Comment": "D016420",
    "Editorial": "D016421",
    "Journal Article": "D016428",
    "Letter": "D016422",
    "Meta-Analysis": "D017418",
    "Randomized Controlled Trial": "D016449",
    "Retracted Publication": "D016441",
    "Review": "D016454",
    "Systematic Review": "D000078182",
}


def _date(element: str, day: date, attributes: str = "") -> str:
    return (
        f"<{element}{attributes}><Year>{day.year}</Year><Month>{day.month:02d}</Month>"
        f"<Day>{day.day:02d}</Day></{element}>"
    )


def _abstract(element: str, sections: Iterable[tuple[str | None, str]], attributes: str = "") -> str:
    texts = "".join(
        f'<AbstractText Label={quoteattr(label)} NlmCategory="{_category(label)}">{escape(text)}</AbstractText>'
        if label
        else f"<AbstractText>{escape(text)}</AbstractText>"
        for label, text in sections
    )
    return f"<{element}{attributes}>{texts}</{element}>" if texts else ""


def _category(label: str) -> str:
    known = {"BACKGROUND", "OBJECTIVE", "METHODS", "RESULTS", "CONCLUSIONS"}
    return label if label in known else "UNASSIGNED"


def _authors(names: Sequence[str]) -> str:
    people = []
    for name in names:
        last, comma, fore = name.partition(", ")
        if not comma:
            people.append(f'<Author ValidYN="Y"><CollectiveName>{escape(name)}</CollectiveName></Author>')
            continue
        initials = "".join(part[0] for part in fore.split())
        people.append(
            f'<Author ValidYN="Y"><LastName>{escape(last)}</LastName><ForeName>{escape(fore)}</ForeName>'
            f"<Initials>{escape(initials)}</Initials><AffiliationInfo><Affiliation>Department of Invention, "
            "Nowhere.</Affiliation></AffiliationInfo></Author>"
        )
    return f'<AuthorList CompleteYN="Y">{"".join(people)}</AuthorList>' if people else ""


def _mesh(headings: Sequence[str]) -> str:
    """`Ozone`, `*Ozone` (major), `Ozone/*therapeutic use`."""
    rows = []
    for heading in headings:
        name, *subs = heading.split("/")
        parts = [("DescriptorName", name), *(("QualifierName", sub) for sub in subs)]
        inside = "".join(
            f'<{element} UI="{"D" if element[0] == "D" else "Q"}000000" '
            f'MajorTopicYN="{"Y" if text.startswith("*") else "N"}">{escape(text.lstrip("*"))}</{element}>'
            for element, text in parts
        )
        rows.append(f"<MeshHeading>{inside}</MeshHeading>")
    return f"<MeshHeadingList>{''.join(rows)}</MeshHeadingList>" if rows else ""


def synthetic_article(
    pmid: int,
    title: str,
    abstract: str | Sequence[tuple[str | None, str]] | None = None,
    *,
    version: int = 1,
    status: str = "MEDLINE",
    authors: Sequence[str] = ("Inventor, Ada B",),
    journal: str = "Journal of Invented Records",
    pubdate: str | None = None,
    published: date = date(2020, 5, 17),
    entered: date | None = None,
    revised: date | None = None,
    language: str = "eng",
    publication_types: Sequence[str] = ("Journal Article",),
    mesh: Sequence[str] = (),
    keywords: Sequence[str] = (),
    other_abstract: str | None = None,
    doi: str | None = None,
    links: Sequence[tuple[str, int]] = (),
) -> bytes:
    """One invented `PubmedArticle`, valid by the DTD.

    Args:
        pmid: from 970000001 up, so that it can be no real record's.
        title: plain text; escaped here.
        abstract: plain text, or (label, text) sections, or None.
        version: the PMID's Version.
        status: MedlineCitation's Status.
        authors: "Last, Fore Names"; a name without a comma is a group.
        journal: full title; also its abbreviation.
        pubdate: a MedlineDate such as "2019 Jan-Feb" in place of `published`'s year, month and day.
        published: day of publication, on paper.
        entered: day it came into PubMed, by default that of publication.
        revised: DateRevised, by default the day it was entered.
        language: ISO 639-2.
        publication_types: names.
        mesh: headings, "*" before a major topic, "/" before subheadings: "Ozone/*therapeutic use".
        keywords: the authors' own.
        other_abstract: text of an OtherAbstract in Spanish.
        doi: by default one made from the PMID.
        links: (RefType, PMID) of CommentsCorrections.
    """
    entered = entered or published
    sections = [(None, abstract)] if isinstance(abstract, str) else list(abstract or ())
    when = (
        f"<PubDate><MedlineDate>{escape(pubdate)}</MedlineDate></PubDate>" if pubdate else _date("PubDate", published)
    )
    place = escape(doi or f"10.5555/invented.{pmid}")
    types = "".join(
        f'<PublicationType UI="{_PUBLICATION_TYPES.get(name, "D000000")}">{escape(name)}</PublicationType>'
        for name in publication_types
    )
    linked = "".join(
        f"<CommentsCorrections RefType={quoteattr(kind)}><RefSource>J Invent Rec</RefSource>"
        f'<PMID Version="1">{other}</PMID></CommentsCorrections>'
        for kind, other in links
    )
    words = "".join(f'<Keyword MajorTopicYN="N">{escape(word)}</Keyword>' for word in keywords)
    spanish = (
        _abstract("OtherAbstract", [(None, other_abstract)], ' Type="Publisher" Language="spa"')
        if other_abstract
        else ""
    )
    return (
        f'<PubmedArticle><MedlineCitation Status={quoteattr(status)} Owner="NLM">'
        f'<PMID Version="{version}">{pmid}</PMID>'
        f'{_date("DateRevised", revised or entered)}<Article PubModel="Print"><Journal>'
        f'<ISSN IssnType="Print">0000-0000</ISSN><JournalIssue CitedMedium="Print"><Volume>1</Volume>'
        f"<Issue>1</Issue>{when}</JournalIssue><Title>{escape(journal)}</Title>"
        f"<ISOAbbreviation>{escape(journal)}</ISOAbbreviation></Journal><ArticleTitle>{escape(title)}</ArticleTitle>"
        f"<Pagination><MedlinePgn>1-9</MedlinePgn></Pagination>"
        f'<ELocationID EIdType="doi" ValidYN="Y">{place}</ELocationID>{_abstract("Abstract", sections)}'
        f"{_authors(authors)}<Language>{escape(language)}</Language>"
        f"<PublicationTypeList>{types}</PublicationTypeList></Article><MedlineJournalInfo><Country>Nowhere</Country>"
        f"<MedlineTA>{escape(journal)}</MedlineTA><NlmUniqueID>0000000</NlmUniqueID></MedlineJournalInfo>"
        f"{f'<CommentsCorrectionsList>{linked}</CommentsCorrectionsList>' if linked else ''}{_mesh(mesh)}{spanish}"
        f"{f'<KeywordList Owner={chr(34)}NOTNLM{chr(34)}>{words}</KeywordList>' if words else ''}"
        f'<GeneralNote Owner="NLM">{SYNTHETIC_NOTE}</GeneralNote></MedlineCitation><PubmedData><History>'
        f"{_date('PubMedPubDate', entered, ' PubStatus=' + quoteattr('entrez'))}</History>"
        f'<PublicationStatus>ppublish</PublicationStatus><ArticleIdList><ArticleId IdType="pubmed">{pmid}</ArticleId>'
        f'<ArticleId IdType="doi">{place}</ArticleId></ArticleIdList></PubmedData></PubmedArticle>'
    ).encode()


_TREATMENTS = (
    ("platelet-rich plasma", "Platelet-Rich Plasma", "PRP"),
    ("dextrose prolotherapy", "Prolotherapy", "prolotherapy"),
    ("oxygen-ozone", "Ozone/*therapeutic use", "ozone therapy"),
    ("mesenchymal stem cell", "Mesenchymal Stem Cell Transplantation", "stem cells"),
    ("bone marrow aspirate concentrate", "Bone Marrow", "BMAC"),
)
_CONDITIONS = (
    ("chronic low back pain", "Low Back Pain"),
    ("lumbar disc herniation", "Intervertebral Disc Displacement"),
    ("degenerative disc disease", "Intervertebral Disc Degeneration"),
    ("sciatica", "Sciatica"),
    ("sacroiliac joint pain", "Sacroiliac Joint"),
    ("lumbar facet joint syndrome", "Zygapophyseal Joint"),
    ("failed back surgery syndrome", "Failed Back Surgery Syndrome"),
)
_DESIGNS = (
    ("a randomised controlled trial", "Randomized Controlled Trial", "were randomly allocated to injection or saline"),
    ("a retrospective cohort study", "Journal Article", "were compared with concurrent controls from the same clinic"),
    ("a case series", "Journal Article", "were treated and followed without a comparison group"),
    ("a systematic review", "Systematic Review", "took part in the trials found in three databases"),
    ("a case report", "Case Reports", "is described"),
)
_OUTCOMES = (
    ("Pain fell more in the treated group (p < 0.01).", "The injection improved pain and function."),
    ("Pain did not differ between the groups (p = 0.48).", "The injection was no better than its control."),
    ("Pain fell at one month but not at six.", "The effect was short."),
)
_ELSEWHERE = (
    ("Platelet-rich plasma for knee osteoarthritis", "Osteoarthritis, Knee", "platelet-rich plasma in the knee"),
    ("Ozone as a water disinfectant", "Ozone", "ozone in drinking water"),
    ("Exercise for low back pain in nurses", "Low Back Pain", "supervised exercise for the back"),
    (
        "Mesenchymal stem cells in graft-versus-host disease",
        "Mesenchymal Stem Cells",
        "stem cells after transplantation",
    ),
    ("Prolotherapy for lateral epicondylitis", "Prolotherapy", "dextrose injected at the elbow"),
    ("Discussing sleep in shift workers", "Sleep", "sleep diaries"),
)


def _on_topic(pmid: int, n: int, day: date) -> bytes:
    treatment, heading, keyword = _TREATMENTS[n % len(_TREATMENTS)]
    condition, about = _CONDITIONS[n // 5 % len(_CONDITIONS)]
    design, kind, allocated = _DESIGNS[n // 3 % len(_DESIGNS)]
    results, conclusion = _OUTCOMES[n // 7 % len(_OUTCOMES)]
    people = 20 + n * 7 % 180
    return synthetic_article(
        pmid,
        f"{treatment[0].upper()}{treatment[1:]} injection for {condition}: {design} (invented record {n + 1})",
        [
            ("BACKGROUND", f"Whether {treatment} injection helps people with {condition} is debated."),
            ("METHODS", f"{people} patients with {condition} {allocated} and followed for {3 + n % 22} months."),
            ("RESULTS", results),
            ("CONCLUSIONS", f"{conclusion} {SYNTHETIC_NOTE}"),
        ],
        authors=(f"Inventor{n % 40}, Ada B", f"Maker{n % 17}, Carl"),
        published=day,
        publication_types=("Journal Article", kind) if kind != "Journal Article" else (kind,),
        mesh=(f"*{about}", heading, "Humans"),
        keywords=(keyword,) if n % 2 else (),
    )


def _off_topic(pmid: int, n: int, day: date) -> bytes:
    title, heading, about = _ELSEWHERE[n % len(_ELSEWHERE)]
    return synthetic_article(
        pmid,
        f"{title} (invented record {n + 1})",
        f"{n % 300 + 10} cases of {about} were discussed. {SYNTHETIC_NOTE}",
        authors=(f"Other{n % 60}, Dora",),
        published=day,
        status="PubMed-not-MEDLINE" if n % 4 else "MEDLINE",
        mesh=() if n % 4 else (heading,),
    )


def synthetic_records(n: int, seed: int = 0) -> Iterator[bytes]:
    """`n` invented records with PMIDs from 970000001, about half of them on our topic, days rising with PMIDs."""
    for i in range(n):
        mixed = i * 2654435761 + seed * 40503
        day = date(2001, 1, 1) + timedelta(days=i * 8700 // max(1, n))
        make = _off_topic if (mixed >> 7) % 2 else _on_topic
        yield make(FIRST_PMID + i, mixed % 100_003 if seed else i, day)


def synthetic_corpus(n: int = 500, seed: int = 0) -> Corpus:
    """A corpus of `synthetic_records`."""
    return Corpus(synthetic_records(n, seed))
