"""The installation's secret: configured, or made once; and the sentences where it cannot be used."""

from pathlib import Path

import pytest

from server.secret import SecretError, obtain

FRESH = bytes(range(32))


def test_the_configured_secret_is_taken_and_nothing_is_written(tmp_path: Path) -> None:
    assert b"a secret of my own" == obtain("a secret of my own", tmp_path, fresh=FRESH)
    assert [] == list(tmp_path.iterdir())


def test_without_one_it_is_made_once_and_kept(tmp_path: Path) -> None:
    made = obtain("", tmp_path, fresh=FRESH)
    assert made == obtain("", tmp_path, fresh=b"other" * 8)
    assert FRESH.hex().encode() == made


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    obtain("", tmp_path, fresh=FRESH)
    assert [("secret", 0o600)] == [(file.name, file.stat().st_mode & 0o777) for file in tmp_path.iterdir()]


def test_a_configured_secret_wins_over_the_file(tmp_path: Path) -> None:
    obtain("", tmp_path, fresh=FRESH)
    assert b"a secret of my own" == obtain("a secret of my own", tmp_path, fresh=FRESH)


def test_an_attempt_that_was_cut_off_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "secret.new").write_bytes(b"half")
    assert FRESH.hex().encode() == obtain("", tmp_path, fresh=FRESH)
    assert ["secret"] == [file.name for file in tmp_path.iterdir()]


def test_blanks_around_it_are_an_editors(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b" 0123456789abcdef\r\n\n")
    assert b"0123456789abcdef" == obtain("", tmp_path, fresh=FRESH)


def test_a_short_secret_is_refused_with_a_way_to_make_one() -> None:
    with pytest.raises(SecretError, match=r"has 5 characters; it needs at least 16: make one with: python3") as caught:
        obtain("short", Path("/nowhere"), fresh=FRESH)
    assert "'short'" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"0123456789abcde"])
def test_a_damaged_file_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SecretError, match=r"is damaged: it holds .* bytes. Put the original back"):
        obtain("", tmp_path, fresh=FRESH)
    assert content == (tmp_path / "secret").read_bytes()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SecretError, match=f"The secret file {tmp_path}/secret cannot be read: Is a directory"):
        obtain("", tmp_path, fresh=FRESH)


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="cannot be written: No such file or directory"):
        obtain("", tmp_path / "nowhere", fresh=FRESH)
