"""`tonearm backup` and `tonearm restore`: the embedded database in one file, and back."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import trio
import typer
from rich.console import Console as RichConsole

from server import opening, output_file
from server import secret as installation_secret
from server.backup import making, restoring
from server.backup.archive import BackupError, Reader
from server.cli.common import AsJson, ConfigFile, effective, fail, flat, print_json
from server.config import Config
from server.console import Console
from storage import embedded
from storage.backup import Counts
from storage.bridge import Database

_OWN_DATABASE = (
    "TONEARM_DATABASE_URL names a PostgreSQL of your own: use its own tools, and leave out salts and tokens as "
    "docs/operate.md says."
)


def backup(
    file: Annotated[Path, typer.Argument(help="The backup; whole or not there. An older one is replaced.")],
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Write the embedded database into one file, as it is at one moment; the service goes on.

    The file holds neither the secret nor salts nor tokens of the open day. Example: tonearm backup tonearm.backup
    """
    in_force = effective(config)
    if in_force.database_url.get_secret_value():
        raise fail(_OWN_DATABASE)
    try:
        with Console(RichConsole(stderr=True)).progress("Backing up") as report:
            made = trio.run(flat, partial(_backup, in_force, file, report))
    except (BackupError, output_file.OutputError) as error:
        raise fail(str(error)) from None
    if json:
        print_json({"file": str(file), "bytes": made.bytes, **made.counts.as_json()})
    else:
        typer.echo(f"{_in_words(made.counts)} are in {file} ({made.bytes:,} bytes).")
        typer.echo("Keep the secret apart from it, and keep it: without the secret it cannot be restored.")


def restore(
    file: Annotated[Path, typer.Argument(help="What `tonearm backup` wrote.")],
    secret: Annotated[
        Path | None, typer.Option(help="The file `secret` of the installation that the backup is of.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Restore a backup into an empty data directory; nothing is touched before all of it is checked.

    Example: TONEARM_DATA_DIR=/var/lib/tonearm tonearm restore tonearm.backup --secret /root/tonearm-secret
    """
    in_force = effective(config)
    if in_force.database_url.get_secret_value():
        raise fail(_OWN_DATABASE)
    data_dir = in_force.data_dir.absolute()
    terminal = Console(RichConsole(stderr=True))
    try:
        restoring.check_place(data_dir)
        with terminal.progress("Checking") as report:
            archive = Reader(file, report)
        with archive:
            opened_by = restoring.check_fits(archive, _given(in_force, data_dir, secret))
            opening.data_directory(in_force)
            if secret is not None:
                installation_secret.put(data_dir, opened_by)
            with terminal.progress("Restoring") as report:
                restored = trio.run(flat, partial(restoring.restore, archive, data_dir, report, terminal))
    except (BackupError, installation_secret.SecretError) as error:
        raise fail(str(error)) from None
    if json:
        print_json(
            {
                "dataDirectory": str(data_dir),
                "madeAt": archive.manifest.made_at,
                **restored.counts.as_json(),
                "endedTokens": restored.ended.api_tokens,
                "endedShareLinks": restored.ended.share_links,
            }
        )
    else:
        typer.echo(f"{_in_words(restored.counts)} are in {data_dir}, as they were at {archive.manifest.made_at}.")
        typer.echo(
            "The password is the one of that day. Every session has ended. What is revoked later a backup does not"
            f" know, so its API tokens ({restored.ended.api_tokens}) and share links ({restored.ended.share_links}) are"
            " deleted: make new ones."
        )


async def _backup(config: Config, file: Path, report: Callable[[int, int], None]) -> making.Made:
    data_dir = config.data_dir.absolute()
    try:
        secrets_here = installation_secret.candidates(config.secret.get_secret_value(), data_dir)
    except installation_secret.SecretError as error:
        raise BackupError(str(error)) from None
    async with _database(data_dir) as (address, database):
        return await making.make(file, address, database, secrets_here, datetime.now(UTC), report)


@asynccontextmanager
async def _database(data_dir: Path) -> AsyncIterator[tuple[embedded.Address, Database]]:
    """The running service's, or one started for this command. Raises CannotStart."""
    folder = data_dir / opening.DATABASE_FOLDER
    if not folder.exists():
        raise opening.CannotStart(f"There is no database in {data_dir} to back up; see TONEARM_DATA_DIR.")
    quiet = Console(RichConsole(stderr=True))
    async with AsyncExitStack() as stack:
        address = stack.enter_context(embedded.running_postgres(folder))
        if address is None:
            try:
                address = await stack.enter_async_context(embedded.embedded_postgres(folder, report=quiet.say))
            except embedded.EmbeddedError as error:
                raise opening.CannotStart(str(error)) from None
        yield address, await stack.enter_async_context(opening.connected(opening.as_address(address), 1))


def _given(config: Config, data_dir: Path, file: Path | None) -> Sequence[bytes]:
    """The secrets that are there. Raises BackupError and SecretError."""
    found = installation_secret.candidates(config.secret.get_secret_value(), data_dir)
    if file is None:
        return found
    given = installation_secret.from_file(file)
    if found and given not in found:
        raise BackupError(
            f"{file} is another secret than TONEARM_SECRET or {data_dir / installation_secret.FILE_NAME}, which the"
            " service would use: leave --secret out, or take that one away."
        )
    return [given]


def _in_words(counts: Counts) -> str:
    return f"{counts.plays:,} plays, {counts.shares:,} shares and {counts.listeners:,} pseudonyms"
