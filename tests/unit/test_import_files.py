"""What is read from files of every format, and the sentence for each mistake in them."""

import csv
import gzip
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.cells import guarded, unguarded
from server.export_file import COLUMNS
from server.imports.reading import Checked, ImportFile, Options
from server.imports.source import ImportFileError
from storage.staging import EventRow, FigureRow, ListenerRow

TODAY = date(2026, 11, 21)
EVENTS = ",".join(COLUMNS["events"])
DAYS = ",".join(COLUMNS["days"])
GOATCOUNTER = (
    "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,Screen size,Location,"
    "FirstVisit,Date"
)
UMAMI = "website_id,session_id,visit_id,event_id,url_path,page_title,event_type,event_name,created_at"


def options(event: str | None = None, path_to_key: str | None = None, *, listeners: bool = True) -> Options:
    return Options(
        TODAY,
        ZoneInfo("Europe/Berlin"),
        re.compile(event) if event else None,
        re.compile(path_to_key) if path_to_key else None,
        listeners,
    )


class Given:
    """A file, read."""

    def __init__(self, path: Path, content: str | bytes, how: Options | None = None) -> None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.file = ImportFile(path, how or options())

    def check(self) -> Checked:
        return self.file.check(lambda read: None)

    def figures(self) -> list[FigureRow]:
        self.check()
        return [row for chunk in self.file.chunks() for row in chunk.figures]

    def events(self) -> list[EventRow]:
        self.check()
        return [row for chunk in self.file.chunks() for row in chunk.events]


def mistakes(path: Path, content: str | bytes, how: Options | None = None) -> str:
    with pytest.raises(ImportFileError) as told:
        Given(path, content, how).check()
    return str(told.value).replace(str(path), "FILE")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


def test_an_exported_play_is_read_as_it_was(path: Path) -> None:
    line = "play,2026-11-20T18:00:00Z,2026-11-20,track,harbour-lights,night-drive,complete,,link,1"
    [row] = Given(path, f"{EVENTS}\r\n{line}\r\n").events()
    at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    expected = EventRow(at, at.date(), 1, "track", "harbour-lights", "night-drive", "complete", None, "link")
    assert expected == row


def test_a_time_is_cut_to_its_hour(path: Path) -> None:
    line = "share,2026-11-20T18:43:21+01:00,2026-11-20,release,night-drive,,,embed,,"
    [row] = Given(path, f"{EVENTS}\n{line}\n").events()
    assert datetime(2026, 11, 20, 17, tzinfo=UTC) == row.created_at


def test_a_packed_file_is_the_same_file(tmp_path: Path) -> None:
    text = f"{EVENTS}\nshare,2026-11-20T18:00:00Z,2026-11-20,release,night-drive,,,embed,,1\n".encode()
    plain, packed = Given(tmp_path / "plain", text), Given(tmp_path / "packed", gzip.compress(text))
    assert plain.check() == packed.check()
    assert plain.events() == packed.events()


def test_lines_of_json_are_read_by_the_same_rules(tmp_path: Path) -> None:
    names = COLUMNS["days"]
    figures = ["day", "2026-11-20", "track", "harbour-lights", "1", "2", "3", "4", "5", "6", "7", "8"]
    as_csv = Given(tmp_path / "csv", f"{DAYS}\n{','.join(figures)}\n")
    as_json = Given(tmp_path / "json", json.dumps(dict(zip(names, figures, strict=True))) + "\n")
    assert as_csv.figures() == as_json.figures()
    expected = FigureRow("harbour-lights", "track", None, date(2026, 11, 20), 1, 2, 3, 4, 5, 6, 7, 8)
    assert [expected] == as_csv.figures()


def test_listeners_are_read_only_where_they_are_wanted(tmp_path: Path) -> None:
    tag, pseudonym = "ab" * 16, "cd" * 16
    lines = [
        {"record": "pseudonym_key", "pseudonym": tag},
        {"record": "listener", "target_kind": "site", "target_key": "", "pseudonym": pseudonym},
        {"record": "play", "created_at": "2026-11-20T18:00:00Z", "day": "2026-11-20", "target_kind": "track"}
        | {"target_key": "harbour-lights", "bucket": "complete"},
    ]
    text = "\n".join(map(json.dumps, lines))
    taken = Given(tmp_path / "with", text)
    assert bytes.fromhex(tag) == taken.check().key_tag
    [chunk] = taken.file.chunks()
    assert [ListenerRow("", "site", bytes.fromhex(pseudonym))] == chunk.listeners
    left = Given(tmp_path / "without", text, options(listeners=False))
    assert (None, 2) == (left.check().key_tag, left.check().left_out)
    [chunk] = left.file.chunks()
    assert ([], 1) == (chunk.listeners, len(chunk.events))


