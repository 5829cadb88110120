"""Durations, sizes and times as people read them."""

from datetime import datetime
from typing import Final

_UNITS: Final = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def duration(seconds: float | None) -> str:
    """In its largest unit: 3 hours. Under a minute in seconds."""
    if seconds is None:
        return "not known"
    for size, name in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return f"{seconds:.0f} seconds" if seconds >= 10 else f"{max(0.0, seconds):.1f} seconds"


def size(number: int) -> str:
    """In powers of 1024: 12.3 MiB."""
    if number < 1024:
        return f"{number} bytes"
    power = next((power for power in range(1, 4) if number < 1024 ** (power + 1)), 4)
    return f"{number / 1024**power:,.1f} {('KiB', 'MiB', 'GiB', 'TiB')[power - 1]}"


def moment(at: datetime) -> str:
    """21 Nov 2026, 18:05."""
    return f"{at.day} {at:%b %Y, %H:%M}"
