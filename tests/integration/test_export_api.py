"""The export over HTTP: the same file as the command's, for operators only, one at a time."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.support.data import Site
from tests.support.filled import fill_database
from tests.support.http import Answer, Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving

OPERATOR: Final = {"X-Forwarded-User": "me"}


class Exporting:
    """A service with a year of plays, and its operator."""

    def __init__(self, service: Service, site: Site) -> None:
        self.service = service
        self.site = site

    def ask(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        return ask(Door.at(self.service.url), "GET", path, OPERATOR if headers is None else headers)


@pytest.fixture(scope="module")
def exporting(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporting]:
    url, data_dir = postgres.new_database(), tmp_path_factory.mktemp("export-api") / "data"
    fill_database(url, seed=9, events=60_000, today=datetime.now(UTC).date(), days=60)
    environment = {
        "TONEARM_DATABASE_URL": url,
        "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
        "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    }
    with serving(data_dir, environment) as service:
        yield Exporting(service, Site(url, data_dir))


@pytest.mark.parametrize("what", ["events", "days"])
@pytest.mark.parametrize("form", [pytest.param("csv", marks=pytest.mark.full), "ndjson"])
def test_the_answer_is_what_the_command_writes(exporting: Exporting, tmp_path: Path, what: str, form: str) -> None:
    exporting.site.tonearm("export", what, "--format", form, "--output", tmp_path / "file")
    answer = exporting.ask(f"/api/export/{what}?format={form}")
    assert 200 == answer.status
    assert (tmp_path / "file").read_bytes() == answer.body
    assert f'attachment; filename="tonearm-{what}.{form}"' == answer.headers["content-disposition"]
    assert "no-store" == answer.headers["cache-control"]


def test_strangers_get_nothing(exporting: Exporting) -> None:
    assert 401 == exporting.ask("/api/export/events", {}).status


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("events?format=xml", 400, "allowed is csv, ndjson"),
        ("events?from=2026-01-01&from=2026-01-02", 400, "stands there 2 times"),
        ("events?from=soon", 400, "a day is written as"),
        ("events?from=2026-02-01&to=2026-01-01", 400, "swap them"),
        ("events?with-listeners=1", 400, "knows no parameter 'with-listeners'"),
    ],
)
def test_a_wrong_question_is_answered_with_what_is_right(
    exporting: Exporting, path: str, status: int, told: str
) -> None:
    answer = exporting.ask(f"/api/export/{path}")
    assert (status, "application/problem+json") == (answer.status, answer.headers["content-type"])
    assert told in answer.json()["detail"]


def test_one_export_at_a_time_and_a_reader_who_leaves_makes_room(exporting: Exporting) -> None:
    door = Door.at(exporting.service.url)
    with socket.create_connection((door.host, door.port), 20) as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.sendall(b"GET /api/export/events HTTP/1.1\r\nHost: x\r\nX-Forwarded-User: me\r\n\r\n")
        assert reader.recv(15).startswith(b"HTTP/1.1 200")
        refused = exporting.ask("/api/export/days")
        assert (503, "30") == (refused.status, refused.headers["retry-after"])
    eventually(lambda: exporting.ask("/api/export/days").status == 200)


@pytest.mark.full
def test_a_reader_who_stops_reading_makes_room_after_a_minute_and_sees_that_the_rest_is_missing(
    exporting: Exporting,
) -> None:
    door = Door.at(exporting.service.url)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(20)
        reader.connect((door.host, door.port))
        reader.sendall(b"GET /api/export/events HTTP/1.1\r\nHost: x\r\nX-Forwarded-User: me\r\n\r\n")
        received = reader.recv(15)
        assert received.startswith(b"HTTP/1.1 200")
        assert 503 == exporting.ask("/api/export/days").status
        eventually(lambda: exporting.ask("/api/export/days").status == 200, within_s=90)
        while more := reader.recv(1 << 16):
            received += more
    assert b"transfer-encoding: chunked" in received.lower()
    assert not received.endswith(b"0\r\n\r\n")
