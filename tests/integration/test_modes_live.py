"""`tonearm privacy mode` and `tonearm salt` on the running service: at once, nothing lost, nothing misfiled."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
import trio

from storage.bridge import Address, open_database
from storage.check import check
from tests.faults.test_kill_service import address
from tests.faults.test_workers import workers_of
from tests.support.http import Door, ask
from tests.support.load import Load, Promises, assert_kept, counted
from tests.support.postgres import rows
from tests.support.service import TONEARM, Service, eventually, serving

PLAY = "/api/event/play"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"
ID = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
FILE = """# the band's own words
timezone = "Europe/Berlin"

[privacy]  # why: see the newsletter
mode = "anon-id"  # until May
"""
UNLIMITED = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tonearm.toml"
    path.write_text(FILE)
    path.chmod(0o640)
    return path


@pytest.fixture
def environment(database_url: str, file: Path) -> dict[str, str]:
    return {"TONEARM_DATABASE_URL": database_url, "TONEARM_CONFIG": str(file), **UNLIMITED}


def play(service: Service, key: str) -> None:
    body = json.dumps({"trackEntryKey": key, "bucket": "complete", "anonId": ID}).encode()
    headers = {"Content-Type": "text/plain", "User-Agent": BROWSER}
    assert 202 == ask(Door.at(service.beacon), "POST", PLAY, headers, body).status


def mode_told(service: Service) -> str:
    return str(ask(Door.at(service.beacon), "GET", "/api/event/config").json()["mode"])


def figures(service: Service, key: str) -> tuple[object, object]:
    """(listeners, listenersToday) once the play is counted."""
    door = Door.at(service.url)
    eventually(lambda: ask(door, "GET", f"/api/stats/track/{key}").json().get("totalPlays") == 1)
    found = ask(door, "GET", f"/api/stats/track/{key}").json()
    return found["listeners"], found["listenersToday"]


def has_salt(service: Service) -> bool:
    said = ask(Door.at(service.url), "GET", "/metrics").body
    return re.search(rb'^tonearm_salt_overdue(\{worker="\d"\})? 0\.0$', said, re.MULTILINE) is not None


def switch(service: Service, name: str) -> str:
    return service.command("privacy", "mode", name).stdout


@pytest.mark.full
def test_each_mode_is_in_force_when_the_command_returns(
    data_dir: Path, environment: dict[str, str], file: Path, database_url: str
) -> None:
    with serving(data_dir, environment) as service:
        play(service, "first")
        assert (1, None) == figures(service, "first")
        for number, (name, expected) in enumerate(
            [("daily-salt", (None, 1)), ("both", (1, 1)), ("off", (None, None)), ("anon-id", (1, None))]
        ):
            assert f"The privacy mode is {name} now, in the running service and in {file}.\n" == switch(service, name)
            assert name == mode_told(service)
            assert f"{name}\n" == service.command("privacy", "mode").stdout
            if name in ("daily-salt", "both"):
                eventually(
                    lambda: "tonearm_salt_overdue 0.0" in ask(Door.at(service.url), "GET", "/metrics").body.decode()
                )
            play(service, f"track-{number}")
            assert expected == figures(service, f"track-{number}")
        assert "Every counter agrees" in service.command("check").stdout
    assert FILE == file.read_text()
    assert 0o640 == file.stat().st_mode & 0o777


def test_what_is_kept_is_what_the_mode_says(data_dir: Path, environment: dict[str, str], database_url: str) -> None:
    with serving(data_dir, environment) as service:
        switch(service, "daily-salt")
        eventually(lambda: has_salt(service))
        play(service, "tokens")
        figures(service, "tokens")
        switch(service, "off")
        play(service, "nothing")
        figures(service, "nothing")
    kept = """SELECT (SELECT count(*) FROM listener)::int, (SELECT count(*) FROM listener_day)::int,
                     (SELECT count(*) FROM play_event)::int"""
    assert [(0, 2, 2)] == trio.run(read, database_url, kept)


async def read(url: str, statement: str) -> list[tuple[object, ...]]:
    async with open_database(Address(url=url), connections=1) as database:
        return await rows(database, statement)


@pytest.mark.full
async def test_switching_under_load_loses_and_misfiles_nothing(
    data_dir: Path, environment: dict[str, str], database_url: str
) -> None:
    promises = Promises()
    service = await trio.to_thread.run_sync(lambda: Service(data_dir, environment, "--workers", "2").ready())
    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(Load(*address(service.beacon), promises, listeners=True).run)
            unsigned: set[str] = set()
            for name in ("both", "off", "daily-salt"):
                await trio.to_thread.run_sync(switch, service, name)
                before = set(promises.sent)
                with trio.fail_after(30):
                    while len(promises.acknowledged - before) < 50:
                        await trio.sleep(0.01)
                if name == "off":  # sent since the command returned, answered before the next
                    unsigned = promises.acknowledged - before
            nursery.cancel_scope.cancel()
    finally:
        assert 0 == await trio.to_thread.run_sync(service.stop)
    assert {} == promises.refused
    assert len(promises.acknowledged) > 100
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        signed = "SELECT target_key FROM listener UNION SELECT target_key FROM listener_day"
        keys = {key for (key,) in await rows(database, signed)}
        assert len(keys & promises.acknowledged) > 50
        assert set() == keys & unsigned
        assert () == (await database.transaction(check)).differences


def test_the_command_returns_when_every_worker_has_the_mode(data_dir: Path, environment: dict[str, str]) -> None:
    with serving(data_dir, environment, "--workers", "2") as service:
        slow = workers_of(service)[0]
        os.kill(slow, signal.SIGSTOP)
        words = [str(TONEARM), "privacy", "mode", "off"]
        with subprocess.Popen(words, env=service.environment, stdout=subprocess.PIPE, text=True) as command:
            try:
                eventually(
                    lambda: service.said().count("the privacy mode changes") == 2
                )  # supervisor, the other worker
                with pytest.raises(subprocess.TimeoutExpired):
                    command.wait(0.5)
            finally:
                os.kill(slow, signal.SIGCONT)
            said, _ = command.communicate(timeout=30)
        assert "The privacy mode is off now" in said
        assert 3 == service.said().count("the privacy mode changes")


@pytest.mark.full
def test_a_worker_that_is_killed_is_not_waited_for(data_dir: Path, environment: dict[str, str]) -> None:
    with serving(data_dir, environment, "--workers", "2") as service:
        os.kill(workers_of(service)[1], signal.SIGKILL)
        assert "The privacy mode is both now" in switch(service, "both")
        assert "The privacy mode is off now" in switch(service, "off")
        eventually(lambda: len(workers_of(service)) == 2)
        assert {"off"} == {mode_told(service) for _ in range(20)}


@pytest.mark.full
def test_a_file_that_cannot_be_read_leaves_the_mode_as_it_is(
    data_dir: Path, environment: dict[str, str], file: Path
) -> None:
    with serving(data_dir, environment) as service:
        file.write_text("[privacy]\nmode = 'loud'\n")
        os.kill(service.process.pid, signal.SIGHUP)
        eventually(lambda: "the privacy mode stays" in service.said())
        assert "anon-id" == mode_told(service)
        file.write_text("[privacy\n")
        refused = service.command("privacy", "mode", "off", "--config", str(file), check=False)
        assert (2, True) == (refused.returncode, "cannot be read" in refused.stderr)


@pytest.mark.full
def test_a_mode_that_the_environment_sets_is_not_switched_behind_its_back(
    data_dir: Path, environment: dict[str, str], file: Path
) -> None:
    with serving(data_dir, environment | {"TONEARM_PRIVACY__MODE": "off"}) as service:
        refused = service.command("privacy", "mode", "both", check=False)
        assert 1 == refused.returncode
        assert "TONEARM_PRIVACY__MODE in the environment sets the mode" in refused.stderr
        del service.environment["TONEARM_PRIVACY__MODE"]  # set only where the service was started
        refused = service.command("privacy", "mode", "both", check=False)
        assert 1 == refused.returncode
        assert "did not take it" in refused.stderr
        assert "off" == mode_told(service)


@pytest.mark.full
def test_without_a_service_the_file_is_written_for_the_next_start(
    data_dir: Path, environment: dict[str, str], file: Path
) -> None:
    with serving(data_dir, environment) as service:
        pass
    said = service.command("privacy", "mode", "off").stdout
    assert f"{file} says off now. No service runs on {data_dir}; the next start uses it.\n" == said
    with serving(data_dir, environment) as service:
        assert "off" == mode_told(service)


@pytest.mark.full
def test_the_salt_is_told_about_but_never_shown_and_rotated_everywhere_at_once(
    data_dir: Path, environment: dict[str, str], file: Path, database_url: str
) -> None:
    file.write_text('[privacy]\nmode = "both"\n')
    with serving(data_dir, environment) as service:
        status = service.command("salt", "status").stdout
        assert re.fullmatch(
            r"day         \d{4}-\d\d-\d\d\ngeneration  1\nage         0 h 00 min\nnext        [\d-]+ 00:00 \(UTC\)\n",
            status,
        )
        play(service, "before")
        assert (1, 1) == figures(service, "before")
        said = service.command("salt", "rotate", "--reason", "a laptop was lost").stdout
        assert "Today has a new salt, its generation 2." in said
        as_json = json.loads(service.command("salt", "status", "--json").stdout)
        assert (True, 2) == (as_json["wanted"], as_json["generation"])
        assert [("a laptop was lost",)] == trio.run(read, database_url, "SELECT detail ->> 'reason' FROM audit")
        stats = ask(Door.at(service.url), "GET", "/api/stats/track/before").json()
        assert (1, 0, True) == (stats["listeners"], stats["listenersToday"], stats["listenersTodayPartial"])
        assert "0 (part of the day)" in service.command("stats", "track", "before").stdout
        today = {"day": as_json["day"], "listeners": 0, "partial": True}
        by_day = ask(Door.at(service.url), "GET", "/api/stats/track/before?days=30").json()
        assert stats | {"listenersByDay": [today]} == by_day
        assert by_day == json.loads(service.command("stats", "track", "before", "--days", "30", "--json").stdout)
        assert f"{as_json['day']}    0 (part of the day)" in service.command("stats", "home", "--days", "1").stdout


@pytest.mark.full
def test_a_mode_without_tokens_has_no_salt_to_rotate(data_dir: Path, environment: dict[str, str]) -> None:
    with serving(data_dir, environment) as service:
        refused = service.command("salt", "rotate", check=False)
        assert (1, True) == (refused.returncode, "anon-id, which uses no salt" in refused.stderr)
        status = service.command("salt", "status")
        assert "The privacy mode is anon-id, which uses no salt.\n" == status.stdout


@pytest.mark.full
def test_few_listeners_are_not_told_in_public(data_dir: Path, environment: dict[str, str], database_url: str) -> None:
    settings = {"TONEARM_PRIVACY__MODE": "both", "TONEARM_STATS__MIN_LISTENERS": "2"}
    with serving(data_dir, environment | settings) as service:
        eventually(lambda: has_salt(service))
        play(service, "lonely")
        assert (None, None) == figures(service, "lonely")
        [day] = ask(Door.at(service.url), "GET", "/api/stats/track/lonely?days=1").json()["listenersByDay"]
        assert None is day["listeners"]
        own = json.loads(service.command("stats", "track", "lonely", "--json").stdout)  # the operator's own view
        assert (1, 1) == (own["listeners"], own["listenersToday"])
        other = {"Content-Type": "text/plain", "User-Agent": f"{BROWSER} Edg/140.0"}
        body = json.dumps({"trackEntryKey": "lonely", "bucket": "complete", "anonId": ID[:-1] + "0"}).encode()
        assert 202 == ask(Door.at(service.beacon), "POST", PLAY, other, body).status
        door = Door.at(service.url)
        eventually(lambda: ask(door, "GET", "/api/stats/track/lonely").json()["totalPlays"] == 2)
        found = ask(door, "GET", "/api/stats/track/lonely").json()
        assert (2, 2) == (found["listeners"], found["listenersToday"])
