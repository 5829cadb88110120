"""The operator's password and sign-in, against the running service as a browser meets it."""

import secrets
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from copy import copy
from pathlib import Path
from typing import Any

import pytest
import trio

from server.access import first_password, password
from server.console import Console
from storage import access
from storage.bridge import Address, Database, open_database
from storage.embedded import binaries
from tests.integration.operating import Operating, operating
from tests.support.http import Answer, Door, ask
from tests.support.operator import PASSWORD, Operator, cheap_hash, form_token, shown_passwords
from tests.support.postgres import Postgres
from tests.support.service import TONEARM, Service, eventually, serving
from tests.support.stoppable_postgres import StoppablePostgres
from tests.support.write_schema import migrated

TRUSTED = {"TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]', "TONEARM_ACCESS__LOGINS_PER_MINUTE": "600"}
TLS = {"X-Forwarded-Proto": "https"}


class Started:
    """A service after its first start."""

    def __init__(self, service: Service) -> None:
        self.service = service
        [self.password] = shown_passwords(service.said())

    def operator(self, headers: dict[str, str] | None = None) -> Operator:
        return Operator(self.service.url, headers)

    def signed_in(self) -> Operator:
        operator = self.operator()
        assert 303 == operator.sign_in(self.password).status
        return operator


@pytest.fixture(scope="module")
def started(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **TRUSTED, "TONEARM_LOG__LEVEL": "debug"}
    with serving(tmp_path_factory.mktemp("login") / "data", environment) as service:
        yield Started(service)


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    with operating(postgres.new_database(), tmp_path_factory.mktemp("operated")) as running:
        yield running


def told(answer: Answer) -> tuple[int, str]:
    """The status and the warning on the page."""
    _, _, rest = answer.body.decode().partition('role="alert" id="wrong">')
    return answer.status, rest.partition("<")[0]


# The first start.


def test_the_password_of_the_first_start_is_shown_once_and_opens_the_dashboard(started: Started) -> None:
    assert 1 == started.service.said().count(started.password)
    assert started.signed_in().is_signed_in()


@pytest.mark.full
def test_a_second_start_makes_and_shows_none(data_dir: Path, database_url: str) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url}
    with serving(data_dir, environment) as first:
        [made] = shown_passwords(first.said())
    with serving(data_dir, environment) as second:
        assert [] == shown_passwords(second.said())
        assert 303 == Operator(second.url).sign_in(made).status


@pytest.mark.full
def test_several_workers_make_one_and_all_of_them_know_it(data_dir: Path, database_url: str) -> None:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url, **TRUSTED}, "--workers", "3") as service:
        [made] = shown_passwords(service.said())
        operator = Operator(service.url)
        assert 303 == operator.sign_in(made).status
        for _ in range(20):  # on a connection of its own each, and so with any of them
            assert operator.is_signed_in()


def test_services_that_start_at_once_on_one_database_make_one(
    postgres: Postgres, database_url: str, tmp_path: Path
) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url, "TONEARM_SECRET": "one secret for all machines"}
    with ExitStack() as running, ThreadPoolExecutor(3) as pool:
        folders = [tmp_path / name / "data" for name in ("a", "b", "c")]
        for folder in folders:
            folder.parent.mkdir()
        services = list(pool.map(lambda folder: running.enter_context(serving(folder, environment)), folders))
        [made] = [shown for service in services for shown in shown_passwords(service.said())]
        for service in services:
            assert 303 == Operator(service.url).sign_in(made).status