@given(st.text().filter(lambda key: "\x00" not in key))
def test_a_guarded_key_is_no_formula_and_comes_back(key: str) -> None:
    cell = guarded(key)
    assert not cell.lstrip(" ").startswith(
        ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
    )
    assert key == unguarded(cell)


@pytest.mark.parametrize("key", ["=cmd|' /C calc'!A0", "'=1+1", "''@x", "'tis", "plain", " =x", "'  =x"])
def test_a_guarded_key_comes_back_through_a_file(path: Path, key: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS["days"], ["day", "2026-11-20", "track", guarded(key), 1, 0, 0, 0, 0, 0, 0, 0]])
    [row] = Given(path, text.getvalue()).figures()
    assert key == row.target_key


def test_plays_so_far_need_a_key_and_a_number(path: Path) -> None:
    rows = Given(path, "key,plays\nharbour-lights,120\nslow-tide,7\n").figures()
    assert [("harbour-lights", None, 120), ("slow-tide", None, 7)] == [
        (r.target_key, r.day, r.unbucketed) for r in rows
    ]


def test_what_is_known_of_plays_so_far_is_taken_along(path: Path) -> None:
    header = "Key;Title;Release;Release_title;Date;Plays;Partial;Sampled;Complete;Shares_link"
    given_file = Given(path, f"{header}\nharbour-lights;Harbour;nd;Night Drive;2026-01-02;100;10;20;30;4\n")
    [row] = given_file.figures()
    expected = FigureRow("harbour-lights", "track", "nd", date(2026, 1, 2), 10, 20, 30, 40, shares_link=4)
    assert expected == row
    [chunk] = given_file.file.chunks()
    assert ["Harbour"] == [track.title for track in chunk.tracks.values()]
    assert ["Night Drive"] == [release.title for release in chunk.releases.values()]


def goatcounter(*hits: tuple[str, str, str, str]) -> str:
    rows = [f"{path},,{event},ua,Firefox,Linux,s,{bot},,,,DE,true,{at}" for path, event, bot, at in hits]
    return "\n".join([GOATCOUNTER, *rows])


HITS = goatcounter(
    ("play:harbour-lights", "true", "0", "2026-11-20T23:30:00Z"),
    ("play:harbour-lights", "true", "7", "2026-11-20T23:30:00Z"),
    ("copied", "true", "0", "2026-11-20T10:00:00Z"),
    ("/music/slow-tide", "false", "0", "2026-11-19T10:00:00Z"),
)


@pytest.mark.parametrize(
    ("how", "plays", "left_out"),
    [
        (options(), ["play:harbour-lights 2026-11-21", "copied 2026-11-20"], 2),
        (options(event="play:(.+)"), ["harbour-lights 2026-11-21"], 3),
        (options(path_to_key="^/music/([^/]+)"), ["slow-tide 2026-11-19"], 3),
        (options(path_to_key="(play:|/music/)(?P<key>.+)"), ["harbour-lights 2026-11-21", "slow-tide 2026-11-19"], 2),
    ],
)
def test_goatcounters_hits_are_plays_by_event_or_path(
    path: Path, how: Options, plays: Sequence[str], left_out: int
) -> None:
    given_file = Given(path, HITS, how)
    assert plays == [f"{row.target_key} {row.day}" for row in given_file.figures()]
    assert left_out == given_file.check().left_out


UMAMIS = "\n".join(
    [
        UMAMI,
        "w,s,v,e1,/music/harbour-lights,Harbour,2,play,2026-11-20 23:30:00",
        "w,s,v,e2,/music/harbour-lights,Harbour,2,copy,2026-11-20 23:30:00",
        "w,s,v,e3,/music/harbour-lights,Harbour,1,,2026-11-20 23:29:00",
        "w,s,v,e4,/,Home,2,play:slow-tide,2026-11-20 12:00:00.123",
    ]
)


