"""`harvest files`: PubMed XML that somebody has, on topic or all, deletions applied, bad parts named."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from harvest.cli import main
from harvest.errors import WrongUse
from harvest.files import Filed, harvest_files
from harvest.record import parse_article
from harvest.store import Store
from harvest.stream import elements, open_xml
from harvest.topics import Topics, load_topics
from tests.ncbi import FIRST_PMID, synthetic_article


@pytest.fixture(scope="session")
def topics() -> Topics:
    return load_topics()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "pubmed.db"


def article(n: int, title: str = "Ozone for low back pain (invented)", **more: Any) -> bytes:
    return synthetic_article(FIRST_PMID + n, title, **more)


def deletions(*numbers: int) -> bytes:
    inside = b"".join(b'<PMID Version="1">%d</PMID>' % (FIRST_PMID + n) for n in numbers)
    return b"<DeleteCitation>" + inside + b"</DeleteCitation>"


def write(path: Path, *parts: bytes) -> Path:
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<PubmedArticleSet>\n' + b"\n".join(parts) + b"\n</PubmedArticleSet>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def held(db: Path) -> dict[int, bytes]:
    with Store.read(db) as store:
        return {record.pmid - FIRST_PMID: record.raw for record in store.records()}


def test_only_what_is_on_topic(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Records are kept as they stand in the file where the local match finds a topic, all of them with --all."""
    file = write(tmp_path / "a.xml", article(0), article(1, "Ozone in drinking water (invented)"))
    filed = harvest_files(db, [file], topics=topics)
    assert (filed.read, filed.off_topic, filed.kept.new, filed.exit_status) == (2, 1, 1, 0)
    assert held(db) == {0: article(0)}
    assert harvest_files(db, [file], topics=topics, keep_all=True).kept.new == 1
    assert set(held(db)) == {0, 1}


