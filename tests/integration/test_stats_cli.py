"""`tonearm stats` and `tonearm top` beside the running service: the API's shapes, tables for people, exit codes."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api_service import Filled, filled_service, path_of
from tests.support.postgres import Postgres
from tests.support.service import TONEARM


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_service(postgres, tmp_path_factory.mktemp("cli"), PRIVACY__MODE="both") as one:
        yield one


def said(service: Filled, *words: str) -> str:
    return service.service.command(*words).stdout


def as_json(service: Filled, *words: str) -> Any:
    return json.loads(said(service, *words, "--json"))


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (["--range", "30d"], "range=30d"),
        (["--from", "2026-01-01", "--to", "2026-06-30", "--step", "month"], "from=2026-01-01&to=2026-06-30&step=month"),
        pytest.param(["--range", "all"], "range=all", marks=pytest.mark.full),
    ],
)
def test_stats_with_a_range_are_the_apis_series(service: Filled, words: list[str], query: str) -> None:
    track = service.music.tracks[0].key
    assert service.json(f"/api/series/home?{query}") == as_json(service, "stats", "home", *words)
    of_track = as_json(service, "stats", "track", track, *words)
    assert service.json(f"/api/series/track/{path_of(track)}?{query}") == of_track


def test_stats_without_a_range_are_the_public_figures_as_before(service: Filled) -> None:
    assert service.json("/api/stats/home") == as_json(service, "stats", "home")


@pytest.mark.parametrize(
    ("words", "query"),
    [
        (["tracks"], "tracks?trend=true"),
        (
            ["tracks", "--range", "90d", "--sort", "title", "--limit", "3"],
            "tracks?trend=true&range=90d&sort=title&limit=3",
        ),
        (["tracks", "--sort", "shares", "--ascending"], "tracks?trend=true&sort=shares&order=asc"),
        (["tracks", "--release", "release-03"], "tracks?trend=true&release=release-03"),
        (["releases", "--medium", "mix", "--search", "a"], "releases?trend=true&medium=mix&search=a"),
    ],
)
def test_top_is_the_apis_leaderboard(service: Filled, words: list[str], query: str) -> None:
    expected = service.json(f"/api/{query}")
    assert {**expected, "next": None} == as_json(service, "top", *words)


def test_a_person_reads_totals_and_a_bar_for_every_step(service: Filled) -> None:
    totals = service.json("/api/series/home?range=7d")["totals"]
    table = said(service, "stats", "home", "--range", "7d")
    assert f"{totals['totalPlays']:,}" in table
    assert 7 == sum(line.strip().startswith("202") and "\u2588" in line for line in table.splitlines())


def test_a_person_reads_titles_and_figures_in_order(service: Filled) -> None:
    entries = service.json("/api/releases?limit=3")["entries"]
    table = said(service, "top", "releases", "--limit", "3")
    places = [table.index(entry["title"]) for entry in entries]
    assert sorted(places) == places
    assert all(f"{entry['totalPlays']:,}" in table for entry in entries)
    assert "3 of 12; --limit shows more." in table


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["stats", "home", "--range", "8d"], 2, "'8d' is not a range; allowed are today"),
        (["stats", "home", "--range", "7d", "--from", "2026-01-01"], 2, "leave out from and to"),
        (["stats", "home", "--from", "yesterday"], 2, "a day is written as 2026-11-21"),
        (["stats", "home", "--range", "7d", "--step", "hour"], 2, "'hour' is not a step"),
        (["top", "tracks", "--sort", "fame"], 2, "--sort fame: allowed is plays"),
        (["stats", "track", "nobody", "--range", "7d"], 1, "No track with the key 'nobody'"),
    ],
)
def test_what_cannot_be_answered_says_why_and_how_it_ends(
    service: Filled, words: list[str], code: int, says: str
) -> None:
    done = service.service.command(*words, check=False)
    assert (code, "") == (done.returncode, done.stdout)
    assert says in done.stderr


def completed(environment: dict[str, str], line: str) -> list[str]:
    """What bash offers after this line."""
    asked = {"_TONEARM_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run([TONEARM], env=environment | asked, capture_output=True, text=True, timeout=60)
    assert "" == done.stderr
    return done.stdout.split()


@pytest.mark.full
def test_the_shell_completes_commands_options_and_keys_of_the_catalog(service: Filled) -> None:
    environment = service.service.environment
    assert ["stats"] == completed(environment, "tonearm sta")
    assert ["--range", "--release"] == sorted(completed(environment, "tonearm top tracks --r"))
    loose = sorted(track.key for track in service.music.tracks if track.key.startswith("loose"))
    assert loose == completed(environment, "tonearm stats track loo")
    assert [one.key for one in service.music.releases] == completed(environment, "tonearm stats release release-")


@pytest.mark.full
def test_completing_a_key_starts_no_database(tmp_path: Any) -> None:
    environment = {"PATH": os.environ["PATH"], "TONEARM_DATA_DIR": str(tmp_path / "data")}
    assert [] == completed(environment, "tonearm stats track a")
    assert not (tmp_path / "data").exists()
