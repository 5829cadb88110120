"""Months leave the log, and no figure changes: sums, late events, crashes, who counts meanwhile."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import trio

from actors.events import Moment, Play, Share
from storage import figures, imports, retention
from storage.bridge import Address, Connection, Database, DatabaseUnavailable, LockBusy, Row, open_database
from storage.check import check
from storage.figures import SITE
from storage.imports import Import
from storage.log import make_months
from storage.migrate import migrate, migrations
from storage.rebuild import days, rebuild_day, rebuild_totals
from storage.retention import Due, Keep, Month
from tests.integration.test_pipeline import pipeline
from tests.support import filled
from tests.support.locks import locked
from tests.support.postgres import rows

TODAY = date(2026, 11, 21)
OLDEST = date(2025, 9, 1)  # 446 days before
LOGGED = "SELECT DISTINCT date_trunc('month', day::timestamp)::date FROM play_event ORDER BY 1"
FIGURES = """
SELECT target_kind, target_key, sum(partial)::int, sum(sampled)::int, sum(complete)::int, sum(shares_link)::int,
       sum(shares_embed)::int, sum(via_link)::int, sum(via_embed)::int, sum(listeners)::int
FROM play_counter GROUP BY 1, 2 ORDER BY 1, 2
"""
DAILY = """
SELECT target_kind, target_key, day::text, sum(partial)::int, sum(sampled)::int, sum(complete)::int,
       sum(shares_link)::int, sum(shares_embed)::int, sum(via_link)::int, sum(via_embed)::int
