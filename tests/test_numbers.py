"""How many people and studies, and how long they were followed: every trap once, on invented sentences."""

from __future__ import annotations

import pytest

from catalog.tagging import quantities
from catalog.tagging.document import ZONES, read
from catalog.tagging.followup import decide_followup
from catalog.tagging.participants import decide_participants
from catalog.tagging.quantities import NumberRule, SumRule, clause, number_rules, numbers, sum_rules
from catalog.tagging.rules import RuleError
from catalog.tagging.studies import decide_studies
from catalog.tagging.tagger import tag
from harvest.topics import load_topics
from tests.records import record

FILES = ("participants", "studies", "followup")
EVERY = [rule for name in FILES for rule in number_rules(name)]
Sections = str | list[tuple[str, str]]


def fired(rule: NumberRule, sentence: str) -> list[float]:
    """The numbers of a sentence at which a rule fires, in its clause or (studies, follow-up) in the whole of it."""
    whole = not rule.id.startswith("participants")
    span = (0, len(sentence))
    return [
        number.value
        for number in numbers(sentence)
        if rule.fits(sentence, number, *(span if whole else clause(sentence, number.start, *span)))
    ]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.id)
def test_examples_of_each_number_rule(rule: NumberRule) -> None:
    """A rule fires at the numbers its file says it must, and at none of a sentence it says it must not."""
    for sentence, value in rule.match:
        assert value in fired(rule, sentence), sentence
    for sentence in rule.miss:
        assert fired(rule, sentence) == [], sentence


@pytest.mark.parametrize("rule", sum_rules(), ids=lambda rule: rule.id)
def test_examples_of_each_sum(rule: SumRule) -> None:
    """A rule for totals gives the sums its file says it must, and none of a sentence it says it must not."""

    def sums(sentence: str) -> list[float]:
        at = {number.start: number.value for number in numbers(sentence)}
        return [
            sum(at[hit.start(name)] for name in ("a", "b", "c") if hit.groupdict().get(name))
            for hit in rule.hits(sentence)
            if rule.fits(hit.group())
        ]

    for sentence, value in rule.match:
        assert value in sums(sentence), sentence
    for sentence in rule.miss:
        assert sums(sentence) == [], sentence


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Sixty-three of 1,711", [63, 1711]),
        ("One hundred and fifty, two hundred and a hundred", [150, 200, 100]),
        ("forty‑one and twenty–two", [41, 22]),
        ("2.5 mg and 3·5 mg", [2.5, 3.5]),
        ("at the third and 12th month", [3, 12]),
        ("L5, SF-36, CD34 and COVID-19", []),
        ("0-5 points, 27-87 years", [0, 5, 27, 87]),
        ("allocated 1:1 and 3:2:2", [1, 3]),
        ("often, tension, someone, anyone", []),
        ("", []),
    ],
)
def test_numbers_are_read_as_papers_write_them(text: str, values: list[float]) -> None:
    """Figures, thousands, decimals, words and ordinals are numbers; figures in names and ratios are not."""
    assert [number.value for number in numbers(text)] == values


def test_numbers_keep_their_places_beside_odd_letters() -> None:
    """A letter that grows when made small does not move the places of the numbers after it."""
    text = "İİ İstanbul: forty patients, then 12 more"
    assert [text[number.start : number.end] for number in numbers(text)] == ["forty", "12"]


def people(title: str, abstract: Sections, design: str) -> int | None:
    return decide_participants(read(record(title, abstract)), design)[0]


