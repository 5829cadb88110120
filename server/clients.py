"""How an event's sender came to have the address it has: whether a proxy stands between that hides who it is."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from actors.networks import Way
from privacy.address import TrustedProxies, is_loopback, packed

_OF_NO_PAGE: Final = ("", "null")  # a script's, or a file's
_LOOPBACK: Final = ("127.0.0.1", "::1")
_HERE: Final = (".localhost", ".test")  # names that are nobody's on the Internet (RFC 6761)


def way(headers: Mapping[str, str], peer: str | None, trusted: TrustedProxies) -> Way:
    """`headers`: of the request, in lower case. `peer`: the socket's; None for a unix socket. Never raises."""
    told = bool(headers.get("x-forwarded-for") or headers.get("forwarded"))
    origin = headers.get("origin", "")
    if not told and (peer is None or peer in _LOOPBACK):  # at once: load tests and quiet sites have no more than this
        return Way.HERE if origin in _OF_NO_PAGE or _is_here(origin) else Way.UNTOLD
    hop = None if peer is None else packed(peer)
    believed = (hop is not None or peer is None) and trusted.believes(hop)
    if believed and told:
        return Way.ADDRESS
    if peer is None or (hop is not None and is_loopback(hop)):
        # A script, a developer's browser, or a proxy on this machine: a page that is not on it came by a proxy.
        if _is_here(origin) or (not told and origin in _OF_NO_PAGE):
            return Way.HERE
        return Way.UNBELIEVED if told else Way.UNTOLD
    if told:
        return Way.UNBELIEVED
    return Way.UNTOLD if believed else Way.ADDRESS


@lru_cache(maxsize=32)
def _is_here(origin: str) -> bool:
    """Whether a page of this origin is on this machine itself."""
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(_HERE):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
