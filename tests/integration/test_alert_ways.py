"""The ways out of an alert, to real receivers: a signed webhook, mail over TLS, files."""

import ssl
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from actors.herald import NotDelivered
from privacy.modes import Mode
from server.alerts import digest as words
from server.alerts.folder import Folder
from server.alerts.mail import Mail
from server.alerts.webhook import Webhook
from server.config import Alerts
from storage import digest
from storage.alerts import Alert
from storage.series import Counts
from tests.support.blocks import DOCS, blocks
from tests.support.mail_server import MailServer, certificate, mail_server
from tests.support.web_server import Says, WebServer, web_server

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
[EXAMPLE] = [text for kind, text in blocks(DOCS / "alerts.md") if kind == "python"]
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def alert(body: str | None = None) -> Alert:
    counts = Counts(complete=7)
    found = digest.Digest(date(2026, 11, 9), counts, counts, digest.Listeners(1, 1, 1, 1, 1), (), ())
    alert_id, made = words.alert(found, Mode.BOTH, NOON)
    return Alert(alert_id, "webhook", body or made, NOON, 1)


@pytest.fixture
def receiver() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def webhook(url: str) -> Webhook:
    return Webhook(url, SECRET, lambda: 1_795_000_000.5)


async def test_a_webhook_is_signed_over_its_id_its_time_and_its_body(receiver: WebServer) -> None:
    """Verified by the example of the documentation."""
    await webhook(f"{receiver.url}/hook?token=x").deliver(alert())
    [asked] = receiver.asked
    assert ("POST", "/hook?token=x", "application/json") == (asked.method, asked.path, asked.headers["content-type"])
    names: dict[str, Any] = {}
    exec(EXAMPLE, names)  # it is ours
    verified = names["verified"]
    assert "digest" == verified(SECRET, asked.headers, asked.body, now=1_795_000_060)["type"]
    for wrong in (
        {"secret": "whsec_" + "A" * 32},
        {"body": asked.body + b" "},
        {"headers": {**asked.headers, "webhook-id": "another"}},
        {"now": 1_795_000_000 + 400},
    ):
        right = {"secret": SECRET, "headers": asked.headers, "body": asked.body, "now": 1_795_000_060}
        assert verified(**(right | wrong)) is None


@pytest.mark.parametrize(
    ("says", "sentence", "for_good"),
    [
        (Says(500), "answers 500.", False),
        (Says(404), "answers 404.", False),
        (Says(302, headers={"location": "/elsewhere"}), "answers with a redirect, which is not followed", False),
        (Says(410), "answers 410: it wants no more of these.", True),
    ],
)
async def test_an_answer_that_is_not_2xx_is_told_without_the_address_s_secrets(
    receiver: WebServer, says: Says, sentence: str, for_good: bool
) -> None:
    receiver.answer = lambda _: says
    with pytest.raises(NotDelivered) as caught:
        await webhook(f"{receiver.url}/very-secret").deliver(alert())
    assert f"{receiver.url} {sentence}" in str(caught.value)
    assert (for_good, False) == (caught.value.for_good, "very-secret" in str(caught.value))
    assert 1 == len(receiver.asked)


async def test_a_receiver_that_is_not_there_is_told() -> None:
    with web_server() as gone:
        url = gone.url
    with pytest.raises(NotDelivered, match=r"cannot be reached: no connection"):
        await webhook(url).deliver(alert())


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("mail"))


def settings(server: MailServer, **others: Any) -> Alerts:
    return Alerts(
        digest=("mail",),
        smtp_host="127.0.0.1",
        smtp_port=server.port,
        mail_from="tonearm@band.example",
        mail_to=("me@band.example", "you@band.example"),
        **others,
    )


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_goes_out_encrypted_with_text_and_html(pair: tuple[Path, Path], security: str) -> None:
    with mail_server(pair, from_the_start=security == "tls") as server:
        configured = settings(server, smtp_security=security, smtp_user="me", smtp_password="very-secret")
        await Mail(configured, lambda: ssl.create_default_context(cafile=pair[0])).deliver(alert())
    assert (["me@band.example", "you@band.example"], [True], 1) == (
        server.recipients,
        server.encrypted,
        len(server.logins),
    )
    message = message_from_bytes(server.messages[0], policy=policy.default)
    assert ("7 plays in week 46 (the same)", "<digest-2026-W46@band.example>") == (
        message["subject"],
        message["message-id"],
    )
    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
    assert b"played to the end" in server.messages[0]


async def test_a_certificate_nobody_knows_is_refused(pair: tuple[Path, Path]) -> None:
    with mail_server(pair) as server, pytest.raises(NotDelivered, match=r"cannot be used: .*certificate"):
        await Mail(settings(server)).deliver(alert())
    assert [] == server.messages


async def test_a_server_without_starttls_gets_nothing(pair: tuple[Path, Path]) -> None:
    with (
        mail_server() as server,
        pytest.raises(NotDelivered, match=r"cannot be used: STARTTLS extension not supported"),
    ):
        await Mail(settings(server)).deliver(alert())
    assert [] == server.messages


@pytest.mark.parametrize(
    ("refuse", "sentence"),
    [
        ({"AUTH": "535 no such user"}, r"answers 535 \(no such user\)"),
        ({"RCPT": "550 not here"}, r"refuses the recipients: me@band.example, you@band.example"),
        ({"MAIL": "451 later"}, r"answers 451 \(later\)"),
        ({"DATA": "552 too much"}, r"answers 552 \(too much\)"),
    ],
)
async def test_what_the_mail_server_refuses_is_told(refuse: dict[str, str], sentence: str) -> None:
    with mail_server() as server:
        server.refuse = refuse
        configured = settings(server, smtp_security="none", smtp_user="me", smtp_password="very-secret")
        with pytest.raises(NotDelivered, match=sentence):
            await Mail(configured).deliver(alert())


async def test_a_mail_server_that_is_not_there_is_told() -> None:
    with mail_server() as server:
        pass
    with pytest.raises(NotDelivered, match=r"127.0.0.1 cannot be used: .*Connection refused"):
        await Mail(settings(server)).deliver(alert())


async def test_files_are_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "digests"
    await Folder(folder).deliver(alert())
    await Folder(folder).deliver(alert())
    assert ["digest-2026-W46.html", "digest-2026-W46.txt"] == sorted(path.name for path in folder.iterdir())
    assert (folder / "digest-2026-W46.txt").read_text().startswith("7 plays in week 46")


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotDelivered, match=r"file/x cannot be written: Not a directory"):
        await Folder(tmp_path / "file" / "x").deliver(alert())
