"""Backups, tested by restoring them: what comes back, what must not be in them, and what is refused untouched."""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
import trio

from server import opening
from server.backup import making
from server.backup.archive import BackupError
from storage import migrate
from storage.bridge import Address, Connection, Database, open_database
from storage.embedded import binaries, embedded_postgres
from tests.support.http import Door, ask
from tests.support.load import Load, Promises
from tests.support.operator import Operator
from tests.support.postgres import rows
from tests.support.service import TONEARM, Service, eventually, serving, without_settings

FAN: Final = "3f0e6f36-3b7c-4c4e-9a53-0f2c0c8d1a11"
BOTH: Final = {"TONEARM_PRIVACY__MODE": "both", "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}


def play(url: str, key: str, **more: str) -> None:
    body = json.dumps({"trackEntryKey": key, "bucket": "complete", **more}).encode()
    headers = {"Content-Type": "text/plain", "User-Agent": "Mozilla/5.0"}
    assert 202 == ask(Door.at(url), "POST", "/api/event/play", headers, body).status


def figures(url: str, key: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = ask(Door.at(url), "GET", f"/api/stats/track/{key}").json()
    return found


def tonearm(data_dir: Path, *words: str | Path, code: int = 0, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = without_settings() | {"TONEARM_DATA_DIR": str(data_dir), **settings}
    told = subprocess.run([TONEARM, *words], env=environment, capture_output=True, text=True, cwd=data_dir.parent)
    assert code == told.returncode, told.stdout + told.stderr
    return told


def in_database(data_dir: Path, statement: str) -> list[tuple[Any, ...]]:
    """Of a stopped installation."""

    async def run() -> list[tuple[Any, ...]]:
        async with (
            embedded_postgres(data_dir / "postgres", report=lambda said: None) as address,
            opening.connected(opening.as_address(address), 1) as database,
        ):
            return await rows(database, statement)

    return trio.run(run)


@dataclass(frozen=True, slots=True)
class Made:
    """A backup, and the installation it was made of, which was stopped later and has counted more since."""

    file: Path
    data_dir: Path
    tokens: list[bytes]  # that the open day had
    password: str
    cookies: dict[str, str]  # of an operator who was signed in
    api_token: str
    share_link: str  # its path

    @property
    def secret(self) -> Path:
        return self.data_dir / "secret"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("backup")
    with serving(folder / "data", BOTH) as service:
        play(service.url, "harbour-lights", anonId=FAN, eventId="9b2a4c1e-7d55-4a60-8f11-2f6f0a3b5c77")
        eventually(lambda: figures(service.url, "harbour-lights").get("totalPlays") == 1)
        password = service.command("password", "reset").stdout.strip()
        operator = Operator(service.url)
        operator.sign_in(password)
        assert operator.is_signed_in()
        api_token = service.command("token", "make", "grafana", "--scope", "read").stdout.strip()
        share_link = "/" + service.command("share", "make", "label").stdout.strip().partition("/")[2]
        assert [200, 200] == opened(service.url, api_token, share_link)
        service.command("backup", str(folder / "tonearm.backup"))
        play(service.url, "harbour-lights")
        eventually(lambda: figures(service.url, "harbour-lights").get("totalPlays") == 2)
    tokens = [bytes(row[0]) for row in in_database(folder / "data", "SELECT token FROM listener_day")]
    backup, data_dir = folder / "tonearm.backup", folder / "data"
    return Made(backup, data_dir, tokens, password, operator.cookies, api_token, share_link)


def opened(url: str, api_token: str, share_link: str) -> list[int]:
    """What a token and a link are answered with."""
    door = Door.at(url)
    by_token = ask(door, "GET", "/api/figures/home", {"Authorization": f"Bearer {api_token}"})
    return [by_token.status, ask(door, "GET", share_link).status]


@pytest.mark.full
def test_what_let_somebody_in_when_the_backup_was_made_lets_nobody_in_but_the_password(
    made: Made, tmp_path: Path
) -> None:
    """It may have been revoked since."""
    told = tonearm(tmp_path / "restored", "restore", made.file, "--secret", made.secret).stdout
    assert "The password is the one of that day. Every session has ended." in told
    assert "API tokens (1) and share links (1) are deleted" in " ".join(told.split())
    with serving(tmp_path / "restored", BOTH) as service:
        operator = Operator(service.url)
        operator.cookies = dict(made.cookies)
        assert not operator.is_signed_in()
        assert [401, 404] == opened(service.url, made.api_token, made.share_link)
        operator.cookies.clear()
        assert 303 == operator.sign_in(made.password).status
        assert operator.is_signed_in()


@pytest.mark.full
def test_a_backup_under_load_restores_to_what_was_counted_at_its_moment(tmp_path: Path) -> None:
    promises, backup = Promises(), tmp_path / "tonearm.backup"

    async def load_and_back_up(service: Service) -> None:
        door = Door.at(service.beacon)
        async with trio.open_nursery() as nursery:
            load = Load(door.host, door.port, promises, connections=4, listeners=True)
            await nursery.start(load.run)
            while len(promises.acknowledged) < 500:
                await trio.sleep(0.02)
            before = set(promises.acknowledged)
            await _counted(service, len(before))
            told = await trio.to_thread.run_sync(partial(service.command, "backup", str(backup), "--json"))
            assert json.loads(told.stdout)["plays"] >= len(before)
            since = len(promises.acknowledged)
            while len(promises.acknowledged) < since + 200:  # it goes on
                await trio.sleep(0.02)
            nursery.cancel_scope.cancel()

    with serving(tmp_path / "data", BOTH) as service:
        trio.run(load_and_back_up, service)
    there = json.loads(
        tonearm(tmp_path / "restored", "restore", backup, "--secret", tmp_path / "data" / "secret", "--json").stdout
    )
    counted = in_database(
        tmp_path / "restored",
        "SELECT target_key, sum(partial + sampled + complete)::int, sum(listeners)::int FROM play_counter"
        " WHERE target_kind = 'track' GROUP BY 1",
    )
    assert there["plays"] == len(counted)
    assert {(1, 1)} == {(plays, listeners) for _, plays, listeners in counted}
    assert {key for key, _, _ in counted} <= promises.sent
    assert "Every counter agrees" in tonearm(tmp_path / "restored", "check").stdout
    later = in_database(tmp_path / "data", "SELECT count(*)::int FROM play_event")[0][0]
    assert later > there["plays"], "the service went on"


async def _counted(service: Service, plays: int) -> None:
    """Until so many are."""
    while True:
        answer = await trio.to_thread.run_sync(ask, Door.at(service.url), "GET", "/api/stats/home")
        if answer.json()["totalPlays"] >= plays:
            return
        await trio.sleep(0.05)


@pytest.mark.full
def test_a_returning_listener_is_not_counted_again(made: Made, tmp_path: Path) -> None:
    tonearm(tmp_path / "restored", "restore", made.file, "--secret", made.secret)
    with serving(tmp_path / "restored", BOTH) as service:
        assert (1, 1) == (figures(service.url, "harbour-lights")["totalPlays"], _listeners(service))
        play(service.url, "harbour-lights", anonId=FAN)
        play(service.url, "harbour-lights", anonId="0e0f6f36-3b7c-4c4e-9a53-0f2c0c8d1a22")
        eventually(lambda: figures(service.url, "harbour-lights")["totalPlays"] == 3)
        assert 2 == _listeners(service)
        assert figures(service.url, "harbour-lights")["listenersTodayPartial"], "the day began again"


def _listeners(service: Service) -> object:
    return figures(service.url, "harbour-lights")["listeners"]


@pytest.mark.full
def test_an_event_sent_again_after_a_restore_counts_once(made: Made, tmp_path: Path) -> None:
    tonearm(tmp_path / "restored", "restore", made.file, "--secret", made.secret)
    with serving(tmp_path / "restored", BOTH) as service:
        play(service.url, "harbour-lights", anonId=FAN, eventId="9b2a4c1e-7d55-4a60-8f11-2f6f0a3b5c77")
        play(service.url, "fence")
        eventually(lambda: figures(service.url, "fence").get("totalPlays") == 1)
        assert 1 == figures(service.url, "harbour-lights")["totalPlays"]


@pytest.mark.full
def test_a_spool_put_back_is_counted_from_where_the_backup_was(made: Made, tmp_path: Path) -> None:
    """Events that the backup has are left alone, though the spool has seen them; new ones are counted."""
    tonearm(tmp_path / "restored", "restore", made.file, "--secret", made.secret)
    for spool in made.data_dir.glob("spool-0.sqlite*"):
        shutil.copy(spool, tmp_path / "restored")
    with serving(tmp_path / "restored", BOTH) as service:
        play(service.url, "harbour-lights")
        eventually(lambda: figures(service.url, "harbour-lights")["totalPlays"] == 2)
    assert [(2,)] == in_database(tmp_path / "restored", "SELECT count(*)::int FROM play_event")


@pytest.mark.full
def test_a_service_that_is_stopped_can_be_backed_up(made: Made, tmp_path: Path) -> None:
    told = json.loads(tonearm(made.data_dir, "backup", tmp_path / "later.backup", "--json").stdout)
    assert 2 == told["plays"]


def test_the_file_holds_no_salt_no_token_and_no_secret(made: Made, tmp_path: Path) -> None:
    with tarfile.open(made.file) as archive:
        archive.extractall(tmp_path, filter="data")
    assert made.tokens
    listed, texts = "", b""
    for name in ("tables.dump", "unlogged.dump"):
        listed += _pg_restore("--list", tmp_path / name).decode()
        texts += _pg_restore("--file=-", tmp_path / name)
    assert "TABLE DATA public play_event" in listed
    assert not [line for line in listed.splitlines() if "DATA" in line and ("salt" in line or "listener_day" in line)]
    assert b"play_event" in texts
    needles = [*made.tokens, made.secret.read_bytes().strip()]
    for needle in needles:
        assert needle not in texts
        assert needle.hex().encode() not in texts
        assert needle not in made.file.read_bytes()


def _pg_restore(*words: str | Path) -> bytes:
    return subprocess.run([binaries() / "pg_restore", *words], capture_output=True, check=True).stdout


def test_ordinary_tools_can_check_the_file(made: Made, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", made.file, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert 0o600 == made.file.stat().st_mode & 0o777


def changed(source: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The backup with its members changed and the sums made right again."""
    with tarfile.open(source) as archive:
        members = {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]  # files
    change(members)
    summed = [name for name in members if name not in ("SHA256SUMS", "signature")]
    sums = "".join(f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in summed)
    members["SHA256SUMS"] = sums.encode()
    with tarfile.open(target, "w") as archive:
        for name in (*summed, *(one for one in ("SHA256SUMS", "signature") if one in members)):
            header = tarfile.TarInfo(name)
            header.size = len(members[name])
            archive.addfile(header, io.BytesIO(members[name]))
    return target


def newer(members: dict[str, bytes]) -> None:
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | {"schema": 9999}).encode()


def other_plays(members: dict[str, bytes]) -> None:
    members["tables.dump"] = members["tables.dump"].replace(b"play", b"flay", 1)


def unsigned(members: dict[str, bytes]) -> None:
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | {"sealed_key": None}).encode()
    del members["signature"]


def only_without_signature(members: dict[str, bytes]) -> None:
    del members["signature"]


def only_without_key(members: dict[str, bytes]) -> None:
    members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | {"sealed_key": None}).encode()


def cut(path: Path, target: Path) -> Path:
    target.write_bytes(path.read_bytes()[:-9000])
    return target


def flipped(path: Path, target: Path) -> Path:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    return target


def text(path: Path, target: Path) -> Path:
    target.write_text("plays")
    return target


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (cut, "is cut off or damaged"),
        (flipped, "is cut off or damaged"),
        (text, "is no backup of Tonearm"),
        (partial(changed, change=newer), "was made by a newer Tonearm (0.1.0.dev0, schema 9999; this one knows"),
        (partial(changed, change=other_plays), "was changed since it was made: its signature is not of this secret"),
        (partial(changed, change=unsigned), "is not signed, so anybody may have made it"),
        (partial(changed, change=only_without_signature), "is not signed, so anybody may have made it"),
        (partial(changed, change=only_without_key), "is not signed, so anybody may have made it"),
    ],
)
def test_a_file_that_is_not_right_is_refused_before_anything_is_touched(
    made: Made, tmp_path: Path, spoil: Callable[[Path, Path], Path], told: str
) -> None:
    spoilt = spoil(made.file, tmp_path / "spoilt.backup")
    found = tonearm(tmp_path / "restored", "restore", spoilt, "--secret", made.secret, code=1)
    assert told in found.stderr
    assert "Traceback" not in found.stderr
    assert not (tmp_path / "restored").exists()


def test_a_restore_needs_the_secret(made: Made, tmp_path: Path) -> None:
    told = tonearm(tmp_path / "restored", "restore", made.file, code=1)
    assert "A restore needs the secret of the installation" in told.stderr
    told = tonearm(tmp_path / "restored", "restore", made.file, code=1, TONEARM_SECRET="another" * 9)
    assert "was made under another secret than the one given" in told.stderr
    assert not (tmp_path / "restored").exists()


@pytest.mark.full
def test_a_secret_in_the_environment_or_in_the_empty_directory_will_do(made: Made, tmp_path: Path) -> None:
    tonearm(tmp_path / "one", "restore", made.file, TONEARM_SECRET=made.secret.read_text().strip())
    assert not (tmp_path / "one" / "secret").exists()
    (tmp_path / "two").mkdir()
    shutil.copy(made.secret, tmp_path / "two")
    tonearm(tmp_path / "two", "restore", made.file)
    assert (tmp_path / "two" / "postgres").is_dir()


def test_a_data_directory_with_something_in_it_is_left_alone(made: Made, tmp_path: Path) -> None:
    before = sorted(path.name for path in made.data_dir.iterdir())
    told = tonearm(made.data_dir, "restore", made.file, code=1)
    assert "is not empty (postgres, service.json, spool-0" in told.stderr
    assert before == sorted(path.name for path in made.data_dir.iterdir())


@pytest.mark.full
def test_a_restore_that_was_cut_off_leaves_nothing_to_start_on(made: Made, tmp_path: Path) -> None:
    data_dir = tmp_path / "restored"
    environment = without_settings() | {"TONEARM_DATA_DIR": str(data_dir), "PATH": os.environ["PATH"]}
    command: list[str | Path] = [TONEARM, "restore", made.file, "--secret", made.secret]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True) as restoring:
        eventually(lambda: (data_dir / "restoring" / "cluster" / "postmaster.pid").exists())
        os.killpg(restoring.pid, signal.SIGKILL)
    assert not (data_dir / "postgres").exists()
    tonearm(data_dir, "restore", made.file)
    assert ["postgres", "secret"] == sorted(path.name for path in data_dir.iterdir())
    assert [(1,)] == in_database(data_dir, "SELECT count(*)::int FROM play_event")


@pytest.mark.full
def test_an_older_schema_is_restored_and_migrated(tmp_path: Path) -> None:
    known = migrate.migrations()
    older = [migration for migration in known if migration.number <= 10]
    assert len(older) < len(known)

    async def make() -> None:
        async with (
            embedded_postgres(tmp_path / "postgres", report=lambda said: None) as address,
            opening.connected(opening.as_address(address), 2) as database,
        ):
            await database.transaction(migrate.migrate, older)
            await database.transaction(_one_play)
            await opening.pseudonym_key(_SECRET, database, os.urandom)
            await _make(tmp_path / "old.backup", address, database)

    trio.run(make)
    tonearm(tmp_path / "restored", "restore", tmp_path / "old.backup", TONEARM_SECRET=_SECRET.decode())
    assert [(len(known),)] == in_database(tmp_path / "restored", "SELECT count(*)::int FROM schema_migration")
    assert [("a", 1)] == in_database(
        tmp_path / "restored", "SELECT target_key, complete::int FROM play_counter WHERE target_kind = 'track'"
    )
    assert "Every counter agrees" in tonearm(tmp_path / "restored", "check").stdout


async def _make(path: Path, address: Any, database: Database) -> None:
    await making.make(path, address, database, [_SECRET], datetime.now(UTC), lambda done, total: None)


async def test_a_database_that_has_no_key_to_sign_with_is_not_backed_up(database_url: str, tmp_path: Path) -> None:
    async with open_database(Address(url=database_url), connections=1) as database:
        await database.transaction(migrate.migrate, migrate.migrations())
        with pytest.raises(BackupError, match="has no key yet, since no service was started on it"):
            await _make(tmp_path / "x.backup", None, database)
    assert not list(tmp_path.iterdir())


_SECRET: Final = b"a-secret-of-at-least-thirty-two-letters"
_ONE_PLAY: Final = """
CREATE TABLE play_event_2026_11 PARTITION OF play_event FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
INSERT INTO play_event (created_at, day, rule_version, track_key, bucket)
VALUES ('2026-11-20T18:00Z', '2026-11-20', 1, 'a', 'complete');
INSERT INTO play_counter (target_key, target_kind, slot, complete) VALUES ('a', 'track', 0, 1), ('', 'site', 0, 1);
INSERT INTO day_counter (target_key, target_kind, day, slot, complete)
VALUES ('a', 'track', '2026-11-20', 0, 1), ('', 'site', '2026-11-20', 0, 1)
"""


async def _one_play(connection: Connection) -> None:
    await connection.execute(_ONE_PLAY)


@pytest.mark.full
def test_a_backup_that_cannot_be_written_leaves_the_one_before(made: Made, tmp_path: Path) -> None:
    target = tmp_path / "tonearm.backup"
    shutil.copy(made.file, target)
    environment = without_settings() | {"TONEARM_DATA_DIR": str(made.data_dir), "PATH": os.environ["PATH"]}
    script = 'ulimit -f 8; trap "" XFSZ; exec "$0" backup "$1"'
    with serving(made.data_dir, BOTH):  # its PostgreSQL writes without that limit
        told = subprocess.run(["bash", "-c", script, TONEARM, target], env=environment, capture_output=True, text=True)
    assert (1, True) == (told.returncode, "cannot be written" in told.stderr), told.stderr
    assert [made.file.read_bytes()] == [path.read_bytes() for path in tmp_path.iterdir()]


@pytest.mark.full
def test_a_database_without_its_secret_is_not_backed_up_in_vain(made: Made, tmp_path: Path) -> None:
    told = tonearm(made.data_dir, "backup", tmp_path / "b", code=1, TONEARM_SECRET="another" * 9)
    assert "without it no backup can be restored" in told.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_postgres_of_ones_own_has_its_own_tools(tmp_path: Path, command: str) -> None:
    told = tonearm(tmp_path / "data", command, tmp_path / "x", code=1, TONEARM_DATABASE_URL="postgresql:///x")
    assert "use its own tools" in told.stderr


def test_there_must_be_something_to_back_up(tmp_path: Path) -> None:
    assert "There is no database in" in tonearm(tmp_path / "data", "backup", tmp_path / "x", code=1).stderr
    assert not list(tmp_path.iterdir())
