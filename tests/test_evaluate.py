"""`catalog evaluate GOLD.tsv`: agreement with hand labels, counts before rates."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog.build import build
from catalog.cli import main
from catalog.errors import WrongUse
from catalog.evaluation import as_document, as_text, evaluate
from catalog.evaluation.compare import FieldScore
from catalog.evaluation.evaluate import Evaluation
from catalog.evaluation.fields import FIELDS
from catalog.explain import explain
from catalog.names import rules_sha256
from catalog.sample import write_sample
from harvest.files import harvest_files
from tests.harvests import harvest_of
from tests.records import PMID, article_xml
from tests.test_sample_records import INTERVENTIONS, LISTS, SAMPLE, VALUES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalog")
    raws = [
        article_xml("Plasma-rich plasma? Ozone for sciatica: a randomised controlled trial", pmid=PMID),
        article_xml(
            "Ozone for lumbago: a randomised controlled trial",
            pmid=PMID + 1,
            types=("Journal Article", "Randomized Controlled Trial"),
        ),
        article_xml("Ozone for sciatica: a case report", pmid=PMID + 2),
    ]
    build(harvest_of(folder / "pubmed.db", raws), folder / "catalog.db")
    return folder / "catalog.db"


@pytest.fixture
def catalog(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "catalog.db"))


def change(catalog: Path, statement: str, *values: object) -> None:
    """What a tagger of more fields would have written."""
    with closing(sqlite3.connect(catalog)) as conn, conn:
        conn.execute(statement, values)


def gold(tmp_path: Path, *lines: str, columns: str = "design\tlevel\tinterventions") -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text(f"pmid\t{columns}\n" + "".join(f"{line}\n" for line in lines))
    return path


def pmids(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "pmids.txt"
    path.write_text(text)
    return path


def score(found: Evaluation, field: str) -> FieldScore:
    return next(score for score in found.fields if score.field.name == field)


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def three(tmp_path: Path) -> Path:
    """Labels of the three records: one design wrong, one intervention missed."""
    return gold(
        tmp_path,
        f"{PMID}\trct\t2\tozone",
        f"{PMID + 1}\tsingle_arm\t4\tozone;prp",
        f"{PMID + 2}\tcase_report\t4\tozone",
    )


def test_counts_rates_and_errors(catalog: Path, tmp_path: Path) -> None:
    """Per value: labelled, tagged, agreed; each error with both labels and the deciding rule."""
    found = evaluate(three(tmp_path), catalog)
    design = score(found, "design")
    assert (design.records, design.agreed) == (3, 2)
    rct = next(v for v in design.values if v.value == "rct")
    assert (rct.labelled, rct.tagged, rct.agreed) == (1, 2, 1)
    assert (rct.precision, rct.recall) == (0.5, 1.0)
    [error] = design.errors
    assert (error.pmid, error.gold, error.tagged) == (PMID + 1, ("single_arm",), ("rct",))
    assert error.rules == {"rct": "rct.title"}
    assert score(found, "interventions").figures["micro_f1"].value == pytest.approx(2 * 3 / (4 + 3))
    assert found.exit_status == 0
    text = "\n".join(as_text(found))
    assert "design: 2 of 3 agree (0.667)" in text
    assert f"PMID {PMID + 1}: labelled single_arm, tagged rct (rct.title)" in text
    assert json.loads(json.dumps(as_document(found)))["fields"]["design"]["agreed"] == 2


def test_the_deciding_rule_is_the_one_that_explain_puts_first(catalog: Path, tmp_path: Path) -> None:
    """Title and publication type both say trial; the written precedence names the title before the type."""
    found = evaluate(three(tmp_path), catalog)
    fired = [line.split() for line in explain(catalog, PMID + 1) if line.startswith("  + rct")]
    assert len(fired) > 1
    assert list(score(found, "design").errors[0].rules.values()) == [fired[0][2]]


def test_a_curator_decides_before_any_rule(catalog: Path, tmp_path: Path) -> None:
    """Where a curator's tag stands beside the rules', the value is the curator's."""
    row = (PMID + 1, "design", "rct", "curator", "curator", None, None, "synthetic reason", 1)
    change(catalog, "INSERT INTO tags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)
    assert score(evaluate(three(tmp_path), catalog), "design").errors[0].rules == {"rct": "curator"}


def test_precision_of_each_rule(catalog: Path, tmp_path: Path) -> None:
    """Of the records where a rule won, how many agree; of sets, each value counts."""
    found = evaluate(three(tmp_path), catalog)
    rules = {rule.rule: (rule.won, rule.agreed, rule.precision) for rule in score(found, "design").rules}
    assert rules == {"rct.title": (2, 1, 0.5), "case_report.title": (1, 1, 1.0)}
    assert {rule.rule: rule.won for rule in score(found, "interventions").rules} == {"topic.title": 3}
    assert score(found, "level").rules[0].rule == "level.from.rct.title"


def test_a_value_by_default_has_no_rule(catalog: Path, tmp_path: Path) -> None:
    """A value that no rule gave is scored under no rule."""
    change(catalog, "DELETE FROM tags WHERE pmid = ?", PMID + 1)
    found = evaluate(three(tmp_path), catalog)
    assert score(found, "design").errors[0].rules == {"rct": None}
    assert None in {rule.rule for rule in score(found, "design").rules}
    assert "tagged rct (by default)" in "\n".join(as_text(found))


def test_a_field_that_the_catalog_does_not_fill_is_not_tagged_yet(catalog: Path, tmp_path: Path) -> None:
    """All NULL and no rule for it: said apart, not counted as errors; with a rule that never fires it is scored."""
    labels = gold(tmp_path, f"{PMID}\tfavours\t30", f"{PMID + 1}\tmixed\t", columns="direction\tparticipants")
    change(catalog, "UPDATE articles SET direction = NULL, participants = NULL")
    change(catalog, "DELETE FROM rules WHERE field IN ('direction', 'participants')")
    found = evaluate(labels, catalog)
    assert found.not_tagged_yet == {"direction": 2, "participants": 1}
    assert found.fields == ()
    assert "not tagged yet (2 labelled)" in "\n".join(as_text(found))
    change(catalog, "INSERT INTO rules VALUES ('direction.synthetic', 'direction', 'favours', NULL, NULL)")
    found = evaluate(labels, catalog)
    assert found.not_tagged_yet == {"participants": 1}
    direction = score(found, "direction")
    assert direction.coverage is not None
    assert (direction.coverage.labelled, direction.coverage.given) == (2, 0)


def test_fields_that_abstain(catalog: Path, tmp_path: Path) -> None:
    """Right among those given, given among those labelled; an abstention is no value."""
    given = "UPDATE articles SET direction = ?, participants = ?, followup_months = ?, comparator = ? WHERE pmid = ?"
    change(catalog, given, "favours", 30, None, "none;steroid", PMID)
    change(catalog, given, "mixed", 12, 12.2, None, PMID + 1)
    change(catalog, given, None, None, None, "none", PMID + 2)
    found = evaluate(
        gold(
            tmp_path,
            f"{PMID}\tfavours\t30\t\tsteroid;none",
            f"{PMID + 1}\tfavours\t\t12\tsurgery",
            f"{PMID + 2}\tmixed\t8\t\tnone",
            columns="direction\tparticipants\tfollowup_months\tcomparator",
        ),
        catalog,
    )
    direction, participants = score(found, "direction"), score(found, "participants")
    assert direction.figures["right_of_given"].value == pytest.approx(1 / 2)
    assert direction.figures["coverage"].value == pytest.approx(2 / 3)
    assert direction.confusion is not None
    assert direction.confusion.values == ("favours", "mixed")
    assert direction.confusion.counts == ((1, 1, 0), (0, 0, 1), (0, 0, 0))
    assert participants.coverage is not None
    assert (participants.coverage.labelled, participants.coverage.given, participants.coverage.right) == (2, 2, 1)
    assert score(found, "followup_months").agreed == 3
    assert score(found, "comparator").agreed == 2


def test_roles_of_interventions(catalog: Path, tmp_path: Path) -> None:
    """The three columns of interventions are scored each, and together as intervention:role."""
    labels = gold(
        tmp_path,
        f"{PMID}\t\tozone\t\t",
        f"{PMID + 1}\tozone\tprp\t\tozone",
        f"{PMID + 2}\tozone\t\t\t",
        columns="interventions\tcomparator_interventions\tadjunct_interventions\tfavoured",
    )
    change(catalog, "UPDATE article_interventions SET role = 'comparator', favoured = NULL WHERE pmid = ?", PMID)
    found = evaluate(labels, catalog)
    assert score(found, "interventions").agreed == 3
    assert score(found, "comparator_interventions").agreed == 2
    roles = score(found, "roles")
    assert (roles.records, roles.agreed) == (3, 2)
    assert [value.value for value in roles.values] == ["prp:comparator", "ozone:experimental", "ozone:comparator"]
    assert {rule.rule for rule in roles.rules} == {"topic.title"}
    assert set(found.not_tagged_yet) == {"adjunct_interventions", "favoured"}


def test_only_the_records_of_a_list(catalog: Path, tmp_path: Path) -> None:
    """--pmids compares these only; what is asked for and not labelled is named, and the exit status is 1."""
    listed = pmids(tmp_path, f"# the part held back\n{PMID}\n\n{PMID + 2}  # a case report\n{PMID}\n970009999\n")
    found = evaluate(three(tmp_path), catalog, pmids=listed)
    assert (found.labelled, score(found, "design").agreed, score(found, "design").records) == (2, 2, 2)
    assert found.unlabelled == (970009999,)
    result = command(three(tmp_path), "--db", catalog, "--pmids", listed)
    assert result.exit_code == 1
    assert "Asked for, not labelled: 970009999" in result.stdout


@pytest.mark.parametrize(
    ("text", "names"), [("", "holds no PMID"), ("12\nx1\n", "line 2: 'x1' is not a PMID"), ("970009999", "no record")]
)
def test_a_wrong_list_is_one_clear_line(catalog: Path, tmp_path: Path, text: str, names: str) -> None:
    """An empty list, a line that is no PMID, a list without a labelled record."""
    with pytest.raises(WrongUse, match=names):
        evaluate(three(tmp_path), catalog, pmids=pmids(tmp_path, text))


def test_labelled_records_that_the_catalog_does_not_hold_are_named(catalog: Path, tmp_path: Path) -> None:
    """They are not scored; where none is held there is nothing to compare."""
    found = evaluate(gold(tmp_path, f"{PMID}\trct\t2\tozone", "970009999\trct\t2\t"), catalog)
    assert (found.missing, found.compared, found.exit_status) == ((970009999,), 1, 1)
    assert score(found, "design").records == 1
    with pytest.raises(WrongUse, match="holds none of the 1 labelled records"):
        evaluate(gold(tmp_path, "970009999\trct\t2\t"), catalog)


def test_a_cell_outside_the_codebook_is_set_aside_and_the_rest_goes_on(catalog: Path, tmp_path: Path) -> None:
    """A wrong value, two values where one belongs, an unknown intervention: named with line and field, not scored."""
    labels = gold(
        tmp_path,
        f"{PMID}\tRCT\t2\tozone",
        f"{PMID + 1}\trct\t1;2\tozone",
        f"{PMID + 2}\tcase_report\t4\tozone;leeches",
    )
    found = evaluate(labels, catalog)
    assert [(c.line, c.pmid, c.field) for c in found.set_aside] == [
        (2, PMID, "design"),
        (3, PMID + 1, "level"),
        (4, PMID + 2, "interventions"),
    ]
    assert (score(found, "design").records, score(found, "design").agreed) == (2, 2)
    result = command(labels, "--db", catalog, "--json")
    assert result.exit_code == 1
    assert f"line 2: PMID {PMID}: design: 'RCT' is not a value of the codebook" in result.stderr
    assert "leeches" not in result.stdout


@pytest.mark.parametrize("cell", ["thirty", "-3", "nan"])
def test_a_number_that_is_none_is_set_aside(catalog: Path, tmp_path: Path, cell: str) -> None:
    """Participants are a count."""
    change(catalog, "UPDATE articles SET participants = 30")
    lines = (f"{PMID}\t{cell}", f"{PMID + 1}\t30")
    found = evaluate(gold(tmp_path, *lines, columns="participants"), catalog)
    assert [(c.pmid, c.why) for c in found.set_aside] == [(PMID, f"{cell!r} is not a number")]
    assert score(found, "participants").records == 1


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a\tb\n1\t2\n", "no column `pmid`"),
        ("", "no column `pmid`"),
        ("pmid,design\n1,rct\n", "no column `pmid`"),
        ("pmid\tnotes\n1\tx\n", "no column to compare"),
        ("pmid\tdesign\tdesign\n1\trct\trct\n", "`design` stands twice"),
        ("pmid\tdesign\nx\trct\n", "line 2: 'x' is not a PMID"),
        ("pmid\tdesign\n0\trct\n", "line 2: '0' is not a PMID"),
        ("pmid\tdesign\n\trct\n", "line 2: '' is not a PMID"),
        ("pmid\tdesign\n1\trct\n2\n", "line 3: has 1 cells, the first line names 2 columns"),
        ("pmid\tdesign\n1\trct\n\n1\trct\n", "line 4: PMID 1 stands twice"),
        ('pmid\tdesign\n1\t"rct\n', "cannot be read"),
        ("pmid\tdesign\n", "names no record"),
    ],
)
def test_wrong_gold_file_is_one_clear_line(catalog: Path, tmp_path: Path, content: str, names: str) -> None:
    """The file, and where it can be told the line, is named."""
    path = tmp_path / "gold.tsv"
    path.write_text(content)
    with pytest.raises(WrongUse, match=names) as raised:
        evaluate(path, catalog)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_gold_file_that_is_no_text(catalog: Path, tmp_path: Path) -> None:
    """A missing file, and one in another encoding; a byte order mark does no harm."""
    with pytest.raises(WrongUse, match="cannot be read"):
        evaluate(tmp_path / "none.tsv", catalog)
    path = tmp_path / "gold.tsv"
    path.write_bytes(b"pmid\tdesign\n1\t\xff\n")
    with pytest.raises(WrongUse, match="UTF-8"):
        evaluate(path, catalog)
    path.write_text(f"pmid\tdesign\n{PMID}\trct\n", "utf-8-sig")
    assert evaluate(path, catalog).compared == 1


