"""What questions are answered with: the shapes of the API and of every `--json`, in the terms of `/api/stats`.

They are the only place that says what a field means: the OpenAPI document is made from them.
"""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from privacy.modes import Mode
from storage.leaderboard import Kind
from storage.series import Step

Number = Annotated[int, Meta(ge=0)]
Ratio = Annotated[float, Meta(ge=0)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Position = Annotated[int, Meta(ge=1, le=10_000)]
Rate = Annotated[Fraction | None, Meta(description="complete / totalPlays, four decimals; null without plays.")]
DailyListeners = Annotated[
    Number | None,
    Meta(
        description="Each day's listeners, added up: nobody can be known again on another day. null where the privacy "
        "mode makes no tokens, and on a public share link where they are too few to be told.",
    ),
]
AllTimeListeners = Annotated[
    Number | None,
    Meta(
        description="Distinct ids that browsers made, of all time, whatever the range. null where the privacy mode "
        "makes none, and on a public share link where they are too few to be told.",
    ),
]


class ByChannel(Struct):
    """Split by channel: a copied link, or a copied embed."""

    link: Number
    embed: Number


class Counted(Struct, rename="camel", kw_only=True):
    """What was counted over some days."""

    total_plays: Annotated[int, Meta(ge=0, description="partial + sampled + complete + unbucketed.")]
    partial: Annotated[int, Meta(ge=0, description="Left before 30 % of the track.")]
    sampled: Annotated[int, Meta(ge=0, description="Left between 30 % and 80 %.")]
    complete: Annotated[int, Meta(ge=0, description="Heard more than 80 %.")]
    unbucketed: Annotated[int, Meta(ge=0, description="Imported plays of which nobody knows how far they went.")]
    completion_rate: Rate
    total_shares: Number
    shares: ByChannel
    shares_per_hundred_plays: Annotated[Ratio | None, Meta(description="null without plays.")]
    total_via: Annotated[int, Meta(ge=0, description="Plays that copied links and embeds brought; part of totalPlays.")]
    via: ByChannel
    plays_per_share: Annotated[Ratio | None, Meta(description="totalVia / totalShares; null without shares.")]
    daily_listeners: DailyListeners
    daily_listeners_partial: Annotated[
        bool | None, Meta(description="true: one of these days was counted in part only, its salt was made late.")
    ]


class Point(Counted, rename="camel", kw_only=True):
    """One step of a series."""

    start: Annotated[date, Meta(description="The step's first day; the range may begin later than it.")]


class Period(Struct, rename="camel", kw_only=True):
    """The days an answer is about, on the site's clock, both included."""

    name: Annotated[str, Meta(description="What was asked for: today, 7d, 30d, 90d, 365d, all or custom.")]
    first: date = field(name="from")
    last: date = field(name="to")
    days: Annotated[int, Meta(ge=1)]
    step: Step
    time_zone: Annotated[str, Meta(description="Of the site's days, as the time zone database names it.")]


class Subject(Struct, rename="camel", kw_only=True):
    """The site, a track or a release."""

    type: Literal["home", "track", "release"]
    key: Annotated[str | None, Meta(description="null for the site.")]
    title: Annotated[str | None, Meta(description="The catalog's; null where it does not know the key.")]
    release: Annotated[str | None, Meta(description="Of a track: the key of the release it is on.")]
    medium: str | None


class Earlier(Struct, rename="camel", kw_only=True):
    """As many days, directly before."""

    period: Period
    totals: Counted


class EarlierSeries(Earlier, rename="camel", kw_only=True):
    """As many days, directly before, step by step."""

    points: Sequence[Point]


class Place(Struct):
    """Where it stands by plays in this range; the most played is 1, and equals share a place."""

    place: Annotated[int, Meta(ge=1)]
    of: Annotated[int, Meta(ge=1)]


class Figures(Struct, rename="camel", kw_only=True):
    """One target in one range, beside the days before and all time."""

    target: Subject
    period: Period
    totals: Counted
    before: Annotated[Earlier | None, Meta(description="null for all time, before which there is nothing.")]
    place: Annotated[Place | None, Meta(description="null for the site.")]
    all_time: Counted
    listeners: AllTimeListeners
    first_day: Annotated[date | None, Meta(description="Of the first count; null where nothing was counted yet.")]


class Series(Struct, rename="camel", kw_only=True):
    """One target, step by step. Every step of the range is there, those without a count too."""

    target: Subject
    period: Period
    totals: Counted
    points: Sequence[Point]
    before: Annotated[EarlierSeries | None, Meta(description="null for all time, before which there is nothing.")]


class Part(Struct, rename="camel", kw_only=True):
    """One part of a breakdown."""

    name: Annotated[str | None, Meta(description="null: none, as a play that no copied link brought.")]
    count: Number
    fraction: Annotated[Fraction | None, Meta(description="Of the total, four decimals; null where it is 0.")]


By = Literal["bucket", "channel", "via", "medium"]


class Breakdown(Struct, rename="camel", kw_only=True):
    """A total and its parts; they add up to it."""

    target: Subject
    period: Period
    by: By
    total: Number
    parts: Sequence[Part]


class BoardEntry(Counted, rename="camel", kw_only=True):
    """One track or release of a leaderboard."""

    key: str
    title: Annotated[str, Meta(description="The key where the catalog does not know it.")]
    catalogued: bool
    release: Annotated[str | None, Meta(description="Of a track: the key of the release it is on now.")]
    release_title: str | None
    medium: str | None
    position: Annotated[Position | None, Meta(description="Of a track on its release.")]
    listeners: AllTimeListeners
    trend: Annotated[Sequence[int] | None, Meta(description="Plays of each step, if asked for.")]


class Leaderboard(Struct, rename="camel", kw_only=True):
    """A page of tracks or releases side by side."""

    type: Kind
    period: Period
    total: Annotated[int, Meta(ge=0, description="Entries of all pages.")]
    entries: Sequence[BoardEntry]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null: this is the last one.")]


Title = Annotated[str, Meta(min_length=1)]


Key = Annotated[str, Meta(min_length=1, max_length=200, description="1 to 200 bytes of UTF-8.")]
Medium = Annotated[str | None, Meta(description="In the site's own words: album, mix, session, ...")]
OnRelease = Annotated[str | None, Meta(description="A release's key; null for a loose track.")]


class ReleaseBody(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What a release is, but for its key."""

    title: Title
    medium: Medium = None


class CatalogRelease(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A release as the catalog has it."""

    key: Key
    title: Title
    medium: Medium = None


class TrackBody(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What a track is, but for its key."""

    title: Title
    release: OnRelease = None
    position: Position | None = None


class CatalogTrack(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A track as the catalog has it."""

    key: Key
    title: Title
    release: OnRelease = None
    position: Position | None = None


class CatalogDocument(Struct, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """What `tonearm catalog load` takes as JSON, too. A release that a track names is in it, or in the catalog."""

    releases: Sequence[CatalogRelease] = ()
    tracks: Sequence[CatalogTrack] = ()


class CatalogPage(Struct, rename="camel", kw_only=True):
    """Some of the catalog: releases first, then tracks, each in the order of keys. `releases` and `tracks` alone are a
    document that `PUT /api/catalog` takes.
    """

    releases: Sequence[CatalogRelease]
    tracks: Sequence[CatalogTrack]
    total_releases: Number
    total_tracks: Number
    next: Annotated[str | None, Meta(description="The cursor of the next page; null: this is the last one.")]


class CatalogChanges(Struct, rename="camel", kw_only=True):
    """Keys that were written; what was the same already is only counted."""

    releases_added: Sequence[str]
    releases_changed: Sequence[str]
    tracks_added: Sequence[str]
    tracks_changed: Sequence[str]
    unchanged: Number


class DayOfListeners(Struct, rename="camel", kw_only=True):
    """Option B's listeners of one day."""

    day: date
    listeners: Annotated[Number | None, Meta(description="null where they are too few to be told.")]
    partial: bool


class PublicFigures(Struct, rename="camel", kw_only=True):
    """What anybody may know of a target; figures are at most a second behind the log."""

    total_plays: Number
    partial: Number
    sampled: Number
    complete: Number
    unbucketed: Annotated[int, Meta(ge=0, description="Imported plays of which nobody knows how far they went.")]
    completion_rate: Rate
    total_shares: Number
    shares: ByChannel
    listeners: AllTimeListeners
    listeners_today: Annotated[Number | None, Meta(description="null where the privacy mode makes no tokens.")]
    listeners_today_partial: bool | None
    listeners_by_day: Sequence[DayOfListeners] | UnsetType | None = UNSET


class TrackerConfig(Struct):
    """What the tracker must know before it may mint an id."""

    mode: Mode


class Alive(Struct):
    """This process is."""

    alive: Literal[True]


class Ready(Struct):
    """Events are taken durably."""

    ready: Literal[True]
    database: Annotated[
        Literal["up", "away"], Meta(description="away: what is taken waits on the disk until it is back.")
    ]


class Problem(Struct):
    """RFC 9457. Read `type` in programs; `detail` says what to mend, and its words may change."""

    type: Annotated[str, Meta(pattern="^/problems/[a-z0-9-]+$")]
    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str
