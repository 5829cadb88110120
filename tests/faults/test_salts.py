"""Salts on the real service: several processes through a forced rotation under load, and PostgreSQL killed."""

import json
import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import trio

from storage.bridge import Address, Connection, Row, open_database
from storage.check import check
from tests.faults.test_database_outage import embedded_address
from tests.support.http import Door, ask
from tests.support.service import Service, eventually, serving

BOTH = {"TONEARM_PRIVACY__MODE": "both", "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
CLIENTS = 40
ROUNDS, ROUNDS_FULL = 6, 60


def play(service: Service, client: int, key: str = "a") -> None:
    """Over a connection of its own, so that any of the processes may get it."""
    body = json.dumps({"trackEntryKey": key, "bucket": "complete"}).encode()
    headers = {"Content-Type": "text/plain", "User-Agent": f"Mozilla/5.0 (X11; Linux x86_64) Firefox/{client}.0"}
    assert 202 == ask(Door.at(service.beacon), "POST", "/api/event/play", headers, body).status


def everybody(service: Service, rounds: int) -> Iterator[int]:
    """All clients play, several at a time; yields after each round."""
    with ThreadPoolExecutor(4) as pool:
        for number in range(rounds):
            list(pool.map(lambda client: play(service, client), range(CLIENTS)))
            yield number


def read(where: Address, statement: str) -> list[tuple[object, ...]]:
    async def fetch(connection: Connection) -> list[Row]:
        return [tuple(row) for row in await connection.fetch(statement)]

    async def run() -> list[tuple[object, ...]]:
        async with open_database(where, connections=1) as database:
            assert () == (await database.transaction(check)).differences
            return [tuple(row) for row in await database.run(fetch)]

    return trio.run(run)


def total(service: Service) -> int:
    return int(ask(Door.at(service.url), "GET", "/api/stats/track/a").json().get("totalPlays", 0))


def today(service: Service) -> tuple[int, bool]:
    found = ask(Door.at(service.url), "GET", "/api/stats/track/a").json()
    return found["listenersToday"], found["listenersTodayPartial"]


def test_processes_agree_on_every_token_through_a_forced_rotation_under_load(
    data_dir: Path, database_url: str, full: bool
) -> None:
    rounds = ROUNDS_FULL if full else ROUNDS
    with serving(data_dir, BOTH | {"TONEARM_DATABASE_URL": database_url}, "--workers", "3") as service:
        eventually(lambda: has_all_salts(service))
        with ThreadPoolExecutor(1) as beside:
            rotation = None
            for number in everybody(service, rounds):
                if number == rounds // 3:
                    rotation = beside.submit(service.command, "salt", "rotate")
            assert rotation is not None
            rotation.result()
        list(everybody(service, 2))
        eventually(lambda: total(service) == CLIENTS * (rounds + 2))
        assert (CLIENTS, True) == today(service)  # one more, and two processes would have made two tokens of one client
    tokens = "SELECT count(*)::int FROM listener_day WHERE target_kind = 'track'"
    assert [(CLIENTS,)] == read(Address(url=database_url), tokens)


def has_all_salts(service: Service) -> bool:
    """Each process has been asked, as far as chance goes: a scrape reaches one of them."""
    pages = [ask(Door.at(service.url), "GET", "/metrics").body for _ in range(12)]
    return all(re.search(rb'^tonearm_salt_overdue(\{worker="\d"\})? 0\.0$', page, re.MULTILINE) for page in pages)


def test_a_postgres_that_crashes_starts_the_day_again(data_dir: Path) -> None:
    pid_file = data_dir / "postgres" / "cluster" / "postmaster.pid"
    with serving(data_dir, BOTH) as service:
        list(everybody(service, 1))
        eventually(lambda: total(service) == CLIENTS)
        assert CLIENTS == today(service)[0]
        os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)
        for client in range(CLIENTS):
            play(service, client)
        eventually(lambda: answers(service) and total(service) == 2 * CLIENTS, 90)
        eventually(lambda: today(service) == (0, True), 60)
        eventually(lambda: has_all_salts(service), 60)
        list(everybody(service, 1))
        eventually(lambda: total(service) == 3 * CLIENTS)
        assert (CLIENTS, True) == today(service)
        where = embedded_address(data_dir)
        assert [(2,)] == read(where, "SELECT generation FROM token_day")


def answers(service: Service) -> bool:
    return ask(Door.at(service.url), "GET", "/api/stats/home").status == 200