PEOPLE = [
    ("a number word", "rct", "Sixty-two patients were randomly assigned to cells or sham.", 62),
    ("hundreds in words", "rct", "One hundred and fifty adults were randomised to two groups.", 150),
    ("thousands", "cross_sectional", "We surveyed a cohort of 12,406 workers.", 12406),
    (
        "randomised, not screened",
        "rct",
        "Of 200 patients assessed for eligibility, 60 were randomised and 52 completed the study.",
        60,
    ),
    (
        "randomised, not enrolled",
        "rct",
        "One hundred patients were enrolled, of whom 96 were randomly assigned to two groups.",
        96,
    ),
    ("verbless", "rct", "In 11 months, 57 people were screened and 20 randomised (1.8 a month).", 20),
    ("n of both arms", "rct", "Patients were randomised to ozone (n = 20) or steroid (n = 18).", 38),
    ("n of the whole, then of the arms", "rct", "Patients (n=68) were randomised to A (n=34) or B (n=34).", 68),
    (
        "total beside the arms",
        "rct",
        "In all 65 patients were randomly allocated to tape (n=33) or control (n=32).",
        65,
    ),
    ("thin spaces", "rct", "Patients were randomised to ozone (n\u2009=\u200920) or steroid (n\u202f=\u202f18).", 38),
    ("not people", "rct", "They had three individual sessions; 40 patients were randomised.", 40),
    ("arms counted one by one", "rct", "Thirty patients received ozone. Thirty-two patients received steroid.", 62),
    ("groups of so many each", "rct", "Patients were divided into three equal groups of 12 patients each.", 36),
    ("numbers for two groups", "rct", "The numbers of recruited patients were 23 and 25 for the two groups.", 48),
    ("crossed over, not split", "rct", "In a cross-over study 12 patients received air and then ozone.", 12),
    (
        "arm of a larger whole",
        "rct",
        "Eighty-two patients were included. Forty-one patients were randomly selected to receive cells.",
        82,
    ),
    ("sexes in brackets", "single_arm", "We treated 26 patients (11 men, 15 women, aged 18-61 years).", 26),
    ("sexes alone", "single_arm", "Treated were 24 men and 16 women.", 40),
    (
        "ages and doses",
        "single_arm",
        "Patients aged 53 years received 3 injections of 20 mL; 14 patients were treated.",
        14,
    ),
    ("percentages", "single_arm", "Pain fell in 71% of patients. Thirty patients were included.", 30),
    (
        "discs, joints and levels",
        "single_arm",
        "Forty discs, 12 joints and 30 levels of 22 patients were injected.",
        22,
    ),
    ("a P value", "single_arm", "We included 40 patients; pain fell (P = 0.01).", 40),
    ("a denominator only", "single_arm", [("RESULTS", "Success at 1 month: 3/22 = 14%.")], 22),
    ("a ratio", "nonrandomised_controlled", "After 1:1 matching, 198 patients (99 per group) were compared.", 198),
    (
        "years",
        "nonrandomised_controlled",
        "Adults treated between 2017 and 2022 were matched. We included 90 adults.",
        90,
    ),
    ("ordinal", "single_arm", "Margins were set before the first patient entered; 64 patients were treated.", 64),
    (
        "an earlier series as control",
        "historical_control",
        "Forty patients had cells. They were compared with 38 patients of former years.",
        78,
    ),
    ("cases and controls", "case_control", "We studied 50 patients with pain and 46 matched healthy controls.", 96),
    ("cases whose controls are not counted", "case_control", "We studied files; 22 patients were cases.", None),
    ("those who answered", "cross_sectional", "In all 700 physicians were sent it; 326 (47%) replied.", 326),
    ("a case by age", "case_report", "A 54-year-old woman had fever after an injection.", 1),
    ("a case by age, of years", "case_report", "A violinist of 29 years had pain.", 1),
    ("cases counted", "case_report", "We report three cases of discitis.", 3),
    ("planned", "protocol", "Ninety patients will be randomised.", None),
    ("planned, design unknown", "unclear", "Ninety patients will be randomised.", None),
    ("a review", "systematic_review", "Nine trials included 1711 patients.", None),
    ("animals", "animal", "Twelve sheep were randomised.", None),
    ("no number", "rct", "Patients were randomised to ozone or steroid.", None),
    (
        "background of others",
        "rct",
        [("BACKGROUND", "A trial randomised 400 patients."), ("METHODS", "We gave ozone to 30 patients.")],
        30,
    ),
]


