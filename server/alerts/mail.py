"""The digest by mail: text and HTML in one message, by the standard library's SMTP in a thread."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import msgspec
import trio

from actors.herald import NotDelivered
from server.config import Alerts as Settings
from storage.alerts import Alert

_TIMEOUT_S: Final = 20  # of each step of the conversation


class Mail:
    """The way out. `trusted`: how certificates are checked; by default as the system does."""

    def __init__(self, settings: Settings, trusted: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._settings = settings
        self._trusted = trusted

    async def deliver(self, alert: Alert) -> None:
        """Raises NotDelivered."""
        try:
            await trio.to_thread.run_sync(self._send, self.message(alert), abandon_on_cancel=True)
        except smtplib.SMTPRecipientsRefused as error:
            refused = ", ".join(sorted(error.recipients))
            raise NotDelivered(f"{self._settings.smtp_host} refuses the recipients: {refused}.") from None
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"{self._settings.smtp_host} answers {error.smtp_code}{_words(error)}.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"{self._settings.smtp_host} cannot be used: {_one_line(error)}.") from None

    def message(self, alert: Alert) -> EmailMessage:
        """With an id made of the alert's, by which a mailbox knows a repeat."""
        said = msgspec.json.decode(alert.body)
        message = EmailMessage()
        message["Subject"] = said["data"]["subject"]
        message["From"] = self._settings.mail_from
        message["To"] = ", ".join(self._settings.mail_to)
        message["Date"] = format_datetime(alert.made_at)
        message["Message-ID"] = f"<{alert.alert_id}@{self._settings.mail_from.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(said["data"]["text"])
        message.add_alternative(said["data"]["html"], subtype="html")
        return message

    def _send(self, message: EmailMessage) -> None:
        settings = self._settings
        where = (settings.smtp_host, settings.smtp_port)
        trusted = self._trusted()
        connect = (
            smtplib.SMTP_SSL(*where, timeout=_TIMEOUT_S, context=trusted)
            if settings.smtp_security == "tls"
            else smtplib.SMTP(*where, timeout=_TIMEOUT_S)
        )
        with connect as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=trusted)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
            server.send_message(message)


def _words(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
    return f" ({' '.join(said.split())})" if said else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
