"""The ledger over random traffic, restarts and faults: every request ends in exactly one outcome with a name.

Within a life of the service: received + recovered = counted + pending + refused by reason, and each request has the
reason it was answered with. A SIGKILL takes the ledger along: what that life refused, and why, nobody knows any more.
What stays provable, and is proved here:

- What it accepted. The next life's database and spool hold all that every life before accepted: what was answered
  with 202 and nothing else, but for requests that had no answer when it died. Of those each is there or is not, once
  and for all. So the sum goes on over the gap, and at the end the database has it to the last event.
- By key: what was answered with 202 is counted once, what was refused not at all, what got no answer at most once.
"""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.ledger_driver import Driver
from tests.support.ledger_requests import CLOSING, KINDS, OF_BOTH_DOORS
from tests.support.smuggling import SHAPES
from tests.support.stoppable_postgres import StoppablePostgres

Step = tuple[object, ...]

DOORS = ("beacon", "http")
GOING_ON = [kind for kind in OF_BOTH_DOORS if kind not in CLOSING]
doors = st.sampled_from(DOORS)
bursts = st.lists(st.sampled_from(GOING_ON), min_size=1, max_size=12)
traffic: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("send"), doors, st.lists(st.sampled_from(OF_BOTH_DOORS), min_size=1, max_size=12)),
    st.tuples(st.just("pipeline"), doors, bursts),
    st.builds(lambda kinds, last: ("pipeline", "beacon", [*kinds, last]), bursts, st.sampled_from(CLOSING)),
    st.tuples(st.just("leave"), doors, st.integers(0, 400)),
    st.tuples(st.just("hang_up"), st.integers(1, 20)),
    st.tuples(st.just("flood"), doors),
    st.just(("dawdle",)),
)
fault: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("kill"), doors, st.integers(1, 60), st.integers(0, 60)),
    st.tuples(st.just("restart"), st.sampled_from([signal.SIGTERM, signal.SIGKILL])),
    st.just(("stop_postgres",)),
    st.just(("start_postgres",)),
    st.just(("strike",)),
    st.just(("fill",)),
)
long_fault = st.one_of(fault, st.just(("stop_in_an_outage",)))  # which a service waits out for 15 s before it ends

ONE_OF_EACH: list[Step] = [
    ("send", "beacon", [*KINDS, *SHAPES]),
    ("send", "http", [*OF_BOTH_DOORS]),
    ("pipeline", "beacon", [*GOING_ON, "play", "two lengths"]),
    ("pipeline", "http", [*GOING_ON, "share"]),
    ("dawdle",),
    ("leave", "beacon", 150),
    ("leave", "http", 300),
    ("hang_up", 12),
    ("flood", "beacon"),
    ("flood", "http"),
    ("strike",),
    ("fill",),
    ("send", "http", ["play", "share", "forget", "malformed"]),
    ("hang_up", 3),
    ("restart", signal.SIGTERM),
    ("kill", "beacon", 40, 3),
    ("stop_postgres",),
    ("send", "beacon", ["play"] * 5),
    ("restart", signal.SIGKILL),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoppablePostgres]:
    """One for all, with a database for each run: making it takes longer than stopping and starting it."""
    stoppable = StoppablePostgres(tmp_path_factory.mktemp("ledger") / "postgres")
    with stoppable:
        yield stoppable


def run(folder: Path, server: StoppablePostgres, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as own, Driver(Path(own), server).open() as driver:
        for name, *arguments in steps:
            getattr(driver, str(name))(*arguments)
            driver.holds()
        driver.ends()


def test_every_request_has_one_outcome_over_one_of_each(tmp_path: Path, server: StoppablePostgres) -> None:
    run(tmp_path, server, ONE_OF_EACH)


@pytest.mark.full
def test_every_request_has_one_outcome_over_random_traffic_and_faults(
    tmp_path: Path, server: StoppablePostgres, full: bool
) -> None:
    steps = st.one_of(traffic, traffic, long_fault if full else fault)

    @settings(
        max_examples=60 if full else 2,
        phases=[Phase.generate, Phase.shrink] if full else [Phase.generate],  # shrinking takes minutes
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.lists(steps, min_size=4, max_size=16))
    def property_holds(steps: list[Step]) -> None:
        run(tmp_path, server, steps)

    property_holds()
