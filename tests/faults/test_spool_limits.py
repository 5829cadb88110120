"""No room for another event, on the disk, in the spool or in the channel: 503, counted, and well again by itself."""

import errno
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
import trio

from actors.ingest import Ingest
from actors.ledger import Ledger, Reason
from actors.messages import Spooled, Submission
from actors.networks import Networks
from actors.salts import Salts
from privacy.address import TrustedProxies
from privacy.modes import Mode
from server.calendar import Calendar
from server.canary import Canaries
from server.config import Config
from server.events import Events, Listeners, Request
from server.limiter import Limiter
from server.live import Live
from server.problems import Answer
from storage.bridge import Address, open_database
from storage.check import check
from storage.spool import Spool, SpoolUnavailable
from tests.faults.test_database_outage import grown, kept, started
from tests.faults.test_kill_service import address
from tests.support.http import Door, ask
from tests.support.ledger import ledger, until
from tests.support.load import Load, Promises, assert_kept, counted
from tests.support.service import Service
from tests.support.stoppable_postgres import StoppablePostgres

PLAY = "/api/event/play"
BODY = b'{"trackEntryKey": "one-more", "bucket": "complete"}'


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small file system here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # a failed test may have left the service on it


async def refused(service: Service, promises: Promises) -> None:
    """The answer to one more event, while there is no room; a small one may still fit where a group did not."""
    headers = {"Content-Type": "text/plain"}
    door = Door.at(service.beacon)
    with trio.fail_after(60):
        for number in count():
            key = f"one-more-{number}"
            body = json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()
            promises.sent.add(key)
            answer = await trio.to_thread.run_sync(ask, door, "POST", PLAY, headers, body)
            if answer.status != 202:
                break
            promises.acknowledged.add(key)
    assert (503, "/problems/unavailable") == (answer.status, answer.json()["type"])
    assert int(answer.headers["retry-after"]) > 0


async def some_refused(promises: Promises) -> None:
    with trio.fail_after(60):
        while len(promises.refused) < 20:
            await trio.sleep(0.01)


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65536, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def append_for_ever(spool: Spool, row: bytes) -> None:
    while True:
        spool.append(row, 1)


@pytest.mark.root
def test_a_spool_never_takes_the_room_it_needs_to_shrink(small_disk: Path) -> None:
    with closing(Spool(small_disk / "spool.sqlite", max_bytes=1 << 30)) as spool:
        row = bytes(60_000)
        for _ in range(2):
            with pytest.raises(SpoolUnavailable, match="less than 16 MiB left"):
                append_for_ever(spool, row)
            assert spool.pending_events > 100
            spool.drop_through(spool.last_seq)
            spool.scrub()
            assert 0 == (small_disk / "spool.sqlite-wal").stat().st_size
            assert (small_disk / "spool.sqlite").stat().st_size < 1024 * 1024
        assert spool.last_seq < spool.append(row, 1)


@pytest.mark.root
def test_rows_that_a_full_disk_kept_go_with_the_next_scrub(small_disk: Path) -> None:
    with closing(Spool(small_disk / "spool.sqlite", max_bytes=1 << 30)) as spool:
        last = spool.append(bytes(60_000), 1)
        fill(small_disk / "filler")
        with pytest.raises(SpoolUnavailable, match="refuses to write"):
            spool.drop_through(last)
        assert 1 == spool.pending_events
        (small_disk / "filler").unlink()
        spool.scrub()
        assert 0 == spool.pending_events
        assert [] == spool.read(0, max_events=10)


