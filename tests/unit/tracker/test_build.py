"""What the build promises: core and chunks match, each file is small, what is packed unpacks to the same."""

import re
from pathlib import Path

import pytest

from tracker import DIST
from tracker.build import LIMITS, main, sizes
from tracker.bundle import CHUNKS, ENTRIES, FILES, bundle, chunk_file
from tracker.names import HASHED, content_hash, hashed_name, integrity
from tracker.node import install_tools, run_node


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    install_tools()


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_is_no_larger_than_its_limit_as_brotli_packs_it(name: str) -> None:
    packed = (DIST / f"{name}.br").stat().st_size
    assert packed <= LIMITS[name]


def test_every_limit_is_of_a_file(tmp_path: Path) -> None:
    assert sorted(FILES) == sorted(LIMITS)
    assert len(LIMITS) == len(list(sizes(DIST)))


@pytest.mark.parametrize("chunk", sorted(CHUNKS))
@pytest.mark.parametrize("entry", sorted(ENTRIES))
def test_an_entry_names_its_chunks_by_their_content(entry: str, chunk: str) -> None:
    core = (DIST / entry).read_text()
    assert f'"{chunk}.{content_hash((DIST / chunk_file(chunk)).read_bytes())}"' in core
    assert f'"{chunk}"' not in core


def test_packed_files_unpack_to_what_was_packed() -> None:
    assert "" == run_node("brotli.mjs", "--check", *DIST.glob("*.js"))


def test_a_packed_file_of_another_content_is_told(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("right.js", "wrong.js", "torn.js", "missing.js")]
    for file in files:
        file.write_text(file.name)
    run_node("brotli.mjs", *files)
    files[1].write_text("changed since")
    torn = files[2].with_name("torn.js.br")
    torn.write_bytes(torn.read_bytes()[:3])
    files[3].with_name("missing.js.br").unlink()
    assert list(map(str, files[1:])) == run_node("brotli.mjs", "--check", *files).split()


def test_a_build_is_the_same_each_time(tmp_path: Path) -> None:
    bundle(tmp_path)
    assert {file.name: file.read_bytes() for file in DIST.glob("*.js")} == {
        file.name: file.read_bytes() for file in tmp_path.glob("*.js")
    }


def test_a_core_that_does_not_load_a_chunk_is_no_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CHUNKS, "unheard-of", "src/uuid.js")
    monkeypatch.setattr("tracker.build.DIST", tmp_path)
    assert 1 == main([])
    assert 'tonearm.js has the string "unheard-of" 0 times' in capsys.readouterr().err


def test_the_names_are_those_of_sha256_and_sha384() -> None:
    assert "ba7816bf" == content_hash(b"abc")
    assert "tonearm.ba7816bf.js" == hashed_name("tonearm.js", b"abc")
    assert "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn" == integrity(b"abc")
    match = HASHED.fullmatch("tonearm-plays.ba7816bf.js")
    assert match is not None
    assert ("tonearm-plays", "ba7816bf") == (match["stem"], match["hash"])


def test_the_classic_script_leaves_one_name_in_the_page() -> None:
    classic = (DIST / "tonearm-classic.js").read_text()
    assert re.fullmatch(r'(?s)(?:"use strict";)?\(\(\)=>\{.*\}\)\(\);?', classic)
