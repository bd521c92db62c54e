"""Invented records for claim cards: one a behaviour, and many drawn from pieces, so that there is much to count."""

from __future__ import annotations

import random
from pathlib import Path

from harvest.pubmed import incoming
from harvest.store import Store
from harvest.topics import load_topics
from tests.linked import linked_xml
from tests.site_fixtures import HOSTILE

__all__ = ["DAYS", "drawn_records", "told_records", "two_harvests"]

DAYS = ("2026-03-01T08:00:00Z", "2026-04-01T08:00:00Z")

# PMIDs of the told records that tests name.
(
    SHAM_TRIAL,
    DRUG_TRIAL,
    EARLY_REPORT,
    LATE_REPORT,
    SURGERY_COHORT,
    SERIES,
    SERIOUS_CASE,
    RETRACTED_TRIAL,
    RETRACTION,
    LEANING_REVIEW,
    WITHIN_REVIEW,
    FIRST_REVIEW,
    SECOND_REVIEW,
    ANNOUNCED,
    RATS,
    CELLS,
    MARROW_SERIES,
    FAT_SERIES,
    DUEL,
    KNEES,
    STEROID_TRIAL,
    GUIDELINE,
    MARROW_SERIOUS,
    NARRATIVE,
) = (970020001 + i for i in range(24))
ELSEWHERE = 970029999  # cited, in no catalog
_TRIAL = ("Journal Article", "Randomized Controlled Trial")
_REVIEW = ("Journal Article", "Systematic Review")


