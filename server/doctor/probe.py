"""Asks the public address what a browser could ask, and nothing that counts: events that are refused, and two pages.

Whether a forged address gets through to the service is told by weight. The beacon listener refuses a head that is
larger than it allows, and counts what reaches it. So a header that is just too large is sent once under a name nobody
knows, which every proxy hands on, and once as `X-Forwarded-For`: where only the first is refused, the proxy has taken
the second away. Where both are, by how much less the second may weigh tells whether the proxy wrote the client's
address behind it.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

from server.events import PLAY
from server.standing import VERSION

TOO_MUCH: Final = "/problems/headers"
TRACKER: Final = "/tonearm.js"
METRICS: Final = "/metrics"
FORWARDED: Final = "X-Forwarded-For"
UNHEARD_OF: Final = "X-Tonearm-Probe"  # as long as the other name: they weigh the same
_NO_EVENT: Final = b"tonearm doctor"  # no JSON, so it is refused as malformed
_HEADERS: Final = {"User-Agent": f"Tonearm/{VERSION}", "Content-Type": "text/plain"}
_TIMEOUT_S: Final = 10
_MOST_READ: Final = 65_536
_LEAST_HEAD: Final = 1024
_MOST_HEAD: Final = 8192  # nginx takes no longer line
# What a head has besides is more than this, so a header of the whole bound less this is always too much.
_LESS: Final = 42
_WRITTEN_BEHIND: Final = 7  # bytes; `, ` and the name less `, ` make 13, nothing written behind makes 0


class Door(Enum):
    """Which listener of the service answers events."""

    BEACON = "beacon"
    PAGES = "pages"
    UNTOLD = "untold"


class Forwarding(Enum):
    """What the proxy does with an X-Forwarded-For that a client sends."""

    DROPPED = "dropped"
    APPENDED = "appended"  # it is handed on, with the client's address behind it
    PASSED = "passed"  # it is handed on; whether a line of the proxy's own follows is not known
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `problem`: the type of a problem document."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    problem: str = ""
    body: bytes = b""

    @property
    def judged(self) -> bool:
        """The service has looked at the event itself."""
        return self.problem.startswith("/problems/") and self.problem not in (TOO_MUCH, "/problems/unavailable")

    @property
    def too_much(self) -> bool:
        """The beacon listener has found the head too large."""
        return self.problem == TOO_MUCH


@dataclass(frozen=True, slots=True)
class Tls:
    """`trouble`: why the certificate is not accepted. `expires_at`: seconds since 1970."""

    version: str = ""
    protocol: str = ""
    expires_at: float | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """What was seen. `trouble`: why there was no connection at all."""

    url: str
    trouble: str = ""
    tls: Tls | None = None  # None: without TLS
    event: Reply | None = None
    tracker: Reply | None = None
    metrics: Reply | None = None
    door: Door = Door.UNTOLD
    forwarding: Forwarding = Forwarding.UNTOLD

    @property
    def here(self) -> bool:
        """It is this machine's own."""
        return (urlsplit(self.url).hostname or "") in ("localhost", "127.0.0.1", "::1")


class NotAnswered(Exception):
    """Why, in words without an address."""


@dataclass(frozen=True, slots=True)
class _Asker:
    host: str
    port: int
    prefix: str
    context: ssl.SSLContext | None
    headers: Mapping[str, str] = field(default_factory=lambda: _HEADERS)

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Reply:
        """One request on a connection of its own. Raises NotAnswered."""
        connection = (
            http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT_S)
            if self.context is None
            else http.client.HTTPSConnection(self.host, self.port, timeout=_TIMEOUT_S, context=self.context)
        )
        try:
            connection.request(method, self.prefix + path, body, {**self.headers, **(headers or {})})
            return _reply(connection.getresponse())
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswered(_reason(error)) from error
        finally:
            connection.close()


def visit(url: str, header_bytes: int) -> Visit:
    """`url`: of the site as browsers see it. `header_bytes`: what the beacon listener allows. Blocks for seconds."""
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    tls, context = None, None
    try:
        if secure:
            tls, context = _handshake(host, port)
        asker = _Asker(host, port, parts.path.rstrip("/"), context)
        event = _event(asker)
    except NotAnswered as error:
        return Visit(url, trouble=str(error), tls=tls)
    door, forwarding = Door.UNTOLD, Forwarding.UNTOLD
    if event.judged:
        door, forwarding = weighed(lambda headers: _event(asker, headers), header_bytes)
    return Visit(url, "", tls, event, _page(asker, TRACKER), _page(asker, METRICS), _door(door, event), forwarding)


