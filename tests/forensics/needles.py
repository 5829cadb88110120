"""What must not be found, in the forms it could lie on a disk in, and the search for it in every byte of a folder."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final
from uuid import UUID

Needles = Mapping[str, bytes]  # name -> bytes to look for

_BLOCK: Final = 8192  # of PostgreSQL's tables and of its write-ahead log alike
_WAL_HEADER: Final = 24  # bytes at the start of each of its pages; a record that goes over a page's end goes on behind


def of_text(name: str, text: str) -> dict[str, bytes]:
    """A User-Agent, or a part of one."""
    raw = text.encode()
    return {name: raw, f"{name} in UTF-16": text.encode("utf-16-le"), f"{name} in hex": raw.hex().encode()}


def of_address(text: str) -> dict[str, bytes]:
    """An IPv4 address in text, and packed as it is mapped: four bytes alone come about by chance in a gigabyte.

    Of an IPv6 address its /64 as well.
    """
    address = ip_address(text)
    if address.version == 4:
        mapped = b"\xff\xff" + address.packed
        return of_text(text, text) | of_bytes(f"{text} packed", mapped) | of_bytes(f"{text} in 16", bytes(10) + mapped)
    return (
        of_text(text, text)
        | {f"{text} in full": address.exploded.encode()}
        | of_bytes(f"{text} packed", address.packed)
        | {f"the /64 of {text}": str(ip_network(f"{text}/64", strict=False).network_address).rstrip(":").encode()}
        | of_bytes(f"the /64 of {text} packed", address.packed[:8])
    )


def of_id(text: str) -> dict[str, bytes]:
    """A client's UUID."""
    return {
        text: text.encode(),
        f"{text} in capitals": text.upper().encode(),
        **of_bytes(f"{text} packed", UUID(text).bytes),
    }


def of_bytes(name: str, raw: bytes) -> dict[str, bytes]:
    """A key, a token, a salt."""
    return {
        name: raw,
        f"{name} in hex": raw.hex().encode(),
        f"{name} in capital hex": raw.hex().upper().encode(),
        f"{name} in base64": base64.b64encode(raw).rstrip(b"="),
        f"{name} in base64 for addresses": base64.urlsafe_b64encode(raw).rstrip(b"="),
    }


@dataclass(frozen=True, slots=True)
class Found:
    """A needle, and the file it lies in, in whose name or whose bytes."""

    needle: str
    file: str


def search(folder: Path, needles: Needles) -> list[Found]:
    """Every byte of every file below `folder`, or of the one file it is.

    What several files hold alike, as the databases of a cluster do, is searched once and told of the first.
    """
    longest = max(map(len, needles.values()), default=1)
    seen: set[bytes] = set()
    found = []
    for path in [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder) if path != folder else path.name)
        content = path.read_bytes()
        fresh = b"".join((name.encode(), b"\n", *_fresh(content, longest - 1, seen)))
        if "pg_wal" in path.parts:
            fresh += b"".join(_over_seams(content, longest - 1))
        found += [Found(needle, name) for needle, wanted in needles.items() if wanted in fresh]
    return found


def _fresh(content: bytes, overlap: int, seen: set[bytes]) -> Iterator[bytes]:
    """The blocks not seen before, each with as much of the next as a needle may reach into it."""
    for start in range(0, len(content), _BLOCK):
        piece = content[start : start + _BLOCK + overlap]
        digest = sha256(piece).digest()
        if digest not in seen:
            seen.add(digest)
            yield piece


def _over_seams(content: bytes, overlap: int) -> Iterator[bytes]:
    """A record of the write-ahead log that goes over a page's end, without the header that cuts it in two."""
    for seam in range(_BLOCK, len(content), _BLOCK):
        before, after = content[seam - overlap : seam], content[seam + _WAL_HEADER : seam + _WAL_HEADER + overlap]
        if before.strip(b"\0") or after.strip(b"\0"):
            yield before + after
