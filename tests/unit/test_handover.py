"""Which sockets a process takes over, and that it says what is wrong with them."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from unittest.mock import patch

import pytest

from server import handover
from server.handover import NotHanded, taken

PID = 4711


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    """Descriptors of two listening sockets, the second one behind the first."""
    with socket.socket(socket.AF_UNIX) as http, socket.socket(socket.AF_UNIX) as beacon:
        for listener in (http, beacon):
            listener.bind("")  # an abstract name of the kernel's choice
            listener.listen()
        first = 200
        os.dup2(http.fileno(), first)
        os.dup2(beacon.fileno(), first + 1)
        with patch.object(handover, "_FIRST", first):
            yield first, first + 1
        for copy in (first, first + 1):
            with suppress(OSError):  # whoever took it has closed it
                os.close(copy)


def environ(names: str, number: int = 2, pid: int = PID) -> dict[str, str]:
    return {"LISTEN_PID": str(pid), "LISTEN_FDS": str(number), "LISTEN_FDNAMES": names, "HOME": "/"}


def test_named_sockets_are_taken_whatever_their_order(pair: tuple[int, int]) -> None:
    environment = environ("beacon:http")
    handed = taken(environment, PID)
    http, beacon = handed.given("http"), handed.given("beacon")
    assert http is not None
    assert beacon is not None
    with http, beacon:
        assert (pair[1], pair[0]) == (http.fileno(), beacon.fileno())
        assert [False, False] == [os.get_inheritable(descriptor) for descriptor in pair]
        assert [0, 0] == [http.gettimeout(), beacon.gettimeout()]
    assert {"HOME": "/"} == environment


def test_what_was_meant_for_another_process_is_left_alone() -> None:
    assert taken(environ("http:beacon"), PID + 1).given("http") is None
    assert taken({}, PID).given("http") is None


@pytest.mark.parametrize("names", ["http:tonearm.socket", "http:http", "http", ""])
def test_a_name_of_no_door_is_told(pair: tuple[int, int], names: str) -> None:
    with pytest.raises(NotHanded, match="the names are 'http' and 'beacon', each once"):
        taken(environ(names), PID)


def test_what_does_not_listen_is_told() -> None:
    idle = socket.socket(socket.AF_UNIX).detach()
    with (
        patch.object(handover, "_FIRST", idle),
        pytest.raises(NotHanded, match="'http' is no listening stream socket"),
    ):
        taken(environ("http", 1), PID)


def test_a_descriptor_that_is_not_open_is_told() -> None:
    with patch.object(handover, "_FIRST", 999), pytest.raises(NotHanded, match="'beacon' is no listening"):
        taken(environ("beacon", 1), PID)
