"""Which form of a tracker's file a client gets, and how long it may keep it."""

import gzip
import shutil
from pathlib import Path

import pytest
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from server.tracker_files import TrackerFiles, chosen_coding
from tracker import DIST, RELEASED
from tracker.names import hashed_name
from tracker.releases import release

FORMS = {"br": b"smallest", "gzip": b"small", "identity": b"as it is"}


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("BR", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("gzip;q=0.2, identity;q=0.8", "identity"),
        ("br;q=0, gzip;q=0.001", "gzip"),
        ("br;q=0", "identity"),
        ("*", "br"),
        ("*;q=0.1", "br"),
        ("br;q=0, *", "gzip"),
        ("identity", "identity"),
        ("identity;q=0, *;q=0", "identity"),
        ("*;q=0", "identity"),
        ("deflate", "identity"),
        ("br;q=nonsense, gzip", "gzip"),
    ],
)
def test_the_form_is_the_one_the_client_likes_best(header: str | None, coding: str) -> None:
    assert coding == chosen_coding(parse_accept_header(header, Accept), FORMS)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DIST, tmp_path / "dist"))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    folder = tmp_path / "released"
    folder.mkdir()
    return folder


def test_the_plain_name_is_asked_again_soon_and_the_hashed_one_is_kept(dist: Path, released: Path) -> None:
    files = TrackerFiles(dist, released)
    plain = files.find("tonearm.js")
    hashed = files.find(hashed_name("tonearm.js", (dist / "tonearm.js").read_bytes()))
    assert plain is not None
    assert hashed is not None
    assert plain[0] is hashed[0]
    assert ("public, max-age=300, stale-while-revalidate=86400", "public, max-age=31536000, immutable") == (
        plain[1],
        hashed[1],
    )


def test_a_file_of_an_earlier_release_is_found_by_its_content(dist: Path, released: Path) -> None:
    before = (dist / "tonearm.js").read_bytes()
    release("0.1.0", dist, released)
    (dist / "tonearm.js").write_text("another")
    files = TrackerFiles(dist, released)
    found = files.find(hashed_name("tonearm.js", before))
    assert found is not None
    assert before == found[0].forms["identity"]
    current = files.find("tonearm.js")
    assert current is not None
    assert b"another" == current[0].forms["identity"]


def test_every_file_that_the_repository_has_released_is_found() -> None:
    files = TrackerFiles()
    for file in RELEASED.glob("*.js"):
        found = files.find(file.name)
        assert found is not None
        assert file.read_bytes() == found[0].forms["identity"]


@pytest.mark.parametrize("name", ["tonearm.00000000.js", "tonearm-none.js", "tonearm.js.br", "../names.py", "x.js"])
def test_nothing_else_is_found(name: str) -> None:
    assert TrackerFiles().find(name) is None


@pytest.mark.parametrize("name", sorted(file.name for file in DIST.glob("*.js")))
def test_each_form_is_smaller_than_the_next_and_has_an_etag_of_its_own(name: str) -> None:
    file = TrackerFiles().plain[name]
    assert ["br", "gzip", "identity"] == list(file.forms)
    assert sorted(map(len, file.forms.values())) == [len(form) for form in file.forms.values()]
    assert 3 == len({file.etag(coding) for coding in file.forms})
    assert file.forms["identity"] == gzip.decompress(file.forms["gzip"])
