"""What an edition answers is its own file's, whatever is put in that file's place meanwhile."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import io
import json
import os
import shutil
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalog.serving import dispatch
from catalog.serving.board import Board, State
from catalog.serving.dispatch import Dispatcher
from catalog.serving.editions import open_edition
from catalog.serving.logs import Log
from tests.linked import linked_xml
from tests.site_fixtures import write_site

GENERATION = "x-catalog-generation"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three catalogs, of one, two and three papers."""
    folder = tmp_path_factory.mktemp("editions")
    return [
        write_site(
            folder / f"{count}.db",
            [
                linked_xml(
                    f"Synthetic {word} for low back pain: a case series",
                    [("METHODS", "A case series of 12 patients."), ("RESULTS", f"Pain fell after {word} was given.")],
                    pmid=970062000 + n,
                )
                for n, word in enumerate(("ozone", "dextrose", "plasma")[:count])
            ],
        )
        for count in (1, 2, 3)
    ]


def name_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


class Run:
    """A dispatcher over a file, asked without a network."""

    def __init__(self, path: Path, files: list[Path], processes: int = 1) -> None:
        self.path, self.files = path, files
        self.log = io.StringIO()
        self.board = Board(processes)
        self.dispatcher = Dispatcher(path, self.board, self.board.columns[0], Log("none", 0, self.log), "off")
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.dispatcher), base_url="http://site")

    def put(self, count: int) -> None:
        """Put the catalog of so many papers there, as a build does."""
        beside = self.path.with_name("beside.db")
        shutil.copyfile(self.files[count - 1], beside)
        beside.replace(self.path)

    async def total(self) -> tuple[int, str]:
        """(papers of a search, the generation it says it is of)."""
        answer = await self.client.get("/search.json")
        return answer.json()["total"], answer.headers[GENERATION]


def running(tmp_path: Path, files: list[Path], what: Callable[[Run], Awaitable[None]], *, processes: int = 1) -> Run:
    """Run a test's coroutine over an open dispatcher; closes it."""
    run = Run(tmp_path / "catalog.db", files, processes)
    run.put(1)

    async def whole() -> None:
        await run.dispatcher.open()
        try:
            await what(run)
        finally:
            await run.dispatcher.close()

    asyncio.run(whole())
    return run


def test_between_the_rename_and_the_change_everything_is_of_the_old_file(tmp_path: Path, files: list[Path]) -> None:
    """The download, work on a text and pages name the old catalog and are of it, though its name leads elsewhere."""

    async def what(run: Run) -> None:
        run.put(2)
        downloaded = await run.client.get("/catalog.db")
        assert (
            downloaded.headers[GENERATION] == name_of(files[0]) == hashlib.sha256(downloaded.content).hexdigest()[:16]
        )
        assert downloaded.headers["etag"].strip('"').startswith(name_of(files[0]))
        quoted = await run.client.post("/quotes.json", json={"text": "Pain fell after dextrose was given."})
        assert quoted.headers[GENERATION] == name_of(files[0])
        assert "dextrose" not in json.dumps([one["text"] for one in quoted.json()["nearest"]])
        assert await run.total() == (1, name_of(files[0]))
        await run.dispatcher.look()
        quoted = await run.client.post("/quotes.json", json={"text": "Pain fell after dextrose was given."})
        assert "dextrose" in json.dumps(quoted.json()["nearest"])
        assert await run.total() == (2, name_of(files[1]))

    running(tmp_path, files, what)


def test_an_answer_begun_before_a_change_ends_in_the_old_catalog(tmp_path: Path, files: list[Path]) -> None:
    """A text that arrives slowly, across a swap, is answered whole by the catalog it was asked of."""

    async def what(run: Run) -> None:
        rest = asyncio.Event()

        async def body() -> Any:
            yield b'{"text": "Pain fell after '
            await rest.wait()
            yield b'dextrose was given."}'

        headers = {"content-type": "application/json"}
        asked = asyncio.create_task(run.client.post("/quotes.json", content=body(), headers=headers))
        while not (edition := run.dispatcher._current) or not edition.busy:
            await asyncio.sleep(0.01)
        for count in (2, 3):  # twice, before the first has been let go
            run.put(count)
            await run.dispatcher.look()
            assert (await run.total())[0] == count
        rest.set()
        answer = await asked
        assert (answer.status_code, answer.headers[GENERATION]) == (200, name_of(files[0]))
        assert "dextrose" not in json.dumps([one["text"] for one in answer.json()["nearest"]])

    running(tmp_path, files, what)


def test_tags_of_one_catalog_are_not_those_of_another(tmp_path: Path, files: list[Path]) -> None:
    """A page that changed is sent anew, one that did not is known still: 304 goes by the bytes."""

    async def what(run: Run) -> None:
        paths = ("/search", "/articles/970062000.json", "/search.json")
        tags = {path: (await run.client.get(path)).headers["etag"] for path in paths}
        for path, tag in tags.items():
            known = await run.client.get(path, headers={"if-none-match": f'"other", W/{tag}'})
            assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
        run.put(2)
        await run.dispatcher.look()
        for path, tag in tags.items():
            asked = await run.client.get(path, headers={"if-none-match": tag})
            assert asked.status_code == (304 if path.startswith("/articles") else 200), path
            assert asked.headers[GENERATION] == name_of(files[1])

    running(tmp_path, files, what)


