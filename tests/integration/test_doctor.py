"""The doctor beside a real service and without one, with real faults."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from typer.testing import CliRunner

from actors.networks import ENOUGH
from privacy.modes import Mode
from server.cli import made
from server.config import Privacy
from server.doctor.codes import CODES, PUBLIC
from storage.bridge import Address, Connection, open_database
from storage.migrate import migrate, migrations
from storage.spool import Spool
from tests.integration.accounts import nobody, python_as
from tests.support import doctor
from tests.support.doctor import Said, examined
from tests.support.held import held, short_folder
from tests.support.http import Door
from tests.support.http import ask as send
from tests.support.older import build
from tests.support.postgres import Postgres
from tests.support.service import TONEARM, Service, eventually, serving, without_settings

WITHOUT_URL = [code for code in CODES if code not in PUBLIC]
OF_THE_MACHINE = {"disk-filesystem", "disk-inodes", "disk-space"}  # which a test's folder may have in memory
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="switches to other accounts, or mounts something")


def settings(url: str, **more: str) -> dict[str, str]:
    return {"TONEARM_DATABASE_URL": url, "TONEARM_SECRET": "a secret of an installation", **more}


def change(url: str, statement: str) -> None:
    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.run(lambda connection: connection.execute(statement))

    trio.run(run)


def migrated(url: str, through: int | None = None) -> None:
    async def work(connection: Connection) -> None:
        await (migrate(connection, migrations()) if through is None else build(connection, through))

    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.transaction(work)

    trio.run(run)


@pytest.fixture(scope="module")
def beside(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    environment = settings(postgres.new_database(), TONEARM_PRIVACY__MODE="both")
    with serving(tmp_path_factory.mktemp("beside") / "data", environment) as service:
        yield service


def asked(service: Service, *words: str) -> Said:
    return doctor.read(service.command("doctor", "--json", *words, check=False))


def test_a_service_that_is_well_passes_every_check_once(beside: Service) -> None:
    said = asked(beside)
    assert (WITHOUT_URL, set()) == (said.codes, said.failing - OF_THE_MACHINE)
    assert (not said.failing, int(bool(said.failing))) == (said.document["ok"], said.code)
    certain = ("service", "versions", "settings", "ledger", "waiting", "salt", "secret", "database-listen", "clock")
    assert dict.fromkeys(certain, "ok") == {code: said.state(code) for code in certain}
    assert said.found("listening").startswith("The running service listens on this machine")


def test_for_people_every_mark_has_its_sentence_and_every_trouble_its_remedy(beside: Service) -> None:
    shown = beside.command("doctor", check=False).stdout
    for code in WITHOUT_URL:
        assert code in shown
    assert "\N{HEAVY CHECK MARK} database-primary     It can be written to." in shown
    assert "\N{RIGHTWARDS ARROW} Set [http] trusted_proxies" in shown
    assert re.search(rf"{len(WITHOUT_URL)} checks: \d+ well, \d+ warnings?, \d+ fails?, \d+ cannot be told", shown)


@pytest.mark.full
def test_a_terminal_without_those_signs_gets_plain_ones(beside: Service) -> None:
    environment = beside.environment | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([TONEARM, "doctor"], env=environment, capture_output=True, text=True, timeout=60)
    assert (False, True) == ("Traceback" in done.stderr, "-> Set [http] trusted_proxies" in done.stdout), done.stderr


def test_it_takes_the_settings_of_a_running_service_by_its_process(beside: Service, tmp_path: Path) -> None:
    words = ["doctor", "--json", "--pid", str(beside.process.pid)]
    done = subprocess.run([TONEARM, *words], env=without_settings(), cwd=tmp_path, capture_output=True, text=True)
    said = doctor.read(done)
    assert ("ok", "ok", "ok") == (said.state("service"), said.state("settings"), said.state("data-dir"))


def test_a_process_that_is_not_there_has_no_settings(tmp_path: Path) -> None:
    words = ["doctor", "--pid", "4194305"]
    done = subprocess.run([TONEARM, *words], env=without_settings(), cwd=tmp_path, capture_output=True, text=True)
    assert (2, True) == (done.returncode, "cannot be read" in done.stderr)


def test_settings_that_differ_are_named_without_their_values(beside: Service) -> None:
    other = {name: value for name, value in beside.environment.items() if name.startswith("TONEARM_")}
    said = doctor.ask(beside.data_dir, {**other, "TONEARM_SITE__ORIGINS": '["https://needle.example"]'})
    assert "warn" == said.state("settings")
    assert "TONEARM_SITE__ORIGINS" in said.found("settings")
    assert "needle" not in said.found("settings")


def test_a_secret_of_another_installation_is_found_before_the_service_refuses_it(beside: Service) -> None:
    other = {name: value for name, value in beside.environment.items() if name.startswith("TONEARM_")}
    said = doctor.ask(beside.data_dir, {**other, "TONEARM_SECRET": "a secret of another one"})
    assert {"secret", "salt"} <= said.failing
    assert 1 == said.code


def test_what_only_a_service_can_tell_is_unknown_without_one(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    migrated(database_url)
    said = doctor.ask(data_dir, settings(database_url))
    assert WITHOUT_URL == said.codes
    untold = ("service", "processes", "versions", "settings", "account", "networks", "canary", "ledger", "refusals")
    assert dict.fromkeys(untold, "unknown") == {code: said.state(code) for code in untold}
    assert "does not run" in said.found("service")
    assert ("ok", "ok", "ok") == (said.state("database"), said.state("migrations"), said.state("data-dir"))
    assert set() == said.failing - OF_THE_MACHINE


@pytest.mark.full
def test_it_changes_nothing_and_starts_nothing(data_dir: Path) -> None:
    with serving(data_dir) as service:
        environment = service.environment
    before = {path: path.stat().st_mtime_ns for path in sorted(data_dir.rglob("*")) if path.is_file()}
    said = doctor.read(
        subprocess.run([TONEARM, "doctor", "--json"], env=environment, capture_output=True, text=True, timeout=60)
    )
    assert "with the service alone" in said.found("database")
    assert ("ok", "warn") == (said.state("waiting"), said.state("secret-place"))
    assert before == {path: path.stat().st_mtime_ns for path in sorted(data_dir.rglob("*")) if path.is_file()}


def test_events_that_wait_without_a_service_are_told(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    spool = Spool(data_dir / "spool-0.sqlite", max_bytes=1 << 20)
    spool.append(b"three events", 3)
    waiting = examined(data_dir, database_url)["waiting"]
    spool.close()
    assert ("warn", True) == (waiting.state, "3 events" in waiting.found)


@pytest.mark.parametrize(
    ("path", "permissions", "check", "state"),
    [
        (".", 0o755, "data-dir", "warn"),
        (".", 0o777, "data-dir", "fail"),
        ("secret", 0o644, "secret-file", "fail"),
        ("spool-0.sqlite", 0o644, "spool-files", "fail"),
    ],
)
def test_permissions_that_were_changed_are_found(
    data_dir: Path, database_url: str, path: str, permissions: int, check: str, state: str
) -> None:
    data_dir.mkdir(mode=0o700)
    for name in ("secret", "spool-0.sqlite"):
        (data_dir / name).write_bytes(b"")
        (data_dir / name).chmod(0o600)
    (data_dir / path).chmod(permissions)
    assert state == examined(data_dir, database_url)[check].state


def test_a_configuration_that_others_can_read_with_its_password_is_found(data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir(mode=0o700)
    file = tmp_path / "tonearm.toml"
    file.write_text('secret = "n33dle-n33dle-n33dle"\n')
    for permissions, state in ((0o640, "ok"), (0o644, "fail")):
        file.chmod(permissions)
        said = doctor.ask(data_dir, {}, "--config", str(file))
        assert (state, False) == (said.state("config-file"), "n33dle" in said.text)


def test_a_configuration_that_is_refused_cannot_be_looked_at(data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir()
    file = tmp_path / "tonearm.toml"
    file.write_text('[http]\nbnid = "127.0.0.1:1"\n')
    said = doctor.ask(data_dir, {}, "--config", str(file))
    assert (2, ["config"], False) == (said.code, said.codes, said.document["ok"])
    assert "http.bnid in the configuration file is no setting of Tonearm" in said.found("config")


@pytest.mark.parametrize("url", ["music.example.org", "ftp://music.example.org", "https://me:pw@music.example.org"])
def test_an_address_that_no_browser_has_is_refused(url: str) -> None:
    done = CliRunner().invoke(made(), ["doctor", "--url", url])
    assert (2, True) == (done.exit_code, "--url is the address of the site" in done.output)


@pytest.mark.root
@as_root
def test_files_that_a_start_as_root_has_left_are_found(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / "spool-0.sqlite").write_bytes(b"")
    (data_dir / "spool-0.sqlite").chmod(0o600)
    os.chown(data_dir, nobody().uid, nobody().gid)
    said = examined(data_dir, database_url)["spool-files"]
    assert ("fail", True) == (said.state, "belongs to root" in said.found)


def as_nobody(config: Path) -> Said:
    process = python_as(nobody(), "-m", "server.cli", "doctor", "--json", "--config", config)
    out, err = process.communicate(timeout=60)
    return doctor.read(subprocess.CompletedProcess((), process.returncode, out, err))


@pytest.fixture
def of_nobody() -> Iterator[Path]:
    """The configuration of an installation of nobody's, where nobody can go; its database is away."""
    with short_folder() as folder:
        folder.chmod(0o755)
        (folder / "data").mkdir(mode=0o700)
        (folder / "data" / "spool-0.sqlite").touch(mode=0o600)
        for path in (folder / "data", folder / "data" / "spool-0.sqlite"):
            os.chown(path, nobody().uid, nobody().gid)
        config = folder / "tonearm.toml"
        config.write_text(f'data_dir = "{folder}/data"\ndatabase_url = "postgresql://me@127.0.0.1:1/a"\n')
        config.chmod(0o644)
        yield config


