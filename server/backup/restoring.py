"""Restores a backup into an empty data directory: everything is checked before anything is touched.

The database is loaded beside its place, and takes it by one rename once it is whole: a restore that was cut off leaves
a folder that the next one removes, and nothing that a service would start on.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import Final

import trio

from privacy import sealing
from server import opening, secret
from server.access.sessions import fresh_salt
from server.backup import programs
from server.backup.archive import TABLES, UNLOGGED, BackupError, Reader
from server.backup.making import PURPOSE, opens
from server.console import Console
from storage import backup, embedded, migrate
from storage.backup import Counts, Ended

_LOADING: Final = "restoring"  # the database's folder until it is whole
_HARMLESS: Final = {secret.FILE_NAME, _LOADING}  # in a data directory that counts as empty
_NAMED: Final = 5

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came, and what of it was ended."""

    counts: Counts
    ended: Ended


def check_place(data_dir: Path) -> None:
    """Raises BackupError where there is something already."""
    if not data_dir.exists():
        return
    found = sorted(path.name for path in data_dir.iterdir() if path.name not in _HARMLESS)
    if found:
        named = ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
        raise BackupError(
            f"The data directory {data_dir} is not empty ({named}): restore into an empty one, and set"
            " TONEARM_DATA_DIR to it."
        )


def check_fits(archive: Reader, secrets: Sequence[bytes]) -> bytes:
    """The secret that the backup's keys open with, and by which it is signed. Raises BackupError."""
    manifest = archive.manifest
    newest = max(migration.number for migration in migrate.migrations())
    if manifest.schema > newest:
        raise BackupError(
            f"{archive.path} was made by a newer Tonearm ({manifest.tonearm}, schema {manifest.schema}; this one knows"
            f" {newest}): restore it with that one."
        )
    if not archive.is_signed or manifest.sealed_key is None:
        raise BackupError(
            f"{archive.path} is not signed, so anybody may have made it, and what it says would be run: only a backup"
            " that is signed with the secret of its installation is restored."
        )
    if not secrets:
        raise BackupError(
            "A restore needs the secret of the installation the backup is of, which is never in a backup: give its"
            " file with --secret, set TONEARM_SECRET, or put the file secret into the empty data directory."
        )
    key = bytes.fromhex(manifest.sealed_key)
    found = next((one for one in secrets if opens(one, key)), None)
    if found is None:
        raise BackupError(
            f"{archive.path} was made under another secret than the one given: it is needed to open the keys in it."
        )
    if not archive.signed_by(partial(sealing.sign, found, PURPOSE)):
        raise BackupError(f"{archive.path} was changed since it was made: its signature is not of this secret.")
    return found


async def restore(archive: Reader, data_dir: Path, report: Report, console: Console) -> Restored:
    """Load it. Raises BackupError, CannotStart; then the data directory has no database."""
    loading = data_dir / _LOADING
    await trio.to_thread.run_sync(partial(shutil.rmtree, loading, ignore_errors=True))
    try:
        async with embedded.embedded_postgres(loading, report=console.say) as address:
            restored = await _load(archive, address, report)
    except embedded.EmbeddedError as error:
        raise opening.CannotStart(str(error)) from None
    except BackupError:
        await trio.to_thread.run_sync(partial(shutil.rmtree, loading, ignore_errors=True))
        raise
    os.rename(loading, data_dir / opening.DATABASE_FOLDER)  # noqa: PTH104  # refuses a folder that is not empty
    secret.keep_names(data_dir)
    return restored


async def _load(archive: Reader, address: embedded.Address, report: Report) -> Restored:
    words = programs.restore(address.database)
    progress = programs.Progress(archive.manifest.sizes, report)
    await programs.run(words, address, give=archive.pieces(UNLOGGED))
    await programs.run(words, address, give=archive.pieces(TABLES), progress=progress)
    async with opening.connected(opening.as_address(address), 1) as database:
        counts = await database.patiently(backup.counts)
        if counts.as_json() != archive.manifest.counts:
            raise BackupError(f"{archive.path} says it has {archive.manifest.counts}, and {counts.as_json()} came.")
        await database.patiently(migrate.migrate, migrate.migrations())
        ended = await database.patiently(backup.settle, fresh_salt(token_bytes))
    return Restored(counts, ended)
