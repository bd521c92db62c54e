"""The site behind nginx and Caddy as deploy/ has them, two replicas of one file: real proxies, a real browser."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser

from catalog.sample import write_sample
from tests.running import Served, start
from tests.site_fixtures import browser as browser
from tests.site_fixtures import wait_until

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
PAGES = (
    "/",
    "/search?q=ozone",
    "/search.json?level=1",
    "/articles/970000042",
    "/claims",
    "/feeds/new.atom",
    "/compare?pmid=970000042",
)


@dataclass(frozen=True)
class Proxied:
    """A proxy before two replicas."""

    name: str
    url: str
    replicas: tuple[Served, Served]
    catalog: Path
    folder: Path

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask the proxy."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.get(self.url + path, headers=named, timeout=30)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Served, Path]]:
    folder = tmp_path_factory.mktemp("replicas")
    write_sample(folder / "catalog.db")
    (folder / "other").mkdir()
    shutil.copyfile(folder / "catalog.db", folder / "other" / "copy.db")
    first = start("catalog", ["serve", "catalog.db", "--port", "0"], folder)
    second = start("catalog", ["serve", "copy.db", "--port", "0"], folder / "other")
    try:
        for replica in (first, second):
            replica.wait_ready()
        yield first, second, folder / "catalog.db"
    finally:
        for replica in (first, second):
            assert replica.stop() == 0


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxied(
    request: pytest.FixtureRequest, replicas: tuple[Served, Served, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Proxied]:
    name = request.param
    program = shutil.which(name) or shutil.which(f"/usr/sbin/{name}")
    if not program:
        missing = f"no {name} on this machine: install Debian's package of that name"
        if os.environ.get("REQUIRE_PROXIES"):
            pytest.fail(missing)
        pytest.skip(missing)
    first, second, catalog = replicas
    folder, port = tmp_path_factory.mktemp(name), free_port()
    written = written_nginx if name == "nginx" else written_caddy
    command = [program, *written(folder, port, *(served.address.removeprefix("http://") for served in (first, second)))]
    env = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with (folder / "err").open("w") as err:
        process = subprocess.Popen(command, stderr=err, stdout=err, env=env)
    found = Proxied(name, f"http://127.0.0.1:{port}", (first, second), catalog, folder)

    def answers() -> bool:
        assert process.poll() is None, (folder / "err").read_text()
        try:
            return found.get("/-/health").status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_until(answers, within=20)
        yield found
    finally:
        process.terminate()
        process.wait(20)


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """A configuration with its addresses and folders replaced; each of them has to be there."""
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return text


def written_nginx(folder: Path, port: int, first: str, second: str) -> list[str]:
    site = changed(
        (DEPLOY / "nginx" / "catalog.conf").read_text(),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8001;", f"server {first};"),
        ("# server 127.0.0.1:8002;", f"server {second};"),
        ("/var/cache/nginx/catalog", str(folder / "cache")),
        ("/var/log/nginx/catalog.log", str(folder / "access.log")),
    )
    (folder / "catalog.conf").write_text(site)
    places = "\n".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}\ndaemon off;\npid {folder}/pid;\nworker_processes 1;\nevents {{}}\n"
        f"http {{\n{places}\ninclude /etc/nginx/mime.types;\ninclude {folder}/catalog.conf;\n}}\n"
    )
    return ["-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]


def written_caddy(folder: Path, port: int, first: str, second: str) -> list[str]:
    site = changed(
        (DEPLOY / "Caddyfile").read_text(),
        ("catalog.example.org {", f"http://127.0.0.1:{port} {{"),
        ("reverse_proxy 127.0.0.1:8001 {", f"reverse_proxy {first} {second} {{"),
        ("health_interval 5s", "health_interval 1s"),
    )
    (folder / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{site}")
    return ["run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def test_replicas_of_one_file_answer_alike(replicas: tuple[Served, Served, Path]) -> None:
    """Two servers of copies of one file give the same bytes under the same tags and headers, whatever its name."""
    answers = [
        [
            requests.get(f"{replica.address}{path}", headers={"host": "catalog.example.org"}, timeout=30)
            for path in (*PAGES, "/catalog/articles.json", "/catalog.db", "/articles/970000042.ris")
        ]
        for replica in replicas[:2]
    ]
    for one, other in zip(*answers, strict=True):
        assert one.status_code == other.status_code == 200
        if one.url.endswith("/catalog/articles.json"):  # Datasette's own, which tells how long it took
            assert one.json()["rows"] == other.json()["rows"]
        else:
            assert one.content == other.content
        heads = [{k: v for k, v in answer.headers.items() if k.lower() != "date"} for answer in (one, other)]
        if one.url.endswith("/catalog/articles.json"):
            assert heads[0]["x-catalog-generation"] == heads[1]["x-catalog-generation"]
        else:
            assert "etag" in one.headers
            assert heads[0] == heads[1]


def test_headers_pass_and_what_is_closed_is_closed(proxied: Proxied) -> None:
    """The site's own headers arrive, TLS is asked for, the proxy's version is not told, metrics are not to be had."""
    page = proxied.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert page.headers["x-catalog-generation"] == hashlib.sha256(proxied.catalog.read_bytes()).hexdigest()[:16]
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    assert page.headers["cache-control"] == "no-cache"
    assert not re.search(r"\d", page.headers.get("server", ""))
    for path in ("/-/metrics", "/-/metrics?x=1", "//-/metrics", "/-/%6detrics", "/-/threads"):
        assert proxied.get(path).status_code == 404, path
    assert requests.get(f"{proxied.replicas[0].address}/-/metrics", timeout=30).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_compressed_and_known_again(proxied: Proxied, path: str) -> None:
    """A page is sent compressed, with a tag by which the browser learns that it is current: 304 from either replica."""
    page = proxied.get(path, accept_encoding="gzip")
    assert (page.status_code, page.headers["content-encoding"]) == (200, "gzip")
    assert "accept-encoding" in page.headers["vary"].lower()
    for _ in range(4):
        again = proxied.get(path, accept_encoding="gzip", if_none_match=page.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")


def test_style_is_kept(proxied: Proxied) -> None:
    """What has its version in its address may be kept for good; nginx does, and answers it without asking the site."""
    style = re.search(r"/-/catalog/\w+\.css", proxied.get("/").text)
    assert style
    first, second = (proxied.get(style[0]) for _ in range(2))
    assert first.content == second.content
    assert second.headers["cache-control"] == "public, max-age=31536000, immutable"
    if proxied.name == "nginx":
        assert second.headers["x-cache-status"] == "HIT"
        assert "x-cache-status" not in proxied.get("/").headers


def test_the_whole_catalog_passes(proxied: Proxied) -> None:
    """The file comes whole, with its length, and a download that broke goes on."""
    whole = proxied.get("/catalog.db", accept_encoding="identity")
    assert whole.content == proxied.catalog.read_bytes()
    assert int(whole.headers["content-length"]) == len(whole.content)
    part = proxied.get("/catalog.db", accept_encoding="identity", range="bytes=5000-")
    assert (part.status_code, part.content) == (206, whole.content[5000:])


def test_texts_pass_up_to_what_is_read(proxied: Proxied) -> None:
    """A text, a file and a list near the limit are answered; what is larger than any is refused."""
    checked = requests.post(
        f"{proxied.url}/check.json", json={"text": "Ozone is proven to cure back pain."}, timeout=30
    )
    assert checked.json()["claims"]
    listed = "\n".join(f"PMID: {970000001 + n % 60}" for n in range(100)).ljust(1_900_000)
    sent = requests.post(f"{proxied.url}/references.json", files={"file": ("list.txt", listed)}, timeout=60)
    assert (sent.status_code, sent.json()["total"]) == (200, 100)
    try:
        status = requests.post(f"{proxied.url}/check", data=b"x" * 4_000_000, timeout=60).status_code
    except requests.ConnectionError:  # the proxy ends it before all is sent
        status = 413
    assert status == 413


def test_a_client_is_who_the_proxy_sees(proxied: Proxied) -> None:
    """Whoever writes other addresses into their requests is one client still, and asks too often in the end."""
    for n in range(100):
        forged = {
            "x-forwarded-for": f"198.51.100.{n}",
            "x-real-ip": f"198.51.100.{n}",
            "forwarded": f"for=198.51.100.{n}",
        }
        answer = requests.post(f"{proxied.url}/quotes.json", json={"text": ""}, headers=forged, timeout=30)
        if answer.status_code == 429 and answer.headers["content-type"].startswith("application/json"):
            assert "more than 30 a minute" in answer.json()["error"]
            return
        assert answer.status_code == 400
        time.sleep(0.05 if proxied.name == "nginx" else 0)  # nginx lets 20 a second pass
    pytest.fail("each forged address was a client of its own")


@pytest.mark.browser
def test_a_page_in_a_browser(proxied: Proxied, browser: Browser) -> None:
    """Through the proxy a page has its style and no complaint; opened again, it is the browser's own, asked after."""
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{proxied.url}/search?q=ozone")
    assert page.evaluate("document.styleSheets.length") == 1
    assert page.evaluate("document.styleSheets[0].cssRules.length") > 50
    with page.expect_response(lambda answer: answer.url.endswith("q=ozone")) as again:
        page.reload()
    assert again.value.status in (200, 304)
    assert page.locator("h1").count() == 1
    assert complaints == []
    page.close()


