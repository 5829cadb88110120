"""The ops script and its timer, against the running service."""

import configparser
import os
import subprocess
from pathlib import Path

import pytest
import trio

from storage.bridge import Address, Connection, open_database
from tests.support.service import TONEARM, Service, serving

DEPLOY = Path(__file__).parents[2] / "deploy"


def run(service: Service, *words: str) -> subprocess.CompletedProcess[str]:
    environment = service.environment | {"PAUSES": "0 0", "PATH": f"{TONEARM.parent}{os.pathsep}{os.environ['PATH']}"}
    script: list[str | Path] = [DEPLOY / "rotate-salt", *words]
    return subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60)


def generation(url: str) -> int:
    async def read() -> int:
        async with open_database(Address(url=url), connections=1) as database:
            return await database.run(lambda connection: connection.fetchval("SELECT generation FROM token_day"))

    return trio.run(read)


def change(url: str, statement: str) -> None:
    async def execute(connection: Connection) -> None:
        await connection.execute(statement)

    async def run() -> None:
        async with open_database(Address(url=url), connections=1) as database:
            await database.run(execute)

    trio.run(run)


@pytest.mark.full
def test_the_script_is_content_mends_what_is_missing_and_rotates_for_a_reason(
    data_dir: Path, database_url: str
) -> None:
    environment = {"TONEARM_DATABASE_URL": database_url, "TONEARM_PRIVACY__MODE": "daily-salt"}
    with serving(data_dir, environment) as service:
        content = run(service)
        assert (0, True) == (content.returncode, "generation  1" in content.stdout)
        forced = run(service, "--now", "a laptop was lost")
        assert (0, True) == (forced.returncode, "its generation 2" in forced.stdout)
    change(database_url, "TRUNCATE daily_salt")  # and no service to make another
    mended = run(service)
    assert (0, True) == (mended.returncode, "making one" in mended.stderr)
    assert 3 == generation(database_url)
    change(database_url, "UPDATE daily_salt SET sealed = decode(repeat('00', octet_length(sealed)), 'hex')")
    told = service.command("salt", "status", check=False)
    assert (1, True) == (told.returncode, "sealed under another secret" in told.stdout)
    mended = run(service)
    assert (0, True) == (mended.returncode, "making one" in mended.stderr)
    assert 0 == service.command("salt", "status").returncode
    assert 4 == generation(database_url)


@pytest.mark.parametrize(("words", "said"), [(["--now"], "Say why"), (["--help"], "Usage")])
def test_wrong_use_is_told(data_dir: Path, words: list[str], said: str) -> None:
    told = subprocess.run([DEPLOY / "rotate-salt", *words], capture_output=True, text=True)
    assert (2, True) == (told.returncode, said in told.stderr)


def test_the_units_name_the_script_and_each_other() -> None:
    # Not strict: a unit may say Environment= more than once.
    service, timer = configparser.ConfigParser(strict=False), configparser.ConfigParser()
    assert service.read(DEPLOY / "tonearm-salt.service")
    assert timer.read(DEPLOY / "tonearm-salt.timer")
    assert "oneshot" == service["Service"]["Type"]
    assert (DEPLOY / Path(service["Service"]["ExecStart"]).name).stat().st_mode & 0o111
    assert "*:02/15" == timer["Timer"]["OnCalendar"]
