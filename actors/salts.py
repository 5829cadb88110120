"""The salts of a process: what the salt rotator puts in, and every event asks for."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Salt:
    """Serves the events of one day of the site's clock, and no other."""

    day: int  # proleptic Gregorian ordinal
    generation: int  # which of the day's salts; tokens of an earlier one are left out
    secret: bytes = field(repr=False)  # 32 bytes
    made_at: float = field(default=0.0, compare=False)  # seconds since 1970, on whose clock it was asked


class Salts:
    """The salt in force, and beside it tomorrow's where another process's clock was ahead of ours."""

    def __init__(self) -> None:
        self._by_day: dict[int, Salt] = {}

    def of(self, day: int) -> Salt | None:
        """The salt that may serve events of this day; None: no token is made."""
        return self._by_day.get(day)

    def put(self, salt: Salt) -> None:
        """Serve its day with it; one of the same day is forgotten."""
        self._by_day[salt.day] = salt

    def forget(self, day: int) -> None:
        """This day's salt, where there is one."""
        self._by_day.pop(day, None)

    def forget_before(self, day: int) -> None:
        """Every salt of an earlier day: its day is over."""
        for earlier in [known for known in self._by_day if known < day]:
            del self._by_day[earlier]
