"""In which ways a given text may have been written down."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final
from uuid import UUID

from privacy.address import network

SHORTEST: Final = 4  # bytes; anything shorter is everywhere by chance
LONGEST: Final = 1024
_FEWEST_BASE64: Final = 6  # characters that the needle alone decides


@dataclass(frozen=True, slots=True)
class Form:
    """One way; `name` tells the needle by its number, since a report must not repeat it."""

    name: str
    data: bytes = field(repr=False)


def forms(number: int, needle: str) -> list[Form]:
    """All of them, each spelling once. Raises ValueError with a sentence.

    Text as UTF-8, UTF-16LE, hexadecimal in either case, Base64 at each of the three offsets, in both alphabets.
    An address also in its other spellings and packed: 4 bytes (which occur by chance once in 4 GiB of random bytes),
    16 bytes, and an IPv6 address's /64 as it is hashed. A UUID also without hyphens and as its 16 bytes.
    """
    size = len(needle.encode())
    if not SHORTEST <= size <= LONGEST:
        raise ValueError(f"Needle {number} has {size} bytes; allowed are {SHORTEST} to {LONGEST}.")
    found: dict[bytes, str] = {}
    for text in (needle, *_spellings(needle)):
        for name, data in _written(text):
            found.setdefault(data, name)
    for name, data in _packed(needle):
        found.setdefault(data, name)
        if len(data) == 16:
            for encoded, encoding in ((data.hex(), "hexadecimal"), (data.hex().upper(), "hexadecimal")):
                found.setdefault(encoded.encode(), f"{name}, {encoding}")
            for piece in _base64(data):
                found.setdefault(piece, f"{name}, Base64")
    return [Form(f"needle {number} as {name}", data) for data, name in found.items()]


def _written(text: str) -> Iterator[tuple[str, bytes]]:
    raw = text.encode()
    yield "UTF-8", raw
    yield "UTF-16LE", text.encode("utf-16-le")
    yield "hexadecimal", raw.hex().encode()
    yield "hexadecimal", raw.hex().upper().encode()
    for piece in _base64(raw):
        yield "Base64", piece


def _base64(raw: bytes) -> Iterator[bytes]:
    """What Base64 makes of `raw` whatever stands before and behind it."""
    for offset in range(3):
        first = -(-offset * 8 // 6)  # the first character that owes nothing to what stands before
        last = (offset + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            piece = encode(bytes(offset) + raw)[first:last]
            if len(piece) >= _FEWEST_BASE64:
                yield piece


def _spellings(needle: str) -> Iterator[str]:
    if address := _address(needle):
        yield from (address.compressed, address.exploded, address.compressed.upper(), address.exploded.upper())
    if uuid := _uuid(needle):
        yield from (str(uuid), str(uuid).upper(), uuid.hex, uuid.hex.upper())


def _packed(needle: str) -> Iterator[tuple[str, bytes]]:
    address = _address(needle)
    if isinstance(address, IPv4Address):
        yield "packed address", address.packed
        yield "packed address, 16 bytes", bytes(10) + b"\xff\xff" + address.packed
    elif isinstance(address, IPv6Address):
        yield "packed address", address.packed
        yield "packed /64 of the address", network(address.packed)
    if uuid := _uuid(needle):
        yield "packed UUID", uuid.bytes


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
