"""What keeps another site's page from acting in the operator's name: a token in every form, bound to who was shown it.

A browser sends cookies, and a proxy its sign-in, with whatever a page of another site makes it send. Such a page can
send a form anywhere, but cannot read the token. Anything that no form can send (another method, JSON) a browser asks
for beforehand (CORS preflight), and gets no leave.
"""

import base64
import hmac
from typing import Final

from markupsafe import Markup
from quart import Request

from server.access.keys import Keys

FIELD: Final = "form_token"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_OF_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")
_OWN: Final = ("same-origin", "none")


class Forms:
    """Makes the tokens and checks them."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def token(self, shown_to: bytes) -> str:
        """The same for the same session, so that a page may stay open for long."""
        return _token(self._keys.of("form")[0], shown_to)

    def field(self, shown_to: bytes) -> Markup:
        """The same as a hidden field."""
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, self.token(shown_to))

    async def forged(self, request: Request, shown_to: bytes) -> bool:
        """Whether this may be another site's doing."""
        if request.method in _SAFE:
            return False
        # Told by the browser itself, over TLS and on this machine; older ones and plain HTTP leave it out.
        if request.headers.get("sec-fetch-site", "none") not in _OWN:
            return True
        if request.method != "POST" or request.mimetype not in _OF_FORMS:
            return False
        given = (await request.form).get(FIELD, "").encode("utf-8", "replace")
        return not any(hmac.compare_digest(given, _token(key, shown_to).encode()) for key in self._keys.of("form"))


def _token(key: bytes, shown_to: bytes) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, shown_to, "sha256")[:24]).decode()
