"""Tracks and releases as leaderboards: sorted, searched and paged by links and one form, without a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from markupsafe import Markup
from quart import Blueprint, request

from server import span as spans
from server.access.rules import Rule
from server.dashboard import asked, charts, wording
from server.dashboard.desk import Desk
from server.dashboard.page import BadQuestion, Sheet, access, add_page, here
from server.dashboard.tables import Cell, Column, Table
from server.span import Span
from storage import leaderboard
from storage.bridge import Connection
from storage.leaderboard import Board, Days, Entry, Kind, Sort, Wanted
from storage.series import Point, Step

ACCESS: Final[dict[str, Rule]] = access("tracks", "releases")
A_PAGE: Final = 25
_IN_A_FILE: Final = 100_000  # lines; more than any catalog, so that a table's file is the whole table
_LONGEST_SEARCH: Final = 200
_TREND_STEPS: Final = 40  # a sparkline has no room for more

Line = tuple[Entry, Markup]


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head: a link that sorts by it, or that turns the order round; without address it does not."""

    name: str
    sort: Sort
    address: str
    aria: str  # "ascending", "descending" or nothing


def add(routes: Blueprint, desk: Desk) -> None:
    """Their routes."""

    def board_of(kind: Kind) -> None:
        async def build() -> Sheet:
            return await _sheet(desk, kind)

        add_page(routes, desk.room, f"{kind}s", build)

    board_of("track")
    board_of("release")


async def _sheet(desk: Desk, kind: Kind) -> Sheet:
    span = await asked.span(desk)
    in_a_file = (request.endpoint or "").endswith("_csv")
    wanted = _wanted(desk, kind, span, in_a_file=in_a_file)
    board, media, trends = await desk.database.run(_read, wanted, span)
    if in_a_file:  # of up to 100,000 lines
        table = await desk.room.aside(lambda: _table(desk, kind, board))
        return Sheet("dashboard/board.html", f"{kind}s", tables=[table])
    page, pages = wanted.offset // A_PAGE + 1, max(1, -(-board.total // A_PAGE))
    says = {
        "asked": asked.picker(span),
        "kind": kind,
        "board": board,
        "lines": [(entry, _spark(trends.get(entry.key, ()), span)) for entry in board.entries],
        "first_place": wanted.offset + 1,
        "page": page,
        "pages": pages,
        "before": here({}, page=page - 1 if page > 2 else None) if page > 1 else None,
        "behind": here({}, page=page + 1) if page < pages and board.total else None,
        "first": here({}, page=None),
        "media": media,
        "wanted": wanted,
        "heads": _heads(desk, wanted),
        "listeners": lambda entry: listeners_of(desk, entry),
        "unfiltered": here({}, q=None, medium=None, page=None),
    }
    return Sheet("dashboard/board.html", f"{kind}s", says, [_table(desk, kind, board)])


async def _read(connection: Connection, wanted: Wanted, span: Span) -> tuple[Board, list[str], dict[str, list[Point]]]:
    board = await leaderboard.board(connection, wanted)
    media = await leaderboard.media(connection)
    keys = [entry.key for entry in board.entries if entry.counts.plays]
    if len(keys) > A_PAGE or not keys:
        return board, media, {}
    step = _trend_step(span)
    return board, media, await leaderboard.trends(connection, wanted.kind, keys, Days(span.first, span.last), step)


def _trend_step(span: Span) -> Step:
    return "day" if span.days <= _TREND_STEPS else "week" if span.days <= 7 * _TREND_STEPS else "month"


def _spark(points: Sequence[Point], span: Span) -> Markup:
    step = _trend_step(span)
    counted = {point.start: point.counts.plays for point in points}
    starts = Span(span.name, span.first, span.last, step).starts()
    return charts.sparkline([counted.get(start, 0) for start in starts])


