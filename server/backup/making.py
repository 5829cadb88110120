"""Makes a backup, beside a running service: one snapshot, dumped by pg_dump, with what it takes to check it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

from privacy import sealing
from server.backup import programs
from server.backup.archive import MANIFEST, TABLES, UNLOGGED, BackupError, Manifest, Writer, manifest_bytes
from server.opening import PSEUDONYM_PURPOSE
from server.output_file import written
from storage import backup, log, sealed
from storage.backup import Counts
from storage.bridge import Connection, Database, Snapshot
from storage.embedded import Address

PURPOSE = "backup"  # of the key that signs


@dataclass(frozen=True, slots=True)
class Made:
    """What is in the backup."""

    counts: Counts
    bytes: int


async def make(
    path: Path,
    address: Address,
    database: Database,
    secrets: Sequence[bytes],
    now: datetime,
    report: Callable[[int, int], None],
) -> Made:
    """The file at `path`, whole or not there. Raises BackupError and OutputError."""
    with written(path, packed=False) as file:
        async with database.snapshot() as snapshot:
            await snapshot.run(log.hold)
            manifest, secret = await _manifest(snapshot, secrets, now)
            name = await snapshot.run(backup.export_snapshot)
            archive = Writer(file, int(now.timestamp()))
            archive.whole(MANIFEST, manifest_bytes(manifest))
            await _dump(archive, UNLOGGED, programs.dump_unlogged(name), address)
            progress = programs.Progress(manifest.sizes, report)
            await _dump(archive, TABLES, programs.dump_tables(name), address, progress)
        archive.finish(partial(sealing.sign, secret, PURPOSE))
        return Made(Counts(**manifest.counts), _size(file))


async def _dump(
    archive: Writer, member: str, words: Sequence[str], address: Address, progress: programs.Progress | None = None
) -> None:
    archive.begin(member)
    await programs.run(words, address, take=archive.write, progress=progress)
    archive.end()


async def _manifest(snapshot: Snapshot, secrets: Sequence[bytes], now: datetime) -> tuple[Manifest, bytes]:
    """With the secret that opens the database's key. Raises BackupError."""
    key = await snapshot.run(_sealed_key)
    if key is None:
        raise BackupError(
            "This database has no key yet, since no service was started on it, and a backup without one could not be"
            " signed. Start the service once, and make the backup then."
        )
    secret = _that_opens(key, secrets)
    counts = await snapshot.run(backup.counts)
    manifest = Manifest(
        tonearm=version("tonearm"),
        schema=await snapshot.run(backup.schema_version),
        made_at=now.isoformat(timespec="seconds"),
        counts=counts.as_json(),
        sizes=dict(await snapshot.run(backup.sizes)),
        sealed_key=key.hex(),
    )
    return manifest, secret


async def _sealed_key(connection: Connection) -> bytes | None:
    return await sealed.read(connection, PSEUDONYM_PURPOSE)


def _that_opens(key: bytes, secrets: Sequence[bytes]) -> bytes:
    for secret in secrets:
        if opens(secret, key):
            return secret
    raise BackupError(
        "The secret that this database's keys were sealed under is not here, and without it no backup can be restored."
        " Set TONEARM_SECRET, or put the file secret back into the data directory."
    )


def opens(secret: bytes, key: bytes) -> bool:
    """Whether the sealed pseudonym key opens with this secret."""
    try:
        sealing.unseal(secret, PSEUDONYM_PURPOSE, key)
    except sealing.WrongSecret:
        return False
    return True


def _size(file: BinaryIO) -> int:
    return file.tell()
