"""The one way to ask for figures: the API, the command line and the digest put their questions here.

Each question runs beside the connection (storage/bridge/) and gives an answer of `server/answers.py`, or None
where the target is neither in the catalog nor counted. What was asked wrongly raises `SpanError` or `AskError`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from privacy.modes import Mode, derives
from server.answers import (
    BoardEntry,
    Breakdown,
    By,
    ByChannel,
    Counted,
    Earlier,
    EarlierSeries,
    Figures,
    Leaderboard,
    Part,
    Period,
    Place,
    Point,
    Series,
    Subject,
)
from server.span import ALL, CUSTOM, Span, pick
from storage import breakdown, catalog, leaderboard, series
from storage.bridge import Connection
from storage.counters import Target
from storage.figures import SITE
from storage.leaderboard import Days, Entry, Kind, Wanted
from storage.series import Counts, DayListeners, ListenerSum, Step


class AskError(ValueError):
    """A sentence that says what to mend."""


@dataclass(frozen=True, slots=True)
class Asker:
    """On which clock, and for whose eyes."""

    today: date
    zone: str
    mode: Mode
    min_listeners: int = 0  # smaller counts of listeners are hidden: for the public alone

    def of_all_time(self, listeners: int) -> int | None:
        """Option A's."""
        if not derives(self.mode, objected=False).pseudonym:
            return None
        return None if 0 < listeners < self.min_listeners else listeners

    @property
    def by_day(self) -> bool:
        """Whether option B counts."""
        return derives(self.mode, objected=False).token


@dataclass(frozen=True, slots=True)
class Asked:
    """Days as they were asked for (server/span.py)."""

    range: str | None = None
    first: str | None = None
    last: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Listeners:
    """Option B's of some days."""

    sum: ListenerSum = field(default_factory=ListenerSum)
    partial: bool | None = False  # None: not asked for


async def figures(connection: Connection, target: Target, asked: Asked, asker: Asker) -> Figures | None:
    """One target in one range, beside the days before and all time."""
    subject = await _subject(connection, target)
    if subject is None:
        return None
    span = await _span(connection, target, asked, asker)
    totals, before = await _totals(connection, target, span, asker), span.before()
    counts, listeners = await series.all_time(connection, target)
    ever = await _listeners(connection, target, date.min, asker.today, "day", asker)
    return Figures(
        target=subject,
        period=_period(span, asker),
        totals=totals,
        before=Earlier(period=_period(before, asker), totals=await _totals(connection, target, before, asker))
        if before
        else None,
        place=await _place(connection, target, span),
        all_time=Counted(**_fields(counts, _added(ever.values()), asker)),
        listeners=asker.of_all_time(listeners),
        first_day=await series.first_day(connection, target),
    )


async def over_time(connection: Connection, target: Target, asked: Asked, asker: Asker) -> Series | None:
    """One target step by step."""
    subject = await _subject(connection, target)
    if subject is None:
        return None
    span = await _span(connection, target, asked, asker)
    points, totals = await _points(connection, target, span, asker)
    earlier = None
    if before := span.before():
        points_before, totals_before = await _points(connection, target, before, asker)
        earlier = EarlierSeries(period=_period(before, asker), totals=totals_before, points=points_before)
    return Series(target=subject, period=_period(span, asker), totals=totals, points=points, before=earlier)


