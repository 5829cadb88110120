"""The definition of a play (DESIGN §2), worked out from a whole history at once; knows nothing of events and states."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from tests.unit.tracker.simulated_player import Fact

TICKS_PER_SECOND = 4
CUTS = ("lap", "end", "left")


def plays(history: Sequence[Fact]) -> list[str]:
    """The buckets of all plays of a history, in the order in which they are sent."""
    return [bucket for listen in listens(history) if (bucket := sent(listen)) is not None]


def listens(history: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Cut the history where one listen ends and another may begin; a cut belongs to what it ends.

    The length stays known over an end or a lap, and is forgotten with the source it belonged to.
    """
    piece: list[Fact] = []
    for fact in history:
        piece.append(fact)
        if fact.kind in CUTS:
            yield piece
            piece = [] if fact.kind == "left" else [f for f in piece if f.kind == "length"][-1:]
    yield piece


def sent(listen: Sequence[Fact]) -> str | None:
    """What a listen is worth at the first leaving of the page at which it counts, or else where it was cut."""
    moments = [i for i, fact in enumerate(listen) if fact.kind in ("gone", *CUTS)]
    worths = (worth(listen[: i + 1]) for i in moments)
    return next((bucket for bucket in worths if bucket is not None), None)


def worth(listen: Sequence[Fact]) -> str | None:
    """The bucket, by exact fractions; nothing if no sound was heard or the floor was not reached."""
    lengths = [fact.at for fact in listen if fact.kind == "length"]
    first = next((i for i, fact in enumerate(listen) if fact.kind == "sound"), None)
    if first is None:
        return None
    reached = max(fact.at for fact in listen[first:] if fact.kind in ("sound", "jump", "lap", "end"))
    if not lengths:
        return "partial" if reached >= 3 * TICKS_PER_SECOND else None
    share = Fraction(reached, lengths[-1])
    if reached < min(Fraction(3 * TICKS_PER_SECOND), Fraction(lengths[-1], 20)):
        return None
    if share < Fraction(30, 100):
        return "partial"
    return "sampled" if share <= Fraction(80, 100) else "complete"
