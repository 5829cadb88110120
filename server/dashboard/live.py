"""What is counted at this moment: plays as they come in, and the last hour. Reads memory, not the log (DESIGN §8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from quart import Blueprint, Response

from actors.lately import Summary, Sums
from server import stream
from server.access.rules import Rule, Scope
from server.dashboard.desk import Desk, is_shared
from server.dashboard.page import Sheet, access, add_page
from server.dashboard.tables import Cell, Column, Table
from server.stream import targets_of
from storage.counters import Target

ACCESS: Final[dict[str, Rule]] = {**access("live"), "live_stream": Scope.READ}
SHOWN: Final = 20  # of the most played
_SUMS: Final = (
    Column("Plays", "plays"),
    Column("Partial", "partial"),
    Column("Sampled", "sampled"),
    Column("Complete", "complete"),
    Column("Through links", "viaLink"),
    Column("Through embeds", "viaEmbed"),
    Column("Links copied", "sharesLink"),
    Column("Embeds copied", "sharesEmbed"),
)


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes, and the stream beside it, which a public link has as well."""

    async def build() -> Sheet:
        summary = desk.live.pulse.summary()
        titles = await desk.live.titles.of(targets_of(summary))
        named = [
            (kind, key, titles.get(Target(key, kind), key), sums) for kind, key, sums in summary.targets if sums.plays
        ]
        says = {
            "total": summary.total,
            "rate": summary.total.complete / summary.total.plays if summary.total.plays else None,
            "bars": bars(summary.minutes),
            "highest": max(sums.plays for sums in summary.minutes),
            "targets": named[:SHOWN],
            "shown": SHOWN,
            "as_of": datetime.fromtimestamp(desk.examiner.now(), desk.zone).strftime("%H:%M"),
            "zone": desk.zone.key,
        }
        return Sheet("dashboard/live.html", "live", says, [_minutes(summary, desk), _targets(named)])

    add_page(routes, desk.room, "live", build)

    @routes.get("/live/stream")
    async def live_stream() -> Response:
        return stream.answer(desk.live, by_link=is_shared())


def bars(minutes: Sequence[Sums]) -> list[list[tuple[str, float, float]]]:
    """For each minute its parts as (look, top, height), from the foot up, in hundredths of the highest."""
    highest = max(1, *(sums.plays for sums in minutes))
    drawn = []
    for sums in minutes:
        top, parts = 100.0, []
        for look in ("complete", "sampled", "partial"):
            height = round(100 * getattr(sums, look) / highest, 2)
            top -= height
            if height:
                parts.append((look, round(top, 2), height))
        drawn.append(parts)
    return drawn


def _minutes(summary: Summary, desk: Desk) -> Table:
    first = summary.minute - len(summary.minutes) + 1
    rows: list[list[Cell]] = [
        [datetime.fromtimestamp(60 * (first + place), desk.zone).strftime("%H:%M"), *_row(sums)]
        for place, sums in enumerate(summary.minutes)
    ]
    return Table("minutes", "The last hour, minute by minute", [Column("Minute", "minute", "text"), *_SUMS], rows)


def _targets(named: list[tuple[str, str, str, Sums]]) -> Table:
    columns = [Column("Title", "title", "text"), Column("Key", "key", "text"), *_SUMS]
    rows: list[list[Cell]] = [[title, key, *_row(sums)] for _, key, title, sums in named]
    return Table("tracks", "Played in the last hour", columns, rows)


def _row(sums: Sums) -> list[int]:
    return [
        sums.plays,
        sums.partial,
        sums.sampled,
        sums.complete,
        sums.via_link,
        sums.via_embed,
        sums.shares_link,
        sums.shares_embed,
    ]
