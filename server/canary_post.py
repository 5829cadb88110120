"""Posts a canary to the door for events: this process's own, or through the public proxy, the way a browser comes."""

import socket
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import httpx2
import msgspec
import trio

from actors.canary import NotTaken
from actors.ledger import Reason
from server import outgoing
from server.canary import Canaries
from server.events import PLAY

_LONGEST_S: Final = 30.0
_MOST_BYTES: Final = 4096  # of an answer that is read
# A browser's, since what stands in front of a service may let nothing else in; it says what it is all the same.
_USER_AGENT: Final = f"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 {outgoing.USER_AGENT}"
_ACCEPTED: Final = 202

_OF_THE_SERVICE: Final = {
    Reason.MALFORMED: "It does not know this installation's canary. Does [canary] url lead to another installation, do "
    "the clocks of the machines differ by more than two minutes, or does an older version run there?",
    Reason.RATE: "Too many events came from the address it has. Where that is the proxy's, its X-Forwarded-For is not "
    "believed, and all listeners share one limit: see http.trusted_proxies.",
    Reason.CRAWLER: "What stands in between gives events a crawler's User-Agent.",
    Reason.ORIGIN: "Events of pages at the first of [site] origins are refused.",
    Reason.UNAVAILABLE: "Either events cannot be made durable (the spool is full, or its disk), or the proxy does not "
    "reach the service.",
}
_IN_FRONT: Final = {
    401: "Something in front of it asks for a password; let POST /api/event/ through.",
    403: "Something in front of it refuses events: a firewall, or a rule of the proxy. Let POST /api/event/ through.",
    404: "The proxy does not hand /api/event/ to the service.",
    405: "The proxy does not hand POST /api/event/ to the service.",
    413: "The proxy's limit for bodies is too small; events have up to 2 KiB.",
    429: "The proxy's rate limit refuses it.",
    502: "The proxy does not reach the service; compare where it looks with [beacon] bind.",
    503: "The proxy does not reach the service; compare where it looks with [beacon] bind.",
    504: "The proxy waits for the service in vain.",
}


class _Problem(msgspec.Struct):
    type: str = ""


_DECODER: Final = msgspec.json.Decoder(_Problem)


@dataclass(frozen=True, slots=True)
class Way:
    """Where to. `shown` may be read by people; `path`: of a unix socket."""

    url: str
    shown: str
    path: str = ""


def way_to(url: str, listener: socket.socket) -> Way:
    """`url`: of the site in public; empty: to the listener for events itself."""
    if url:
        return Way(url.rstrip("/") + PLAY, outgoing.host_of(url))
    if listener.family == socket.AF_UNIX:
        path = str(listener.getsockname())
        return Way(f"http://localhost{PLAY}", f"The listener for events (unix:{path})", path)
    host, port = listener.getsockname()[:2]
    host = f"[{host}]" if ":" in host else host
    return Way(f"http://{host}:{port}{PLAY}", f"The listener for events ({host}:{port})")


class Post:
    """Made once."""

    def __init__(
        self, canaries: Canaries, sender: bytes, listener: socket.socket, url: str, origins: Sequence[str]
    ) -> None:
        """`listener`: this process's own for events. `url`: of the site in public; empty: to that listener.

        `origins`: of the site's pages, where it lists them.
        """
        self._canaries = canaries
        self._sender = sender
        self._way = way_to(url, listener)
        self._own = not url
        self._unreached = _OWN_UNREACHED if self._own else _UNREACHED
        self._headers = {"user-agent": _USER_AGENT, "content-type": "text/plain;charset=UTF-8"}
        if origins:
            self._headers["origin"] = origins[0]

    async def send(self, nonce: bytes) -> None:
        """Until the answer is there. Raises NotTaken."""
        shown = self._way.shown
        try:
            with trio.fail_after(_LONGEST_S):
                status, body = await self._ask(self._canaries.body(self._sender, nonce))
        except trio.TooSlowError:
            raise NotTaken(f"{shown} did not answer within {_LONGEST_S:.0f} s.") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise NotTaken(f"{shown} cannot be reached: {outgoing.reason(error)}. {self._unreached}") from None
        if status != _ACCEPTED:
            raise NotTaken(refused(shown, status, body))

    async def _ask(self, body: bytes) -> tuple[int, bytes]:
        within = httpx2.AsyncHTTPTransport(uds=self._way.path or None) if self._own else None
        async with outgoing.client(within=within) as client:
            request = client.build_request("POST", self._way.url, content=body, headers=self._headers)
            answer = await client.send(request, stream=True)
            try:
                return answer.status_code, await _beginning(answer)
            finally:
                await answer.aclose()


async def _beginning(answer: httpx2.Response) -> bytes:
    body = b""
    async with aclosing(answer.aiter_bytes()) as pieces:
        async for piece in pieces:
            body += piece
            if len(body) > _MOST_BYTES:
                break
    return body


def refused(shown: str, status: int, body: bytes) -> str:
    """What an answer that is not 202 means. Nothing of the answer's own words is in it."""
    reason = _reason(body)
    if reason is not None:
        return f"{shown} answers {status} ({reason.value}). {_OF_THE_SERVICE.get(reason, _BROKEN)}"
    if 300 <= status < 400:
        return f"{shown} answers {status}, a redirect, which events do not follow. Set [canary] url to where it leads."
    if 200 <= status < 300:
        return f"{shown} answers {status}, and the service would say 202: something else answers there."
    return f"{shown} answers {status}, and not in the words of the service. {_IN_FRONT.get(status, _UNKNOWN)}"


_UNREACHED: Final = "Browsers may not reach it either: look at its name, its certificate and the proxy."
_OWN_UNREACHED: Final = "Then the proxy does not reach it either."
_BROKEN: Final = "What stands in between changes events on their way."
_UNKNOWN: Final = "Look at what stands in front of it."


def _reason(body: bytes) -> Reason | None:
    """Why the service itself refused it; None where somebody else did."""
    try:
        return Reason(_DECODER.decode(body).type.removeprefix("/problems/"))
    except (msgspec.DecodeError, ValueError):
        return None
