"""Looks at everything once, and puts what every check says in the order of `codes.CODES`.

It runs beside the service and without it: what only a running service can tell is then `unknown`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import trio

from actors.processes import summed
from actors.report import Report
from privacy.modes import Mode
from server import presence
from server import secret as installation_secret
from server.config import PREFIX, Config
from server.doctor import (
    backups,
    clock,
    configuration,
    counting,
    database,
    disk,
    looking,
    machine,
    permissions,
    public,
    schema,
    secrets,
    service,
)
from server.doctor.codes import CODES, PUBLIC
from server.doctor.database import Reach
from server.doctor.disk import Growth, Room
from server.doctor.finding import Finding
from server.doctor.looking import Told
from server.doctor.permissions import Entry
from server.doctor.probe import Visit, visit
from server.doctor.process import Doors, Process, configured_doors, look
from server.standing import VERSION
from storage import migrate
from storage.servers import several


class CannotLook(Exception):
    """A sentence: why nothing can be said."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to examine. `file`: where the settings were read from. `url`: the public address, if it is to be asked."""

    config: Config
    file: Path | None
    environ: Mapping[str, str]
    now: Callable[[], float]  # seconds since 1970
    url: str = ""
    backups: Path = backups.FOLDER


@dataclass(frozen=True, slots=True)
class Here:
    """What this machine tells."""

    folder: Entry | None
    spools: Sequence[Entry]
    refused: str  # why no file can be made in the data directory
    room: Room | None
    filesystem: str
    sync_s: float | None
    secret: Entry | None
    candidates: Sequence[bytes]
    pid: int | None
    process: Process | None
    left: int | None  # events in the spools of a service that does not run


async def examine(request: Request) -> list[Finding]:
    """Every finding, one for each code, those of the public address only with one. Raises CannotLook."""
    data_dir = request.config.data_dir.absolute()
    try:
        here = await trio.to_thread.run_sync(_look_here, data_dir, request.config)
        told = await looking.ask(request.config, data_dir, request.now)
    except PermissionError as error:
        raise CannotLook(
            f"This account may not look into {data_dir} ({error.strerror}). Ask as root, or as the service's account."
        ) from None
    visited = None
    if request.url:
        visited = await trio.to_thread.run_sync(visit, request.url, request.config.beacon.header_bytes)
    found = {finding.code: finding for finding in _findings(request, here, told, visited)}
    expected = [code for code in CODES if visited is not None or code not in PUBLIC]
    assert sorted(found) == sorted(expected), sorted(found.keys() ^ set(expected))
    return [found[code] for code in expected]


def _look_here(data_dir: Path, config: Config) -> Here:
    """Raises PermissionError."""
    folder = permissions.entry(data_dir)
    there = folder is not None and data_dir.is_dir()
    if there:
        os.listdir(data_dir)  # noqa: PTH208  # raises where it is closed, which glob would not say
    present = presence.look_up(data_dir)
    pid = present.pid if present else None
    return Here(
        folder,
        permissions.spool_entries(data_dir) if there else [],
        permissions.try_writing(data_dir) if there else "there is none",
        disk.room(data_dir) if there else None,
        disk.filesystem(data_dir) if there else "",
        disk.sync_seconds(data_dir) if there else None,
        permissions.entry(data_dir / installation_secret.FILE_NAME) if there else None,
        _candidates(config, data_dir),
        pid,
        look(pid) if pid else None,
        None if pid else counting.left_in_spools(data_dir),
    )


def _candidates(config: Config, data_dir: Path) -> Sequence[bytes]:
    try:
        return installation_secret.candidates(config.secret.get_secret_value(), data_dir)
    except installation_secret.SecretError:
        return []


