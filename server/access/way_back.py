"""Where to go after signing in: a page of this service, never another site's (no open redirect)."""

import re
from typing import Final

from server.access.paths import LOGIN, LOGOUT

_LONGEST: Final = 1000
# One slash and then no second one, in either direction: browsers read "/\host" as "//host". Printable ASCII alone,
# since they also drop tabs and line feeds before they look.
_OWN_PATH: Final = re.compile(r"/(?!/)[!-\[\]-~]*")


def way_back(asked: str) -> str:
    """`asked`, if it is an address of this service that a browser can go back to; otherwise nothing."""
    if len(asked) > _LONGEST or not _OWN_PATH.fullmatch(asked):
        return ""
    return "" if asked.partition("?")[0] in (LOGIN, LOGOUT) else asked
