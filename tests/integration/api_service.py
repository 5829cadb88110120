"""A service with a year behind it, and the operator's way in, for the tests of the API."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import trio

from storage.bridge import Address, open_database
from tests.support.filled import Music, fill_database
from tests.support.http import Answer, Door, ask
from tests.support.postgres import Postgres, rows
from tests.support.service import Service, serving

UNLIMITED: Final = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "0", "TONEARM_LIMITS__API_PER_MINUTE": "0"}
WAY_IN: Final = {
    **UNLIMITED,
    "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
}
OPERATOR: Final = {"X-Forwarded-User": "me"}
AS_JSON: Final = {**OPERATOR, "Content-Type": "application/json"}


class Filled:
    """What it answers to the operator, and what is in its database."""

    def __init__(self, service: Service, url: str, music: Music) -> None:
        self.service = service
        self.url = url
        self.music = music
        self.door = Door.at(service.url)

    def get(self, path: str, headers: Mapping[str, str] = OPERATOR, method: str = "GET") -> Answer:
        return ask(self.door, method, path, headers)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert 200 == answer.status, answer.body
        return answer.json()

    def put(self, path: str, body: object, headers: Mapping[str, str] = AS_JSON) -> Answer:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return ask(self.door, "PUT", f"/api/catalog{path}", headers, sent)

    def query(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)


def token(service: Service, *scopes: str) -> str:
    """Made as an operator makes one."""
    words = [word for scope in scopes for word in ("--scope", scope)]
    return str(json.loads(service.command("token", "make", "-".join(scopes), *words, "--json").stdout)["token"])


def refused(answer: Answer, status: int, name: str) -> str:
    """The detail of a problem that is what it should be."""
    assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"]), answer.body
    problem = answer.json()
    assert (f"/problems/{name}", status) == (problem["type"], problem["status"])
    return str(problem["detail"])


def path_of(key: str) -> str:
    """A key as an address holds it."""
    return quote(key, safe="")


@contextmanager
def filled_service(postgres: Postgres, folder: Path, *, events: int = 4_000, **settings: str) -> Iterator[Filled]:
    """`settings`: further ones, by the name of their variable without the prefix."""
    url = postgres.new_database()
    music = fill_database(url, seed=3, events=events)
    environment = {
        **WAY_IN,
        "TONEARM_DATABASE_URL": url,
        **{f"TONEARM_{name}": text for name, text in settings.items()},
    }
    with serving(folder / "data", environment) as service:
        yield Filled(service, url, music)