def test_json_document(catalog: Path, tmp_path: Path) -> None:
    """--out writes the committed figures: data, date, rules, counts, failures by kind; no text of the records."""
    out = tmp_path / "evaluation.json"
    arguments: list[str | Path] = [
        "--db",
        catalog,
        "--out",
        out,
        "--name",
        "Three invented records",
        "--date",
        "2026-01-31",
    ]
    result = command(three(tmp_path), *arguments)
    assert (result.exit_code, result.stderr) == (0, f"Written: {out}\n")
    assert result.stdout.startswith("gold.tsv: 3 labelled records in all, 3 in the catalog")
    text = out.read_text("utf-8")
    found = json.loads(text)
    assert list(found) == [
        *("schema_version", "data", "catalog", "bootstrap", "not_tagged_yet", "fields", "known_failures")
    ]
    assert (found["data"]["name"], found["data"]["date"]) == ("Three invented records", "2026-01-31")
    assert (found["data"]["labelled"], found["data"]["compared"]) == (3, 3)
    assert found["catalog"]["rules_sha256"] == rules_sha256()
    assert found["known_failures"] == [
        failure("design", "single_arm", "rct", "rct.title"),
        failure("level", "4", "2", "level.from.rct.title"),
        failure("interventions", "prp", None, None),
    ]
    design = found["fields"]["design"]
    assert design["confusion"]["values"] == ["rct", "single_arm", "case_report", None]
    assert set(design["figures"]["kappa"]) == {"value", "low", "high"}
    assert found["fields"]["level"]["levelled"]["both_levelled"] == 3
    with closing(sqlite3.connect(catalog)) as conn:
        quoted = {quote for (quote,) in conn.execute("SELECT quote FROM tags UNION SELECT title FROM articles")}
    assert len(quoted) > 3
    assert not [quote for quote in quoted if f'"{quote}"' in text and quote != "ozone"]
    assert "sciatica" not in text
    assert json.loads(command(three(tmp_path), *arguments, "--json").stdout) == found


