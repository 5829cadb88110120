"""docs/linking.md, from the figures of docs/linking.json."""

from collections.abc import Iterator, Mapping
from typing import Any

from bench.linking.sittings import PLAYS, RELEASES, TASTE, TRACKS, VISITS

_LISTENERS = {
    "sets, today": "sets (option A), who came today",
    "sets, lately": "who came one to three days ago",
    "sets, long ago": "who came before that",
    "dump": "who came today, from a dump, without transaction ids",
    "day": "an open day's tokens (option B)",
}
_FORGOTTEN = {
    "forgotten, at once": "until the housekeeper's next round",
    "forgotten, after": "from then on",
    "anybody": "any play, of somebody the sets know nothing of",
}

# Measured once, on the design before this one, whose log held pseudonyms: by the number their rows had got.
_BEFORE, _BEFORE_TOGETHER = "100 %", "66 to 71 %"


def page(figures: Mapping[str, Any]) -> str:
    """The whole page; `figures` as bench.linking measures them, the quietest level first."""
    levels = list(figures.values())
    return "\n".join([*_opening(), *_table(figures, _LISTENERS), *_meaning(levels), *_forgetting(figures)]) + "\n"


def _opening() -> list[str]:
    return [
        "# How well a listener can be linked between tracks by who has the whole database",
        "",
        "The database holds no id that two tracks share: a listener is another pseudonym on each. The log holds no",
        "pseudonym at all; the sets of distinct listeners hold one of each listener and track, however often they",
        "play. What remains is when rows were written. An attacker with a copy of all tables and row headers is",
        "simulated here, against a real PostgreSQL that the service's own counter writer filled, half a second of",
        "events to a transaction, with the housekeeper's work done every midnight. Given a pseudonym on one track",
        "they name the one on another track that they take for the same listener. They use:",
        "",
        "- the numbers of transactions (`xmin`), which come in the order of time, and with the hour in the log nearly",
        "  tell the minute of a first play;",
        "- that one listener's first plays are minutes apart;",
        "- the sets: a new row for a track without a new one for the site is somebody who was there before, one with",
        "  it is nobody who was, and likewise for releases;",
        "- the hour of a first play, which the sets keep for three days;",
        "- listeners whose names they know, such as their own, to tune the attack on.",
        "",
        "The order in which rows lie says no more than that: rows of a transaction are shuffled in the log and sorted",
        "by key in the sets. Every midnight the sets and the all-time counters are written anew: all rows in one",
        "transaction, in the order of their keys and pseudonyms, which are random.",
        "",
        f"A site of {TRACKS} tracks on {RELEASES} releases; a listener comes {_some(VISITS)} times in all, to any",
        f"hour, and each time plays {_some(PLAYS)} of {TASTE} favourite tracks. The database is taken at the end of",
        "the last day. How often the first guess is right; in brackets what blind guessing gives.",
        "",
    ]


def _table(figures: Mapping[str, Any], columns: Mapping[str, str]) -> Iterator[str]:
    yield f"| sittings an hour | watched | {' | '.join(columns.values())} |"
    yield f"| ---: | --- |{' ---: |' * len(columns)}"
    for level, row in figures.items():
        watched = f"{row['days']} days" + ("" if row["day_h"] == 24 else f" of {row['day_h']} hours")
        yield f"| {int(level):,} | {watched} | {' | '.join(_cell(row[attack]) for attack in columns)} |"


def _cell(figure: Mapping[str, float]) -> str:
    return f"{figure['right']:.0%} ({figure['chance']:.1%})".replace("%", " %") if figure["tried"] else "-"


