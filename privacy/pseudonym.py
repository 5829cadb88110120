"""Option A: from the browser's random id to one unlinkable pseudonym per target (DESIGN §8).

    base   = HMAC-SHA-256(pseudonym key, the id's 16 bytes)     here, where the event comes in
    stored = HMAC-SHA-256(base, kind || 0x00 || key)[:16]       `for_target`, in the writer, which knows the release

The id itself is never stored, in no mode. `base` travels through the spool, and only what `for_target` makes of it
reaches the database. The same listener has unrelated pseudonyms on two targets for anybody without the pseudonym key;
with the key and an id one can compute that id's pseudonyms, which is how `forget` finds them, and with the key alone
nobody can list ids: 122 random bits are not to be tried out. The key is 32 random bytes, sealed (sealing.py) in the
database under a secret that is not in it. `for_target` serves option B's base (token.py) just the same; the two can
never meet, since their bases come from two independent keys and their results go into different tables.

**Which ids are accepted.** `anonId` is a UUID in text: 32 hexadecimal digits in either case, with hyphens at all four
of the usual places or at none. It is decoded to 16 bytes before it comes here, so one id has one pseudonym however it
is spelt. Version and variant are not looked at: the tracker mints version 4, a site with its own client may mint
others, and since no id is kept it does not matter what one tells. Everything else (other text, other lengths, braces,
`urn:uuid:`, blanks, a number) refuses the event with 400 and a sentence. Free text is refused on purpose: where a
name, an address or an account number fits, sooner or later a site sends one, and an id that people choose can be
guessed by whoever has the key. A UUID cannot be proven random from here; a client that sends a constant one is
counted as one listener and harms nobody else. No id at all is fine: the play counts, without a listener.
The decoder is msgspec's, in server/bodies.py; tests/unit/test_privacy.py holds it to this paragraph.

**No two targets share an input.** `kind` is one of three words without a NUL, so the first NUL byte ends it and all
behind is the key, whatever the key holds (NUL bytes are refused in keys at the door, and would do no harm here).
UTF-8 gives two keys two byte strings. Results are cut to 16 bytes: among a million listeners of one target, the
chance that any two of them share a pseudonym is about 1 in 10^27. Test vectors: docs/privacy-vectors.json.
"""

import hmac
from enum import StrEnum
from typing import Final
from uuid import UUID

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 16


class TargetKind(StrEnum):
    """What a figure is about; the values are stored and are part of the encoding below."""

    TRACK = "track"
    RELEASE = "release"
    SITE = "site"


_PREFIX: Final[dict[str, bytes]] = {kind: kind.value.encode() + b"\x00" for kind in TargetKind}


def base(pseudonym_key: bytes, anon_id: UUID) -> bytes:
    """32 bytes: HMAC-SHA-256(pseudonym key, the id's 16 bytes). `pseudonym_key`: KEY_BYTES random bytes."""
    return hmac.digest(pseudonym_key, anon_id.bytes, "sha256")


def tombstone(base_value: bytes) -> bytes:
    """16 bytes by which a writer knows a listener who asked to be forgotten; keyed by the base, as pseudonyms are."""
    return hmac.digest(base_value, b"forgotten\x00", "sha256")[:PSEUDONYM_BYTES]


def key_tag(pseudonym_key: bytes) -> bytes:
    """16 bytes that tell whether two exports' pseudonyms were made with the same key; say nothing of the key.

    HMAC-SHA-256(pseudonym key, "export")[:16]; shorter than what `base` reads, so the two share no input.
    """
    return hmac.digest(pseudonym_key, b"export", "sha256")[:PSEUDONYM_BYTES]


def event_tag(pseudonym_key: bytes, event_id: UUID) -> bytes:
    """16 bytes by which an event that a browser sends twice is known to be the same; says nothing of whose it is.

    HMAC-SHA-256(pseudonym key, "event" || 0x00 || the id's 16 bytes)[:16]; longer than what `base` reads, so the two
    share no input.
    """
    return hmac.digest(pseudonym_key, b"event\x00" + event_id.bytes, "sha256")[:PSEUDONYM_BYTES]


def canary_key(pseudonym_key: bytes) -> bytes:
    """32 bytes by which the processes of an installation know each other's canaries; no listener goes into it.

    HMAC-SHA-256(pseudonym key, "canary"); shorter than what `base` reads, so the two share no input.
    """
    return hmac.digest(pseudonym_key, b"canary", "sha256")


def for_target(base_value: bytes, kind: str, key: str) -> bytes:
    """16 bytes: HMAC-SHA-256(base, kind || 0x00 || key)[:16]; `kind` is a TargetKind; the site's key is empty.

    `base_value`: 32 bytes, from `base` here or in token.py. Raises KeyError for another kind, and UnicodeEncodeError
    for a key with a lone surrogate, which no decoder of events lets through.
    """
    return hmac.digest(base_value, _PREFIX[kind] + key.encode(), "sha256")[:PSEUDONYM_BYTES]
