"""The installation's secret: from the configuration, or a file made once, never in the database."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FILE_NAME: Final = "secret"
_NEXT: Final = "secret.next"  # while the secret is being rotated; the database was or was not sealed under it yet
SHORTEST: Final = 16  # characters or bytes; below that it could be guessed

_HOW_TO_MAKE: Final = "make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"


class SecretError(Exception):
    """A sentence: what is wrong with the secret and what to do."""


def obtain(configured: str, data_dir: Path, *, fresh: bytes) -> bytes:
    """The secret's bytes: `configured`, else the file in `data_dir`, else `fresh`, which is then written there.

    The file is made with mode 0600 and is complete or absent. Raises SecretError.
    """
    if configured:
        if len(configured) < SHORTEST:
            raise SecretError(
                f"TONEARM_SECRET has {len(configured)} characters; it needs at least {SHORTEST}: {_HOW_TO_MAKE}"
            )
        return configured.encode()
    path = data_dir / FILE_NAME
    return _read(path) or _make(path, fresh)


def candidates(configured: str, data_dir: Path) -> Sequence[bytes]:
    """What may open a sealed value: the secret, and the next one while it is being rotated. Raises SecretError."""
    if configured:
        return [configured.encode()]
    found = (_read(data_dir / name) for name in (FILE_NAME, _NEXT))
    return [secret for secret in found if secret is not None]


def from_file(path: Path) -> bytes:
    """A secret kept elsewhere, as a restore needs it. Raises SecretError."""
    found = _read(path)
    if found is None:
        raise SecretError(f"There is no secret file {path}.")
    return found


def put(data_dir: Path, secret: bytes) -> None:
    """Into a data directory that has none. Raises SecretError."""
    if _read(data_dir / FILE_NAME) is None:
        _write(data_dir / FILE_NAME, secret)


def offer_next(data_dir: Path, next_secret: bytes) -> None:
    """First step of a rotation: the next secret, on disk beside the one in force. Raises SecretError."""
    (data_dir / _NEXT).unlink(missing_ok=True)
    _write(data_dir / _NEXT, next_secret)


def take_next(data_dir: Path) -> None:
    """Last step, once everything is sealed under the next secret; also what a start does that finds it undone."""
    try:
        (data_dir / _NEXT).rename(data_dir / FILE_NAME)
        keep_names(data_dir)
    except OSError as error:
        raise SecretError(f"The secret file {data_dir / FILE_NAME} cannot be replaced: {error.strerror}.") from error


def keep_names(folder: Path) -> None:
    """A rename is on disk only once its folder is: what is sealed next must not outlive the secret's new name."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes | None:
    try:
        secret = path.read_bytes().strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SecretError(f"The secret file {path} cannot be read: {error.strerror}.") from error
    if len(secret) < SHORTEST:
        raise SecretError(
            f"The secret file {path} is damaged: it holds {len(secret)} bytes. Put the original back from a copy."
        )
    return secret


def _make(path: Path, fresh: bytes) -> bytes:
    _write(path, fresh.hex().encode())
    return fresh.hex().encode()


def _write(path: Path, secret: bytes) -> None:
    partial = path.with_name(path.name + ".new")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
        keep_names(path.parent)
    except OSError as error:
        raise SecretError(f"The secret file {path} cannot be written: {error.strerror}.") from error
