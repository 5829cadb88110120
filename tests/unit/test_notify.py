"""What a service manager hears, on a real datagram socket."""

import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from server.notify import Notify


@pytest.fixture(params=["a file", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.settimeout(10)
        name = str(tmp_path / "notify") if request.param == "a file" else f"@tonearm-{uuid4()}"
        listening.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        yield listening, name


def test_it_hears_that_the_service_is_ready_well_and_stops(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    notify = Notify(name)
    notify.ready("Takes events")
    notify.beat()
    notify.stopping()
    heard = [listening.recv(1000) for _ in range(3)]
    assert heard[:2] == [b"READY=1\nSTATUS=Takes events", b"WATCHDOG=1"]
    assert heard[2].startswith(b"STOPPING=1\nSTATUS=")


def test_a_new_start_is_a_reload_whose_moment_is_known(manager: tuple[socket.socket, str]) -> None:
    listening, name = manager
    Notify(name).starting_anew()
    first, moment, _ = listening.recv(1000).decode().split("\n")
    assert "RELOADING=1" == first
    assert moment.removeprefix("MONOTONIC_USEC=").isdecimal()


@pytest.mark.parametrize(
    ("environ", "every_s"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_it_beats_twice_as_often_as_it_must(environ: dict[str, str], every_s: float) -> None:
    assert every_s == Notify.of(environ, 7).beat_every_s


def test_without_a_manager_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    Notify().ready("")
    Notify(str(tmp_path / "nobody")).ready("")
