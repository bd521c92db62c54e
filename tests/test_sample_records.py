"""The bundled sample: invented PubMed records, and labels that follow from their words by the codebook."""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import cache
from importlib import resources
from itertools import combinations, combinations_with_replacement
from pathlib import Path

import pytest
from lxml import etree

from harvest.record import Record, parse_article
from harvest.stream import elements, open_xml

SAMPLE = Path(str(resources.files("catalog.sample")))
XML = SAMPLE / "sample.xml"
LABELS = SAMPLE / "labels.tsv"
NOTICE = "Invented record of the Low Back Pain Evidence Catalog's sample; not a publication."

COLUMNS = [
    *("pmid", "pmid_kind", "design", "included", "level", "jbjs", "timing"),
    *("interventions", "comparator_interventions", "adjunct_interventions", "favoured", "conditions", "region"),
    *("participants", "studies", "comparator", "basis", "direction", "followup_months", "harms", "certainty", "agreed"),
    "status",
]

# Every value of the codebook. What must be present at least once is checked against these, and nothing else may be.
VALUES = {
    "pmid_kind": ["invented"],
    "design": [
        *("opinion", "protocol", "in_vitro", "animal", "guideline", "systematic_review", "rct"),
        *("nonrandomised_controlled", "case_control", "historical_control", "single_arm", "case_report"),
        *("cross_sectional", "narrative_review", "other", "unclear"),
    ],
    "included": ["rct_only", "mixed", "nonrandomised", "preclinical", "unclear"],
    "level": ["1", "2", "3", "4", "5", "none"],
    "jbjs": ["I-II", "II", "II-III", "III", "III-IV", "IV", "IV-V", "V", "none"],
    "timing": ["prospective", "retrospective", "unclear"],
    "region": ["lumbar", "cervical_thoracic", "other_site", "unstated"],
    "basis": ["between", "within", "pooled_between", "pooled_within", "pooled_unclear", "none"],
    "direction": ["favours", "no_difference", "non_inferior", "against", "mixed", "insufficient", "not_reported"],
    "harms": ["serious", "none_serious", "called_safe", "not_reported"],
    "certainty": ["high", "moderate", "low", "very_low"],
    "agreed": ["by_construction"],
    "status": ["retracted", "concern", "corrected", "preprint", "current"],
}
INTERVENTIONS = ["prp", "prolotherapy", "ozone", "prolozone", "msc", "bone_marrow", "adipose", "other_orthobiologic"]
ROLES = ["interventions", "comparator_interventions", "adjunct_interventions"]
LISTS = {
    **dict.fromkeys(ROLES, INTERVENTIONS),
    "favoured": INTERVENTIONS,
    "conditions": [
        *("disc_degeneration", "disc_herniation", "sciatica", "facet_joint", "sacroiliac_joint", "muscle_ligament"),
        *("stenosis", "failed_back", "fusion", "vertebrogenic", "low_back_pain"),
    ],
    "comparator": [
        *("placebo_sham", "steroid", "local_anaesthetic", "surgery", "usual_care", "other_active", "none"),
    ],
}
UNCONTROLLED = {"single_arm", "case_control", "historical_control", "case_report"}
TIMED = UNCONTROLLED | {"nonrandomised_controlled", "cross_sectional"}
REVIEWS = {"systematic_review", "narrative_review"}
PRECLINICAL = {"in_vitro", "animal"}

# The codebook's table: level and jbjs of a design, but for those that hang on timing or on what a review included.
GRADES = {
    "rct": ("2", "I-II"),
    "case_control": ("4", "III"),
    "historical_control": ("4", "III-IV"),
    "single_arm": ("4", "IV"),
    "case_report": ("4", "IV-V"),
    "in_vitro": ("5", "none"),
    "animal": ("5", "none"),
    "opinion": ("none", "V"),
    "narrative_review": ("none", "V"),
    "protocol": ("none", "none"),
    "guideline": ("none", "none"),
    "cross_sectional": ("none", "none"),
    "other": ("none", "none"),
    "unclear": ("none", "none"),
}
JBJS_BY_TIMING = {"prospective": "II", "retrospective": "III", "unclear": "II-III"}
LOWEST_CONTROLLED = {("3", jbjs) for jbjs in ("I-II", "II", "II-III", "III")}
LOWEST_UNCONTROLLED = {("4", jbjs) for jbjs in ("III", "III-IV", "IV", "IV-V")}
REVIEW_GRADES = {
    "rct_only": {("1", "I-II")},
    "mixed": LOWEST_CONTROLLED | LOWEST_UNCONTROLLED,
    "nonrandomised": LOWEST_CONTROLLED | LOWEST_UNCONTROLLED,
    "preclinical": {("5", "none")},
    "unclear": {("none", "none")},
}

