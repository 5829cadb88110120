"""The embedded PostgreSQL: it starts, stops, comes back after every kind of death, and says what is wrong."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
import trio

from storage.embedded import Address, EmbeddedError, binaries, client_environment, embedded_postgres
from storage.embedded.cluster import Layout
from storage.embedded.processes import running_on

SERVICE = Path(__file__).with_name("embedded_service.py")
PATIENCE_S = 60


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    data_dir = tmp_path / "data"
    data_dir.mkdir(mode=0o700)
    return data_dir / "postgres"


def run_sql(address: Address, sql: str) -> str:
    command = [str(binaries() / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
    return subprocess.run(
        command, env=client_environment(address), check=True, capture_output=True, text=True
    ).stdout.strip()


def postmaster_pid(directory: Path) -> int:
    pid_file = Layout(directory).pid_file()
    assert pid_file is not None
    return pid_file.pid


async def eventually(condition: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_S):
        while not condition():
            await trio.sleep(0.02)


def answers(address: Address) -> bool:
    try:
        return run_sql(address, "SELECT 1") == "1"
    except subprocess.CalledProcessError:
        return False


@contextmanager
def service(directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A whole service as a process of its own; killed at the end if the test has not done so."""
    with subprocess.Popen([sys.executable, SERVICE, directory], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def read_ready(process: subprocess.Popen[str]) -> int:
    """Wait until the service is ready, and return the pid of its postmaster."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return int(line.split()[1])
    raise AssertionError("the service ended before it was ready")


async def start_with_row(directory: Path) -> None:
    async with embedded_postgres(directory, report=print) as address:
        run_sql(address, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first')")


async def words_kept(directory: Path) -> str:
    async with embedded_postgres(directory, report=print) as address:
        return run_sql(address, "SELECT word FROM kept")


async def test_a_row_is_there_after_a_stop_and_a_second_start(directory: Path) -> None:
    await start_with_row(directory)
    assert set() == running_on(Layout(directory))
    assert await words_kept(directory) == "first"
    assert set() == running_on(Layout(directory))


async def test_the_cluster_is_utf8_with_checksums_durable_and_off_the_network(directory: Path) -> None:
    async with embedded_postgres(directory, report=print) as address:
        names = "data_checksums fsync synchronous_commit full_page_writes listen_addresses server_encoding jit TimeZone"
        found = [run_sql(address, f"SHOW {name}") for name in names.split()]
        sorted_by = run_sql(address, "SELECT datlocale FROM pg_database WHERE datname = current_database()")
    assert found == ["on", "on", "on", "on", "", "UTF8", "off", "UTC"]
    assert sorted_by == "C.UTF-8"


async def test_a_killed_postmaster_is_started_again_and_the_row_is_kept(directory: Path) -> None:
    reports: list[str] = []
    async with embedded_postgres(directory, report=reports.append) as address:
        run_sql(address, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('first')")
        killed = postmaster_pid(directory)
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: "The embedded PostgreSQL is ready again." in reports)
        assert killed != postmaster_pid(directory)
        assert run_sql(address, "SELECT word FROM kept") == "first"
    assert "The embedded PostgreSQL ended unexpectedly (signal 9); starting it again." in reports
    assert set() == running_on(Layout(directory))


@pytest.mark.full
async def test_a_postmaster_killed_twice_in_a_row_is_started_again(directory: Path) -> None:
    reports: list[str] = []
    async with embedded_postgres(directory, report=reports.append) as address:
        for times in (1, 2):
            os.kill(postmaster_pid(directory), signal.SIGKILL)
            await eventually(lambda times=times: times == reports.count("The embedded PostgreSQL is ready again."))  # type: ignore[misc]
        assert answers(address)


@pytest.mark.full
async def test_a_busy_backend_that_outlived_its_postmaster_is_ended(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.embedded.postmaster.ORPHANS_S", 0.5)
    reports: list[str] = []
    endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
    async with embedded_postgres(directory, report=reports.append) as address:
        command = [str(binaries() / "psql"), "-XAtq", "-c", endless]
        with subprocess.Popen(command, env=client_environment(address), stderr=subprocess.DEVNULL) as client:
            activity = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count(*) FROM generate%'"
            await eventually(lambda: run_sql(address, activity) == "1")
            os.kill(postmaster_pid(directory), signal.SIGKILL)
            await eventually(lambda: "The embedded PostgreSQL is ready again." in reports)
            assert client.wait(PATIENCE_S) != 0
        assert run_sql(address, activity) == "0"


async def test_postgresql_does_not_outlive_a_killed_service(directory: Path) -> None:
    with service(directory) as process:
        postmaster = read_ready(process)
        assert postmaster in running_on(Layout(directory))
        process.kill()
    await eventually(lambda: running_on(Layout(directory)) == set())


async def test_after_a_killed_service_the_next_start_has_the_data_and_leaves_nothing(directory: Path) -> None:
    await start_with_row(directory)
    for _ in range(3):
        with service(directory) as process:
            read_ready(process)
            process.kill()
            process.wait()
            assert await words_kept(directory) == "first"
    assert set() == running_on(Layout(directory))


async def test_a_postmaster_left_over_is_stopped_before_the_new_one_starts(directory: Path) -> None:
    await start_with_row(directory)
    reports: list[str] = []
    with service(directory) as process:
        postmaster = read_ready(process)
        os.kill(postmaster, signal.SIGSTOP)  # so that it cannot follow its death signal
        process.kill()
        process.wait()

    def report(text: str) -> None:
        reports.append(text)
        os.kill(postmaster, signal.SIGCONT)

    async with embedded_postgres(directory, report=report) as address:
        assert postmaster != postmaster_pid(directory)
        assert run_sql(address, "SELECT word FROM kept") == "first"
    assert reports == ["Waiting for the PostgreSQL of an earlier start to stop."]


@pytest.mark.full
async def test_a_leftover_that_obeys_no_signal_is_killed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.embedded.postmaster.FAST_STOP_S", 0.2)
    monkeypatch.setattr("storage.embedded.postmaster.ORPHANS_S", 0.2)
    await start_with_row(directory)
    with service(directory) as process:
        postmaster = read_ready(process)
        os.kill(postmaster, signal.SIGSTOP)
        process.kill()
        process.wait()
    assert await words_kept(directory) == "first"
    assert set() == running_on(Layout(directory))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signalled_service_ends_well_and_takes_postgresql_with_it(directory: Path, number: signal.Signals) -> None:
    with service(directory) as process:
        read_ready(process)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
    assert set() == running_on(Layout(directory))
    assert "database system is shut down" in (directory / "postgres.log").read_text()


@pytest.mark.full
async def test_postgresql_stops_when_the_body_is_cancelled(directory: Path) -> None:
    with trio.CancelScope() as scope:
        async with embedded_postgres(directory, report=print):
            scope.cancel()
            await trio.sleep_forever()
    assert scope.cancelled_caught
    assert set() == running_on(Layout(directory))


@pytest.mark.full
async def test_an_exception_of_the_body_comes_out_as_it_is(directory: Path) -> None:
    with pytest.raises(FileNotFoundError, match="of the body"):
        async with embedded_postgres(directory, report=print):
            raise FileNotFoundError("of the body")
    assert set() == running_on(Layout(directory))


async def test_a_start_cancelled_while_it_creates_the_cluster_leaves_no_process(directory: Path) -> None:
    with trio.CancelScope() as scope:
        async with embedded_postgres(directory, report=lambda text: scope.cancel()):
            pytest.fail("the start was cancelled")
    assert not (directory / "cluster").exists()
    async with embedded_postgres(directory, report=print) as address:
        assert answers(address)
    assert list(directory.glob("cluster.new-*")) == []


async def test_a_second_service_is_refused_and_the_first_goes_on(directory: Path) -> None:
    async with embedded_postgres(directory, report=print) as address:
        with service(directory) as other:
            assert other.wait(PATIENCE_S) == 1
        with pytest.raises(EmbeddedError, match=f"Another Tonearm \\(process {os.getpid()}\\) uses the database"):
            async with embedded_postgres(directory, report=print):
                pytest.fail("the folder is in use")
        assert answers(address)


@pytest.mark.full
async def test_a_data_directory_deeper_than_a_socket_address_works_for_every_client(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-name-of-forty-characters"] * 4)
    deep.mkdir(parents=True)
    copy = tmp_path / "copy"
    async with embedded_postgres(deep / "postgres", report=print) as address:
        assert run_sql(address, "SELECT 1") == "1"
        assert await trio.to_thread.run_sync(lambda: asyncio.run(fetch_one(address))) == 1
        environment = client_environment(address)
        subprocess.run([binaries() / "pg_basebackup", "-D", copy], env=environment, check=True)
    assert (copy / "PG_VERSION").read_text().strip() == "18"


async def fetch_one(address: Address) -> int:
    connection = await asyncpg.connect(
        host=address.host, port=address.port, user=address.user, database=address.database
    )
    try:
        value: int = await connection.fetchval("SELECT 1")
        return value
    finally:
        await connection.close()


@pytest.mark.full
async def test_a_stale_pid_file_that_names_a_living_stranger_does_not_block(directory: Path) -> None:
    await start_with_row(directory)
    owner = (directory / "cluster").stat()
    account = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], cwd="/", **account) as stranger:  # type: ignore[call-overload]
        try:
            pid_file = directory / "cluster" / "postmaster.pid"
            pid_file.write_text(f"{stranger.pid}\n{directory / 'cluster'}\n1700000000\n5432\n../socket\n\n0 0\nready\n")
            pid_file.chmod(0o600)
            os.chown(pid_file, owner.st_uid, owner.st_gid)
            assert await words_kept(directory) == "first"
            assert stranger.poll() is None
        finally:
            stranger.kill()


async def test_a_service_killed_while_it_creates_the_cluster_is_repaired_by_the_next_start(directory: Path) -> None:
    with service(directory) as process:
        await eventually(lambda: any(directory.glob("cluster.new-*/PG_VERSION")))
        process.kill()
        process.wait()
    assert not (directory / "cluster").exists()
    async with embedded_postgres(directory, report=print) as address:
        assert answers(address)
    assert list(directory.glob("cluster.new-*")) == []


async def test_a_damaged_control_file_is_told_with_the_reason_and_the_log(directory: Path) -> None:
    await start_with_row(directory)
    os.truncate(directory / "cluster" / "global" / "pg_control", 100)
    with pytest.raises(EmbeddedError, match=r"did not start: .*pg_control.*restore a backup.*postgres\.log"):
        await words_kept(directory)
    assert set() == running_on(Layout(directory))


@pytest.mark.full
async def test_a_cluster_of_another_major_version_is_named_as_such(directory: Path) -> None:
    await start_with_row(directory)
    (directory / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match="was made by PostgreSQL 16, this is PostgreSQL 18"):
        await words_kept(directory)


async def test_a_folder_that_holds_no_database_is_left_alone(directory: Path) -> None:
    (directory / "cluster").mkdir(parents=True)
    (directory / "cluster" / "photo.jpg").write_text("mine")
    with pytest.raises(EmbeddedError, match="PG_VERSION is missing"):
        await words_kept(directory)
    assert (directory / "cluster" / "photo.jpg").read_text() == "mine"


@pytest.mark.full
async def test_a_start_that_takes_too_long_is_given_up_and_cleared_away(directory: Path) -> None:
    await start_with_row(directory)
    with pytest.raises(EmbeddedError, match="did not start: it was not ready in time"):
        async with embedded_postgres(directory, report=print, start_timeout_s=0):
            pytest.fail("no PostgreSQL starts in no time")
    assert set() == running_on(Layout(directory))


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(EmbeddedError, match="cannot be used: Not a directory"):
        await words_kept(tmp_path / "data" / "postgres")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; runs again as nobody below")
async def test_a_folder_that_may_not_be_written_is_told(directory: Path) -> None:
    directory.parent.chmod(0o500)
    with pytest.raises(EmbeddedError, match="cannot be used: Permission denied"):
        await words_kept(directory)


async def test_no_permission_outside_the_folder_is_changed(directory: Path) -> None:
    outside = [*directory.parents, *binaries().parents, binaries() / "postgres"]

    def permissions() -> list[tuple[Path, int, int, int]]:
        return [(path, (found := path.stat()).st_mode, found.st_uid, found.st_gid) for path in outside]

    before = permissions()
    await start_with_row(directory)
    assert before == permissions()
    assert directory.parent.stat().st_mode & 0o777 == 0o700
    for private in ("cluster", "socket"):
        assert (directory / private).stat().st_mode & 0o777 == 0o700


async def test_neither_parameters_nor_statements_reach_the_log(directory: Path) -> None:
    secret = "a-word-of-a-listener"

    async def provoke(address: Address) -> None:
        connection = await asyncpg.connect(
            host=address.host, port=address.port, user=address.user, database=address.database
        )
        await connection.execute("CREATE TABLE once (word text PRIMARY KEY)")
        await connection.execute("INSERT INTO once VALUES ($1)", secret)
        for sql in ("INSERT INTO once VALUES ($1)", "SELECT ($1::text)::uuid", "SELECT ($1::text)::int"):
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(sql, secret)
        await connection.close()

    async with embedded_postgres(directory, report=print) as address:
        await trio.to_thread.run_sync(lambda: asyncio.run(provoke(address)))
        with pytest.raises(subprocess.CalledProcessError):  # a backend that is killed is reported, with its statement
            run_sql(address, f"COPY (SELECT '{secret}') TO PROGRAM 'kill -9 $PPID; cat'")
        await eventually(lambda: answers(address))
    log = (directory / "postgres.log").read_text()
    assert "was terminated by signal 9" in log
    assert secret not in log


@pytest.mark.full
async def test_a_log_past_its_limit_is_cut_while_postgresql_runs(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 20_000
    monkeypatch.setattr("storage.embedded.cluster.LOG_LIMIT_BYTES", limit)
    async with embedded_postgres(directory, report=print) as address:
        run_sql(address, "DO $$ BEGIN FOR i IN 1..1000 LOOP RAISE LOG 'number % of many', i; END LOOP; END $$")
        await eventually(lambda: (directory / "postgres.log").stat().st_size < limit)
        run_sql(address, "DO $$ BEGIN RAISE LOG 'after the cut'; END $$")
    assert b"\0" not in (directory / "postgres.log").read_bytes()
    assert "after the cut" in (directory / "postgres.log").read_text()
    assert limit == (directory / "postgres.log.1").stat().st_size


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_postgresql_gets_nothing_of_the_environment_and_no_lock(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONEARM_SECRET", "not for the database")
    async with embedded_postgres(directory, report=print):
        process = Path(f"/proc/{postmaster_pid(directory)}")
        assert b"TONEARM" not in (process / "environ").read_bytes()
        opened = {str(entry.readlink()) for entry in (process / "fd").iterdir()}
    assert not any(path.endswith("/lock") for path in opened)


@pytest.mark.full
async def test_a_copied_cluster_starts_elsewhere(directory: Path, tmp_path: Path) -> None:
    await start_with_row(directory)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(directory, elsewhere)  # as root the copy belongs to root, and is handed over
    assert await words_kept(elsewhere) == "first"
