"""When the pid file of the embedded PostgreSQL means that it is ready."""

from storage.embedded.cluster import PidFile
from storage.embedded.postmaster import is_ready

NOW = 1_800_000_000
READY = PidFile(pid=15, started=NOW, status="ready")


def test_a_fresh_pid_file_of_the_process_that_says_ready_is_ready() -> None:
    assert is_ready(READY, None, 15)


def test_a_pid_file_that_says_starting_is_not_ready() -> None:
    assert not is_ready(PidFile(15, NOW, "starting"), None, 15)


def test_a_pid_file_of_another_process_is_not_ready() -> None:
    assert not is_ready(READY, None, 16)


def test_no_pid_file_is_not_ready() -> None:
    assert not is_ready(None, READY, 15)


def test_the_pid_file_of_an_earlier_start_is_not_ready_though_the_pid_has_come_again() -> None:
    assert not is_ready(READY, READY, 15)


def test_a_second_start_with_the_same_pid_is_ready() -> None:
    assert is_ready(PidFile(15, NOW + 3, "ready"), READY, 15)


def test_a_second_start_within_the_same_second_is_ready() -> None:
    assert is_ready(PidFile(16, NOW, "ready"), READY, 16)
