"""A proxy that has signed people in already: a header that names the person, believed from configured proxies alone."""

from quart import Request

from privacy.address import TrustedProxies, packed
from server.access.rules import OPERATOR_SCOPES, Caller, Identify


def trusted_header(name: str, trusted: TrustedProxies) -> Identify:
    """Whoever a trusted proxy names in this header is the operator; the name itself is not kept."""

    async def identify(request: Request) -> Caller | None:
        client = request.scope.get("client")
        peer = client[0] if client and client[0] else None
        hop = None if peer is None else packed(peer)
        if (peer is not None and hop is None) or not trusted.believes(hop):
            return None
        return Caller("proxy", OPERATOR_SCOPES) if request.headers.get(name, "").strip() else None

    return identify
