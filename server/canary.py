"""The body of a canary: what makes an event known as the installation's own (actors/canary.py).

It is posted to the route of plays and is no play: a service that does not know it, of another installation or an older
version, refuses it as malformed and counts nothing. What it holds is signed under a key that only the installation's
processes have, and holds for two minutes. So nobody else can make one, and who sees one can do no more with it than
send it again: it passes the same rate limit as any event, and counts as little as the first time.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from actors.canary import NONCE_BYTES
from privacy import pseudonym

SENDER_BYTES: Final = 16
HOLDS_S: Final = 120  # for a bad network, and clocks of several machines that are a little apart
_TIME_BYTES: Final = 8
_MAC_BYTES: Final = 32
_BYTES: Final = SENDER_BYTES + NONCE_BYTES + _TIME_BYTES + _MAC_BYTES
_BEGINS: Final = b'{"canary":"'
_ENDS: Final = b'"}'
_TEXT_BYTES: Final = _BYTES * 4 // 3  # 72 bytes are 96 characters of Base64, without padding
assert _BYTES % 3 == 0  # so that there is no padding, which would be a second form of the same


@dataclass(frozen=True, slots=True)
class Read:
    """A canary of the installation. `age_s`: how long ago it was sent, by the clocks of both ends."""

    sender: bytes
    nonce: bytes
    age_s: float

    @property
    def holds(self) -> bool:
        """Whether it is not too old, nor of the future."""
        return abs(self.age_s) <= HOLDS_S


class Canaries:
    """Makes and reads them. `now`: seconds since 1970."""

    def __init__(self, pseudonym_key: bytes, now: Callable[[], float]) -> None:
        self._key = pseudonym.canary_key(pseudonym_key)
        self._now = now

    def body(self, sender: bytes, nonce: bytes) -> bytes:
        """Of the event to be posted now."""
        says = sender + nonce + int(self._now()).to_bytes(_TIME_BYTES)
        return _BEGINS + urlsafe_b64encode(says + self._mac(says)) + _ENDS

    def read(self, body: bytes) -> Read | None:
        """None for everything that the installation has not made itself."""
        if len(body) != len(_BEGINS) + _TEXT_BYTES + len(_ENDS) or not body.startswith(_BEGINS):
            return None
        try:
            said = urlsafe_b64decode(body[len(_BEGINS) : -len(_ENDS)])
        except ValueError:
            return None
        says, mac = said[:-_MAC_BYTES], said[-_MAC_BYTES:]
        if len(said) != _BYTES or not hmac.compare_digest(mac, self._mac(says)):
            return None
        sent_at = int.from_bytes(says[-_TIME_BYTES:])
        return Read(says[:SENDER_BYTES], says[SENDER_BYTES:-_TIME_BYTES], self._now() - sent_at)

    def _mac(self, says: bytes) -> bytes:
        return hmac.digest(self._key, says, "sha256")
