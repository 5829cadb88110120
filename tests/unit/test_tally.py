"""A tally says of any events what counting them one by one says; shares make no listener, releases are their tracks."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from random import Random
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from actors.events import Event, Moment, Play, Share, decode, encode
from actors.tally import SITE, UNKNOWN, tally
from privacy.pseudonym import TargetKind, for_target
from storage.counters import Target

RELEASES: dict[str, str | None] = {"a": "first", "b": "first", "c": "second", "loose": None}
TRACKS = [*RELEASES, "uncatalogued"]
LISTENERS = [bytes([number]) * 32 for number in range(3)]
DAY = date(2026, 11, 16).toordinal()

moments = st.builds(Moment, st.sampled_from([1_795_000_000 // 3600 * 3600, 0]), st.sampled_from([DAY, DAY + 1]))
buckets = st.sampled_from(["partial", "sampled", "complete"])
channels = st.sampled_from(["link", "embed"])
plays = st.builds(
    Play, moments, st.sampled_from(TRACKS), buckets, st.none() | channels, st.none() | st.sampled_from(LISTENERS)
)
shares = st.one_of(
    st.builds(Share, moments, st.just("track"), st.sampled_from(["a", "uncatalogued"]), channels),
    st.builds(Share, moments, st.just("release"), st.just("first"), channels),
)
events: st.SearchStrategy[list[Play | Share]] = st.lists(plays | shares, max_size=40)

Kind = Literal["track", "release", "site"]
Key = tuple[str, str, date, str]  # kind, key, day, figure


def one_by_one(happened: Sequence[Play | Share]) -> Counter[Key]:
    """The reference: every event adds 1 to each figure it belongs to."""
    counts: Counter[Key] = Counter()
    for event in happened:
        day = date.fromordinal(event.moment.day)
        if isinstance(event, Share):
            for where in ((event.target_kind, event.target_key), ("site", "")):
                counts[*where, day, f"shares_{event.channel}"] += 1
            continue
        release = RELEASES.get(event.track_key)
        for where in (("track", event.track_key), ("site", ""), *([("release", release)] if release else [])):
            counts[*where, day, event.bucket] += 1
            if event.via:
                counts[*where, day, f"via_{event.via}"] += 1
    return counts


def counted(happened: Sequence[Event], figures: Sequence[str]) -> Counter[Key]:
    """What the tally says, figure by figure."""
    return Counter(
        {
            (target.kind, target.key, day, figure): number
            for (target, day), delta in tally(happened, RELEASES).daily.items()
            for figure in figures
            if (number := getattr(delta, figure))
        }
    )


FIGURES = ["partial", "sampled", "complete", "shares_link", "shares_embed", "via_link", "via_embed"]


@given(events)
def test_it_is_what_counting_one_by_one_says(happened: list[Play | Share]) -> None:
    assert one_by_one(happened) == counted(happened, FIGURES)


@given(events)
def test_a_releases_plays_are_those_of_its_tracks(happened: list[Event]) -> None:
    plays_of: Counter[tuple[str, str]] = Counter()
    for (kind, key, _, figure), number in counted(happened, FIGURES).items():
        if figure in ("partial", "sampled", "complete"):
            plays_of[kind, key] += number
    assert plays_of["release", "first"] == plays_of["track", "a"] + plays_of["track", "b"]
    assert plays_of["release", "second"] == plays_of["track", "c"]
    assert plays_of["site", ""] == sum(plays_of["track", track] for track in TRACKS)


@given(events)
def test_listeners_are_those_who_played_and_nobody_who_only_shared(happened: list[Event]) -> None:
    expected = set()
    for event in happened:
        if isinstance(event, Play) and event.listener:
            release = RELEASES.get(event.track_key)
            targets = [Target(event.track_key, TargetKind.TRACK), SITE]
            targets += [Target(release, TargetKind.RELEASE)] if release else []
            expected |= {(t, for_target(event.listener, TargetKind(t.kind), t.key)) for t in targets}
    assert expected == set(tally(happened, RELEASES).listeners)


@given(st.lists(shares, max_size=20))
def test_shares_alone_make_no_listener_and_no_play(happened: list[Event]) -> None:
    result = tally(happened, RELEASES)
    assert (set(), [], len(happened)) == (set(result.listeners), result.plays, len(result.shares))


@given(events)
def test_the_log_has_a_row_for_each_event_with_its_release_and_nobodys_name(happened: list[Event]) -> None:
    result = tally(happened, RELEASES)
    expected = [
        (
            datetime.fromtimestamp(event.moment.hour, UTC),
            date.fromordinal(event.moment.day),
            event.rule_version,
            event.track_key,
            RELEASES.get(event.track_key),
            event.bucket,
            event.via,
        )
        for event in happened
        if isinstance(event, Play)
    ]
    assert expected == [tuple(row) for row in result.plays]
    shared = [(e.target_kind, e.target_key, e.channel) for e in happened if isinstance(e, Share)]
    assert shared == [(row.target_kind, row.target_key, row.channel) for row in result.shares]
    assert {date.fromordinal(event.moment.day) for event in happened} == result.days


@given(events, st.randoms(use_true_random=False))
def test_shuffling_changes_the_order_alone(happened: list[Event], random: Random) -> None:
    plain, shuffled = tally(happened, RELEASES), tally(happened, RELEASES)
    shuffled.shuffle(random)
    assert Counter(plain.plays) == Counter(shuffled.plays)
    assert Counter(plain.shares) == Counter(shuffled.shares)


@given(events)
def test_two_batches_add_up_to_one(happened: list[Event]) -> None:
    half = len(happened) // 2
    assert counted(happened, FIGURES) == counted(happened[:half], FIGURES) + counted(happened[half:], FIGURES)


@given(events)
def test_the_spools_encoding_gives_back_the_same_events(happened: list[Event]) -> None:
    assert happened == decode(encode(happened))


@given(events)
def test_keys_beyond_the_days_bound_count_under_one_target(happened: list[Event]) -> None:
    flooding = Target("uncatalogued", TargetKind.TRACK)
    renamed = [
        Play(e.moment, UNKNOWN, e.bucket, e.via, e.listener)
        if isinstance(e, Play) and e.track_key == "uncatalogued"
        else Share(e.moment, "track", UNKNOWN, e.channel)
        if isinstance(e, Share) and e.target_key == "uncatalogued"
        else e
        for e in happened
    ]
    expected, actual = tally(renamed, RELEASES), tally(happened, RELEASES, {flooding})
    assert (expected.daily, expected.plays, expected.shares) == (actual.daily, actual.plays, actual.shares)
    assert set(expected.listeners) == set(actual.listeners)
