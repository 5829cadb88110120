"""Shares that worked: plays that came through copied links and embeds, per share made (DESIGN §2, via)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quart import Blueprint

from server import span as spans
from server.access.rules import Rule
from server.dashboard import asked, story, summary, wording
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from server.dashboard.story import Story
from server.dashboard.summary import Figure
from server.dashboard.tables import Column, Table
from server.span import Span
from storage import leaderboard
from storage.bridge import Connection
from storage.figures import SITE
from storage.leaderboard import Days, Entry, Wanted
from storage.series import Counts

ACCESS: Final[dict[str, Rule]] = access("shares")
_MOST: Final = 25  # tracks in the table on the page
_COLUMNS: Final = (
    Column("Key", "key", "text"),
    Column("Title", "title", "text"),
    Column("Shares", "shares"),
    Column("Link shares", "sharesLink"),
    Column("Embed shares", "sharesEmbed"),
    Column("Plays they brought", "via"),
    Column("Plays via link", "viaLink"),
    Column("Plays via embed", "viaEmbed"),
    Column("Plays per share", "playsPerShare", "decimal"),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to share: how often it was taken, and what it brought."""

    look: str
    name: str
    made: int
    brought: int

    @property
    def worth(self) -> float | None:
        """Plays per share made."""
        return self.brought / self.made if self.made else None


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes."""

    async def build() -> Sheet:
        span = await asked.span(desk)
        told, entries = await desk.database.run(_read, span)
        total = told.sum
        pictures = story.pictures(told, desk.by_day)
        says = {
            "asked": asked.picker(span),
            "story": told,
            "figures": _figures(told),
            "channels": [
                Channel("link", "Links", total.shares_link, total.via_link),
                Channel("embed", "Embeds", total.shares_embed, total.via_embed),
            ],
            "entries": [entry for entry in entries if entry.counts.shares or entry.counts.via],
            "behind": summary.behind(told, desk),
        }
        tables = [_table(entries), story.table(told, desk.by_day)]
        return Sheet(
            "dashboard/shares.html",
            "shares",
            says,
            tables,
            {name: pictures[name] for name in ("via", "shares") if name in pictures},
        )

    add_page(routes, desk.room, "shares", build)


async def _read(connection: Connection, span: Span) -> tuple[Story, Sequence[Entry]]:
    told = await story.read(connection, SITE, span, tokens=False)
    assert told is not None, "the site itself is always there"
    days = None if span.name == spans.ALL else Days(span.first, span.last)
    board = await leaderboard.board(connection, Wanted("track", days, sort="via", limit=_MOST))
    return told, board.entries


def _figures(told: Story) -> list[Figure]:
    now, before = told.sum, told.before or Counts()
    compared = told.before is not None

    def figure(name: str, number: float | None, earlier: float | None, text: str, was: str) -> Figure:
        moved = wording.change(number, earlier if compared else None, told.span)
        return Figure(name, text, moved, f"{was} before" if compared else "")

    share = now.via / now.plays if now.plays else None
    return [
        figure("Plays they brought", now.via, before.via, wording.count(now.via), wording.count(before.via)),
        figure("Shares made", now.shares, before.shares, wording.count(now.shares), wording.count(before.shares)),
        figure(
            "Plays per share",
            now.plays_per_share,
            before.plays_per_share,
            wording.decimal(now.plays_per_share),
            wording.decimal(before.plays_per_share),
        ),
        Figure("Of all plays", wording.rate(share)),
    ]


def _table(entries: Sequence[Entry]) -> Table:
    rows = [
        [
            entry.key,
            entry.title,
            (one := entry.counts).shares,
            one.shares_link,
            one.shares_embed,
            one.via,
            one.via_link,
            one.via_embed,
            one.plays_per_share,
        ]
        for entry in entries
        if entry.counts.shares or entry.counts.via
    ]
    return Table("tracks", "Tracks whose shares brought the most plays", _COLUMNS, rows)
