"""When the canary alarms and what it says then. The clock is trio's own, and jumps; the database is a dictionary."""

from collections.abc import Awaitable, Callable
from datetime import date
from itertools import count
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.canary import Canary, NotTaken
from storage import canary as stored
from storage.bridge import DatabaseUnavailable

EVERY_S = 300.0
SENDER = b"s" * 16


class Service:
    """What the canary sees of one: a door that takes or refuses, a writer that counts or does not."""

    def __init__(self) -> None:
        self.refuses = ""
        self.counts = True
        self.away = False
        self.sent: list[bytes] = []
        self.row: bytes | None = None
        self.forgot = 0

    async def send(self, nonce: bytes) -> None:
        await trio.sleep(0.1)
        if self.refuses:
            raise NotTaken(self.refuses)
        self.sent.append(nonce)
        if self.counts and not self.away:
            self.row = nonce

    def catch_up(self) -> None:
        self.counts, self.away = True, False
        self.row = self.sent[-1]

    async def run(self, work: Callable[..., Awaitable[Any]], *args: object) -> bytes | None:
        await trio.lowlevel.checkpoint()
        if self.away:
            raise DatabaseUnavailable("away")
        if work is stored.forget_silent:
            self.forgot += 1
            return None
        assert (stored.last, (SENDER,)) == (work, args)
        return self.row


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def canary(service: Service, nursery: trio.Nursery) -> Canary:
    life, end = trio.open_memory_channel[None](0)
    nonces = count()
    made = Canary(
        end,
        service,  # type: ignore[arg-type]
        service.send,
        sender=SENDER,
        every_s=EVERY_S,
        now=lambda: 1_795_000_000.0 + trio.current_time(),
        today=lambda: date(2026, 11, 21),
        random_bytes=lambda size: next(nonces).to_bytes(size),
    )
    service.life = life  # type: ignore[attr-defined]  # kept open
    await nursery.start(made.run)
    return made


async def test_one_is_sent_soon_after_the_start_and_then_every_interval(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    assert (1, 1) == (len(service.sent), service.forgot)
    await trio.sleep(3 * EVERY_S)
    assert 4 == len(service.sent) == len(set(service.sent))


async def test_what_is_seen_in_the_database_is_well(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    sight = canary.sight()
    assert (EVERY_S, False, "") == (sight.every_s, sight.overdue, sight.trouble)
    assert 0.1 <= sight.took_s < 1
    assert sight.at == pytest.approx(1_795_000_000 + 5 + sight.took_s)


async def test_a_door_that_refuses_alarms_after_two_and_a_half_intervals(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    seen_at = canary.sight().at
    service.refuses = "band.example answers 403."
    await trio.sleep(2.5 * EVERY_S - 10)
    assert not canary.sight().overdue
    await trio.sleep(20)
    assert (True, "band.example answers 403.", seen_at) == (
        canary.sight().overdue,
        canary.sight().trouble,
        canary.sight().at,
    )


async def test_the_alarm_ends_soon_after_the_door_takes_events_again(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    service.refuses = "no"
    await trio.sleep(4 * EVERY_S)
    assert canary.sight().overdue
    service.refuses = ""
    await trio.sleep(70)
    assert (False, "") == (canary.sight().overdue, canary.sight().trouble)


async def test_one_refusal_between_two_that_arrive_is_no_alarm(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    service.refuses = "no"
    await trio.sleep(EVERY_S)
    service.refuses = ""
    for _ in range(100):
        await trio.sleep(10)
        assert not canary.sight().overdue


async def test_events_that_are_accepted_and_not_counted_alarm(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    service.counts = False
    await trio.sleep(2.5 * EVERY_S + 10)
    assert canary.sight().overdue
    assert "accepted and is not counted" in canary.sight().trouble
    service.catch_up()
    await trio.sleep(10)
    assert (False, "") == (canary.sight().overdue, canary.sight().trouble)


async def test_a_service_that_never_took_one_alarms(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    service.refuses = "no"
    await trio.sleep(2.5 * EVERY_S + 10)
    assert (True, "no", 0) == (canary.sight().overdue, canary.sight().trouble, canary.sight().at)


async def test_a_database_that_is_away_is_no_alarm_of_the_canary(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    await trio.sleep(10)
    service.away = True
    for _ in range(20):
        await trio.sleep(EVERY_S)
        assert not canary.sight().overdue
    service.away, service.counts = False, False  # back, and the backlog comes first
    await trio.sleep(2 * EVERY_S)
    assert not canary.sight().overdue
    await trio.sleep(EVERY_S)
    assert canary.sight().overdue


async def test_one_that_comes_later_than_the_next_is_sent_has_arrived(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    """A backlog holds them up for longer than an interval; they arrive all the same."""
    service.counts = False
    await trio.sleep(10)
    first = service.sent[0]
    await trio.sleep(2 * EVERY_S)
    service.row = first
    await trio.sleep(10)
    sight = canary.sight()
    assert not sight.overdue
    assert 2 * EVERY_S < sight.took_s < 2 * EVERY_S + 20


async def test_what_somebody_else_has_put_there_is_not_its_own(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    service.counts = False
    service.row = b"another's nonce.."
    await trio.sleep(3 * EVERY_S)
    assert (True, 0) == (canary.sight().overdue, canary.sight().at)


async def test_it_warns_once_until_one_is_seen_again(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    with capture_logs() as said:
        service.refuses = "the door is shut"
        await trio.sleep(20 * EVERY_S)
        service.refuses = ""
        await trio.sleep(EVERY_S)
    expected = [("no canary event has been counted for too long", "the door is shut")]
    assert expected == [(line["event"], line["reason"]) for line in said if line["log_level"] == "warning"]
    assert 1 == [line["event"] for line in said].count("canary events are counted again")


async def test_it_remembers_no_more_than_a_few_that_are_under_way(
    service: Service, canary: Canary, autojump_clock: MockClock
) -> None:
    service.counts = False
    await trio.sleep(100 * EVERY_S)
    assert 16 == len(canary._under_way)
