"""What of an event is told at once: what was played how far or shared which way. Nothing of who, and no time."""

from typing import Final, NamedTuple

from actors.events import Channel

BUCKETS: Final = ("partial", "sampled", "complete")
OTHERS: Final = ""  # stands for the keys that there is no room for; a real key is never empty


class Happening(NamedTuple):
    """One way for an event to be like another; how often each occurs is counted."""

    kind: str  # "track" or "release"
    key: str
    what: str  # a play's bucket, or a share's channel
    via: Channel | None = None  # where a play came from

    @property
    def is_play(self) -> bool:
        """It is a share otherwise."""
        return self.what in BUCKETS

    @property
    def of_others(self) -> "Happening":
        """The same without its key."""
        return Happening("track", OTHERS, self.what, self.via)
