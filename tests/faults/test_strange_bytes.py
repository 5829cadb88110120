"""Whatever bytes come in: never a crash, never a 5xx other than 503, never a descriptor that stays open."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.http import Door, ask
from tests.support.ledger import ledger
from tests.support.mutations import stream
from tests.support.postgres import Postgres
from tests.support.service import Service, eventually, serving
from tests.support.strangers import open_files, talk, unexpected

BODY = b'{"trackEntryKey": "still-there", "bucket": "complete"}'


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Held, after all that was sent to it, to be as it was."""
    environment = {"TONEARM_DATABASE_URL": postgres.new_database(), "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}
    with serving(tmp_path_factory.mktemp("strange") / "data", environment) as running:
        assert 202 == still_there(running)
        eventually(lambda: ledger(running)["pending"] == 0)
        files = open_files(running)
        yield running
        eventually(lambda: open_files(running) <= files)
        assert 202 == still_there(running)
        eventually(lambda: ledger(running)["pending"] == 0)
        figures = ledger(running)
        outcomes = sum(number for name, number in figures.items() if name not in ("received", "recovered"))
        assert figures["received"] == outcomes
        assert "Traceback" not in running.said()
        assert 0 == running.stop()


def still_there(service: Service) -> int:
    return ask(Door.at(service.beacon), "POST", "/api/event/play", {"Content-Type": "text/plain"}, BODY).status


@settings(max_examples=300, deadline=None)
@given(data=st.binary(min_size=1, max_size=400), seed=st.integers(0, 1 << 32))
def test_random_bytes(service: Service, data: bytes, seed: int) -> None:
    assert {} == unexpected(Counter(talk(Door.at(service.beacon), data, Random(seed))))
    assert service.process.poll() is None


@settings(max_examples=600, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_mutated_requests(service: Service, seed: int) -> None:
    random = Random(seed)
    assert {} == unexpected(Counter(talk(Door.at(service.beacon), stream(random), random)))
    assert service.process.poll() is None


def test_most_requests_get_an_answer(service: Service) -> None:
    """The generator is of use: it gets past the parser, and into every refusal a stranger can cause."""
    random = Random(5)
    statuses: Counter[int] = Counter()
    for _ in range(600):
        statuses.update(talk(Door.at(service.beacon), stream(random), random))
    assert {200, 202, 204, 400, 404, 405, 413, 415, 431} <= statuses.keys()
