"""How the doctor says numbers and times, and that it says no address."""

import re
from collections.abc import Iterable
from typing import Final

from privacy.address import packed

# Of errors that others word, such as a driver's "Connect call failed ('192.0.2.1', 5432)".
_IPV4: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:%\w+)?(?![\w:])")
_URL_LOGIN: Final = re.compile(r"(?<=://)[^/\s@]+@")

START_IT: Final = "Start the service and ask again."
NEEDS_DATABASE: Final = "See what is said of the database, and ask again."


def without_addresses(text: str) -> str:
    """The same with every IP address, and every login of a URL, left out."""
    return _IPV6.sub(_hidden, _IPV4.sub(_hidden, _URL_LOGIN.sub("", text)))


def _hidden(match: re.Match[str]) -> str:
    """A time has colons as well, and a version three points."""
    return match[0] if packed(match[0]) is None else "(address)"


def size(number: float) -> str:
    """Bytes, for people."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:,.0f} {unit}" if unit in ("bytes", "KiB") or number >= 100 else f"{number:,.1f} {unit}"
        number /= 1024
    return f"{number:,.1f} TiB"


def duration(seconds: float) -> str:
    """In the largest unit that gives more than one of it."""
    for unit, length in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def count(number: int, one: str, many: str = "") -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Iterable[str]) -> str:
    """`a, b and c`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
