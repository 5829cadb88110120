"""One process's tree (DESIGN §4): the actors, and the doors in front of them.

    connections to the database
      └─ actors (outer nursery): ingest -> resolver -> counter writer, and in worker 0 the heirs of abandoned spools
           └─ front (inner nursery): the beacon listener, and Hypercorn with the quart-trio app

Stopping goes from the inside out. The front closes, which closes the last sender into ingest; each actor drains
its channel, closes the next one and returns; then the connections are closed. What cannot be counted within the
time for that waits in the spool for the next start.
"""

import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Final, Protocol
from uuid import UUID

import structlog
import trio

from actors.canary import Canary, Sight
from actors.catalog_puller import CatalogPuller
from actors.hour import Counts
from actors.housekeeper import Findings, Housekeeper
from actors.ingest import Ingest
from actors.leader import Leader
from actors.ledger import Ledger
from actors.messages import BATCHES, SUBMISSIONS, Resolved, Spooled, Submission
from actors.meters import Meters
from actors.networks import Networks
from actors.pulse import Pulse
from actors.resolver import Resolver
from actors.retry import Tries, until_available
from actors.rotator import Rotator
from actors.salts import Salts
from actors.waiting import Waiting
from actors.writer import Writer
from privacy.address import TrustedProxies
from server import app, catalog_pull, dashboard, opening, probes
from server.access.ways import ways_in
from server.alerts import wiring as alerts
from server.beacon import Listener
from server.calendar import Calendar
from server.canary import Canaries
from server.canary_post import Post
from server.config import Config
from server.crawlers import Crawlers
from server.events import Events, Listeners
from server.farewell import Farewell
from server.front import Front
from server.limiter import Limiter
from server.live import Live
from server.metrics import Metrics, Sources
from server.readiness import Readiness
from server.standing import Backlog, Standing
from server.watch import Watch
from storage import cursor
from storage.bridge import Address, Database
from storage.retention import Keep
from storage.spool import Spool, SpoolUnavailable

DRAIN_S: Final = 15.0  # how long a stop may take to count what is spooled; systemd's default patience is 90 s

_log = structlog.get_logger(__name__)


class Actor(Protocol):
    """Runs until the channel it receives from ends."""

    async def run(self, *, task_status: trio.TaskStatus[None] = ...) -> None: ...


class ActorEnded(Exception):
    """A permanent actor returned although nobody had closed its channel: a bug, and no counting without it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a process stands: what it shares with the others, and which of them it is."""

    data_dir: Path
    http_socket: socket.socket
    beacon_socket: socket.socket
    address: Address
    audio: Path | None  # the demo's music; None: no demo
    number: int = 0
    workers: int = 1
    beat: Callable[[], None] = lambda: None  # called as long as the process does its work
    beat_every_s: float = 0.0  # 0: nobody wants to know


@dataclass(frozen=True, slots=True)
class Chance:
    """Randomness and time, which are arguments below the edge."""

    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    now: Callable[[], float] = time.time