def told_records() -> list[bytes]:
    """Records on mesenchymal stromal cells and their neighbours, each written for what a card must do with it."""
    return [
        linked_xml(
            "Synthetic mesenchymal stem cells for discogenic low back pain: a randomized sham-controlled trial",
            "We enrolled 60 patients with discogenic low back pain, who were randomly assigned to mesenchymal stem"
            " cells or"
            " a sham injection and followed for 12 months. There was no significant difference in pain between the"
            " groups."
            " There were no serious adverse events. Mesenchymal stem cells were no better than sham.",
            pmid=SHAM_TRIAL,
            types=_TRIAL,
            year=2023,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells versus medication for low back pain: a randomized controlled trial",
            "Forty patients with low back pain were randomly assigned to mesenchymal stem cells or to analgesic"
            " medication."
            " At 6 months pain was significantly lower in the stem cell group than in the medication group (p ="
            " 0.01)."
            " Mesenchymal stem cells were superior to medication for low back pain.",
            pmid=DRUG_TRIAL,
            types=_TRIAL,
            year=2022,
        ),
        linked_xml(
            "Synthetic mesenchymal precursor cells for degenerative disc disease: a randomized trial, first results",
            "Patients with degenerative disc disease (n = 30) were randomly assigned to mesenchymal precursor cells"
            " or saline"
            " placebo. Pain improved significantly more with the cells than with placebo.",
            pmid=EARLY_REPORT,
            types=_TRIAL,
            trials=["NCT00000021"],
            year=2018,
        ),
        linked_xml(
            "Synthetic mesenchymal precursor cells for degenerative disc disease: three-year results of a"
            " randomized trial",
            "Patients with degenerative disc disease (n = 30) were randomly assigned to mesenchymal precursor cells"
            " or saline"
            " placebo and followed for 36 months. There was no significant difference in pain between the groups.",
            pmid=LATE_REPORT,
            types=_TRIAL,
            trials=["NCT00000021"],
            year=2021,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells compared with spinal surgery for low back pain: a prospective cohort"
            " study",
            "In this nonrandomized comparative study 50 patients with low back pain chose mesenchymal stem cells or"
            " lumbar"
            " fusion surgery. Pain relief was similar in both groups.",
            pmid=SURGERY_COHORT,
            year=2020,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for chronic low back pain: a case series",
            "In a case series of 24 patients with chronic low back pain given mesenchymal stem cells, pain improved"
            " significantly from baseline at 12 months. No serious adverse events occurred.",
            pmid=SERIES,
            year=2019,
        ),
        linked_xml(
            "Spondylodiscitis after synthetic mesenchymal stem cell injection for low back pain: a case report",
            "We report a patient who developed spondylodiscitis and sepsis after intradiscal injection of"
            " mesenchymal stem"
            " cells for low back pain.",
            pmid=SERIOUS_CASE,
            types=("Journal Article", "Case Reports"),
            year=2017,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for low back pain: a withdrawn randomized trial",
            "Patients with low back pain were randomly assigned to mesenchymal stem cells or analgesic medication."
            " Pain was"
            " significantly lower with the cells.",
            pmid=RETRACTED_TRIAL,
            types=("Journal Article", "Randomized Controlled Trial", "Retracted Publication"),
            year=2016,
        ),
        linked_xml(
            "Synthetic retraction notice",
            pmid=RETRACTION,
            types=("Retraction of Publication",),
            links=[("RetractionOf", RETRACTED_TRIAL)],
            year=2024,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for low back pain: a systematic review of randomized controlled trials",
            "We searched PubMed and included only randomized controlled trials of mesenchymal stem cells for low"
            " back pain."
            " Pooled pain was significantly lower with cells than with control.",
            pmid=LEANING_REVIEW,
            types=_REVIEW,
            references=[RETRACTED_TRIAL, SHAM_TRIAL],
            year=2023,
        ),
        linked_xml(
            "Synthetic stem cells in disc degeneration: a systematic review and single-arm meta-analysis",
            "We searched PubMed. We included case series and cohort studies of mesenchymal stem cells for"
            " discogenic low"
            " back pain. Pooled pain scores decreased significantly from baseline to 12 months.",
            pmid=WITHIN_REVIEW,
            types=_REVIEW,
            references=[SERIES, SURGERY_COHORT],
            year=2022,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for back pain: a meta-analysis of randomized controlled trials",
            "We searched PubMed. We included only randomized controlled trials of mesenchymal stem cells compared"
            " with sham"
            " for low back pain. There was no significant difference in pain between cells and sham. The certainty of"
            " evidence was very low (GRADE).",
            pmid=FIRST_REVIEW,
            types=_REVIEW,
            references=[SHAM_TRIAL, LATE_REPORT, ELSEWHERE],
            year=2024,
        ),
        linked_xml(
            "Synthetic intradiscal mesenchymal stem cells: a systematic review of randomized controlled trials",
            "We searched Embase. We included only randomized controlled trials of mesenchymal stem cells for"
            " discogenic low"
            " back pain. Evidence is insufficient to draw conclusions. Certainty of evidence was low.",
            pmid=SECOND_REVIEW,
            types=_REVIEW,
            references=[EARLY_REPORT, ELSEWHERE],
            year=2025,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for low back pain: protocol of a randomized controlled trial",
            "Patients with low back pain will be randomly assigned to mesenchymal stem cells or physiotherapy.",
            pmid=ANNOUNCED,
            types=("Journal Article", "Clinical Trial Protocol"),
            year=2025,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells in a rat model of disc degeneration",
            "Rats with disc degeneration received mesenchymal stem cells. Paracrine signals and cytokines were"
            " measured.",
            pmid=RATS,
            year=2015,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells and nucleus pulposus cells in vitro",
            "Mesenchymal stem cells were cultured with nucleus pulposus cells from degenerated discs in vitro."
            " Differentiation into disc cells was measured.",
            pmid=CELLS,
            year=2014,
        ),
        linked_xml(
            "Synthetic bone marrow concentrate for discogenic low back pain: a case series",
            "A case series of 40 patients with discogenic low back pain given bone marrow concentrate. Pain"
            " improved from"
            " baseline. No complications occurred.",
            pmid=MARROW_SERIES,
            year=2018,
        ),
        linked_xml(
            "Synthetic stromal vascular fraction for low back pain: a case series",
            "A case series of 15 patients with low back pain given adipose stromal vascular fraction. Pain improved"
            " from"
            " baseline. The procedure was safe.",
            pmid=FAT_SERIES,
            year=2019,
        ),
        linked_xml(
            "Synthetic platelet-rich plasma versus dextrose prolotherapy for sacroiliac joint pain: a randomized trial",
            "Forty-four patients with sacroiliac joint pain were randomly assigned to platelet-rich plasma or"
            " dextrose"
            " prolotherapy. Pain was significantly lower with platelet-rich plasma than with prolotherapy."
            " Platelet-rich"
            " plasma was more effective than prolotherapy.",
            pmid=DUEL,
            types=_TRIAL,
            year=2022,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for knee osteoarthritis: a randomized controlled trial",
            "Patients with knee osteoarthritis were randomly assigned to mesenchymal stem cells or sham.",
            pmid=KNEES,
            types=_TRIAL,
            year=2022,
        ),
        linked_xml(
            "Synthetic platelet-rich plasma versus steroid for sacroiliac joint pain: a randomized controlled trial",
            "Fifty patients with sacroiliac joint pain were randomly assigned to platelet-rich plasma or"
            " corticosteroid."
            " Pain was no different between the groups at 6 months. No adverse events occurred.",
            pmid=STEROID_TRIAL,
            types=_TRIAL,
            year=2020,
        ),
        linked_xml(
            "Synthetic orthobiologics for low back pain: a clinical practice guideline",
            "This guideline recommends on mesenchymal stem cells for low back pain. The certainty of evidence was"
            " very low.",
            pmid=GUIDELINE,
            types=("Journal Article", "Practice Guideline"),
            year=2021,
        ),
        linked_xml(
            "Epidural abscess after synthetic bone marrow concentrate for discogenic low back pain: a case report",
            "We report an epidural abscess after bone marrow concentrate injection for discogenic low back pain.",
            pmid=MARROW_SERIOUS,
            types=("Journal Article", "Case Reports"),
            year=2020,
        ),
        linked_xml(
            "Synthetic mesenchymal stem cells for the back: a narrative review",
            "This review discusses mesenchymal stem cells for low back pain.",
            pmid=NARRATIVE,
            types=("Journal Article", "Review"),
            year=2020,
        ),
    ]


