"""Opens what the service stands on, one thing a function, and says in one sentence why something cannot be opened."""

import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final

import structlog
import trio

from privacy import pseudonym, sealing
from server import presence, sockets
from server import secret as installation_secret
from server.access import first_password
from server.catalog_file import CatalogFileError, load
from server.config import Config
from server.console import Console
from server.demo.audio import prepare_audio
from server.demo.discography import CATALOG
from server.handover import Handover
from server.presence import Present
from storage import catalog, cursor, embedded, migrate, sealed
from storage import spool as spools
from storage.bridge import Address, Database, DatabaseRefused, DatabaseUnavailable, LockBusy, open_database
from storage.embedded.client import running_postgres

CONNECTIONS: Final = 24  # of all workers; the embedded PostgreSQL takes 40, and commands need some
FEWEST_CONNECTIONS: Final = 5  # of one process: the writer, the resolver, rotator and pulse, and one that reads
LEADERS_CONNECTIONS: Final = 1  # besides, of a process that may lead (actors/leader.py)
_DESCRIPTORS: Final = 65_536
_UPGRADE_WAITS_S: Final = 600.0  # for a table that somebody holds; the service manager starts it again after that
_UPGRADE_PAUSE_S: Final = 5.0
DATABASE_FOLDER: Final = "postgres"
_AUDIO_FOLDER: Final = "demo-audio"
PSEUDONYM_PURPOSE: Final = "pseudonym-key"

_log = structlog.get_logger(__name__)


class CannotStart(Exception):
    """A sentence for the person who started the service."""


def data_directory(config: Config) -> Path:
    """Made, if it is not there, for this user alone. Raises CannotStart."""
    path = config.data_dir.absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = path / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data directory {path} is not writable ({error.strerror}). Set TONEARM_DATA_DIR to one that is."
        ) from None
    return path


def allow_descriptors() -> None:
    """As many open files as this user may have, within reason: each connection is one, and shells give 1,024."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if most == resource.RLIM_INFINITY else min(_DESCRIPTORS, most)
    if resource.RLIM_INFINITY != allowed < wanted:
        with suppress(ValueError, OSError):  # the system has a limit of its own below it
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@asynccontextmanager
async def present(data_dir: Path) -> AsyncIterator[Present]:
    """To be found by commands. Raises CannotStart."""
    try:
        with presence.present(data_dir) as held:
            yield held
    except presence.AlreadyRunning as error:
        raise CannotStart(str(error)) from None


@asynccontextmanager
async def listener(handover: Handover, name: str, bind: str, setting: str) -> AsyncIterator[socket.socket]:
    """The socket that was handed over as `name`, or one bound to `bind`. Raises CannotStart."""
    given = handover.given(name)
    try:
        opened = sockets.prepared(given) if given else sockets.listen(bind, setting)
    except sockets.BindError as error:
        raise CannotStart(str(error)) from None
    try:
        yield opened
    finally:
        if handover.goes_on:
            handover.keep(name, opened)
        else:
            opened.close()
            if given is None:
                sockets.forget(bind)


@asynccontextmanager
async def spool(data_dir: Path, number: int, max_mib: int) -> AsyncIterator[spools.Spool]:
    """The spool of this worker. Raises CannotStart."""
    try:
        opened = await trio.to_thread.run_sync(
            lambda: spools.Spool(_spool_path(data_dir, number), max_bytes=max_mib * 1024 * 1024)
        )
    except spools.SpoolError as error:
        raise CannotStart(str(error)) from None
    try:
        yield opened
    finally:
        opened.close()


def _spool_path(data_dir: Path, number: int) -> Path:
    return data_dir / f"spool-{number}.sqlite"


def abandoned_spools(data_dir: Path, workers: int) -> list[Path]:
    """Spools of workers with a number that is not in use."""
    return [
        path
        for path in sorted(data_dir.glob("spool-*.sqlite"))
        if (number := path.stem.removeprefix("spool-")).isdecimal() and int(number) >= workers
    ]


@asynccontextmanager
async def abandoned_spool(path: Path, max_mib: int) -> AsyncIterator[spools.Spool | None]:
    """The spool at `path`, or None where a process still holds it or it cannot be opened, which is logged."""
    try:
        opened = spools.Spool(path, max_bytes=max_mib * 1024 * 1024)
    except spools.SpoolError as error:
        _log.warning("an abandoned spool is left alone", reason=str(error))
        yield None
        return
    try:
        yield opened
    finally:
        opened.close()


def waiting(config: Config) -> int:
    """How many events the spools of a stopped service hold."""
    total = 0
    for path in abandoned_spools(config.data_dir, 0):
        with closing(spools.Spool(path, max_bytes=config.spool.max_mib * 1024 * 1024)) as spool:
            total += spool.pending_events
    return total


def remove_spool(path: Path) -> None:
    """An empty one, and what SQLite and the lock left beside it."""
    for leftover in (path, path.with_suffix(".lock"), *path.parent.glob(path.name + "-*")):
        leftover.unlink(missing_ok=True)


@asynccontextmanager
async def database(config: Config, data_dir: Path, console: Console) -> AsyncIterator[Database]:
    """Connected, and migrated to this version's schema. Raises CannotStart."""
    async with address(config, data_dir, console) as where, connected(where, FEWEST_CONNECTIONS) as opened:
        await bring_up_to_date(opened)
        yield opened


