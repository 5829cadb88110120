"""Another secret seals the same keys: no listener is counted twice or lost, whatever cuts the rotation off."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from storage.spool import Spool
from tests.integration.test_modes_live import has_salt
from tests.support.http import Door, ask
from tests.support.service import Service, eventually, serving

IDS = ["6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11", "0d1c7a52-52a2-4b0e-8a38-0d0b8f7c0001"]


@pytest.fixture
def environment(database_url: str) -> dict[str, str]:
    return {
        "TONEARM_DATABASE_URL": database_url,
        "TONEARM_PRIVACY__MODE": "both",
        "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
    }


def play_all(service: Service, plays: int) -> tuple[int, int, bool]:
    """Every listener plays; (listeners, listenersToday, part of the day) once so many plays are counted."""
    for number, anon_id in enumerate(IDS):
        body = json.dumps({"trackEntryKey": "a", "bucket": "complete", "anonId": anon_id}).encode()
        headers = {"Content-Type": "text/plain", "User-Agent": f"Mozilla/5.0 Firefox/{140 + number}"}
        assert 202 == ask(Door.at(service.beacon), "POST", "/api/event/play", headers, body).status
    door = Door.at(service.url)
    eventually(lambda: ask(door, "GET", "/api/stats/track/a").json().get("totalPlays") == plays)
    found = ask(door, "GET", "/api/stats/track/a").json()
    return found["listeners"], found["listenersToday"], found["listenersTodayPartial"]


@pytest.mark.full
def test_a_rotated_secret_changes_no_count_in_the_running_service_and_after(
    data_dir: Path, environment: dict[str, str]
) -> None:
    with serving(data_dir, environment) as service:
        counted = play_all(service, 2)
        assert (2, 2) == counted[:2]
        old = (data_dir / "secret").read_bytes()
        said = service.command("secret", "rotate", "--reason", "an admin left").stdout
        assert f"Everything is sealed under a new secret, which is in {data_dir / 'secret'}.\n" == said
        assert old != (data_dir / "secret").read_bytes()
        assert 0o600 == (data_dir / "secret").stat().st_mode & 0o777
        assert counted == play_all(service, 4)
        assert has_salt(service)
        assert "Every counter agrees" in service.command("check").stdout
    with serving(data_dir, environment) as service:
        assert counted == play_all(service, 6)
    (data_dir / "secret").write_bytes(old)
    refused = Service(data_dir, environment)
    assert 1 == refused.process.wait(60)
    assert "sealed under another secret" in refused.said()


@pytest.mark.full
def test_a_rotation_cut_off_before_the_database_changes_nothing(data_dir: Path, environment: dict[str, str]) -> None:
    with serving(data_dir, environment) as service:
        play_all(service, 2)
    (data_dir / "secret.next").write_text("f" * 64)
    with serving(data_dir, environment) as service:
        assert (2, 2) == play_all(service, 4)[:2]
        service.command("secret", "rotate")
        assert (2, 2) == play_all(service, 6)[:2]
    assert not (data_dir / "secret.next").exists()


@pytest.mark.full
def test_a_rotation_cut_off_after_the_database_is_finished_by_the_next_start(
    data_dir: Path, environment: dict[str, str]
) -> None:
    with serving(data_dir, environment) as service:
        play_all(service, 2)
        old = (data_dir / "secret").read_bytes()
        service.command("secret", "rotate")
    (data_dir / "secret").rename(data_dir / "secret.next")
    (data_dir / "secret").write_bytes(old)
    with serving(data_dir, environment) as service:
        assert (2, 2) == play_all(service, 4)[:2]
    assert not (data_dir / "secret.next").exists()
    assert old != (data_dir / "secret").read_bytes()


@pytest.mark.full
def test_a_secret_of_the_environment_is_replaced_by_a_named_one(
    data_dir: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.write_text("another secret of ours\n")
    environment["TONEARM_SECRET"] = "a secret of our own"
    with serving(data_dir, environment) as service:
        play_all(service, 2)
        refused = service.command("secret", "rotate", check=False)
        assert (1, True) == (refused.returncode, "with --new FILE" in refused.stderr)
        said = service.command("secret", "rotate", "--new", str(new)).stdout
        assert "Start every process with TONEARM_SECRET set to it." in said
    environment["TONEARM_SECRET"] = "another secret of ours"
    with serving(data_dir, environment) as service:
        assert (2, 2) == play_all(service, 4)[:2]
    assert not (data_dir / "secret").exists()


@pytest.mark.full
def test_a_new_key_starts_the_listeners_again_and_keeps_the_plays(data_dir: Path, environment: dict[str, str]) -> None:
    with serving(data_dir, environment) as service:
        play_all(service, 2)
        refused = service.command("privacy", "new-key", "--yes", check=False)
        assert (1, True) == (refused.returncode, "stop it first" in refused.stderr)
    with closing(Spool(data_dir / "spool-0.sqlite", max_bytes=1 << 20)) as spool:
        waiting = spool.append(b"made with the key in force", 3)
    refused = service.command("privacy", "new-key", "--yes", check=False)
    assert (1, True) == (refused.returncode, "3 events wait in the spool" in refused.stderr)
    with closing(Spool(data_dir / "spool-0.sqlite", max_bytes=1 << 20)) as spool:
        spool.drop_through(waiting)
    assert "Listeners are counted from zero" in service.command("privacy", "new-key", "--yes").stdout
    with serving(data_dir, environment) as service:
        assert 0 == ask(Door.at(service.url), "GET", "/api/stats/track/a").json()["listeners"]
        assert (2, 2) == play_all(service, 4)[:2]
        assert "Every counter agrees" in service.command("check").stdout
