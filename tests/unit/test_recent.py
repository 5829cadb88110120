"""Invariants: never more than about `most` entries, never a wrong value; what is asked for in time is kept."""

from hypothesis import given
from hypothesis import strategies as st

from actors.recent import Recent


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans())), st.integers(2, 10))
def test_values_are_right_or_forgotten_and_memory_is_bounded(steps: list[tuple[int, bool]], most: int) -> None:
    recent: Recent[int, int] = Recent(most)
    put: dict[int, int] = {}
    for number, (key, write) in enumerate(steps):
        if write:
            recent.put(key, number)
            put[key] = number
        assert recent.get(key) in (put.get(key), None)
        assert len(recent._young) + len(recent._old) <= most


def test_what_is_used_outlives_what_is_not() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("used", 1)
    recent.put("unused", 2)
    for number in range(20):
        recent.put(str(number), 0)
        assert 1 == recent.get("used")
    assert recent.get("unused") is None
