"""The clocks: days, salts and hours hang on them."""

import ctypes
import shutil
import subprocess
from datetime import date, datetime
from typing import Final

from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import NEEDS_DATABASE, duration

_WARN_S: Final = 2.0
_FAIL_S: Final = 60.0
_NOT_SYNCHRONISED: Final = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES: Final = 512  # the structure has 208 bytes on 64 bits; zeros ask and change nothing
_PATIENCE_S: Final = 5
_SET_IT: Final = "Have the machine's clock set by a time server: timedatectl set-ntp true, or chrony."


def synchronised() -> bool | None:
    """Whether the kernel's clock follows a time server; None where nobody tells."""
    told = _adjtimex()
    return _timedatectl() if told is None else told


def _adjtimex() -> bool | None:
    """The kernel's own word; chrony, ntpd and systemd-timesyncd all leave it there."""
    try:
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else bool(state != _NOT_SYNCHRONISED)


def _timedatectl() -> bool | None:
    program = shutil.which("timedatectl")
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  # by its whole path, with words of our own
            [program, "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {"yes": True, "no": False}.get(done.stdout.strip())


def clock(ahead_s: float | None, now: datetime) -> Finding:
    """`ahead_s`: how far this machine's clock is before the database's, give or take the way there and back.

    `now`: on the site's clock.
    """
    code = "clock"
    if ahead_s is None:
        return unknown(code, "This machine's clock cannot be held against the database's.", NEEDS_DATABASE)
    apart = abs(ahead_s)
    sentence = (
        f"This machine's clock is {duration(apart)} {'ahead of' if ahead_s > 0 else 'behind'} the database's: events "
        "are filed under the wrong hour, around midnight under the wrong day."
    )
    if apart > _FAIL_S:
        return fail(code, sentence, f"{_SET_IT} The same on the database's machine.")
    if apart > _WARN_S:
        return warn(code, sentence, f"{_SET_IT} The same on the database's machine.")
    zone = getattr(now.tzinfo, "key", "UTC")
    return ok(
        code,
        f"This machine's clock and the database's agree within {_WARN_S:.0f} s. For the site it is "
        f"{now:%Y-%m-%d %H:%M} ({zone}).",
    )


def clock_sync(told: bool | None) -> Finding:
    """As `synchronised` tells."""
    code = "clock-sync"
    if told is None:
        return unknown(
            code, "Whether a time server sets the clock cannot be told on this machine.", "Look with: timedatectl"
        )
    if not told:
        return warn(code, "No time server sets this machine's clock: it drifts by seconds a day.", _SET_IT)
    return ok(code, "A time server sets this machine's clock.")


def clock_back(now: datetime, newest: date | None, salt_made_at: datetime | None, *, asked: bool) -> Finding:
    """`now`: on the site's clock. `newest`: the last day on which an event was accepted, as the database has it; what
    is stored is no finer than an hour. `asked`: whether the database could be asked.
    """
    code = "clock-back"
    if not asked:
        return unknown(code, "Whether the clock went back cannot be told.", NEEDS_DATABASE)
    mend = (
        f"{_SET_IT} If it was ahead before and is right now, wait: until it has caught up, listeners of the day are "
        "not counted."
    )
    if newest is not None and newest > now.date():
        return fail(code, f"An event was accepted on {newest}, and by this machine's clock it is {now.date()}.", mend)
    if salt_made_at is not None and (salt_made_at - now).total_seconds() > _FAIL_S:
        behind = duration((salt_made_at - now).total_seconds())
        return fail(code, f"The salt of the day was made {behind} from now, by this machine's clock.", mend)
    return ok(code, "The clock is not behind the last event, nor behind the salt of the day.")
