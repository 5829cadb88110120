"""Who may read and write what the service keeps, and whether the service itself may."""

import os
import pwd
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server import presence
from server.config import hidden
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import START_IT, count, listed

ROOT: Final = 0
_OTHERS: Final = 0o007
_GROUP_OR_OTHERS: Final = 0o077
_WRITE: Final = 0o022
_PASSWORD: Final = re.compile(r"://[^/@]*:[^/@]+@|[?&]password=")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or socket. `writable`: by who asks."""

    path: Path
    mode: int
    uid: int
    writable: bool = True

    @property
    def permissions(self) -> int:
        """Its last nine bits."""
        return stat.S_IMODE(self.mode) & 0o777


def entry(path: Path) -> Entry | None:
    """None where there is none. Raises OSError for one that may not be looked at."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return Entry(path, found.st_mode, found.st_uid, os.access(path, os.W_OK))


def spool_entries(data_dir: Path) -> Sequence[Entry]:
    """What the service writes beside the database."""
    names = ("spool-*", presence.FILE_NAME)
    return [found for name in names for path in sorted(data_dir.glob(name)) if (found := entry(path))]


def secrets_in(file: Path) -> Sequence[str]:
    """Keys of a configuration file that hold what is nobody's business; a database's URL only with a password."""
    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return ()
    held = []
    for name, value in values.items():
        pairs = {f"{name}.{key}": entry for key, entry in value.items()} if isinstance(value, dict) else {name: value}
        held += [key for key, entry in pairs.items() if entry and hidden(key) and _tells(key, str(entry))]
    return held


def _tells(key: str, value: str) -> bool:
    return not key.endswith("database_url") or _PASSWORD.search(value) is not None


def try_writing(folder: Path) -> str:
    """Make a file, see it onto the disk, remove it: why that cannot be done, or nothing."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"tonearm doctor")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def name_of(uid: int) -> str:
    """An account, by its name where it has one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def data_dir(path: Path, found: Entry | None, service_uid: int | None) -> Finding:
    """`service_uid`: of the running service, if one is."""
    code = "data-dir"
    if found is None:
        return fail(
            code,
            f"There is no data directory {path}.",
            "The first start makes it. Where a service runs, this command does not have its settings: give its "
            'process, as in tonearm doctor --pid "$(systemctl show --value -p MainPID tonearm)".',
        )
    if not stat.S_ISDIR(found.mode):
        return fail(code, f"{path} is no folder.", "Set data_dir to a folder of the service's own.")
    if service_uid not in (None, ROOT, found.uid):
        return fail(
            code,
            f"{path} belongs to {name_of(found.uid)}, and the service runs as {name_of(service_uid or ROOT)}.",
            f"chown -R {name_of(service_uid or ROOT)}: {path}, with the service stopped.",
        )
    if found.permissions & _WRITE:
        return fail(code, f"Other accounts may write to {path}.", f"chmod 700 {path}")
    if found.permissions & _GROUP_OR_OTHERS:
        return warn(code, f"Other accounts may look into {path}.", f"chmod 700 {path}")
    return ok(code, f"{path} is for {name_of(found.uid)} alone.")


