"""`tonearm catalog load` as an operator uses it, beside the running service, which notices what changed."""

from pathlib import Path

import pytest

from tests.integration.conftest import Open
from tests.support.http import ask

HEADER = "track_key,track_title,release_key,release_title,medium,position\n"


def catalog(service: Open, table: str, like: str) -> list[tuple[object, ...]]:
    """Rows of the catalog whose key starts with `like`."""
    columns = {
        "track": "SELECT track_key, title, release_key, position FROM track WHERE track_key LIKE $1 ORDER BY 1",
        "release": "SELECT release_key, title, medium FROM release WHERE release_key LIKE $1 ORDER BY 1",
    }
    return service.query(columns[table], like + "%")


def test_loading_adds_and_changes_and_says_so(open_service: Open, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text(HEADER + "add-a,A,add-r,R,cut,1\nadd-b,B,add-r,R,cut,2\n")
    first = open_service.service.command("catalog", "load", str(file)).stdout
    assert "1 releases added: add-r\n2 tracks added: add-a, add-b\n0 entries were the same already." in first
    file.write_text(HEADER + "add-a,A,add-r,R,cut,1\nadd-b,B again,add-s,S,,1\n")
    second = open_service.service.command("catalog", "load", str(file)).stdout
    assert "1 releases added: add-s\n1 tracks changed: add-b\n2 entries were the same already." in second
    assert [("add-a", "A", "add-r", 1), ("add-b", "B again", "add-s", 1)] == catalog(open_service, "track", "add-")
    assert [("add-r", "R", "cut"), ("add-s", "S", None)] == catalog(open_service, "release", "add-")
    third = open_service.service.command("catalog", "load", str(file)).stdout
    assert third.endswith("4 entries were the same already.\n")
    assert "added" not in third


@pytest.mark.full
def test_json_is_loaded_and_the_bar_says_what_it_does(open_service: Open, tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    tracks = ", ".join(f'{{"key": "json-{n}", "title": "T"}}' for n in range(2500))
    file.write_text(f'{{"tracks": [{tracks}]}}')
    said = open_service.service.command("catalog", "load", str(file)).stdout
    assert "Loading the catalog" in said
    assert "2,500 tracks added: json-0, json-1, json-10, " in said
    assert " and 2,490 more" in said
    assert 2500 == len(catalog(open_service, "track", "json-"))


def test_a_mistake_anywhere_loads_nothing(open_service: Open, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text(HEADER + "half-a,A,half-r,R,,1\nhalf-b,,,,,\n")
    refused = open_service.service.command("catalog", "load", str(file), check=False)
    assert (1, "") == (refused.returncode, refused.stdout)
    assert f"{file}, line 3: the track has no title.\nNothing was loaded.\n" == refused.stderr
    assert ([], []) == (catalog(open_service, "track", "half-"), catalog(open_service, "release", "half-"))


def test_a_release_that_is_nowhere_loads_nothing(open_service: Open, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    file.write_text("track_key,track_title,release_key\nlost-a,A,lost-r\n")
    refused = open_service.service.command("catalog", "load", str(file), check=False)
    assert 1 == refused.returncode
    assert "neither in it nor in the catalog: 'lost-r'. Nothing was loaded." in refused.stderr
    assert [] == catalog(open_service, "track", "lost-")


def test_a_track_that_moves_counts_for_its_new_release_from_then_on(open_service: Open, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    key = open_service.new_key()

    def load_on(release: str) -> None:
        file.write_text(HEADER + f"{key},Moving,{release},Release {release},,1\n")
        open_service.service.command("catalog", "load", str(file))

    def play(total: int) -> None:
        body = b'{"trackEntryKey": "%s", "bucket": "complete"}' % key.encode()
        assert 202 == ask(open_service.reads, "POST", "/api/event/play", {"Content-Type": "text/plain"}, body).status
        open_service.await_plays(key, total)

    play(1)
    load_on(f"old-of-{key}")
    play(2)
    load_on(f"new-of-{key}")
    play(3)
    filed = open_service.query("SELECT release_key FROM play_event WHERE track_key = $1", key)
    assert {(None,), (f"old-of-{key}",), (f"new-of-{key}",)} == set(filed)
    for release in ("old", "new"):
        assert 1 == ask(open_service.reads, "GET", f"/api/stats/release/{release}-of-{key}").json()["totalPlays"]
    assert "Every counter agrees" in open_service.service.command("check").stdout