HOSTILE_TRIAL = 970020100


def hostile_trial() -> bytes:
    """A trial whose title and harms are markup."""
    return linked_xml(
        f"Synthetic {HOSTILE} mesenchymal stem cells for low back pain: a randomized controlled trial",
        f"Thirty patients with low back pain were randomly assigned to mesenchymal stem cells or medication. {HOSTILE}"
        f" One patient developed discitis {HOSTILE}. Pain was not different.",
        pmid=HOSTILE_TRIAL,
        types=_TRIAL,
        year=2026,
    )


def two_harvests(path: Path) -> Path:
    """A `pubmed.db` after the harvests of `DAYS`: in the second a review came, a trial fell, and markup arrived."""
    vocabulary = load_topics()
    used = (vocabulary.sha256, vocabulary.source, vocabulary.text)
    told = {incoming(raw).pmid: raw for raw in told_records()}
    standing = linked_xml(
        "Synthetic mesenchymal stem cells for low back pain: a withdrawn randomized trial",
        "Patients with low back pain were randomly assigned to mesenchymal stem cells or analgesic medication.",
        pmid=RETRACTED_TRIAL,
        types=_TRIAL,
        year=2016,
    )
    late = {pmid: told[pmid] for pmid in (RETRACTED_TRIAL, RETRACTION, SECOND_REVIEW)}
    first = {**told, RETRACTED_TRIAL: standing}
    del first[RETRACTION], first[SECOND_REVIEW]
    for day, records in zip(DAYS, (first.values(), [*late.values(), hostile_trial()]), strict=True):
        with Store.open(path, now=lambda day=day: day) as store:  # type: ignore[misc]  # bound now
            store.begin_run("harvest pubmed", harvester="0", topics=used)
            store.keep([incoming(raw) for raw in records], source="pubmed", order="arrival")
            store.finish_run("complete")
    return path