# Each kind of link with the kind that must lead back.
BACK = {
    "RetractionIn": "RetractionOf",
    "ExpressionOfConcernIn": "ExpressionOfConcernFor",
    "ErratumIn": "ErratumFor",
    "UpdateIn": "UpdateOf",
    "CommentIn": "CommentOn",
}
NUMBER_WORDS = {
    "single": 1,
    "three": 3,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "eleven": 11,
    "thirteen": 13,
    "sixteen": 16,
    "twenty-four": 24,
    "thirty": 30,
    "sixty-two": 62,
    "sixty-four": 64,
    "seventy": 70,
    "eighty-eight": 88,
    "ninety": 90,
    "ninety-six": 96,
    "two hundred": 200,
    "one hundred sixty-two": 162,
    "one hundred and twelve": 112,
}


@cache
def records() -> dict[int, Record]:
    with open_xml(XML) as stream:
        return {record.pmid: record for record in (parse_article(element.raw) for element in elements(stream))}


@cache
def rows() -> tuple[dict[str, str], ...]:
    with LABELS.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, delimiter="\t"))


def label(pmid: int) -> dict[str, str]:
    return next(row for row in rows() if row["pmid"] == str(pmid))


def values(row: dict[str, str], column: str) -> list[str]:
    return [value for value in row[column].split(";") if value]


def text(record: Record) -> str:
    return f"{record.title}\n{record.abstract or ''}"


def types(record: Record) -> set[str]:
    return {publication_type.name for publication_type in record.publication_types}


def of_design(design: str) -> list[Record]:
    return [records()[int(row["pmid"])] for row in rows() if row["design"] == design]


# ---------------------------------------------------------------- the files


def test_valid_by_the_dtd() -> None:
    """The sample is valid by NLM's own DTD of January 2025, as Biopython carries it, and says so in its head."""
    dtd = etree.DTD(str(resources.files("Bio.Entrez") / "DTDs" / "pubmed_250101.dtd"))
    document = etree.parse(XML)
    assert dtd.validate(document), dtd.error_log
    assert document.docinfo.public_id == "-//NLM//DTD PubMedArticle, 1st January 2025//EN"
    assert XML.read_bytes().startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet')


def test_pmids_run_on() -> None:
    """PMIDs run from 970000001 without a gap, each once, in the records and in the labels alike."""
    with open_xml(XML) as stream:
        pmids = [parse_article(element.raw).pmid for element in elements(stream)]
    assert len(pmids) >= 60
    assert pmids == list(range(970000001, 970000001 + len(pmids)))
    assert [int(row["pmid"]) for row in rows()] == pmids


def test_says_it_is_invented() -> None:
    """Every record says in its copyright line or a general note that it is invented and no publication."""
    for record in records().values():
        assert NOTICE in (record.copyright, *record.general_notes), record.pmid


def test_nothing_real_is_named() -> None:
    """DOIs are under 10.5555, journals, PMC and registry numbers are the sample's own, and nobody has an ORCID."""
    source = XML.read_text(encoding="utf-8")
    assert set(re.findall(r"10\.\d{4,9}(?=/)", source)) == {"10.5555"}
    assert all(number.startswith("97") for number in re.findall(r"PMC(\d+)", source))
    assert all(re.fullmatch(r"970000\d\d", number) for number in re.findall(r"NCT(\d+)", source))
    invented = re.compile(r"Invent|Sample|Fictitious|Example|Placeholder|Imaginary")
    for record in records().values():
        assert invented.search(record.journal or ""), record.pmid
        assert (record.nlm_unique_id or "").startswith("SAMPLE"), record.pmid
        assert not any(author.orcid for author in record.authors), record.pmid