def test_unread_records_are_given_apart(catalog: Path, tmp_path: Path) -> None:
    """--unread adds the figures of the records kept unread, as counts: which of them went wrong stays unsaid."""
    out = tmp_path / "evaluation.json"
    kept = pmids(tmp_path, f"{PMID}\n{PMID + 1}\n")
    result = command(three(tmp_path), "--db", catalog, "--unread", kept, "--out", out)
    assert result.exit_code == 0
    assert "Records kept unread while rules were written" in result.stdout
    found = json.loads(out.read_text("utf-8"))
    assert found["fields"]["design"]["labelled"] == 3
    apart = found["unread"]
    assert apart["data"] == {"labelled": 2, "compared": 2}
    assert (apart["fields"]["design"]["labelled"], apart["fields"]["design"]["agreed"]) == (2, 1)
    assert str(PMID + 1) not in json.dumps(apart)


def failure(field: str, gold: str | None, tagged: str | None, rule: str | None) -> dict[str, object]:
    kind = {"field": field, "gold": gold, "tagged": tagged, "rule": rule}
    return {**kind, "records": 1, "pmids": [PMID + 1]}


def test_every_key_of_the_json_is_documented(catalog: Path, tmp_path: Path) -> None:
    """docs/evaluation.md names each key of the document and each figure."""
    page = (Path(__file__).parents[1] / "docs" / "evaluation.md").read_text("utf-8")
    labels = gold(tmp_path, f"{PMID}\trct\t2\tlumbar", columns="design\tlevel\tregion")
    change(catalog, "UPDATE articles SET region = 'lumbar'")
    document = as_document(evaluate(labels, catalog))
    keys = {*document, *document["data"], *document["catalog"], *document["bootstrap"], "records", "pmids"}
    for field in document["fields"].values():
        keys |= {*field, *field["figures"], *field["values"][0], *field["rules"][0], *(field["abstaining"] or ())}
        keys |= {*(field["levelled"] or ()), *(field["levelled"] or {"figures": ()})["figures"]}
    assert not [key for key in keys if f"`{key}`" not in page]
    assert f"`schema_version` is {document['schema_version']}" in page


