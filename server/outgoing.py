"""HTTP requests that this service makes by itself: to a feed or a webhook that the operator has named.

Sentences about them name the host alone: a path or a query may hold a secret.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

import httpx2

_TIMEOUT: Final = httpx2.Timeout(20, connect=10)  # of each read or write; who asks has a limit for the whole
USER_AGENT: Final = f"Tonearm/{version('tonearm')}"


@asynccontextmanager
async def client(
    redirects: int = 0, *, within: httpx2.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx2.AsyncClient]:
    """Follows so many redirects, and none from https to http. Proxies of the environment are used.

    `within`: a way to this machine itself, past those proxies.
    """
    async with httpx2.AsyncClient(
        transport=within,
        trust_env=within is None,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        timeout=_TIMEOUT,
        headers={"user-agent": USER_AGENT},
    ) as made:
        yield made


def host_of(url: str) -> str:
    """Scheme and host, which may be shown."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "the address"
    return f"{parsed.scheme}://{parsed.netloc.rpartition(b'@')[2].decode('ascii', 'replace')}"


def reason(error: Exception) -> str:
    """What went wrong on the way, in words."""
    if isinstance(error, httpx2.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx2.TooManyRedirects):
        return "too many redirects"
    if isinstance(error, httpx2.ConnectError):
        return f"no connection ({error})"
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return "the address cannot be used"
    return f"the connection broke ({type(error).__name__})"
