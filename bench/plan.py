"""How long and how often: the short form and the full one."""

from dataclasses import dataclass, fields, replace


@dataclass(frozen=True, slots=True)
class Plan:
    """Names ending in `_s` are seconds of load per run."""

    rounds: int = 3  # of each pair; the medians are of this many
    door_s: int = 8
    sustained_s: int = 60
    stored_events: int = 500_000
    stored_s: int = 20
    read_s: int = 5
    soak_s: int = 60
    kills: int = 5
    outages: int = 3
    profile_s: int = 15

    def described(self) -> str:
        """For people."""
        return ", ".join(f"{field.name} {getattr(self, field.name):,}" for field in fields(self))


def full(plan: Plan) -> Plan:
    """The figures of DESIGN §9: ten minutes, ten million events."""
    return replace(plan, sustained_s=600, stored_events=10_000_000, stored_s=60, kills=20, outages=5)
