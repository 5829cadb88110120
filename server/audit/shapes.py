"""What looks like an address, a User-Agent or a UUID in a run of bytes, text or not.

An IPv4 address is four numbers from 0 to 255 with dots between them, without leading zeros, not part of a longer
dotted number. Left out, since no listener comes from there or since it is a version: 0/8, 127/8, 224/3 (multicast,
reserved, masks), numbers behind a `v`, and those that end in `.0.0.0`, as browsers' versions and networks do. Any other
version of four small numbers is taken for an address.

An IPv6 address is text that parses as one, in 2000::/3 (the Internet), fc00::/7, fe80::/10, or an IPv4 address mapped
with hexadecimal digits. One of two groups (`2a00::1`) must stand by itself, since `2000::bigint` is SQL. The
unspecified and the loopback address are left out with that.

In a page of PostgreSQL a text stands between a length byte and the next value's, and either may read as a digit or a
letter: the rules look past one such byte. A packed address has no shape; give it as a needle. Nor has text in
UTF-16, in Base64, or compressed.

A User-Agent is a product of a browser, or of a program of the list crawler-user-agents, with a slash and a version.
"""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

BEHIND: Final = 64  # bytes before a match's start that the rules look at
AHEAD: Final = 256  # and from its start on

ADDRESS: Final = "address"
USER_AGENT: Final = "User-Agent"
UUID: Final = "UUID"

_BROWSERS: Final = frozenset(
    {"mozilla", "applewebkit", "gecko", "chrome", "chromium", "crios", "safari", "firefox", "fxios", "edg", "edga"}
    | {"edgios", "opr", "opera", "samsungbrowser", "trident", "dalvik", "okhttp", "cfnetwork", "applecoremedia"}
)

# Each starts with a plain character, which the search for it skips to; the part before is looked at then.
_DOTTED: Final = re.compile(rb"\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,4})(?![0-9]|\.[0-9])")
_COLONS: Final = re.compile(rb":[0-9A-Fa-f]{0,4}:")
_PRODUCT: Final = re.compile(rb"/[0-9]")
_NAME_BEFORE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9._-]*\Z")
_GROUPS_BEFORE: Final = re.compile(rb"[0-9A-Fa-f:.]*\Z")
_GROUPS: Final = re.compile(rb"[0-9A-Fa-f:.]*")
_PRINTABLE: Final = re.compile(rb"[ -~]*")
_WORD: Final = re.compile(rb"[0-9A-Za-z_]")
_UUIDS: Final = re.compile(
    rb"(?<![0-9A-Fa-f-])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
    rb"|[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15})(?![0-9A-Fa-f-])"
)
_DIGITS: Final = frozenset(b"0123456789")
_LONGEST_IPV6: Final = 45
_MAPPED: Final = bytes(10) + b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Match:
    """`start` counts from the first byte given. `value` tells one from another and is never shown."""

    what: str
    start: int
    value: bytes = field(repr=False)


def in_bytes(data: bytes) -> Iterator[Match]:
    """Addresses and User-Agents; what a match depends on lies within BEHIND and AHEAD of its start."""
    yield from _ipv4(data)
    yield from _ipv6(data)
    yield from _user_agents(data)


def uuids(data: bytes) -> Iterator[Match]:
    """With hyphens, or 32 digits of version 4. Only for text: bytes that are no text are full of hexadecimal digits."""
    for match in _UUIDS.finditer(data):
        if match[0].strip(b"0-"):
            yield Match(UUID, match.start(), match[0].lower())


def packed_ipv4(text: bytes) -> bytes | None:
    """16 bytes, mapped; None for what is no address of a listener."""
    parts = text.split(b".")
    if any(int(part) > 255 or (part.startswith(b"0") and part != b"0") for part in parts):
        return None
    octets = bytes(map(int, parts))
    if octets[0] in (0, 127) or octets[0] >= 224 or not any(octets[1:]):
        return None
    return _MAPPED + octets


def _ipv4(data: bytes) -> Iterator[Match]:
    for tail in _DOTTED.finditer(data):
        dot = tail.start()
        start = dot
        while start > 0 and dot - start < 4 and data[start - 1] in _DIGITS:
            start -= 1
        if dot - start == 4 and _is_length(data, start):
            start += 1
        before = data[start - 1 : start]
        if not 1 <= dot - start <= 3 or before in (b".", b"v", b"V"):
            continue
        text = data[start : tail.end()]
        if len(tail[3]) == 4:  # three digits and the next value's length
            if data[tail.end() - 1] % 2 == 0:
                continue
            text = text[:-1]
        if value := packed_ipv4(text):
            yield Match(ADDRESS, start, value)


def _is_length(data: bytes, at: int) -> bool:
    """Whether this digit may be the length byte of a text in a page: odd, and behind something that is no text."""
    return data[at] % 2 == 1 and (at == 0 or not 0x20 <= data[at - 1] < 0x7F)


def _ipv6(data: bytes) -> Iterator[Match]:
    done = 0
    for colons in _COLONS.finditer(data):
        if colons.start() < done:
            continue
        at = colons.start()
        before = _GROUPS_BEFORE.search(data, max(0, at - _LONGEST_IPV6), at)
        after = _GROUPS.match(data, at, at + _LONGEST_IPV6)
        assert before is not None
        assert after is not None
        done = after.end()
        for first, last in ((0, 0), (1, 0), (0, 1), (1, 1)):
            start, end = before.start() + first, after.end() - last
            if value := _listener_ipv6(data, start, end):
                yield Match(ADDRESS, start, value)
                break


def _listener_ipv6(data: bytes, start: int, end: int) -> bytes | None:
    text = data[start:end].rstrip(b".")
    if text.endswith(b":") and not text.endswith(b"::"):
        text = text[:-1]
    if b"." in text:
        return None  # its dotted part is found as an IPv4 address
    try:
        value = socket.inet_pton(socket.AF_INET6, text.decode())
    except OSError:
        return None
    if value.startswith(_MAPPED):
        return packed_ipv4(b".".join(b"%d" % octet for octet in value[12:]))
    if not (value[0] >> 5 == 1 or value[0] >> 1 == 0x7E or (value[0] == 0xFE and value[1] >> 6 == 2)):
        return None
    few = sum(1 for group in text.split(b":") if group) < 3
    if few and (_WORD.match(data, end) or (start and _WORD.match(data, start - 1))):
        return None
    return value


def _user_agents(data: bytes) -> Iterator[Match]:
    done = 0
    for slash in _PRODUCT.finditer(data):
        at = slash.start()
        if at < done:
            continue  # the same User-Agent goes on
        name = _NAME_BEFORE.search(data, max(0, at - 40), at)
        if name is None:
            continue
        start = name.start()
        known = _BROWSERS | _crawlers()
        if name[0].lower().decode() not in known:
            start += 1  # past what may be a length byte
            if name[0][1:].lower().decode() not in known:
                continue
        run = _PRINTABLE.match(data, start, start + AHEAD)
        assert run is not None
        done = run.end()
        yield Match(USER_AGENT, start, run[0])


@cache
def _crawlers() -> frozenset[str]:
    """The names crawlers put before their version, in lower case."""
    product = re.compile(r"([A-Za-z][A-Za-z0-9._-]{2,39})/[0-9]")
    names: set[str] = set()
    for entry in CRAWLER_USER_AGENTS_DATA:
        pattern = re.compile(entry["pattern"])
        for example in entry["instances"]:
            names.update(name for name in product.findall(example) if pattern.search(name + "/"))
    return frozenset(name.lower() for name in names)
