"""What is assumed about an audience: each share with a low, a middle and a high value, and why.

Where the reason names a source, the source gives the mechanism or the order of size; every value is still ours.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from bench.accuracy.people import World


@dataclass(frozen=True, slots=True)
class Assumption:
    """`field` of World; `low`, `middle`, `high` are as the field has them."""

    field: str
    label: str
    low: float
    middle: float
    high: float
    why: str

    def shown(self) -> str:
        """The three values as people write them: `2, 8, 25 %` or `1, 4, 16`."""
        values = (self.low, self.middle, self.high)
        if self.is_share():
            return ", ".join(f"{100 * value:g}" for value in values) + " %"
        return ", ".join(f"{value:g}" for value in values)

    def is_share(self) -> bool:
        """Whether the value is a part of a whole rather than a number of something."""
        return self.middle < 1 and self.field != "sittings_a_day"

    def world(self, value: float) -> World:
        """The mix with this one changed."""
        changed: dict[str, Any] = {self.field: value}
        return replace(MIX, **changed)


ASSUMPTIONS: Final = (
    Assumption(
        "sittings_a_day",
        "sittings of a person per day",
        0.1,
        0.35,
        1.0,
        "assumed: who likes a band comes every third day; spread unevenly over people (exponential)",
    ),
    Assumption(
        "commonest_agent",
        "browsers with the commonest User-Agent",
        0.1,
        0.2,
        0.4,
        "assumed: browsers now freeze most of the string (Chrome's and Firefox's User-Agent reduction), so strangers"
        " often send the same",
    ),
    Assumption("nat", "at a school, office or dorm", 0.02, 0.08, 0.3, "assumed; a student band has more"),
    Assumption("nat_size", "listeners behind one such address", 2, 6, 25, "assumed; of this site's, not of everybody"),
    Assumption(
        "nat_same_agent", "of those, on managed machines with one User-Agent", 0.1, 0.4, 0.8, "assumed: computer rooms"
    ),
    Assumption(
        "nat_ipv6", "of those places, with IPv6 in one /64", 0.0, 0.2, 0.5, "assumed; a Wi-Fi is mostly one /64"
    ),
    Assumption(
        "carrier",
        "behind a carrier's NAT",
        0.05,
        0.15,
        0.4,
        "assumed; many phones and cheap lines have no IPv4 of their own (RFC 6598 exists for them)",
    ),
    Assumption(
        "carrier_size",
        "listeners behind one such address",
        1,
        3,
        10,
        "assumed; hundreds of subscribers may share one, few of them hear this site",
    ),
    Assumption("mobile", "on phones whose IPv4 changes", 0.02, 0.1, 0.25, "assumed; on the way, and between Wi-Fis"),
    Assumption("mobile_changes_a_day", "such changes a day", 1, 4, 12, "assumed: home, way, work, way"),
    Assumption("mobile_pool", "addresses of such a carrier", 64, 4096, 65536, "assumed: of a city, not of a country"),
    Assumption(
        "ipv6",
        "with IPv6 at home",
        0.2,
        0.45,
        0.6,
        "about what Google's public statistics say of its users; by country",
    ),
    Assumption(
        "ipv6_changes_a_day",
        "changes of such an address in its /64 a day",
        1,
        2,
        6,
        "RFC 8981: a temporary address is preferred for a day, and a new one is made at every new attachment",
    ),
    Assumption("housemate", "share a home with another listener", 0.02, 0.1, 0.3, "assumed: couples, shared flats"),
    Assumption("second_device", "with a second device", 0.2, 0.45, 0.7, "assumed: a phone and a computer"),
    Assumption("third_device", "of those, with a third", 0.1, 0.25, 0.5, "assumed: a tablet, a computer at work"),
    Assumption(
        "storage_cap",
        "with browsers that forget after 7 days away",
        0.1,
        0.25,
        0.5,
        "WebKit (every browser on iPhones, Safari on Macs) deletes script-writable storage so; the share is assumed",
    ),
    Assumption("clears_a_week", "chance in a week of clearing the storage", 0.0, 0.02, 0.05, "assumed: once a year"),
    Assumption("incognito", "sittings in a private window", 0.01, 0.05, 0.2, "assumed; nobody can measure it well"),
    Assumption(
        "update_days",
        "days between two versions of a browser",
        14,
        21,
        56,
        "Chrome: two weeks since September 2026; Firefox: four; Chrome's Extended Stable: eight",
    ),
    Assumption("night", "sittings across the listener's midnight", 0.0, 0.02, 0.08, "assumed"),
    Assumption("abroad", "in another time zone than the site", 0.0, 0.3, 0.7, "assumed; more for a band on the web"),
    Assumption("abroad_hours", "hours by which it is behind", 2, 6, 9, "New York hears a site in Berlin at 6"),
    Assumption(
        "objects",
        "who send Global Privacy Control or Do Not Track",
        0.01,
        0.06,
        0.15,
        "assumed: Brave and DuckDuckGo send it unasked, Firefox when told",
    ),
)

_MIDDLE: Final[dict[str, Any]] = {assumption.field: assumption.middle for assumption in ASSUMPTIONS}
MIX: Final = World(**_MIDDLE)