def test_gzip_and_folders(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Folders are searched for .xml and .xml.gz; other files in them are left alone."""
    write(tmp_path / "in" / "b.xml.gz", article(1))
    write(tmp_path / "in" / "deeper" / "c.xml", article(2))
    (tmp_path / "in" / "README.txt").write_text("not XML")
    filed = harvest_files(db, [tmp_path / "in"], topics=topics)
    assert (filed.files, filed.problems, set(held(db))) == (2, (), {1, 2})


def test_again_changes_nothing(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Reading the same files again changes no record."""
    file = write(tmp_path / "a.xml", article(0), article(1), deletions(1))
    first = harvest_files(db, [file], topics=topics)
    before = held(db)
    again = harvest_files(db, [file], topics=topics)
    assert (first.kept.new, first.deleted) == (2, 1)
    assert (again.kept.new, again.kept.changed, again.deleted, again.kept.unchanged) == (0, 0, 0, 2)
    assert held(db) == before == {0: article(0)}


def test_deletions_stand_in_any_order(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A deletion holds whether its file comes before or after the record's."""
    record, deletion = write(tmp_path / "a.xml", article(0)), write(tmp_path / "b.xml", deletions(0))
    for order, name in (([record, deletion], "x.db"), ([deletion, record], "y.db")):
        harvest_files(tmp_path / name, order, topics=topics)
        assert held(tmp_path / name) == {}


def test_a_held_record_is_kept_up_to_date(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A newer version of a held record is kept even if its words are on topic no more; an older one is not current."""
    newer = article(0, "RETRACTED (invented)", version=2)
    harvest_files(db, [write(tmp_path / "a.xml", article(0))], topics=topics)
    harvest_files(db, [write(tmp_path / "b.xml", newer)], topics=topics)
    filed = harvest_files(db, [write(tmp_path / "c.xml", article(0, "Older (invented)"))], topics=topics)
    assert (filed.kept.older, held(db)) == (1, {0: newer})


def test_a_bad_record_spoils_only_itself(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A record that cannot be parsed is named, kept raw, and resolved when its file is whole."""
    broken = article(1).replace(b"</MedlineCitation>", b"&broken;</MedlineCitation>")
    file = write(tmp_path / "a.xml", article(0), broken, article(2))
    filed = harvest_files(db, [file], topics=topics)
    assert (filed.exit_status, set(held(db)), len(filed.problems)) == (1, {0, 2}, 1)
    assert str(file) in filed.problems[0]
    assert str(FIRST_PMID + 1) in filed.problems[0]
    with Store.read(db) as store:
        assert [row.pmid for row in store.open_set_aside()] == [FIRST_PMID + 1]
    write(file, article(0), article(1), article(2))
    assert harvest_files(db, [file], topics=topics).exit_status == 0
    with Store.read(db) as store:
        assert store.open_set_aside() == []


def test_a_bad_file_among_good_ones(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Missing, foreign, cut and damaged files are named in one line each, and the rest goes on."""
    good = write(tmp_path / "good.xml", article(0))
    cut = tmp_path / "cut.xml"
    cut.write_bytes(write(tmp_path / "whole.xml", article(1), article(2)).read_bytes()[:-400])
    damaged = tmp_path / "damaged.xml.gz"
    damaged.write_bytes(write(tmp_path / "w.xml.gz", article(3)).read_bytes()[:200])
    page = tmp_path / "page.xml"
    page.write_text("<!DOCTYPE html><html><body>no</body></html>")
    empty = tmp_path / "empty"
    empty.mkdir()
    bad = [tmp_path / "missing.xml", cut, damaged, page, empty]
    last = write(tmp_path / "last.xml", article(9))
    filed = harvest_files(db, [good, *bad, last], topics=topics)
    assert filed.exit_status == 1
    assert set(held(db)) == {0, 1, 9}
    assert len(filed.problems) == 5
    for path in bad:
        assert sum(line.startswith(f"{path}") and "\n" not in line for line in filed.problems) == 1


def test_batches(tmp_path: Path, db: Path, topics: Topics) -> None:
    """Records are kept in batches, with what is left at a file's end and before a deletion."""
    write(tmp_path / "a.xml", *(article(n) for n in range(7)), deletions(6), article(8))
    filed = harvest_files(db, [tmp_path / "a.xml"], topics=topics, batch=3)
    assert (filed.kept.new, set(held(db))) == (8, {0, 1, 2, 3, 4, 5, 8})


def test_a_broken_deletion_is_named(tmp_path: Path, db: Path, topics: Topics) -> None:
    """A deletion list that cannot be read is set aside, not skipped in silence."""
    file = write(tmp_path / "a.xml", article(0), b"<DeleteCitation><PMID>x</PMID></DeleteCitation>")
    filed = harvest_files(db, [file], topics=topics)
    assert (len(filed.problems), set(held(db))) == (1, {0})


def test_no_path_is_wrong_use(db: Path) -> None:
    """Without a path there is nothing to do, and that is said."""
    with pytest.raises(WrongUse, match="name one file"):
        harvest_files(db, [])


def test_the_command(tmp_path: Path, db: Path) -> None:
    """`harvest files` prints what it kept and names what it could not read; exit status 1 then."""
    good = write(tmp_path / "good.xml", article(0), article(1, "Ozone in water (invented)"))
    done = CliRunner().invoke(main, ["files", str(good), "--db", str(db)])
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "2 records read, 1 files whole: 1 new, 0 changed, 0 unchanged, 1 off topic.\n"
    bad = CliRunner().invoke(main, ["files", str(tmp_path / "no.xml"), str(good), "--db", str(db), "--all"])
    assert bad.exit_code == 1
    assert bad.stderr.count("\n") == 1
    assert "no.xml" in bad.stderr
    assert "Set aside: 0" in CliRunner().invoke(main, ["status", "--db", str(db)]).stdout


@pytest.mark.shared
def test_real_files_are_kept_whole(shared_data: Path, db: Path, topics: Topics) -> None:
    """Every record of NLM's own files is kept as it stands there, in either order alike, and again without change."""
    files = sorted((shared_data / "pubmed").glob("*.xml.gz"))
    updates = sorted((shared_data / "pubmed" / "updates").glob("*.xml.gz"))

    def take(name: Path, order: list[Path]) -> Filed:
        return harvest_files(name, order, topics=topics, keep_all=True)

    assert take(db, files).exit_status == 0
    raws = set()
    for path in files:
        with open_xml(path) as stream:
            raws |= {element.raw for element in elements(stream) if element.kind != "DeleteCitation"}
    with Store.read(db) as store:
        stored = {record.pmid: record.raw for record in store.records()}
    assert stored.keys() == {parse_article(raw).pmid for raw in raws}
    assert set(stored.values()) <= raws
    forward, backward = db.with_name("forward.db"), db.with_name("backward.db")
    take(forward, [*files, *updates])
    take(backward, [*reversed(updates), *reversed(files)])
    again = take(forward, [*files, *updates])
    assert (again.kept.new, again.kept.changed, again.deleted) == (0, 0, 0)
    with Store.read(forward) as one, Store.read(backward) as other:
        assert [(r.pmid, r.version) for r in one.records()] == [(r.pmid, r.version) for r in other.records()]
