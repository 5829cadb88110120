"""What to look for, put together: the given needles and the shapes, less what is known to be the site's own.

Not reported are the addresses the operator's configuration names (where to listen, which proxies to believe, where
PostgreSQL is), and in files an address or User-Agent that live keys or titles of the site consist of or contain:
somebody may have named a track `10.0.0.1`. In the tables those are told as notices. That is a door a sender can hold
open: who sends an event with the key `203.0.113.7` makes the search overlook that address in files. The notice says
so, and a needle is found wherever it is.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

from privacy.address import packed
from server.audit import needles, shapes
from server.audit.findings import Findings
from server.audit.shapes import Match
from server.config import Config
from storage import servers

BEHIND: Final = shapes.BEHIND
_SHORT_OF_IT: Final = 2  # bytes of a neighbour that may read as part of a User-Agent


class Search:
    """Made once for an audit; learns in the tables what files may hold."""

    def __init__(self, wanted: Sequence[str] = (), own: Iterable[bytes] = ()) -> None:
        """`wanted`: needles. `own`: addresses of 16 bytes that are no listener's. Raises ValueError with a sentence."""
        self._forms = [form for number, text in enumerate(wanted, 1) for form in needles.forms(number, text)]
        self._addresses = set(own)
        self._user_agents: set[bytes] = set()
        self.ahead = max([shapes.AHEAD, *(len(form.data) for form in self._forms)])
        """How many bytes from its start on decide whether something is a match."""

    def needles(self, data: bytes) -> Iterator[Match]:
        """The given ones, in any form."""
        for form in self._forms:
            at = data.find(form.data)
            while at >= 0:
                yield Match(form.name, at, form.data)
                at = data.find(form.data, at + 1)

    def in_file(self, data: bytes) -> Iterator[Match]:
        """What a file must not hold."""
        yield from self.needles(data)
        for match in shapes.in_bytes(data):
            if not self._is_known(match):
                yield match

    def in_cell(self, cell: str | bytes, *, is_uuid: bool = False) -> Iterator[Match]:
        """What a value that Tonearm writes must not hold; `is_uuid`: it is one by design."""
        data = cell if isinstance(cell, bytes) else cell.encode("utf-8", "surrogatepass")
        yield from self.needles(data)
        for match in shapes.in_bytes(data):
            if match.value not in self._addresses:
                yield match
        if isinstance(cell, str) and not is_uuid:
            yield from shapes.uuids(data)

    def written_by_site(self, place: str, cell: str | bytes, findings: Findings) -> None:
        """A key, title or reason: needles are findings, shapes are notices, and files may hold them from now on."""
        data = cell if isinstance(cell, bytes) else cell.encode("utf-8", "surrogatepass")
        for match in self.needles(data):
            findings.add(place, match.what)
        for match in shapes.in_bytes(data):
            findings.note(place, match.what)
            (self._user_agents if match.what == shapes.USER_AGENT else self._addresses).add(match.value)

    def _is_known(self, match: Match) -> bool:
        if match.what != shapes.USER_AGENT:
            return match.value in self._addresses
        return any(
            match.value.startswith(known) and len(match.value) <= len(known) + _SHORT_OF_IT
            for known in self._user_agents
        )


def own_addresses(config: Config) -> set[bytes]:
    """The addresses the configuration names, 16 bytes each."""
    hosts = [bind.rpartition(":")[0] for bind in (config.http.bind, config.beacon.bind)]
    url = config.database_url.get_secret_value()
    hosts += [urlsplit(url).hostname or "", *(server.host for server in servers.several(url))]
    for proxy in config.http.trusted_proxies:
        if proxy != "unix":
            hosts.append(str(ip_network(proxy, strict=False).network_address))
            hosts.append(proxy.partition("/")[0])
    return {address for host in hosts if (address := packed(host))}