def _findings(request: Request, here: Here, told: Told, visited: Visit | None) -> Iterator[Finding]:
    living = service.living(told.processes)
    total = summed(one.report for one in living or ())
    doors = (here.process.doors if here.process else None) or configured_doors(request.config)
    public_too = visited is not None and not visited.here
    in_public = configuration.in_public(request.config, doors, asked_for=public_too)
    yield from _of_service(request, here, told, total)
    yield from _of_configuration(request, doors, public=in_public)
    yield from _of_counting(request, here, told, total)
    yield from _of_permissions(request, here, told, doors)
    yield from _of_disk(request, here, told, total)
    yield from _of_clock(request, told)
    yield from _of_machine(request, here, told)
    yield from _of_database(told, max(1, len(living or ())))
    yield from _of_schema(told, runs=bool(living))
    yield backups.backups(
        backups.look(request.backups), backups.timer_result(), request.now(), embedded=_is_embedded(request.config)
    )
    if visited is not None:
        yield from _of_public(visited, request)


def _of_service(request: Request, here: Here, told: Told, total: Report | None) -> Iterator[Finding]:
    ours = {name: value for name, value in request.environ.items() if name.startswith(PREFIX)}
    theirs = here.process.settings if here.process else None
    living = service.living(told.processes)
    yield service.service(here.pid, living, request.now())
    yield service.processes(told.processes)
    yield service.versions(living, VERSION)
    yield service.settings(ours, theirs, runs=here.pid is not None)
    yield machine.account(here.process.uid if here.process else None)
    yield service.ledger(total)


def _of_configuration(request: Request, doors: Doors, *, public: bool) -> Iterator[Finding]:
    config = request.config
    yield configuration.read(request.file)
    yield configuration.listening(doors)
    yield configuration.trusted_proxies(config, doors)
    yield configuration.trusted_header(config)
    yield configuration.origins(config, public=public)
    yield configuration.rate_limit(config, public=public)
    yield configuration.demo(config, public=public)


def _of_counting(request: Request, here: Here, told: Told, total: Report | None) -> Iterator[Finding]:
    now = request.now()
    yield counting.networks(total)
    yield counting.canary(total, now)
    yield counting.waiting(total, request.config, total.worker if total else 1, here.left)
    yield counting.refusals(total)
    yield counting.counters(total, request.config, now)
    yield counting.salt(
        request.config,
        _mode(request.config, total),
        told.salt,
        list(here.candidates),
        datetime.fromtimestamp(now, request.config.zone),
        asked=told.current,
        runs=bool(total),
    )


def _of_permissions(request: Request, here: Here, told: Told, doors: Doors) -> Iterator[Finding]:
    data_dir = request.config.data_dir.absolute()
    yield permissions.data_dir(data_dir, here.folder, here.process.uid if here.process else None)
    yield permissions.spool_files(here.folder, here.spools, here.refused)
    sockets = [found for path in doors.unix if (found := permissions.entry(path)) is not None]
    yield permissions.socket_files(
        doors.unix, sockets, list(permissions.closed_folders(doors.unix)), runs=here.pid is not None
    )
    file = permissions.entry(request.file) if request.file else None
    yield permissions.config_file(file, permissions.secrets_in(request.file) if request.file else ())
    configured = bool(request.config.secret.get_secret_value())
    yield secrets.secret_file(here.secret, configured=configured)
    yield secrets.secret_place(request.config, here.secret)
    yield secrets.secret(told.sealed, here.candidates, asked=told.current or (told.migrated and told.applied is None))


def _of_disk(request: Request, here: Here, told: Told, total: Report | None) -> Iterator[Finding]:
    config, embedded = request.config, _is_embedded(request.config)
    workers = max(1, sum(entry.path.suffix == ".sqlite" for entry in here.spools))
    spool_bytes = max(0, (config.spool.max_mib << 20) * workers - (total.spool_bytes if total else 0))
    growth = Growth(told.life.events, told.life.sets, _mode(config, total)) if told.life else None
    yield disk.disk_space(here.room, spool_bytes, growth, embedded=embedded)
    yield disk.disk_inodes(here.room)
    yield disk.disk_filesystem(here.filesystem)
    yield disk.disk_fsync(here.sync_s, there=here.folder is not None)
    yield disk.disk_shared(_same_disk(config, here.folder, told), embedded=embedded, elsewhere=_is_elsewhere(config))


