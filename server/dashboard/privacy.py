"""What is stored and for how long, for the mode in force: short answers, and the inventory of server/audit in full.

The inventory is the one the audit and docs/privacy.md are made from; the short answers say the same to who listens.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape
from quart import Blueprint

from privacy.modes import Derives, Mode, derives
from server.access.rules import Rule
from server.audit.database import DATABASE
from server.audit.elsewhere import ELSEWHERE
from server.audit.facts import Fact, Kind
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from storage.retention import Keep

ACCESS: Final[dict[str, Rule]] = access("privacy")

_FOR_EVER: Final = "Without limit."
_GROUPS: Final[tuple[tuple[str, tuple[Kind, ...]], ...]] = (
    ("Of what was played and copied", (Kind.EVENT, Kind.COUNT, Kind.TIME)),
    ("Of who listens", (Kind.PSEUDONYM, Kind.TOKEN, Kind.TOMBSTONE)),
    ("Keys", (Kind.KEY, Kind.SALT)),
    ("Of the site itself", (Kind.TEXT,)),
)
_MODES: Final = {
    Mode.ANON_ID: "Your browser keeps a random number for this site. Here only what it is mixed into is kept, another "
    "one for every track, so that nobody can see what else you have heard.",
    Mode.DAILY_SALT: "Your browser keeps nothing. From where you are and what browser you use a code is mixed that "
    "holds for one track and one day; what it is mixed with is thrown away at midnight, and the code with it.",
    Mode.BOTH: "Your browser keeps a random number for this site, and from where you are and what browser you use a "
    "code for the day is mixed. Here only codes are kept, other ones for every track.",
    Mode.OFF: "Nothing. Your browser keeps nothing, and nothing is made of where you are or what browser you use.",
}


@dataclass(frozen=True, slots=True)
class Item:
    """Something that is stored."""

    where: Markup
    holds: Markup
    lives: Markup
    why: Markup
    earlier: bool = False  # made in another mode only; what that left may be there


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes."""

    async def build() -> Sheet:
        made = desk.counted()
        says = {
            "mode": desk.mode().value,
            "answers": answers(desk.mode()),
            "lifetimes": lifetimes(made, desk.keep),
            "groups": [(name, database(kinds, made)) for name, kinds in _GROUPS],
            "elsewhere": elsewhere(made),
        }
        return Sheet("dashboard/privacy.html", "privacy", says)

    add_page(routes, desk.room, "privacy", build)


def answers(mode: Mode) -> Sequence[tuple[str, str]]:
    """What a listener would ask."""
    made = derives(mode, objected=False)
    shown = "how often each track was played, how far, and how often a link or an embed was copied"
    if made.pseudonym or made.token:
        shown += ", and how many listeners that were"
    return (
        ("What is counted when I play a track?", "That it was played, and how far in three steps: under a third, "
         "in between, or nearly to the end. With it the hour, not the minute, and whether a copied link brought you."),
        ("Does anybody learn who I am?", "No. There is no name, no account, no address and no cookie."),
        ("How do you know that two plays are the same listener's?", _MODES[mode]),
        ("What of my address?", "It is used while your request is answered, and is written down nowhere."),
        ("And if I do not want that?", "Send Global Privacy Control or Do Not Track from your browser, or opt out on "
         "the page: your play still counts, and nothing of the kind is made."),
        ("Who can see what?", f"The people of this site see {shown}. Nobody sees one listener's plays: they are not "
         "kept together."),
    )  # fmt: skip


def lifetimes(made: Derives, keep: Keep) -> Sequence[tuple[str, str]]:
    """In a listener's words what the inventory says in the operator's, for what this site is set to keep."""
    told = [
        ("That a track was played, how far, in which hour", _kept(keep.log_months, "then it is in sums alone")),
        ("That a link or an embed was copied", _kept(keep.log_months, "then it is in sums alone")),
        ("Sums of plays and shares by day", _kept(keep.daily_months, "then they are in the sum of all time alone")),
        ("Sums of all time", _FOR_EVER),
    ]
    if made.pseudonym:
        told += [
            ("The code that your browser's number is mixed into", "Until you opt out; otherwise without limit."),
            (
                "That you asked to be forgotten",
                "Two days, so that nothing of yours that is still on its way is kept after all.",
            ),
        ]
    if made.token:
        told += [
            ("The code of the day", "Until the day's listeners are counted: at the latest a day after its end."),
            (
                "What it is mixed with",
                "Until midnight. After that nobody can make the code again, this site's people included.",
            ),
            ("How many listeners a day had", _kept(keep.daily_months, "then not at all")),
        ]
    return told


def _kept(months: int, then: str) -> str:
    if not months:
        return _FOR_EVER
    return f"This month and {'the one' if months == 1 else f'the {months}'} before; {then}."


def database(kinds: Sequence[Kind], made: Derives) -> list[Item]:
    """What the tables hold of these kinds; the same said of several columns once."""
    found: dict[Fact, list[str]] = {}
    for (table, _), fact in DATABASE.items():
        if fact.kind in kinds:
            tables = found.setdefault(fact, [])
            if table not in tables:
                tables.append(table)
    return [
        Item(_plain(", ".join(tables)), _plain(fact.holds), _plain(fact.lives), _plain(fact.why), _earlier(fact, made))
        for fact, tables in found.items()
    ]


def elsewhere(made: Derives) -> list[Item]:
    """Files, memory, the browser."""
    return list(_elsewhere(made))


def _elsewhere(made: Derives) -> Iterator[Item]:
    for place in ELSEWHERE:
        only_with_ids = place.where.startswith(("browser: `tonearm.listener`", "browser: `tonearm.waiting"))
        yield Item(
            _plain(place.where),
            _plain(place.holds),
            _plain(place.lives),
            _plain(place.why),
            only_with_ids and not made.pseudonym,
        )


def _earlier(fact: Fact, made: Derives) -> bool:
    if fact.kind in (Kind.PSEUDONYM, Kind.TOMBSTONE):
        return not made.pseudonym
    return fact.kind in (Kind.TOKEN, Kind.SALT) and not made.token


def _plain(text: str) -> Markup:
    """With what stands between backticks as code."""
    parts: Iterable[str] = re.split(r"`([^`]*)`", text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )
