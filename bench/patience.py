"""What a thousand slow clients take from everybody else: the same load alone and beside them, in turns."""

import time
from typing import Final

from bench.plan import Plan
from bench.progress import Steps
from bench.results import Row, compared
from bench.rig import Rig, drained
from tests.support.slow_clients import slow_clients

STEPS_A_ROUND: Final = 2

_CLIENTS: Final = 1000
_IN_PLACE_S: Final = 4  # until each of them is where it waits
_GOAL: Final = 0.8


def measure(rig: Rig, plan: Plan, steps: Steps) -> list[Row]:
    """With the patience a service has by default."""
    alone, beside = [], []
    with rig.service() as service:
        for number in range(1, plan.rounds + 1):
            steps.step(f"Load alone, {number} of {plan.rounds}")
            alone.append(rig.load(service.beacon, plan.door_s).per_second)
            drained(service)
            steps.step(f"Beside {_CLIENTS:,} slow clients, {number} of {plan.rounds}")
            with slow_clients(service.beacon, _CLIENTS):
                time.sleep(_IN_PLACE_S)
                beside.append(rig.load(service.beacon, plan.door_s).per_second)
            drained(service)
    return [compared(f"Beacon listener beside {_CLIENTS:,} slow clients", "events/s", beside, "alone", alone, _GOAL)]