def test_dates_are_in_order() -> None:
    """Nothing is dated before 1998 or after October 2026, and no record was revised before it was entered."""
    for record in records().values():
        assert record.published is not None, record.pmid
        assert record.published >= "1998", record.pmid
        assert record.entrez_date is not None, record.pmid
        assert record.date_revised is not None, record.pmid
        assert record.entrez_date <= record.date_revised, record.pmid
        for day in (record.published, record.article_date, record.date_completed, record.date_revised):
            assert day is None or day < "2026-11", record.pmid


def test_links_resolve_both_ways() -> None:
    """Every link leads to a record of the sample that links back, and its citation names that record's journal."""
    links = [(record, link) for record in records().values() for link in record.links]
    assert {link.ref_type for _, link in links} == {*BACK, *BACK.values()}
    both = {**BACK, **{back: there for there, back in BACK.items()}}
    for record, link in links:
        assert link.pmid in records(), (record.pmid, link)
        target = records()[link.pmid]
        assert (link.citation or "").startswith(f"{target.journal_iso}. {target.year}"), record.pmid
        assert (both[link.ref_type], record.pmid) in {(back.ref_type, back.pmid) for back in target.links}, record.pmid


# ---------------------------------------------------------------- the labels


def test_columns() -> None:
    """The labels have the gold table's columns and `status` after them."""
    assert list(rows()[0]) == COLUMNS
    assert all(None not in row.values() and None not in row for row in rows())


@pytest.mark.shared
def test_columns_are_those_of_the_gold_table(shared_data: Path) -> None:
    """But for `status`, the columns are exactly those of the labelled real records."""
    with (shared_data / "ontopic" / "gold.tsv").open(encoding="utf-8") as file:
        assert [*file.readline().rstrip("\n").split("\t"), "status"] == COLUMNS


@pytest.mark.parametrize("column", VALUES)
def test_every_value_is_covered(column: str) -> None:
    """Each value of the codebook is somewhere in the sample, and no other value is."""
    assert {row[column] for row in rows()} - {""} == set(VALUES[column])


@pytest.mark.parametrize("column", LISTS)
def test_every_listed_value_is_covered(column: str) -> None:
    """Each intervention in each role, each condition and each comparator is somewhere; lists are alphabetical."""
    found = set()
    for row in rows():
        assert row[column] == ";".join(sorted(set(values(row, column)))), row["pmid"]
        found.update(values(row, column))
    assert found <= set(LISTS[column])
    assert found == set(LISTS[column]) or column == "favoured"
    assert found


def test_each_design_twice() -> None:
    """Each design is there at least twice."""
    counts = Counter(row["design"] for row in rows())
    assert min(counts[design] for design in VALUES["design"]) >= 2


def test_columns_are_filled_where_they_apply() -> None:
    """A column is filled where the codebook asks for it and empty where it does not."""
    for row in rows():
        design, pmid = row["design"], row["pmid"]
        assert bool(row["included"]) == (design == "systematic_review"), pmid
        assert bool(row["timing"]) == (design in TIMED), pmid
        assert design == "systematic_review" or not row["studies"], pmid
        assert design in {"systematic_review", "guideline"} or not row["certainty"], pmid
        if design in REVIEWS | PRECLINICAL | {"protocol"}:
            assert not row["participants"], pmid
        if design in PRECLINICAL:
            assert row["comparator"] == "none", pmid
        if row["basis"].startswith("pooled"):
            assert design in REVIEWS, pmid
        if row["basis"] == "within":
            assert design in {"single_arm", "case_report"}, pmid
            assert row["comparator"] == "none", pmid
        if design == "rct":
            assert row["basis"] == "between", pmid
        assert re.fullmatch(r"(\d+(\.\d)?)?", row["followup_months"]), pmid
        for column in ("comparator", "basis", "direction", "harms", "region", "level", "jbjs", "status"):
            assert row[column], (pmid, column)


