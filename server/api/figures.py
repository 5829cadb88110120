"""The handlers that answer with figures."""

from dataclasses import replace

import msgspec

from server.answers import Breakdown, Figures, Leaderboard, Series
from server.api import cursor
from server.api.call import Call
from server.api.parameters import Board, Split, Steps, TrackBoard
from server.questions import figures, over_time, parts, top
from storage.leaderboard import Kind, Wanted


async def in_range(call: Call) -> Figures | None:
    """One target in one range."""
    query: Steps = call.query
    return await call.ask(figures, call.target, query.asked(), call.asker)


async def step_by_step(call: Call) -> Series | None:
    """One target over time."""
    query: Steps = call.query
    return await call.ask(over_time, call.target, query.asked(), call.asker)


async def split(call: Call) -> Breakdown | None:
    """What a total is made of."""
    query: Split = call.query
    return await call.ask(parts, call.target, query.by, query.asked(), call.asker)


async def tracks(call: Call) -> Leaderboard:
    """Side by side."""
    return await _board(call, "track")


async def releases(call: Call) -> Leaderboard:
    """Side by side."""
    return await _board(call, "release")


async def _board(call: Call, kind: Kind) -> Leaderboard:
    query: Board = call.query
    wanted, span = _wanted(query, kind), None
    if query.cursor:
        query, place = cursor.resume(query, kind)
        wanted, span = replace(_wanted(query, kind), after=place.after), place.span
    page = await call.ask(top, wanted, query.asked(), call.asker, trend=query.trend, span=span)
    if page.last is None:
        return page.board
    return msgspec.structs.replace(page.board, next=cursor.after_entry(query, kind, page.span, page.last))


def _wanted(query: Board, kind: Kind) -> Wanted:
    release = query.release if isinstance(query, TrackBoard) else None
    return Wanted(
        kind,
        search=query.search,
        medium=query.medium or None,
        release=release or None,
        sort=query.sort,
        descending=(query.order or ("asc" if query.sort == "title" else "desc")) == "desc",
        limit=query.limit,
    )
