"""What the distinct sets say to who reads the transaction ids of their rows.

Somebody's first play puts a row for the track and a row for the site into one transaction; their first play of
another track only one for the track. So where a transaction has as many new rows for the site as for tracks,
all in it were there for the first time, and none of their names on other tracks can be older. The same holds
for a release and the tracks on it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SetRow:
    """A row of `listener` or `listener_day`: the transaction's number, the target, and for tracks the name."""

    place: int
    kind: str
    key: str
    name: bytes


class Beginnings:
    """When each name came, and what its listener began with it."""

    def __init__(self, rows: Iterable[SetRow], release_of: Mapping[str, str]) -> None:
        """`release_of`: track key to release key, as the log tells it."""
        self._place: dict[bytes, int] = {}
        self._began: defaultdict[bytes, set[str]] = defaultdict(set)  # site (""), release keys
        self._release: dict[bytes, str] = {}
        wholes: Counter[tuple[int, str]] = Counter()
        names: defaultdict[tuple[int, str], list[bytes]] = defaultdict(list)
        for row in rows:
            if row.kind != "track":
                wholes[row.place, row.key] += 1
                continue
            self._place[row.name] = row.place
            self._release[row.name] = release_of[row.key]
            for whole in ("", release_of[row.key]):
                names[row.place, whole].append(row.name)
        for (place, whole), new in names.items():
            if wholes[place, whole] == len(new):
                for name in new:
                    self._began[name].add(whole)

    def exclude(self, one: bytes, other: bytes) -> bool:
        """Whether these two names on different tracks cannot be one listener's."""
        return self._older_than_beginning(one, other) or self._older_than_beginning(other, one)

    def _older_than_beginning(self, began: bytes, other: bytes) -> bool:
        if self._place[other] >= self._place[began]:
            return False
        wholes = self._began.get(began, set())
        return "" in wholes or (self._release[other] in wholes and self._release[other] == self._release[began])
