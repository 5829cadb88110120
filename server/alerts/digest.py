"""The weekly digest in words, as a mail's HTML, and as data."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from privacy.modes import Mode, derives
from storage.digest import Digest, Top
from storage.series import Counts

_MINUS: Final = "\N{MINUS SIGN}"
_FEWEST_DRUMS: Final = 5  # a counter has room to grow

_PAGES: Final = Environment(
    loader=PackageLoader("server.alerts"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Line:
    """A figure beside that of the week before; `change` is empty where there is nothing to hold it against."""

    label: str
    value: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class Said:
    """All of it, ready to be sent."""

    subject: str
    text: str
    html: str
    data: dict[str, Any]


def alert(found: Digest, mode: Mode, now: datetime) -> tuple[str, str]:
    """(id, body). The id is of the week."""
    said = say(found, mode)
    data = said.data | {"subject": said.subject, "text": said.text, "html": said.html}
    body = {"type": "digest", "timestamp": now.isoformat(timespec="seconds"), "data": data}
    return f"digest-{name_of(found.first)}", msgspec.json.encode(body).decode()


def say(found: Digest, mode: Mode) -> Said:
    """In the words and figures that the privacy mode has."""
    change = _change(found.counts.plays, found.before.plays)
    subject = f"{_number(found.counts.plays, 'play')} in week {found.first.isocalendar().week}"
    subject += f" ({change})" if change else ""
    values = {
        "subject": subject,
        "week": _dates(found),
        "number": found.first.isocalendar().week,
        "digits": f"{found.counts.plays:0{_FEWEST_DRUMS}}",
        "plays": found.counts.plays,
        "change": change,
        "lines": lines(found, mode),
        "boards": [
            (title, [_top(top) for top in tops])
            for title, tops in (("Tracks", found.tracks), ("Releases", found.releases))
            if tops
        ],
    }
    return Said(
        subject,
        _PAGES.get_template("digest.txt").render(values),
        _PAGES.get_template("digest.html").render(values),
        as_data(found, mode),
    )


def lines(found: Digest, mode: Mode) -> list[Line]:
    """Every figure but the plays, which stand above them."""
    now, before, who = found.counts, found.before, found.listeners
    made = derives(mode, objected=False)
    told = [
        Line("played to the end", _rate(now), _rate(before), _points(now, before)),
        _count("links and embeds copied", now.shares, before.shares),
        _count("plays that these brought", now.via, before.via),
    ]
    if made.pseudonym:
        told.append(Line("listeners of all time", f"{who.all_time:,}", "", ""))
        if who.new is not None:
            told.append(_count("new listeners", who.new, who.new_before))
    if made.token and who.by_day is not None:
        told.append(_count("listeners by day, added up", who.by_day, who.by_day_before))
    return told


def as_data(found: Digest, mode: Mode) -> dict[str, Any]:
    """The same for programs; names are those of the read API."""
    made, who = derives(mode, objected=False), found.listeners
    return {
        "week": name_of(found.first),
        "from": found.first.isoformat(),
        "to": found.last.isoformat(),
        **_as_json(found.counts),
        "before": _as_json(found.before),
        "listeners": who.all_time if made.pseudonym else None,
        "newListeners": who.new if made.pseudonym else None,
        "listenersByDayAddedUp": who.by_day if made.token else None,
        "tracks": [_top_as_json(top) for top in found.tracks],
        "releases": [_top_as_json(top) for top in found.releases],
    }


def name_of(first: date) -> str:
    """2026-W46."""
    year, week, _ = first.isocalendar()
    return f"{year}-W{week:02}"


def week_of(name: str) -> date:
    """The Monday of 2026-W46. Raises ValueError with a sentence."""
    if match := re.fullmatch(r"(\d{4})-W(\d{2})", name):
        try:
            return date.fromisocalendar(int(match[1]), int(match[2]), 1)
        except ValueError:
            pass
    raise ValueError(f"{name!r} is not a week; write it as 2026-W46.")


def _dates(found: Digest) -> str:
    first, last = found.first, found.last
    begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    return f"{begin} to {last.day} {last:%B} {last.year}"


def _as_json(counts: Counts) -> dict[str, Any]:
    return {
        "totalPlays": counts.plays,
        "partial": counts.partial,
        "sampled": counts.sampled,
        "complete": counts.complete,
        "unbucketed": counts.unbucketed,
        "completionRate": counts.completion_rate,
        "totalShares": counts.shares,
        "shares": {"link": counts.shares_link, "embed": counts.shares_embed},
        "via": {"link": counts.via_link, "embed": counts.via_embed},
    }


def _top_as_json(top: Top) -> dict[str, Any]:
    entry = top.entry
    return {"key": entry.key, "title": entry.title, "totalPlays": entry.counts.plays, "before": top.before}


def _top(top: Top) -> dict[str, Any]:
    entry = top.entry
    return {
        "title": entry.title,
        "release": entry.release_title,
        "plays": _number(entry.counts.plays, "play"),
        "change": _change(entry.counts.plays, top.before),
        "complete": _rate(entry.counts),
    }


def _count(label: str, now: int, before: int | None) -> Line:
    return Line(label, f"{now:,}", "" if before is None else f"{before:,}", _change(now, before))


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _rate(counts: Counts) -> str:
    return "\N{EN DASH}" if counts.completion_rate is None else f"{counts.completion_rate:.0%}".replace("%", " %")


def _points(now: Counts, before: Counts) -> str:
    if now.completion_rate is None or before.completion_rate is None:
        return ""
    points = round(100 * now.completion_rate) - round(100 * before.completion_rate)
    return f"{_signed(points)} point{'' if abs(points) == 1 else 's'}" if points else "the same"


def _change(now: int, before: int | None) -> str:
    """Against nothing there is no percentage."""
    if not before:
        return ""
    percent = round(100 * (now - before) / before)
    return f"{_signed(percent)} %" if percent else "the same"


def _signed(number: int) -> str:
    return f"+{number:,}" if number > 0 else f"{_MINUS}{-number:,}"