def test_level_and_jbjs_follow_from_the_design() -> None:
    """Level and jbjs are what the codebook's tables give for the design, the timing and what a review included."""
    for row in rows():
        graded = (row["level"], row["jbjs"])
        if row["design"] == "systematic_review":
            assert graded in REVIEW_GRADES[row["included"]], row["pmid"]
        elif row["design"] == "nonrandomised_controlled":
            assert graded == ("3", JBJS_BY_TIMING[row["timing"]]), row["pmid"]
        else:
            assert graded == GRADES[row["design"]], row["pmid"]


def test_mixed_reviews_on_both_levels() -> None:
    """Reviews of mixed and of non-randomised studies are there with a controlled and an uncontrolled lowest design."""
    reviews = {(row["included"], row["level"]) for row in rows() if row["design"] == "systematic_review"}
    assert {("mixed", "3"), ("mixed", "4"), ("nonrandomised", "3"), ("nonrandomised", "4")} <= reviews


def test_roles_are_apart() -> None:
    """One intervention has one role in a record; prolozone brings ozone and prolotherapy in the same role."""
    for row in rows():
        roles = {role: set(values(row, role)) for role in ROLES}
        for one, other in combinations(roles.values(), 2):
            assert not one & other, row["pmid"]
        for held in roles.values():
            assert "prolozone" not in held or {"ozone", "prolotherapy"} <= held, row["pmid"]
        if row["favoured"]:
            assert set(values(row, "favoured")) < roles["interventions"], row["pmid"]


def test_numbers_are_in_the_text() -> None:
    """A labelled number of participants or studies is stated in the record, or is the sum of two stated groups."""
    for row in rows():
        words = text(records()[int(row["pmid"])])
        stated = {int(number) for number in re.findall(r"(?<![\d.])\d+", re.sub(r"(?<=\d),(?=\d{3})", "", words))}
        spelt = {number for word, number in NUMBER_WORDS.items() if re.search(rf"\b{word}\b", words.lower())}
        for column in ("participants", "studies"):
            if row[column]:
                number = int(row[column])
                sums = {one + other for one, other in combinations_with_replacement(stated, 2)}
                assert number in stated | spelt | sums, (row["pmid"], column)


def test_status_follows_from_the_record() -> None:
    """The status is the first that the record's types, title and links give, in the codebook's order."""
    for record in records().values():
        links = {link.ref_type for link in record.links}
        if "Retracted Publication" in types(record) or "RetractionIn" in links:
            expected = "retracted"
        elif "ExpressionOfConcernIn" in links:
            expected = "concern"
        elif links & {"ErratumIn", "CorrectedandRepublishedIn", "UpdateIn"}:
            expected = "corrected"
        else:
            expected = "preprint" if "Preprint" in types(record) else "current"
        assert label(record.pmid)["status"] == expected, record.pmid


# ---------------------------------------------------------------- what the sample promises beyond single values


def test_kinds_of_opinion() -> None:
    """Opinions include an editorial, a letter, and the notices of a retraction, an erratum and a concern."""
    found = set().union(*(types(record) for record in of_design("opinion")))
    wanted = {"Editorial", "Letter", "Comment", "Retraction Notice", "Published Erratum", "Expression of Concern"}
    assert wanted <= found
    assert all(record.abstract is None for record in of_design("opinion"))


@pytest.mark.parametrize(
    ("design", "words"),
    [
        ("protocol", "randomised controlled trial"),
        ("protocol", "systematic review"),
        ("animal", "rabbits"),
        ("animal", "veterinary"),
        ("rct", "contrast medium"),
        ("rct", "sham injection"),
        ("rct", "cross-over"),
        ("rct", "pilot"),
        ("rct", "non-inferiority"),
        ("rct", "Three-year results"),
        ("rct", "lidocaine"),
        ("rct", "ozone or triamcinolone"),
        ("nonrandomised_controlled", "quasi-randomised"),
        ("nonrandomised_controlled", "propensity"),
        ("single_arm", "phase I"),
        ("single_arm", "registry"),
        ("single_arm", "report only the treated group"),
        ("cross_sectional", "survey"),
        ("cross_sectional", "Mendelian randomization"),
        ("narrative_review", "scoping review"),
        ("guideline", "Delphi"),
        ("other", "bibliometric"),
        ("other", "Markov model"),
        ("case_report", "abscess"),
    ],
)
def test_kinds_within_a_design(design: str, words: str) -> None:
    """The kinds of study a newcomer should meet are each there, under the design the codebook gives them."""
    assert any(words.lower() in text(record).lower() for record in of_design(design))


