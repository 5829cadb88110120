"""Counts in buckets: what Prometheus says they are, and what its own client makes of the same values."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram as Reference

from actors.histogram import Histogram


def test_a_value_on_a_bound_belongs_to_it() -> None:
    histogram = Histogram([1, 5])
    for value in (0.5, 1, 1.1, 5, 5.1):
        histogram.observe(value)
    assert [(1, 2), (5, 4), (inf, 5)] == list(histogram.cumulated())
    assert 12.7 == histogram.sum


def test_nothing_observed_is_a_row_of_zeros() -> None:
    assert [(1, 0), (inf, 0)] == list(Histogram([1]).cumulated())


@given(st.lists(st.floats(min_value=0, max_value=100)))
def test_any_values_count_as_with_the_client_of_prometheus(values: list[float]) -> None:
    bounds = (0.1, 1.0, 10.0)
    registry = CollectorRegistry()
    reference, histogram = Reference("a", "a", buckets=bounds, registry=registry), Histogram(bounds)
    for value in values:
        reference.observe(value)
        histogram.observe(value)
    for bound, count in histogram.cumulated():
        le = "+Inf" if bound == inf else str(bound)
        assert registry.get_sample_value("a_bucket", {"le": le}) == count
