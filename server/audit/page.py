"""The generated parts of docs/privacy.md, so that the page cannot say anything else than the code."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from privacy.modes import Mode, derives
from server.audit.elsewhere import ELSEWHERE
from server.audit.facts import Fact
from server.audit.listing import Line, described, lines

_PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def render(page: str) -> str:
    """The page with every generated part as it must be. Raises KeyError for a part nobody generates."""
    return _PART.sub(lambda part: f"{part[1]}{_PARTS[part[2]]}\n{part[3]}", page)


def _modes() -> str:
    rows = []
    for mode in Mode:
        kept = derives(mode, objected=False)
        objected = derives(mode, objected=True)
        rows.append(
            (
                f"`{mode.value}`",
                "a random id" if kept.pseudonym else "nothing",
                " and ".join(_derived(kept.pseudonym, kept.token)) or "nothing",
                " and ".join(_derived(objected.pseudonym, objected.token)) or "nothing",
                " and ".join(_shown(kept.pseudonym, kept.token)) or "none",
            )
        )
    head = ("mode", "in the browser", "on the server, for a play", "the same, where the listener objects", "listeners")
    return _table(head, rows)


def _derived(pseudonym: bool, token: bool) -> Iterator[str]:
    if pseudonym:
        yield "a pseudonym per track, release and site"
    if token:
        yield "a token of the day per track, release and site"


def _shown(pseudonym: bool, token: bool) -> Iterator[str]:
    if pseudonym:
        yield "all-time"
    if token:
        yield "per day"


def _database() -> str:
    told, silent = lines(described())
    head = ("column", "what it is", "holds", "lives", "why")
    rows = [_row(line, line.fact) for line in told if line.fact is not None]
    return f"{_table(head, rows)}\n\nThe other {silent} columns say nothing about a listener."


def _row(line: Line, fact: Fact) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in line.columns)
    return f"`{line.table}`: {names}", fact.kind, fact.holds, fact.lives, fact.why


def _elsewhere() -> str:
    return _table(
        ("where", "holds", "lives", "why"), [(place.where, place.holds, place.lives, place.why) for place in ELSEWHERE]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


_PARTS: Final = {"modes": _modes(), "database": _database(), "elsewhere": _elsewhere()}
