"""The file of a backup: a tar archive that ordinary tools open.

manifest.json   what it is: format, schema version, counts, when it was made, the sealed pseudonym key
unlogged.dump   pg_dump's custom format: the tables that hold salts and tokens, without a row
tables.dump     the same: everything else
SHA256SUMS      of the three, as sha256sum writes and checks them
signature       HMAC-SHA-256 of SHA256SUMS under a key derived from the installation's secret, in hexadecimal
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Final

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
UNLOGGED: Final = "unlogged.dump"
TABLES: Final = "tables.dump"
_SUMS: Final = "SHA256SUMS"
_SIGNATURE: Final = "signature"
_PIECE: Final = 1 << 20

Report = Callable[[int, int], None]


class BackupError(Exception):
    """A sentence; nothing was touched."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    tonearm: str  # the version that made it
    schema: int
    made_at: str
    counts: Mapping[str, int]
    sizes: Mapping[str, int]  # of the tables, for progress bars
    sealed_key: str | None  # hexadecimal; opens with the secret only; a file that has none is not restored
    format: int = FORMAT


class Writer:
    """Puts the members into `file`, which can be seeked in, one after another; `finish` is the last."""

    def __init__(self, file: BinaryIO, made_at: int) -> None:
        """`made_at`: seconds since 1970, for the members' times."""
        self._file = file
        self._made_at = made_at
        self._sums: list[str] = []
        self._member: _Member | None = None

    def whole(self, name: str, content: bytes) -> None:
        """A member that is known."""
        self.begin(name)
        self.write(content)
        self.end()

    def begin(self, name: str) -> None:
        """A member whose size is not known yet."""
        self._member = _Member(name, self._file.tell(), hashlib.sha256())
        self._file.write(bytes(tarfile.BLOCKSIZE))

    def write(self, piece: bytes) -> None:
        """More of it."""
        assert self._member is not None
        self._member.sum.update(piece)
        self._member.size += len(piece)
        self._file.write(piece)

    def end(self) -> None:
        """Its header, now that the size is known."""
        member, self._member = self._member, None
        assert member is not None
        self._file.write(bytes(-member.size % tarfile.BLOCKSIZE))
        end = self._file.tell()
        self._file.seek(member.place)
        header = tarfile.TarInfo(member.name)
        header.size, header.mode, header.mtime = member.size, 0o600, self._made_at
        self._file.write(header.tobuf(tarfile.GNU_FORMAT))
        self._file.seek(end)
        self._sums.append(f"{member.sum.hexdigest()}  {member.name}\n")

    def finish(self, sign: Callable[[bytes], bytes]) -> None:
        """Sums, signature, and the archive's end."""
        sums = "".join(self._sums).encode()
        self.whole(_SUMS, sums)
        self.whole(_SIGNATURE, sign(sums).hex().encode())
        self._file.write(bytes(2 * tarfile.BLOCKSIZE))


@dataclass(slots=True)
class _Member:
    name: str
    place: int
    sum: Any  # a hash of hashlib, whose type has no name
    size: int = 0


class Reader:
    """A backup whose sums are right, open until the context ends: what was checked is what is read."""

    def __init__(self, path: Path, report: Report) -> None:
        """Reads all of it. Raises BackupError."""
        self.path = path
        self._pieces: dict[str, list[bytes]] = {}  # member -> the SHA-256 of every piece of it
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._unreadable(error) from None
        try:
            self._sums, self._signature, self.manifest = self._verified(self._file, report)
        except OSError as error:
            self._file.close()
            raise self._unreadable(error) from None
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def signed_by(self, sign: Callable[[bytes], bytes]) -> bool:
        """Whether the signature is of this secret."""
        return self._signature is not None and self._signature == sign(self._sums).hex().encode()

    @property
    def is_signed(self) -> bool:
        """Whether there is a signature, of whichever secret."""
        return self._signature is not None

    def pieces(self, name: str) -> Iterator[bytes]:
        """A member's content, each piece held against what was checked before it is given away. Raises BackupError."""
        try:
            self._file.seek(0)
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                member = archive.extractfile(name)
                for digest in self._pieces[name]:
                    piece = b"" if member is None else member.read(_PIECE)
                    if hashlib.sha256(piece).digest() != digest:
                        raise self._changed()
                    yield piece
        except (tarfile.TarError, KeyError):
            raise self._changed() from None
        except OSError as error:
            raise self._unreadable(error) from None

    def _verified(self, file: BinaryIO, report: Report) -> tuple[bytes, bytes | None, Manifest]:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        small: dict[str, bytes] = {}
        sums: list[str] = []
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    if content is None:
                        raise self._damaged()
                    digest, small[member.name], self._pieces[member.name] = _read(
                        content, lambda: report(file.tell(), size)
                    )
                    if member.name not in (_SUMS, _SIGNATURE):
                        sums.append(f"{digest}  {member.name}\n")
        except tarfile.TarError as error:
            if not small:
                raise BackupError(f"{self.path} is no backup of Tonearm.") from None
            raise self._damaged() from error
        if MANIFEST not in small:
            raise BackupError(f"{self.path} is no backup of Tonearm.")
        if small.get(_SUMS) != "".join(sums).encode() or not {UNLOGGED, TABLES} <= small.keys():
            raise self._damaged()
        return small[_SUMS], small.get(_SIGNATURE), self._manifest(small[MANIFEST])

    def _manifest(self, content: bytes) -> Manifest:
        found = json.loads(content)
        if found.get("format") != FORMAT:
            raise BackupError(f"{self.path} is of a newer Tonearm ({found.get('tonearm')}): restore it with that one.")
        return Manifest(**found)

    def _unreadable(self, error: OSError) -> BackupError:
        return BackupError(f"{self.path} cannot be read: {error.strerror}.")

    def _changed(self) -> BackupError:
        return BackupError(f"{self.path} was changed while it was read.")

    def _damaged(self) -> BackupError:
        return BackupError(f"{self.path} is cut off or damaged: its checksums are not those of its content.")


def manifest_bytes(manifest: Manifest) -> bytes:
    """As it is stored."""
    return json.dumps(asdict(manifest), indent=2).encode() + b"\n"


def _read(content: IO[bytes], tell: Callable[[], None]) -> tuple[str, bytes, list[bytes]]:
    """(SHA-256, the content where it is small, SHA-256 of each piece)."""
    found, start, pieces = hashlib.sha256(), b"", []
    while piece := content.read(_PIECE):
        start = start or piece
        found.update(piece)
        pieces.append(hashlib.sha256(piece).digest())
        tell()
    return found.hexdigest(), start, pieces
