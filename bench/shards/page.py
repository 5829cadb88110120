"""What was found, as JSON and as the two tables of docs/scale.md."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.machine import Machine
from bench.shards.measure import PLAIN, Arm, Cost, Writers


@dataclass(frozen=True, slots=True)
class Results:
    """One run; `load_after` is the load average at its end."""

    machine: Machine
    rounds: int
    arms: Sequence[Arm]
    writers: Sequence[Writers]
    load_after: float


def ratio(results: Results, arm: Arm, figure: Callable[[Cost], float]) -> float:
    """To one transaction on one server: the median over the rounds, each of which has both."""
    plain = next(one for one in results.arms if one.way == PLAIN and one.events == arm.events)
    return statistics.median(figure(one) / figure(other) for one, other in zip(arm.costs, plain.costs, strict=True))


def arms(results: Results) -> str:
    """The table of ways."""
    lines = ["| batch | way | servers | elapsed | | processor time | | flushes | rows on the busiest |"]
    lines.append("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    return "\n".join([*lines, *_arms(results)])


def _arms(results: Results) -> Iterator[str]:
    for arm in results.arms:
        elapsed, cpu, flushes = (
            statistics.median(figure(one) for one in arm.costs) for figure in (_elapsed, _cpu, _flushes)
        )
        yield (
            f"| {arm.events:,} | {arm.way} | {arm.servers} | {elapsed:.0f} ms | {ratio(results, arm, _elapsed):.2f} x "
            f"| {cpu:.0f} ms | {ratio(results, arm, _cpu):.2f} x | {flushes:.0f} | {arm.busiest:.0%} |"
        )


def writers(results: Results) -> str:
    """The table of several writers on one server."""
    lines = ["| writers | a slot each | | one slot for all | |", "| ---: | ---: | ---: | ---: | ---: |"]
    alone = next(one for one in results.writers if one.writers == 1 and one.own_slots)
    for size in sorted({one.writers for one in results.writers}):
        cells = [str(size)]
        for own in (True, False):
            found = next(one for one in results.writers if (one.writers, one.own_slots) == (size, own))
            ratios = [rate / other for rate, other in zip(found.rates, alone.rates, strict=True)]
            cells += [f"{statistics.median(found.rates):,.0f} events/s", f"{statistics.median(ratios):.2f} x"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def cpu_ratio(results: Results, way: str, servers: int, events: int) -> float:
    """Of one arm, for the text of the page."""
    return ratio(results, _arm(results, way, servers, events), _cpu)


def part_ms(results: Results, way: str, servers: int, events: int) -> float:
    """Processor time that each server spends on a part because it is one: what the whole batch takes there more."""
    arm, plain = _arm(results, way, servers, events), _arm(results, PLAIN, 1, events)
    more = (one.server_ms - other.server_ms for one, other in zip(arm.costs, plain.costs, strict=True))
    return statistics.median(more) / servers


def told(results: Results, way: str, servers: int, events: int) -> str:
    """An arm in words."""
    costs = _arm(results, way, servers, events).costs
    elapsed, flushes = (statistics.median(map(figure, costs)) for figure in (_elapsed, _flushes))
    return f"{elapsed:.0f} ms, {flushes:.0f} flushes and {cpu_ratio(results, way, servers, events):.2f} x"


def _arm(results: Results, way: str, servers: int, events: int) -> Arm:
    return next(one for one in results.arms if (one.way, one.servers, one.events) == (way, servers, events))


def _elapsed(cost: Cost) -> float:
    return cost.elapsed_ms


def _cpu(cost: Cost) -> float:
    return cost.cpu_ms


def _flushes(cost: Cost) -> float:
    return cost.flushes