async def run_tree(
    config: Config,
    place: Place,
    stop: trio.Event,
    live: Live,
    chance: Chance,
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until `stop` is set. Raises `opening.CannotStart`, and whatever brought an actor down."""
    secret = opening.secret(config, place.data_dir, chance.random_bytes)
    connections = max(opening.FEWEST_CONNECTIONS, opening.CONNECTIONS // place.workers)
    connections += opening.LEADERS_CONNECTIONS if place.number == 0 else 0
    async with (
        opening.connected(place.address, connections) as database,
        opening.spool(place.data_dir, place.number, config.spool.max_mib) as spool,
    ):
        key = await opening.pseudonym_key(secret, database, chance.random_bytes)
        listeners = Listeners(live, key, Salts())
        life, its_end = trio.open_memory_channel[None](0)
        counting = Counting(config, database, chance, lambda counts: pulse.counted(counts))
        to_ingest, actors = await counting.chain(spool)
        ledger = counting.ledger
        networks, canaries = Networks(time.monotonic), Canaries(key, chance.now)
        events = Events(
            to_ingest,
            ledger,
            Limiter(
                config.limits.events_per_minute, config.limits.burst, key=chance.random_bytes(32), now=time.monotonic
            ),
            Crawlers(key=chance.random_bytes(32)) if config.limits.refuse_crawlers else None,
            Calendar(config.zone, chance.now),
            listeners,
            origins=frozenset(config.site.origins),
            trusted=TrustedProxies.parse(config.http.trusted_proxies),
            networks=networks,
            canaries=canaries,
        )

        def now() -> datetime:
            return datetime.fromtimestamp(chance.now(), config.zone)

        rotator = Rotator(
            its_end,
            database,
            listeners.salts,
            secrets=lambda: opening.secrets(config, place.data_dir, known=secret),
            random_bytes=chance.random_bytes,
            now=now,
            needed=lambda: listeners.makes_tokens,
            spool_id=spool.spool_id,
            drained=lambda: spool.pending_events == 0,
        )
        live.on_reload(rotator.look_now)
        findings = Findings()
        keep = Keep(config.retention.log_months, config.retention.daily_months)
        leader = Leader(its_end.clone(), database)
        housekeeper = Housekeeper(
            its_end.clone(),
            database,
            findings,
            check_every_s=config.housekeeping.check_every_h * 3600,
            now=chance.now,
            today=lambda: now().date(),
            keep=keep,
            leads=lambda: leader.leads,
        )
        leader.on_election(housekeeper.look_now)
        access = ways_in(
            config,
            database,
            secrets=lambda: opening.secrets(config, place.data_dir, known=secret),
            now=chance.now,
            monotonic=time.monotonic,
            random_bytes=chance.random_bytes,
        )
        canary = _canary(config, place, spool, its_end, database, canaries, chance)
        sight = canary.sight if canary else Sight
        standing = Standing(
            place.number,
            int(chance.now()),
            ledger,
            lambda: counting.backlog(spool),
            lambda: live.mode,
            rotator,
            findings,
            networks.crowd,
            sight,
            leader,
        )
        pulse = Pulse(
            its_end.clone(),
            database,
            source=chance.random_bytes(8).hex(),
            now=chance.now,
            report=standing.report,
        )
        readiness = Readiness(
            spool.probe,
            stopping=stop.is_set,
            database_up=lambda: pulse.connected and not counting.tries.waiting,
        )
        metrics = Metrics(
            Sources(
                ledger=ledger,
                pending=lambda: counting.pending(spool),
                backlog=lambda: counting.backlog(spool),
                spool=spool,
                findings=findings,
                rotator=rotator,
                meters=counting.meters,
                tries=counting.tries,
                pulse=pulse,
                readiness=readiness,
                crowd=networks.crowd,
                canary=sight,
                started_at=chance.now(),
                today=lambda: now().date(),
                worker=place.number if place.workers > 1 else None,
            )
        )
        parts = app.Parts(
            events,
            database,
            lambda: live.mode,
            lambda: now().date(),
            metrics,
            readiness,
            Limiter(
                config.limits.api_per_minute, config.limits.api_burst, key=chance.random_bytes(32), now=time.monotonic
            ),
            dashboard.link_limiter(chance.random_bytes(32), time.monotonic),
            place.audio,
            access,
            pulse,
            chance.now,
            config.zone,
            keep,
            config.stats.min_listeners,
            catalog_bytes=config.limits.catalog_mib << 20,
            meters=counting.meters,
        )

        async with trio.open_nursery() as outer:
            for actor in actors:
                await outer.start(_permanent, actor, stop)
            # Before the housekeeper: it says that a day is past, which that one then closes.
            await outer.start(_permanent, rotator, stop)
            await outer.start(_permanent, pulse, stop)
            if place.number == 0:
                outer.start_soon(counting.inherit, place.data_dir, place.workers)
                await outer.start(_permanent, leader, stop)
                await outer.start(_permanent, housekeeper, stop)
                for actor in _now_and_then(config, place, database, its_end, live, now, leader):
                    await outer.start(_permanent, actor, stop)
            if canary is not None:
                await outer.start(_permanent, canary, stop)
            outer.start_soon(_until, stop, readiness.run)
            if place.beat_every_s:
                watch = Watch(database, counting.tries, lambda: counting.pending(spool), place.beat, place.beat_every_s)
                outer.start_soon(_until, stop, watch.run)
            async with to_ingest, life, trio.open_nursery() as inner:
                farewell = Farewell(TrustedProxies.parse(config.http.trusted_proxies), config.http.proxy_idle_s)
                await inner.start(Front(app.build(parts), place.http_socket, farewell).run, stop)
                door = Listener(
                    place.beacon_socket,
                    events,
                    config.beacon,
                    farewell,
                    chance.now,
                    probes.probes(readiness),
                    counting.meters,
                )
                await inner.start(door.run, stop)
                inner.start_soon(_end_streams, pulse, stop)
                task_status.started()
            # The front is closed, and with it the last sender into ingest: the actors drain and return.
            outer.cancel_scope.deadline = trio.current_time() + DRAIN_S
        if waiting := spool.pending_events:
            _log.warning(
                "stopped before everything was counted; the rest is counted at the next start", waiting=waiting
            )


def _now_and_then(
    config: Config,
    place: Place,
    database: Database,
    life: trio.MemoryReceiveChannel[None],
    live: Live,
    now: Callable[[], datetime],
    leader: Leader,
) -> Iterator[Actor]:
    """What is off unless it is configured, and done by the process that leads."""
    source = catalog_pull.source_of(config.catalog)
    if source is not None and config.catalog.every_min:
        leader.on_election(source.forget)

        async def pull() -> str:
            return str(await catalog_pull.pull(source, database))

        yield CatalogPuller(life.clone(), pull, every_s=config.catalog.every_min * 60, turn=leader.turn)
    herald = alerts.herald(config.alerts, place.data_dir, life, database, lambda: live.mode, now, leader.turn)
    if herald is not None:
        yield herald


def _canary(
    config: Config,
    place: Place,
    spool: Spool,
    life: trio.MemoryReceiveChannel[None],
    database: Database,
    canaries: Canaries,
    chance: Chance,
) -> Canary | None:
    """Of one process, unless it is turned off."""
    if place.number or not config.canary.every_s:
        return None
    sender = UUID(spool.spool_id).bytes  # stays over restarts, and is no other machine's
    return Canary(
        life.clone(),
        database,
        Post(canaries, sender, place.beacon_socket, config.canary.url, config.site.origins).send,
        sender=sender,
        every_s=config.canary.every_s,
        now=chance.now,
        today=lambda: datetime.fromtimestamp(chance.now(), config.zone).date(),
        random_bytes=chance.random_bytes,
    )


class Counting:
    """Makes chains of actors from a spool to the database, all with one ledger."""

    def __init__(
        self, config: Config, database: Database, chance: Chance, tell: Callable[[Counts], None] | None = None
    ) -> None:
        self.ledger = Ledger()
        self.tries = Tries()
        self.meters = Meters()
        self._tell = tell
        self._waiting: dict[Spool, Waiting] = {}
        self._new_keys_per_day = config.limits.new_keys_per_day
        self._max_mib = config.spool.max_mib
        self._inherited: Spool | None = None
        self._database = database
        self._now = chance.now
        self._zone = config.zone
        # It orders rows, and is not asked to be unpredictable to who knows its past.
        self._random = Random(chance.random_bytes(32))  # noqa: S311

    def _today(self) -> date:
        return datetime.fromtimestamp(self._now(), self._zone).date()

    async def chain(self, spool: Spool) -> tuple[trio.MemorySendChannel[Submission], Sequence[Actor]]:
        """The way in, and the three actors behind it."""
        counted, slot = await opening.position(self._database, spool, self._today())
        self.ledger.recovered += spool.pending_events
        self.ledger.spooled += spool.pending_events
        recovered_through = spool.last_seq if spool.pending_events else 0
        waiting = self._waiting[spool] = Waiting(trio.current_time(), recovered_through=recovered_through)
        to_ingest, submissions = trio.open_memory_channel[Submission](SUBMISSIONS)
        to_resolver, spooled = trio.open_memory_channel[Spooled](BATCHES)
        to_writer, resolved = trio.open_memory_channel[Resolved](BATCHES)
        return to_ingest, (
            Ingest(submissions, to_resolver, spool, self.ledger, fed=counted, waiting=waiting),
            Resolver(spooled, to_writer, self._database, new_keys_per_day=self._new_keys_per_day, tries=self.tries),
            Writer(
                resolved,
                self._database,
                spool,
                self.ledger,
                self._random,
                counted=counted,
                slot=slot,
                waiting=waiting,
                tell=self._tell,
                tries=self.tries,
                meters=self.meters,
            ),
        )

    async def inherit(self, data_dir: Path, workers: int) -> None:
        """Count what spools of worker numbers that no longer exist still hold, and remove them."""
        for path in opening.abandoned_spools(data_dir, workers):
            async with opening.abandoned_spool(path, self._max_mib) as spool:
                emptied = spool is not None and await self._emptied(spool, path.name)
            if emptied:
                opening.remove_spool(path)

    async def _emptied(self, spool: Spool, name: str) -> bool:
        """Whether all of it is counted and gone from the file; what is not is left for the next start."""
        _log.info("counting what an earlier worker left", spool=name, waiting=spool.pending_events)
        try:
            to_ingest, actors = await until_available("heir", lambda: self.chain(spool))
        except SpoolUnavailable as error:
            _log.warning("what an earlier worker left has to wait", spool=name, reason=str(error))
            return False
        self._inherited = spool
        await to_ingest.aclose()  # nobody hands anything in: the chain empties the spool and ends
        async with trio.open_nursery() as nursery:
            for actor in actors:
                nursery.start_soon(actor.run)
        self._inherited = None
        del self._waiting[spool]
        if spool.pending_events:  # counted, but the disk did not let them go: the cursor keeps them from counting twice
            return False
        # No day waits for it any more.
        await until_available("heir", lambda: self._database.run(cursor.forget_cursor, spool.spool_id))
        return True

    def pending(self, own: Spool) -> int:
        """Events in this process's hands that are not yet known to be counted."""
        return own.pending_events + (self._inherited.pending_events if self._inherited else 0)

    def backlog(self, own: Spool) -> Backlog:
        """What waits, where, and for how long."""
        now = trio.current_time()
        return Backlog(
            bytes=own.pending_bytes + (self._inherited.pending_bytes if self._inherited else 0),
            oldest_s=max(waiting.age(now) for waiting in self._waiting.values()),
            lag_s=self._waiting[own].lag,
        )


async def _permanent(
    actor: Actor, stop: trio.Event, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    await actor.run(task_status=task_status)
    if not stop.is_set():
        raise ActorEnded(f"{type(actor).__name__} ended while the service was running")


async def _end_streams(pulse: Pulse, stop: trio.Event) -> None:
    """A live stream has no end of its own, and would hold up the front until it is cut."""
    await stop.wait()
    pulse.audience.end()


async def _until(stop: trio.Event, work: Callable[[], Awaitable[None]]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        await stop.wait()
        nursery.cancel_scope.cancel()
