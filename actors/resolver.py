"""The release resolver: finds the release of every track a batch plays (spec 2.3, option 2), which keys are other
names of what is counted already, and which count under their own.

It remembers what it has looked up and asks once per batch, not per event, whether the catalog has changed. So
an event accepted after a catalog change is never filed by the catalog before it.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import structlog
import trio

from actors.events import Play, Share
from actors.messages import Resolved, Spooled, SpooledRow
from actors.retry import Tries, until_available
from storage import alias, catalog, uncatalogued
from storage.bridge import Connection, Database
from storage.counters import Target

_MAX_REMEMBERED: Final = 200_000  # keys; strangers can send any number of unknown ones, so memory has a bound

_log = structlog.get_logger(__name__)


class _Learned(NamedTuple):
    """What a look at the database has told."""

    releases: dict[str, str | None]
    own: dict[Target, bool]
    counted_as: dict[Target, Target]
    renames: int


class Resolver:
    """The actor. `new_keys_per_day`: how many keys outside the catalog may get counters of their own each day."""

    def __init__(
        self,
        spooled: trio.MemoryReceiveChannel[Spooled],
        resolved: trio.MemorySendChannel[Resolved],
        database: Database,
        *,
        new_keys_per_day: int,
        tries: Tries | None = None,
    ) -> None:
        self._spooled = spooled
        self._resolved = resolved
        self._database = database
        self._new_keys_per_day = new_keys_per_day
        self._tries = tries
        self._version: catalog.Version | None = None
        self._day = 0  # the latest seen; a new one has room for new keys again
        self._releases: dict[str, str | None] = {}  # track -> release; None: loose or unknown
        self._own: dict[Target, bool] = {}  # whether it counts under its own key
        self._counted_as: dict[Target, Target] = {}  # names looked up -> what they are counted as
        self._warned = False

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Until the batch channel ends; a database that is away is waited for."""
        # Not `async with`: its checkpoint can put a cancellation in the place of an error on its way.
        with self._spooled, self._resolved:
            task_status.started()
            async for batch in self._spooled:
                await self._resolved.send(await self._resolve(batch.rows))

    async def _resolve(self, rows: Sequence[SpooledRow]) -> Resolved:
        named: set[Target] = set()
        for row in rows:
            for event in row.events:
                if isinstance(event, Play):
                    named.add(Target(event.track_key, "track"))
                elif isinstance(event, Share):
                    named.add(Target(event.target_key, event.target_kind))
        day = max(event.moment.day for row in rows for event in row.events)
        learned = await until_available(
            "resolver", lambda: self._database.transaction(self._refresh, named, day), self._tries
        )
        self._releases.update(learned.releases)
        self._own.update(learned.own)
        self._counted_as.update(learned.counted_as)
        own, targets = self._own, {self._counted_as[name] for name in named}
        return Resolved(
            rows,
            {target.key: self._releases[target.key] for target in targets if target.kind == "track" and own[target]},
            frozenset(target for target in targets if not own[target]),
            {name: counted for name in named if (counted := self._counted_as[name]) != name},
            learned.renames,
        )

    async def _refresh(self, connection: Connection, named: set[Target], day: int) -> _Learned:
        """What is not remembered of these names; to be remembered only once this has committed.

        Runs on the database's side; the resolver waits meanwhile, so the cache has one user at a time.
        """
        version = await catalog.version(connection)
        if version != self._version or day > self._day or len(self._counted_as) > _MAX_REMEMBERED:
            self._counted_as.clear()
            self._own.clear()
            self._releases.clear()
            self._version, self._day, self._warned = version, max(day, self._day), False
        new = named - self._counted_as.keys()
        if not new:
            return _Learned({}, {}, {}, version.renames)
        others = await alias.counted(connection, new)
        counted_as = {name: others.get(name, name) for name in new}
        unknown = set(counted_as.values()) - self._own.keys()
        tracks = [target.key for target in unknown if target.kind == "track"]
        found = await catalog.releases_of(connection, sorted(tracks))
        admitted = await uncatalogued.admit(connection, unknown, date.fromordinal(self._day), self._new_keys_per_day)
        self._warn(len(unknown) - len(admitted))
        return _Learned(
            {key: found.get(key) for key in tracks},
            {target: target in admitted for target in unknown},
            counted_as,
            version.renames,
        )

    def _warn(self, refused: int) -> None:
        if refused and not self._warned:
            self._warned = True
            _log.warning(
                "more new keys today than [limits] new_keys_per_day; further ones are counted under one unknown target",
                limit=self._new_keys_per_day,
            )
