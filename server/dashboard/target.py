"""One track, or one release with its tracks side by side."""

from collections.abc import Sequence
from typing import Final

from quart import Blueprint
from werkzeug.exceptions import NotFound

from server import span as spans
from server.access.rules import Rule
from server.bodies import LONGEST_KEY
from server.dashboard import album, asked, story, summary
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from server.dashboard.story import Story
from server.span import Span
from storage import leaderboard
from storage import standing as standings
from storage.bridge import Connection
from storage.counters import Target
from storage.leaderboard import Days, Entry, Kind, Wanted
from storage.standing import Standing

ACCESS: Final[dict[str, Rule]] = access("track", "release")
_MOST_TRACKS: Final = 200  # of one release, side by side


def add(routes: Blueprint, desk: Desk) -> None:
    """Their routes."""

    def pages_of(kind: Kind) -> None:
        async def build(key: str) -> Sheet:
            return await _sheet(desk, Target(key, kind))

        add_page(routes, desk.room, kind, build, keyed=True)

    pages_of("track")
    pages_of("release")


async def _sheet(desk: Desk, target: Target) -> Sheet:
    if "\x00" in target.key or len(target.key.encode()) > LONGEST_KEY:
        raise _no_such(target)
    span = await asked.span(desk)
    found = await desk.database.run(_read, target, span, desk.counted().token)
    if found is None:
        raise _no_such(target)
    told, standing, tracks = found
    says = summary.says(told, desk) | {
        "asked": asked.picker(span, {"key": target.key}),
        "kind": target.kind,
        "key": target.key,
        "standing": standing,
    }
    tables = [story.table(told, desk.by_day)]
    pictures = dict(story.pictures(told, desk.by_day))
    if tracks:
        says["album"] = album.read(tracks)
        tables.append(album.table(tracks))
        if any(track.counts.plays for track in tracks):
            pictures["tracks"] = lambda: album.picture(tracks)
    return Sheet("dashboard/target.html", f"{target.kind}s", says, tables, pictures)


def _no_such(target: Target) -> NotFound:
    return NotFound(f"No {target.kind} of this key is in the catalog or has been counted.")


Found = tuple[Story, Standing, Sequence[Entry]]


async def _read(connection: Connection, target: Target, span: Span, tokens: bool) -> Found | None:
    told = await story.read(connection, target, span, tokens=tokens)
    if told is None:
        return None
    kind: Kind = "release" if target.kind == "release" else "track"
    days = None if span.name == spans.ALL else Days(span.first, span.last)
    standing = await standings.read(connection, kind, target.key, days)
    if kind == "track":
        return told, standing, ()
    board = await leaderboard.board(connection, Wanted("track", days, release=target.key, limit=_MOST_TRACKS))
    return told, standing, sorted(board.entries, key=album.order)
