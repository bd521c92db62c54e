"""`harvest bulk`: NLM's files in NLM's order, versions and deletions right, each file once, what is wrong named."""

from __future__ import annotations

import os
import sqlite3
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from harvest.bulk import harvest_bulk
from harvest.cli import main
from harvest.errors import WrongUse
from harvest.fileorder import Deleted, FileKey, Held, Verdict, deletes, key_of, place
from harvest.listing import gaps, md5_in, read_index
from harvest.record import parse_article
from harvest.rows import Incoming
from harvest.store import Store
from harvest.topics import Topics, load_topics, read_topics
from tests.bulk import EVERYTHING, OFF, TOPIC, article, dump, gone, held, run, sources
from tests.ncbi import FIRST_PMID
from tests.ncbi.bulk import area, pack, with_md5, write_area


@pytest.fixture(scope="session")
def topics() -> Topics:
    return load_topics()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "pubmed.db"


# Order, versions, deletions


def test_files_apply_in_order_whatever_their_dates(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A record of a later file replaces that of an earlier one though its DateRevised is older; both are kept."""
    first = article(1, revised=date(2024, 5, 1))
    later = article(1, TOPIC + " corrected", revised=date(2023, 1, 1))
    bulked = run(db, tmp_path / "in", topics, area([[first, article(2)]], [[later]]))
    assert (bulked.applied, bulked.read, bulked.kept.new, bulked.kept.changed) == (2, 3, 2, 1)
    assert bulked.exit_status == 0
    assert held(db) == {1: later, 2: article(2)}
    with sqlite3.connect(db) as conn:
        assert conn.execute("SELECT pmid, source FROM record_versions").fetchall() == [
            (FIRST_PMID + 1, "bulk:pubmed26n0001.xml.gz")
        ]
    conn.close()


def test_deletions_and_what_comes_after_them(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A deletion takes away what earlier files brought; a later file may bring it back; the bytes stay stored."""
    files = area([[article(1), article(2), article(3)]], [[article(4), gone(1, 2)], [article(2)]])
    bulked = run(db, tmp_path / "in", topics, files)
    assert (set(held(db)), bulked.deleted) == ({2, 3, 4}, 2)
    with Store.read(db) as store:
        assert store.pmids() == {FIRST_PMID + n for n in (1, 2, 3, 4)}
        assert store.deletions() == [(FIRST_PMID + 1, "bulk:pubmed26n0002.xml.gz", store.deletions()[0][2])]


def test_a_lower_version_never_replaces_a_higher(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A later file may repeat version 1 of a PMID that has a version 2; deleting version 1 leaves version 2."""
    second = article(1, version=2)
    run(db, tmp_path / "in", topics, area([[article(1), second]], [[article(1, TOPIC + " again")], [gone(1)]]))
    assert held(db) == {1: second}
    run(db, tmp_path / "in", topics, area([[article(1), second]], [[article(1)], [gone(1)], [gone(1, version=2)]]))
    assert held(db) == {}


def test_a_held_record_stays_up_to_date_off_topic_too(tmp_path: Path, db: Path, topics: Topics) -> None:
    """What the store holds is kept current when its new text no longer matches, within a file and over files."""
    files = area([[article(1), article(1, OFF), article(2)], [article(2, OFF), article(3, OFF)]])
    for workers in (1, 3):
        store = tmp_path / f"{workers}.db"
        assert run(store, tmp_path / "in", topics, files, workers=workers).exit_status == 0
        assert held(store) == {1: article(1, OFF), 2: article(2, OFF)}


def test_a_late_file_is_put_in_its_place(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A file that was missing neither overwrites nor deletes nor revives what later files said."""
    versions = [article(1), article(1, TOPIC + " 2"), article(1, TOPIC + " 3")]
    files = area(
        [[versions[0], article(4), article(6)]],
        [[versions[1], article(2), article(5, TOPIC + " old"), gone(4, 6)], [versions[2], article(4), gone(2)]],
    )
    straight = tmp_path / "straight.db"
    run(straight, tmp_path / "in", topics, files)
    without = {name: body for name, body in files.items() if "n0002" not in name}
    bulked = run(db, tmp_path / "in", topics, without)
    assert bulked.exit_status == 1
    assert bulked.problems == ("pubmed26n0002.xml.gz: missing: the files before and after it are there",)
    assert run(db, tmp_path / "in", topics, files).exit_status == 0
    assert held(db) == held(straight) == {1: versions[2], 4: article(4), 5: article(5, TOPIC + " old")}
    with Store.read(db) as store:
        assert store.open_set_aside() == []


def test_pubmeds_own_later_answer_stays(tmp_path: Path, db: Path, topics: Topics) -> None:
    """An older file neither overwrites nor deletes what PubMed answered; a newer record in a file does replace it."""
    answer = article(1, TOPIC + " as PubMed has it", revised=date(2025, 6, 1))
    with Store.open(db, now=lambda: "2025-07-01T10:00:00Z") as store:
        store.begin_run("harvest pubmed", harvester="test")
        for raw in (answer, article(2), article(3)):
            record = parse_article(raw)
            store.keep([Incoming(record.pmid, record.version, record.date_revised, raw)], source="pubmed")
        store.delete([FIRST_PMID + 3], source="pubmed")
        store.finish_run("complete")
    older = [article(1, TOPIC + " older", revised=date(2025, 5, 1)), article(2), article(3), gone(1, 2)]
    run(db, tmp_path / "in", topics, area([older]))
    assert held(db) == {1: answer, 2: article(2)}
    assert set(sources(db).values()) == {"pubmed"}
    newer = article(1, TOPIC + " newer", revised=date(2025, 8, 1))
    revived = article(3, revised=date(2025, 8, 2))
    run(db, tmp_path / "in", topics, area([older], [[newer, revived, gone(2)]]))
    assert held(db) == {1: newer, 3: revived}


def test_a_new_year_starts_over_and_nothing_is_lost(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A new baseline is applied over the old year; records it lacks stay and are named till explained."""
    run(db, tmp_path / "in", topics, area([[article(1), article(2)]], [[article(3), gone(2)]], year=25))
    again = area([[article(1)], [article(2), article(4)]], year=26)
    bulked = run(db, tmp_path / "in", topics, again)
    assert set(held(db)) == {1, 2, 3, 4}
    assert sources(db)[2] == "bulk:pubmed26n0002.xml.gz"
    assert bulked.exit_status == 1
    assert bulked.problems == (
        "1 records came with an earlier year's files and not with the 2026 baseline: deleted since, or off topic there;"
        f" they stay: PMID {FIRST_PMID + 3}",
    )
    second = run(db, tmp_path / "in", topics)
    assert (second.exit_status, second.applied, len(second.notes)) == (0, 0, 1)
    third = run(db, tmp_path / "in", topics, {**again, **area([], [[], [], [article(9), gone(3)]], year=26)})
    assert (third.problems, third.notes) == ((), ())
    with Store.read(db) as store:
        assert store.open_set_aside() == []


def test_an_incomplete_baseline_says_nothing_of_what_it_lacks(tmp_path: Path, db: Path, topics: Topics) -> None:
    """While a file of the new baseline is missing, no record of last year is called absent from it."""
    run(db, tmp_path / "in", topics, area([[article(1)]], year=25))
    files = area([[article(2)], [article(3)], [article(4)]], year=26)
    bulked = run(db, tmp_path / "in", topics, {name: body for name, body in files.items() if "n0002" not in name})
    assert bulked.problems == ("pubmed26n0002.xml.gz: missing: the files before and after it are there",)


@pytest.mark.parametrize(
    ("version", "revised", "held", "deleted", "wanted"),
    [
        (1, "2020-01-01", None, None, Verdict("revision", lifts=False)),
        (1, "2020-01-01", Held(1, "2021", "bulk:pubmed26n0004.xml.gz", "x"), None, Verdict("arrival", lifts=False)),
        (1, "2020-01-01", Held(1, "2019", "bulk:pubmed26n0006.xml.gz", "x"), None, Verdict("older", lifts=False)),
        (1, "2020-01-01", Held(1, "2019", "file:/a/pubmed26n0006.xml.gz", "x"), None, Verdict("older", lifts=False)),
        (2, "2020-01-01", Held(1, "2019", "bulk:pubmed26n0006.xml.gz", "x"), None, Verdict("arrival", lifts=False)),
        (1, "2020-01-01", Held(1, "2019", "bulk:pubmed25n1500.xml.gz", "x"), None, Verdict("arrival", lifts=False)),
        (1, "2020-01-01", Held(1, "2019", "pubmed", "x"), None, Verdict("revision", lifts=False)),
        (1, "2020-01-01", None, Deleted("bulk:pubmed26n0005.xml.gz", "x"), Verdict("revision", lifts=False)),
        (1, "2020-01-01", None, Deleted("bulk:pubmed26n0004.xml.gz", "x"), Verdict("arrival", lifts=True)),
        (1, "2020-01-01", None, Deleted("pubmed", "2020-01-01T00:00:00Z"), Verdict("revision", lifts=False)),
        (1, "2020-01-02", None, Deleted("pubmed", "2020-01-01T00:00:00Z"), Verdict("arrival", lifts=True)),
        (1, "2020-01-02", None, Deleted("file:mine.xml", "2020-01-01T00:00:00Z"), Verdict("revision", lifts=False)),
    ],
)
def test_the_place_of_a_record(
    version: int, revised: str, held: Held | None, deleted: Deleted | None, wanted: Verdict
) -> None:
    """Each rule of the file order, for a record of file 5 of 2026."""
    assert place(version, revised, FileKey(26, 5, "pubmed"), held, deleted) == wanted


def test_the_place_of_a_deletion() -> None:
    """A deletion counts over earlier files and lower versions, and over PubMed's answer of the file's day or before."""
    key = FileKey(26, 5, "pubmed")
    assert deletes(1, key, None, None)
    assert deletes(1, key, None, Held(1, None, "bulk:pubmed26n0005.xml.gz", "x"))
    assert not deletes(1, key, None, Held(1, None, "bulk:pubmed26n0006.xml.gz", "x"))
    assert not deletes(1, key, None, Held(2, None, "bulk:pubmed26n0001.xml.gz", "x"))
    assert deletes(None, key, None, Held(2, None, "bulk:pubmed26n0001.xml.gz", "x"))
    assert deletes(1, key, "2026-02-01", Held(1, None, "pubmed", "2026-02-01T09:00:00Z"))
    assert not deletes(1, key, "2026-02-01", Held(1, None, "pubmed", "2026-02-02T09:00:00Z"))


# Which files


def test_a_second_run_does_nothing(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Files applied with the same topics are not read again, touched or copied ones neither once their MD5 is seen."""
    files = area([[article(1), article(2)]], [[article(3), gone(1)]])
    run(db, tmp_path / "in", topics, files)
    before = dump(db)
    again = run(db, tmp_path / "in", topics)
    assert (again.applied, again.already, again.read, dump(db)) == (0, 2, 0, before)
    os.utime(tmp_path / "in" / "baseline" / "pubmed26n0001.xml.gz", (1, 1))
    touched = run(db, tmp_path / "in", topics)
    assert (touched.applied, touched.already) == (0, 2)
    assert dump(db, "records", "deletions", "record_versions") == [row for row in before if "bulk_files" not in row]


def test_a_changed_file_is_read_again(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A file with another MD5 under the same name is applied anew."""
    run(db, tmp_path / "in", topics, area([[article(1)]]))
    bulked = run(db, tmp_path / "in", topics, area([[article(1), article(2)]]))
    assert (bulked.applied, set(held(db))) == (1, {1, 2})


def test_other_topics_read_every_file_again(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Another topics file reads all files; deletions and later files still win; checkpoints are per topics file."""
    files = area([[article(1), article(2, OFF), article(3, OFF)]], [[article(2, OFF + " 2"), gone(3)]])
    run(db, tmp_path / "in", topics, files)
    assert set(held(db)) == {1}
    other = read_topics(EVERYTHING, "all.yml")
    assert run(db, tmp_path / "in", other).applied == 2
    assert held(db) == {1: article(1), 2: article(2, OFF + " 2")}
    assert run(db, tmp_path / "in", topics).applied == 0
    assert run(db, tmp_path / "in", other).applied == 0


def test_folders_of_several_shapes(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Files may lie right in the folder; other files are left alone; nothing of ours in it is wrong use."""
    flat = {Path(name).name: body for name, body in area([[article(1)]], [[article(2)]]).items()}
    bulked = run(db, tmp_path / "in", topics, {**flat, "README.txt": b"words", "notes.xml.gz": b"no"})
    assert (bulked.applied, bulked.problems, set(held(db))) == (2, (), {1, 2})
    for wrong in (tmp_path / "none", write_area(tmp_path / "empty", {"a.txt": b""}), tmp_path / "in" / "README.txt"):
        with pytest.raises(WrongUse, match=wrong.name):
            harvest_bulk(db, str(wrong), topics=topics)


def test_updates_alone_are_noted_and_gaps_are_named(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Update files without their baseline are applied with a note; a hole in the numbers is a problem, and exit 1."""
    files = area([], [[] for _ in range(4)] + [[article(1)], [article(2)], [article(3)]])
    few = {name: body for name, body in files.items() if any(n in name for n in ("n0005", "n0007"))}
    bulked = run(db, tmp_path / "in", topics, few)
    assert bulked.problems == ("pubmed26n0006.xml.gz: missing: the files before and after it are there",)
    assert len(bulked.notes) == 1
    assert "number 5" in bulked.notes[0]
    assert gaps([FileKey(26, 3, "pubmed")], {("pubmed", 26)}) == [FileKey(26, n, "pubmed") for n in (1, 2)]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("pubmed26n0001.xml.gz", FileKey(26, 1, "pubmed")),
        ("bulk:pubmed26n1335.xml.gz", FileKey(26, 1335, "pubmed")),
        ("file:/data/medline17n0892.xml.gz", FileKey(17, 892, "medline")),
        ("pubmedsample19n0001.xml.gz", FileKey(19, 1, "pubmedsample")),
        ("pubmed26n0001.xml.gz.md5", None),
        ("mypubmed26n0001.xml.gz", None),
        ("pubmed", None),
    ],
)
def test_names_of_bulk_files(name: str, key: FileKey | None) -> None:
    """A bulk file is known by its name, its path, or the source of a record."""
    assert key_of(name) == key


@pytest.mark.parametrize(
    "text",
    [
        "MD5(pubmed26n0001.xml.gz)= {}",
        "MD5 (pubmed26n0001.xml.gz) = {}\n",
        "{}  pubmed26n0001.xml.gz\n",
        "{} *./pubmed26n0001.xml.gz",
        "{}",
    ],
)
def test_md5_files(text: str) -> None:
    """NLM's form, md5sum's forms, or the bare sum; that of another file is none."""
    md5 = "0123456789ABCDEF0123456789abcdef"
    assert md5_in(text.format(md5), "pubmed26n0001.xml.gz") == md5.lower()
    if "pubmed26" in text:
        assert md5_in(text.format(md5), "pubmed26n0002.xml.gz") is None
    assert md5_in("<html>Not found</html>", "pubmed26n0001.xml.gz") is None


def test_an_index_leads_nowhere_else() -> None:
    """Links to other hosts, folders above or below, or with other names are no files; a page without links is none."""
    page = """<title>Index of /x</title><a href="pubmed26n0001.xml.gz">a</a> 2026-01-01 10:00  19M
    <a href="pubmed26n0001.xml.gz.md5">a</a> <a href="http://other/pubmed26n0002.xml.gz">b</a>
    <a href="../pubmed26n0003.xml.gz">c</a> <a href="a/../../pubmed26n0004.xml.gz">d</a>
    <a href="/x/pubmed26n0005.xml.gz">e</a> <a href="sub/pubmed26n0006.xml.gz">f</a> <a href="updatefiles/">u</a>"""
    found = read_index(page, "https://host/x/")
    assert found is not None
    files, folders = found
    assert [(f.key.number, f.place, f.stamp, f.has_md5) for f in files] == [
        (1, "https://host/x/pubmed26n0001.xml.gz", "2026-01-01 10:00 19M", True),
        (5, "https://host/x/pubmed26n0005.xml.gz", None, False),
    ]
    assert folders == ["updatefiles"]
    assert read_index("<html><body>Down for maintenance</body></html>", "https://host/x/") is None
    assert read_index("<h1>Index of /x</h1>", "https://host/x/") == ([], [])


def test_commands_and_their_exit_statuses(tmp_path: Path, db: Path) -> None:
    """0 where all is applied, 1 where something is named, 2 for wrong use; results on stdout, messages on stderr."""
    folder = write_area(tmp_path / "in", area([[article(1), article(2, OFF)]], [[gone(1)]]))
    done = CliRunner().invoke(main, ["bulk", str(folder), "--db", str(db)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "2 of 2 files applied; 2 records read: 1 new, 0 changed, 0 unchanged, 1 off topic, 1 PMIDs deleted.\n"
    )
    (folder / "baseline" / "pubmed26n0001.xml.gz").write_bytes(pack([article(9)]))
    wrong = CliRunner().invoke(main, ["bulk", str(folder), "--db", str(db)])
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith("pubmed26n0001.xml.gz: its MD5 is ")
    assert CliRunner().invoke(main, ["bulk", str(tmp_path / "none"), "--db", str(db)]).exit_code == 2
    ftp = CliRunner().invoke(main, ["bulk", "ftp://ftp.ncbi.nlm.nih.gov/pubmed/", "--db", str(db)])
    assert (ftp.exit_code, "http(s)" in ftp.stderr) == (2, True)
    status = CliRunner().invoke(main, ["status", "--db", str(db)])
    assert "harvest bulk: incomplete (1 of 2 files could not be applied whole)" in status.stdout


# Files that are not what they should be


def test_a_wrong_or_missing_md5_keeps_nothing(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A file that is not what its .md5 says, or has none, is named and left out; --no-md5 reads those without one."""
    files = area([[article(1)], [article(2)], [article(3)], [article(4)]])
    files["baseline/pubmed26n0001.xml.gz.md5"] = b"MD5(pubmed26n0001.xml.gz)= " + b"0" * 32
    del files["baseline/pubmed26n0002.xml.gz.md5"]
    files["baseline/pubmed26n0003.xml.gz.md5"] = b"<html>Not found</html>"
    bulked = run(db, tmp_path / "in", topics, files)
    assert (set(held(db)), bulked.applied, bulked.exit_status) == ({4}, 1, 1)
    assert [problem.split(":")[0] for problem in bulked.problems] == [f"pubmed26n000{n}.xml.gz" for n in (1, 2, 3)]
    assert "has no .md5 beside it" in bulked.problems[1]
    lenient = run(db, tmp_path / "in", topics, need_md5=False)
    assert (set(held(db)), lenient.applied, len(lenient.problems)) == ({2, 3, 4}, 2, 1)


@pytest.mark.parametrize("verified", [True, False])
def test_a_file_cut_short(tmp_path: Path, db: Path, topics: Topics, verified: bool) -> None:
    """What could be read of a verified file is kept and read again next time; of an unverified one nothing is kept."""
    raws = [article(n, TOPIC, authors=(os.urandom(4000).hex(),)) for n in range(40)]
    whole = pack([*raws, gone(0)])
    name = "baseline/pubmed26n0001.xml.gz"
    cut = with_md5(name, whole[: len(whole) // 2])
    if not verified:
        del cut[f"{name}.md5"]
    bulked = run(db, tmp_path / "in", topics, cut, need_md5=False)
    assert bulked.exit_status == 1
    assert "pubmed26n0001.xml.gz: the gzip file is cut short" in bulked.problems[0]
    assert bool(held(db)) is verified
    assert run(db, tmp_path / "in", topics, need_md5=False).exit_status == 1
    assert run(db, tmp_path / "in", topics, with_md5(name, whole)).exit_status == 0
    assert set(held(db)) == set(range(1, 40))
    with Store.read(db) as store:
        assert store.open_set_aside() == []


def test_an_unparsable_record_is_set_aside_raw(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A record that cannot be parsed is kept raw and named, the others are applied, and a mended file resolves it."""
    broken = article(2).replace(b"</ArticleTitle>", b"</ArticleTitel>")
    bulked = run(db, tmp_path / "in", topics, area([[article(1), broken, article(3)]]))
    assert (set(held(db)), bulked.exit_status, len(bulked.problems)) == ({1, 3}, 1, 1)
    assert bulked.problems[0].startswith(f"pubmed26n0001.xml.gz: PMID {FIRST_PMID + 2}: not well-formed")
    with Store.read(db) as store:
        assert [row.pmid for row in store.open_set_aside()] == [FIRST_PMID + 2]
    assert run(db, tmp_path / "in", topics, area([[article(1), article(2), article(3)]])).exit_status == 0
    with Store.read(db) as store:
        assert store.open_set_aside() == []


@pytest.mark.parametrize("body", [b"", b"no gzip", pack([])[:10], b"<html>Sorry</html>"])
def test_a_file_that_is_none(tmp_path: Path, db: Path, topics: Topics, body: bytes) -> None:
    """A verified file that holds no records is named, and the others are applied."""
    files = area([[article(1)], [article(2)]]) | with_md5("baseline/pubmed26n0001.xml.gz", body)
    bulked = run(db, tmp_path / "in", topics, files)
    assert (set(held(db)), bulked.exit_status) == ({2}, 1)
    assert bulked.problems[0].startswith("pubmed26n0001.xml.gz: ")
