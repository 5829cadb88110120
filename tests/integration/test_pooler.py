"""Behind a real pgbouncer: in session mode all of it works, in any other the doctor says what is wrong."""

import re
from pathlib import Path

import pytest

from tests.support import doctor
from tests.support.debian_postgres import NOT_INSTALLED as NO_POSTGRES
from tests.support.debian_postgres import PROGRAMS, DebianPostgres
from tests.support.doctor import examined
from tests.support.http import Door, ask
from tests.support.pgbouncer import NOT_INSTALLED, PROGRAM, pgbouncer
from tests.support.service import eventually, serving

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not PROGRAMS, reason=NO_POSTGRES),
    pytest.mark.skipif(PROGRAM is None, reason=NOT_INSTALLED),
]
TEXT = {"Content-Type": "text/plain"}
PLAY = b'{"trackEntryKey": "a", "bucket": "complete", "anonId": "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"}'


@pytest.fixture
def data_dir(data_dir: Path) -> Path:
    data_dir.mkdir(mode=0o700)
    return data_dir


@pytest.fixture(scope="module")
def line(debian: DebianPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The line that the doctor says a pooler wants, told of one without it."""
    data_dir = tmp_path_factory.mktemp("asked") / "data"
    data_dir.mkdir(mode=0o700)
    with pgbouncer(debian, debian.new_database("plain"), "session") as url:
        check = doctor.ask(data_dir, {"TONEARM_DATABASE_URL": url}).check("database")
    assert ("fail", True) == (check["state"], "a pooler that refuses Tonearm's settings" in check["found"])
    [line] = re.findall(r"ignore_startup_parameters = .*", check["remedy"])
    return str(line)


def figures(url: str) -> tuple[int | None, int | None]:
    found = ask(Door.at(url), "GET", "/api/stats/track/a").json()
    return found.get("totalPlays"), found.get("listenersToday")


def test_one_in_session_mode_with_the_line_the_doctor_names_does(
    debian: DebianPostgres, data_dir: Path, line: str
) -> None:
    with pgbouncer(debian, debian.new_database("session"), "session", line, "default_pool_size = 100") as url:
        settings = {"TONEARM_DATABASE_URL": url, "TONEARM_PRIVACY__MODE": "both"}
        with serving(data_dir, settings, "--workers", "2") as service:
            for _ in range(20):
                answer = ask(Door.at(service.beacon), "POST", "/api/event/play", TEXT, PLAY)
                assert 202 == answer.status
            eventually(lambda: figures(service.url) == (20, 1))
            said = doctor.read(service.command("doctor", "--json", check=False))
            assert ("ok", "ok", "ok") == (said.state("database"), said.state("database-listen"), said.state("salt"))
            assert "Every counter agrees" in service.command("check").stdout
            service.command("salt", "rotate")  # which every process has to hear of


def test_one_in_transaction_mode_is_found_by_what_it_loses(debian: DebianPostgres, data_dir: Path, line: str) -> None:
    with pgbouncer(debian, debian.new_database("transaction"), "transaction", line) as url:
        found = examined(data_dir, url)
    assert ("ok", "fail") == (found["database"].state, found["database-listen"].state)
    assert "set pool_mode = session" in str(found["database-listen"].remedy)