def spool_files(folder: Entry | None, files: Sequence[Entry], refused: str) -> Finding:
    """`refused`: what `try_writing` says, of who asks. Root may write everywhere, so owners are looked at too."""
    code = "spool-files"
    if folder is None:
        return unknown(code, "There is no data directory to make a file in.", "See `data-dir`.")
    if refused:
        return fail(
            code,
            f"No file can be made in {folder.path} ({refused}): no event can be made durable there.",
            "See that its disk has room and is mounted for writing, and that the folder belongs to the service's "
            "account.",
        )
    foreign = sorted({name_of(file.uid) for file in files if file.uid != folder.uid})
    if foreign:
        names = listed(file.path.name for file in files if file.uid != folder.uid)
        return fail(
            code,
            f"In {folder.path}, which is {name_of(folder.uid)}'s, {names} belongs to {listed(foreign)}: the service "
            "was started as somebody else once, and cannot write there now.",
            f"chown --reference={folder.path} {folder.path}/spool-* {folder.path}/{presence.FILE_NAME}",
        )
    closed = [file for file in files if not file.writable]
    if closed:
        return fail(
            code,
            f"{listed(file.path.name for file in closed)} cannot be written to: no event can be made durable.",
            f"chmod u+rw {folder.path}/spool-*",
        )
    readable = [file for file in files if file.permissions & _GROUP_OR_OTHERS and "spool-" in file.path.name]
    if any(file.path.suffix == ".sqlite" for file in readable):
        return fail(
            code,
            f"Other accounts may read {listed(file.path.name for file in readable)}, in which listeners' keyed hashes "
            "wait to be counted.",
            f"chmod 600 {folder.path}/spool-*",
        )
    spools = sum(file.path.suffix == ".sqlite" for file in files)
    return ok(code, f"A file can be made and seen onto the disk; {count(spools, 'spool')} can be written to.")


def socket_files(paths: Sequence[Path], found: Sequence[Entry], closed: Sequence[Path], *, runs: bool) -> Finding:
    """`found`: those of `paths` that are there. `closed`: folders on the way that others cannot pass."""
    code = "socket-files"
    if not paths:
        return ok(code, "It does not listen on unix sockets.")
    missing = [path for path in paths if path not in {one.path for one in found}]
    if missing and not runs:
        return unknown(code, "The sockets are made when the service starts.", START_IT)
    if missing:
        return fail(
            code,
            f"{listed(map(str, missing))} is not there any more, though the service listens on it: no proxy finds it.",
            "Restart the service; under systemd restart tonearm-http.socket and tonearm-beacon.socket as well.",
        )
    open_to_all = [one.path for one in found if one.permissions & 0o002]
    if open_to_all:
        return fail(
            code,
            f"Every account of this machine may connect to {listed(map(str, open_to_all))}, and is believed whatever "
            "it says of the listener's address.",
            f"chmod 660 {' '.join(map(str, open_to_all))}, with the proxy's group; under systemd SocketMode=0660 and "
            "SocketGroup= of the two sockets.",
        )
    narrow = [one.path for one in found if not one.permissions & 0o020]
    if narrow:
        return warn(
            code,
            f"Only one account may connect to {listed(map(str, narrow))}: a proxy with an account of its own cannot.",
            f"chmod 660 {' '.join(map(str, narrow))}, and give the sockets to the proxy's group.",
        )
    if closed:
        return warn(
            code,
            f"Only their owner's account can pass {listed(map(str, closed))} to the sockets: a proxy cannot.",
            f"chmod o+x {' '.join(map(str, closed))}",
        )
    return ok(code, "The sockets are for the service's account and one group, the proxy's.")


def closed_folders(paths: Sequence[Path]) -> Iterator[Path]:
    """On the way to `paths`, those that neither a group nor others can pass."""
    for folder in sorted({parent for path in paths for parent in path.parents}):
        if (found := entry(folder)) is not None and not found.permissions & 0o011:
            yield folder


def config_file(found: Entry | None, secret_keys: Sequence[str]) -> Finding:
    """`secret_keys`: which keys in it hold something that is nobody's business."""
    code = "config-file"
    if found is None:
        return ok(code, "There is no configuration file that somebody could read or change.")
    if found.permissions & 0o002:
        return fail(code, f"Every account of this machine may change {found.path}.", f"chmod o-w {found.path}")
    if secret_keys and found.permissions & _OTHERS:
        return fail(
            code,
            f"Every account of this machine may read {found.path}, which holds {listed(secret_keys)}.",
            f"chmod o-rwx {found.path}, and give it to the service's group: chgrp tonearm {found.path}",
        )
    holds = f"holds {listed(secret_keys)}, and others cannot read it" if secret_keys else "holds no secret"
    return ok(code, f"{found.path} {holds}.")