@pytest.mark.root
async def test_a_full_disk_is_told_and_got_over_without_a_restart(
    data_dir: Path, small_disk: Path, database_url: str
) -> None:
    promises = Promises()
    filler = small_disk / "filler"
    environment = {"TONEARM_DATABASE_URL": database_url, "TONEARM_DATA_DIR": str(small_disk)}
    service = await started(data_dir, environment)
    load = Load(*address(service.beacon), promises)
    async with trio.open_nursery() as nursery:
        await nursery.start(load.run)
        for _ in range(2):
            await until(service, "counted", len(promises.acknowledged) // 2)
            before = len(promises.refused)
            await trio.to_thread.run_sync(fill, filler)
            with trio.fail_after(60):
                while len(promises.refused) < before + 20:
                    await trio.sleep(0.01)
                    if not len(promises.refused) > before:  # a drained spool made room: what is free is taken again
                        await trio.to_thread.run_sync(fill, small_disk / f"filler-{before}")
            await trio.sleep(1.5)  # the spool is scrubbed every second; a full disk may refuse that too
            filler.unlink()
            (small_disk / f"filler-{before}").unlink(missing_ok=True)
            await grown(promises, 200)
        nursery.cancel_scope.cancel()
    assert {503} == set(promises.refused.values())
    await until(service, "pending", 0)
    figures = await trio.to_thread.run_sync(ledger, service)
    assert figures["received"] == figures["counted"] + figures["unavailable"]
    assert 0 == await trio.to_thread.run_sync(service.stop)
    with closing(sqlite3.connect(small_disk / "spool-0.sqlite")) as spool:
        assert [("ok",)] == spool.execute("PRAGMA integrity_check").fetchall()
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences


async def test_a_spool_at_its_bound_refuses_until_the_database_has_caught_up(
    data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    promises = Promises()
    server = StoppablePostgres(tmp_path_factory.mktemp("bound") / "pg")
    with server as postgres:
        url = await trio.to_thread.run_sync(postgres.new_database)
        service = await started(data_dir, {"TONEARM_DATABASE_URL": url, "TONEARM_SPOOL__MAX_MIB": "1"})
        async with trio.open_nursery() as nursery:
            gentle = Load(*address(service.beacon), promises, connections=1, name="gentle")
            await nursery.start(gentle.run)
            await until(service, "counted", 100)
            assert {} == promises.refused
            await trio.to_thread.run_sync(server.stop)
            long_keys = Load(*address(service.beacon), promises, name="k" * 170)
            await nursery.start(long_keys.run)
            await some_refused(promises)
            await refused(service, promises)
            await trio.to_thread.run_sync(server.start)
            await until(service, "counted", len(promises.acknowledged))
            await grown(promises, 200)
            nursery.cancel_scope.cancel()
        assert {503} == set(promises.refused.values())
        await kept(service, promises, Address(url=url))
        assert 0 == await trio.to_thread.run_sync(service.stop)


async def test_a_full_channel_refuses_at_once_and_each_event_has_an_outcome(tmp_path: Path) -> None:
    config = Config()
    spool = Spool(tmp_path / "spool.sqlite", max_bytes=1 << 20)
    ledger = Ledger()
    to_ingest, submissions = trio.open_memory_channel[Submission](3)
    to_resolver, spooled = trio.open_memory_channel[Spooled](100)
    events = Events(
        to_ingest,
        ledger,
        Limiter(0, 1, key=bytes(32), now=lambda: 0.0),
        None,
        Calendar(config.zone, lambda: 1_795_000_000.0),
        Listeners(Live(Mode.OFF), bytes(32), Salts()),
        origins=frozenset(),
        trusted=TrustedProxies.parse([]),
        networks=Networks(lambda: 0.0),
        canaries=Canaries(bytes(32), lambda: 0.0),
    )

    def judged() -> Answer | Submission:
        return events.judge(Request("POST", PLAY, {"content-type": "text/plain"}, BODY, "127.0.0.1"))

    verdicts = [judged() for _ in range(10)]  # nobody takes any out meanwhile
    waiting = [verdict for verdict in verdicts if isinstance(verdict, Submission)]
    answers = [verdict for verdict in verdicts if isinstance(verdict, Answer)]
    assert (3, [503] * 7) == (len(waiting), [answer.status for answer in answers])
    assert all("retry-after" in answer.headers for answer in answers)
    async with trio.open_nursery() as nursery:
        await nursery.start(Ingest(submissions, to_resolver, spool, ledger, fed=0).run)
        assert [None] * 3 == [await submission.settled() for submission in waiting]
        again = judged()
        assert isinstance(again, Submission)
        assert None is await again.settled()
        to_ingest.close()
    assert (11, 7, 4) == (ledger.received, ledger.refused[Reason.UNAVAILABLE], spool.pending_events)
    assert 0 == ledger.missing(spool.pending_events)
    spooled.close()
    spool.close()
