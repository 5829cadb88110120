"""A file that is whole or not there: written under another name, renamed once it is on the disk."""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from server.secret import keep_names


class OutputError(Exception):
    """A sentence: why it cannot be written."""


@contextmanager
def written(path: Path, *, packed: bool = True) -> Iterator[BinaryIO]:
    """The file to write to; `packed`: gzip where the name ends with .gz. Only the user can read it. Raises OutputError.

    What was at `path` before stays until the new file is whole.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from None
    try:
        with os.fdopen(descriptor, "w+b") as file:
            if packed and path.suffix == ".gz":
                # Without name and time in it: the same content is the same file.
                with gzip.GzipFile("", "wb", 6, file, mtime=0) as pack:
                    yield cast(BinaryIO, pack)
            else:
                yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).rename(path)
        keep_names(path.parent.absolute())
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        Path(name).unlink(missing_ok=True)