def _meaning(levels: list[Mapping[str, Any]]) -> list[str]:
    quiet, busy = levels[0], levels[-1]
    return [
        "",
        "**A listener new today at a quiet hour can be linked, until midnight by the minute and for three days by the",
        f"hour.** At the quietest site above the guess is right in {_percent(quiet['sets, today'])} of cases on the",
        f"day, in {_percent(quiet['sets, lately'])} in the days after it, and in {_percent(quiet['day'])} with a day's",
        "tokens: nobody else was there, and no arithmetic on the pseudonyms helps. Traffic hides listeners: at the",
        f"busiest site {_percent(busy['sets, today'])} and {_percent(busy['sets, lately'])} are left of it.",
        f"**After three days nothing is left to link by**: {_percent(quiet['sets, long ago'])} at the quietest site,",
        f"where blind guessing gives {_chance(quiet['sets, long ago'])}. Nor does anybody who comes again leave a",
        "pattern: a second play of a track adds nothing to a set.",
        "",
        "**What follows.** Linking says that two plays were one browser's, never whose. A small site whose new",
        "listeners should not be linked even by a thief of its database on the day chooses `daily-salt`: an open day",
        "can be read as above, and its tokens are dropped when it is closed. In `off` there is no name to link; that",
        "two plays stand side by side at a quiet hour remains, in every mode, and for as long as the log. The numbers",
        "of transactions are PostgreSQL's own and cannot be left out. Copies are as old as they are: a backup, a",
        "standby's or an archive's write-ahead log keep what a day's rows said then, and the write-ahead log itself",
        "until it is recycled.",
        "",
        "**Not measured here: events that had to wait in a browser**, as offline. They have ids, and so have, in the",
        "modes `anon-id` and `both`, plays that were kept there while they went on. For nine days `event_id` holds a",
        "row for each, with its track or release in the clear. What waited goes out together, so rows with one or",
        "neighbouring transaction numbers, where few others stand between them, are mostly one browser's: a list of",
        "what it played; and a play without a row is, in those modes, more likely of somebody who objects. No",
        "pseudonym is in it, and its ids of events join to nothing. Its numbers join: to the log, which adds the hour;",
        "and until midnight, when the sets are written anew, to new listeners' rows in them and to the day's tokens.",
        "After that only the hour leads to a pseudonym, for three days, as measured above; what then stays is tracks",
        "that were played together, by nobody in particular.",
    ]


def _forgetting(figures: Mapping[str, Any]) -> Iterator[str]:
    levels = list(figures.values())
    quiet, busy = levels[0]["forgotten, at once"], levels[-1]["forgotten, at once"]
    asked, left = sum(level["asked"] for level in levels), sum(level["bytes left"] for level in levels)
    yield from [
        "",
        "## Who asks to be forgotten",
        "",
        "Their plays stay in the log, which never knew whose they were, so that nothing is erased there and no row of",
        "it is touched. Their rows in the sets are deleted at once, in one transaction, and PostgreSQL notes its",
        "number in each: until they are cleared away, whoever reads the files can tell that they were one listener's,",
        "and from the transactions that wrote them which first plays were. So in its next round after its rest,",
        "usually within a minute, the housekeeper writes the sets and the all-time counters anew, into new files, in",
        "which there is neither a deleted row nor the gap it left. It rests a hundred times as long as that took,",
        "which is long where the sets are large; its daily check of the counters delays the round as well.",
        "",
        "Here listeners who came on the last day only, whose traces are freshest, ask to be forgotten one by one. The",
        "attacker reads the files of the sets, deleted rows included, takes a play of somebody who asked and names a",
        "play on another track as the same listener's. Without deleted rows they take the nearest play in the log, at",
        "an hour that has more plays of the track than listeners who are known to have come to it then. In brackets",
        "what blind guessing gives.",
        "",
    ]
    yield from _table(figures, _FORGOTTEN)
    yield from [
        "",
        "**Forgetting gives a listener away until that round, usually for a minute, and then no more.** Before it",
        f"{_percent(quiet)} at the quietest site and {_percent(busy)} at the busiest; after it what any play in the",
        "log tells, since it stands where it always stood (the last column: the same plays, and the same attack with",
        f"nothing but the log). Of the pseudonyms of the {asked} who asked, {left or 'none'} were then found in any",
        "byte of the files of the sets and their index. Measured once, on the design before this one, whose log held",
        f"pseudonyms and was cleared of them: the plays of who had asked were linked in {_BEFORE} of cases at each",
        f"of these sites, and for good; in {_BEFORE_TOGETHER} where five had asked in the same ten minutes.",
        "",
        "What remains: the write-ahead log has the deleting transaction, and before it those of the first plays, until",
        "its segments are recycled, and an archive of it or a backup made before for as long as it is kept; file",
        "systems and disks may keep the blocks of removed files. A long reader of the sets, such as a dump, puts off",
        "the new files until it has ended. A track that has plays and no listeners shows that whoever played it",
        "objected or was forgotten; two such tracks may have had the same one.",
        "",
        "`python -m bench.linking --write-docs` makes this page anew, always with the same listeners.",
    ]


def _percent(figure: Mapping[str, float]) -> str:
    return f"{figure['right']:.0%}".replace("%", " %")


def _chance(figure: Mapping[str, float]) -> str:
    return f"{figure['chance']:.0%}".replace("%", " %")


def _some(numbers: tuple[int, ...]) -> str:
    return f"{min(numbers)} to {max(numbers)}"
