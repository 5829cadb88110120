"""`tonearm password`, `token` and `share` beside a running service: what they print, and that it holds at once."""

import json
import os
import pty
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Open
from tests.support.http import Answer, Door, ask
from tests.support.operator import Operator, shown_passwords
from tests.support.postgres import Postgres
from tests.support.service import TONEARM, Service, serving, without_settings

TWICE = {"new password: ": "five drums turning", "Once more: ": "five drums turning"}  # asked for with the last blank


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), "TONEARM_ACCESS__LOGINS_PER_MINUTE": "600"}
    with serving(tmp_path_factory.mktemp("cli") / "data", environment) as running:
        yield running


def piped(service: Service, text: str, *words: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [TONEARM, *words]
    return subprocess.run(command, env=service.environment, input=text, capture_output=True, text=True, timeout=60)


def typed(service: Service, answers: dict[str, str], *words: str) -> tuple[int, str]:
    """(exit code, what the terminal showed) of a command in a terminal, where each prompt gets its answer."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve(TONEARM, ["tonearm", *words], service.environment)
    shown = ""
    for prompt, answer in answers.items():
        while prompt not in shown:
            shown += read(terminal)
        os.write(terminal, f"{answer}\n".encode())
    try:
        while True:
            shown += read(terminal)
    except OSError:  # how a terminal ends
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown


def read(terminal: int) -> str:
    ready, _, _ = select.select([terminal], [], [], 60)
    assert ready, "it waits for something else"
    return os.read(terminal, 4096).decode()


def with_token(service: Service, token: str, path: str = "/logout") -> Answer:
    return ask(Door.at(service.url), "GET", path, {"Authorization": f"Bearer {token}"})


def test_a_password_from_a_pipe_is_the_password_at_once_and_ends_sessions(service: Service) -> None:
    operator = Operator(service.url)
    operator.sign_in(service.command("password", "reset").stdout.strip())
    assert operator.is_signed_in()
    done = piped(service, "four drums turning\nand more\n", "password", "set")
    assert (0, "This is the password now. ") == (done.returncode, done.stdout[:26])
    assert not operator.is_signed_in()
    assert 303 == operator.sign_in("four drums turning").status


@pytest.mark.full
def test_a_password_that_is_typed_is_asked_for_twice_and_not_shown(service: Service) -> None:
    code, shown = typed(service, TWICE, "password", "set")
    assert 0 == code
    assert "five drums" not in shown
    assert "This is the password now." in shown
    assert 303 == Operator(service.url).sign_in("five drums turning").status


def test_a_bad_password_is_refused_in_a_sentence_and_the_old_one_stays(service: Service) -> None:
    piped(service, "four drums turning\n", "password", "set")
    done = piped(service, "short\n", "password", "set")
    assert (1, "A password has 10 to 128 characters; this one has 5.\n") == (done.returncode, done.stderr)
    assert 303 == Operator(service.url).sign_in("four drums turning").status


@pytest.mark.full
def test_a_reset_password_is_printed_alone_on_standard_output(service: Service) -> None:
    done = service.command("password", "reset")
    made = done.stdout.removesuffix("\n")
    assert "\n" not in made
    assert "it is not shown again" in done.stderr
    assert 303 == Operator(service.url).sign_in(made).status


@pytest.mark.full
def test_ending_sessions_signs_everybody_out_and_keeps_the_password(service: Service) -> None:
    made = service.command("password", "reset").stdout.strip()
    operator = Operator(service.url)
    operator.sign_in(made)
    assert "sign in again" in service.command("password", "end-sessions").stdout
    assert not operator.is_signed_in()
    assert 303 == operator.sign_in(made).status


@pytest.mark.full
def test_a_password_set_before_the_first_start_is_the_password(data_dir: Path, database_url: str) -> None:
    """The way to have none in a log that keeps what the service prints."""
    environment = {"TONEARM_DATABASE_URL": database_url}
    sets: list[str | Path] = [TONEARM, "password", "set"]
    before = without_settings() | environment | {"TONEARM_DATA_DIR": str(data_dir)}
    subprocess.run(sets, env=before, input="four drums turning\n", text=True, capture_output=True, check=True)
    with serving(data_dir, environment) as service:
        assert [] == shown_passwords(service.said())
        assert 303 == Operator(service.url).sign_in("four drums turning").status


def test_a_token_is_shown_once_and_opens_what_its_scopes_say(service: Service) -> None:
    done = service.command("token", "make", "all", "--scope", "admin", "--scope", "read")
    token = done.stdout.removesuffix("\n")
    assert "not shown again" in done.stderr
    assert 200 == with_token(service, token).status
    assert token not in service.command("token", "list").stdout
    reader = service.command("token", "make", "reader", "--scope", "read").stdout.strip()
    assert 403 == with_token(service, reader).status


@pytest.mark.full
def test_tokens_are_listed_for_people_and_for_programs(service: Service) -> None:
    service.command("token", "make", "grafana [bold]", "--scope", "catalog", "--scope", "read")
    assert "grafana [bold]    read, catalog" in service.command("token", "list").stdout
    listed = json.loads(service.command("token", "list", "--json").stdout)
    [entry] = [entry for entry in listed if entry["name"] == "grafana [bold]"]
    assert ["read", "catalog"] == entry["scopes"]
    assert entry["madeAt"].endswith("+00:00")


def test_a_made_token_can_be_read_by_a_program(service: Service) -> None:
    made = json.loads(service.command("token", "make", "robot", "--scope", "admin", "--json").stdout)
    assert {"name": "robot", "scopes": ["admin"]} == {key: made[key] for key in ("name", "scopes")}
    assert 200 == with_token(service, made["token"]).status


def test_a_revoked_token_opens_nothing_and_its_name_is_free_again(service: Service) -> None:
    token = service.command("token", "make", "for now", "--scope", "admin").stdout.strip()
    assert "The token for now is revoked.\n" == service.command("token", "revoke", "for now").stdout
    assert 401 == with_token(service, token).status
    assert 0 == service.command("token", "make", "for now", "--scope", "admin").returncode


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("token", "make", "x"), 2, "--scope"),
        (("token", "make", "x", "--scope", "everything"), 2, "everything"),
        (("token", "make", " ", "--scope", "read"), 1, "A name has 1 to 100 characters"),
        (("token", "make", "x" * 101, "--scope", "read"), 1, "A name has 1 to 100 characters"),
        (("token", "revoke", "nobody"), 1, "There is no token 'nobody'."),
        (("share", "make", "a\nb"), 1, "A name has 1 to 100 characters"),
        (("share", "make", "x", "--url", "plays.example.org"), 2, "allowed is scheme://host"),
        (("share", "revoke", "nobody"), 1, "There is no share link 'nobody'."),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    service: Service, words: tuple[str, ...], code: int, said: str
) -> None:
    done = service.command(*words, check=False)
    assert code == done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.full
def test_a_name_is_used_once_among_tokens_and_once_among_links(service: Service) -> None:
    service.command("token", "make", "twice", "--scope", "read")
    again = service.command("token", "make", "twice", "--scope", "read", check=False)
    assert (1, "There is a token 'twice' already; revoke it first, or take another name.\n") == (
        again.returncode,
        again.stderr,
    )
    assert 0 == service.command("share", "make", "twice").returncode


@pytest.mark.full
def test_a_link_is_shown_once_whole_where_the_services_address_is_named(service: Service) -> None:
    done = service.command("share", "make", "label", "--url", "https://plays.example.org/")
    assert done.stdout.startswith("https://plays.example.org/shared/")
    assert done.stdout.endswith("/\n")
    assert "label" in service.command("share", "list").stdout
    link = done.stdout.strip().removeprefix("https://plays.example.org/shared/").rstrip("/")
    assert link not in service.command("share", "list", "--json").stdout
    assert "The link label is revoked.\n" == service.command("share", "revoke", "label").stdout
    assert "label" not in service.command("share", "list").stdout


@pytest.mark.full
def test_an_empty_list_says_so(open_service: Open) -> None:
    assert "There is no API token.\n" == open_service.service.command("token", "list").stdout
    assert [] == json.loads(open_service.service.command("share", "list", "--json").stdout)


def test_what_operators_did_is_in_the_audit_without_a_secret(open_service: Open) -> None:
    run = open_service.service.command
    token = run("token", "make", "audited", "--scope", "read").stdout.strip()
    run("token", "revoke", "audited")
    run("password", "end-sessions")
    acts = open_service.query("SELECT act, detail::text FROM audit WHERE at > now() - interval '1 minute' ORDER BY at")
    assert [
        ("token made", '{"name": "audited", "scopes": ["read"]}'),
        ("token revoked", '{"name": "audited"}'),
        ("sessions ended", "{}"),
    ] == acts[-3:]
    assert token not in str(acts)
