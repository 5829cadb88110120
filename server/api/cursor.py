"""The opaque cursor of a list: where the page before ended, and the whole question, so that its days stay the same.

A leaderboard goes on behind its last entry's figure and key, not behind a number of entries: what comes or goes before
that moves nothing. docs/api.md says what this promises.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import date
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Struct

from server.api.parameters import Board, CatalogQuery
from server.questions import AskError
from server.span import CUSTOM, Span, pick
from storage.leaderboard import After, Entry, Kind
from storage.series import Step

T = TypeVar("T", bound=Struct)
_TITLE: Final = 400  # letters; storage/leaderboard.py sorts by the first 200 once they are in lower case


class BoardPlace(Struct, frozen=True, array_like=True):
    """Behind which entry of which board."""

    kind: Kind
    asked: dict[str, Any]  # the parameters that were given
    name: str
    first: date
    last: date
    step: Step
    key: str
    worth: float
    title: str

    @property
    def span(self) -> Span:
        return Span(self.name, self.first, self.last, self.step)

    @property
    def after(self) -> After:
        return After(self.key, self.worth, self.title)


class CatalogPlace(Struct, frozen=True, array_like=True):
    """Behind which entry of the catalog; releases come first."""

    kind: Kind
    key: str


def after_entry(query: Board, kind: Kind, span: Span, entry: Entry) -> str:
    """The cursor of the page behind `entry`."""
    title = entry.title[:_TITLE] if query.sort == "title" else ""
    return write(
        BoardPlace(kind, _given(query), span.name, span.first, span.last, span.step, entry.key, entry.worth, title)
    )


def resume(query: Board, kind: Kind) -> tuple[Board, BoardPlace]:
    """The question that the cursor carries, and where it goes on. Raises AskError."""
    assert query.cursor is not UNSET
    place = read(query.cursor, BoardPlace)
    if place.kind != kind:
        raise AskError(f"This cursor is of {place.kind}s; send it to the address that gave it.")
    try:
        whole = msgspec.convert({**place.asked, "limit": query.limit}, type(query))
    except msgspec.ValidationError:
        raise _unknown() from None
    # Whoever made the cursor up may not ask for more steps than anybody else.
    first, last = place.first.isoformat(), place.last.isoformat()
    pick(CUSTOM, place.last, since=None, first=first, last=last, step=place.step)
    for name, value in _given(query).items():
        if place.asked.get(name) != value:
            raise AskError(f"This cursor belongs to another question: {name} was not {value!r:.80} on the first page.")
    return whole, place


def _given(query: Board) -> dict[str, Any]:
    """What differs from the defaults, but for the page."""
    given: dict[str, Any] = msgspec.to_builtins(query)
    defaults = msgspec.to_builtins(type(query)())
    return {
        name: value for name, value in given.items() if name not in ("cursor", "limit") and value != defaults.get(name)
    }


def write(place: BoardPlace | CatalogPlace) -> str:
    """Text that an address can hold as it is."""
    return urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def read(text: str, form: type[T]) -> T:
    """Raises AskError where it was not made by `write`."""
    try:
        place = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=form)
    except (NotBase64, ValueError, RecursionError):  # msgspec's errors are ValueErrors
        raise _unknown() from None
    texts = [value for value in msgspec.structs.astuple(place) if isinstance(value, str)]
    if any("\x00" in value for value in texts):
        raise _unknown()
    return place


def begins_behind(query: CatalogQuery) -> CatalogPlace:
    """Where a page of the catalog begins. Raises AskError."""
    return CatalogPlace("release", "") if query.cursor is UNSET else read(query.cursor, CatalogPlace)


def _unknown() -> AskError:
    return AskError("The cursor is none that this service gave; begin again without it.")