async def parts(connection: Connection, target: Target, by: By, asked: Asked, asker: Asker) -> Breakdown | None:
    """What a total is made of."""
    subject = await _subject(connection, target)
    if subject is None:
        return None
    if by == "medium" and target != SITE:
        raise AskError(f"by=medium splits the plays of the site; a {target.kind} has one medium, see target.medium.")
    span = await _span(connection, target, asked, asker)
    found = await series.series(connection, target, span.first, span.last, span.step)
    counts = sum((point.counts for point in found), Counts())
    named = _SPLIT[by](counts) if by in _SPLIT else await _by_medium(connection, span, counts)
    total = sum(named.values())
    split = [
        Part(name=name, count=count, fraction=round(count / total, 4) if total else None)
        for name, count in named.items()
    ]
    return Breakdown(target=subject, period=_period(span, asker), by=by, total=total, parts=split)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a board, and where the next one begins."""

    board: Leaderboard
    span: Span
    last: Entry | None  # None: there is no next page


async def top(
    connection: Connection, wanted: Wanted, asked: Asked, asker: Asker, *, trend: bool, span: Span | None = None
) -> Page:
    """Tracks or releases side by side. `wanted.days` is filled in here; `span`: the days of an earlier page."""
    span = span or await _span(connection, SITE, asked, asker)
    days = None if span.name == ALL else Days(span.first, span.last)
    one_more = replace(wanted, days=days, by_day=asker.by_day, limit=wanted.limit + 1)
    found = await leaderboard.board(connection, one_more)
    shown = found.entries[: wanted.limit]
    lines = await _lines(connection, wanted.kind, shown, span) if trend else {}
    board = Leaderboard(
        type=wanted.kind,
        period=_period(span, asker),
        total=found.total,
        entries=[_entry(entry, lines.get(entry.key), asker) for entry in shown],
        next=None,
    )
    return Page(board, span, shown[-1] if len(found.entries) > wanted.limit else None)


def _fields(counts: Counts, listeners: Listeners, asker: Asker) -> dict[str, Any]:
    """What every form of `Counted` has."""
    return {
        "total_plays": counts.plays,
        "partial": counts.partial,
        "sampled": counts.sampled,
        "complete": counts.complete,
        "unbucketed": counts.unbucketed,
        "completion_rate": counts.completion_rate,
        "total_shares": counts.shares,
        "shares": ByChannel(counts.shares_link, counts.shares_embed),
        "shares_per_hundred_plays": counts.shares_per_hundred_plays,
        "total_via": counts.via,
        "via": ByChannel(counts.via_link, counts.via_embed),
        "plays_per_share": counts.plays_per_share,
        "daily_listeners": listeners.sum.told(asker.min_listeners) if asker.by_day else None,
        "daily_listeners_partial": listeners.partial if asker.by_day else None,
    }


_SPLIT: Final[dict[By, Callable[[Counts], dict[str | None, int]]]] = {
    "bucket": lambda counts: {
        "partial": counts.partial,
        "sampled": counts.sampled,
        "complete": counts.complete,
        **({None: counts.unbucketed} if counts.unbucketed else {}),
    },
    "channel": lambda counts: {"link": counts.shares_link, "embed": counts.shares_embed},
    "via": lambda counts: {"link": counts.via_link, "embed": counts.via_embed, None: counts.plays - counts.via},
}


async def _by_medium(connection: Connection, span: Span, counts: Counts) -> dict[str | None, int]:
    """None: of releases without a medium, and of tracks on no release."""
    found: dict[str | None, int] = dict(await breakdown.plays_by_medium(connection, span.first, span.last))
    without = counts.plays - sum(plays for medium, plays in found.items() if medium is not None)
    found.pop(None, None)
    return found | {None: without}


async def _subject(connection: Connection, target: Target) -> Subject | None:
    """None: neither counted nor in the catalog."""
    if target == SITE:
        return Subject(type="home", key=None, title=None, release=None, medium=None)
    if target.kind == "track":
        track = await catalog.track(connection, target.key)
        on = track.release if track else None
        release = await catalog.release(connection, on) if on else None
        title, known = track.title if track else None, track is not None
        subject = Subject(type="track", key=target.key, title=title, release=on, medium=None)
    else:
        release = await catalog.release(connection, target.key)
        title, known = release.title if release else None, release is not None
        subject = Subject(type="release", key=target.key, title=title, release=None, medium=None)
    subject.medium = release.medium if release else None
    return subject if known or await series.first_day(connection, target) is not None else None


async def _span(connection: Connection, target: Target, asked: Asked, asker: Asker) -> Span:
    if asked.range not in (None, CUSTOM) and (asked.first or asked.last):
        raise AskError(f"The range {asked.range} has its own days; leave out from and to, or the range.")
    needs_beginning = asked.range == ALL or (asked.last and not asked.first)
    since = await series.first_day(connection, target) if needs_beginning else None
    return pick(asked.range, asker.today, since=since, first=asked.first, last=asked.last, step=asked.step)


def _period(span: Span, asker: Asker) -> Period:
    return Period(
        name=span.name, first=span.first, last=span.last, days=span.days, step=span.step, time_zone=asker.zone
    )


async def _totals(connection: Connection, target: Target, span: Span, asker: Asker) -> Counted:
    return (await _points(connection, target, span, asker))[1]


async def _points(connection: Connection, target: Target, span: Span, asker: Asker) -> tuple[list[Point], Counted]:
    """Every step, those without a count too, and their sum."""
    found = await series.series(connection, target, span.first, span.last, span.step)
    counts = {point.start: point.counts for point in found}
    listeners = await _listeners(connection, target, span.first, span.last, span.step, asker)
    points = [_point(start, counts.get(start, Counts()), listeners.get(start), asker) for start in span.starts()]
    total = sum(counts.values(), Counts())
    return points, Counted(**_fields(total, _added(listeners.values()), asker))


def _point(start: date, counts: Counts, listeners: DayListeners | None, asker: Asker) -> Point:
    known = Listeners(listeners.sum, listeners.partial) if listeners else Listeners()
    return Point(start=start, **_fields(counts, known, asker))


async def _listeners(
    connection: Connection, target: Target, first: date, last: date, step: Step, asker: Asker
) -> Mapping[date, DayListeners]:
    if not asker.by_day:
        return {}
    return {one.start: one for one in await series.listeners(connection, target, first, last, step)}


def _added(listeners: Iterable[DayListeners]) -> Listeners:
    known = list(listeners)
    return Listeners(sum((one.sum for one in known), ListenerSum()), any(one.partial for one in known))


async def _place(connection: Connection, target: Target, span: Span) -> Place | None:
    days = None if span.name == ALL else Days(span.first, span.last)
    if target.kind == "track":
        return Place(*await leaderboard.place(connection, "track", target.key, days))
    if target.kind == "release":
        return Place(*await leaderboard.place(connection, "release", target.key, days))
    return None


async def _lines(
    connection: Connection, kind: Kind, entries: Sequence[Entry], span: Span
) -> Mapping[str, Sequence[int]]:
    """Plays of each step, by key."""
    keys = [entry.key for entry in entries]
    found = await leaderboard.trends(connection, kind, keys, Days(span.first, span.last), span.step)
    starts = list(span.starts())
    lines: dict[str, Sequence[int]] = {}
    for key in keys:
        plays = {point.start: point.counts.plays for point in found.get(key, [])}
        lines[key] = [plays.get(start, 0) for start in starts]
    return lines


def _entry(entry: Entry, trend: Sequence[int] | None, asker: Asker) -> BoardEntry:
    return BoardEntry(
        key=entry.key,
        title=entry.title,
        catalogued=entry.catalogued,
        release=entry.release_key,
        release_title=entry.release_title,
        medium=entry.medium,
        position=entry.position,
        listeners=asker.of_all_time(entry.listeners),
        trend=trend,
        **_fields(entry.counts, Listeners(entry.by_day, partial=None), asker),
    )
