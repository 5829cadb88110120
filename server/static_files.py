"""Style, scripts and pictures of the operator's pages, under addresses that change with their content."""

import hashlib
from functools import cached_property
from pathlib import Path

from quart import Response, request, url_for


class StaticFiles:
    """The files of one folder, which the endpoint serves."""

    def __init__(self, endpoint: str, folder: Path) -> None:
        self.endpoint = endpoint
        self.folder = folder

    def address(self, name: str) -> str:
        """Of the file of this name, as it is in this version."""
        return url_for(self.endpoint, filename=name, v=self._versions[name])

    @cached_property
    def _versions(self) -> dict[str, str]:
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in self.folder.iterdir()}


async def lasting(response: Response) -> Response:
    """A versioned address never changes its content, any other may."""
    kept = "public, max-age=31536000, immutable" if "v" in request.args else "public, max-age=300"
    response.headers["cache-control"] = kept
    response.headers.pop("expires", None)
    return response
