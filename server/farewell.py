"""How a door closes so that no proxy in front of it sees a request fail, the same for both doors.

A proxy keeps connections and sends the next request on one of them whenever it likes. Who closes an idle one may be
closing it over a request that is under way; the proxy sees a reset, may not send a POST twice, and a browser is
refused. So a door never closes a proxy's connection first:

1. It goes on taking clients in, and every answer says `Connection: close`. A connection is used once more, or its
   proxy closes it when it has been idle for as long as the proxy keeps one (`http.proxy_idle_s`).
2. When those from before the stop are gone, it takes no more clients in: they wait in the backlog, for the next
   process where there is one (server/handover.py). Those it has get their one answer.

Clients that are no trusted proxies are browsers, which send again on a new connection by themselves; of theirs the
idle ones are closed at once.
"""

from dataclasses import dataclass
from typing import Final

from privacy.address import TrustedProxies, packed

GRACE_S: Final = 3.0  # how long clients may take to finish once no more are taken in
ANSWER_S: Final = 20.0  # the same for what was read from a proxy and is not answered yet: that waits for our disk alone


@dataclass(frozen=True, slots=True)
class Farewell:
    """Whose connections are waited for, and how long."""

    trusted: TrustedProxies
    proxy_idle_s: float

    def owed_to(self, peer: str | None) -> bool:
        """Whether this is a proxy; None: a unix socket."""
        hop = None if peer is None else packed(peer)
        return (peer is None or hop is not None) and self.trusted.believes(hop)
