"""Fixtures and options of all tests; the folders say what a test needs."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.demo.audio import prepare_audio
from tests.support.postgres import Postgres, running_postgres

HERE = Path(__file__).parent

# The longest first: what is left for the end, when no other file is waiting, should be short.
FOLDERS = ("journey", "machines", "faults", "browser", "forensics", "recipes", "docs", "integration", "release", "unit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run every case at full length (make test-all)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    no_chromium = pytest.mark.skip(reason="there is no Chromium on this machine (Debian: apt-get install chromium)")
    for item in items:
        if item.get_closest_marker("chromium") and shutil.which("chromium") is None:
            item.add_marker(no_chromium)
    items.sort(key=lambda item: FOLDERS.index(item.path.relative_to(HERE).parts[0]))
    if not config.getoption("--full"):
        long = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is `make test-all`: cases that have a length use their long one."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def demo_music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's recordings, made by the first process of the run that asks for them."""
    of_this_process = tmp_path_factory.getbasetemp()
    of_the_run = of_this_process.parent if "PYTEST_XDIST_WORKER" in os.environ else of_this_process
    folder = of_the_run / "demo-music"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare_audio(folder, lambda done, total: None)
    return folder


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """The session's PostgreSQL."""
    with running_postgres(tmp_path_factory.mktemp("session") / "postgres") as server:
        yield server


@pytest.fixture
def database_url(postgres: Postgres) -> str:
    """An empty database."""
    return postgres.new_database()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Where a service may keep its data; not there yet."""
    return tmp_path / "data"
