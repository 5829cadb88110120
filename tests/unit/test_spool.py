"""The spool is a list on a disk: what was appended is read in order until it is dropped, and then it is gone."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from storage.spool import Row, Spool, SpoolError, SpoolUnavailable

BOUND = 1000
NEEDLE = b"bytes-to-look-for-0123456789"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool.sqlite"


@pytest.fixture
def spool(path: Path) -> Iterator[Spool]:
    opened = Spool(path, max_bytes=BOUND)
    yield opened
    opened.close()


def seqs(spool: Spool, after: int = 0) -> list[int]:
    return [row.seq for row in spool.read(after, max_events=10_000)]


def found_in(folder: Path, needle: bytes) -> list[str]:
    """The files beneath `folder` that hold these bytes."""
    return sorted(file.name for file in folder.iterdir() if needle in file.read_bytes())


def test_rows_are_read_in_the_order_they_were_appended(spool: Spool) -> None:
    assert [1, 2, 3] == [spool.append(b"payload %d" % n, n) for n in (1, 2, 3)]
    assert [Row(2, 2, b"payload 2"), Row(3, 3, b"payload 3")] == spool.read(1, max_events=100)
    assert (6, 3) == (spool.pending_events, spool.last_seq)


def test_a_read_holds_about_as_many_events_as_wanted_and_at_least_one_row(spool: Spool) -> None:
    for events in (5, 5, 5, 50, 1):
        spool.append(b"x", events)
    assert [[1, 2], [3], [4], [5], []] == [
        [row.seq for row in spool.read(after, max_events=10)] for after in (0, 2, 3, 4, 5)
    ]


def test_dropping_forgets_what_lies_up_to_a_number(spool: Spool) -> None:
    for _ in range(4):
        spool.append(b"x", 2)
    spool.drop_through(2)
    spool.drop_through(2)
    assert ([3, 4], 4) == (seqs(spool), spool.pending_events)
    spool.drop_through(99)
    assert ([], 0) == (seqs(spool), spool.pending_events)


def test_numbers_are_never_used_again(path: Path) -> None:
    for expected in ([1, 2], [3, 4], [5, 6]):
        spool = Spool(path, max_bytes=BOUND)
        assert expected == [spool.append(b"x", 1), spool.append(b"x", 1)]
        spool.drop_through(expected[-1])
        assert [] == seqs(spool)
        spool.close()


def test_a_reopened_spool_is_the_same_one_with_the_same_rows(path: Path) -> None:
    first = Spool(path, max_bytes=BOUND)
    first.append(b"kept", 3)
    first.close()
    second = Spool(path, max_bytes=BOUND)
    assert (first.spool_id, [Row(1, 3, b"kept")]) == (second.spool_id, second.read(0, max_events=1))
    assert (3, 1) == (second.pending_events, second.last_seq)
    second.close()


def test_a_new_identity_stays(path: Path) -> None:
    spool = Spool(path, max_bytes=BOUND)
    before = spool.spool_id
    spool.renew_identity()
    renewed = spool.spool_id
    spool.close()
    again = Spool(path, max_bytes=BOUND)
    assert before != renewed == again.spool_id
    again.close()


def test_at_its_bound_it_takes_nothing_until_there_is_room(spool: Spool) -> None:
    spool.append(bytes(600), 1)
    with pytest.raises(SpoolUnavailable, match="reached its bound"):
        spool.append(bytes(401), 1)
    assert ([1], 1) == (seqs(spool), spool.pending_events)
    assert 2 == spool.append(bytes(400), 1)
    spool.drop_through(1)
    assert 3 == spool.append(bytes(600), 1)


def test_the_bound_holds_after_reopening(path: Path) -> None:
    spool = Spool(path, max_bytes=BOUND)
    spool.append(bytes(900), 1)
    spool.close()
    again = Spool(path, max_bytes=BOUND)
    with pytest.raises(SpoolUnavailable):
        again.append(bytes(101), 1)
    again.close()


def test_a_disk_that_refuses_is_said_and_passes(path: Path) -> None:
    spool = Spool(path, max_bytes=1 << 20)
    spool.append(bytes(3000), 1)
    pages = spool._writer.execute("PRAGMA page_count").fetchone()[0]
    spool._writer.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(2):
        with pytest.raises(SpoolUnavailable, match="refuses to write: database or disk is full"):
            spool.append(bytes(9000), 1)
    assert ([1], 1) == (seqs(spool), spool.pending_events)
    spool._writer.execute("PRAGMA max_page_count = 1000000")
    spool.append(bytes(9000), 1)
    assert 2 == spool.pending_events == len(seqs(spool))
    spool.close()


def test_a_second_spool_on_the_same_file_is_refused(spool: Spool, path: Path) -> None:
    with pytest.raises(SpoolError, match=r"Another Tonearm is running on .*; stop it first, or set TONEARM_DATA_DIR"):
        Spool(path, max_bytes=BOUND)
    assert 1 == spool.append(b"x", 1)


def test_a_second_process_is_refused_and_the_end_of_the_first_lets_go(path: Path) -> None:
    program = "import sys; from pathlib import Path; from storage.spool import Spool\n"
    program += "Spool(Path(sys.argv[1]), max_bytes=9); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert "held\n" == other.stdout.readline()
        with pytest.raises(SpoolError, match="Another Tonearm is running"):
            Spool(path, max_bytes=BOUND)
        other.kill()
    Spool(path, max_bytes=BOUND).close()


@pytest.mark.parametrize("damage", ["a text file", "zeros in the middle"])
def test_a_damaged_file_is_refused_with_what_to_do(path: Path, damage: str) -> None:
    spool = Spool(path, max_bytes=BOUND)
    for _ in range(50):
        spool.append(b"x", 1)
    spool.close()
    content = path.read_bytes()
    path.write_bytes(b"not a spool " * 1000 if damage == "a text file" else content[:100] + bytes(len(content) - 100))
    with pytest.raises(SpoolError, match=f"The spool {path} cannot be opened .* damaged, move it away"):
        Spool(path, max_bytes=BOUND)


def test_a_refused_spool_is_not_held(path: Path) -> None:
    path.write_bytes(b"not a spool " * 1000)
    with pytest.raises(SpoolError):
        Spool(path, max_bytes=BOUND)
    path.unlink()
    Spool(path, max_bytes=BOUND).close()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpoolError, match="is not writable"):
        Spool(tmp_path / "nowhere" / "spool.sqlite", max_bytes=BOUND)


def test_only_its_owner_may_read_it(spool: Spool, path: Path) -> None:
    spool.append(b"x", 1)
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}


def test_what_was_dropped_and_scrubbed_is_nowhere_on_the_disk(spool: Spool, path: Path) -> None:
    for number in range(20):
        spool.append(NEEDLE + b"%d" % number, 1)
    assert [] != found_in(path.parent, NEEDLE)  # the search finds what is there
    spool.drop_through(20)
    spool.scrub()
    assert [] == found_in(path.parent, NEEDLE)


def test_large_payloads_leave_no_page_behind(path: Path) -> None:
    spool = Spool(path, max_bytes=1 << 20)
    for _ in range(5):
        spool.append(NEEDLE * 2000, 1)
    spool.scrub()
    assert ["spool.sqlite"] == found_in(path.parent, NEEDLE)
    spool.drop_through(4)
    spool.scrub()
    spool.drop_through(5)
    spool.close()
    assert [] == found_in(path.parent, NEEDLE)


def test_without_a_scrub_the_bytes_would_stay(spool: Spool, path: Path) -> None:
    spool.append(NEEDLE, 1)
    spool.drop_through(1)
    assert ["spool.sqlite-wal"] == found_in(path.parent, NEEDLE)


def test_a_process_killed_after_its_append_loses_nothing(path: Path) -> None:
    program = "import os, signal, sys; from pathlib import Path; from storage.spool import Spool\n"
    program += "spool = Spool(Path(sys.argv[1]), max_bytes=999); spool.append(b'one', 1); spool.append(b'two', 2)\n"
    program += "os.kill(os.getpid(), signal.SIGKILL)"
    assert -signal.SIGKILL == subprocess.run([sys.executable, "-c", program, path], check=False).returncode
    spool = Spool(path, max_bytes=BOUND)
    assert [Row(1, 1, b"one"), Row(2, 2, b"two")] == spool.read(0, max_events=10)
    assert 3 == spool.append(b"three", 1)
    spool.close()


class AgainstAList(RuleBasedStateMachine):
    """Any sequence of calls leaves the spool holding exactly the rows a plain list holds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.rows: list[Row] = []
        self.last = 0
        self.open()

    def open(self) -> None:
        self.spool = Spool(Path(self.folder.name) / "spool.sqlite", max_bytes=BOUND)

    @property
    def size(self) -> int:
        return sum(len(row.payload) for row in self.rows)

    @rule(payload=st.binary(max_size=400), events=st.integers(1, 20))
    def append(self, payload: bytes, events: int) -> None:
        if self.size + len(payload) > BOUND:
            with pytest.raises(SpoolUnavailable):
                self.spool.append(payload, events)
            return
        self.last += 1
        assert self.last == self.spool.append(payload, events)
        self.rows.append(Row(self.last, events, payload))

    @precondition(lambda self: self.last)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(0, self.last))
        self.spool.drop_through(seq)
        self.rows = [row for row in self.rows if row.seq > seq]

    @rule(after=st.integers(0, 30), most=st.integers(1, 40))
    def read(self, after: int, most: int) -> None:
        expected: list[Row] = []
        for row in self.rows:
            if row.seq > after:
                if expected and sum(each.events for each in expected) + row.events > most:
                    break
                expected.append(row)
        assert expected == self.spool.read(after, max_events=most)

    @rule()
    def scrub(self) -> None:
        self.spool.scrub()

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.open()

    @invariant()
    def counts_agree(self) -> None:
        assert (sum(row.events for row in self.rows), self.last) == (self.spool.pending_events, self.spool.last_seq)

    def teardown(self) -> None:
        self.spool.close()
        self.folder.cleanup()


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_a_probe_finds_what_an_append_would_and_leaves_no_row(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "spool.sqlite", max_bytes=100_000)) as spool:
        spool.probe()
        assert (0, 0) == (spool.last_seq, spool.pending_events)
        spool.append(bytes(50_000), 1)
        with pytest.raises(SpoolUnavailable, match="reached its bound"):
            spool.probe()
        spool.drop_through(spool.last_seq)
        spool.probe()


def test_its_room_is_what_the_bound_leaves_or_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Spool(tmp_path / "spool.sqlite", max_bytes=1000)) as spool:
        spool.append(bytes(400), 1)
        assert 600 == spool.room()
        monkeypatch.setattr(spool, "_disk_room", lambda: (16 << 20) + 50)
        assert 50 == spool.room()
        monkeypatch.setattr(spool, "_disk_room", lambda: 1 << 20)
        assert 0 == spool.room()
