"""Searches files: every byte, in windows that overlap, so that what lies across a border is found, and found once.

Files that gzip, bzip2 or xz made, by their endings, are searched unpacked; offsets count there. Others that are known
to be packed are told as not searched. A file that goes away meanwhile, as PostgreSQL's do, is none any more.
"""

import bz2
import gzip
import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from server.audit.findings import Findings
from server.audit.search import BEHIND, Search


class _Bytes(Protocol):
    """What a file and what unpacks one have in common."""

    def read(self, size: int, /) -> bytes: ...


_WINDOW_BYTES: Final = 1024 * 1024
_UNPACK: Final[dict[str, Callable[[Any], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_PACKED: Final = frozenset({".zst", ".zip", ".lz4", ".7z"})


def files(roots: Iterable[Path], findings: Findings) -> list[tuple[Path, int]]:
    """(path, size) of every regular file at or beneath `roots`; each once, whichever way it is reached."""
    seen: set[tuple[int, int]] = set()
    found: list[tuple[Path, int]] = []
    for root in roots:
        for path in _beneath(root, findings):
            try:
                status = path.stat()
            except FileNotFoundError:
                if path == root:
                    findings.unread.append(f"{path} does not exist.")
                continue
            if stat.S_ISREG(status.st_mode) and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                found.append((path, status.st_size))
    return found


def search_files(
    paths: Iterable[tuple[Path, int]],
    search: Search,
    findings: Findings,
    report: Callable[[int], None],
    window: int = _WINDOW_BYTES,
) -> None:
    """Each of them; `report` gets the number of bytes that are done."""
    done = 0
    for path, size in paths:
        try:
            search_file(path, search, findings, window)
        except FileNotFoundError:
            continue
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is damaged"
            findings.unread.append(f"{path} cannot be read: {reason}.")
        done += size
        findings.files += 1
        report(done)


def search_file(path: Path, search: Search, findings: Findings, window: int = _WINDOW_BYTES) -> None:
    """Raises OSError, and what unpacking raises."""
    if path.suffix in _PACKED:
        findings.unread.append(f"{path} is packed; unpack it, and give it with --logs.")
        return
    unpack = _UNPACK.get(path.suffix)
    with path.open("rb", buffering=0) as file:
        if unpack is None:
            _search(str(path), file, search, findings, window)
        else:
            with unpack(file) as unpacked:
                _search(f"{path} (unpacked)", unpacked, search, findings, window)


def _search(place: str, file: _Bytes, search: Search, findings: Findings, size: int) -> None:
    for base, data, first, last in _windows(file, size, search.ahead):
        findings.file_bytes += last - first
        if data.count(0) == len(data):
            continue  # room PostgreSQL has set aside
        for match in search.in_file(data):
            if first <= match.start < last:
                findings.add(place, match.what, base + match.start)


def _windows(file: _Bytes, size: int, ahead: int) -> Iterator[tuple[int, bytes, int, int]]:
    """(offset of the data, the data, first, last): matches that start from `first` to before `last` are this window's.

    Before `first` lies what rules look back at, from `last` on what a match may extend to.
    """
    behind, held, base = b"", b"", 0
    while True:
        more = file.read(size)
        held += more
        whole = len(held) if not more else max(0, len(held) - ahead)
        yield base - len(behind), behind + held, len(behind), len(behind) + whole
        if not more:
            return
        base += whole
        behind = (behind + held[:whole])[-BEHIND:]
        held = held[whole:]


def _beneath(root: Path, findings: Findings) -> Iterator[Path]:
    if not root.is_dir():
        yield root
        return

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            findings.unread.append(f"{error.filename} cannot be read: {error.strerror}.")

    for folder, folders, names in os.walk(root, onerror=refuse):
        for name in folders:
            if (Path(folder) / name).is_symlink():
                findings.unread.append(f"{Path(folder) / name} is a link to a folder; give that with --logs.")
        yield from (Path(folder) / name for name in sorted(names))
