"""The collective's records and tracks: the catalog the counting side gets, joined with what only these pages show."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).with_name("catalog.json")
_BOOKLET = Path(__file__).with_name("booklet.json")

_MEDIUM_NAMES = {"cut": "Studio record", "session": "Live session", "mix": "Mix"}


@dataclass(frozen=True)
class Artist:
    name: str
    tagline: str
    about: str


@dataclass(frozen=True)
class Track:
    key: str
    title: str
    release_key: str | None
    position: int
    seconds: int
    note: str

    @property
    def length(self) -> str:
        return _clock(self.seconds)


@dataclass(frozen=True)
class Release:
    key: str
    title: str
    medium: str
    year: int
    cover: str
    blurb: str
    tracks: tuple[Track, ...]

    @property
    def medium_name(self) -> str:
        return _MEDIUM_NAMES[self.medium]

    @property
    def length(self) -> str:
        return _clock(sum(track.seconds for track in self.tracks))


@dataclass(frozen=True)
class Discography:
    artist: Artist
    releases: tuple[Release, ...]
    tracks: tuple[Track, ...]

    @cached_property
    def release_by_key(self) -> dict[str, Release]:
        return {release.key: release for release in self.releases}

    @cached_property
    def track_by_key(self) -> dict[str, Track]:
        return {track.key: track for track in self.tracks}

    def release_of(self, track: Track) -> Release | None:
        return self.release_by_key[track.release_key] if track.release_key else None

    def neighbours(self, track: Track) -> tuple[Track | None, Track | None]:
        """What stands before and behind it on its record; nothing for a loose track."""
        release = self.release_of(track)
        own: tuple[Track | None, ...] = (None, *(release.tracks if release else (track,)), None)
        place = own.index(track)
        return own[place - 1], own[place + 1]


def load() -> Discography:
    """Raises KeyError when catalog and booklet do not speak of the same records and tracks."""
    catalog: dict[str, Any] = json.loads(CATALOG.read_text("utf-8"))
    booklet: dict[str, Any] = json.loads(_BOOKLET.read_text("utf-8"))
    tracks = tuple(_track(row, booklet["tracks"][row["key"]]) for row in catalog["tracks"])
    releases = tuple(_release(row, booklet["releases"][row["key"]], tracks) for row in catalog["releases"])
    return Discography(Artist(**booklet["artist"]), releases, tracks)


def _track(row: dict[str, Any], extra: dict[str, Any]) -> Track:
    return Track(row["key"], row["title"], row["release"], row["position"], extra["seconds"], extra["note"])


def _release(row: dict[str, Any], extra: dict[str, Any], tracks: tuple[Track, ...]) -> Release:
    own = sorted((track for track in tracks if track.release_key == row["key"]), key=lambda track: track.position)
    return Release(row["key"], row["title"], row["medium"], extra["year"], extra["cover"], extra["blurb"], tuple(own))


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"
