"""What every page of the operator says to the browser, in one place."""

from typing import Final

from quart import Response

# Everything comes from this origin, nothing is written into the page. blob: is a picture on its way from SVG to PNG.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_ALWAYS: Final = {
    "x-frame-options": "DENY",  # for browsers older than frame-ancestors
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",  # a share link's address is its key
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
}
_UNLESS_SAID: Final = {
    "content-security-policy": POLICY,
    "cache-control": "no-store",
}
"""What an answer may decide for itself: an image has a stricter policy, figures may be asked for by their ETag."""


def of_operator(response: Response) -> None:
    """Adds them; to be called on every answer that is not for anybody."""
    for name, value in _ALWAYS.items():
        response.headers[name] = value
    for name, value in _UNLESS_SAID.items():
        response.headers.setdefault(name, value)
    if "public" in response.headers["cache-control"]:
        response.headers["cache-control"] = "no-store"  # what a caller had to be known for is in no shared cache
