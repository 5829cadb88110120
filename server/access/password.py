"""The operator's password: making one, hashing it (scrypt, RFC 7914), holding one against its hash."""

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from typing import Final

SHORTEST: Final = 10  # characters
LONGEST: Final = 128  # characters; at twelve bytes each, as a form writes them, still less than a body may have

# OWASP's figures for scrypt at 32 MiB: a third of a second or less, and little enough memory to do it beside the
# counting, whose whole process is to stay under 150 MiB.
_LOG_N, _R, _P = 15, 8, 3
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_MOST_MEMORY: Final = 96 * 1024 * 1024
_FORM: Final = re.compile(r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)")

# 32 characters that nobody mixes up when reading them off a screen; five bits each.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz023456789"
_GROUPS, _GROUP = 5, 4


def make(random_bytes: Callable[[int], bytes]) -> str:
    """A hundred random bits, in groups that can be typed."""
    characters = [_ALPHABET[byte % len(_ALPHABET)] for byte in random_bytes(_GROUPS * _GROUP)]
    return "-".join("".join(characters[at : at + _GROUP]) for at in range(0, len(characters), _GROUP))


def objection(password: str) -> str | None:
    """Why it cannot be one, in a sentence."""
    if not SHORTEST <= len(_normal(password)) <= LONGEST:
        return f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(_normal(password))}."
    if not password.isprintable():
        return "A password has no line breaks and no other characters that cannot be typed."
    return None


def hashed(password: str, salt: bytes) -> str:
    """In the PHC string format, with its cost, so that a later version may choose another."""
    made = _scrypt(password, salt, _LOG_N, _R, _P, _HASH_BYTES)
    return f"$scrypt$ln={_LOG_N},r={_R},p={_P}${_text(salt)}${_text(made)}"


def fresh_hash(password: str, random_bytes: Callable[[int], bytes]) -> str:
    """With a salt of its own. Takes a quarter of a second of one core."""
    return hashed(password, random_bytes(_SALT_BYTES))


def matches(password: str, stored: str) -> bool:
    """Takes as long for a wrong one as for the right one. A hash that is none matches nothing."""
    parts = _FORM.fullmatch(stored)
    if parts is None or len(password) > LONGEST:
        return False
    log_n, r, p = (int(number) for number in parts.groups()[:3])
    salt, expected = (_bytes(text) for text in parts.groups()[3:])
    return hmac.compare_digest(_scrypt(password, salt, log_n, r, p, len(expected)), expected)


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int, length: int) -> bytes:
    typed = _normal(password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=1 << log_n, r=r, p=p, maxmem=_MOST_MEMORY, dklen=length)


def _normal(password: str) -> str:
    """Two keyboards may send the same letter as different code points (RFC 8265 §4.2)."""
    return unicodedata.normalize("NFC", password)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