async def bring_up_to_date(database: Database) -> None:
    """To this version's schema. Somebody who holds a table, as a dump does, is waited for. Raises CannotStart."""
    until = trio.current_time() + _UPGRADE_WAITS_S
    while True:
        try:
            for name in await database.patiently(migrate.migrate, migrate.migrations()):
                _log.info("migrated", migration=name)
        except LockBusy as error:
            if trio.current_time() > until:
                raise CannotStart(
                    f"The database cannot be brought up to date ({error}): another program holds one of its tables, "
                    "a dump perhaps. Nothing was changed; start again when it is done."
                ) from None
            _log.warning("the database cannot be brought up to date yet, trying again", reason=str(error))
            await trio.sleep(_UPGRADE_PAUSE_S)
        else:
            return


@asynccontextmanager
async def connected_only(config: Config, data_dir: Path, console: Console) -> AsyncIterator[Database]:
    """For commands: the running service's database, or one started for this command."""
    with ExitStack() as stack:
        running = None
        if not config.database_url.get_secret_value():
            running = stack.enter_context(running_postgres(data_dir / DATABASE_FOLDER))
        if running is None:
            async with database(config, data_dir, console) as opened:
                yield opened
        else:
            async with connected(as_address(running), FEWEST_CONNECTIONS) as opened:
                yield opened


@asynccontextmanager
async def running_only(config: Config, data_dir: Path) -> AsyncIterator[Database]:
    """For commands that ask a running service: its database. Raises CannotStart where it does not run."""
    with running_at(config, data_dir) as where:
        if where is None:
            raise CannotStart(f"No Tonearm is running on {data_dir}. Start it with: tonearm serve")
        async with connected(where, 2) as opened:
            yield opened


@contextmanager
def running_at(config: Config, data_dir: Path) -> Iterator[Address | None]:
    """Where the database is, with nothing started; None: it is the embedded one, and does not run."""
    if url := config.database_url.get_secret_value():
        yield Address(url=url)
        return
    with running_postgres(data_dir / DATABASE_FOLDER) as running:
        yield None if running is None else as_address(running)


def as_address(own: embedded.Address) -> Address:
    """The embedded PostgreSQL's, for `connected`."""
    return Address(host=own.host, port=own.port, user=own.user, database=own.database)


@asynccontextmanager
async def address(config: Config, data_dir: Path, console: Console) -> AsyncIterator[Address]:
    """Where PostgreSQL is; while the context is open the embedded one runs, if it is ours. Raises CannotStart."""
    if url := config.database_url.get_secret_value():
        yield Address(url=url)
        return
    with ExitStack() as spinner:
        spinner.enter_context(console.waiting("Starting PostgreSQL"))
        try:
            async with embedded.embedded_postgres(data_dir / DATABASE_FOLDER, report=console.say) as own:
                spinner.close()
                yield as_address(own)
        except embedded.EmbeddedError as error:
            raise CannotStart(str(error)) from None


@asynccontextmanager
async def connected(where: Address, connections: int) -> AsyncIterator[Database]:
    """Raises CannotStart."""
    try:
        async with open_database(where, connections=connections) as opened:
            yield opened
    except DatabaseRefused as error:
        raise CannotStart(str(error)) from None
    except DatabaseUnavailable as error:
        raise CannotStart(
            f"PostgreSQL cannot be reached ({error}). Check that it runs and that TONEARM_DATABASE_URL is right."
        ) from None


