"""What is simulated: each cause on its own and stronger than usual, all of them together, and that for longer."""

from dataclasses import asdict, replace
from typing import Final, Literal

from bench.accuracy.assumptions import ASSUMPTIONS, MIX, Assumption
from bench.accuracy.people import World

MIXED: Final = "all of it together, as assumed below"
SCHOOL_SIZE: Final = 200
SCHOOL: Final = f"all at schools: {SCHOOL_SIZE} behind one IPv4"
AFTER_DAYS: Final = (7, 28, 91)

# The names are filled in from the world, so that a row cannot say another strength than it was simulated with.
_ALONE: Final = (
    ("everybody has one browser and one address", World()),
    ("{nat:.0%} at schools, offices: {nat_size} behind one IPv4", World(nat=0.3, nat_same_agent=0.5)),
    ("{nat:.0%} at schools with IPv6: {nat_size} in one /64", World(nat=0.3, nat_same_agent=0.5, nat_ipv6=1.0)),
    (SCHOOL, World(nat=1.0, nat_size=SCHOOL_SIZE, nat_same_agent=0.5)),
    ("{carrier:.0%} behind a carrier's NAT, {carrier_size} on an IPv4", World(carrier=0.5)),
    ("{mobile:.0%} with an IPv4 that changes {mobile_changes_a_day:.0f} times a day", World(mobile=0.5)),
    ("{ipv6:.0%} with IPv6 that changes {ipv6_changes_a_day:.0f} times a day", World(ipv6=0.6)),
    ("{housemate:.0%} live with another listener", World(housemate=0.3)),
    ("{second_device:.0%} with two devices, some with three", World(second_device=0.5, third_device=0.3)),
    ("{storage_cap:.0%} with storage capped at 7 days", World(storage_cap=0.35)),
    ("{clears_a_week:.0%} clear the storage each week", World(clears_a_week=0.05)),
    ("{incognito:.0%} of sittings in a private window", World(incognito=0.1)),
    ("a new browser version every {update_days:.0f} days", World(update_days=14)),
    ("{night:.0%} of sittings across midnight", World(night=0.05)),
    ("{abroad:.0%} live {abroad_hours} hours behind the site", World(abroad=0.5)),
    ("{objects:.0%} send GPC or Do Not Track", World(objects=0.1)),
)
ALONE: Final[dict[str, World]] = {name.format(**asdict(world)).replace("%", " %"): world for name, world in _ALONE}
SCENARIOS: Final[dict[str, World]] = {**ALONE, MIXED: MIX}


def after(days: int) -> str:
    """The name of the run of the mix for so many days."""
    return f"after {days} days"


def end(assumption: Assumption, which: Literal["low", "high"]) -> str:
    """The name of the run of the mix with one assumption at this end."""
    return f"{assumption.field}, {which}"


RUNS: Final[dict[str, World]] = {
    **SCENARIOS,
    **{after(days): replace(MIX, days=days) for days in AFTER_DAYS},
    **{end(one, "low"): one.world(one.low) for one in ASSUMPTIONS},
    **{end(one, "high"): one.world(one.high) for one in ASSUMPTIONS},
}
"""Name -> world of everything that docs/accuracy.md shows."""