def test_controlled_and_single_arm_studies_of_every_timing() -> None:
    """Controlled studies without randomisation look ahead, back or do not say; single arms look ahead and back."""
    timings = {(row["design"], row["timing"]) for row in rows()}
    assert {("nonrandomised_controlled", timing) for timing in VALUES["timing"]} <= timings
    assert {("single_arm", "prospective"), ("single_arm", "retrospective")} <= timings


def test_randomised_in_words_only() -> None:
    """Some records speak of randomised trials, random selection or randomised animals and are no trial in people."""
    for words in ("randomised trials are needed", "randomly selected"):
        held = [record for record in records().values() if words in text(record)]
        assert held, words
        assert all(label(record.pmid)["design"] != "rct" for record in held), words
    assert sum("randomised" in text(record) for record in of_design("animal")) >= 2


def test_publication_type_against_text() -> None:
    """One record is indexed as a randomised trial while its text describes a single arm."""
    wrong = [record for record in of_design("single_arm") if "Randomized Controlled Trial" in types(record)]
    assert [label(record.pmid)["direction"] for record in wrong] == ["against"]


def test_nothing_to_go_by() -> None:
    """One unclear record has no abstract and a mute title; another has an abstract that does not help."""
    assert {record.abstract is None for record in of_design("unclear")} == {True, False}


def test_indexed_and_not() -> None:
    """Fully indexed records stand beside ones listed only as journal articles, and other states are there."""
    for record in records().values():
        assert bool(record.mesh) == (record.status == "MEDLINE"), record.pmid
    bare = [r for r in records().values() if r.status == "PubMed-not-MEDLINE" and types(r) == {"Journal Article"}]
    assert len(bare) >= 10
    assert sum(label(record.pmid)["design"] == "rct" for record in bare) >= 3
    assert {"Publisher", "In-Process", "In-Data-Review"} <= {record.status for record in records().values()}
    assert {None, "Curated", "Automated"} == {record.indexing_method for record in records().values()}


def test_two_reports_of_one_trial() -> None:
    """Two randomised reports share a registry number."""
    numbers = Counter(databank.accession for record in of_design("rct") for databank in record.databanks)
    assert numbers["NCT97000001"] == 2


def test_odd_features() -> None:
    """The odd features of PubMed's records are there: dates, languages, names, marks and characters."""
    every = list(records().values())
    source = XML.read_text(encoding="utf-8")
    assert "<MedlineDate>" in source
    assert "<Season>" in source
    assert "O<sub>2</sub>-O<sub>3</sub>" in source
    assert "<i>n</i>" in source
    assert [other.language for record in every for other in record.other_abstracts] == ["spa"]
    foreign = next(record for record in every if record.languages == ("spa",))
    assert foreign.vernacular_title
    assert (foreign.title or "").startswith("[")
    assert any({"&", "<", ">"} <= set(record.title or "") for record in every)
    assert "−" in source
    assert "–" in source
    authors = [author for record in every for author in record.authors]
    assert any(author.collective for author in authors)
    assert any(author.suffix for author in authors)
    assert any("'" in (author.last_name or "") for author in authors)
    assert any("’" in (author.last_name or "") for author in authors)
    assert any(not (author.last_name or "").isascii() for author in authors)
    assert any(record.grants for record in every)
    assert any(record.chemicals for record in every)
    assert any(record.pmcid for record in every)
    assert any(record.doi is None for record in every)
    assert any(record.conflict_of_interest for record in every)
    assert any(record.sections and record.sections[0].label is None for record in every)
    assert any(record.sections and record.sections[0].label for record in every)
