"""What processes say to each other, as text for NOTIFY, whose payload has less than 8,000 bytes. Pure.

A process tells what it has counted, once a second. Who comes later or was not connected asks; then each tells the whole
of its own hour, which takes the place of what was known of it. So nothing is lost for long, and nothing counts twice.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from actors.events import Channel
from actors.happening import Happening
from actors.hour import Counts, Hour
from actors.report import Report

MOST_BYTES: Final = 7_900  # of a payload

Entry = tuple[str, str, str, Channel | None, int]


class Counted(msgspec.Struct, frozen=True, array_like=True, tag="counted"):
    """This has been counted; with `part` it belongs to the hour that is being told."""

    source: str
    number: int  # makes a payload unlike any other of its source: NOTIFY drops what is the same within a transaction
    minute: int
    entries: list[Entry]
    part: bool = False

    @property
    def counts(self) -> dict[Happening, int]:
        """How often what happened."""
        return {Happening(kind, key, what, via): number for kind, key, what, via, number in self.entries}


class Anew(msgspec.Struct, frozen=True, array_like=True, tag="anew"):
    """The whole hour of this process follows."""

    source: str
    number: int


class Whole(msgspec.Struct, frozen=True, array_like=True, tag="whole"):
    """That was all of it."""

    source: str
    number: int


class Ask(msgspec.Struct, frozen=True, array_like=True, tag="ask"):
    """Somebody wants to know the hour of everybody, and how they stand."""

    source: str
    number: int


class Said(msgspec.Struct, frozen=True, array_like=True, tag="said"):
    """How this process stands."""

    source: str
    number: int
    report: Report


class Ended(msgspec.Struct, frozen=True, array_like=True, tag="ended"):
    """This process stops, and will say nothing more."""

    source: str
    number: int


Message = Counted | Anew | Whole | Ask | Said | Ended

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Message)


class Teller:
    """Words of one process, numbered."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._number = 0

    def counted(self, minute: int, counts: Counts, *, part: bool = False) -> Iterator[str]:
        """In as many payloads as it takes."""
        entries: list[Entry] = []
        size = 0
        for happening, number in counts.items():
            entry: Entry = (*happening, number)
            more = len(_ENCODER.encode(entry)) + 1
            if entries and size + more > MOST_BYTES - 200:  # what stands around the entries
                yield self._text(Counted(self._source, self._next(), minute, entries, part))
                entries, size = [], 0
            entries.append(entry)
            size += more
        if entries:
            yield self._text(Counted(self._source, self._next(), minute, entries, part))

    def hour(self, hour: Hour) -> Iterator[str]:
        """All of it."""
        yield self._text(Anew(self._source, self._next()))
        for minute, counts in hour:
            yield from self.counted(minute, counts, part=True)
        yield self._text(Whole(self._source, self._next()))

    def ask(self) -> str:
        """For everybody's hour."""
        return self._text(Ask(self._source, self._next()))

    def said(self, report: Report) -> str:
        """How it stands."""
        return self._text(Said(self._source, self._next(), report))

    def ended(self) -> str:
        """The last word."""
        return self._text(Ended(self._source, self._next()))

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _text(self, message: Message) -> str:
        return _ENCODER.encode(message).decode()


def heard(payload: str) -> Message | None:
    """What was said; None for what this version does not understand."""
    try:
        message: Message = _DECODER.decode(payload)
    except msgspec.DecodeError:
        return None
    return message
