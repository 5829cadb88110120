"""The rate limit: bursts, refill, and that refusals cost nothing. Time is an argument."""

from hypothesis import given
from hypothesis import strategies as st

from server.limiter import Limiter


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def limiter(clock: Clock, per_minute: int = 60, burst: int = 3, most: int = 100_000) -> Limiter:
    return Limiter(per_minute, burst, key=b"k" * 32, now=clock, most_clients=most)


def test_a_burst_passes_and_the_next_waits() -> None:
    limit = limiter(Clock())
    assert [0.0, 0.0, 0.0] == [limit.refuse_for(b"a") for _ in range(3)]
    assert 1.0 == limit.refuse_for(b"a")


def test_refused_events_do_not_extend_the_wait() -> None:
    clock = Clock()
    limit = limiter(clock)
    for _ in range(50):
        limit.refuse_for(b"a")
    clock.time += 1.0
    assert 0.0 == limit.refuse_for(b"a")


def test_clients_do_not_share_a_limit() -> None:
    limit = limiter(Clock(), burst=1)
    assert 0.0 == limit.refuse_for(b"a")
    assert 0.0 == limit.refuse_for(b"b")
    assert limit.refuse_for(b"a") > 0


def test_zero_means_no_limit() -> None:
    limit = limiter(Clock(), per_minute=0)
    assert {0.0} == {limit.refuse_for(b"a") for _ in range(1000)}


def test_a_rested_client_has_its_burst_again() -> None:
    clock = Clock()
    limit = limiter(clock)
    for _ in range(4):
        limit.refuse_for(b"a")
    clock.time += 60
    assert [0.0, 0.0, 0.0] == [limit.refuse_for(b"a") for _ in range(3)]


def test_memory_is_bounded_and_no_address_is_in_it() -> None:
    limit = limiter(Clock(), most=10)
    for number in range(1000):
        limit.refuse_for(b"address-%d" % number)
    remembered = limit._young.keys() | limit._old.keys()  # the only place that could hold an address
    assert len(remembered) <= 12
    assert not any(key.startswith(b"address") for key in remembered)


@given(st.lists(st.floats(0, 5), max_size=200))
def test_no_minute_lets_more_through_than_rate_and_burst(pauses: list[float]) -> None:
    clock = Clock()
    limit = limiter(clock)
    passed: list[float] = []
    for pause in pauses:
        clock.time += pause
        if not limit.refuse_for(b"a"):
            passed.append(clock.time)
    for start in passed:
        assert sum(start <= time < start + 60 for time in passed) <= 60 + 3