@pytest.mark.root
@as_root
def test_a_spool_that_its_own_account_cannot_write_is_found(of_nobody: Path) -> None:
    assert "ok" == as_nobody(of_nobody).state("spool-files")
    (of_nobody.parent / "data" / "spool-0.sqlite").chmod(0o400)
    said = as_nobody(of_nobody)
    assert ("fail", 1) == (said.state("spool-files"), said.code)
    assert "spool-0.sqlite cannot be written to" in said.found("spool-files")


@pytest.mark.root
@as_root
def test_a_data_directory_that_is_closed_to_who_asks_cannot_be_looked_at(of_nobody: Path) -> None:
    os.chown(of_nobody.parent / "data", 0, 0)
    said = as_nobody(of_nobody)
    assert (2, ["data-dir"], False) == (said.code, said.codes, said.document["ok"])


def test_a_data_directory_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    found = examined(tmp_path / "missing")
    assert ["data-dir"] == [code for code, finding in found.items() if finding.state == "fail"]
    assert not (tmp_path / "missing").exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="there is no memory with files in it")
def test_a_data_directory_in_memory_is_found(database_url: str) -> None:
    folder = Path("/dev/shm") / f"tonearm-doctor-{os.getpid()}"
    folder.mkdir(mode=0o700)
    try:
        said = examined(folder, database_url)["disk-filesystem"]
    finally:
        shutil.rmtree(folder)
    assert ("fail", True) == (said.state, "in memory" in said.found)


