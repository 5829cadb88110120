"""Which client a request came from, as 16 bytes; nothing here keeps an address beyond the call.

An address is always 16 bytes: IPv6 as it is, IPv4 mapped (`::ffff:a.b.c.d`). What a listener or a rate limit
may be keyed by is `network(...)`: IPv4 whole, IPv6 cut to its /64, because privacy addresses rotate inside it
(DESIGN §8).

Headers are read from the right, where the nearest proxy writes, and only as far as trusted proxies vouch for the
rest; who the proxies are is configuration (`TrustedProxies`). Nothing here raises on what a stranger sent.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, ip_network
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

UNKNOWN: Final = bytes(16)  # a peer without an address (unix socket) behind no believed hop: all of them are one client

_V4_PREFIX: Final = bytes(10) + b"\xff\xff"
_V4_LOOPBACK: Final = _V4_PREFIX + b"\x7f"  # 127.0.0.0/8
_V6_LOOPBACK: Final = bytes(15) + b"\x01"  # ::1
_V4_SHIFT: Final = 96  # an IPv4 prefix of n bits is an IPv6 prefix of n + 96 in the mapped form

_PORT: Final = re.compile(r":(?:[0-9]{1,5}|_[A-Za-z0-9._-]+)")  # RFC 7239 §6: a proxy may hide the number
# One `name=value` of RFC 7239 §4. Wider than it in two ways seen in the wild: blanks around, and an address with
# colons that is not quoted. That is safe, since whoever wrote it is believed anyway.
_PARAMETER: Final = re.compile(
    r"""[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^" \t]+))[ \t]*""", re.DOTALL
)
_QUOTED_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The peers whose forwarding headers are believed. Networks are (value, mask) pairs of 128-bit integers."""

    networks: tuple[tuple[int, int], ...] = ()
    unix: bool = False

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "TrustedProxies":
        """From CIDRs or addresses, and `"unix"` for peers on a unix socket. Raises ValueError naming the entry."""
        networks: list[tuple[int, int]] = []
        unix = False
        for entry in entries:
            if entry == "unix":
                unix = True
            else:
                networks.append(_as_mask(entry))
        return cls(tuple(networks), unix)

    def believes(self, hop: bytes | None) -> bool:
        """Whether this hop (None: a unix socket) may say who was before it."""
        if hop is None:
            return self.unix
        number = int.from_bytes(hop)
        for value, mask in self.networks:  # noqa: SIM110  # any() of a generator takes half as long again, every event
            if number & mask == value:
                return True
        return False


def client_address(
    peer: str | None, forwarded_for: Sequence[str], trusted: TrustedProxies, forwarded: Sequence[str] = ()
) -> bytes:
    """The right-most hop that no trusted proxy vouches beyond, as 16 bytes.

    `peer` is the socket's peer (None: unix socket; text that is no address is nobody, and is not believed),
    `forwarded_for` the values of every `X-Forwarded-For` line in order, `forwarded` those of every `Forwarded` line
    (RFC 7239; its `for` parameters). A hop that is no address (`unknown`, `_hidden`, garbage, none at all) ends the
    walk: the proxy that wrote it stays the client, so a forged or broken header never names somebody else. Never
    raises.

    With both headers the client is the one they agree on, and the peer where they do not. nginx and Caddy write only
    X-Forwarded-For unless told otherwise, HAProxy writes the one it is told to, and all of them pass a client's
    other header through: to prefer either would let the clients of some site forge their address with the other.
    So a client that adds the header its proxy does not write gains nothing: it is counted as the proxy, together
    with all who do that. What remains: a trusted proxy that writes neither header lets its clients say who they are.
    """
    hop = None if peer is None else packed(peer)
    address = hop or UNKNOWN
    if not forwarded_for and not forwarded:
        return address
    if (hop is None and peer is not None) or not trusted.believes(hop):
        return address
    if not forwarded:
        return _walk(address, _hops(forwarded_for), trusted)
    client = _walk(address, _nodes(",".join(forwarded)), trusted)
    if not forwarded_for or client == _walk(address, _hops(forwarded_for), trusted):
        return client
    return address


def packed(text: str) -> bytes | None:
    """An address as people and proxies write it (brackets, port, zone id) in 16 bytes; None where it is none."""
    try:
        if ":" not in text:
            return _V4_PREFIX + inet_pton(AF_INET, text)
        if text.startswith("["):
            end = text.index("]")
            if end + 1 < len(text) and not _PORT.fullmatch(text, end + 1):
                return None
            text = text[1:end]
        elif text.count(":") == 1:
            end = text.index(":")
            return _V4_PREFIX + inet_pton(AF_INET, text[:end]) if _PORT.fullmatch(text, end) else None
        return inet_pton(AF_INET6, text.partition("%")[0])
    except (OSError, ValueError):  # ValueError: a NUL byte, a bracket that never closes, a lone surrogate
        return None


def network(address: bytes) -> bytes:
    """The part of a 16-byte address that stands for one client: IPv4 whole, IPv6 its /64 with zeros behind."""
    if address.startswith(_V4_PREFIX):
        return address
    return address[:8] + bytes(8)


def is_loopback(address: bytes) -> bool:
    """Whether these 16 bytes are an address of the machine itself."""
    return address.startswith(_V4_LOOPBACK) or address == _V6_LOOPBACK


def _walk(client: bytes, hops: Iterable[str], trusted: TrustedProxies) -> bytes:
    """From a believed peer back to the first hop that is not believed, or before one that is no address."""
    for text in hops:
        earlier = packed(text.strip(" \t"))
        if earlier is None:
            break
        client = earlier
        if not trusted.believes(client):
            break
    return client


def _hops(forwarded_for: Sequence[str]) -> Iterable[str]:
    """What `X-Forwarded-For` lists, from the last to the first."""
    return reversed(",".join(forwarded_for).split(","))


def _nodes(header: str) -> Iterator[str]:
    """The `for` of each `Forwarded` element, from the last to the first; empty where it has none, two or is malformed.

    Read from the right, because a parser that begins on the left can be led astray by what a client sent: with
    `Forwarded: for="` in front, a proxy's honest `, for=192.0.2.1` becomes the inside of a quoted string. What the
    last proxy wrote is well formed, and its right-most end is a place where no string is open.
    """
    parameters: list[str] = []
    quoted = False
    at = end = len(header)
    while at:
        at -= 1
        character = header[at]
        if character == '"' and not _is_escaped(header, at):
            quoted = not quoted
        elif character in ",;" and not quoted:
            parameters.append(header[at + 1 : end])
            end = at
            if character == ",":
                yield _node(parameters)
                parameters = []
    parameters.append(header[:end])
    yield _node(parameters)  # one with a string still open is no parameter


def _is_escaped(text: str, at: int) -> bool:
    """Whether an odd number of backslashes stands before this place."""
    start = at
    while start and text[start - 1] == "\\":
        start -= 1
    return (at - start) % 2 == 1


def _node(parameters: Iterable[str]) -> str:
    """The value of the one `for` among an element's parameters (RFC 7239 §4: names in any case, none twice)."""
    nodes: list[str] = []
    for parameter in parameters:
        if not parameter.strip(" \t"):
            continue  # the grammar allows `for=192.0.2.1;` and `;;`
        parts = _PARAMETER.fullmatch(parameter)
        if parts is None:
            return ""
        name, quoted, plain = parts.groups()
        if name.lower() == "for":
            nodes.append(plain if quoted is None else _QUOTED_PAIR.sub(r"\1", quoted))
    return nodes[0] if len(nodes) == 1 else ""


def _as_mask(entry: str) -> tuple[int, int]:
    try:
        parsed = ip_network(entry, strict=False)
    except ValueError as error:
        raise ValueError(f'{entry!r} is neither a network such as 10.0.0.0/8 or fd00::/8 nor "unix"') from error
    if isinstance(parsed, IPv4Network):
        value = int.from_bytes(_V4_PREFIX + parsed.network_address.packed)
        prefix = parsed.prefixlen + _V4_SHIFT
    else:
        value = int.from_bytes(parsed.network_address.packed)
        prefix = parsed.prefixlen
    mask = ((1 << prefix) - 1) << (128 - prefix)
    return value & mask, mask