def test_a_catalog_that_was_replaced_leaves_the_memory(tmp_path: Path, files: list[Path]) -> None:
    """Each swap used to leave a whole Datasette behind, its readers' memory and all."""
    seen: list[weakref.ref[Any]] = []

    async def what(run: Run) -> None:
        for count in (2, 3, 1):
            assert run.dispatcher._current
            await run.client.get("/search")
            seen.extend(weakref.ref(datasette) for datasette in run.dispatcher._current.datasettes)
            run.put(count)
            await run.dispatcher.look()
        while run.dispatcher._draining:
            await asyncio.sleep(0.01)

    running(tmp_path, files, what)
    gc.collect()
    assert [left for left in seen if left() is not None] == []


def test_a_file_that_is_gone_or_bad_changes_nothing(tmp_path: Path, files: list[Path]) -> None:
    """Deleted, or replaced by what is no catalog (told once), the site goes on; a good one is taken up again."""

    async def what(run: Run) -> None:
        run.path.unlink()
        await run.dispatcher.look()
        assert await run.total() == (1, name_of(files[0]))
        run.path.write_text("no catalog")
        for _ in range(3):
            await run.dispatcher.look()
        assert await run.total() == (1, name_of(files[0]))
        run.put(2)
        await run.dispatcher.look()
        assert await run.total() == (2, name_of(files[1]))

    run = running(tmp_path, files, what)
    assert run.log.getvalue().count("the site goes on with the catalog it had") == 1
    assert run.board.columns[0]["swaps_refused"] == 1
    assert run.board.columns[0]["swaps"] == 1


def test_a_file_that_could_not_be_read_for_a_while_is_tried_again(
    tmp_path: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trouble that passes, such as too many open files, used to keep the site on the old catalog for good."""
    opened = open_edition

    async def what(run: Run) -> None:
        async def fails(*_: object) -> Any:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(dispatch, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(dispatch, "open_edition", fails)
        monkeypatch.setattr(dispatch, "TRY_AGAIN_AFTER", 0.05)
        run.put(2)
        following = asyncio.create_task(run.dispatcher.follow())
        while not run.log.getvalue():
            await asyncio.sleep(0.01)
        monkeypatch.setattr(dispatch, "open_edition", opened)
        while (await run.total())[0] != 2:
            await asyncio.sleep(0.01)
        following.cancel()

    run = running(tmp_path, files, what)
    assert "can't start new thread" in run.log.getvalue()


def test_a_file_written_over_in_place_is_told_of(tmp_path: Path, files: list[Path]) -> None:
    """Nothing can keep answers whole then, so whoever did it has to know; the new one is taken up."""

    async def what(run: Run) -> None:
        shutil.copyfile(files[2], run.path)
        os.utime(run.path)
        await run.dispatcher.look()
        assert await run.total() == (3, name_of(files[2]))

    run = running(tmp_path, files, what)
    assert "was written over in place" in run.log.getvalue()


def test_processes_change_over_together(tmp_path: Path, files: list[Path]) -> None:
    """One that has the new catalog ready answers from the old until the others have it too, or one newer still."""

    async def what(run: Run) -> None:
        other = run.board.columns[1]
        other.begin(0.0)
        other.generation = other.prepared = hashlib.sha256(files[0].read_bytes()).hexdigest()
        other.state = State.SERVING
        run.put(2)
        looking = asyncio.create_task(run.dispatcher.look())
        while run.board.columns[0].prepared == other.prepared:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert await run.total() == (1, name_of(files[0]))
        run.put(3)  # the one that waits gives way to what came meanwhile
        await looking
        assert await run.total() == (1, name_of(files[0]))
        looking = asyncio.create_task(run.dispatcher.look())
        other.prepared = hashlib.sha256(files[2].read_bytes()).hexdigest()
        await looking
        assert await run.total() == (3, name_of(files[2]))

    running(tmp_path, files, what, processes=2)


def test_a_download_goes_on_where_it_stopped(tmp_path: Path, files: list[Path]) -> None:
    """Ranges of the file are sent, of the same file only; its length is known and it is not in chunks."""

    async def what(run: Run) -> None:
        whole = await run.client.get("/catalog.db")
        size, tag = len(whole.content), whole.headers["etag"]
        assert whole.headers["content-length"] == str(size)
        assert "transfer-encoding" not in whole.headers
        part = await run.client.get("/catalog.db", headers={"range": "bytes=100-", "if-range": tag})
        assert (part.status_code, part.content) == (206, whole.content[100:])
        assert part.headers["content-range"] == f"bytes 100-{size - 1}/{size}"
        some = await run.client.get("/catalog.db", headers={"range": "bytes=5-9"})
        assert some.content == whole.content[5:10]
        other = await run.client.get("/catalog.db", headers={"range": "bytes=100-", "if-range": '"another"'})
        assert (other.status_code, len(other.content)) == (200, size)
        assert (await run.client.get("/catalog.db", headers={"range": f"bytes={size}-"})).status_code == 416
        assert (await run.client.get("/catalog.db", headers={"if-none-match": tag})).status_code == 304
        assert (await run.client.head("/catalog.db")).headers["content-length"] == str(size)
        assert (await run.client.post("/catalog.db")).status_code == 405

    running(tmp_path, files, what)


def test_a_style_of_another_version_is_not_kept(tmp_path: Path, files: list[Path]) -> None:
    """While replicas are renewed one by one, no cache may hold the old style under the new one's address."""

    async def what(run: Run) -> None:
        style = (await run.client.get("/")).text.partition("/-/catalog/")[2].partition('"')[0]
        assert "immutable" in (await run.client.get(f"/-/catalog/{style}")).headers["cache-control"]
        assert (await run.client.get("/-/catalog/0123456789ab.css")).headers["cache-control"] == "no-store"

    running(tmp_path, files, what)
