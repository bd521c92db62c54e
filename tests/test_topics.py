"""The vocabulary: one file gives the PubMed search, the local match and the spans."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harvest.errors import WrongUse
from harvest.topics import Topics, load_topics, read_topics
from tests.ncbi import Corpus, PubMed, synthetic_records
from tests.records import record


@pytest.fixture(scope="module")
def topics() -> Topics:
    return load_topics()


def concepts(topics: Topics, title: str = "", abstract: str = "", **rest: object) -> set[str]:
    found = record(title, abstract, **rest)  # type: ignore[arg-type]  # passed on as given
    return {span.concept for span in topics.match(found).spans if span.tags}


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Platelet-rich plasma", "prp"),
        ("platelet‐rich plasma", "prp"),
        ("PLATELET RICH PLASMA", "prp"),
        ("degenerative disk disease", "disc_degeneration"),
        ("degenerative disc disease", "disc_degeneration"),
        ("herniated intervertebral disks", "disc_herniation"),
        ("herniation of the lumbar disc", "disc_herniation"),
        ("O<sub>2</sub>-O<sub>3</sub>".replace("<sub>", "").replace("</sub>", ""), "ozone"),
        ("O(2)-O(3) injection", "ozone"),
        ("O₂–O₃ injection", "ozone"),
        ("ozonotherapy", "ozone"),
        ("Prolozone", "prolozone"),
        ("mesenchymal stromal cells", "msc"),
        ("Wharton's jelly", "msc"),
        ("Wharton’s jelly", "msc"),
        ("micro-fragmented adipose tissue", "adipose"),
        ("bone marrow aspirate concentrate", "bone_marrow"),
        ("α2-macroglobulin", "other_orthobiologic"),
        ("sacro-iliac joint", "sacroiliac_joint"),
        ("Lumbago", "low_back_pain"),
        ("low-back pain", "low_back_pain"),
        ("pain in the lumbar region", "low_back_pain"),
        ("zygapophysial joint pain", "facet_joint"),
        ("Modic changes", "vertebrogenic"),
        ("failed-back surgery", "failed_back"),
    ],
)
def test_spelling_variants_are_found(topics: Topics, text: str, concept: str) -> None:
    """Case, hyphens, dashes, subscripts, plurals and either spelling make no difference."""
    assert concept in concepts(topics, text)


def test_abbreviation_counts_only_where_the_record_explains_it(topics: Topics) -> None:
    """A bare PRP is plasma in a paper on plasma, and nothing in a paper on pityriasis rubra pilaris."""
    assert "prp" in concepts(topics, "PRP for discs", "Autologous plasma was injected.")
    assert "prp" not in concepts(topics, "PRP in adults", "Pityriasis rubra pilaris is a rare skin disease.")


def test_longer_phrase_takes_its_words_back(topics: Topics) -> None:
    """Ambient ozone is no ozone treatment: the words are matched, but tag nothing."""
    spans = topics.match(record("Ambient ozone and back pain")).spans
    ozone = [span for span in spans if span.concept == "ozone"]
    assert ozone
    assert not any(span.tags for span in ozone)


def test_spans_are_code_points_into_the_text_as_stored(topics: Topics) -> None:
    """Each span's place holds its quote, also behind characters that fold to more or fewer letters."""
    found = record("ﬁ 𝛼 é Platelet‑rich plasma", [("AIM", "ﬀ ozone for lumbago"), ("RESULTS", "It helped.")])
    spans = [span for span in topics.match(found).spans if span.start is not None]
    assert {span.concept for span in spans} >= {"prp", "ozone", "low_back_pain"}
    for span in spans:
        text = found.title if span.where == "title" else found.abstract
        assert text is not None
        assert text[span.start : span.end] == span.text


def test_reads_what_tiab_reads_and_mesh(topics: Topics) -> None:
    """Title, abstract, other abstracts, author keywords and MeSH all count towards a topic."""
    assert topics.match(record("Ozone", other_abstract="dolor: low back pain")).topics == ("ozone",)
    assert topics.match(record("Ozone", keywords=["Low back pain"])).topics == ("ozone",)
    assert topics.match(record("Ozone", mesh=["Low Back Pain"])).topics == ("ozone",)
    assert topics.match(record("Ozone", "knees")).topics == ()


