"""claims.yml: read, checked against vocabulary and codebook, one line for what is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from catalog.claims import load_claims, read_claims
from catalog.errors import WrongUse
from harvest.topics import load_topics, read_topics

TOPICS = load_topics()
FRAME = {
    "kinds": {
        kind: {"name": kind, "description": kind} for kind in ("efficacy", "comparison", "safety", "natural_course")
    },
    "outcomes": {"pain_function": {"name": "pain", "judged": True}, "harms": {"name": "harms", "judged": False}},
}
CLAIM = {
    "id": "synthetic-claim",
    "statement": "Synthetic ozone is said to help.",
    "kind": "efficacy",
    "interventions": ["ozone"],
    "conditions": ["sciatica"],
    "outcome": "pain_function",
    "settled_by": {"text": "A trial.", "designs": ["rct"]},
}


def written(*claims: object, **frame: object) -> bytes:
    return yaml.safe_dump({**FRAME, "claims": list(claims), **frame}).encode()


def test_the_bundled_claims_fit_the_bundled_vocabulary() -> None:
    """Every claim is read, about each treatment there is one of safety, and nothing names a person or a site."""
    found = load_claims(TOPICS)
    assert found.left_out == ()
    assert len(found.claims) >= 20
    assert {claim.kind for claim in found.claims} == set(found.kinds)
    safe = {i for claim in found.claims if claim.kind == "safety" for i in claim.interventions}
    assert safe == {"prp", "prolotherapy", "ozone", "prolozone", "msc", "bone_marrow", "adipose"}
    for claim in found.claims:
        assert claim.statement.endswith(".")
        assert not re.search(r"https?:|www\.|\bDr\b|\bclinic\b", f"{claim.statement} {claim.note or ''}")


def test_a_claim_on_stem_cells_shows_marrow_and_fat_apart() -> None:
    """Uncultured products are never counted as mesenchymal stromal cells, and always shown beside them."""
    about = [
        claim
        for claim in load_claims(TOPICS).claims
        if "msc" in claim.interventions and not {"bone_marrow", "prp"} & set(claim.interventions)
    ]
    assert len(about) >= 4
    assert all(set(claim.apart) == {"bone_marrow", "adipose"} for claim in about)


def test_another_field_leaves_out_what_it_has_no_words_for() -> None:
    """Claims on treatments or conditions of another vocabulary are left out and named; the rest stays."""
    knees = read_topics(
        "title: Knees\nsubject: knees\nname: knees\ndescription: d\n"
        "interventions:\n- {id: ozone, words: [ozone], name: O}\n"
        "conditions:\n- {id: sciatica, words: [sciatica], name: S}\ntopics:\n- {id: t, name: T}\n",
        "knees.yml",
    )
    other = {**CLAIM, "id": "on-plasma", "interventions": ["prp"]}
    beside = {**CLAIM, "id": "beside-plasma", "apart": ["prp"]}
    elsewhere = {**CLAIM, "id": "on-discs", "conditions": ["disc_herniation"]}
    found = read_claims(written(CLAIM, other, beside, elsewhere), "c.yml", knees)
    assert [claim.id for claim in found.claims] == ["synthetic-claim"]
    assert found.left_out == ("on-plasma", "beside-plasma", "on-discs")
    assert load_claims(knees).claims == ()


WRONG = [
    ({"kind": "verdict"}, "kind 'verdict' is not known; known are comparison, efficacy"),
    ({"outcome": "beauty"}, "outcome 'beauty' is not known"),
    ({"comparator": ["steroid"]}, "only a comparison, names a comparator"),
    ({"kind": "comparison"}, "only a comparison, names a comparator"),
    ({"kind": "comparison", "comparator": ["leeches"]}, "comparator 'leeches' is not known"),
    ({"asserts": "6"}, "asserts '6' is not a level"),
    ({"asserts": 1}, "asserts must be a text"),
    ({"interventions": []}, "either interventions, or `outside`"),
    ({"outside": "Not here."}, "either interventions, or `outside`"),
    ({"apart": ["ozone"]}, "both in interventions and apart"),
    ({"interventions": "ozone"}, "interventions must be a list"),
    ({"interventions": ["ozone", "ozone"]}, "names something twice"),
    ({"settled_by": "a trial"}, "settled_by must be a mapping"),
    ({"settled_by": {"text": "A trial.", "designs": ["guess"]}}, "designs 'guess' is not known"),
    ({"settled_by": {"designs": ["rct"]}}, "text is missing"),
    ({"settled_by": {"text": "A trial.", "versus": ["luck"]}}, "versus 'luck' is not known"),
    ({"statement": ""}, "statement must be a text"),
    ({"statement": None}, "statement is missing"),
    ({"id": "Bad Id"}, "an id is small letters"),
    ({"verdict": "true"}, "unknown key 'verdict'"),
    ({"words": ["a*b"]}, "words: 'a*b'"),
    ({"words": ["*"]}, "words: '*'"),
]


@pytest.mark.parametrize(("change", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_is_wrong_is_said_in_one_line_that_names_the_claim(change: dict[str, object], says: str) -> None:
    """A wrong value names file, claim and value; nothing else is printed."""
    claim = {**CLAIM, **change}
    with pytest.raises(WrongUse) as raised:
        read_claims(written(claim), "mine.yml", TOPICS)
    said = str(raised.value)
    assert says in said
    assert said.startswith(f"claims file mine.yml: {claim['id']}: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"claims: [", "not valid YAML"),
        (b"- a", "must be a mapping with kinds"),
        (b"kinds: {}\noutcomes: {}\nclaims: 3", "claims: must be a list"),
        (b"kinds: [a]\noutcomes: {}\nclaims: []", "kinds: must be a mapping"),
        (b"kinds: {}\noutcomes: {}\nclaims: []\nverdicts: []", "unknown key 'verdicts'"),
        (b"kinds: {}\noutcomes: {a: {name: n, judged: often}}\nclaims: []", "a: judged must be true or false"),
    ],
)
def test_a_file_that_is_no_list_of_claims(raw: bytes, says: str) -> None:
    """Bytes that are no claims are refused in one line."""
    with pytest.raises(WrongUse, match=re.escape(says)):
        read_claims(raw, "mine.yml", TOPICS)


def test_an_id_that_stands_twice() -> None:
    """Two claims cannot share an address."""
    with pytest.raises(WrongUse, match="synthetic-claim: the id stands twice"):
        read_claims(written(CLAIM, CLAIM), "mine.yml", TOPICS)


def test_a_missing_file(tmp_path: Path) -> None:
    """A path that is not there is named."""
    with pytest.raises(WrongUse, match=r"none\.yml: cannot be read"):
        load_claims(TOPICS, tmp_path / "none.yml")