def test_the_log_does_not_tell_who_asked_what(proxied: Proxied) -> None:
    """Nginx logs what was answered, without addresses and queries; Caddy logs nothing of requests."""
    proxied.get("/search?q=my+herniated+disc")
    log = proxied.folder / ("access.log" if proxied.name == "nginx" else "err")
    if proxied.name == "nginx":
        wait_until(lambda: "GET /search 200" in log.read_text())
    assert not re.search(r"herniated|GET.*127\.0\.0\.1|\?", log.read_text())


def test_too_many_at_once_are_told_to_wait(proxied: Proxied) -> None:
    """Nginx turns away who asks far more than a reader does."""
    if proxied.name != "nginx":
        pytest.skip("Caddy has no rate limit without a plugin")
    with requests.Session() as session:
        statuses = {session.get(f"{proxied.url}/-/health", timeout=30).status_code for _ in range(300)}
    assert statuses == {200, 429}
    time.sleep(3)  # the bucket empties for the tests after this one


def test_a_replica_that_stops_is_not_noticed(proxied: Proxied, tmp_path: Path) -> None:
    """While one replica is told to stop and comes back, every reader is answered."""
    second = proxied.replicas[1]
    port = second.address.rpartition(":")[2]
    statuses = [proxied.get("/search?q=prp").status_code for _ in range(5)]
    assert second.stop() == 0
    for _ in range(20):
        statuses.append(proxied.get("/search?q=prp").status_code)
        time.sleep(0.05)
    shutil.copyfile(proxied.catalog, tmp_path / "copy.db")
    back = start("catalog", ["serve", "copy.db", "--port", port], tmp_path)
    back.wait_ready()
    second.process, second.out, second.err = back.process, back.out, back.err
    statuses += [proxied.get("/search?q=prp").status_code for _ in range(5)]
    assert set(statuses) == {200}
