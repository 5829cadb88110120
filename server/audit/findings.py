"""What a search has found: where, never what stands there or around it."""

from dataclasses import asdict, dataclass, field


@dataclass(slots=True)
class Finding:
    """The same thing in the same place, counted. `offset` is the first one's in bytes; None in a table."""

    place: str
    what: str
    offset: int | None
    times: int = 1

    def __str__(self) -> str:
        at = "" if self.offset is None else f" at byte {self.offset:,}"
        times = "" if self.times == 1 else f", {self.times:,} times"
        return f"{self.place}{at}: {self.what}{times}"


@dataclass(slots=True)
class Findings:
    """`found` and `unread` make the audit fail: what could not be searched is not clean."""

    found: dict[tuple[str, str], Finding] = field(default_factory=dict)
    noted: dict[tuple[str, str], Finding] = field(default_factory=dict)  # in what the site wrote
    unread: list[str] = field(default_factory=list)  # sentences
    rows: int = 0
    events: int = 0  # waiting in spools
    files: int = 0
    file_bytes: int = 0

    @property
    def clean(self) -> bool:
        return not self.found and not self.unread

    def add(self, place: str, what: str, offset: int | None = None) -> None:
        """Must not be there."""
        _count(self.found, place, what, offset)

    def note(self, place: str, what: str) -> None:
        """May be there: the site, or whoever sent an event, wrote it as a key or title."""
        _count(self.noted, place, what, None)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "clean": self.clean,
            "findings": [asdict(finding) for finding in self.found.values()],
            "notices": [asdict(finding) for finding in self.noted.values()],
            "unread": self.unread,
            "searched": {
                "rows": self.rows,
                "events": self.events,
                "files": self.files,
                "bytes": self.file_bytes,
            },
        }


def _count(into: dict[tuple[str, str], Finding], place: str, what: str, offset: int | None) -> None:
    if known := into.get((place, what)):
        known.times += 1
    else:
        into[place, what] = Finding(place, what, offset)
