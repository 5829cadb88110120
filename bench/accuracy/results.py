"""What the simulation gave, and docs/accuracy.json, which keeps it, so that page and picture need not simulate."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from statistics import mean
from typing import Any, Final

from bench.accuracy.counts import Errors, simulated
from bench.accuracy.people import World

SEEDS: Final = (1, 2, 3, 4, 5)
_DIGITS: Final = 4  # a hundredth of a percent


@dataclass(frozen=True, slots=True)
class Run:
    """`errors`: of each seed in turn."""

    world: dict[str, float]
    errors: list[Errors]

    def middle(self, figure: str) -> float:
        """Mean over the seeds of a field of Errors."""
        return mean(self._values(figure))

    def spread(self, figure: str) -> tuple[float, float]:
        """Lowest and highest over the seeds."""
        return min(self._values(figure)), max(self._values(figure))

    def _values(self, figure: str) -> list[float]:
        return [getattr(errors, figure) for errors in self.errors]


Results = Mapping[str, Run]


def run(world: World, seeds: Iterable[int] = SEEDS) -> Run:
    """Simulates once for each seed; rounded as it is stored."""
    return Run(asdict(world), [_rounded(simulated(world, seed)) for seed in seeds])


def run_all(worlds: Mapping[str, World], step: Callable[[str], None]) -> Results:
    """Each of them; `step` hears which one begins."""
    found = {}
    for name, world in worlds.items():
        step(name)
        found[name] = run(world)
    return found


def written(results: Results) -> str:
    """JSON, one run a line, so that a diff shows which one changed."""
    lines = [
        f"{json.dumps(name)}: {json.dumps({'world': one.world, 'errors': [astuple(errors) for errors in one.errors]})}"
        for name, one in results.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(text: str) -> Results:
    """What `written` wrote."""
    stored: dict[str, Any] = json.loads(text)
    return {name: Run(one["world"], [Errors(*errors) for errors in one["errors"]]) for name, one in stored.items()}


def _rounded(errors: Errors) -> Errors:
    return Errors(*(round(value, _DIGITS) for value in astuple(errors)))
