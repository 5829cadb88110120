"""The file of a backup: what was checked is what is read, whoever writes to it or replaces it meanwhile."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.backup.archive import MANIFEST, TABLES, UNLOGGED, BackupError, Manifest, Reader, Writer, manifest_bytes

MEBIBYTE = 1 << 20
GOOD = [bytes([number]) * MEBIBYTE for number in (1, 2)] + [b"the end"]
SIGNED = b"signed"


def write(path: Path, tables: bytes) -> Path:
    manifest = Manifest("1", 1, "2026-11-21T00:00:00+00:00", {}, {}, "00")
    with path.open("wb") as file:
        archive = Writer(file, 0)
        archive.whole(MANIFEST, manifest_bytes(manifest))
        archive.whole(UNLOGGED, b"unlogged")
        archive.whole(TABLES, tables)
        archive.finish(lambda sums: SIGNED)
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Reader]:
    """Checked, and open."""
    with Reader(write(tmp_path / "good.backup", b"".join(GOOD)), lambda done, total: None) as reader:
        yield reader


def test_a_member_comes_as_it_was_written(archive: Reader) -> None:
    assert b"unlogged" == b"".join(archive.pieces(UNLOGGED))
    assert GOOD == list(archive.pieces(TABLES))
    assert archive.signed_by(lambda sums: SIGNED)


def test_a_file_put_in_its_place_after_the_check_is_not_read(archive: Reader, tmp_path: Path) -> None:
    write(tmp_path / "hostile.backup", b"".join(reversed(GOOD))).rename(archive.path)
    assert GOOD == list(archive.pieces(TABLES))


def test_a_piece_written_over_after_the_check_is_never_given_away(archive: Reader) -> None:
    place = archive.path.read_bytes().index(GOOD[1])
    with archive.path.open("r+b") as file:
        file.seek(place)
        file.write(b"hostile")
    pieces = archive.pieces(TABLES)
    assert GOOD[0] == next(pieces)
    with pytest.raises(BackupError, match="was changed while it was read"):
        next(pieces)


def test_a_header_written_over_after_the_check_is_found_out(archive: Reader) -> None:
    with archive.path.open("r+b") as file:
        file.write(json.dumps({"hostile": True}).encode())
    with pytest.raises(BackupError, match="was changed while it was read"):
        list(archive.pieces(TABLES))


def test_a_file_cut_off_after_the_check_is_found_out(archive: Reader) -> None:
    with archive.path.open("r+b") as file:
        file.truncate(2 * MEBIBYTE)
    with pytest.raises(BackupError, match="was changed while it was read"):
        list(archive.pieces(TABLES))
