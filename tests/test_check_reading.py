"""Which sentences of a text are claims, of which kind, about what, and what each asserts."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from catalog.check.reading import Claim, Kind, Reading, read_claims
from catalog.check.sentences import sentences_of
from catalog.check.tables import NAMES, table
from catalog.check.texts import read_text
from catalog.check.wording import wording
from harvest.topics import load_topics
from tests.claim_marks import PAGES, compare


def _read(text: str) -> Reading:
    return read_claims(sentences_of(read_text(text, "text"), "text"), load_topics())


def _one(text: str) -> Claim:
    claims = _read(text).claims
    assert len(claims) == 1, [claim.sentence.text for claim in claims]
    return claims[0]


@pytest.mark.parametrize("name", ["sales.html", "careful.md", "questions.txt"])
def test_invented_pages_marked_beforehand(name: str) -> None:
    """Three pages in other styles, their claims marked before any run: .9 of them found, .85 of what is found right."""
    found = compare(PAGES / name, (PAGES / name).with_suffix(".marks"))
    assert found.recall >= 0.9, found.misses
    assert found.precision >= 0.85, found.extras
    assert found.other_scope == ()


@pytest.mark.shared
def test_a_real_clinics_page(shared_data: Path) -> None:
    """A real page, its claims marked before any run; what differs is two sentences on what platelets and cells are."""
    found = compare(shared_data / "clinic-page.txt", PAGES / "clinic-page.marks")
    assert found.recall >= 0.9, found.misses
    assert found.precision >= 0.85, found.extras
    assert found.other_scope == ()


def test_every_pattern_fits_its_example() -> None:
    """Each kind of claim and of no claim is meant for the sentence that stands beside it."""
    data = table("kinds")
    for kind, entries in data["kinds"].items():
        for entry, pattern in zip(entries, wording().kinds[kind], strict=True):
            assert pattern.search(entry["like"]), (kind, entry["like"])
    for entry, rule in zip(data["not_claims"], wording().not_claims, strict=True):
        assert rule.pattern.search(entry["like"]), entry["like"]


def test_the_kinds_are_those_of_the_code() -> None:
    """kinds.yml and reading.py name the same kinds, and every rules file is read."""
    assert tuple(table("kinds")["kinds"]) == get_args(Kind)
    assert all(table(name) for name in NAMES)


# Fifteen and more claims in differing styles: kind, treatments, and what must be true of what it asserts.
STYLES = [
    pytest.param(
        "In one small trial, PRP may have eased discogenic pain a little more than saline at three months.",
        ("evidence_strength", ("prp",), "hedged"),
        id="careful",
    ),
    pytest.param(
        "STOP suffering! Our stem cells CURE back pain forever, guaranteed!",
        ("efficacy", ("msc",), "certain"),
        id="sales",
    ),
    pytest.param(
        "There is no evidence that ozone regrows discs.", ("evidence_strength", ("ozone",), "uncertain"), id="negated"
    ),
    pytest.param(
        "Prolotherapy does not relieve low back pain.", ("efficacy", ("prolotherapy",), "certain"), id="denied"
    ),
    pytest.param(
        "It is thought that dextrose might possibly tighten ligaments.",
        ("mechanism", ("prolotherapy",), "hedged"),
        id="hedged",
    ),
    pytest.param(
        "For sciatica, ozone is better than steroid and as effective as microdiscectomy.",
        ("comparison", ("ozone",), "certain"),
        id="comparative",
    ),
    pytest.param(
        "PRP is safe, and serious complications have not been seen.", ("safety", ("prp",), "certain"), id="safety"
    ),
    pytest.param("Stem cells differentiate into disc cells.", ("mechanism", ("msc",), "certain"), id="mechanism"),
    pytest.param(
        "Bone marrow concentrate is backed by Level II evidence for disc pain.",
        ("evidence_strength", ("bone_marrow",), "certain"),
        id="level in Roman figures",
    ),
    pytest.param(
        "Regenerative medicine works for back pain of any kind.",
        ("efficacy", ("prp", "prolotherapy", "msc", "bone_marrow", "adipose", "other_orthobiologic"), "certain"),
        id="a group word",
    ),
    pytest.param("Prolozone heals sprained ligaments of the back.", ("efficacy", ("prolozone",), "certain"), id="lay"),
]


@pytest.mark.parametrize(("text", "expected"), STYLES)
def test_claims_in_differing_styles(text: str, expected: tuple[str, tuple[str, ...], str]) -> None:
    """Careful, sales talk, negated, hedged, comparative: each is found, and read for what it says."""
    claim = _one(text)
    assert (claim.kind, claim.interventions, claim.asserts.certainty.value) == expected
    assert claim.outside is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\n\t ",
        "Is PRP safe? Does it work for back pain?",
        "“My back pain is gone since the PRP injection!” — J. R.",
        "PRP costs $900 per session. Ask about financing.",
        "Call us today to schedule your PRP consultation.",
        "Open Monday to Friday, 8am to 5pm.",
        "You may be a good candidate for PRP.",
        "Platelet-rich plasma\n\nOzone\n\nBack pain",
        "The weather was fine. Tokyo is larger than Osaka and has better trains.",
        "Back pain is very common. Discs are cushions between the bones.",
    ],
    ids=[
        "empty",
        "blank",
        "question",
        "testimonial",
        "price",
        "contact",
        "hours",
        "candidate",
        "headings",
        "off",
        "ill",
    ],
)
def test_what_is_no_claim(text: str) -> None:
    """Nothing, questions, testimonials, prices, opening hours, headings, other subjects: no claim."""
    assert _read(text).claims == ()


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("Exercise is better than bed rest for back pain.", "other_treatment"),
        ("Steroid injections only mask the pain.", "other_treatment"),
        ("PRP relieves knee pain.", "other_site"),
        ("Left untreated, back pain gets worse.", "natural_course"),
        ("Most people with sciatica get better by themselves.", "natural_course"),
    ],
)
def test_what_is_outside_is_named_so(text: str, outside: str) -> None:
    """Other treatments, other joints, a condition's own course: found, and outside the catalog's scope."""
    assert _one(text).outside == outside


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Injektion von PRP ist bei Rückenschmerzen sehr wirksam und hilft fast allen Patienten.", "German"),
        ("El ozono es una terapia muy eficaz para la hernia de disco y no tiene efectos secundarios.", "Spanish"),
        ("Les injections de PRP sont très efficaces pour les douleurs du dos et ne sont pas dangereuses.", "French"),
        ("干细胞疗法可以治愈腰痛，而且没有副作用。", "Chinese or Japanese"),
        ("Лечение озоном очень эффективно при болях в спине.", "a language in Cyrillic script"),
    ],
)
def test_other_languages_are_said_and_not_read(text: str, language: str) -> None:
    """A sentence in another language is no claim found and none denied: it is listed with its language."""
    found = _read(text + "\n\nPRP relieves back pain.")
    assert [foreign.language for foreign in found.foreign] == [language]
    assert len(found.claims) == 1


def test_context_is_carried() -> None:
    """“It”, “these cells” and lines of a list mean the treatment named before, or in the heading."""
    found = _read(
        "Stem Cell Therapy for Back Pain\n\nWe inject cells from your marrow. These cells turn into disc cells. They"
        " reduce pain.\n\nOzone\n\n- Shrinks herniated discs\n- No side effects\n\nProlozone\n\nIt is widely used. It"
        " works better than cortisone."
    )
    assert [(c.interventions, c.interventions_from) for c in found.claims] == [
        (("msc",), "sentence"),
        (("msc",), "before"),
        (("ozone",), "before"),
        (("ozone",), "before"),
        (("prolozone",), "before"),
    ]


def test_what_points_at_something_else_is_not_carried() -> None:
    """“This” after a sentence on the disease or on another treatment is no claim about ours."""
    found = _read("PRP relieves back pain.\n\nDiscs herniate when they dry out. This causes pressure on the nerves.")
    assert len(found.claims) == 1
    found = _read("PRP relieves back pain.\n\nCortisone is often given. It relieves pain for weeks.")
    assert [claim.outside for claim in found.claims if claim.outside is None] == [None]


def test_conditions_come_from_the_nearest_place() -> None:
    """From the sentence, else the heading, else the page, and it is said from where."""
    text = "# Injections\n\nPRP helps in facet pain. {}\n\n## Sciatica\n\nOzone relieves pain. **Ozone** is safe.\n"
    found = _read(text.format("Back pain is common. So is back pain at night."))
    assert [(c.conditions, c.conditions_from) for c in found.claims] == [
        (("facet_joint",), "sentence"),
        (("sciatica",), "heading"),
        (("sciatica",), "heading"),
    ]
    assert _one("PRP relieves pain. Back pain is common.").conditions_from == "page"
    assert _one("PRP relieves pain.").conditions == ()


def test_the_bodys_own_cells_and_names_are_no_treatment() -> None:
    """The body's own stem cells, a practice's name, and what is set aside at the head of a sentence."""
    assert _one("Ozone activates the body's own stem cells.").interventions == ("ozone",)
    assert _read("You are in good hands at Sunny Stem Cell Therapy and Regenerative Medicine of Nowhere.").claims == ()
    claim = _one("PRP is on offer.\n\nIn addition to PRP, a healthy diet helps your body to heal back pain.")
    assert claim.outside == "other_treatment"


def test_what_a_claim_asserts() -> None:
    """A level, proof, comparators, a share, patients, time, breadth: each with its words."""
    asserts = _one(
        "It is clinically proven by Level 1 studies that PRP relieves all types of low back pain in 85% of athletes for"
        " two years, and is a better alternative to surgery and steroids."
    ).asserts
    assert asserts.level is not None
    assert (asserts.level.value, asserts.level.words) == ("1", "Level 1")
    assert [said.value for said in asserts.strength] == ["proven", "studies"]
    assert [said.value for said in asserts.comparators] == ["surgery", "steroid"]
    assert (asserts.share, asserts.followup_months, asserts.population) == ("85%", 24.0, "athletes")
    assert asserts.broad == "all types of low back pain"
    assert asserts.relation is not None
    assert asserts.relation.value == "alternative"


def test_not_understood_is_listed() -> None:
    """A sentence on a treatment that no rule can place is listed, and is no claim."""
    found = _read("PRP lives up to the hopes of our time. PRP relieves back pain.")
    assert [sentence.text for sentence in found.not_understood] == ["PRP lives up to the hopes of our time."]


def test_no_pattern_runs_away() -> None:
    """Long noise of every kind is read in one pass (the patterns are bounded)."""
    for word in ("a", "PRP ", "better than ", "the evidence that ", "(", "no ", "pain. ", "- ", "[1]", "e.g. "):
        text = word * (20_000 // len(word))
        assert _read(text).sentences <= len(text), word


def test_level_words_are_no_grades_of_degeneration() -> None:
    """“Grade III disc degeneration” names a disc, not evidence."""
    claim = _one("PRP relieves pain in grade III disc degeneration.")
    assert claim.asserts.level is None
    assert _one("There is grade A evidence that PRP relieves pain.").asserts.level is not None
