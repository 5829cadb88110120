"""The tracker's built files: `/tonearm.js` and its like, and each by content-hashed name, for ever.

All of them are read and packed once, when the service starts. A plain name answers with this version's file and is
asked about again soon; a hashed one with the file it names, of this version or of any release before it.
"""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from quart import Blueprint, Response, request
from werkzeug.datastructures import Accept

import tracker
from server.access.rules import ANYBODY, Rule
from server.problems import not_found
from server.respond import as_response
from tracker.names import content_hash, hashed_name

# Five minutes, so that a new version is everywhere soon; for a day more a browser may take what it has and ask then,
# so that no page waits for the counter. A core of yesterday finds its chunks, since it names them by their content.
ACCESS: Final[dict[str, Rule]] = {"tracker.tracker_file": ANYBODY}
_FRESH: Final = "public, max-age=300, stale-while-revalidate=86400"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ANYWHERE: Final = {
    "access-control-allow-origin": "*",  # a module of another origin is fetched with CORS
    "cross-origin-resource-policy": "cross-origin",
}
_IDENTITY: Final = "identity"


@dataclass(frozen=True, slots=True)
class TrackerFile:
    """One file, in every form it is sent in."""

    hash: str
    forms: Mapping[str, bytes]  # content coding -> body, the smallest first

    def etag(self, coding: str) -> str:
        """Without its quotes. Strong, so every form has its own."""
        return self.hash if coding == _IDENTITY else f"{self.hash}-{coding}"


class TrackerFiles:
    """What is served, by name."""

    def __init__(self, dist: Path = tracker.DIST, released: Path = tracker.RELEASED) -> None:
        """Reads both folders."""
        current = {file.name: file for file in sorted(dist.glob("*.js"))}
        self.plain = {name: _read(file) for name, file in current.items()}
        self.hashed = {file.name: _read(file) for file in sorted(released.glob("*.js"))}
        for name, found in self.plain.items():
            self.hashed[hashed_name(name, found.forms[_IDENTITY])] = found

    def find(self, name: str) -> tuple[TrackerFile, str] | None:
        """The file of that name, and its `Cache-Control`."""
        if name in self.plain:
            return self.plain[name], _FRESH
        if name in self.hashed:
            return self.hashed[name], _FOR_EVER
        return None


def blueprint(files: TrackerFiles) -> Blueprint:
    """Every address the tracker's files may have."""
    routes = Blueprint("tracker", __name__)

    @routes.get("/tonearm.js", defaults={"rest": ""})
    @routes.get("/tonearm<rest>.js")
    async def tracker_file(rest: str) -> Response:
        found = files.find(f"tonearm{rest}.js")
        if found is None:
            return as_response(not_found("There is no such file of the tracker.").with_headers(_ANYWHERE))
        file, lifetime = found
        coding = chosen_coding(request.accept_encodings, file.forms)
        response = Response(file.forms[coding], content_type="text/javascript; charset=utf-8", headers=_ANYWHERE)
        response.headers["cache-control"] = lifetime
        response.headers["vary"] = "Accept-Encoding"
        if coding != _IDENTITY:
            response.headers["content-encoding"] = coding
        response.set_etag(file.etag(coding))
        await response.make_conditional(request)
        return response

    return routes


def chosen_coding(accepted: Accept, forms: Mapping[str, bytes]) -> str:
    """What the client likes best (RFC 9110 §12.5.3); among equals the first, which is the smallest.

    A client that refuses every form is sent the plain one, which it can at least read; RFC 9110 §12.5.3 allows it.
    """
    best = max(forms, key=lambda coding: _liking(accepted, coding))
    return best if _liking(accepted, best) else _IDENTITY


def _liking(accepted: Accept, coding: str) -> float:
    named = {name.lower(): quality for name, quality in accepted}
    if coding in named or "*" in named:
        return named.get(coding, named.get("*", 0.0))
    return 0.001 if coding == _IDENTITY else 0.0  # always acceptable, and asked for by name least of all


def _read(file: Path) -> TrackerFile:
    content = file.read_bytes()
    return TrackerFile(content_hash(content), dict(_forms(file, content)))


def _forms(file: Path, content: bytes) -> Iterator[tuple[str, bytes]]:
    packed = file.with_name(f"{file.name}.br")
    if packed.is_file():
        yield "br", packed.read_bytes()
    yield "gzip", gzip.compress(content, 9, mtime=0)
    yield _IDENTITY, content
