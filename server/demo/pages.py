"""The demo's pages and files, as one blueprint.

It is a site like any other that uses Tonearm: it loads `/tonearm.js`, carries the tracker's attributes in its markup
and knows nothing else of the service.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import trio
from quart import Blueprint, Response, render_template, request, url_for
from quart_trio.wrappers.response import TrioFileBody
from werkzeug.exceptions import NotFound

from server.access.rules import ANYBODY, Rule

from .artwork import cover, cover_symbols, harbour
from .audio import audio_path
from .byte_range import ByteRange, parse_range
from .discography import Discography, Release, Track, load
from .waveform import waveform_path

_STATIC = Path(__file__).with_name("static")
_CHUNK_BYTES = 64 * 1024
_PAGE_BARS, _ROW_BARS, _EMBED_BARS = 140, 90, 72  # of the waveform; a row's is also the player bar's
_EMBED_WIDTH, _EMBED_HEIGHT = 480, 140  # CSS pixels
_LOOSE_COVER = "reel"  # of what belongs to no record

_PAGES = ("home", "release", "track", "embed", "embed_example", "how_we_count", "audio", "static")
ACCESS: dict[str, Rule] = {f"demo.{page}": ANYBODY for page in _PAGES}

# Everything comes from this origin. The embed alone may be framed, by anybody: that is what it is for.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
)


def blueprint(audio_directory: Path) -> Blueprint:
    """All of the demo, to be registered at "/" on a quart_trio.QuartTrio application.

    `audio_directory` is where `prepare_audio` puts the recordings; one that is not there yet is answered with 503.
    """
    site = _Site(audio_directory, load())
    demo = Blueprint(
        "demo", __name__, static_folder="static", static_url_path="/demo/static", template_folder="templates"
    )
    demo.add_url_rule("/", "home", site.home)
    demo.add_url_rule("/release/<path:key>", "release", site.release)
    demo.add_url_rule("/track/<path:key>", "track", site.track)
    demo.add_url_rule("/embed/<path:key>", "embed", site.embed)
    demo.add_url_rule("/embed-example", "embed_example", site.embed_example)
    demo.add_url_rule("/how-we-count", "how_we_count", site.how_we_count)
    demo.add_url_rule("/audio/<path:key>.wav", "audio", site.audio)
    demo.register_error_handler(NotFound, site.missing)
    demo.context_processor(partial(_helpers, site.music, _static_versions()))
    demo.after_request(_add_headers)
    return demo


class _Site:
    """The views. A view raises NotFound for a key that no record or track has."""

    def __init__(self, audio_directory: Path, music: Discography) -> None:
        self._audio_directory = audio_directory
        self.music = music

    async def home(self) -> str:
        waves = await self._waveforms(self.music.tracks)
        return await render_template("demo/home.html", queue=self.music.tracks, waves=waves, harbour=harbour())

    async def release(self, key: str) -> str:
        release = self._release(key)
        waves = await self._waveforms(release.tracks)
        return await render_template("demo/release.html", release=release, queue=release.tracks, waves=waves)

    async def track(self, key: str) -> str:
        track = self._track(key)
        waveform = await self._waveform(track, _PAGE_BARS)
        before, behind = self.music.neighbours(track)
        return await render_template(
            "demo/track.html", track=track, queue=(track,), waveform=waveform, before=before, behind=behind
        )

    async def embed(self, key: str) -> str:
        track = self._track(key)
        waveform = await self._waveform(track, _EMBED_BARS)
        return await render_template("demo/embed.html", track=track, waveform=waveform)

    async def embed_example(self) -> str:
        track = max(self.music.tracks, key=lambda track: track.seconds)
        return await render_template("demo/embed_example.html", track=track, width=_EMBED_WIDTH, height=_EMBED_HEIGHT)

    async def how_we_count(self) -> str:
        return await render_template("demo/how_we_count.html")

    async def audio(self, key: str) -> Response:
        path = audio_path(self._audio_directory, self._track(key).key)
        try:
            found = await trio.Path(path).stat()
        except FileNotFoundError:
            return Response("This recording is still being made. Try again in a few seconds.\n", 503, _RETRY)
        etag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
        if request.headers.get("If-None-Match", "").removeprefix("W/") == etag:
            return Response("", 304, _audio_headers(etag))
        wanted = parse_range(request.headers.get("Range"), found.st_size)
        if request.headers.get("If-Range", etag) != etag:
            wanted = None
        if wanted == "unsatisfiable":
            return _beyond_the_end(found.st_size)
        return _file_slice(path, found.st_size, wanted, etag)

    async def missing(self, _error: Exception) -> tuple[str, int]:
        return await render_template("demo/missing.html"), 404

    async def _waveform(self, track: Track, bars: int) -> str | None:
        path = audio_path(self._audio_directory, track.key)
        return await trio.to_thread.run_sync(waveform_path, path, bars)

    async def _waveforms(self, tracks: Iterable[Track]) -> dict[str, str | None]:
        return {track.key: await self._waveform(track, _ROW_BARS) for track in tracks}

    def _release(self, key: str) -> Release:
        try:
            return self.music.release_by_key[key]
        except KeyError:
            raise NotFound from None

    def _track(self, key: str) -> Track:
        try:
            return self.music.track_by_key[key]
        except KeyError:
            raise NotFound from None


_PLAIN = "text/plain; charset=utf-8"
_RETRY = {"Retry-After": "5", "Content-Type": _PLAIN}


def _audio_headers(etag: str) -> dict[str, str]:
    return {
        "Content-Type": "audio/wav",
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Cache-Control": "public, max-age=3600",
    }


def _beyond_the_end(size: int) -> Response:
    headers = {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes", "Content-Type": _PLAIN}
    return Response(f"The recording has {size} bytes; ask for a range that starts before its end.\n", 416, headers)


def _file_slice(path: Path, size: int, wanted: ByteRange | None, etag: str) -> Response:
    part = wanted or ByteRange(0, size)
    headers = _audio_headers(etag)
    if wanted:
        headers["Content-Range"] = f"bytes {part.begin}-{part.end - 1}/{size}"
    response = Response("", 206 if wanted else 200, headers)
    if request.method != "HEAD":
        body = TrioFileBody(path, buffer_size=_CHUNK_BYTES)
        body.begin, body.end = part.begin, part.end
        response.response = body
    response.content_length = part.end - part.begin
    return response


def _static_versions() -> Mapping[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in _STATIC.iterdir()}


def _helpers(music: Discography, versions: Mapping[str, str]) -> dict[str, object]:
    """What every template of the demo may call."""

    def static(name: str) -> str:
        return url_for("demo.static", filename=name, v=versions[name])

    def cover_name(track: Track) -> str:
        release = music.release_of(track)
        return release.cover if release else _LOOSE_COVER

    return {
        "artist": music.artist,
        "music": music,
        "static": static,
        "cover": cover,
        "cover_name": cover_name,
        "cover_symbols": cover_symbols(),
        "absolute": partial(url_for, _external=True),
        "embed_width": _EMBED_WIDTH,
        "embed_height": _EMBED_HEIGHT,
    }


async def _add_headers(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if request.endpoint == "demo.static":
        # A versioned name never changes its content, any other may.
        lasting = "public, max-age=31536000, immutable" if "v" in request.args else "public, max-age=300"
        response.headers["Cache-Control"] = lasting
        response.headers.pop("Expires", None)
    elif response.mimetype == "text/html":
        ancestors = "*" if request.endpoint == "demo.embed" else "'none'"
        response.headers["Content-Security-Policy"] = _POLICY.format(ancestors=ancestors)
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
        response.headers["Cache-Control"] = "no-cache"
    return response