def test_each_topic_has_a_search_in_pubmeds_syntax(topics: Topics) -> None:
    """Strategies balance their brackets, quote their phrases, tag every term and truncate no short stem."""
    for topic in topics.topics:
        strategy = topics.strategy(topic.id)
        assert strategy.count("(") == strategy.count(")")
        assert strategy.count('"') % 2 == 0
        terms = re.split(r" (?:AND|OR) ", strategy)
        for term in terms:
            bare = term.strip("()")
            assert re.fullmatch(r'("[^"]+"|[^\s"\[\]]+)\[(tiab|mh|tiab:~\d+)\]?', bare), bare
        for stem in re.findall(r"([^\s\"(]+)\*", strategy):
            assert len(stem) >= 4, stem


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pubmed_and_the_local_match_find_the_same(topics: Topics, seed: int) -> None:
    """The strategy sent to a PubMed over HTTP and the local matcher agree on every record of a corpus."""
    import requests

    from harvest.record import parse_article

    raws = list(synthetic_records(300, seed))
    with PubMed(Corpus(raws), rate=1000) as pubmed:
        for topic in topics.topics:
            answer = requests.post(
                pubmed.base_url + "esearch.fcgi",
                data={"db": "pubmed", "term": topics.strategy(topic.id), "retmax": "9999", "retmode": "json"},
                timeout=30,
            ).json()
            found = {int(pmid) for pmid in answer["esearchresult"]["idlist"]}
            local = {r.pmid for r in map(parse_article, raws) if topic.id in topics.match(r).topics}
            assert found == local, topic.id


def test_another_fields_topics_file_works(tmp_path: Path) -> None:
    """A user's own vocabulary replaces ours whole: nothing about backs or injections remains."""
    path = tmp_path / "knee.yml"
    path.write_text(
        "title: Knee catalog\ninterventions:\n  - {id: brace, name: Brace, words: [knee brace*]}\n"
        "conditions:\n  - {id: oa, name: OA, words: [knee osteoarthritis], mesh: ['Osteoarthritis, Knee']}\n"
        "topics:\n  - {id: braces, name: Braces}\n"
    )
    knee = load_topics(path)
    assert knee.strategy("braces") == (
        '("knee brace*"[tiab]) AND ("Osteoarthritis, Knee"[mh] OR "knee osteoarthritis"[tiab])'
    )
    assert knee.match(record("Knee braces in knee osteoarthritis")).topics == ("braces",)
    assert knee.match(record("PRP for low back pain")).topics == ()


REST = "\nconditions: [{id: b, name: B, words: [b]}]\ntopics: [{id: t, name: T}]"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("[", "not valid YAML"),
        ("a: 1", "interventions"),
        ("interventions: [{id: a, name: A}]" + REST, "a: has no words"),
        ("interventions: [{id: a, name: A, words: ['abc*']}]" + REST, "4 letters"),
        ("interventions: [{id: a, name: A, words: ['ab* cd']}]" + REST, "very end"),
        ("interventions: [{id: a, name: A, wrods: [x]}]" + REST, "wrods"),
        ("interventions: [{id: b, name: A, words: [x]}]" + REST, "twice"),
        ("interventions: [{id: a, name: A, words: [x], implies: [zz]}]" + REST, "zz"),
        ("interventions: [{id: a, name: A, words: [3]}]" + REST, "quote"),
    ],
)
def test_wrong_topics_file_is_one_clear_line(text: str, names: str) -> None:
    """A mistake names the file and the entry, on one line."""
    with pytest.raises(WrongUse) as caught:
        read_topics(text, "mine.yml")
    message = str(caught.value)
    assert "mine.yml" in message
    assert names in message
    assert "\n" not in message


@pytest.mark.shared
def test_labelled_records_on_topic_are_kept(topics: Topics, shared_data: Path) -> None:
    """Every record labelled with both an intervention and a condition is kept by the local match."""
    import csv

    from harvest.record import parse_article
    from harvest.stream import elements

    with (shared_data / "ontopic" / "gold.tsv").open(encoding="utf-8") as file:
        gold = {row["pmid"]: row for row in csv.DictReader(file, delimiter="\t")}
    wanted = kept = 0
    with (shared_data / "ontopic" / "ontopic.xml").open("rb") as stream:
        for element in elements(stream):
            found = parse_article(element.raw)
            row = gold[str(found.pmid)]
            interventions = row["interventions"] or row["comparator_interventions"] or row["adjunct_interventions"]
            if interventions and row["conditions"]:
                wanted += 1
                kept += bool(topics.match(found).topics)
    assert wanted > 40
    assert kept == wanted
