"""The wheel, installed where nothing of the checkout is, and run from an empty folder as a user runs it."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import tracker
from release import ROOT, readiness
from storage.migrate import migrations
from tests.release.conftest import Built
from tests.release.environment import Environment, borrowing, locked, plain
from tests.support.held import short_folder
from tests.support.http import Answer, Door, ask
from tests.support.service import Service, eventually
from tracker.names import hashed_name

BROWSER = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"}
MAKE = {"borrowing": borrowing, "locked": locked, "plain": plain}


@dataclass(frozen=True)
class Installed:
    """An environment, and an empty folder that its account may write."""

    environment: Environment
    folder: Path


@pytest.fixture(
    scope="module",
    params=["borrowing", pytest.param("locked", marks=pytest.mark.full), pytest.param("plain", marks=pytest.mark.full)],
)
def installed(request: pytest.FixtureRequest, built: Built) -> Iterator[Installed]:
    """In a folder that other accounts may pass, which pytest's own may not."""
    with short_folder() as outside:
        outside.chmod(0o755)
        folder = outside / "empty"
        folder.mkdir()
        environment = MAKE[request.param](outside / "environment", built.wheel)
        if environment.account is not None:
            os.chown(folder, environment.account.uid, environment.account.gid)
        yield Installed(environment, folder)


@pytest.fixture(scope="module")
def service(installed: Installed, request: pytest.FixtureRequest) -> Iterator[Service]:
    """With its own PostgreSQL; at full length with the demo, which makes its music first."""
    demo = {"TONEARM_DEMO": "true"} if request.config.getoption("--full") else {}
    # A cache of bytecode inside the checkout's environment, or one that only root may write, is none of a user's.
    environment = {"PYTHONDONTWRITEBYTECODE": "1", **demo}
    running = Service(installed.folder / "data", environment, program=installed.environment.command("tonearm", "serve"))
    try:
        yield running.ready()
    finally:
        running.stop()


def get(service: Service, path: str) -> Answer:
    return ask(Door.at(service.url), "GET", path, BROWSER)


def test_nothing_of_the_checkout_is_in_it(installed: Installed) -> None:
    packages = "(server, actors, privacy, storage, tracker)"
    program = f"import server, actors, privacy, storage, tracker; print(*(one.__file__ for one in {packages}))"
    found = installed.environment.run("python", "-c", program, folder=installed.folder).split()
    assert 5 == len(found)
    assert [] == [file for file in found if not Path(file).is_relative_to(installed.environment.prefix)]


def test_it_says_its_version(installed: Installed) -> None:
    said = installed.environment.run("tonearm", "--version", folder=installed.folder)
    assert f"tonearm {readiness.version(ROOT)}\n" == said


def test_it_explains_itself(installed: Installed) -> None:
    said = installed.environment.run("tonearm", "--help", folder=installed.folder)
    assert "Counts plays and shares of music without knowing who listens." in said


def test_it_has_every_migration(installed: Installed) -> None:
    program = "from storage.migrate import migrations; print(len(migrations()))"
    said = installed.environment.run("python", "-c", program, folder=installed.folder)
    assert f"{len(migrations())}\n" == said


def test_a_play_is_counted_and_read_back(service: Service) -> None:
    body = json.dumps({"trackEntryKey": "harbour-lights", "bucket": "complete"}).encode()
    for door in (service.url, service.beacon):
        assert 202 == ask(Door.at(door), "POST", "/api/event/play", BROWSER, body).status
    eventually(lambda: get(service, "/api/stats/home").json()["totalPlays"] == 2)


def test_every_file_of_the_tracker_is_served_as_it_was_built(service: Service) -> None:
    for file in sorted(tracker.DIST.glob("*.js")):
        for name in (file.name, hashed_name(file.name, file.read_bytes())):
            assert file.read_bytes() == get(service, f"/{name}").body
    packed = ask(Door.at(service.url), "GET", "/tonearm.js", {"Accept-Encoding": "br"})
    assert (tracker.DIST / "tonearm.js.br").read_bytes() == packed.body


@pytest.mark.parametrize("path", ["/login", "/api/docs"])
def test_its_pages_have_what_they_load(service: Service, path: str) -> None:
    page = get(service, path)
    loaded = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg|png)[^"]*)"', page.body.decode())
    assert 200 == page.status
    assert [] == [name for name in loaded if get(service, name).status != 200]
    assert loaded


def test_the_demo_is_there_and_plays(service: Service, full: bool) -> None:
    if not full:
        assert 404 == get(service, "/").status
        return
    page = get(service, "/")
    assert 200 == page.status
    loaded = re.findall(r'(?:href|src)="(/demo[^"]+\.(?:css|js|svg|ogg|wav|mp3)[^"]*)"', page.body.decode())
    assert [] == [name for name in loaded if get(service, name).status != 200]


def test_it_stops_clean(service: Service, installed: Installed) -> None:
    """The last of this file: the service is the others' as well."""
    assert 0 == service.stop()
    assert "Traceback" not in service.said()
