"""A release's tracks side by side: where do people drop out of an album?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from server.dashboard import charts, wording
from server.dashboard.charts import Chart, Series, Steps
from server.dashboard.story import BUCKETS
from server.dashboard.tables import Column, Table
from storage.leaderboard import Entry


@dataclass(frozen=True, slots=True)
class Line:
    """A track, and its plays against those of the track before it; None for the first, and after one nobody played."""

    entry: Entry
    number: int
    kept: float | None


@dataclass(frozen=True, slots=True)
class Album:
    """`drop` is the place in `lines` behind the greatest loss from a track to the next; None: nowhere fewer."""

    lines: Sequence[Line]
    drop: int | None

    @property
    def answer(self) -> str:
        """The question's, in a sentence; titles are strangers' text and not escaped here."""
        if not any(line.entry.counts.plays for line in self.lines):
            return ""
        if self.drop is None:
            return "Nobody drops out on the way: no track has fewer plays than the one before it."
        before, behind = self.lines[self.drop - 1], self.lines[self.drop]
        lost = before.entry.counts.plays - behind.entry.counts.plays
        return (
            f"The greatest drop is from “{before.entry.title}” to “{behind.entry.title}”: "
            f"{wording.count(lost)} fewer plays, {wording.rate(lost / before.entry.counts.plays)} of those before."
        )


def order(entry: Entry) -> tuple[bool, int, str, str]:
    """As the record has them; tracks without a position behind the others, by title."""
    return entry.position is None, entry.position or 0, entry.title.lower(), entry.key


def read(tracks: Sequence[Entry]) -> Album:
    """`tracks` in the record's order."""
    plays = [track.counts.plays for track in tracks]
    kept = [None, *(now / before if before else None for before, now in pairwise(plays))]
    lines = [
        Line(track, track.position or at, share)
        for at, (track, share) in enumerate(zip(tracks, kept, strict=True), start=1)
    ]
    lost = [before - now for before, now in pairwise(plays)]
    drop = lost.index(max(lost)) + 1 if lost and max(lost) > 0 else None
    return Album(lines, drop)


def picture(tracks: Sequence[Entry]) -> Chart:
    """Stacked by bucket, a column for each track."""
    album = read(tracks)
    stack = [Series(look, name, [getattr(track.counts, look) for track in tracks]) for look, name in BUCKETS]
    names = [f"{line.number}. {line.entry.title}" for line in album.lines]
    steps = Steps([str(line.number) for line in album.lines], names)
    return charts.columns(
        "tracks", "Tracks side by side", "plays by track", steps, stack, album.answer, every_mark=True
    )


def table(tracks: Sequence[Entry]) -> Table:
    """What stands behind it."""
    columns = [
        Column("Key", "key", "text"),
        Column("Number", "position"),
        Column("Title", "title", "text"),
        Column("Plays", "plays"),
        Column("Left early", "partial"),
        Column("Played in part", "sampled"),
        Column("Played to the end", "complete"),
        Column("Completion", "completionRate", "rate"),
        Column("Of the track before", "keptOfTrackBefore", "rate"),
        Column("Shares", "shares"),
    ]
    rows = [
        [
            (entry := line.entry).key,
            entry.position,
            entry.title,
            entry.counts.plays,
            entry.counts.partial,
            entry.counts.sampled,
            entry.counts.complete,
            entry.counts.completion_rate,
            None if line.kept is None else round(line.kept, 4),
            entry.counts.shares,
        ]
        for line in read(tracks).lines
    ]
    return Table("tracks", "Tracks side by side", columns, rows)
