"""The last hour, live, of a real service with two workers: beacons to either are in every stream and every summary."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from storage import pulse
from storage.bridge import Address, open_database
from tests.faults.test_workers import workers_of
from tests.support.http import Door, ask
from tests.support.running import running
from tests.support.service import TONEARM, Service, eventually, serving, without_settings
from tests.support.sse import Events
from tests.support.terminal import shown

OPERATOR = {"X-Forwarded-User": "me"}
ENVIRONMENT = {
    "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("live") / "data", ENVIRONMENT, "--workers", "2") as running:
        yield running


def post(url: str, kind: str, body: dict[str, str]) -> int:
    return ask(
        Door.at(url), "POST", f"/api/event/{kind}", {"Content-Type": "text/plain"}, json.dumps(body).encode()
    ).status


def play(service: Service, key: str, bucket: str = "complete", **more: str) -> None:
    assert 202 == post(service.beacon, "play", {"trackEntryKey": key, "bucket": bucket, **more})


def get(service: Service, path: str) -> Any:
    answer = ask(Door.at(service.url), "GET", path, OPERATOR)
    assert 200 == answer.status, answer.body
    return answer.json()


def stream(service: Service) -> Events:
    return Events(f"{service.url}/api/live", OPERATOR)


def counted_by(service: Service) -> list[int]:
    return [one["ledger"]["counted"] for one in get(service, "/api/health")["processes"] if not one["gone"]]


def test_plays_that_either_worker_took_come_in_one_stream(service: Service) -> None:
    with stream(service) as events:
        events.wait(lambda: events.received)
        assert "hour" == events.received[0][0]
        sent = 0
        deadline = time.monotonic() + 30
        while min(counted_by(service)) < 5:  # connections fall to the workers as the kernel likes
            assert time.monotonic() < deadline, counted_by(service)
            for _ in range(10):
                play(service, f"track-{sent % 3}")
                sent += 1
        events.wait(lambda: events.plays() >= sent)
        assert sent == events.plays()


def test_every_worker_tells_the_same_hour(service: Service) -> None:
    play(service, "told-by-all", via="link")
    for _ in range(2):  # connections fall to either
        with stream(service) as one, stream(service) as other:
            for events in (one, other):
                events.wait(lambda events=events: "told-by-all" in hour_of(events))
                assert 1 <= hour_of(events)["told-by-all"]["viaLink"]


def hour_of(events: Events) -> dict[str, Any]:
    """Targets of the last hour that came, with what came since."""
    found: dict[str, Any] = {}
    for name, data in list(events.received):
        if name == "hour":
            found = {target["key"]: target for target in data["targets"]}
        elif name == "counted":
            for one in data["plays"]:
                sums = found.setdefault(one["key"], {"viaLink": 0})
                sums["viaLink"] += one["plays"] if one["via"] == "link" else 0
    return found


def test_shares_come_as_well(service: Service) -> None:
    with stream(service) as events:
        events.wait(lambda: events.received)
        body = {"targetType": "release", "targetKey": "night-ferry", "channel": "embed"}
        assert 202 == post(service.beacon, "share", body)
        shared = {"kind": "release", "key": "night-ferry", "title": None, "channel": "embed", "shares": 1}
        events.wait(lambda: any(shared in data["shares"] for name, data in events.received if name == "counted"))


def test_the_stream_says_what_it_is(service: Service) -> None:
    with stream(service) as events:
        assert "text/event-stream; charset=utf-8" == events.headers["content-type"]
        assert ("no-store", "no") == (events.headers["cache-control"], events.headers["x-accel-buffering"])
    answer = ask(Door.at(service.url), "HEAD", "/api/live", OPERATOR)
    assert (200, b"") == (answer.status, answer.body)


@pytest.mark.parametrize("path", ["/api/live", "/api/health", "/dashboard/live/stream", "/dashboard/health"])
def test_nobody_else_may_look(service: Service, path: str) -> None:
    assert ask(Door.at(service.url), "GET", path).status in (302, 303, 401)


def at_rest(service: Service) -> dict[str, Any]:
    """The ledger, once every process has told what came before: they tell it now and then, not at once."""
    readings: list[tuple[float, dict[str, Any]]] = []

    def same_for_a_while() -> bool:
        readings.append((time.monotonic(), get(service, "/api/health")["ledger"]))
        while readings[0][1] != readings[-1][1]:
            del readings[0]
        return readings[-1][0] - readings[0][0] > 5

    eventually(same_for_a_while, 40)
    return readings[-1][1]


def test_the_ledger_of_all_workers_adds_up_with_every_kind_of_event(service: Service) -> None:
    before = at_rest(service)
    play(service, "counted")
    again = {"trackEntryKey": "again", "bucket": "partial", "eventId": "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"}
    for _ in range(2):
        assert 202 == post(service.beacon, "play", again)
    assert 400 == post(service.beacon, "play", {"bucket": "none"})

    def settled() -> bool:
        ledger = get(service, "/api/health")["ledger"]
        new = {name: ledger[name] - before[name] for name in ("received", "counted", "duplicate", "spooled", "waiting")}
        refused = ledger["refused"]["malformed"] - before["refused"]["malformed"]
        assert ledger["addsUp"]
        return (4, 2, 1, 0, 0, 1) == (*new.values(), refused)

    eventually(settled)


@pytest.mark.full
def test_health_tells_what_programs_want_to_know(service: Service) -> None:
    at_rest(service)
    health = get(service, "/api/health")
    assert (True, [], "anon-id") == (health["ok"], health["troubles"], health["mode"])
    assert [0, 1] == [one["worker"] for one in health["processes"] if not one["gone"]]
    assert health["database"]["bytes"] > 1_000_000
    assert {"needed": False, "overdue": False, "day": None, "ageS": None} == health["salt"]


@pytest.mark.full
def test_a_worker_that_was_killed_is_shown_as_gone_and_its_heir_is_there(service: Service) -> None:
    before = {one["id"] for one in get(service, "/api/health")["processes"]}
    victim = workers_of(service)[-1]
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(workers_of(service)) == 2 and victim not in workers_of(service), 60)
    eventually(lambda: len({one["id"] for one in get(service, "/api/health")["processes"]} - before) == 1)

    def gone() -> bool:
        health = get(service, "/api/health")
        silent = [one for one in health["processes"] if one["gone"] and not one["ended"]]
        return len(silent) == 1 and not health["ok"] and "has not been heard of" in health["troubles"][0]

    eventually(gone, 60)


@pytest.mark.full
def test_the_command_prints_one_object_a_line_and_ctrl_c_is_no_failure(service: Service) -> None:
    with subprocess.Popen(
        [TONEARM, "live", "--json"], env=service.environment, stdout=subprocess.PIPE, text=True
    ) as command:
        assert command.stdout is not None
        assert "hour" == json.loads(command.stdout.readline())["event"]
        play(service, "seen-by-the-command")
        while True:
            said = json.loads(command.stdout.readline())
            if "seen-by-the-command" in [one["key"] for one in said.get("plays", [])]:
                break
        command.send_signal(signal.SIGINT)
        assert 0 == command.wait(30)


def test_the_command_shows_a_table_and_ctrl_c_is_no_failure(service: Service) -> None:
    play(service, "in-the-table")
    words = ["plays and", "most played in the last hour", "in-the-table", "2 processes. Ctrl-C ends this."]
    assert 0 == shown([TONEARM, "live"], service.environment, service.data_dir, words)


@pytest.mark.full
def test_the_command_says_when_no_service_runs(data_dir: Path) -> None:
    data_dir.mkdir()
    environment = without_settings() | {"TONEARM_DATA_DIR": str(data_dir)}
    done = subprocess.run([TONEARM, "live"], env=environment, capture_output=True, text=True, timeout=60)
    assert (1, f"No Tonearm is running on {data_dir}. Start it with: tonearm serve\n") == (done.returncode, done.stderr)


@pytest.mark.full
def test_the_command_says_when_nobody_answers_on_a_database(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir()
    environment = without_settings() | {"TONEARM_DATA_DIR": str(data_dir), "TONEARM_DATABASE_URL": database_url}
    done = subprocess.run([TONEARM, "live"], env=environment, capture_output=True, text=True, timeout=60)
    assert (1, "No Tonearm answers on this database. Start it with: tonearm serve\n") == (done.returncode, done.stderr)


@pytest.mark.full
async def test_what_is_told_by_notify_is_sums_and_nothing_of_who(data_dir: Path, database_url: str) -> None:
    """Each word of it is one of those the design names; whoever listens on the database hears no more."""
    environment = ENVIRONMENT | {"TONEARM_DATABASE_URL": database_url, "TONEARM_PRIVACY__MODE": "both"}
    listener, marker = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11", "SomeBrowser/17.0 (Unheard of)"
    heard: list[str] = []
    async with (
        running(data_dir, environment) as service,
        open_database(Address(url=database_url), connections=2) as database,
        database.listening(pulse.CHANNEL) as news,
    ):
        body = json.dumps({"trackEntryKey": "t", "bucket": "complete", "anonId": listener, "eventId": listener})
        headers = {"Content-Type": "text/plain", "User-Agent": marker}
        door = Door.at(service.beacon)
        ask_there = partial(ask, door, "POST", "/api/event/play", headers, body.encode())
        assert 202 == (await trio.to_thread.run_sync(ask_there)).status
        with trio.fail_after(30):
            while not any('"counted"' in payload for payload in heard):
                heard += await news.wait()
    for payload in heard:
        word, source, number, *rest = json.loads(payload)
        assert re.fullmatch(r"[0-9a-f]{16}", source)
        assert isinstance(number, int)
        if word == "counted":
            [minute, entries, *_] = rest
            assert isinstance(minute, int)
            assert [["track", "t", "complete", None, 1]] == entries
        elif word == "said":
            assert REPORT == set(rest[0])
        else:
            assert word in ("ask", "anew", "whole", "ended")
            assert [] == rest


REPORT = {
    "worker", "version", "mode", "started_at", "received", "recovered", "counted", "duplicate", "waiting", "spooled",
    "refused", "spool_bytes", "oldest_s", "lag_s", "salt_overdue", "checked_at", "differences",
    "canary", "canary_every_s", "canary_at", "canary_s", "canary_overdue", "canary_trouble", "networks",
    "network_events", "network_way", "one_network",
}  # fmt: skip