@pytest.mark.parametrize(
    ("arguments", "names"),
    [(["--out", "none/out.json"], "none/out.json: cannot be written"), (["--date", "31.1.2026"], "--date")],
)
def test_wrong_options(catalog: Path, tmp_path: Path, arguments: list[str], names: str) -> None:
    """A folder that does not exist and a date that is none are wrong use, without a traceback."""
    result = command(three(tmp_path), "--db", catalog, *arguments)
    assert result.exit_code == 2
    assert names in result.stderr


def test_text_fits_a_terminal(tmp_path: Path) -> None:
    """No line is wider than 100 columns, over the bundled sample's labels with every field; and it says SAMPLE."""
    write_sample(tmp_path / "catalog.db")
    found = evaluate(SAMPLE / "labels.tsv", tmp_path / "catalog.db", rounds=20)
    change_some(tmp_path / "catalog.db")
    worse = evaluate(SAMPLE / "labels.tsv", tmp_path / "catalog.db", rounds=20)
    assert found.compared == found.labelled > 50
    assert found.unread_columns == ("pmid_kind", "agreed")
    for evaluation in (found, worse):
        lines = list(as_text(evaluation))
        assert max(map(len, lines)) <= 100
        assert "SAMPLE: invented records" in lines
    assert any("labelled down, tagged across" in line for line in as_text(worse))


