"""One client: the hour first, then what comes; who is slow is told what it lost; it ends, and gives up its place."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
import trio
import trio.testing
from quart_trio import QuartTrio

from actors.audience import Audience, Follower, News
from actors.happening import Happening
from actors.pulse import STREAMS, Pulse
from server.stream import Source, Stream, answer
from server.titles import Titles
from storage.bridge import Database, DatabaseUnavailable

AT = 1_795_000_020
COMPLETE = Happening("track", "harbour-lights", "complete", "link")


class NoDatabase(Database):
    """One that is away."""

    def __init__(self) -> None:
        pass

    async def run(self, *_: Any, **__: Any) -> Any:
        raise DatabaseUnavailable("away")


class Clock:
    def __init__(self) -> None:
        self.now = float(AT)


def pulse(clock: Clock) -> Pulse:
    _, life = trio.open_memory_channel[None](0)
    return Pulse(life, NoDatabase(), source="one", now=lambda: clock.now)


def source(clock: Clock, own: Pulse) -> Source:
    return Source(own, Titles(NoDatabase()))


def joined(audience: Audience) -> Follower:
    follower = audience.join()
    assert follower is not None
    return follower


def stream_of(source: Source) -> Stream:
    return Stream(source, joined(source.pulse.audience))


def events(said: bytes) -> Sequence[tuple[str, Any]]:
    blocks = [block.split("\n") for block in said.decode().split("\n\n") if block.startswith("event: ")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def test_the_hour_comes_first_also_without_titles(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    own._add("one", own.minute, {COMPLETE: 2})
    async with stream_of(source(clock, own)) as stream:
        first = await anext(stream)
    assert first.startswith(b"retry: 3000\n\n")
    [(name, hour)] = events(first)
    assert ("hour", "2026-11-18T11:07:00Z", 60) == (name, hour["minute"], len(hour["minutes"]))
    assert {"kind": "track", "key": "harbour-lights", "title": None}.items() <= hour["targets"][0].items()
    assert 2 == hour["total"]["plays"] == hour["minutes"][-1]["complete"] == hour["total"]["viaLink"]


async def test_what_is_counted_comes_as_it_is_told(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        own._add("one", own.minute, {COMPLETE: 2, Happening("release", "r", "embed"): 1, COMPLETE.of_others: 3})
        [(name, counted)] = events(await anext(stream))
    assert "counted" == name
    named = {"key": "harbour-lights", "title": None, "bucket": "complete", "via": "link", "plays": 2}
    assert [named, named | {"key": None, "plays": 3}] == counted["plays"]
    assert [{"kind": "release", "key": "r", "title": None, "channel": "embed", "shares": 1}] == counted["shares"]


async def test_a_slow_client_loses_the_oldest_is_told_and_gets_the_hour(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        for _ in range(35):
            own._add("one", own.minute, {COMPLETE: 1})
        said = events(await anext(stream))
    assert [("lost", {"lost": 5})] == said[:1]
    assert ("hour", 35) == (said[1][0], said[1][1]["total"]["plays"])


async def test_a_silent_stream_is_kept_alive_by_comments(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    began = trio.current_time()
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        assert (await anext(stream)).startswith(b":")
    assert trio.current_time() - began == pytest.approx(15, abs=0.1)


async def test_with_a_new_minute_the_hour_is_told_again(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        clock.now += 60
        [(name, hour)] = events(await anext(stream))
    assert ("hour", "2026-11-18T11:08:00Z") == (name, hour["minute"])


async def test_an_hour_that_was_told_anew_is_shown(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        own.audience.tell(News(own.minute, None))
        assert ["hour"] == [name for name, _ in events(await anext(stream))]


async def test_a_stream_ends_when_the_audience_does_and_leaves(autojump_clock: trio.testing.MockClock) -> None:
    clock = Clock()
    own = pulse(clock)
    async with stream_of(source(clock, own)) as stream:
        await anext(stream)
        assert 1 == len(own.audience)
        own.audience.end()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    assert 0 == len(own.audience)


async def test_places_are_limited_and_one_who_does_not_come_for_news_loses_its_own(
    autojump_clock: trio.testing.MockClock,
) -> None:
    audience = Audience(2, patience_s=60)
    asleep = joined(audience)
    await trio.sleep(50)
    audience.join()
    assert audience.full()
    await trio.sleep(20)
    assert not audience.full()
    assert asleep.over
    assert 1 == len(audience)


async def test_who_leaves_makes_room() -> None:
    audience = Audience(1, patience_s=60)
    one = joined(audience)
    assert audience.full()
    audience.leave(one)
    assert not audience.full()


async def test_who_came_by_a_link_has_a_part_of_the_places_and_the_others_have_the_rest() -> None:
    audience = Audience(3, patience_s=60, most_by_link=1)
    first = audience.join(by_link=True)
    assert first is not None
    assert None is audience.join(by_link=True)
    assert audience.full(by_link=True)
    assert [False, False, True] == [audience.join() is None for _ in range(3)]
    audience.leave(first)
    assert audience.join(by_link=True) is not None


async def test_without_a_place_nobody_joins() -> None:
    audience = Audience(2, patience_s=60)
    assert [False, False, True, True] == [audience.join() is None for _ in range(4)]
    assert 2 == len(audience)


async def test_of_many_that_ask_at_once_no_more_are_let_in_than_there_are_places() -> None:
    """All are answered before the first body is begun."""
    own = pulse(Clock())
    app = QuartTrio("streams")
    statuses = []
    for _ in range(70):
        async with app.test_request_context("/api/live"):
            statuses.append(answer(source(Clock(), own)).status_code)
    assert [200] * STREAMS + [503] * (70 - STREAMS) == statuses


async def test_links_leave_places_to_the_operator() -> None:
    own = pulse(Clock())
    async with QuartTrio("streams").test_request_context("/shared/link/live/stream"):
        statuses = [answer(source(Clock(), own), by_link=True).status_code for _ in range(17)]
        assert ([200] * 16 + [503], 200) == (statuses, answer(source(Clock(), own)).status_code)