def secret(config: Config, data_dir: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    """The installation's secret. Raises CannotStart."""
    try:
        return installation_secret.obtain(config.secret.get_secret_value(), data_dir, fresh=random_bytes(32))
    except installation_secret.SecretError as error:
        raise CannotStart(str(error)) from None


def secrets(config: Config, data_dir: Path, *, known: bytes) -> Sequence[bytes]:
    """What may open a sealed value, the one in force first; read anew each time, since it can be rotated.

    `known` where nothing can be read any more: a file that went missing does not stop a service that has it in memory.
    """
    try:
        return installation_secret.candidates(config.secret.get_secret_value(), data_dir) or [known]
    except installation_secret.SecretError as error:
        _log.error("the secret cannot be read again", reason=str(error))
        return [known]


async def finish_rotation(config: Config, data_dir: Path, database: Database) -> None:
    """Where a rotation of the secret was cut off after the database was sealed anew: take the next secret."""
    try:
        found = installation_secret.candidates(config.secret.get_secret_value(), data_dir)
    except installation_secret.SecretError as error:
        raise CannotStart(str(error)) from None
    stored = (await database.transaction(sealed.all_sealed)).get(PSEUDONYM_PURPOSE)
    if len(found) == 2 and stored is not None and not _opens(found[0], stored) and _opens(found[1], stored):
        installation_secret.take_next(data_dir)
        _log.info("a rotation of the secret that was cut off is finished")


def _opens(secret: bytes, stored: bytes) -> bool:
    try:
        sealing.unseal(secret, PSEUDONYM_PURPOSE, stored)
    except sealing.WrongSecret:
        return False
    return True


async def pseudonym_key(secret: bytes, database: Database, random_bytes: Callable[[int], bytes]) -> bytes:
    """Option A's key, made at the first start of the installation. Raises CannotStart where the secret is another."""
    offered = sealing.seal(
        secret, PSEUDONYM_PURPOSE, random_bytes(pseudonym.KEY_BYTES), nonce=random_bytes(sealing.NONCE_BYTES)
    )
    stored = await database.run(sealed.obtain, PSEUDONYM_PURPOSE, offered)
    try:
        return sealing.unseal(secret, PSEUDONYM_PURPOSE, stored)
    except sealing.WrongSecret:
        raise CannotStart(
            "The database's keys were sealed under another secret. Set TONEARM_SECRET to the one this database was "
            f"made with, or put its file back as {installation_secret.FILE_NAME} in the data directory."
        ) from None


async def position(database: Database, spool: spools.Spool, today: date) -> tuple[int, int]:
    """(seq, slot): up to where this spool is counted, with what is counted dropped from it."""
    since = None if spool.pending_events else today
    counted, slot = await database.transaction(cursor.open_cursor, spool.spool_id, since)
    await trio.to_thread.run_sync(spool.drop_through, counted)
    if spool.last_seq < counted:
        # The file was put back from an old copy: it would give out numbers that count as counted.
        _log.warning("the spool file is older than what was counted from it; it gets a new identity")
        await trio.to_thread.run_sync(spool.renew_identity)
        counted, slot = await database.transaction(cursor.open_cursor, spool.spool_id)
    return counted, slot


async def prepare(
    config: Config, data_dir: Path, where: Address, console: Console, random_bytes: Callable[[int], bytes]
) -> Path | None:
    """What is done once for all workers: the schema, the operator's password, the demo's catalog and music.

    Returns the folder of the demo's music.
    """
    async with connected(where, FEWEST_CONNECTIONS) as opened:
        await bring_up_to_date(opened)
        await finish_rotation(config, data_dir, opened)
        await first_password.ensure(opened, console, random_bytes)
        return await _demo(data_dir, opened, console) if config.demo else None


async def _demo(data_dir: Path, database: Database, console: Console) -> Path:
    """The demo's catalog loaded and its music synthesised; returns the folder of the audio."""
    audio = data_dir / _AUDIO_FOLDER
    try:
        entries = load(CATALOG)
    except CatalogFileError as error:
        raise CannotStart(str(error)) from None
    await database.transaction(catalog.upsert, entries.releases, entries.tracks)
    try:
        audio.mkdir(mode=0o700, exist_ok=True)
        with console.progress("Making the demo's music") as report:
            await trio.to_thread.run_sync(prepare_audio, audio, report)
    except OSError as error:
        raise CannotStart(f"The demo's music cannot be written to {audio}: {os.strerror(error.errno or 0)}.") from None
    return audio
