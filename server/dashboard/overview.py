"""The first page: all plays, and what this range brought, against the one before."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from quart import Blueprint

from server import span as spans
from server.access.rules import Rule
from server.dashboard import asked, charts, story, summary
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from server.dashboard.story import Story
from server.span import Span
from storage import leaderboard
from storage.bridge import Connection
from storage.figures import SITE
from storage.leaderboard import Days, Entry, Wanted

_MOST_PLAYED: Final = 6  # tracks
_PICTURES: Final = ("plays", "completion", "shares", "listeners")  # what shares brought has a page of its own
ACCESS: Final[dict[str, Rule]] = access("overview")


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes."""

    async def build() -> Sheet:
        span = await asked.span(desk)
        told, most_played = await desk.database.run(_read, span, desk.counted().token)
        says = summary.says(told, desk) | {
            "asked": asked.picker(span),
            "most_played": [entry for entry in most_played if entry.counts.plays],
            "share_of_most": _share_of_most,
        }
        return Sheet(
            "dashboard/overview.html",
            "overview",
            says,
            [story.table(told, desk.by_day)],
            {name: draw for name, draw in story.pictures(told, desk.by_day).items() if name in _PICTURES},
        )

    add_page(routes, desk.room, "overview", build, path="/")


async def _read(connection: Connection, span: Span, tokens: bool) -> tuple[Story, Sequence[Entry]]:
    told = await story.read(connection, SITE, span, tokens=tokens)
    assert told is not None, "the site itself is always there"
    days = None if span.name == spans.ALL else Days(span.first, span.last)
    return told, (await leaderboard.board(connection, Wanted("track", days, limit=_MOST_PLAYED))).entries


def _share_of_most(buckets: Sequence[int], most: int) -> Markup:
    """A bar as long as the plays are against those of the track played most, in three depths."""
    looks = ("partial", "sampled", "complete", "unbucketed")
    return charts.proportion([*zip(looks, buckets, strict=True), ("rest", most - sum(buckets))])