@pytest.mark.parametrize(
    ("how", "plays"),
    [
        (options(event="play", path_to_key="/music/(.+)"), ["harbour-lights 2026-11-21"]),
        (options(event="play"), ["/music/harbour-lights 2026-11-21"]),
        (options(event="play:(.+)"), ["slow-tide 2026-11-20"]),
        (options(path_to_key="/music/(.+)"), ["harbour-lights 2026-11-21"] * 3),
    ],
)
def test_umamis_events_are_plays_by_their_name(path: Path, how: Options, plays: Sequence[str]) -> None:
    assert plays == [f"{row.target_key} {row.day}" for row in Given(path, UMAMIS, how).figures()]


PLAY = "play,2026-11-20T18:00:00Z,2026-11-20,track,harbour-lights,,complete,,,1"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (PLAY.replace("play", "listen"), "record must be one of"),
        (PLAY.replace("complete", "whole"), "bucket must be one of complete, partial, sampled, not 'whole'"),
        (PLAY.replace("harbour-lights", ""), "target_key must be text of 1 to 200 bytes"),
        (PLAY.replace("harbour-lights", "x" * 201), "target_key must be text of 1 to 200 bytes"),
        (PLAY.replace("harbour-lights", "a\x00b"), "target_key must be text"),
        (PLAY.replace("2026-11-20,", "2026-11-22,"), "day is 2026-11-22; days from 1995-01-01 to today"),
        (PLAY.replace("2026-11-20,", "soon,"), "day must be a day as 2026-11-21, not 'soon'"),
        (PLAY.replace("2026-11-20,", "2026-11-17,"), "more than a day away"),
        (PLAY.replace("T18:00:00Z", ""), "created_at must be a time as"),
        (PLAY.replace(",track,", ",release,"), "target_kind must be one of track"),
        (PLAY.replace(",1", ",x"), "rule_version must be a whole number"),
        (PLAY + ",more", "11 cells, where line 1 has 10"),
        (PLAY.replace("complete,,,", "complete,,mail,"), "via must be one of embed, link, not 'mail'"),
    ],
)
def test_each_mistake_has_a_sentence_with_its_line(path: Path, line: str, told: str) -> None:
    found = mistakes(path, f"{EVENTS}\n{PLAY}\n{line}\n")
    assert found.startswith("FILE, line 3: ")
    assert told in found
    assert found.endswith("\nNothing was imported.")


def test_all_mistakes_are_told_up_to_a_number(path: Path) -> None:
    found = mistakes(path, EVENTS + "\n" + "\n".join([PLAY.replace("play", "listen")] * 50)).splitlines()
    assert [22, "... and 30 more."] == [len(found), found[20]]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "of no known kind, by its line 1"),
        ("name,age\nx,1\n", "of no known kind, by its line 1; known are an export of `tonearm export`"),
        (EVENTS + "\n", "has nothing to import"),
        ("key,plays,colour\nx,1,red\n", "has unknown columns colour; known are key, plays, title"),
        ("key,plays\nx,-1\n", "line 2: plays must be a whole number from 0"),
        ("key,plays\nx,1.5\n", "line 2: plays must be a whole number from 0"),
        ("key,plays\nx,\n", "line 2: plays is empty"),
        ("key,plays\nx,1\nx,2\n", "line 3: 'x' has a line already"),
        ("key,plays,complete\nx,1,2\n", "line 2: partial, sampled and complete are 2 together, more than plays (1)"),
        ("key,plays,release_title\nx,1,Night\n", "line 2: release_title without release"),
        ('key,plays\n"x,1\n', "not CSV"),
        (b"key,plays\n\xff,1\n", "line 2: not UTF-8"),
        ('{"record": "play"\n', "line 1: not JSON"),
        ('{"record": ["play"]}\n', "line 1: not an object with plain values"),
        (GOATCOUNTER.replace("2Path", "1Path") + "\n", "is version 1 of GoatCounter's export; version 2 can be"),
        (GOATCOUNTER.replace(",Bot", "") + "\n", "lacks the columns Bot"),
        (goatcounter(("/about", "false", "0", "2026-11-20T10:00:00Z")), "1 rows are no plays by --event"),
        (goatcounter(("play", "true", "0", "yesterday")), "line 2: 'yesterday' is no time"),
        (UMAMIS, "is Umami's: name the event that is a play with --event"),
        (gzip.compress(b"key,plays\nx,1\n" * 9, mtime=0)[:-9], "is damaged or cut off"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_why(path: Path, content: str | bytes, told: str) -> None:
    assert told in mistakes(path, content)


def test_a_file_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(ImportFileError, match="cannot be read: No such file"):
        ImportFile(path, options())
