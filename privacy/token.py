"""Option B: from address, User-Agent and the salt of the day to a token that means nothing tomorrow (DESIGN §8).

    base   = HMAC-SHA-256(salt of the day, network's 16 bytes || 0x00 || User-Agent)    here, where the event comes in
    stored = HMAC-SHA-256(base, kind || 0x00 || key)[:16]                `pseudonym.for_target`, in the counter writer

The same client gets the same token on the same day, and unrelated ones on two targets or two days. Without the salt
nobody can compute a token, so nobody can try all addresses either; a salt is 32 random bytes and dies with its day
(actors/rotator.py). Nothing is stored in the browser.

**The User-Agent's bytes.** A header field is bytes, and both doors hand them over as text with one character per byte
(latin-1). What is hashed is that text in UTF-8: for ASCII, which is nearly every User-Agent, the header's very bytes;
a byte 0x80 to 0xFF becomes the two bytes of that character (0xE9, é: C3 A9). Nothing is trimmed, folded or normalised.
A missing header is the empty text. A lone surrogate, which no header can produce, becomes its three bytes (ED xx xx)
rather than an error, so that `base` has a value for every text.

**No two clients share an input.** The address is exactly 16 bytes and the salt exactly 32 (others are refused: HMAC
pads a short key with zeros, so that a salt of 31 bytes would do the same as that salt and a zero). So the separator
always stands at offset 16, all behind it is the User-Agent, and a User-Agent with NUL bytes changes nothing about
that; the encoding above gives two texts two byte strings. Test vectors: docs/privacy-vectors.json.
"""

import hmac
from typing import Final

SALT_BYTES: Final = 32
_NETWORK_BYTES: Final = 16


def base(salt: bytes, network: bytes, user_agent: str) -> bytes:
    """32 bytes that stand for a client for a day; they travel through the spool and reach no database.

    `salt`: 32 bytes. `network`: 16 bytes, from `address.network`; a whole address is never hashed. `user_agent`: any
    text. Raises ValueError where salt or network has another length.
    """
    if len(salt) != SALT_BYTES or len(network) != _NETWORK_BYTES:
        raise ValueError(
            f"a salt has {SALT_BYTES} bytes and a network {_NETWORK_BYTES}, not {len(salt)} and {len(network)}"
        )
    return hmac.digest(salt, network + b"\x00" + user_agent.encode("utf-8", "surrogatepass"), "sha256")
