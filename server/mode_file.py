"""Rewrites `[privacy] mode` in the configuration file and leaves everything else in it as it stands."""

import os
import secrets
import shutil
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from privacy.modes import Mode
from server.secret import keep_names


class ModeFileError(Exception):
    """A sentence: why the file was not changed."""


def write_mode(path: Path, mode: Mode) -> None:
    """Comments, order and the file's permissions stay; the file is the old one or the new one, never half of it.

    A file that is not there is made. Raises ModeFileError.
    """
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ModeFileError(f"The configuration file {path} cannot be read: {error}.") from None
    section = document.setdefault("privacy", tomlkit.table())
    if not isinstance(section, Table):
        raise ModeFileError(f"The configuration file {path} has a `privacy` that is no section; write [privacy].")
    section["mode"] = mode.value
    try:
        _replace(path, tomlkit.dumps(document))
    except OSError as error:
        raise ModeFileError(f"The configuration file {path} cannot be written: {error.strerror}.") from None


def _replace(path: Path, text: str) -> None:
    target = path.resolve()  # through a symbolic link, which stays one
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}")  # two commands at once have two
    try:
        with new.open("x", encoding="utf-8") as file:  # not `tempfile`: a file that was not there gets the umask's mode
            if target.exists():
                shutil.copymode(target, new)
                shutil.chown(new, target.stat().st_uid, target.stat().st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(target)
        keep_names(target.parent)
    except OSError:
        new.unlink(missing_ok=True)
        raise