def _of_clock(request: Request, told: Told) -> Iterator[Finding]:
    local = datetime.fromtimestamp(request.now(), request.config.zone)
    newest = told.life.newest if told.life else None
    made_at = told.salt.made_at if told.salt else None
    yield clock.clock(told.ahead_s, local)
    yield clock.clock_sync(clock.synchronised())
    yield clock.clock_back(local, newest, made_at, asked=told.current)


def _of_machine(request: Request, here: Here, told: Told) -> Iterator[Finding]:
    yield machine.descriptors(here.process.descriptors if here.process else None, request.config)
    yield machine.backlog(machine.backlog_allowed())
    kind = told.server.settings.get("dynamic_shared_memory_type") if told.server else None
    yield machine.shared_memory(kind, machine.shared_memory_bytes(), embedded=_is_embedded(request.config))


def _of_database(told: Told, processes: int) -> Iterator[Finding]:
    yield database.database(told.reached)
    yield database.listen(told.heard)
    server = told.server
    if server is None:
        yield from map(database.silent, _OF_SERVER)
    else:
        yield database.version(server)
        yield database.encoding(server)
        yield database.primary(server)
        yield database.synchronous_commit(server)
        yield database.fsync(server)
        yield database.full_page_writes(server)
        yield database.connections(server, processes)
        yield database.timeouts(server)
        yield database.memory(server)
        yield database.standby(told.standbys, server) if told.standbys else database.silent("standby")
    yield database.long_transactions(told.held) if told.held else database.silent("long-transactions")


_HERE: Final = ("localhost", "127.0.0.1", "::1")
_OF_SERVER: Final = (
    "database-version",
    "database-encoding",
    "database-primary",
    "synchronous-commit",
    "database-fsync",
    "full-page-writes",
    "database-connections",
    "database-timeouts",
    "database-memory",
    "standby",
)


def _of_schema(told: Told, *, runs: bool) -> Iterator[Finding]:
    known = migrate.migrations()
    if not told.migrated:
        yield from map(database.silent, ("migrations", "database-owner", "partitions", "vacuum"))
        return
    yield schema.migrations(told.applied, known, runs=runs)
    if not told.current:
        yield from map(schema.not_current, ("database-owner", "partitions", "vacuum"))
        return
    yield database.silent("database-owner") if told.foreign is None else schema.owner(told.foreign)
    months = told.missing_months
    yield database.silent("partitions") if months is None else schema.partitions(months)
    if told.dead is None or told.server is None:
        yield database.silent("vacuum")
    else:
        yield database.vacuum(told.dead, told.server)


def _of_public(visited: Visit, request: Request) -> Iterable[Finding]:
    yield public.reach(visited)
    yield public.tls(visited, request.now())
    yield public.http2(visited)
    yield public.events(visited)
    yield public.forwarded(visited, believed=bool(request.config.http.trusted_proxies))
    yield public.tracker(visited)
    yield public.metrics(visited)


def _mode(config: Config, total: Report | None) -> Mode:
    """In force; a version that runs may have one this program does not know."""
    try:
        return Mode(total.mode) if total else config.privacy.mode
    except ValueError:
        return config.privacy.mode


def _is_embedded(config: Config) -> bool:
    return not config.database_url.get_secret_value()


def _is_elsewhere(config: Config) -> bool:
    """By the address: a name that is not this machine's plainest ones is taken for another's."""
    if _is_embedded(config):
        return False
    url = config.database_url.get_secret_value()
    try:
        hosts = [server.host for server in several(url)] or [urlsplit(url).hostname or ""]
    except ValueError:
        return False
    return any(host and host not in _HERE and not host.startswith("/") for host in hosts)


def _same_disk(config: Config, folder: Entry | None, told: Told) -> bool | None:
    """Whether an own database on this machine shares the data directory's disk; None where nobody can tell."""
    place = told.server.settings.get("data_directory") if told.server else None
    if folder is None or not place or told.reached.how is not Reach.ANSWERS or _is_elsewhere(config):
        return None
    try:
        return Path(place).stat().st_dev == folder.path.stat().st_dev
    except OSError:
        return None
