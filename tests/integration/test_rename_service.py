"""`tonearm catalog rename` beside the running service: both doors, several workers, a listener who comes back."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving

LISTENERS = [str(UUID(int=0x6F1D0AD4_C8A9_4D2F_9A2E_000000000000 + number)) for number in range(6)]


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
        "TONEARM_PRIVACY__MODE": "both",
    }
    with serving(tmp_path_factory.mktemp("rename") / "data", environment, "--workers", "2") as running:
        yield running


def play(service: Service, key: str, listener: int) -> None:
    """By each door once: with both there are two connections, which either worker may take."""
    body = json.dumps({"trackEntryKey": key, "bucket": "complete", "anonId": LISTENERS[listener]}).encode()
    for url in (service.url, service.beacon):
        headers = {"Content-Type": "text/plain", "User-Agent": f"listener {listener}"}
        assert 202 == ask(Door.at(url), "POST", "/api/event/play", headers, body).status


def figures(service: Service, what: str) -> tuple[int, int, int]:
    answer = ask(Door.at(service.url), "GET", f"/api/stats/{what}").json()
    return answer.get("totalPlays", 0), answer.get("listeners", 0), answer.get("listenersToday", 0)


@pytest.mark.full
def test_counts_and_listeners_go_on_exactly_under_either_key(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "catalog.csv"
    header = "track_key,track_title,release_key,release_title\n"
    file.write_text(header + "harbour,Harbour Lights,ferry,Night Ferry\n")
    service.command("catalog", "load", str(file))
    for listener in range(4):
        play(service, "harbour", listener)
    said = service.command("catalog", "rename", "harbour", "harbour-lights").stdout
    assert "The track 'harbour' is called 'harbour-lights' now. Events and figures under either are one.\n" == said
    service.command("catalog", "rename", "ferry", "night-ferry")
    for listener in range(6):  # four of them were here before
        play(service, "harbour-lights", listener)
    file.write_text(header + "harbour-lights,Harbour Lights,night-ferry,Night Ferry\n")
    assert "2 entries were the same already" in service.command("catalog", "load", str(file)).stdout
    play(service, "harbour", 0)
    for what in ("track/harbour", "track/harbour-lights", "release/ferry", "release/night-ferry"):
        eventually(lambda what=what: (22, 6, 6) == figures(service, what))  # type: ignore[misc]  # a lambda's default
    assert b"plays: 22" in ask(Door.at(service.url), "GET", "/badge/track/harbour-lights.svg").body
    shown = json.loads(service.command("stats", "track", "harbour-lights", "--json").stdout)
    assert (22, 6) == (shown["totalPlays"], shown["listeners"])
    assert "Every counter agrees" in service.command("check").stdout


@pytest.mark.full
def test_a_new_key_that_was_played_is_refused_and_then_merged(service: Service) -> None:
    play(service, "engine", 0)
    play(service, "engine-room", 1)
    eventually(lambda: (2, 1, 1) == figures(service, "track/engine-room"))
    eventually(lambda: (2, 1, 1) == figures(service, "track/engine"))
    refused = service.command("catalog", "rename", "engine", "engine-room", check=False)
    assert (1, "") == (refused.returncode, refused.stdout)
    assert (
        "The track 'engine-room' has counts of its own (2 plays, 0 shares, 1 listeners). With --merge" in refused.stderr
    )
    said = service.command("catalog", "rename", "engine", "engine-room", "--merge").stdout
    assert "Added what was counted under 'engine-room': 2 plays, 0 shares, 1 listeners." in said
    play(service, "engine-room", 0)
    for key in ("engine", "engine-room"):
        eventually(lambda key=key: (6, 2, 2) == figures(service, f"track/{key}"))  # type: ignore[misc]  # as above
    assert "Every counter agrees" in service.command("check").stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("unknown", "x"),
            "'unknown' is the key under which keys past the day's limit are counted; it is nobody's name.",
        ),
        (("harbour", "x" * 201), "A key is text of 1 to 200 bytes of UTF-8."),
        (("harbour", ""), "A key is text of 1 to 200 bytes of UTF-8."),
        (("never-heard-of", "x"), "No track or release 'never-heard-of' is in the catalog or has been counted."),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(service: Service, words: tuple[str, str], sentence: str) -> None:
    refused = service.command("catalog", "rename", *words, check=False)
    assert (1, f"{sentence}\n") == (refused.returncode, refused.stderr)