FULL = """
mount -t tmpfs -o size=1m,nr_inodes=20 tmpfs "$1"
chmod 700 "$1"
dd if=/dev/zero of="$1/filling" bs=64k 2>/dev/null || true
i=0; while touch "$1/$i" 2>/dev/null; do i=$((i + 1)); done
exec "$2" doctor --json
"""


@pytest.mark.root
@as_root
def test_a_disk_that_is_full_is_found(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    words = ["unshare", "--mount", "sh", "-ec", FULL, "full", str(data_dir), str(TONEARM)]
    environment = without_settings() | settings(database_url, TONEARM_DATA_DIR=str(data_dir))
    said = doctor.read(subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60))
    assert {"disk-space", "disk-inodes", "disk-fsync", "disk-filesystem", "spool-files"} <= said.failing
    assert "No space left on device" in said.found("spool-files")


@pytest.mark.full
def test_sockets_that_everybody_may_connect_to_are_found(data_dir: Path, database_url: str) -> None:
    with short_folder() as folder, held(folder) as doors:
        folder.chmod(0o755)
        service = doors.serve(data_dir, settings(database_url)).ready()
        try:
            states = []
            for permissions in (0o660, 0o600, 0o666):
                for path in doors.paths.values():
                    path.chmod(permissions)
                states.append(examined(data_dir, database_url)["socket-files"].state)
            assert ["ok", "warn", "fail"] == states
            doors.paths["beacon"].unlink()
            found = examined(data_dir, database_url)
            assert "not there any more" in found["socket-files"].found
            assert "unix sockets alone" in found["listening"].found
            assert "fail" == found["trusted-proxies"].state  # by these settings nobody is believed there
        finally:
            service.stop()


