"""The cells of a row, and a sentence for each that is wrong."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from server.bodies import LONGEST_KEY

Text = Mapping[str, str]

OLDEST: Final = date(1995, 1, 1)  # before it nobody counted plays on the web: such a date is a mistake
_MOST: Final = 10**12  # of any figure: sums of such still fit
_RULES: Final = range(1, 1000)


class Mistake(Exception):  # a sentence about a row, not an error of the program
    """What is wrong with a row."""


def key(row: Text, name: str, *, empty: bool = False) -> str:
    """A key as events have it."""
    value = row.get(name, "")
    if empty and value == "":
        return value
    if not 1 <= len(value.encode("utf-8", "surrogatepass")) <= LONGEST_KEY or not _storable(value):
        raise Mistake(f"{name} must be text of 1 to {LONGEST_KEY} bytes, not {value!r:.80}.")
    return value


def optional_key(row: Text, name: str) -> str | None:
    """None where the cell is empty or missing."""
    return key(row, name) if row.get(name) else None


def text(row: Text, name: str) -> str | None:
    """None where the cell is empty or missing."""
    value = row.get(name) or None
    if value is not None and not _storable(value):
        raise Mistake(f"{name} has a character that cannot be stored.")
    return value


def choice(row: Text, name: str, allowed: Collection[str]) -> str:
    """One of these."""
    value = row.get(name, "")
    if value not in allowed:
        raise Mistake(f"{name} must be one of {', '.join(sorted(allowed))}, not {value!r:.40}.")
    return value


def optional_choice(row: Text, name: str, allowed: Collection[str]) -> str | None:
    """None where the cell is empty or missing."""
    return choice(row, name, allowed) if row.get(name) else None


def number(row: Text, name: str) -> int:
    """A count; 0 where the cell is empty or missing."""
    value = row.get(name) or "0"
    if not (value.isascii() and value.isdigit()) or int(value) > _MOST:
        raise Mistake(f"{name} must be a whole number from 0 to {_MOST:,}, not {value!r:.40}.")
    return int(value)


def rule_version(row: Text) -> int:
    """1 where it is not told."""
    found = number(row, "rule_version") or 1
    if found not in _RULES:
        raise Mistake(f"rule_version must be a number below {_RULES.stop}, not {found}.")
    return found


def truth(row: Text, name: str) -> bool:
    """False where the cell is empty or missing."""
    return choice(row, name, ("true", "false", "True", "False", "t", "f", "")) in ("true", "True", "t")


def hexadecimal(row: Text, name: str, size: int) -> bytes:
    """So many bytes."""
    try:
        found = bytes.fromhex(row.get(name, ""))
    except ValueError:
        found = b""
    if len(found) != size:
        raise Mistake(f"{name} must be {2 * size} hexadecimal digits.")
    return found


def day(row: Text, name: str, today: date) -> date:
    """A day up to today."""
    found = _day(row.get(name, ""))
    if found is None:
        raise Mistake(f"{name} must be a day as 2026-11-21, not {row.get(name, '')!r:.40}.")
    if not OLDEST <= found <= today:
        raise Mistake(f"{name} is {found}; days from {OLDEST} to today, {today}, can be imported.")
    return found


def optional_day(row: Text, name: str, today: date) -> date | None:
    """None where the cell is empty or missing."""
    return day(row, name, today) if row.get(name) else None


def hour(row: Text, name: str) -> datetime:
    """A moment, cut to its hour: a finer one is not kept."""
    found = moment(row.get(name, ""))
    if found is None or found.tzinfo is None:
        raise Mistake(f"{name} must be a time as 2026-11-21T18:00:00Z, not {row.get(name, '')!r:.40}.")
    return found.replace(minute=0, second=0, microsecond=0)


@lru_cache(maxsize=4096)
def moment(value: str) -> datetime | None:
    """ISO 8601; in UTC where it names its offset."""
    try:
        found = datetime.fromisoformat(value)
        return found if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def same_day(at: datetime, of_day: date) -> bool:
    """Whether this hour (UTC) is in that day somewhere on earth."""
    return abs(at.date() - of_day) <= timedelta(days=1)


@lru_cache(maxsize=4096)
def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _storable(value: str) -> bool:
    return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
