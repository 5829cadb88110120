"""The JSON bodies of the event contract (DESIGN §3): what is read, and a sentence for what cannot be.

Unknown fields are ignored. Beyond what the decoder refuses, two members of the same name, deep nesting and a
NUL character are refused too: the first two are no honest client's, and PostgreSQL's text cannot hold the third.
"""

import json
from typing import Final, Literal, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from actors.events import Bucket, Channel

MOST_BYTES: Final = 2048  # of a body (DESIGN §3); the longest event of the contract has about 600
LONGEST_KEY: Final = 200  # bytes of UTF-8
_DEEPEST: Final = 4  # an event is flat; this leaves room for what a client's library may add


class PlayBody(msgspec.Struct, gc=False):
    """`POST /api/event/play`."""

    trackEntryKey: str  # noqa: N815  # the contract's name
    bucket: Bucket
    anonId: UUID | UnsetType | None = UNSET  # noqa: N815
    via: Channel | UnsetType | None = UNSET
    eventId: UUID | UnsetType | None = UNSET  # noqa: N815
    optOut: bool | UnsetType = UNSET  # noqa: N815  # the listener has opted out on the page, which sends no header

    def members(self) -> int:
        """How many of the fields were there."""
        optional = (self.anonId, self.via, self.eventId, self.optOut)
        return 2 + sum(field is not UNSET for field in optional)


class ShareBody(msgspec.Struct, gc=False):
    """`POST /api/event/share`."""

    targetType: Literal["track", "release"]  # noqa: N815
    targetKey: str  # noqa: N815
    channel: Channel
    anonId: UUID | UnsetType | None = UNSET  # noqa: N815
    eventId: UUID | UnsetType | None = UNSET  # noqa: N815

    def members(self) -> int:
        """How many of the fields were there."""
        return 3 + (self.anonId is not UNSET) + (self.eventId is not UNSET)


class ForgetBody(msgspec.Struct, gc=False):
    """`POST /api/event/forget`."""

    anonId: UUID  # noqa: N815

    def members(self) -> int:
        """How many of the fields were there."""
        return 1


Body = TypeVar("Body", PlayBody, ShareBody, ForgetBody)


class Malformed(Exception):
    """A sentence for whoever wrote the client. It may repeat what was sent, so it goes nowhere but back there."""


_FORMS: Final = {
    PlayBody: '{"trackEntryKey": KEY, "bucket": "partial", "sampled" or "complete"}, and if wanted '
    '"anonId": UUID, "via": "link" or "embed", "eventId": UUID, "optOut": true',
    ShareBody: '{"targetType": "track" or "release", "targetKey": KEY, "channel": "link" or "embed"}, and if '
    'wanted "anonId": UUID, "eventId": UUID',
    ForgetBody: '{"anonId": UUID}',
}
_PLAY: Final = msgspec.json.Decoder(PlayBody)
_SHARE: Final = msgspec.json.Decoder(ShareBody)
_FORGET: Final = msgspec.json.Decoder(ForgetBody)


def read_play(body: bytes) -> PlayBody:
    """Raises Malformed."""
    play = _decode(_PLAY, body)
    _check_key("trackEntryKey", play.trackEntryKey)
    return play


def read_share(body: bytes) -> ShareBody:
    """Raises Malformed."""
    share = _decode(_SHARE, body)
    _check_key("targetKey", share.targetKey)
    return share


def read_forget(body: bytes) -> ForgetBody:
    """Raises Malformed."""
    return _decode(_FORGET, body)


def _decode(decoder: "msgspec.json.Decoder[Body]", body: bytes) -> Body:
    try:
        decoded = decoder.decode(body)
        # As many colons as fields: no other member, so none twice. It is the tracker's form and skips a second look.
        if body.count(b":") != decoded.members():
            _look_closely(body)
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    except UnicodeDecodeError:
        raise Malformed("The body is not valid UTF-8.") from None
    except msgspec.ValidationError as error:
        raise Malformed(f"{error}. Expected is {_FORMS[decoder.type]}.") from None
    except msgspec.DecodeError as error:
        raise Malformed(f"The body is not valid JSON: {error}.") from None
    return decoded


_TOO_DEEP: Final = f"The body is nested more than {_DEEPEST} levels deep; an event is one flat object."


def _look_closely(body: bytes) -> None:
    parsed = json.loads(body.decode(), object_pairs_hook=_distinct)
    if _depth(parsed) > _DEEPEST:
        raise Malformed(_TOO_DEEP)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("The body names a member twice; each may stand there once.")
    return members


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _check_key(name: str, key: str) -> None:
    size = len(key.encode())
    if not 1 <= size <= LONGEST_KEY:
        raise Malformed(f"{name} has {size} bytes; a key has 1 to {LONGEST_KEY} bytes of UTF-8.")
    if "\x00" in key:
        raise Malformed(f"{name} holds a NUL character, which no key may.")