FROM day_counter GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Fifteen months of plays and shares."""
    async with open_database(Address(url=database_url), connections=4) as opened:
        await opened.transaction(migrate, migrations())
        await opened.transaction(filled.fill, seed=3, events=1500, today=TODAY, days=446)
        yield opened


async def differences(database: Database) -> tuple[object, ...]:
    return (await database.transaction(check)).differences


async def rebuild(database: Database) -> None:
    for day in await database.run(days):
        await database.transaction(rebuild_day, day)
    await database.transaction(rebuild_totals)


async def let_go(database: Database, keep: Keep, today: date = TODAY) -> None:
    """As the housekeeper does it."""
    for month in await database.run(retention.due_log, keep, today):
        await database.transaction(retention.drop_log, month)
    for month in await database.run(retention.due_daily, keep, today):
        await database.transaction(retention.drop_daily, month)


@asynccontextmanager
async def fail_after(seconds: float) -> AsyncIterator[None]:
    """A writer that cannot count tries for ever."""
    with trio.fail_after(seconds):
        yield


class Paused:
    """A connection that stops once a month is added up, until it may go on."""

    def __init__(self, connection: Connection, added_up: threading.Event, go_on: threading.Event) -> None:
        self._connection = connection
        self._added_up = added_up
        self._go_on = go_on

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        row = await self._connection.fetchrow(query, *args)
        if "INSERT INTO opening_balance" in query:
            self._added_up.set()
            while not self._go_on.is_set():
                await self._connection.execute("SELECT pg_sleep(0.02)")
        return row


def moment(day: date) -> Moment:
    return Moment(int(datetime.combine(day, datetime.min.time(), UTC).timestamp()), day.toordinal())


async def test_months_beyond_what_is_kept_leave_the_log_and_no_figure_changes(database: Database) -> None:
    before = await rows(database, FIGURES), await rows(database, DAILY)
    await let_go(database, Keep(log_months=3))
    assert [(date(2026, month, 1),) for month in (8, 9, 10, 11)] == await rows(database, LOGGED)
    assert before == (await rows(database, FIGURES), await rows(database, DAILY))
    assert () == await differences(database)


async def test_a_rebuild_after_it_computes_the_same(database: Database) -> None:
    before = await rows(database, FIGURES), await rows(database, DAILY)
    await let_go(database, Keep(log_months=3))
    await rows(database, "UPDATE day_counter SET complete = complete + 1")
    await rows(database, "DELETE FROM play_counter WHERE target_kind = 'site'")
    assert () != await differences(database)
    await rebuild(database)
    assert before == (await rows(database, FIGURES), await rows(database, DAILY))
    assert () == await differences(database)


async def test_a_counter_of_a_dropped_month_is_still_held_against_its_sum(database: Database) -> None:
    await let_go(database, Keep(log_months=3))
    statement = "UPDATE day_counter SET partial = partial + 1 WHERE target_kind = 'site' AND day = '2025-10-04'"
    await rows(database, statement)
    [found] = await differences(database)
    assert str(found).startswith("site on 2025-10-04: partial is counted")


async def test_nothing_goes_unless_it_is_asked_for(database: Database) -> None:
    assert Due([], []) == await database.run(retention.due, Keep(), TODAY)
    assert Due([], []) == await database.run(retention.due, Keep(log_months=15), TODAY)


async def test_what_is_due_is_told_with_its_events_and_its_size(database: Database) -> None:
    [(plays, shares)] = await rows(
        database,
        """SELECT (SELECT count(*)::int FROM play_event WHERE day < '2025-10-01'),
                  (SELECT count(*)::int FROM share_event WHERE day < '2025-10-01')""",
    )
    [only] = (await database.run(retention.due, Keep(log_months=13), TODAY)).log
    assert Month(OLDEST, int(str(plays)), int(str(shares)), only.bytes) == only
    assert min(only.plays, only.shares, only.bytes) > 0


async def test_a_clock_that_is_years_ahead_costs_no_month(database: Database) -> None:
    [(database_today,)] = await rows(database, "SELECT current_date")
    assert isinstance(database_today, date)
    by_the_database = await database.run(retention.due_log, Keep(log_months=12), database_today + timedelta(days=1))
    assert by_the_database == await database.run(retention.due_log, Keep(log_months=12), TODAY.replace(year=2099))


async def test_a_dropped_month_is_noted_and_audited(database: Database) -> None:
    gone = await database.transaction(retention.drop_log, OLDEST)
    assert gone is not None
    noted = await database.run(retention.dropped, date(2025, 9, 30), date(2025, 9, 30))
    assert [gone] == list(noted)
    audited = await rows(database, "SELECT detail->>'log', detail->>'plays' FROM audit WHERE act = 'retention'")
    assert [("2025-09", str(gone.plays))] == audited
    assert gone.plays + gone.shares == (await database.transaction(check)).dropped_events
    assert None is await database.transaction(retention.drop_log, OLDEST)


async def test_what_an_import_brought_keeps_its_number_in_the_balance(database: Database) -> None:
    await rows(database, "UPDATE play_event SET import_number = 7 WHERE day = '2025-09-20'")
    await database.transaction(retention.drop_log, OLDEST)
    statement = "SELECT DISTINCT day::text FROM opening_balance WHERE import_number = 7"
    assert [("2025-09-20",)] == await rows(database, statement)
    assert () == await differences(database)


class Cut(Exception):
    """A crash, as far as the transaction is concerned."""


async def test_a_crash_in_between_has_dropped_nothing(database: Database) -> None:
    async def cut_off(connection: Connection) -> None:
        await retention.drop_log(connection, OLDEST)
        raise Cut

    before = await rows(database, "SELECT count(*) FROM play_event")
    with pytest.raises(Cut):
        await database.transaction(cut_off)
    assert before == await rows(database, "SELECT count(*) FROM play_event")
    assert [(0,)] == await rows(database, "SELECT count(*)::int FROM opening_balance")
    assert () == await differences(database)


async def test_a_connection_that_is_cut_while_it_drops_has_dropped_nothing(database: Database) -> None:
    async def killed(connection: Connection) -> None:
        await retention.drop_log(connection, OLDEST)
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseUnavailable):
        await database.transaction(killed)
    assert [(OLDEST,)] == (await rows(database, LOGGED))[:1]
    assert () == await differences(database)


async def test_a_play_that_comes_after_its_month_has_gone_is_counted(database: Database, tmp_path: Path) -> None:
    late = Play(moment(date(2025, 9, 20)), "late", "complete", "link")
    async with fail_after(60), pipeline(tmp_path, database) as running:
        await running.accept(late)
        while running.ledger.counted < 1:
            await trio.sleep(0.01)
        await let_go(database, Keep(log_months=3))
        await running.accept(late, Share(late.moment, "track", "late", "embed"))
    counted = "SELECT sum(complete)::int, sum(shares_embed)::int FROM day_counter WHERE target_key = 'late'"
    assert [(2, 1)] == await rows(database, counted)
    assert () == await differences(database)
    await let_go(database, Keep(log_months=3))
    assert [(2, 1)] == await rows(database, counted)
    assert [(date(2026, 8, 1),)] == (await rows(database, LOGGED))[:1]
    assert () == await differences(database)
    [noted] = await database.run(retention.dropped, OLDEST, OLDEST)
    [(balance,)] = await rows(
        database,
        "SELECT sum(partial + sampled + complete)::int FROM opening_balance"
        " WHERE target_kind = 'site' AND day < '2025-10-01'",
    )
    assert balance == noted.plays


async def test_counting_into_old_months_while_they_are_dropped_again_and_again_loses_nothing(
    database: Database, tmp_path: Path
) -> None:
    number = 60
    async with pipeline(tmp_path, database) as running, trio.open_nursery() as nursery:

        async def go_on_dropping() -> None:
            while True:
                try:
                    await let_go(database, Keep(log_months=1))
                except LockBusy:
                    await trio.sleep(0.01)

        nursery.start_soon(go_on_dropping)
        for count in range(number):
            await running.accept(Play(moment(TODAY - timedelta(days=9 * (count % 40))), "late", "partial"))
        while running.spool.pending_events:
            await trio.sleep(0.01)
        nursery.cancel_scope.cancel()
    assert [(number,)] == await rows(database, "SELECT sum(partial)::int FROM play_counter WHERE target_key = 'late'")
    assert () == await differences(database)


READER = "LOCK TABLE play_event, share_event IN ACCESS SHARE MODE"


async def test_a_dump_is_not_waited_for_and_nobody_waits_behind(database: Database, tmp_path: Path) -> None:
    counted: list[float] = []
    async with locked(database, READER), pipeline(tmp_path, database) as running, trio.open_nursery() as nursery:

        async def count() -> None:
            while True:
                await running.accept(Play(moment(TODAY), "now", "partial"))
                began = trio.current_time()
                while running.spool.pending_events:
                    await trio.sleep(0.01)
                counted.append(trio.current_time() - began)

        nursery.start_soon(count)
        with pytest.raises(LockBusy, match="the log is being read"):
            await database.transaction(retention.drop_log, OLDEST)
        nursery.cancel_scope.cancel()
    assert len(counted) > 1
    assert max(counted) < 3  # far less than the dump; lax, for a machine that has other things to do
    assert [(OLDEST,)] == (await rows(database, LOGGED))[:1]


async def test_only_who_counts_into_the_month_itself_waits_while_it_is_added_up(database: Database) -> None:
    """A late event holds the month; the drop gives up instead of waiting for it with the log locked."""
    async with locked(database, "INSERT INTO play_event SELECT * FROM play_event WHERE day = '2025-09-20' LIMIT 1"):
        with pytest.raises(LockBusy):
            await database.transaction(retention.drop_log, OLDEST)
    assert None is not await database.transaction(retention.drop_log, OLDEST)


async def test_a_play_that_comes_after_the_sum_and_before_the_drop_is_not_lost(
    database: Database, tmp_path: Path
) -> None:
    added_up, go_on = threading.Event(), threading.Event()

    async def paused(connection: Connection) -> None:
        await retention.drop_log(cast("Connection", Paused(connection, added_up, go_on)), OLDEST)

    async def drop() -> None:
        with suppress(LockBusy):  # it gives way to who counts, which is one of the two right outcomes
            await database.transaction(paused)

    async with pipeline(tmp_path, database) as running, trio.open_nursery() as nursery:
        nursery.start_soon(drop)
        await trio.to_thread.run_sync(added_up.wait)
        await running.accept(Play(moment(date(2025, 9, 20)), "late", "complete"))
        waits = "SELECT count(*)::int FROM pg_locks WHERE NOT granted"
        while running.spool.pending_events and [(0,)] == await rows(database, waits):
            await trio.sleep(0.01)
        go_on.set()
    assert [(1,)] == await rows(database, "SELECT sum(complete)::int FROM play_counter WHERE target_key = 'late'")
    assert () == await differences(database)


async def test_a_check_that_begins_while_a_month_leaves_sees_it_before_or_after(database: Database) -> None:
    dropped, go_on = threading.Event(), threading.Event()

    async def slowly(connection: Connection) -> None:
        await retention.drop_log(connection, OLDEST)
        dropped.set()
        while not go_on.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    async def wait_for_it() -> None:
        waits = "SELECT count(*)::int FROM pg_locks WHERE NOT granted"
        while [(0,)] == await rows(database, waits):
            await trio.sleep(0.01)
        go_on.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, slowly)
        await trio.to_thread.run_sync(dropped.wait)
        nursery.start_soon(wait_for_it)
        assert () == await differences(database)


async def test_daily_figures_go_after_the_log_and_the_totals_stay(database: Database) -> None:
    before = await rows(database, FIGURES)
    assert not await database.transaction(retention.drop_daily, OLDEST)
    await let_go(database, Keep(log_months=3, daily_months=6))
    assert [(date(2026, 5, 1),)] == await rows(database, "SELECT min(day) FROM day_counter")
    assert [(date(2026, 5, 1),)] == await rows(database, "SELECT min(day) FROM listener_count")
    assert [(date(2026, 5, 1),)] == await rows(database, "SELECT min(day) FROM opening_balance")
    assert before == await rows(database, FIGURES)
    assert () == await differences(database)
    await rebuild(database)
    assert before == await rows(database, FIGURES)
    assert () == await differences(database)
    undated = (
        "SELECT count(*)::int, count(DISTINCT (target_key, target_kind))::int FROM opening_balance WHERE day IS NULL"
    )
    [(number, distinct)] = await rows(database, undated)
    assert number == distinct


async def test_a_play_later_than_its_daily_figures_is_counted_too(database: Database, tmp_path: Path) -> None:
    keep = Keep(log_months=3, daily_months=6)
    await let_go(database, keep)
    async with pipeline(tmp_path, database) as running:
        await running.accept(Play(moment(date(2025, 9, 20)), "late", "complete"))
    assert () == await differences(database)
    await let_go(database, keep)
    assert [(date(2026, 5, 1),)] == await rows(database, "SELECT min(day) FROM day_counter")
    found = await database.run(figures.read, SITE._replace(key="late", kind="track"))
    assert found is not None
    assert 1 == found.complete
    assert () == await differences(database)


@pytest.mark.parametrize("day", [date(2026, 12, 31), date(2027, 1, 1), date(2028, 2, 29)])
async def test_a_month_is_made_while_the_log_is_read_and_nobody_waits(database: Database, day: date) -> None:
    async with locked(database, READER):
        with trio.fail_after(10):
            await database.transaction(make_months, [day])

    async def log(connection: Connection) -> None:
        await connection.execute(
            """INSERT INTO play_event (created_at, day, rule_version, track_key, bucket)
               VALUES ($1, $2, 1, 'a', 'partial')""",
            datetime(2026, 11, 21, tzinfo=UTC),
            day,
        )

    await database.run(log)
    [(partition,)] = await rows(database, "SELECT tableoid::regclass::text FROM play_event WHERE track_key = 'a'")
    assert f"play_event_{day:%Y_%m}" == partition


async def test_an_import_holds_the_months_it_is_about_to_fill(database: Database) -> None:
    async def hold(connection: Connection) -> None:
        await imports.load(connection, Import("old", bytes(32), "csv", whole=False), [], TODAY, lambda _: None)
        held.set()
        while not enough.is_set():
            await connection.execute("SELECT pg_sleep(0.02)")

    held, enough = threading.Event(), threading.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.transaction, hold)
        await trio.to_thread.run_sync(held.wait)
        with pytest.raises(LockBusy):
            await database.transaction(retention.drop_log, OLDEST)
        enough.set()


async def test_an_event_that_waited_for_months_gets_the_month_that_nobody_made(
    database: Database, tmp_path: Path
) -> None:
    """As in the spool of a service that was stopped for so long."""
    async with pipeline(tmp_path, database) as running:
        await running.accept(Play(moment(date(2024, 2, 29)), "waited", "complete"))
    [(partition,)] = await rows(database, "SELECT tableoid::regclass::text FROM play_event WHERE track_key = 'waited'")
    assert "play_event_2024_02" == partition
    assert () == await differences(database)
