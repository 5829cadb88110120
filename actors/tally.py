"""From a batch of events to the rows and sums that go into the database: pure, no I/O, no clock."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Final

from actors.events import Bucket, Canary, Channel, Event, Forget, Moment, Play, Share
from actors.happening import Happening
from privacy.pseudonym import TargetKind, for_target
from storage.alias import apply
from storage.counters import Delta, Target
from storage.event_ids import EventId
from storage.log import PlayRow, ShareRow

SITE: Final = Target("", TargetKind.SITE)
_NO_NAMES: Final[Mapping[Target, Target]] = {}
UNKNOWN: Final = "unknown"  # the key under which a flood of keys nobody knows is logged and counted


@dataclass(slots=True)
class Tally:
    """What one batch writes; `listeners` are option A's, `tokens` option B's by day and generation of the salt."""

    plays: list[PlayRow] = field(default_factory=list)
    shares: list[ShareRow] = field(default_factory=list)
    listeners: dict[tuple[Target, bytes], datetime] = field(default_factory=dict)  # with the hour
    tokens: defaultdict[tuple[date, int], set[tuple[Target, bytes]]] = field(default_factory=lambda: defaultdict(set))
    bases: set[bytes] = field(default_factory=set)  # of option A, to be held against who asked to be forgotten
    forgets: set[bytes] = field(default_factory=set)  # bases
    event_ids: dict[EventId, date] = field(default_factory=dict)  # of events that may come again, with their day
    duplicates: int = 0  # left out
    canaries: list[Canary] = field(default_factory=list)  # in no figure
    last_day: date = date.min  # on which something of it was accepted
    happened: Counter[Happening] = field(default_factory=Counter)  # what may be told of it at once
    daily: defaultdict[tuple[Target, date], Delta] = field(default_factory=lambda: defaultdict(Delta))

    def shuffle(self, random: Random) -> None:
        """Rows of one batch go in without the order they came in: position must not say whose they are."""
        random.shuffle(self.plays)
        random.shuffle(self.shares)

    @property
    def days(self) -> set[date]:
        """The site's days that occur."""
        return {day for _, day in self.daily}


def tally(
    events: Iterable[Event],
    releases: Mapping[str, str | None],
    unknown: Collection[Target] = frozenset(),
    forgotten: Collection[bytes] = frozenset(),
    counted: Collection[EventId] = frozenset(),
    counted_as: Mapping[Target, Target] = _NO_NAMES,
) -> Tally:
    """Add up a batch; `releases` maps track keys to their release (None: none), `unknown` targets go under one key.

    Plays of listeners in `forgotten` (bases) count as plays without one; events in `counted` are left out. Both other
    arguments speak of the keys that those in `counted_as` become first.

    This runs for every event there is, on the thread that also answers browsers. So what is the same for many
    events (a moment, a track's targets, a count of like plays) is worked out once a batch.
    """
    result = Tally()
    moments: dict[Moment, tuple[datetime, date]] = {}
    plays: Counter[tuple[str, date, Bucket, Channel | None]] = Counter()
    tracks = _Tracks(releases)
    for event in events:
        when = moments.get(event.moment)
        if when is None:
            when = moments[event.moment] = _when(event.moment)
        created_at, day = when
        if isinstance(event, (Forget, Canary)):
            if isinstance(event, Forget):
                result.forgets.add(event.listener)
            else:
                result.canaries.append(event)
            continue
        if event.event_tag is not None and _repeated(result, event, event.event_tag, day, counted):
            continue
        if isinstance(event, Share):
            _share(result, event, created_at, day, unknown, counted_as)
            continue
        key = event.track_key
        if counted_as:
            key = apply(counted_as, key, TargetKind.TRACK)
        if unknown and Target(key, TargetKind.TRACK) in unknown:
            key = UNKNOWN
        plays[key, day, event.bucket, event.via] += 1
        if event.listener is not None and event.listener not in forgotten:
            for pair in tracks.listen(event.listener, key):
                result.listeners.setdefault(pair, created_at)
            result.bases.add(event.listener)
        if event.token is not None:
            salted = (day, event.generation)
            result.tokens[salted].update(tracks.listen(event.token, key, salted))
        result.plays.append(
            PlayRow(created_at, day, event.rule_version, key, releases.get(key), event.bucket, event.via)
        )
    result.last_day = max((day for _, day in moments.values()), default=date.min)
    for (key, day, bucket, via), number in plays.items():
        result.happened[Happening("track", key, bucket, via)] += number
        for target in tracks.targets(key):
            _add_plays(result.daily[target, day], bucket, via, number)
    return result


class _Tracks:
    """What a play of a track counts for, and who a listener is there; remembered for one batch."""

    def __init__(self, releases: Mapping[str, str | None]) -> None:
        self._releases = releases
        self._targets: dict[str, tuple[Target, ...]] = {}
        self._heard: set[tuple[bytes, str, tuple[date, int] | None]] = set()

    def targets(self, key: str) -> tuple[Target, ...]:
        """The track first, then the site, then the release if there is one."""
        targets = self._targets.get(key)
        if targets is None:
            release = self._releases.get(key)
            of_release = () if release is None else (Target(release, TargetKind.RELEASE),)
            targets = self._targets[key] = (Target(key, TargetKind.TRACK), SITE, *of_release)
        return targets

    def listen(self, base: bytes, key: str, salted: tuple[date, int] | None = None) -> Iterable[tuple[Target, bytes]]:
        """Who the listener is on each of the track's targets; nothing where it was asked before."""
        if (base, key, salted) in self._heard:
            return ()
        self._heard.add((base, key, salted))
        return [(target, for_target(base, target.kind, target.key)) for target in self.targets(key)]


def _repeated(result: Tally, event: Play | Share, tag: bytes, day: date, counted: Collection[EventId]) -> bool:
    """Whether it is counted already, or earlier in this batch; otherwise its id is noted."""
    one = EventId(event.target_key if isinstance(event, Share) else event.track_key, tag)
    if one in counted or one in result.event_ids:
        result.duplicates += 1
        return True
    result.event_ids[one] = day
    return False


def _add_plays(delta: Delta, bucket: Bucket, via: Channel | None, number: int) -> None:
    setattr(delta, bucket, getattr(delta, bucket) + number)
    if via is not None:
        name = "via_link" if via == "link" else "via_embed"
        setattr(delta, name, getattr(delta, name) + number)


def _share(
    result: Tally,
    share: Share,
    created_at: datetime,
    day: date,
    unknown: Collection[Target],
    counted_as: Mapping[Target, Target],
) -> None:
    name = "shares_link" if share.channel == "link" else "shares_embed"
    shared = Target(apply(counted_as, share.target_key, share.target_kind), share.target_kind)
    if shared in unknown:
        shared = Target(UNKNOWN, shared.kind)
    for target in (shared, SITE):
        delta = result.daily[target, day]
        setattr(delta, name, getattr(delta, name) + 1)
    result.happened[Happening(shared.kind, shared.key, share.channel)] += 1
    result.shares.append(ShareRow(created_at, day, shared.kind, shared.key, share.channel))


def _when(moment: Moment) -> tuple[datetime, date]:
    return datetime.fromtimestamp(moment.hour, UTC), date.fromordinal(moment.day)