def change_some(catalog: Path) -> None:
    """Errors of every kind, so that all parts of the report show."""
    change(
        catalog,
        "UPDATE articles SET design = (SELECT id FROM designs WHERE position = 1 + pmid % 16), direction = 'mixed',"
        " comparator = 'local_anaesthetic;other_active;placebo_sham;steroid;surgery;usual_care', participants = pmid,"
        " region = 'lumbar', basis = 'between', harms = 'serious', certainty = 'very_low', followup_months = 0.5,"
        " studies = 3",
    )
    for role, left in (("adjunct", 0), ("comparator", 1)):
        change(catalog, "UPDATE article_interventions SET role = ?, favoured = 1 WHERE rowid % 3 = ?", role, left)


def test_values_are_those_of_the_codebook() -> None:
    """What counts as a label is what the sample's labels, checked against the codebook, may hold."""
    lists = {**VALUES, **LISTS}
    for field in FIELDS:
        if field.values is not None:
            assert list(field.values) == sorted(lists[field.name], key=field.values.index), field.name
            assert len(field.values) == len(lists[field.name])
    assert {field.table for field in FIELDS if field.role and field.table} == {"interventions"}
    assert len(INTERVENTIONS) == 8


@pytest.mark.shared
def test_real_labels_score_every_field(shared_data: Path, tmp_path: Path) -> None:
    """The labelled records of the field are all compared, and every column is scored."""
    folder = shared_data / "ontopic"
    harvest_files(tmp_path / "pubmed.db", [folder / "ontopic.xml"], keep_all=True)
    build(tmp_path / "pubmed.db", tmp_path / "catalog.db")
    change_some(tmp_path / "catalog.db")
    found = evaluate(folder / "gold.tsv", tmp_path / "catalog.db")
    assert (found.compared, found.missing, found.set_aside) == (105, (), ())
    assert {score.field.name for score in found.fields} == {field.name for field in FIELDS} - {"status"}
