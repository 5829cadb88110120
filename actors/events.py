"""What happened, as it travels from a door to the database: nothing in it names or locates a listener.

Address, User-Agent and the browser's id end where these are made (server/events.py). The encoding is what
the spool holds, so it must stay readable across versions: fields are only ever added, at the end, with a default.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Bucket = Literal["partial", "sampled", "complete"]
Channel = Literal["link", "embed"]

RULE_VERSION: Final = 1  # of the play rule (floor and bucket bounds) the tracker applied; kept in the log


class Moment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When an event was accepted, as coarse as it is kept."""

    hour: int  # start of the hour on the site's clock, in seconds since 1970 UTC
    day: int  # the site's day, as a proleptic Gregorian ordinal


class Play(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="play"):
    """One play session that passed the engagement floor (spec 1a)."""

    moment: Moment
    track_key: str
    bucket: Bucket
    via: Channel | None = None
    listener: bytes | None = None  # option A's base (privacy.pseudonym), 32 bytes
    rule_version: int = RULE_VERSION
    token: bytes | None = None  # option B's base (privacy.token), 32 bytes; of the day in `moment`
    generation: int = 0  # of the salt the token was made with
    event_tag: bytes | None = None  # of an event that may come again (privacy.pseudonym), 16 bytes


class Share(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="share"):
    """One successful copy (spec 1b). It carries no listener: shares never enter listener sets."""

    moment: Moment
    target_kind: Literal["track", "release"]
    target_key: str
    channel: Channel
    event_tag: bytes | None = None  # as in Play


class Forget(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="forget"):
    """A listener asks for what option A keeps of them to be erased."""

    moment: Moment
    listener: bytes  # option A's base, as in Play


class Canary(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="canary"):
    """An event that the service sent to itself, to see that events arrive (actors/canary.py). It counts nowhere."""

    moment: Moment
    sender: bytes  # the process that waits for it, 16 bytes
    nonce: bytes  # which of that one's it is, 16 bytes


Event = Play | Share | Forget | Canary

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Event])


def encode(events: Sequence[Event]) -> bytes:
    """A group commit's events as the spool holds them."""
    return _ENCODER.encode(events)


def decode(payload: bytes) -> list[Event]:
    """The inverse of `encode`. Raises msgspec.DecodeError for what this version cannot read."""
    return _DECODER.decode(payload)
