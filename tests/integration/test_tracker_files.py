"""The tracker's files over HTTP, from a service that has been upgraded: its own, and those of the release before."""

import gzip
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tracker
from tests.support.http import Answer, Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, serving
from tracker.names import hashed_name
from tracker.node import run_node
from tracker.releases import release

PLAIN = sorted(file.name for file in tracker.DIST.glob("*.js"))
FOR_EVER = "public, max-age=31536000, immutable"
EVERYWHERE = {
    "content-type": "text/javascript; charset=utf-8",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    "vary": "Accept-Encoding",
}


@dataclass(frozen=True)
class Upgraded:
    """A service of the version after 0.1.0."""

    service: Service
    door: Door
    package: Path

    def get(self, name: str, accept: str = "", method: str = "GET", **headers: str) -> Answer:
        sent = {"Accept-Encoding": accept} if accept else {}
        return ask(self.door, method, f"/{name}", {**sent, **{key.replace("_", "-"): headers[key] for key in headers}})


@pytest.fixture(scope="module")
def upgraded(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """Its tracker package is a copy: what this one builds is 0.1.0, and a byte more is what is served now."""
    home = tmp_path_factory.mktemp("upgraded")
    ignored = shutil.ignore_patterns("node_modules", "released")
    package = Path(shutil.copytree(tracker.DIST.parent, home / "tracker", ignore=ignored))
    (package / "released").mkdir()
    release("0.1.0", package / "dist", package / "released")
    for file in (package / "dist").glob("*.js"):
        file.write_bytes(file.read_bytes() + b"\n")
        run_node("brotli.mjs", file)
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), "PYTHONPATH": str(home)}
    with serving(home / "data", environment) as service:
        yield Upgraded(service, Door.at(service.url), package)


def unpacked(answer: Answer, folder: Path) -> bytes:
    coding = answer.headers.get("content-encoding")
    if coding is None:
        return answer.body
    if coding == "gzip":
        return gzip.decompress(answer.body)
    assert "br" == coding
    packed = folder / "body.br"
    packed.write_bytes(answer.body)
    script = "process.stdout.write(zlib.brotliDecompressSync(fs.readFileSync(process.argv[1])))"
    return run_node("-e", script, packed).encode()


@pytest.mark.parametrize("accept", ["", "gzip", "gzip, deflate, br, zstd"])
@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_name_answers_with_what_is_built_now(
    upgraded: Upgraded, tmp_path: Path, name: str, accept: str
) -> None:
    answer = upgraded.get(name, accept)
    assert 200 == answer.status
    assert (upgraded.package / "dist" / name).read_bytes() == unpacked(answer, tmp_path)
    assert EVERYWHERE.items() <= answer.headers.items()
    assert "public, max-age=300, stale-while-revalidate=86400" == answer.headers["cache-control"]


@pytest.mark.parametrize("accept", ["", "gzip", "br"])
@pytest.mark.parametrize("name", PLAIN)
def test_a_name_pinned_before_the_upgrade_answers_with_what_was_pinned(
    upgraded: Upgraded, tmp_path: Path, name: str, accept: str
) -> None:
    content = (tracker.DIST / name).read_bytes()
    answer = upgraded.get(hashed_name(name, content), accept)
    assert 200 == answer.status
    assert content == unpacked(answer, tmp_path)
    assert EVERYWHERE.items() <= answer.headers.items()
    assert FOR_EVER == answer.headers["cache-control"]


def test_every_released_file_is_served(upgraded: Upgraded) -> None:
    released = [file.name for file in (upgraded.package / "released").glob("*.js")]
    assert len(PLAIN) == len(released)
    assert {200} == {upgraded.get(name).status for name in released}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_built_now_can_be_pinned(upgraded: Upgraded, name: str) -> None:
    content = (upgraded.package / "dist" / name).read_bytes()
    answer = upgraded.get(hashed_name(name, content))
    assert (200, content, FOR_EVER) == (answer.status, answer.body, answer.headers["cache-control"])


@pytest.mark.parametrize("accept", ["", "gzip", "br"])
def test_who_has_the_file_is_told_so(upgraded: Upgraded, accept: str) -> None:
    first = upgraded.get("tonearm.js", accept)
    again = upgraded.get("tonearm.js", accept, If_None_Match=f'"another", {first.headers["etag"]}')
    assert (304, b"") == (again.status, again.body)
    kept = ("etag", "cache-control", "vary", "access-control-allow-origin", "cross-origin-resource-policy")
    assert {name: first.headers[name] for name in kept} == {name: again.headers[name] for name in kept}


def test_a_proxy_that_weakened_the_etag_is_told_so_too(upgraded: Upgraded) -> None:
    etag = upgraded.get("tonearm.js", "br").headers["etag"]
    assert 304 == upgraded.get("tonearm.js", "br", If_None_Match=f"W/{etag}").status


def test_etags_are_strong_and_each_form_has_its_own(upgraded: Upgraded) -> None:
    etags = [upgraded.get("tonearm.js", accept).headers["etag"] for accept in ("", "gzip", "br")]
    assert 3 == len(set(etags))
    assert all(etag.startswith('"') for etag in etags)
    assert 200 == upgraded.get("tonearm.js", "br", If_None_Match=etags[0]).status


@pytest.mark.parametrize("accept", ["", "br"])
def test_head_says_what_get_sends(upgraded: Upgraded, accept: str) -> None:
    got, head = (upgraded.get("tonearm.js", accept, method) for method in ("GET", "HEAD"))
    assert 200 == head.status
    differ = {name for name in got.headers if got.headers[name] != head.headers.get(name)} - {"date"}
    assert set() == differ


@pytest.mark.parametrize(
    "name", ["tonearm.00000000.js", "tonearm-plays.00000000.js", "tonearm-none.js", "tonearm.js.br", "tonearm/x.js"]
)
def test_a_file_that_was_never_released_is_a_problem(upgraded: Upgraded, name: str) -> None:
    answer = upgraded.get(name)
    assert (404, "application/problem+json") == (answer.status, answer.headers["content-type"])
    assert "no-store" == answer.headers["cache-control"]


def test_a_file_is_not_written_to(upgraded: Upgraded) -> None:
    answer = upgraded.get("tonearm.js", method="POST")
    assert 405 == answer.status
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].replace(" ", "").split(","))
