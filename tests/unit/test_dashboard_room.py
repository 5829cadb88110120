"""What pages may take of a process: so many at once, and a thread of their own."""

import threading
from collections.abc import Callable
from typing import TypeVar

import pytest
import trio
import trio.testing
from quart import Blueprint
from quart_trio import QuartTrio

from server.dashboard.page import Sheet, add_page
from server.dashboard.room import Room
from server.dashboard.tables import Cell, Column, Table

T = TypeVar("T")


class Wide(Table):
    """Knows what stood in a thread while it was written."""

    def as_csv(self) -> str:
        _written_in.append(threading.get_ident())
        return super().as_csv()


_written_in: list[int] = []


class Threadless(Room):
    """A mock clock does not wait for threads: it jumps while they work."""

    async def aside(self, work: Callable[[], T]) -> T:
        return work()


def site(room: Room, build: Callable[[], Table]) -> QuartTrio:
    app, routes = QuartTrio("pages"), Blueprint("pages", __name__)

    async def sheet() -> Sheet:
        await trio.sleep(1)
        return Sheet("no.html", "section", tables=[build()])

    add_page(routes, room, "one", sheet)
    add_page(routes, room, "other", sheet)
    app.register_blueprint(routes)
    return app


def table(rows: int = 1) -> Wide:
    lines: list[list[Cell]] = [["a"]] * rows
    return Wide("t", "T", [Column("Title", "title", "text")], lines)


@pytest.mark.parametrize(("pages", "seconds"), [(1, 6), (2, 3), (6, 1)])
async def test_pages_wait_for_each_other_beyond_their_number(
    autojump_clock: trio.testing.MockClock, pages: int, seconds: int
) -> None:
    client = site(Threadless(pages), table).test_client()
    began = trio.current_time()
    async with trio.open_nursery() as nursery:
        for name in ("one", "other") * 3:
            nursery.start_soon(client.get, f"/{name}.csv")
    assert seconds == round(trio.current_time() - began)


async def test_a_page_that_fails_leaves_its_place(autojump_clock: trio.testing.MockClock) -> None:
    def fail() -> Table:
        raise LookupError

    room = Room(1)
    answer = await site(room, fail).test_client().get("/one.csv")
    assert (500, 0) == (answer.status_code, room.pages.borrowed_tokens)


async def test_a_file_is_written_beside_the_loop() -> None:
    _written_in.clear()
    await site(Room(1), table).test_client().get("/one.csv")
    assert 1 == len(_written_in)
    assert threading.get_ident() not in _written_in


async def test_what_pages_do_in_a_thread_takes_none_of_those_of_the_writer() -> None:
    began, go = threading.Event(), threading.Event()
    room, usual = Room(1), trio.to_thread.current_default_thread_limiter()

    def work() -> None:
        began.set()
        go.wait(30)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(room.aside, work)
        try:
            await trio.testing.wait_all_tasks_blocked()
            assert 0 == usual.borrowed_tokens
        finally:
            go.set()
    assert began.is_set()
