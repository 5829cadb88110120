"""The four privacy modes as one table: mode x signal -> what may be derived from a listener (DESIGN §8).

`objected` is any of: `Sec-GPC: 1`, `DNT: 1` (signals.objects), `optOut()` in the tracker.

| mode         | signal   | in the browser              | in the spool              | in PostgreSQL                    |
| ------------ | -------- | --------------------------- | ------------------------- | -------------------------------- |
| `anon-id`    | none     | a random UUID in            | option A's base until the | a pseudonym per target: the      |
|              |          | localStorage until it is    | event is counted, wiped   | track's in `play_event`, as      |
|              |          | cleared, or opt-out, or the | within a minute after     | long as the log is kept; each    |
|              |          | mode forbids it             |                           | in `listener`, until `forget`    |
| `daily-salt` | none     | nothing                     | option B's base, likewise | a token per target, in           |
|              |          |                             |                           | `listener_day`, until the day is |
|              |          |                             |                           | closed (a day after its end at   |
|              |          |                             |                           | the latest); then a count stays  |
| `both`       | none     | as `anon-id`                | both bases                | both                             |
| `off`        | none     | nothing                     | nothing                   | nothing                          |
| any          | objected | nothing but `optOut()`'s    | nothing                   | nothing                          |
|              |          | flag, until `optIn()`       |                           |                                  |

"Nothing" is nothing about a listener: the play itself counts in every row. `forget` works in every mode, since an id
may be older than the mode: its base passes through the spool, and a keyed tag of it stays in `forgotten` for two
days. What an event is filed under is decided by the mode in force when it was accepted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Mode(StrEnum):
    """`[privacy] mode`; the values are the names in configuration and in `GET /api/event/config`."""

    ANON_ID = "anon-id"
    DAILY_SALT = "daily-salt"
    BOTH = "both"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Derives:
    """What one event may leave behind besides its count."""

    pseudonym: bool  # option A: from the id the browser minted
    token: bool  # option B: from address, User-Agent and the salt of the day


_NOTHING: Final = Derives(pseudonym=False, token=False)

TABLE: Final[dict[tuple[Mode, bool], Derives]] = {
    (Mode.ANON_ID, False): Derives(pseudonym=True, token=False),
    (Mode.DAILY_SALT, False): Derives(pseudonym=False, token=True),
    (Mode.BOTH, False): Derives(pseudonym=True, token=True),
    (Mode.OFF, False): _NOTHING,
    (Mode.ANON_ID, True): _NOTHING,
    (Mode.DAILY_SALT, True): _NOTHING,
    (Mode.BOTH, True): _NOTHING,
    (Mode.OFF, True): _NOTHING,
}
"""(mode, objected) -> what is derived."""


def derives(mode: Mode, *, objected: bool) -> Derives:
    """The table's entry; it is total."""
    return TABLE[mode, objected]


def mints(mode: Mode) -> bool:
    """Whether a browser of a listener who does not object may mint an id; elsewhere it removes the one it finds."""
    return derives(mode, objected=False).pseudonym
