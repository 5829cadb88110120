"""Recognisable listeners, a day of theirs at a real service, and what the service derives from them."""

import json
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from privacy import pseudonym, token
from privacy.address import network, packed
from storage.salts import Stored
from tests.forensics import needles
from tests.support.http import Client as Connection
from tests.support.http import Door
from tests.support.service import Service, eventually

TRACKS = ("harbour-lights", "one-long-tide")
ROUNDS = 8  # of everybody's plays: with a copied link each, 168 events, and half as many refusals


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody with a recognisable address, browser and id."""

    address: str
    agent: str
    objects: bool = False  # by Global Privacy Control
    anon_id: str = field(default_factory=lambda: str(uuid4()))


LISTENERS = [
    *(Listener(f"198.51.100.{number}", f"Mozilla/5.0 (Needle{number:04}) Firefox/141.0") for number in range(101, 104)),
    *(
        Listener(f"2001:db8:fe{number}:beef:1:2:3:4", f"Mozilla/5.0 (Nadel{number:04}) Version/18.1 Safari/605.1.15")
        for number in range(10, 13)
    ),
]
OBJECTOR = Listener("203.0.113.77", "Mozilla/5.0 (Needle7777) Firefox/141.0", objects=True)
FORGETFUL = LISTENERS[0]  # asks to be forgotten at the end of the day
EVERYBODY = [*LISTENERS, OBJECTOR]


def personal() -> dict[str, bytes]:
    """Of everybody: address, its /64, User-Agent, id."""
    found: dict[str, bytes] = {}
    for listener in EVERYBODY:
        found |= needles.of_address(listener.address) | needles.of_id(listener.anon_id)
        found |= needles.of_text(listener.agent, listener.agent.partition("(")[2].partition(")")[0])
    return found


@dataclass(frozen=True, slots=True)
class Secrets:
    """What only the running service may know, dug out for the search."""

    pseudonym_key: bytes
    stored: Stored | None
    salt: bytes | None

    def bases(self) -> dict[str, bytes]:
        """The values that travel through the spool."""
        found: dict[str, bytes] = {}
        for listener in EVERYBODY:
            found |= needles.of_bytes(f"base of {listener.anon_id}", self._base(listener))
            if self.salt:
                found |= needles.of_bytes(f"token base of {listener.address}", self._token_base(listener))
        return found

    def pseudonyms(self, *of: Listener) -> dict[str, bytes]:
        """What option A does keep."""
        found: dict[str, bytes] = {}
        for listener in of:
            made = pseudonym.for_target(self._base(listener), "track", TRACKS[0])
            found |= needles.of_bytes(f"pseudonym of {listener.anon_id}", made)
        return found

    def tokens(self, *of: Listener) -> dict[str, bytes]:
        """What option B keeps while the day is open."""
        found: dict[str, bytes] = {}
        for listener in of if self.salt else ():
            for kind, key in (*(("track", track) for track in TRACKS), ("site", "")):
                made = pseudonym.for_target(self._token_base(listener), kind, key)
                found |= needles.of_bytes(f"token of {listener.address} on {kind} {key}", made)
        return found

    def open_salt(self) -> dict[str, bytes]:
        """The salt as it is in memory."""
        return {} if self.salt is None else needles.of_bytes("the salt", self.salt)

    def sealed_salt(self) -> dict[str, bytes]:
        """The salt as it is in its table."""
        return {} if self.stored is None else needles.of_bytes("the sealed salt", self.stored.sealed)

    def _base(self, listener: Listener) -> bytes:
        return pseudonym.base(self.pseudonym_key, UUID(listener.anon_id))

    def _token_base(self, listener: Listener) -> bytes:
        address = packed(listener.address)
        assert self.salt is not None
        assert address is not None
        return token.base(self.salt, network(address), listener.agent)


def a_day_passes(service: Service) -> None:
    """Everybody plays everything, again and again, through both doors; some of it is refused; one is forgotten."""
    for round_number in range(ROUNDS):
        for listener in EVERYBODY:
            with Connection(Door.at((service.beacon, service.url)[round_number % 2])) as connection:
                _listen(connection, listener)
    with Connection(Door.at(service.url)) as connection:
        wanted = 2 * ROUNDS * len(EVERYBODY)
        eventually(lambda: connection.ask("GET", "/api/stats/home").json()["totalPlays"] == wanted)
        forget = json.dumps({"anonId": FORGETFUL.anon_id}).encode()
        assert 202 == connection.ask("POST", "/api/event/forget", _headers(FORGETFUL), forget).status
        eventually(lambda: b"\ntonearm_events_pending 0.0\n" in connection.ask("GET", "/metrics").body)


def _listen(connection: Connection, listener: Listener) -> None:
    headers = _headers(listener)
    for key in TRACKS:
        play = {"trackEntryKey": key, "bucket": "complete", "anonId": listener.anon_id}
        assert 202 == connection.ask("POST", "/api/event/play", headers, json.dumps(play).encode()).status
    share = {"targetType": "track", "targetKey": TRACKS[0], "channel": "link", "anonId": listener.anon_id}
    assert 202 == connection.ask("POST", "/api/event/share", headers, json.dumps(share).encode()).status
    assert 400 == connection.ask("POST", "/api/event/play", headers, listener.anon_id.encode()).status


def _headers(listener: Listener) -> dict[str, str]:
    objection = {"Sec-GPC": "1"} if listener.objects else {}
    return {
        "Content-Type": "text/plain",
        "User-Agent": listener.agent,
        "X-Forwarded-For": listener.address,
        **objection,
    }
