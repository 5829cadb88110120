"""Who is at the other end of a request's connection, and which network it came from. Nothing is kept of either."""

from quart import Request

from privacy.address import TrustedProxies, client_address, network, packed


def is_believed(request: Request, trusted: TrustedProxies) -> bool:
    """Whether the peer is a proxy whose headers are taken at their word."""
    peer = _peer(request)
    hop = None if peer is None else packed(peer)
    return (peer is None or hop is not None) and trusted.believes(hop)


def network_of(request: Request, trusted: TrustedProxies) -> bytes:
    """What stands for one client, as the events' rate limit has it."""
    headers = request.headers
    return network(
        client_address(_peer(request), headers.getlist("x-forwarded-for"), trusted, headers.getlist("forwarded"))
    )


def _peer(request: Request) -> str | None:
    """None: a unix socket, for which Hypercorn has nothing to tell."""
    client = request.scope.get("client")
    return client[0] if client and client[0] else None