@pytest.mark.parametrize(("design", "abstract", "value"), [t[1:] for t in PEOPLE], ids=[t[0] for t in PEOPLE])
def test_participants(design: str, abstract: Sections, value: int | None) -> None:
    """People randomised, else enrolled, else analysed; ages, doses, joints and planned numbers are none."""
    text = [("METHODS", abstract)] if isinstance(abstract, str) else abstract
    assert people("Synthetic", text, design) == value


def test_a_title_may_give_the_only_number() -> None:
    """A title's people count, and a case report is of one unless it says more."""
    assert people("Ozone in 120 consecutive patients with pain", "", "single_arm") == 120
    assert people("Prolotherapy for the pelvis: a case report", "", "case_report") == 1
    assert people("Ozone after 2 years in patients with pain", "", "single_arm") is None


REVIEWS = [
    ("included, not found", "Of 300 records, 14 studies were included.", 14),
    ("word", "Twenty-one injection studies met the criteria.", 21),
    ("between brackets", "Nine studies (1711 participants) were included.", 9),
    ("no verb", "29 trials, 3,912 patients.", 29),
    ("two designs added up", "We included five randomised trials and three cohort studies.", 8),
    ("of so many", "Of 19 studies, 4 were randomised.", 19),
    ("screened only", "A total of 300 articles were screened.", None),
    ("people", "We included 138 patients.", None),
    ("databases", "Four databases were searched.", None),
]


@pytest.mark.parametrize(("sentence", "value"), [t[1:] for t in REVIEWS], ids=[t[0] for t in REVIEWS])
def test_studies(sentence: str, value: int | None) -> None:
    """A review's studies are those included, not those found; other designs have none."""
    document = read(record("Synthetic", [("RESULTS", sentence)]))
    assert decide_studies(document, "systematic_review")[0] == value
    assert decide_studies(document, "rct") == (None, ())


FOLLOWED = [
    ("months", "rct", "Pain was assessed at 1, 3 and 6 months.", 6),
    ("weeks", "rct", "Outcomes were measured at 4, 12 and 48 weeks.", 11),
    ("years", "single_arm", "They were followed up for two years.", 24),
    ("days", "rct", "Pain was recorded at 15 and 30 days after treatment.", 1),
    ("unit first", "rct", "It was recorded at months 3 and 6.", 6),
    ("range", "single_arm", "The mean follow-up was 23.4 months (range 12-60 months).", 60),
    ("mean follow-up of", "single_arm", "Mean follow-up of 18 ± 4 months.", 18),
    ("minimum", "single_arm", "All had a minimum follow-up of two years.", 24),
    ("a hyphen", "rct", "No event was seen over the 48-week follow-up.", 11),
    ("years of a range", "single_arm", "No tumour was found 4-6 years after infusion.", 72),
    ("ordinals", "rct", "Pain was measured at the 4th and 8th week.", 1.8),
    ("duration of pain", "rct", "Patients with pain for at least 12 months were seen at 3 months.", 3),
    ("age", "rct", "Adults aged 18 to 65 years were followed for 6 months.", 6),
    ("recruitment", "rct", "The study was conducted for 3 years at one clinic; pain was assessed at 6 months.", 6),
    ("recruitment at the head", "rct", "In 11 months, 57 people were screened. Pain was measured at 6 months.", 6),
    ("failed treatment", "rct", "After 12 months of conservative treatment patients were seen at 3 months.", 3),
    ("frequency", "rct", "They trained 3 days per week and were seen at 2 months.", 2),
    ("spread", "single_arm", "They had pain of 8 (SD 3 years) and were seen at 2\u00a0months.", 2),
    ("a long course", "rct", "Education was given for 14 years.", None),
    ("interval", "single_arm", "Injections were given every 2 weeks.", None),
    ("a course and a follow-up", "rct", "They exercised twice weekly for 8 weeks and were assessed at 6 months.", 6),
    ("a programme alone", "rct", "Both groups had a twelve-week programme of exercise.", 2.8),
    ("a programme of one arm", "single_arm", "They had a twelve-week programme of exercise.", None),
    ("longer follow-up wanted", "single_arm", "Longer follow-up of 5 years is needed.", None),
    ("planned", "protocol", "The patients will be followed up to 24 months after the transplant.", 24),
    ("cells", "in_vitro", "Cells were observed at 3 weeks.", None),
    ("nothing", "rct", "Pain was lower after treatment.", None),
    ("a review's search", "systematic_review", "We searched the last 10 years.", None),
    ("a review's outcome", "systematic_review", "Pooled pain at 6 months favoured plasma.", 6),
]


