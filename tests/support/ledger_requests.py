"""Requests to the event routes whose outcome is known when they are sent."""

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from tests.support.http import Answer, request
from tests.support.smuggling import SHAPES

PLAY, SHARE, FORGET = "/api/event/play", "/api/event/share", "/api/event/forget"
SITE: Final = "https://band.example"
LISTENER: Final = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
_HEADERS: Final = {
    "Host": "tonearm.example",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0",
    "Content-Type": "text/plain",
    "X-Forwarded-For": "203.0.113.9",  # of nobody the service trusts
}

VALID: Final = ("play", "share", "forget")
"""Counted, or else refused for the rate or for want of room."""
REFUSED: Final = {
    "malformed": 400,
    "not-found": 404,
    "method": 405,
    "media-type": 415,
    "crawler": 403,
    "origin": 403,
    "too-large": 413,
    "headers": 431,
}
"""Each is named after its reason."""
UNCOUNTED: Final = {"preflight": 204, "config": 200}
"""Asked by a browser around an event; no events, and not received as such."""
KINDS: Final = (*VALID, *REFUSED, *UNCOUNTED)
CLOSING: Final = ("too-large", "headers", *sorted(SHAPES))
"""The beacon listener reads nothing behind these."""
OF_BOTH_DOORS: Final = tuple(kind for kind in KINDS if kind != "headers")
"""Hypercorn refuses too large a head before the app, and with it the ledger, hears of a request."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One request as it goes over the wire. `key` is its own, and what it is counted under if it is."""

    kind: str
    key: str
    method: str
    data: bytes

    @property
    def looked_up(self) -> bool:
        """Whether the database tells afterwards what became of it."""
        return self.kind in ("play", "share")


def sample(kind: str, number: int, name: str = "") -> Sample:
    """One of KINDS, or a shape that two readers could understand differently. `number` is given out once."""
    key = f"{kind}-{name}{number}"
    if kind in SHAPES:
        return Sample(kind, key, "POST", SHAPES[kind])
    method, path, headers, body = _parts(kind, key, number)
    return Sample(kind, key, method, request(method, path, _HEADERS | headers, body))


def reason(answer: Answer) -> str:
    """Why it was refused, by the answer's own words."""
    return str(answer.json()["type"]).rpartition("/")[2]


def _parts(kind: str, key: str, number: int) -> tuple[str, str, dict[str, str], bytes]:
    play = json.dumps({"trackEntryKey": key, "bucket": "complete", "anonId": LISTENER}).encode()
    match kind:
        case "share":
            share = {"targetType": "track", "targetKey": key, "channel": "link"}
            return "POST", SHARE, {}, json.dumps(share).encode()
        case "forget":
            return "POST", FORGET, {}, json.dumps({"anonId": str(UUID(int=number, version=4))}).encode()
        case "malformed":
            return "POST", PLAY, {}, b'{"trackEntryKey": 7}'
        case "not-found":
            return "POST", "/api/event/nothing", {}, play
        case "method":
            return "PUT", PLAY, {}, play
        case "media-type":
            return "POST", PLAY, {"Content-Type": "image/png"}, play
        case "crawler":
            return "POST", PLAY, {"User-Agent": "Googlebot/2.1"}, play
        case "origin":
            return "POST", PLAY, {"Origin": "https://elsewhere.example"}, play
        case "too-large":
            return "POST", PLAY, {}, play + b" " * 3000
        case "headers":
            return "POST", PLAY, {"X-Padding": "x" * 10_000}, play
        case "preflight":
            return "OPTIONS", PLAY, {"Origin": SITE}, b""
        case "config":
            return "GET", "/api/event/config", {}, b""
    assert kind == "play"
    return "POST", PLAY, {}, play
