"""A mail server of the outside world: takes what it is given, by the rules a test sets, and remembers it."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread


@dataclass
class MailServer:
    """`refuse` answers instead of "ok": command -> line."""

    port: int = 0
    messages: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, signed by itself."""
    made = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-out", made[0], "-keyout", made[1]),
        ],
        check=True,
        capture_output=True,
    )
    return made


@contextmanager
def mail_server(
    pair: tuple[Path, Path] | None = None, *, from_the_start: bool = False, port: int = 0
) -> Iterator[MailServer]:
    """With a certificate it offers STARTTLS, or speaks TLS from the start. `port` 0: one that is free."""
    seen = MailServer()
    context = None
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)

    class Conversation(StreamRequestHandler):
        def handle(self) -> None:
            try:
                self._secure = False
                if from_the_start:
                    self._start_tls()
                self._say("220 mail.example")
                while line := self.rfile.readline():
                    if not self._answer(line.decode().strip()):
                        return
            except OSError:
                return  # the client is gone, or did not like the certificate

        def finish(self) -> None:
            super().finish()
            self.rfile.close()
            self.request.close()  # with TLS it is not the socket the server knows of

        def _answer(self, line: str) -> bool:
            command = line.split(" ")[0].upper()
            if (refusal := seen.refuse.get(command)) is not None:
                self._say(refusal)
                return True
            if command == "EHLO":
                offered = ["AUTH PLAIN"] + (["STARTTLS"] if context and not self._secure else [])
                self._say(
                    "\r\n".join(["250-mail.example", *(f"250-{one}" for one in offered[:-1]), f"250 {offered[-1]}"])
                )
            elif command == "STARTTLS":
                self._say("220 go on")
                self._start_tls()
            elif command == "AUTH":
                seen.logins.append(line.split(" ")[-1])
                self._say("235 welcome")
            elif command == "DATA":
                self._say("354 go on")
                self._take()
            elif command == "QUIT":
                self._say("221 bye")
                return False
            else:
                if command == "RCPT":
                    seen.recipients.append(line.partition(":")[2].strip("<>"))
                self._say("250 ok")
            return True

        def _take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            seen.messages.append(b"".join(lines))
            seen.encrypted.append(self._secure)
            self._say("250 taken")

        def _start_tls(self) -> None:
            assert context is not None
            self.request = context.wrap_socket(self.request, server_side=True)
            self.rfile = self.request.makefile("rb")
            self._secure = True

        def _say(self, line: str) -> None:
            self.request.sendall(line.encode() + b"\r\n")

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", port), Conversation) as server:
        seen.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