async def test_of_many_that_find_no_password_one_makes_it(
    database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them have looked before the first has stored its own."""
    await migrated(database_url)
    console, looked = Console(), Together(4)
    async with open_database(Address(url=database_url), connections=4) as database, trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(first_password.ensure, looked.at(database), console, secrets.token_bytes)
    [made] = shown_passwords(capsys.readouterr().out)
    async with open_database(Address(url=database_url), connections=1) as database:
        found = await database.run(access.operator)
    assert found is not None
    assert password.matches(made, found.password_hash)


class Together:
    """Answers nobody's first question before everybody has asked it."""

    def __init__(self, number: int) -> None:
        self._missing = number
        self._all = trio.Event()

    def at(self, database: Database) -> Database:
        asked = database.run

        async def run(*args: Any) -> Any:
            found = await asked(*args)
            self._missing -= 1
            if not self._missing:
                self._all.set()
            await self._all.wait()
            return found

        held = copy(database)
        held.run = run  # type: ignore[assignment]  # any work will do
        return held


# Signing in.


@pytest.mark.parametrize("given", ["", "short", "not the password at all", "x" * 128, "ü" * 100, "a\x00b" * 6])
def test_a_wrong_password_is_told_and_nobody_is_signed_in(started: Started, given: str) -> None:
    operator = started.operator()
    assert (403, "That is not the password.") == told(operator.sign_in(given))
    assert {"tonearm-login"} == set(operator.cookies)
    assert not operator.is_signed_in()


def test_a_body_that_is_no_login_is_refused_without_a_500(started: Started) -> None:
    operator = started.operator()
    operator.get("/login")
    assert 413 == operator.post("/login", {"password": "x" * 5000}).status
    for kind in ("application/json", "multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "x"):
        assert operator.post("/login", {"password": started.password}, {"Content-Type": kind}).status < 500


def test_signing_in_leads_back_to_the_page_that_was_asked_for(service: Operating) -> None:
    operator = Operator(service.url)
    login = operator.get("/sample/read?range=7d&q=%22%3E%3Cb%3E")
    answer = operator.sign_in(PASSWORD, login.headers["location"])
    assert (303, "/sample/read?range=7d&q=%22%3E%3Cb%3E") == (answer.status, answer.headers["location"])
    assert b"caller: session" == operator.get(answer.headers["location"]).body


@pytest.mark.parametrize(
    "back",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aset-cookie:x=y"],
)
def test_signing_in_leads_to_no_other_site(service: Operating, back: str) -> None:
    operator = Operator(service.url)
    location = operator.sign_in(PASSWORD, f"/login?back={back}").headers["location"]
    assert location in ("/dashboard", "/%0d%0aset-cookie:x=y")  # the latter is a path: nothing in it was decoded


def test_who_is_signed_in_is_not_asked_again(service: Operating) -> None:
    answer = service.signed_in().get("/login?back=/sample/read")
    assert (303, "/sample/read") == (answer.status, answer.headers["location"])


def test_a_login_without_the_forms_token_is_refused_and_asks_again(started: Started) -> None:
    operator = started.operator()
    token = form_token(operator.get("/login"))
    for fields in ({}, {"form_token": ""}, {"form_token": token[:-1] + "x"}, {"form_token": "ü"}):
        status, said = told(operator.post("/login", {"password": started.password, **fields}))
        assert (403, True) == (status, said.endswith("Please try again."))
    assert not operator.is_signed_in()


def test_a_login_with_the_token_of_another_browser_is_refused(started: Started) -> None:
    mine, theirs = started.operator(), started.operator()
    mine.get("/login")
    assert (
        403
        == mine.post("/login", {"form_token": form_token(theirs.get("/login")), "password": started.password}).status
    )
    assert not mine.is_signed_in()


def test_a_login_sent_by_another_sites_page_is_refused_even_with_a_token(started: Started) -> None:
    operator = started.operator()
    fields = {"form_token": form_token(operator.get("/login")), "password": started.password}
    assert 403 == operator.post("/login", fields, {"Sec-Fetch-Site": "cross-site"}).status
    assert 303 == operator.post("/login", fields, {"Sec-Fetch-Site": "same-origin"}).status


def test_two_tabs_with_the_form_both_work(started: Started) -> None:
    operator = started.operator()
    first = form_token(operator.get("/login"))
    operator.get("/login")
    assert 303 == operator.post("/login", {"form_token": first, "password": started.password}).status


# The cookie.


def test_the_sessions_cookie_is_for_this_site_alone_and_for_no_script(started: Started) -> None:
    operator = started.signed_in()
    attributes = operator.attributes["tonearm-session"]
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=1209600"} <= {part.strip() for part in attributes.split(";")}
    assert "Secure" not in attributes
    assert "Domain" not in attributes


def test_behind_tls_it_is_secure_and_bound_to_the_host(started: Started) -> None:
    operator = started.operator(TLS)
    operator.sign_in(started.password)
    assert ["__Host-tonearm-session"] == list(operator.cookies)
    assert "; Secure" in operator.attributes["__Host-tonearm-session"]
    assert operator.is_signed_in()


def test_behind_tls_a_cookie_that_came_without_it_is_not_taken(started: Started) -> None:
    """One that a neighbouring subdomain, or somebody in between, could have planted."""
    value = started.signed_in().cookies["tonearm-session"]
    planted = started.operator(TLS)
    planted.cookies = {"tonearm-session": value}
    assert not planted.is_signed_in()


@pytest.mark.parametrize("proto", ["http", "", "https, http", "HTTPSX"])
def test_what_is_not_https_is_not_secure(started: Started, proto: str) -> None:
    operator = started.operator({"X-Forwarded-Proto": proto})
    operator.get("/login")
    assert ["tonearm-login"] == list(operator.cookies)


def test_a_client_that_is_no_trusted_proxy_cannot_say_that_it_came_over_tls(service: Operating) -> None:
    operator = Operator(service.url, TLS)
    operator.get("/login")
    assert ["tonearm-login"] == list(operator.cookies)


# How much of it.


@pytest.mark.full
def test_one_network_may_try_five_times_at_once_and_another_is_not_held_up(data_dir: Path, database_url: str) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url, "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]'}
    with serving(data_dir, environment) as service:
        put_cheap_password(database_url)
        flooding = Operator(service.url, {"X-Forwarded-For": "2001:db8:85a3:7::1"})
        tries = [flooding.sign_in("not the password") for _ in range(8)]
        assert [403] * 5 + [429] * 3 == [one.status for one in tries]
        assert "Too many tries." in told(tries[-1])[1]
        assert 0 < int(tries[-1].headers["retry-after"]) <= 12
        neighbour = Operator(service.url, {"X-Forwarded-For": "2001:db8:85a3:7:ffff::2"})
        assert 429 == neighbour.sign_in(PASSWORD).status  # the same /64
        assert 303 == Operator(service.url, {"X-Forwarded-For": "2001:db8:85a3:8::1"}).sign_in(PASSWORD).status


def test_a_flood_from_many_networks_is_told_to_wait_and_looks_at_few(
    service: Operating, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ask, one password at a time is looked at."""
    looked = 0
    real = password.matches

    def counted(given: str, stored: str) -> bool:
        nonlocal looked
        looked += 1
        time.sleep(0.05)  # as long as it takes on a fast machine; the tests' own hash takes none
        return real(given, stored)

    monkeypatch.setattr(password, "matches", counted)

    def attempt(number: int) -> int:
        return Operator(service.url, source=f"127.0.7.{number + 1}").sign_in("not the password").status

    with ThreadPoolExecutor(24) as pool:
        began = time.monotonic()
        statuses = list(pool.map(attempt, range(24)))
        took = time.monotonic() - began
    assert {403, 503} == set(statuses)
    assert looked == statuses.count(403)
    assert looked <= 1 + took / 0.25


# Where nothing may be left.


@pytest.mark.full
def test_no_secret_is_in_a_log_or_in_the_database(data_dir: Path, database_url: str) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url, **TRUSTED, "TONEARM_LOG__LEVEL": "debug"}
    with serving(data_dir, environment) as service:
        chosen = "a password of my own"
        set_password(service, chosen)
        token = service.command("token", "make", "reports", "--scope", "admin").stdout.strip()
        link = service.command("share", "make", "label").stdout.strip().rstrip("/").rpartition("/")[2]
        operator = Operator(service.url)
        operator.sign_in("a wrong password, too")
        form_id = operator.cookies["tonearm-login"]
        operator.sign_in(chosen)
        session = operator.cookies["tonearm-session"]
        door = Door.at(service.url)
        bearer = {"Authorization": f"Bearer {token}"}
        assert 200 == ask(door, "GET", "/logout", bearer).status
        for path in (f"/shared/{link}/", f"/shared/{link}/nothing", f"/{token}", f"/login?back=/{token}"):
            ask(door, "GET", path, bearer)
        operator.submit("/logout", {"here": ""})
        operator.post("/logout", {"everywhere": "", "password": chosen})
        service.command("token", "revoke", "reports")
        service.command("share", "revoke", "label")
        service.stop()
        said = service.said()
        dump = subprocess.run([binaries() / "pg_dump", database_url], capture_output=True, check=True).stdout.decode()
    for secret in (chosen, "a wrong password, too", token, link, session, session.split(".")[0], form_id):
        assert secret not in said
        assert secret not in dump
    assert "share link revoked" in dump  # the search looked at the right place


def put_cheap_password(database_url: str) -> None:
    """PASSWORD, which is held against its hash in no time."""

    async def put() -> None:
        async with open_database(Address(url=database_url), connections=1) as database:
            await database.run(access.put_password, cheap_hash(PASSWORD), secrets.token_bytes(32))

    trio.run(put)


def set_password(service: Service, chosen: str) -> None:
    words: list[str | Path] = [TONEARM, "password", "set"]
    subprocess.run(words, env=service.environment, input=f"{chosen}\n", text=True, check=True, capture_output=True)


# When the database is away.


@pytest.mark.full
def test_while_the_database_is_away_nobody_is_taken_for_a_stranger(data_dir: Path, tmp_path: Path) -> None:
    stoppable = StoppablePostgres(tmp_path / "postgres")
    with stoppable as server, serving(data_dir, {"TONEARM_DATABASE_URL": server.new_database(), **TRUSTED}) as service:
        [made] = shown_passwords(service.said())
        operator, entering = Operator(service.url), Operator(service.url)
        operator.sign_in(made)
        form = {"form_token": form_token(entering.get("/login")), "password": made}
        stoppable.stop()
        for away in (operator.get("/logout"), entering.post("/login", form)):
            assert (503, "5") == (away.status, away.headers["retry-after"])
            assert "The database is away." in away.body.decode()
        program = ask(Door.at(service.url), "GET", "/logout", {"Authorization": "Bearer tonearm_" + "x" * 43})
        assert (503, "application/problem+json") == (program.status, program.headers["content-type"])
        stoppable.start()
        eventually(operator.is_signed_in)
        assert 303 == entering.post("/login", form).status
