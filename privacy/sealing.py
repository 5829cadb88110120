"""Sealing what rests in the database under the installation's secret, which does not.

A sealed value is nonce (12 bytes) || AES-256-GCM(key, nonce, value, purpose). The key is
HKDF-SHA-256(secret, info = "tonearm/" + purpose), so a value sealed for one purpose opens for no other.
"""

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES: Final = 12


class WrongSecret(Exception):
    """The value was sealed under another secret, or was altered."""


def seal(secret: bytes, purpose: str, value: bytes, *, nonce: bytes) -> bytes:
    """`value` sealed for `purpose`; `nonce` is 12 fresh random bytes, an argument because randomness is one here."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes, not {len(nonce)}")
    return nonce + AESGCM(derive(secret, purpose)).encrypt(nonce, value, purpose.encode())


def unseal(secret: bytes, purpose: str, sealed: bytes) -> bytes:
    """What `seal` was given. Raises WrongSecret."""
    try:
        return AESGCM(derive(secret, purpose)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongSecret(f"what was sealed as {purpose!r} does not open with this secret") from error


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A key of 32 bytes for `purpose` alone, from which neither the secret nor another purpose's key follows."""
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"tonearm/" + purpose.encode()).derive(secret)


def sign(secret: bytes, purpose: str, message: bytes) -> bytes:
    """32 bytes that nobody can make without the secret: HMAC-SHA-256 of `message`, under a key for `purpose`."""
    return hmac.digest(derive(secret, purpose), message, "sha256")
