"""Alerts of the real service: its workers, its stops and kills, its commands, and what it says of wrong settings."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.support.filled import fill_database
from tests.support.http import Door, ask
from tests.support.mail_server import mail_server
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving
from tests.support.web_server import Asked, Says, WebServer, web_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def environment(url: str, receiver: WebServer) -> dict[str, str]:
    return {
        "TONEARM_DATABASE_URL": url,
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        "TONEARM_ALERTS__MILESTONES": '["site", "track"]',
        "TONEARM_ALERTS__THRESHOLDS": "[3, 5]",
        "TONEARM_ALERTS__WEBHOOK_URL": f"{receiver.url}/very-secret",
        "TONEARM_ALERTS__WEBHOOK_SECRET": SECRET,
        "TONEARM_ALERTS__EVERY_S": "0.2",
    }


def play(service: Service, times: int) -> None:
    for _ in range(times):
        body = b'{"trackEntryKey": "harbour", "bucket": "complete"}'
        assert (
            202 == ask(Door.at(service.beacon), "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status
        )


def told(receiver: WebServer) -> list[tuple[str, int]]:
    found = [json.loads(asked.body)["data"] for asked in receiver.asked]
    return sorted({(one["kind"], one["milestone"]) for one in found})


def ids(receiver: WebServer) -> list[str]:
    return [asked.headers["webhook-id"] for asked in receiver.asked]


def until_it_looks(service: Service) -> None:
    """The first look has been: from then on what is passed is news. The track is one of the catalog's."""
    catalog = service.data_dir.with_name("catalog.csv")
    catalog.write_text("track_key,track_title\nharbour,Harbour Lights\n")
    service.command("catalog", "load", str(catalog))
    eventually(lambda: "milestones are looked for from here on" in service.said())


@pytest.mark.full
def test_of_several_workers_one_tells_each_milestone_once(
    postgres: Postgres, tmp_path: Path, receiver: WebServer
) -> None:
    with serving(tmp_path / "data", environment(postgres.new_database(), receiver), "--workers", "2") as service:
        until_it_looks(service)
        play(service, 3)
        eventually(lambda: [("site", 3), ("track", 3)] == told(receiver))
        play(service, 2)
        eventually(lambda: [("site", 3), ("site", 5), ("track", 3), ("track", 5)] == told(receiver))
        assert 4 == len(receiver.asked) == len(set(ids(receiver)))
        assert "very-secret" not in service.said()
        assert 0 == service.stop()


@pytest.mark.full  # it waits for a minute, as the service does
def test_what_could_not_be_delivered_is_after_a_kill_under_the_same_id(
    postgres: Postgres, tmp_path: Path, receiver: WebServer
) -> None:
    settings = environment(postgres.new_database(), receiver) | {"TONEARM_ALERTS__MILESTONES": '["track"]'}
    receiver.answer = lambda _: Says(503)
    with serving(tmp_path / "data", settings) as service:
        until_it_looks(service)
        play(service, 3)
        eventually(lambda: "an alert could not be delivered, and will be tried again" in service.said())
        service.stop(signal.SIGKILL)
    receiver.answer = lambda _: Says()
    with serving(tmp_path / "data", settings) as again:
        eventually(lambda: "an alert was delivered" in again.said(), 90)  # a minute after the first attempt
        assert 0 == again.stop()
    assert (2, 1) == (len(ids(receiver)), len(set(ids(receiver))))


@pytest.mark.full
def test_a_receiver_that_hangs_holds_up_neither_the_counting_nor_a_stop(
    postgres: Postgres, tmp_path: Path, receiver: WebServer
) -> None:
    free = Event()

    def hang(_: Asked) -> Says:
        free.wait(60)
        return Says()

    receiver.answer = hang
    with serving(tmp_path / "data", environment(postgres.new_database(), receiver)) as service:
        until_it_looks(service)
        play(service, 3)
        eventually(lambda: bool(receiver.asked))
        play(service, 40)
        figures = Door.at(service.url)
        eventually(lambda: 43 == ask(figures, "GET", "/api/stats/home").json()["totalPlays"])
        assert 0 == service.stop()
        free.set()


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> str:
    url = postgres.new_database()
    fill_database(url, seed=2, events=3_000, days=60)
    return url


@pytest.mark.full
def test_the_digest_is_printed_and_sent_by_hand(filled: str, tmp_path: Path, receiver: WebServer) -> None:
    with mail_server() as mail:
        settings = environment(filled, receiver) | {
            "TONEARM_ALERTS__DIGEST": '["file", "mail", "webhook"]',
            "TONEARM_ALERTS__SMTP_HOST": "127.0.0.1",
            "TONEARM_ALERTS__SMTP_PORT": str(mail.port),
            "TONEARM_ALERTS__SMTP_SECURITY": "none",
            "TONEARM_ALERTS__MAIL_FROM": "tonearm@band.example",
            "TONEARM_ALERTS__MAIL_TO": '["me@band.example"]',
        }
        with serving(tmp_path / "data", settings) as service:
            text = service.command("digest").stdout
            assert "played to the end" in text
            assert "Tracks\n  1. " in text
            assert service.command("digest", "--html").stdout.startswith("<!doctype html>")
            found = json.loads(service.command("digest", "--json").stdout)
            assert (
                found["totalPlays"]
                > 0
                == json.loads(service.command("digest", "--json", "--week", "2019-W10").stdout)["totalPlays"]
            )
            week = found["week"]
            said = service.command("digest", "--send").stdout
            assert [f"{way}: the digest of {week} is delivered." for way in ("file", "mail", "webhook")] == (
                said.splitlines()
            )
            assert (text, 1) == ((tmp_path / f"data/digests/digest-{week}.txt").read_text(), len(mail.messages))
            receiver.answer = lambda _: Says(500)
            failed = service.command("digest", "--send", check=False)
            assert (1, f"webhook: not delivered. {receiver.url} answers 500.\n") == (failed.returncode, failed.stderr)


def test_what_cannot_be_is_told_in_a_sentence(postgres: Postgres, tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"TONEARM_DATABASE_URL": postgres.new_database()}) as service:
        for words, sentence in (
            (("--week", "46"), "'46' is not a week; write it as 2026-W46."),
            (("--send",), "[alerts] digest names no way to send it: file, mail or webhook; see docs/alerts.md."),
        ):
            refused = service.command("digest", *words, check=False)
            assert (1, f"{sentence}\n") == (refused.returncode, refused.stderr)