def weighed(ask: Callable[[Mapping[str, str]], Reply], header_bytes: int) -> tuple[Door, Forwarding]:
    """Which listener answers, and what becomes of X-Forwarded-For; `ask` sends an event that is refused."""
    if not _LEAST_HEAD <= header_bytes <= _MOST_HEAD:
        return Door.UNTOLD, Forwarding.UNTOLD
    try:
        return _weighed(lambda name, weight: ask({name: _of_weight(weight)}), header_bytes)
    except NotAnswered:
        return Door.UNTOLD, Forwarding.UNTOLD


def _weighed(send: Callable[[str, int], Reply], header_bytes: int) -> tuple[Door, Forwarding]:
    too_heavy = header_bytes - _LESS
    plain = send(UNHEARD_OF, too_heavy)
    if not plain.too_much:
        return (Door.PAGES if plain.judged else Door.UNTOLD), Forwarding.UNTOLD
    forged = send(FORWARDED, too_heavy)
    if forged.judged:
        return Door.BEACON, Forwarding.DROPPED
    if not forged.too_much:
        return Door.BEACON, Forwarding.UNTOLD
    light = header_bytes // 2
    if not send(UNHEARD_OF, light).judged:
        return Door.BEACON, Forwarding.UNTOLD
    while too_heavy - light > 1:
        middle = (light + too_heavy) // 2
        reply = send(UNHEARD_OF, middle)
        if not (reply.judged or reply.too_much):
            return Door.BEACON, Forwarding.UNTOLD
        light, too_heavy = (middle, too_heavy) if reply.judged else (light, middle)
    written_behind = send(FORWARDED, light + _WRITTEN_BEHIND).judged
    return Door.BEACON, Forwarding.APPENDED if written_behind else Forwarding.PASSED


def _of_weight(weight: int) -> str:
    """A list of addresses that are nobody's (RFC 5737), to the byte."""
    return ("203.0.113.7," * (weight // 12 + 1))[: weight - 1] + "7"


def _door(weighed: Door, event: Reply) -> Door:
    """Where the weight does not tell: every answer of the pages' listener has this header, none of the other's."""
    if weighed is Door.UNTOLD and event.judged and "referrer-policy" not in event.headers:
        return Door.BEACON
    return weighed


def _event(asker: _Asker, headers: Mapping[str, str] | None = None) -> Reply:
    return asker.ask("POST", PLAY, headers, _NO_EVENT)


def _page(asker: _Asker, path: str) -> Reply | None:
    try:
        return asker.ask("GET", path)
    except NotAnswered:
        return None


def _handshake(host: str, port: int) -> tuple[Tls, ssl.SSLContext]:
    """With the context for the questions that follow: one that accepts the certificate, whatever is wrong with it."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            until = (wrapped.getpeercert() or {}).get("notAfter")
            expires_at = float(ssl.cert_time_to_seconds(until)) if isinstance(until, str) else None
            return Tls(wrapped.version() or "", wrapped.selected_alpn_protocol() or "", expires_at), _for_asking()
    except ssl.SSLCertVerificationError as error:
        lax = _for_asking()
        lax.check_hostname, lax.verify_mode = False, ssl.CERT_NONE
        return Tls(protocol=_offered(host, port), trouble=error.verify_message), lax
    except OSError as error:
        raise NotAnswered(_reason(error)) from error


def _offered(host: str, port: int) -> str:
    """What it would speak behind a certificate that is not accepted."""
    context = _for_asking()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with (
            socket.create_connection((host, port), _TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as wrapped,
        ):
            return wrapped.selected_alpn_protocol() or ""
    except OSError:
        return ""


def _for_asking() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _reply(response: http.client.HTTPResponse) -> Reply:
    body = response.read(_MOST_READ)
    headers = {name.lower(): value for name, value in response.getheaders()}
    problem = ""
    if headers.get("content-type", "").startswith("application/problem+json"):
        try:
            problem = str(json.loads(body).get("type", ""))
        except (ValueError, AttributeError):
            problem = ""
    return Reply(response.status, headers, problem, body)


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name is not known here"
    if isinstance(error, TimeoutError):
        return f"no answer within {_TIMEOUT_S} s"
    if isinstance(error, ssl.SSLError):
        return f"TLS does not come about: {error.reason or 'it breaks off'}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"the connection broke ({type(error).__name__})"
