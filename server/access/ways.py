"""All ways in, put together: password and session, API tokens, share links, a proxy that signs people in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from privacy.address import TrustedProxies
from server.access import cookies, tokens
from server.access.attempts import Attempts
from server.access.cookies import Cookie
from server.access.forms import Forms
from server.access.keys import Keys
from server.access.proxy import trusted_header
from server.access.rules import Identify
from server.access.sessions import Sessions
from server.config import Config
from server.limiter import Limiter
from storage.bridge import Database

_DAY_S: Final = 86_400
_LOGINS_AT_ONCE: Final = 5  # a person who mistypes, or several behind one address


@dataclass(frozen=True, slots=True)
class Access:
    """What the app needs to know its callers."""

    sessions: Sessions
    forms: Forms
    attempts: Attempts
    login_cookie: Cookie
    random_bytes: Callable[[int], bytes]
    ways: Sequence[Identify]
    shared: Sequence[Identify]  # to what is behind a share link


def ways_in(
    config: Config,
    database: Database,
    *,
    secrets: Callable[[], Sequence[bytes]],
    now: Callable[[], float],
    monotonic: Callable[[], float],
    random_bytes: Callable[[int], bytes],
) -> Access:
    """`secrets`: the installation's, those in force; `now`: seconds since 1970."""
    trusted = TrustedProxies.parse(config.http.trusted_proxies)
    keys = Keys(secrets, monotonic)
    sessions = Sessions(
        database,
        keys,
        Cookie(cookies.SESSION, trusted),
        lasts_s=config.access.session_days * _DAY_S,
        now=now,
        random_bytes=random_bytes,
    )
    limiter = Limiter(config.access.logins_per_minute, _LOGINS_AT_ONCE, key=random_bytes(32), now=monotonic)
    header = config.access.trusted_header
    return Access(
        sessions,
        Forms(keys),
        Attempts(database, limiter, trusted),
        Cookie(cookies.LOGIN, trusted),
        random_bytes,
        ways=[
            tokens.bearer(database),
            sessions.identify,
            *([trusted_header(header, trusted)] if header else []),
        ],
        shared=[tokens.share_link(database)],
    )
