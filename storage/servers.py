"""Which servers a database's URL names. Pure; the URL's form is libpq's, which asyncpg reads as well.

asyncpg tries several one after another, but under one deadline, which a first one that does not answer uses up. So
they are told apart here, for who wants to give each its own time (storage/bridge/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

DEFAULT_PORT: Final = 5432


@dataclass(frozen=True, slots=True)
class Server:
    """One of them; `host` is a name, an address, or the folder of a unix socket."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def several(url: str) -> Sequence[Server]:
    """Those that `url` names, in its order; none where it names only one, or leaves it to libpq's environment.

    Raises ValueError for a port that is none, or where there are other numbers of ports and of hosts.
    """
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    named = asked.get("host", [unquote(parts.netloc.rpartition("@")[2])])[-1].split(",")
    if len(named) < 2:
        return ()
    hosts, own_ports = zip(*map(_apart, named), strict=True)
    given = asked["port"][-1].split(",") if "port" in asked else []
    if len(given) > 1 and len(given) != len(hosts):
        raise ValueError(f"{len(hosts)} hosts and {len(given)} ports")
    ports = given * len(hosts) if len(given) == 1 else given or [""] * len(hosts)
    return [
        Server(host, int(own or port or DEFAULT_PORT)) for host, own, port in zip(hosts, own_ports, ports, strict=True)
    ]


def _apart(named: str) -> tuple[str, str]:
    """Host and port, which may be missing; an IPv6 address with a port stands in brackets."""
    if named.startswith("["):
        host, _, behind = named[1:].partition("]")
        return host, behind.removeprefix(":")
    if named.startswith("/") or named.count(":") > 1:
        return named, ""
    host, _, port = named.partition(":")
    return host, port
