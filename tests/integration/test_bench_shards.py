"""`python -m bench.shards`, as small as it gets, on real servers: every way counts each event once, or is refused."""

from collections.abc import Iterator, Sequence

import pytest

from actors.tally import Tally
from bench.shards import measure, ways
from bench.shards.measure import OWN_CURSORS, PLAIN, TWO_PHASE, Plan, cluster
from bench.wrk import BenchError
from storage.bridge import Database
from tests.support.postgres import Postgres

PLAN = Plan({40: 2}, together=2, servers=(1, 2), writers=(1, 2), rounds=1)
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sequence[Postgres]]:
    with cluster(tmp_path_factory.mktemp("shards"), 2) as running:
        yield running


def test_every_way_counts_every_event_once(servers: Sequence[Postgres]) -> None:
    arms, writers = measure.measure(servers, PLAN, lambda _: None)
    assert [(PLAIN, 1), (TWO_PHASE, 1), (TWO_PHASE, 2), (OWN_CURSORS, 2)] == [(arm.way, arm.servers) for arm in arms]
    assert all(cost.elapsed_ms > 0 and cost.flushes >= 1 for arm in arms for cost in arm.costs)
    assert [(1, True), (1, False), (2, True), (2, False)] == [(one.writers, one.own_slots) for one in writers]


def test_a_way_that_loses_a_part_is_refused(servers: Sequence[Postgres], monkeypatch: pytest.MonkeyPatch) -> None:
    async def forgetful(databases: Sequence[Database], parts: Sequence[Tally], number: int) -> None:
        await ways.own_cursors(databases[:1], parts[:1], number)

    monkeypatch.setitem(measure.WAYS, OWN_CURSORS, forgetful)
    with pytest.raises(BenchError, match="plays were sent"):
        measure.measure(servers, PLAN, lambda _: None)