def test_a_pending_migration_is_a_warning(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    migrated(database_url, through=13)
    found = examined(data_dir, database_url)
    assert ("warn", True) == (found["migrations"].state, "0014_alerts" in found["migrations"].found)
    assert ("unknown", "unknown") == (found["partitions"].state, found["secret"].state)


def test_a_schema_of_a_newer_version_is_a_failure(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    migrated(database_url)
    change(database_url, "INSERT INTO schema_migration (number, name) VALUES (9999, 'later')")
    migrations_ = examined(data_dir, database_url)["migrations"]
    assert ("fail", True) == (migrations_.state, "9999_later" in migrations_.found)


@pytest.mark.parametrize(("ahead_s", "state"), [(0.0, "ok"), (5.0, "warn"), (-90.0, "fail")])
def test_a_clock_that_is_not_the_databases_is_found(
    data_dir: Path, database_url: str, ahead_s: float, state: str
) -> None:
    data_dir.mkdir(mode=0o700)
    assert state == examined(data_dir, database_url, ahead_s)["clock"].state


def test_a_clock_behind_the_last_event_is_found(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    migrated(database_url)
    change(database_url, "INSERT INTO spool_cursor (spool_id, seq, slot, day) VALUES ('a', 1, 0, current_date)")
    assert "ok" == examined(data_dir, database_url)["clock-back"].state
    assert "fail" == examined(data_dir, database_url, -2 * 86_400)["clock-back"].state


def test_a_database_that_is_away_is_told_without_its_address(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    said = doctor.ask(data_dir, settings("postgresql://me:n33dle@127.0.0.1:1/a"))
    assert ("fail", 1) == (said.state("database"), said.code)
    assert [] == [word for word in ("n33dle", "127.0.0.1", "a secret of an") if word in said.text.replace(TRUSTED, "")]


TRUSTED = json.dumps('"127.0.0.1/32"')[1:-1]  # what is said of a proxy, which is nobody's address


def test_a_month_without_its_partition_and_a_day_without_its_salt_are_found(data_dir: Path, database_url: str) -> None:
    data_dir.mkdir(mode=0o700)
    migrated(database_url)
    found = examined(data_dir, database_url, privacy=Privacy(mode=Mode.DAILY_SALT))
    assert ("warn", "unknown") == (found["partitions"].state, found["salt"].state)


@pytest.mark.full
def test_canaries_that_arrive_and_listeners_that_a_proxy_hides_are_told(data_dir: Path, database_url: str) -> None:
    settings_of_proxy = {"TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]', "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
    body, kind = b'{"trackEntryKey":"a","bucket":"partial"}', {"Content-Type": "text/plain"}
    with serving(data_dir, settings(database_url, TONEARM_CANARY__EVERY_S="2", **settings_of_proxy)) as service:
        door = Door.at(service.beacon)

        def play(address: str) -> None:
            assert 202 == send(door, "POST", "/api/event/play", kind | {"X-Forwarded-For": address}, body).status

        eventually(lambda: examined(data_dir, database_url)["canary"].state == "ok")
        assert "unknown" == examined(data_dir, database_url)["networks"].state
        for _ in range(ENOUGH):
            play("198.51.100.7")
        eventually(lambda: examined(data_dir, database_url)["networks"].state == "fail")
        play("198.51.100.8")
        eventually(lambda: examined(data_dir, database_url)["networks"].state == "ok")
