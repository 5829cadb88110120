"""The operator's session: whose it is, and what ends it."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import access
from storage.bridge import Connection
from tests.integration.operating import Operating, operating
from tests.support.operator import PASSWORD, Operator, cheap_hash, shown_passwords
from tests.support.postgres import Postgres
from tests.support.service import serving

TRUSTED = {"TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]', "TONEARM_ACCESS__LOGINS_PER_MINUTE": "600"}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    with operating(postgres.new_database(), tmp_path_factory.mktemp("operated")) as running:
        yield running


def test_an_altered_or_invented_cookie_is_nobodys(service: Operating) -> None:
    operator = service.signed_in()
    value = operator.cookies["tonearm-session"]
    body, _, signature = value.rpartition(".")
    altered = ["", ".", "x", "x" * 600, body, f"{body}.", f".{signature}", f"{body}.{signature[:-2]}AA", f"x{value}"]
    for cookie in altered:
        operator.cookies["tonearm-session"] = cookie
        assert 303 == operator.get("/sample/read").status, cookie
    operator.cookies["tonearm-session"] = value
    assert 200 == operator.get("/sample/read").status


def test_each_login_gets_a_session_of_its_own(service: Operating) -> None:
    assert service.signed_in().cookies != service.signed_in().cookies


def test_a_session_ends_by_itself(postgres: Postgres, tmp_path: Path) -> None:
    began = time.time()
    shifted = 0.0
    with operating(postgres.new_database(), tmp_path, now=lambda: began + shifted) as service:
        operator = service.signed_in()
        shifted = 14 * 86_400 - 60
        assert 200 == operator.get("/sample/read").status
        shifted = 14 * 86_400
        assert 303 == operator.get("/sample/read").status


# Its end.


def test_signing_out_ends_the_session_for_whoever_has_a_copy_of_the_cookie(service: Operating) -> None:
    operator, other = service.signed_in(), service.signed_in()
    copy = Operator(service.url)
    copy.cookies = dict(operator.cookies)
    answer = operator.submit("/logout", {"here": ""})
    assert (303, "/login?left=1") == (answer.status, answer.headers["location"])
    assert {} == operator.cookies
    assert "You are signed out." in operator.get("/login?left=1").body.decode()
    assert 303 == copy.get("/sample/read").status
    assert 200 == other.get("/sample/read").status


@pytest.mark.parametrize("spelled", ["padded", "spare", "more"])
def test_a_session_that_has_ended_does_not_come_back_under_another_spelling_of_its_signature(
    service: Operating, spelled: str
) -> None:
    operator = service.signed_in()
    [(name, value)] = [one for one in operator.cookies.items() if "session" in one[0]]
    operator.submit("/logout", {"here": ""})
    # 32 bytes are 43 letters, the last of which has two bits to spare.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    again = {
        "padded": value + "=",
        "spare": value[:-1] + letters[letters.index(value[-1]) ^ 1],
        "more": f"{value[:-1]}!!!!{value[-1]}",
    }[spelled]
    copy = Operator(service.url)
    copy.cookies = {name: again}
    assert 303 == copy.get("/sample/read").status


def test_signing_out_everywhere_ends_every_session(service: Operating) -> None:
    operator, other = service.signed_in(), service.signed_in()
    assert 303 == operator.submit("/logout", {"everywhere": ""}).status
    assert [303, 303] == [one.get("/sample/read").status for one in (operator, other)]
    assert service.signed_in().get("/sample/read").status == 200


def test_signing_out_needs_the_forms_token(service: Operating) -> None:
    operator = service.signed_in()
    assert 403 == operator.post("/logout", {"everywhere": ""}).status
    assert 200 == operator.get("/sample/read").status


def test_another_password_ends_every_session(service: Operating) -> None:
    operator = service.signed_in()
    service.run(access.put_password, cheap_hash("another password"), b"another salt of 32 bytes........")
    try:
        assert 303 == operator.get("/sample/read").status
        assert 403 == Operator(service.url).sign_in(PASSWORD).status
        assert 303 == Operator(service.url).sign_in("another password").status
    finally:
        service.run(access.put_password, cheap_hash(PASSWORD), b"and another salt of 32 bytes....")


def test_rows_of_ended_sessions_go_when_the_sessions_would_have_ended(service: Operating) -> None:
    async def digests(connection: Connection) -> list[bytes]:
        return [bytes(row[0]) for row in await connection.fetch("SELECT digest FROM ended_session")]

    now = datetime.now(UTC)
    service.run(access.end_session, b"past", now - timedelta(seconds=1))
    service.run(access.end_session, b"not yet", now + timedelta(days=1))
    found = service.run(digests)
    assert b"not yet" in found
    assert b"past" not in found


@pytest.mark.full
def test_rotating_the_secret_ends_every_session_and_the_running_service_goes_on_signing(
    data_dir: Path, database_url: str
) -> None:
    with serving(data_dir, {"TONEARM_DATABASE_URL": database_url, **TRUSTED}) as service:
        [made] = shown_passwords(service.said())
        operator = Operator(service.url)
        operator.sign_in(made)
        service.command("secret", "rotate")
        assert not operator.is_signed_in()
        assert 303 == operator.sign_in(made).status
        assert operator.is_signed_in()
