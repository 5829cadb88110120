"""docs/accuracy.md, for an operator who wants to know how much to believe the figures."""

from textwrap import fill
from typing import Final

from bench.accuracy.assumptions import ASSUMPTIONS, MIX, Assumption
from bench.accuracy.people import TRACKS
from bench.accuracy.results import SEEDS, Results, Run
from bench.accuracy.scenarios import AFTER_DAYS, MIXED, SCENARIOS, SCHOOL, SCHOOL_SIZE, after, end

_WIDTH: Final = 120
_COUNTS: Final = ("listeners", "today", "today_whole")
_MINUS: Final = "\u2212"  # at a hyphen a cell of a table may break

_MEANINGS: Final = (
    """*One browser and one address each*: both counts are exact. All that follows is about how people differ from
    that.""",
    """*One address for many*: those who also send the same User-Agent are one listener of the day. Ids tell them
    apart.""",
    """*An address that changes*: each one of a day is another listener of that day. Inside a /64 the rule takes them
    for one, which is what it is for. Its price: where a whole school is one /64, it counts as little as behind one
    IPv4.""",
    """*Another device, cleared or capped storage, a private window*: another listener to `listeners`, for good. The
    token of a day does not care what is stored.""",
    """*A new version of the browser* between two plays of a day is another listener of that day.""",
    """*Midnight*: a sitting across the site's midnight counts on both days. For listeners far to the west the site's
    midnight falls in the evening: some count on two days, others, who listen late and again the next afternoon, once
    instead of twice. In sum that is little, but their evenings are filed under the next day. Choose the time zone
    most listeners live in.""",
    """*Objections*: whoever sends Global Privacy Control or Do Not Track is in no listener count, and in every count
    of plays.""",
)


def written(results: Results) -> str:
    """The page, all figures from these results."""
    parts = (*_head(results), *_causes(results), *_time(results), *_sensitivity(results), *_assumptions(), _HOW)
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> list[str]:
    mix, longest = results[MIXED], AFTER_DAYS[-1]
    ends = [results[end(one, which)].middle("today") for one in ASSUMPTIONS for which in ("low", "high")]
    return [
        "# How much to believe the listener counts",
        "![How far each count is from the truth, by cause; the table below has the same figures](accuracy.svg)",
        _text(
            """Neither count is a count of people, and none that leaves listeners alone can be. `listeners` (option
            A) counts browsers that kept their random id; `listenersToday` (option B) counts pairs of network and
            browser version on one day. Simulated here are audiences in which the truth is known; they are counted
            with the service's own functions (`privacy/`). In a mixed audience, with everything on this page
            happening at once:"""
        ),
        "\n".join(
            (
                _item(
                    f"""**`listeners` of the site is {_words(mix.middle("listeners"))} after {MIX.days} days**, and
                    goes on rising: {_words(results[after(longest)].middle("listeners"))} after {longest}. Of one track
                    among {TRACKS} it is {_words(mix.middle("track"))} after {MIX.days} days, since nobody plays
                    every track at every sitting. Read it as browsers, never as people."""
                ),
                _item(
                    f"""**`listenersToday` is {_words(mix.middle("today"))}**, and stays so, since every day
                    starts afresh. That it comes so near is luck in part: errors of both signs cancel. With one of
                    the assumptions below changed it lies between {_percent(min(ends))} and {_percent(max(ends))}. An
                    audience behind few addresses is another matter: of listeners who all sit in schools,
                    {SCHOOL_SIZE} behind each address, it is {_words(results[SCHOOL].middle("today"))}."""
                ),
                _item(
                    f"""**Without the /64 rule** (IPv6 addresses are cut to their network) `listenersToday` would be
                    {_words(mix.middle("today_whole"))}."""
                ),
            )
        ),
        _text(
            """To compare days, use `listenersToday`. To compare tracks, use `listeners` for tracks that are out
            equally long; an older one has had more time to be counted twice."""
        ),
    ]