def _wanted(desk: Desk, kind: Kind, span: Span, *, in_a_file: bool) -> Wanted:
    search, medium = request.args.get("q", "").strip(), request.args.get("medium") or None
    if len(search) > _LONGEST_SEARCH or "\x00" in search or "\x00" in (medium or ""):
        raise BadQuestion(f"q is a part of a title or key, of at most {_LONGEST_SEARCH} characters.")
    sort = _sort(desk)
    descending = asked.one_of("order", ("asc", "desc"), "asc" if sort == "title" else "desc") == "desc"
    counted = desk.counted()
    return Wanted(
        kind,
        None if span.name == spans.ALL else Days(span.first, span.last),
        search=search,
        medium=medium,
        sort=sort,
        descending=descending,
        by_day=counted.token and not counted.pseudonym,
        limit=_IN_A_FILE if in_a_file else A_PAGE,
        offset=0 if in_a_file else (asked.number("page", 1) - 1) * A_PAGE,
    )


def _sort(desk: Desk) -> Sort:
    allowed: list[Sort] = [sort for sort in get_args(Sort) if sort != "listeners" or not _hides(desk)]
    word = asked.one_of("sort", allowed, "plays")
    return next(sort for sort in allowed if sort == word)


def _hides(desk: Desk) -> bool:
    """Whether small numbers of listeners are hidden, which their order would tell."""
    return desk.fewest > 1


def columns(desk: Desk) -> list[tuple[str, Sort]]:
    """Names and orders of the figures, as far as the privacy mode has them."""
    found: list[tuple[str, Sort]] = [
        ("Plays", "plays"),
        ("To the end", "completion"),
        ("Shares", "shares"),
        ("Per 100 plays", "sharesPerHundredPlays"),
        ("Via shares", "via"),
    ]
    counted = desk.counted()
    if counted.pseudonym:
        found.append(("Listeners, all time", "listeners"))
    elif counted.token:
        found.append(("Listeners by day, added up", "listeners"))
    return found


def _heads(desk: Desk, wanted: Wanted) -> Mapping[Sort, Head]:
    heads = {}
    for name, sort in [("Title", "title"), *columns(desk)]:
        current = sort == wanted.sort
        first = "asc" if sort == "title" else "desc"
        order = ("asc" if wanted.descending else "desc") if current else first
        aria = ("descending" if wanted.descending else "ascending") if current else ""
        address = here({}, sort=sort, order=None if order == first else order, page=None)
        heads[sort] = Head(name, sort, "" if sort == "listeners" and _hides(desk) else address, aria)
    return heads


def listeners_of(desk: Desk, entry: Entry) -> str | None:
    """As the mode counts them; None where it counts none."""
    counted = desk.counted()
    if not counted.pseudonym and not counted.token:
        return None
    return wording.count(desk.listeners(entry.listeners) if counted.pseudonym else desk.by_day(entry.by_day))


def _table(desk: Desk, kind: Kind, board: Board) -> Table:
    table_columns = [
        Column("Key", "key", "text"),
        Column("Title", "title", "text"),
        *([Column("Release", "release", "text")] if kind == "track" else []),
        Column("Medium", "medium", "text"),
        Column("Plays", "plays"),
        Column("Left early", "partial"),
        Column("Played in part", "sampled"),
        Column("Played to the end", "complete"),
        Column("Completion", "completionRate", "rate"),
        Column("Shares", "shares"),
        Column("Link shares", "sharesLink"),
        Column("Embed shares", "sharesEmbed"),
        Column("Shares per 100 plays", "sharesPerHundredPlays", "decimal"),
        Column("Plays via shares", "via"),
    ]
    counted = desk.counted()
    if counted.pseudonym:
        table_columns.append(Column("Listeners, all time", "listeners"))
    if counted.token:
        table_columns.append(Column("Listeners by day, added up", "listenersByDay"))
    return Table("board", f"All {kind}s", table_columns, [_row(desk, kind, entry) for entry in board.entries])


def _row(desk: Desk, kind: Kind, entry: Entry) -> list[Cell]:
    one, counted = entry.counts, desk.counted()
    row: list[Cell] = [entry.key, entry.title, *([entry.release_key] if kind == "track" else []), entry.medium]
    row += [one.plays, one.partial, one.sampled, one.complete, one.completion_rate]
    row += [one.shares, one.shares_link, one.shares_embed, one.shares_per_hundred_plays, one.via]
    if counted.pseudonym:
        row.append(desk.listeners(entry.listeners))
    if counted.token:
        row.append(desk.by_day(entry.by_day))
    return row
