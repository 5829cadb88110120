"""A proxy that has signed people in already: a header that names the person, believed from configured proxies alone."""

from quart import Request

from privacy.address import TrustedProxies
from server.access.peer import is_believed
from server.access.rules import OPERATOR_SCOPES, Caller, Identify


def trusted_header(name: str, trusted: TrustedProxies) -> Identify:
    """Whoever a trusted proxy names in this header is the operator; the name is kept as long as the request lasts."""

    async def identify(request: Request) -> Caller | None:
        if not is_believed(request, trusted):
            return None
        person = request.headers.get(name, "").strip()
        return Caller("proxy", OPERATOR_SCOPES, b"proxy:" + person.encode()) if person else None

    return identify
