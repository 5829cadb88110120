"""docs/linking.md, from the figures of docs/linking.json."""

from collections.abc import Mapping
from typing import Any

from bench.linking.sittings import PLAYS, REGULAR, RELEASES, TASTE, TRACKS, VISITS

_ATTACKS = ("log", "regulars", "dump", "day")
_COLUMNS = (
    "sittings an hour",
    "watched",
    "log and sets (option A)",
    f"of these, who came {REGULAR} times or more",
    "option A from a dump, without transaction ids",
    "an open day's tokens (option B)",
)


def page(figures: Mapping[str, Any]) -> str:
    """The whole page; `figures` as bench.linking measures them, the quietest level first."""
    levels = list(figures.values())
    lines = [*_opening(), *(_row(int(level), row) for level, row in figures.items()), *_meaning(levels[0], levels[-1])]
    return "\n".join(lines) + "\n"


def _opening() -> list[str]:
    return [
        "# How well a listener can be linked between tracks by who has the whole database",
        "",
        "The database holds no id that two tracks share: a listener is another pseudonym on each. What remains is when",
        "rows were written. An attacker with a copy of all tables and row headers is simulated here, against a real",
        "PostgreSQL that the service's own counter writer filled, half a second of events to a transaction. Given a",
        "pseudonym on one track they name the one on another track that they take for the same listener. They use:",
        "",
        "- the numbers of transactions (`xmin`), which come in the order of time, and with the hour in the log nearly",
        "  tell the minute of a play;",
        "- that one listener's plays are minutes apart, and again so on the next visit, among other people;",
        "- the sets of distinct listeners: a new row for a track without a new one for the site is somebody who was",
        "  there before, one with it is nobody who was, and likewise for releases;",
        "- listeners whose names they know, such as their own, to tune the attack on.",
        "",
        "The order in which rows lie says no more than that: rows of a transaction are shuffled in the log and sorted",
        "by key in the sets. The counters say less: a row has the number of its last transaction only.",
        "",
        f"A site of {TRACKS} tracks on {RELEASES} releases; a listener comes {_some(VISITS)} times in all, to any",
        f"hour, and each time plays {_some(PLAYS)} of {TASTE} favourite tracks. How often the first guess is right; in",
        "brackets what blind guessing gives.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        "| ---: | --- | ---: | ---: | ---: | ---: |",
    ]


def _row(an_hour: int, row: Mapping[str, Any]) -> str:
    watched = f"{row['days']} days" + ("" if row["day_h"] == 24 else f" of {row['day_h']} hours")
    return f"| {an_hour:,} | {watched} | {' | '.join(_cell(row[attack]) for attack in _ATTACKS)} |"


def _cell(figure: Mapping[str, float]) -> str:
    return f"{figure['right']:.0%} ({figure['chance']:.1%})".replace("%", " %")


def _meaning(quiet: Mapping[str, Any], busy: Mapping[str, Any]) -> list[str]:
    return [
        "",
        "**A lone listener at a quiet hour can be linked.** At the quietest site above the guess is right in",
        f"{_percent(quiet['log'])} of cases with option A and in {_percent(quiet['day'])} with a day's tokens: nobody",
        "else was there, and no arithmetic on the pseudonyms helps. Traffic hides listeners, but not evenly. At the",
        f"busiest site {_percent(busy['log'])} is left of it ({_times(busy['log'])} chance), for regulars"
        f" {_percent(busy['regulars'])}: who comes again and again",
        "leaves a pattern, each time among other people.",
        "A dump without transaction ids is little better, since its rows lie in the order in which they came.",
        "",
        "**What follows.** Linking says that two plays were one browser's, never whose. A small site whose listeners",
        "should not be linked even by a thief of its database chooses `daily-salt`: an open day can be read as above,",
        "but its tokens are dropped when it is closed, so that no pattern grows over days. In `off` there is no name",
        "to link; that two plays stand side by side at a quiet hour remains, in every mode. The numbers of",
        "transactions are PostgreSQL's own and cannot be left out.",
        "Larger batches would hide more, and let the figures be later than the second they may be.",
        "",
        "`python -m bench.linking --write-docs` makes this page anew, always with the same listeners.",
    ]


def _percent(figure: Mapping[str, float]) -> str:
    return f"{figure['right']:.0%}".replace("%", " %")


def _times(figure: Mapping[str, float]) -> str:
    return f"{figure['right'] / figure['chance']:.0f} times"


def _some(numbers: tuple[int, ...]) -> str:
    return f"{min(numbers)} to {max(numbers)}"
