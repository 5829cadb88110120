"""Restarts of the service and reloads of nginx under load: every event is taken, none is refused, each counts once."""

import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from storage.bridge import Address, open_database
from storage.check import check
from tests.support import caddy as caddies
from tests.support.caddy import Caddy
from tests.support.certificate import make_certificate
from tests.support.held import Held, held, short_folder
from tests.support.load import Promises, assert_kept, counted
from tests.support.nginx import PROGRAM, Nginx, nginx
from tests.support.running import UNLIMITED
from tests.support.service import READY, Service, eventually
from tests.support.visitors import Regulars, Visitors

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="there is no nginx on this machine")

ROUNDS, ROUNDS_FULL = 2, 20


@pytest.fixture
def sockets() -> Iterator[Held]:
    with short_folder() as folder, held(folder) as opened:
        yield opened


@pytest.fixture
def changes() -> dict[str, str]:
    return {}


@pytest.fixture
def proxy(sockets: Held, tmp_path: Path, changes: dict[str, str]) -> Iterator[Nginx]:
    with nginx(sockets.folder, make_certificate(tmp_path), changes) as running:
        yield running


class Traffic:
    """What many visitors of the site do meanwhile."""

    def __init__(self, proxy: Nginx | Caddy) -> None:
        self.promises = Promises()
        self.visitors = Visitors(proxy.own_site, self.promises, connections=24, name="visitor")
        self.regulars = Regulars(proxy.own_site, self.promises, connections=24, name="regular")

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """For as long as the block lasts, and not before the first have come or the last was served."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self.visitors.run)
            await nursery.start(self.regulars.run)
            yield
            await self.taken(200)
            nursery.cancel_scope.cancel()

    async def taken(self, more: int) -> None:
        """Wait until so many further events were answered with 202."""
        wanted = len(self.promises.acknowledged) + more
        with trio.fail_after(60):
            while len(self.promises.acknowledged) < wanted:
                await trio.sleep(0.02)

    def assert_nobody_was_refused(self) -> None:
        assert [] == self.visitors.broken + self.regulars.broken
        assert {} == self.promises.refused


async def assert_counted(database_url: str, promises: Promises) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        assert_kept(promises, await counted(database))
        assert () == (await database.transaction(check)).differences


def environment(database_url: str) -> dict[str, str]:
    return {**UNLIMITED, "TONEARM_DATABASE_URL": database_url}


async def restarted(sockets: Held, service: Service, environ: dict[str, str], *words: str) -> Service:
    """Stop, then start, as systemd does it."""
    assert 0 == await trio.to_thread.run_sync(service.stop)
    return await trio.to_thread.run_sync(sockets.serve(service.data_dir, environ, *words).ready)


ONE_DOOR = {"proxy_pass         http://tonearm_events;": "proxy_pass         http://tonearm_pages;"}


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        pytest.param((), {}, id="the beacon listener"),
        pytest.param((), ONE_DOOR, id="Hypercorn", marks=pytest.mark.full),
        pytest.param(("--workers", "2"), {}, id="two workers", marks=pytest.mark.full),
    ],
)
async def test_restarts_on_held_sockets_refuse_and_lose_nothing(
    sockets: Held, proxy: Nginx, data_dir: Path, database_url: str, full: bool, words: tuple[str, ...]
) -> None:
    environ = environment(database_url)
    traffic = Traffic(proxy)
    service = await trio.to_thread.run_sync(sockets.serve(data_dir, environ, *words).ready)
    try:
        async with traffic.flowing():
            for _ in range(ROUNDS_FULL if full else ROUNDS):
                await traffic.taken(200)
                service = await restarted(sockets, service, environ, *words)
    finally:
        service.stop()
    traffic.assert_nobody_was_refused()
    await assert_counted(database_url, traffic.promises)


@pytest.mark.full
@pytest.mark.parametrize(
    "embedded",
    [pytest.param(False, id="PostgreSQL by URL"), pytest.param(True, id="embedded PostgreSQL", marks=pytest.mark.full)],
)
async def test_a_process_that_becomes_the_next_one_refuses_and_loses_nothing(
    proxy: Nginx, sockets: Held, data_dir: Path, database_url: str, full: bool, embedded: bool
) -> None:
    traffic = Traffic(proxy)
    service = sockets.serve(data_dir, UNLIMITED if embedded else environment(database_url))
    await trio.to_thread.run_sync(service.ready)
    try:
        async with traffic.flowing():
            for number in range(ROUNDS_FULL if full else ROUNDS):
                await traffic.taken(200)
                service.process.send_signal(signal.SIGUSR2)
                await trio.to_thread.run_sync(eventually, lambda times=number + 2: ready_times(service) == times, 60)
        traffic.assert_nobody_was_refused()
        if embedded:
            assert "Every counter agrees" in (await trio.to_thread.run_sync(service.command, "check")).stdout
    finally:
        assert 0 == service.stop()
    if not embedded:
        await assert_counted(database_url, traffic.promises)


def ready_times(service: Service) -> int:
    return len(READY.findall(service.said()))


async def test_reloads_of_nginx_refuse_and_lose_nothing(
    sockets: Held, proxy: Nginx, data_dir: Path, database_url: str, full: bool
) -> None:
    traffic = Traffic(proxy)
    service = await trio.to_thread.run_sync(sockets.serve(data_dir, environment(database_url)).ready)
    try:
        async with traffic.flowing():
            for _ in range(ROUNDS_FULL if full else ROUNDS):
                await traffic.taken(200)
                await trio.to_thread.run_sync(proxy.reload)
    finally:
        service.stop()
    traffic.assert_nobody_was_refused()
    await assert_counted(database_url, traffic.promises)


@pytest.mark.full
@pytest.mark.skipif(caddies.PROGRAM is None, reason="there is no Caddy on this machine")
async def test_restarts_behind_caddy_refuse_and_lose_nothing(
    sockets: Held, data_dir: Path, tmp_path: Path, database_url: str, full: bool
) -> None:
    environ = environment(database_url)
    service = await trio.to_thread.run_sync(sockets.serve(data_dir, environ).ready)
    with caddies.caddy(sockets.folder, make_certificate(tmp_path)) as proxy:
        traffic = Traffic(proxy)
        try:
            async with traffic.flowing():
                for _ in range(ROUNDS_FULL if full else 1):
                    await traffic.taken(200)
                    service = await restarted(sockets, service, environ)
        finally:
            service.stop()
    traffic.assert_nobody_was_refused()
    await assert_counted(database_url, traffic.promises)


def test_a_process_whose_successor_would_not_start_says_so_and_stays(
    sockets: Held, data_dir: Path, tmp_path: Path, database_url: str
) -> None:
    file = tmp_path / "tonearm.toml"
    file.write_text("")
    service = sockets.serve(data_dir, environment(database_url), "--config", str(file)).ready()
    try:
        file.write_text("no_such_setting = 1")
        service.process.send_signal(signal.SIGUSR2)
        eventually(lambda: "Not starting anew, what would follow does not start: no_such_setting" in service.said())
        assert 1 == ready_times(service)
    finally:
        assert 0 == service.stop()


@pytest.mark.full
def test_a_stop_during_a_new_start_is_a_stop(sockets: Held, data_dir: Path, database_url: str) -> None:
    service = sockets.serve(data_dir, environment(database_url)).ready()
    with socket.socket(socket.AF_UNIX) as kept:  # a proxy that keeps its connection, so that leaving takes its time
        kept.connect(str(sockets.paths["beacon"]))
        kept.sendall(b"GET /api/event/config HTTP/1.1\r\nHost: a\r\n\r\n")
        assert kept.recv(100).startswith(b"HTTP/1.1 200")
        service.process.send_signal(signal.SIGUSR2)
        eventually(lambda: "Starting anew" in service.said())
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: "no new process follows" in service.said())
    assert 0 == service.process.wait(60)
    assert 1 == ready_times(service)


@pytest.mark.parametrize("door", ["http", "beacon"])
def test_a_connection_that_a_proxy_keeps_is_used_once_more_and_then_closed(
    sockets: Held, data_dir: Path, database_url: str, door: str
) -> None:
    service = sockets.serve(data_dir, environment(database_url)).ready()
    ask = b"GET /api/event/config HTTP/1.1\r\nHost: a\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as kept:
        kept.settimeout(10)
        kept.connect(str(sockets.paths[door]))
        kept.sendall(ask)
        assert b"connection: close" not in kept.recv(1000).lower()
        service.process.send_signal(signal.SIGTERM)
        eventually(lambda: "Stopping" in service.said())
        kept.sendall(ask)
        assert b"connection: close" in b"".join(iter(lambda: kept.recv(1000), b"")).lower()
    assert 0 == service.process.wait(60)