_TREATMENTS = (
    "platelet-rich plasma",
    "mesenchymal stem cells",
    "ozone",
    "dextrose prolotherapy",
    "prolozone",
    "bone marrow concentrate",
    "stromal vascular fraction",
)
_PLACES = (
    "low back pain",
    "discogenic low back pain",
    "lumbar disc herniation",
    "sciatica",
    "sacroiliac joint pain",
    "knee osteoarthritis",
    "lumbar spinal fusion",
)
_CONTROLS = (
    "saline placebo",
    "corticosteroid",
    "microdiscectomy surgery",
    "physiotherapy",
    "sham injection or corticosteroid",
    "no treatment",
    *_TREATMENTS[:4],
)
_FOUND = (
    "Pain was significantly lower with {t} than with {c}.",
    "There was no significant difference in pain between the groups.",
    "Pain was significantly lower with {c} than with {t}.",
    "{t} was non-inferior to {c} for pain.",
    "Pain improved significantly from baseline in both groups.",
    "Magnetic resonance imaging was compared.",
)
_HARM = (
    "",
    "No serious adverse events occurred.",
    "One patient developed spondylodiscitis.",
    "Minor transient soreness was the only adverse event.",
    "The treatment was safe.",
)
_CERTAIN = ("", "The certainty of evidence was very low (GRADE).", "Certainty of evidence was moderate.")


def drawn_records(seed: int, count: int = 90) -> list[bytes]:
    """Records drawn from pieces by a seed: designs, treatments, controls, findings, harms; some of them retracted."""
    draw = random.Random(seed)  # noqa: S311 - the same records every time
    found: list[bytes] = []
    pmids = [970030000 + 1000 * seed + i for i in range(count)]
    for i, pmid in enumerate(pmids):
        t, place, c = draw.choice(_TREATMENTS), draw.choice(_PLACES), draw.choice(_CONTROLS)
        n, harm, says = draw.randrange(8, 200), draw.choice(_HARM), draw.choice(_FOUND).format(t=t, c=c).capitalize()
        kind = draw.choice(["trial", "trial", "cohort", "series", "review", "rct review", "case", "rats", "protocol"])
        title, abstract, types = {
            "trial": (
                f"Synthetic {t} versus {c} for {place}: a randomized controlled trial, number {i}",
                f"We enrolled {n} patients with {place}, who were randomly assigned to {t} or {c}. {says} {harm}",
                _TRIAL,
            ),
            "cohort": (
                f"Synthetic {t} compared with {c} for {place}: a retrospective cohort study, number {i}",
                f"In this nonrandomized comparative study {n} patients with {place} received {t} or {c}. {says} {harm}",
                ("Journal Article",),
            ),
            "series": (
                f"Synthetic {t} for {place}: a case series, number {i}",
                f"A case series of {n} patients with {place} given {t}. Pain improved significantly from baseline."
                f" {harm}",
                ("Journal Article",),
            ),
            "review": (
                f"Synthetic {t} for {place}: a systematic review, number {i}",
                f"We searched PubMed for randomized trials and case series of {t} for {place}. Pooled pain decreased"
                f" significantly from baseline. {draw.choice(_CERTAIN)}",
                _REVIEW,
            ),
            "rct review": (
                f"Synthetic {t} for {place}: a systematic review of randomized controlled trials, number {i}",
                f"We searched PubMed. We included only randomized controlled trials of {t} versus {c} for {place}."
                f" {says}"
                f" {draw.choice(_CERTAIN)}",
                _REVIEW,
            ),
            "case": (
                f"Synthetic {t} for {place}: a case report, number {i}",
                f"We report a patient with {place} given {t}. {harm}",
                ("Journal Article", "Case Reports"),
            ),
            "rats": (
                f"Synthetic {t} in a rat model of disc degeneration, number {i}",
                f"Rats with disc degeneration received {t}. Growth factors and cytokines were measured.",
                ("Journal Article",),
            ),
            "protocol": (
                f"Synthetic {t} for {place}: protocol of a randomized controlled trial, number {i}",
                f"Patients with {place} will be randomly assigned to {t} or {c}.",
                ("Journal Article", "Clinical Trial Protocol"),
            ),
        }[kind]
        retracted = draw.random() < 0.08
        found.append(
            linked_xml(
                title,
                abstract,
                pmid=pmid,
                types=(*types, "Retracted Publication") if retracted else types,
                trials=[f"NCT{seed:04}{draw.randrange(12):04}"] if kind in ("trial", "series") else (),
                references=draw.sample(pmids, 6) if "review" in kind and draw.random() < 0.7 else (),
                year=draw.randrange(2005, 2026),
            )
        )
    return found
