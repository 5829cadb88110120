"""The terms in which the inventory speaks."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column is to a listener."""

    PSEUDONYM = "pseudonym"  # option A: keyed, per target
    TOKEN = "token"  # noqa: S105  # option B, per target and day; no password
    TOMBSTONE = "tombstone"  # keyed, of a listener who asked to be forgotten
    COUNT = "count"
    TIME = "time"  # an hour or a day
    EVENT = "event"  # what was played or copied, how far, which way
    SALT = "salt"
    KEY = "key"
    TEXT = "text"  # keys, titles, reasons: written by the site, its operator, or whoever sends events
    NOTHING = "nothing"  # says nothing about a listener


@dataclass(frozen=True, slots=True)
class Fact:
    """About a column: what it holds, how long it lives, why it is there."""

    kind: Kind
    holds: str
    lives: str = ""
    why: str = ""
    is_uuid: bool = False  # it holds a UUID by design, and not a listener's


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is no table."""

    where: str
    holds: str
    lives: str
    why: str
