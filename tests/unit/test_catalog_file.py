"""Reading a catalog: CSV and JSON as sites and spreadsheets write them; every mistake is told with its line."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.catalog_file import CatalogFileError, Entries, load
from storage.catalog import Release, Track

CSV = """track_key,track_title,release_key,release_title,medium,position
harbour-lights,Harbour Lights,night-ferry,Night Ferry,cut,1
"salt, and rope","Salt, ""and"" Rope",night-ferry,Night Ferry,cut,2
loose,Loose,,,,
,,empty,Nothing On It,,
"""
EXPECTED = Entries(
    [Release("night-ferry", "Night Ferry", "cut"), Release("empty", "Nothing On It", None)],
    [
        Track("harbour-lights", "Harbour Lights", "night-ferry", 1),
        Track("salt, and rope", 'Salt, "and" Rope', "night-ferry", 2),
        Track("loose", "Loose", None, None),
    ],
)


def read(folder: Path, content: str | bytes, name: str = "catalog.csv") -> Entries:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load(path)


def mistakes(folder: Path, content: str | bytes, name: str = "catalog.csv") -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        read(folder, content, name)
    *found, last = str(caught.value).replace(f"{folder}/", "").splitlines()
    assert "Nothing was loaded." == last
    return found


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        b"\xef\xbb\xbf" + CSV.encode(),
        CSV.replace("\n", "\r\n").encode(),
        CSV.rstrip("\n").encode(),
        CSV.replace("track_key,track_title", " Track_Key , TRACK_TITLE").encode(),
    ],
    ids=["plain", "byte order mark", "Windows lines", "no last line end", "capitals and blanks"],
)
def test_a_csv_file_is_read_as_it_comes(tmp_path: Path, content: bytes) -> None:
    assert EXPECTED == read(tmp_path, content)


def test_semicolons_separate_as_well(tmp_path: Path) -> None:
    content = "position;track_title;track_key\n3;Über uns;ueber\n;Ohne, Platz;ohne\n"
    assert [Track("ueber", "Über uns", None, 3), Track("ohne", "Ohne, Platz")] == read(tmp_path, content).tracks


def test_a_json_file_is_read(tmp_path: Path) -> None:
    content = {
        "releases": [{"key": "night-ferry", "title": "Night Ferry", "medium": "cut"}, {"key": "b", "title": "B"}],
        "tracks": [
            {"key": "a", "title": "A", "release": "night-ferry", "position": 1},
            {"key": "l", "title": "L", "release": None},
        ],
    }
    expected = Entries(
        [Release("night-ferry", "Night Ferry", "cut"), Release("b", "B")],
        [Track("a", "A", "night-ferry", 1), Track("l", "L")],
    )
    assert expected == read(tmp_path, json.dumps(content), "catalog.json")


def test_an_empty_catalog_is_one(tmp_path: Path) -> None:
    assert Entries([], []) == read(tmp_path, "{}", "catalog.json")
    assert Entries([], []) == read(tmp_path, "track_key,track_title\n")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (",No Key,,,,", "line 3: the track's key must be text of 1 to 200 bytes, not ''."),
        ("key,,,,,", "line 3: the track has no title."),
        (f"{'k' * 201},Long,,,,", f"line 3: the track's key must be text of 1 to 200 bytes, not '{'k' * 79}."),
        ("a,A,,,,first", "line 3: the position must be a whole number from 1 to 10000, not 'first'."),
        ("a,A,,,,0", "line 3: the position must be a whole number from 1 to 10000, not '0'."),
        ("a,A,r", "line 3: the row has not 6 fields as line 1 has."),
        ("a,A,,,,1,more", "line 3: the row has not 6 fields as line 1 has."),
        (",,,,,", "line 3: the row names neither a track nor a release with its title."),
        ("harbour-lights,Again,,,,", "line 3: track 'harbour-lights' is already in line 2; a track has one entry."),
        ("b,B,night-ferry,Day Ferry,,", "line 3: release 'night-ferry' is described otherwise than in line 2."),
        ('b,"B\nC",night-ferry,,,0', "line 4: the position must be a whole number from 1 to 10000, not '0'."),
        ('b,"B" C,,,,', "line 3: not CSV: ',' expected after '\"'."),
    ],
)
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str, sentence: str) -> None:
    good = "\n".join(CSV.splitlines()[:2])
    assert [f"catalog.csv, {sentence}"] == mistakes(tmp_path, f"{good}\n{row}\n")


def test_every_mistake_is_told_up_to_20(tmp_path: Path) -> None:
    rows = "".join(f"key-{n},,,,,\n" for n in range(25))
    found = mistakes(tmp_path, CSV.splitlines()[0] + "\n" + rows)
    assert ("catalog.csv, line 2: the track has no title.", "... and 5 more.") == (found[0], found[-1])
    assert 21 == len(found)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("track_key", "line 1: the columns track_title are missing"),
        ("", "line 1: the columns track_key, track_title are missing"),
        ("track_key,track_title,colour", "line 1: unknown columns colour; known are track_key, track_title"),
        ('track_key,"track_title', "line 2: not CSV: unexpected end of data."),
    ],
)
def test_a_header_that_is_none_is_said_with_what_is_known(tmp_path: Path, header: str, sentence: str) -> None:
    [found] = mistakes(tmp_path, f"{header}\na,A,x\n")
    assert found.startswith(f"catalog.csv, {sentence}")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"tracks": [\n  {"key": "a"', "line 2: not JSON: "),
        ("[]", "line 1: the file must hold one object"),
        ('{"songs": []}', "line 1: the file must hold one object"),
        ('{"tracks": {}}', "tracks: must be a list."),
        ('{"tracks": ["a"]}', "tracks entry 1: must be an object."),
        ('{"tracks": [{"key": "a", "title": "A", "colour": 1}]}', "tracks entry 1: unknown colour; known are key,"),
        ('{"tracks": [{"key": 7, "title": "A"}]}', "tracks entry 1: the track's key must be text of 1 to 200 bytes"),
        ('{"tracks": [{"key": "a", "title": ["A"]}]}', "tracks entry 1: the track's title must be text, not ['A']."),
        ('{"tracks": [{"key": "a", "title": "A", "position": true}]}', "tracks entry 1: the position must be"),
        ('{"tracks": [{"key": "a", "title": "A", "position": 1.5}]}', "tracks entry 1: the position must be"),
        ('{"releases": [{"key": "a\\u0000", "title": "A"}]}', "releases entry 1: the release's key must be"),
        ('{"tracks": [{"key": "\\ud800", "title": "A"}]}', "tracks entry 1: the track's key must be"),
        ('{"tracks": [{"key": "a", "title": "\\ud800"}]}', "tracks entry 1: the track's title must be text"),
        ("[" * 100_000, "line 1: nested too deeply"),
    ],
)
def test_a_bad_json_entry_is_named(tmp_path: Path, content: str, sentence: str) -> None:
    found = mistakes(tmp_path, content, "catalog.json")
    assert found[0].startswith(f"catalog.json, {sentence}")


def test_what_is_not_utf_8_is_named_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(CatalogFileError, match=r"catalog\.csv, line 2: not UTF-8\. Save the file as UTF-8\."):
        read(tmp_path, "track_key,track_title\nü,Ü\n".encode("latin-1"))


def test_a_file_of_another_kind_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogFileError, match=r"catalog\.xlsx is neither \.csv nor \.json"):
        read(tmp_path, "x", "catalog.xlsx")
    with pytest.raises(CatalogFileError, match="cannot be read: No such file or directory"):
        load(tmp_path / "missing.csv")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode), name=st.sampled_from(["c.csv", "c.json"])
)
def test_any_bytes_are_a_catalog_or_a_sentence(tmp_path: Path, content: bytes, name: str) -> None:
    for body in (content, b"track_key,track_title\n" + content, b'{"tracks": [' + content + b"]}"):
        with contextlib.suppress(CatalogFileError):
            for entry in read(tmp_path, body, name).tracks:
                assert 1 <= len(entry.key.encode()) <= 200
