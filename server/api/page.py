"""The OpenAPI document as a page that people read: one HTML file and one style sheet, no script."""

from pathlib import Path
from typing import Any, Final

from quart import render_template

CSS: Final = (Path(__file__).with_name("static") / "docs.css").read_bytes()
HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "public, max-age=300",
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
}


async def shown(document: dict[str, Any]) -> str:
    """The page."""
    return await render_template("api/docs.html", document=document)
