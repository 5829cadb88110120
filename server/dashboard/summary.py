"""The row of figures above the pictures, and what has to be said about listeners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from server.dashboard import story as stories
from server.dashboard import wording
from server.dashboard.desk import Desk
from server.dashboard.story import UNBUCKETED, Story
from server.dashboard.tables import Table
from server.dashboard.wording import Change

# Which columns of the table stand behind which picture; the file has all of them.
BEHIND: Final = {
    "plays": ("start", "plays", "partial", "sampled", "complete"),
    "completion": ("start", "completionRate", "complete", "plays"),
    "shares": ("start", "shares", "sharesLink", "sharesEmbed"),
    "via": ("start", "viaLink", "viaEmbed"),
    "listeners": ("start", "listeners"),
}
_TOO_FEW: Final = "too few to be told"
_OFF: Final = "Listeners are not counted: the privacy mode is off."
_CUT: Final = "On a day whose salt was made late or replaced, only the listeners of a part of it are counted."


@dataclass(frozen=True, slots=True)
class Figure:
    """`more` is said beneath it."""

    name: str
    told: str
    change: Change | None = None
    more: str = ""


def says(story: Story, desk: Desk) -> dict[str, object]:
    """For a template that shows a story."""
    counted = desk.counted()
    return {
        "story": story,
        "figures": figures(story, desk),
        "behind": behind(story, desk),
        "listeners_note": "" if counted.pseudonym or counted.token else _OFF,
        "listeners_cut": _CUT if stories.is_cut(story) else "",
    }


def behind(story: Story, desk: Desk) -> Callable[[str], Table | None]:
    """The table behind a picture; None where the privacy mode has no such picture."""
    table = stories.table(story, desk.by_day)
    known = {column.field for column in table.columns}

    def of(picture: str) -> Table | None:
        wanted = BEHIND[picture] + ((UNBUCKETED[0],) if picture == "plays" and UNBUCKETED[0] in known else ())
        return table.picked(*wanted) if known.issuperset(wanted) else None

    return of


def figures(story: Story, desk: Desk) -> list[Figure]:
    """Each against the days before."""
    now, before, span = story.sum, story.before, story.span

    def counted(name: str, of: str) -> Figure:
        number, earlier = getattr(now, of), getattr(before, of) if before else None
        more = "" if earlier is None else f"{wording.count(earlier)} before"
        return Figure(name, wording.count(number), wording.change(number, earlier, span), more)

    rate, earlier_rate = now.completion_rate, before.completion_rate if before else None
    more = "" if earlier_rate is None else f"{wording.rate(earlier_rate)} before"
    moved = wording.change(rate, earlier_rate, span, points=True)
    return [
        counted("Plays", "plays"),
        Figure("Played to the end", wording.rate(rate), moved, more),
        counted("Shares", "shares"),
        counted("Plays that shares brought", "via"),
        *_listeners(story, desk),
    ]


def _listeners(story: Story, desk: Desk) -> list[Figure]:
    counted = desk.counted()
    shown = []
    if counted.token:
        number = None if story.daily_sum is None else desk.by_day(story.daily_sum)
        earlier = None if story.daily_before is None else desk.by_day(story.daily_before)
        moved = wording.change(number, earlier, story.span)
        name = "Listeners" if story.span.days == 1 else "Listeners by day, added up"
        hidden = number is None and story.daily_sum is not None
        days = "" if story.span.days == 1 else " on one of the days"
        shown.append(Figure(name, wording.count(number), moved, f"{_TOO_FEW}{days}" if hidden else ""))
    if counted.pseudonym:
        number = desk.listeners(story.all_time.listeners)
        more = "of all time" if number is not None else _TOO_FEW
        shown.append(Figure("Listeners", wording.count(number), None, more))
    return shown
