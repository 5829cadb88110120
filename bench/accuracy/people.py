"""People who listen, and what a server sees of them. The truth is known, since they are made here.

Owns what people and browsers do; knows nothing of how they are counted (counts.py). Which shares are sensible and why
stands in assumptions.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import log
from random import Random
from typing import Final

DAY_MIN: Final = 24 * 60
CAP_DAYS: Final = 7  # WebKit deletes what scripts have stored after seven days without a visit
TRACKS: Final = 12  # of the site; each play is of any of them
_PLAYS: Final = 3  # of a sitting: enough for one to stand on each side of a midnight, an update, a new address
_SITTING_MIN: Final = 45  # a sitting's plays spread over this long, about an album
_SLOTS: Final = 3  # sittings a day at most
_AGENTS: Final = 60
_ROLLOUT_MIN: Final = 7 * DAY_MIN  # a new version reaches all browsers within a week


@dataclass(frozen=True, slots=True)
class World:
    """What happens; as it is by default, nothing does. Shares are of people unless said otherwise."""

    people: int = 1000
    days: int = 28
    sittings_a_day: float = 0.35  # of one person, on average; uneven: exponential over people
    commonest_agent: float = 0.2  # of browsers: send the commonest User-Agent; the next the same share of the rest, ...
    nat: float = 0.0  # at a school, an office or a dorm: many behind one address
    nat_size: int = 25  # listeners of this site behind one such address
    nat_same_agent: float = 0.0  # of those: on a managed machine, whose User-Agent is everybody's there
    nat_ipv6: float = 0.0  # of those: with IPv6, so that they share a /64 and have an address each
    carrier: float = 0.0  # behind a carrier's NAT: strangers behind one IPv4
    carrier_size: int = 4  # listeners of this site behind one such address
    mobile: float = 0.0  # on phones whose IPv4 changes
    mobile_changes_a_day: float = 4.0
    mobile_pool: int = 4096  # addresses the carrier hands out to them
    ipv6: float = 0.0  # with IPv6 at home
    ipv6_changes_a_day: float = 2.0  # of the address inside the /64
    housemate: float = 0.0  # share the home, and its address or /64, with another listener
    second_device: float = 0.0
    third_device: float = 0.0  # of those with a second
    storage_cap: float = 0.0  # with browsers of CAP_DAYS
    clears_a_week: float = 0.0  # chance that somebody clears the browser's storage
    incognito: float = 0.0  # of sittings
    update_days: float = 0.0  # between two versions of a browser; 0: never
    night: float = 0.0  # of sittings: begin in the last half hour before the listener's midnight
    abroad: float = 0.0  # in a time zone that is behind the site's
    abroad_hours: int = 6
    objects: float = 0.0  # with Global Privacy Control or Do Not Track


@dataclass(frozen=True, slots=True)
class Play:
    """What comes to the door, and (first two fields) whose it is."""

    person: int
    own_day: int  # on which the sitting began, on the listener's clock
    day: int  # on the site's clock
    track: int
    address: str
    agent: str
    anon_id: int  # 128 bits
    sec_gpc: str | None
    dnt: str | None


@dataclass(slots=True)
class _Device:
    agent: int
    anon_id: int
    rollout_min: int  # after its release a new version is on this device
    phase: float  # of its changes of address, so that not all happen at one hour
    last_day: int = 0
    cleared: bool = False
    addresses: dict[int, str] = field(default_factory=dict)  # by how often the address has changed


@dataclass(frozen=True, slots=True)
class _Home:
    """Where somebody listens."""

    kind: str  # own, nat, carrier, mobile or ipv6
    number: int  # among those of its kind
    ipv6: bool


@dataclass(slots=True)
class _Person:
    number: int
    rate: float  # chance of a sitting in each of a day's slots
    devices: list[_Device]
    home: _Home
    capped: bool
    behind_min: int
    sec_gpc: str | None
    dnt: str | None


def plays(world: World, seed: int) -> Iterator[Play]:
    """Of everybody over all days, person by person; the same for the same seed.

    Every person has random numbers of their own, and what may happen draws as many whether it happens or not. So two
    worlds that differ in one share differ in what follows from it, and in nothing else.
    """
    homes = _homes(world, Random(f"homes {seed}"))
    for number in range(world.people):
        random, places = Random(f"person {seed} {number}"), Random(f"places {seed} {number}")
        person = _person(world, random, number, next(homes))
        for own_day in range(world.days):
            _storage(world, random, person)
            for _ in range(_SLOTS):
                if random.random() < person.rate:
                    yield from _sitting(world, random, places, person, own_day)


def _homes(world: World, random: Random) -> Iterator[_Home]:
    """One for each person in turn; housemates follow each other, and so do those behind one shared address."""
    made = dict.fromkeys(("own", "nat", "carrier", "mobile", "ipv6"), 0)
    size = {"nat": world.nat_size, "carrier": world.carrier_size}
    school_draw = 0.0
    while True:
        draw, pair_draw, next_school_draw = random.random(), random.random(), random.random()
        kind = _kind(world, draw)
        number, member = divmod(made[kind], size.get(kind, 1))
        made[kind] += 1
        if kind == "nat" and member == 0:
            school_draw = next_school_draw
        home = _Home(kind, number, kind == "ipv6" or (kind == "nat" and school_draw < world.nat_ipv6))
        yield home
        # Of a share h of people in pairs, h / 2 homes have two; a home begins one with h / (2 - h).
        if kind in ("own", "ipv6") and pair_draw < world.housemate / (2 - world.housemate):
            yield home


def _kind(world: World, draw: float) -> str:
    for name, share in (
        ("nat", world.nat),
        ("carrier", world.carrier),
        ("mobile", world.mobile),
        ("ipv6", world.ipv6),
    ):
        if draw < share:
            return name
        draw -= share
    return "own"


def _person(world: World, random: Random, number: int, home: _Home) -> _Person:
    capped, abroad, objects, by_gpc = (random.random() for _ in range(4))
    return _Person(
        number,
        min(0.9, random.expovariate(_SLOTS / world.sittings_a_day)),
        _devices(world, random, home),
        home,
        capped < world.storage_cap,
        world.abroad_hours * 60 if abroad < world.abroad else 0,
        "1" if objects < world.objects and by_gpc < 0.5 else None,
        "1" if objects < world.objects and by_gpc >= 0.5 else None,
    )


def _devices(world: World, random: Random, home: _Home) -> list[_Device]:
    second, third, managed = (random.random() for _ in range(3))
    devices = [
        _Device(
            _agent(world, random.random()), random.getrandbits(128), random.randrange(_ROLLOUT_MIN), random.random()
        )
        for _ in range(3)
    ]
    if home.kind == "nat" and managed < world.nat_same_agent:
        devices[0].agent, devices[0].rollout_min = 0, 0  # updated by whoever manages the machines, all at once
    has_second = second < world.second_device
    return devices[: 1 + has_second + (has_second and third < world.third_device)]


def _agent(world: World, draw: float) -> int:
    """Of the browsers, the first has the commonest share, the next that share of what is left, and so on."""
    return min(_AGENTS, int(log(1 - draw) / log(1 - world.commonest_agent)))


def _storage(world: World, random: Random, person: _Person) -> None:
    """A day begins: now and then with everything cleared."""
    if random.random() < world.clears_a_week / 7:
        for device in person.devices:
            device.cleared = True


def _sitting(world: World, random: Random, places: Random, person: _Person, own_day: int) -> Iterator[Play]:
    device = person.devices[int(random.random() * len(person.devices))]
    private, late, fresh = random.random(), random.random(), random.getrandbits(128)
    if device.cleared or (person.capped and own_day - device.last_day >= CAP_DAYS):
        device.anon_id = fresh
    device.cleared, device.last_day = False, own_day
    # Another id for a private window, though it may be made in the very sitting that renews the browser's own.
    anon_id = fresh ^ 1 if private < world.incognito else device.anon_id
    evening, before_midnight = _begin(random), DAY_MIN - 30 + int(random.random() * 30)
    begin = before_midnight if late < world.night else evening
    for offset in sorted(int(random.random() * _SITTING_MIN) for _ in range(_PLAYS)):
        minute = own_day * DAY_MIN + begin + offset
        yield Play(
            person.number,
            own_day,
            (minute + person.behind_min) // DAY_MIN,
            int(random.random() * TRACKS),
            _address(world, places, person.home, device, minute),
            f"Browser {device.agent}/{_version(world, device, minute)}",
            anon_id,
            person.sec_gpc,
            person.dnt,
        )


def _begin(random: Random) -> int:
    """Minute of the listener's day: the afternoon and the evening, and over by midnight (that is `night`'s part)."""
    return min(DAY_MIN - _SITTING_MIN, max(0, round(random.gauss(18 * 60, 3 * 60))))


def _version(world: World, device: _Device, minute: int) -> int:
    if not world.update_days:
        return 0
    released = device.agent * 5 * DAY_MIN  # browsers do not release on the same days
    return int((minute + released + _ROLLOUT_MIN - device.rollout_min) / (world.update_days * DAY_MIN))


def _address(world: World, places: Random, home: _Home, device: _Device, minute: int) -> str:
    """As the proxy writes it; changes with time where the network has it so."""
    if home.kind == "mobile":
        change = int(minute * world.mobile_changes_a_day / DAY_MIN + device.phase)
        if change not in device.addresses:
            device.addresses[change] = _ipv4("198.18", places.randrange(world.mobile_pool))
        return device.addresses[change]
    if home.ipv6:
        change = int(minute * world.ipv6_changes_a_day / DAY_MIN + device.phase)
        if change not in device.addresses:
            prefix = "2001:db8:1" if home.kind == "nat" else "2001:db8:2"
            device.addresses[change] = (
                f"{prefix}:{home.number:x}:{places.getrandbits(16):x}:{places.getrandbits(16):x}::"
            )
        return device.addresses[change]
    return _ipv4({"nat": "172.16", "carrier": "100.64", "own": "10.0"}[home.kind], home.number)


def _ipv4(prefix: str, number: int) -> str:
    return f"{prefix}.{number // 256}.{number % 256}"
