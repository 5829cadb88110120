"""The only two cookies there are: the operator's session, and the login form's own. Listeners get none.

Behind TLS their names begin with `__Host-`: a browser takes such a cookie only from this host itself, over TLS and
for all paths, so that nobody on a neighbouring subdomain can plant one.
"""

from dataclasses import dataclass
from typing import Final

from quart import Request, Response

from privacy.address import TrustedProxies
from server.access.peer import is_believed

SESSION: Final = "tonearm-session"
LOGIN: Final = "tonearm-login"
_LONGEST: Final = 512  # a session's is about 120 characters


@dataclass(frozen=True, slots=True)
class Cookie:
    """One by its name."""

    name: str
    trusted: TrustedProxies

    def read(self, request: Request) -> str:
        """Its value, or nothing."""
        value = request.cookies.get(self._full_name(request), "")
        return value if len(value) <= _LONGEST else ""

    def put(self, request: Request, response: Response, value: str, *, lasts_s: int | None) -> None:
        """`lasts_s` None: until the browser is closed."""
        response.set_cookie(
            self._full_name(request),
            value,
            max_age=lasts_s,
            path="/",
            secure=is_secure(request, self.trusted),
            httponly=True,
            samesite="Lax",  # a link to the dashboard in a mail is to open it; what changes something has a form token
        )

    def remove(self, request: Request, response: Response) -> None:
        response.delete_cookie(
            self._full_name(request),
            path="/",
            secure=is_secure(request, self.trusted),
            httponly=True,
            samesite="Lax",
        )

    def _full_name(self, request: Request) -> str:
        return f"__Host-{self.name}" if is_secure(request, self.trusted) else self.name


def is_secure(request: Request, trusted: TrustedProxies) -> bool:
    """Whether the browser came over TLS, as a trusted proxy says; the nearest proxy's word is the last one."""
    if not is_believed(request, trusted):
        return False
    said = request.headers.get("x-forwarded-proto", "").rpartition(",")[2]
    return said.strip().lower() == "https"