def _causes(results: Results) -> list[str]:
    return [
        "## Each cause on its own",
        _text(
            f"""Counted compared with the truth; in brackets the lowest and the highest of {len(SEEDS)} repetitions
            with other random numbers, {MIX.people:,} people and {MIX.days} days each. The causes are stronger here
            than in the mix of the last row, so that one sees them. The truth of a day is who began to listen on it,
            by the listener's own clock."""
        ),
        _table(
            ("what happens", *_NAMES),
            [(name, *(_cell(results[name], count) for count in _COUNTS)) for name in SCENARIOS],
        ),
        "\n".join(_item(meaning) for meaning in _MEANINGS),
    ]


def _time(results: Results) -> list[str]:
    shown = ("listeners", "track", "today")
    return [
        "## What time does",
        "The same mix, watched for longer.",
        _table(
            ("", "`listeners` (A) of the site", "of a single track", "`listenersToday` (B)"),
            [(after(days), *(_percent(results[after(days)].middle(count)) for count in shown)) for days in AFTER_DAYS],
        ),
    ]


def _sensitivity(results: Results) -> list[str]:
    return [
        "## How much the assumptions matter",
        "The mix with one assumption changed at a time: the error at its low, its middle and its high value.",
        _table(
            ("assumption: low, middle, high", *_NAMES),
            [
                (f"{one.label}: {one.shown()}", *(_three(results, one, count) for count in _COUNTS))
                for one in ASSUMPTIONS
            ],
        ),
    ]


def _assumptions() -> list[str]:
    return [
        "## What is assumed, and why",
        _text(
            """Nobody publishes these shares for listeners of a small music site, so the values are ours; where a
            source is named, it gives the mechanism or the order of size. If you know your audience better, change
            `bench/accuracy/assumptions.py` and run it again."""
        ),
        _table(("", "low, middle, high", "why"), [(one.label, one.shown(), one.why) for one in ASSUMPTIONS], text=True),
        _text(
            """Not simulated: several people at one device (both counts: too few), VPNs and relays (as a carrier's
            NAT), crawlers (refused at the door by name; one that hides its name is a listener like others)."""
        ),
    ]


_NAMES: Final = ("`listeners` (A)", "`listenersToday` (B)", "B without the /64 rule")


def _text(text: str) -> str:
    return fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _item(text: str) -> str:
    flat = " ".join(text.split())
    return fill(
        flat, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


_HOW: Final = _text(
    """`make accuracy` simulates anew and writes this page, its picture and [accuracy.json](accuracy.json), which has
    every repetition. The random numbers are fixed, so the same code gives the same page."""
)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], *, text: bool = False) -> str:
    """In Markdown; all columns but the first are figures, unless they are text."""
    rule = ("---", *["---" if text else "---:"] * (len(head) - 1))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _words(error: float) -> str:
    percent = round(abs(error) * 100)
    if percent == 0:
        return "right to half a percent"
    return f"{percent} % too {'high' if error > 0 else 'low'}"


def _percent(error: float) -> str:
    """`+1.2 %`; from 10 on without a decimal, which would say nothing."""
    digits = 0 if abs(error) >= 0.0995 else 1
    text = f"{abs(error):.{digits}%}".replace("%", " %")
    if float(text.removesuffix(" %")) == 0:
        return "0 %"
    return f"{'+' if error > 0 else _MINUS}{text}"


def _cell(run: Run, count: str) -> str:
    low, high = (_percent(value) for value in run.spread(count))
    middle = _percent(run.middle(count))
    return middle if low == high else f"{middle} ({low} to {high})"


def _three(results: Results, one: Assumption, count: str) -> str:
    runs = (results[end(one, "low")], results[MIXED], results[end(one, "high")])
    # Two worlds that differ in one share have the same random numbers, so no effect is the very same figure.
    if len({run.middle(count) for run in runs}) == 1:
        return "no effect"
    return ", ".join(_percent(run.middle(count)) for run in runs)