@pytest.mark.parametrize(("design", "sentence", "value"), [t[1:] for t in FOLLOWED], ids=[t[0] for t in FOLLOWED])
def test_followup(design: str, sentence: str, value: float | None) -> None:
    """The longest follow-up in months; ages, durations of pain, recruitment, intervals and courses are none."""
    assert decide_followup(read(record("Synthetic", [("RESULTS", sentence)])), design)[0] == value


def test_a_number_is_quoted_where_it_stands() -> None:
    """Each number's tag quotes its place, one tag decides, and those that lost stay listed."""
    found = record(
        "Synthetic – plasma for discs: a randomised trial",
        [
            ("BACKGROUND", "Back pain – é – is common."),
            ("METHODS", "Two hundred were screened. Sixty patients were randomly assigned to plasma or saline."),
            ("RESULTS", "Pain was lower at 6 and 12 months. Fifty-five patients completed the study."),
        ],
    )
    tags = tag(found, load_topics())
    assert (tags.participants, tags.followup_months, tags.studies) == (60, 12, None)
    for field, value in (("participants", "60"), ("followup_months", "12")):
        own = [t for t in tags.tags if t.field == field]
        assert [t.value for t in own if t.chosen] == [value]
        for t in own:
            text = found.title if t.source == "title" else found.abstract
            assert text is not None
            assert text[t.start : t.end] == t.quote
    assert "55" in {t.value for t in tags.tags if t.field == "participants" and not t.chosen}


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"surprise": 1}, "unknown key 'surprise'"),
        ({"in": ["nowhere"]}, "in may hold"),
        ({"cites": ""}, "cites"),
        ({"miss": []}, "examples"),
        ({"after": ""}, "neither before nor after"),
        ({"after": "("}, "not a regular expression"),
    ],
)
def test_a_wrong_number_rule_is_named(entry: dict[str, object], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule with an unknown key, zone or pattern, or without source or examples, is refused by name."""
    sound = {"id": "x.y", "tier": "t", "after": " people", "cites": "Invented", "match": {"2 people": 2}, "miss": ["2"]}
    monkeypatch.setattr(quantities, "table", lambda name: {"rules": [sound | entry]})
    quantities.number_rules.cache_clear()
    try:
        with pytest.raises(RuleError, match=r"invented\.yml: rule x\.y") as caught:
            number_rules("invented")
    finally:
        quantities.number_rules.cache_clear()
    assert why in str(caught.value)


def test_rules_count_in_parts_that_exist() -> None:
    """Every rule counts in some part of a paper."""
    assert all(rule.zones and rule.zones <= frozenset(ZONES) for rule in EVERY)


def test_a_ratio_before_groups_counts_no_groups() -> None:
    """The second figure of a ratio is no number of groups ("1:2 to groups"); such a record once ended the build."""
    assert people("", "Patients were randomised 1:2 to groups of 20 patients each.", "rct") is None
