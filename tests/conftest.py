"""Fixtures and options of all tests; the folders say what a test needs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import Postgres, running_postgres


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run every case at full length (make test-all)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    no_chromium = pytest.mark.skip(reason="there is no Chromium on this machine (Debian: apt-get install chromium)")
    for item in items:
        if item.get_closest_marker("chromium") and shutil.which("chromium") is None:
            item.add_marker(no_chromium)
    if not config.getoption("--full"):
        long = [item for item in items if item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is `make test-all`: cases that have a length use their long one."""
    return bool(request.config.getoption("--full"))


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
