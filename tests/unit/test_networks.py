"""How many client networks there are: distinct ones, of an hour, in bounded memory; proxies that hide are one."""

from actors.networks import ENOUGH, MOST, Crowd, Networks, Way, together


class Clock:
    def __init__(self) -> None:
        self.time = 7_200.0

    def __call__(self) -> float:
        return self.time


def from_each(networks: Networks, *names: bytes, times: int = 1) -> None:
    for _ in range(times):
        for name in names:
            networks.note(name)


def test_networks_are_counted_once_and_events_each_time() -> None:
    networks = Networks(Clock())
    from_each(networks, b"a", b"b", times=3)
    assert Crowd(2, 6, "") == networks.crowd()


def test_nobody_is_no_network() -> None:
    assert Crowd() == Networks(Clock()).crowd()


def test_a_network_leaves_an_hour_after_it_came_last() -> None:
    clock = Clock()
    networks = Networks(clock)
    from_each(networks, b"early", b"again")
    clock.time += 30 * 60
    from_each(networks, b"again")
    clock.time += 29 * 60 + 59
    assert Crowd(2, 3, "") == networks.crowd()
    clock.time += 1
    assert Crowd(1, 1, "address") == networks.crowd()
    clock.time += 3600
    assert Crowd() == networks.crowd()


def test_an_event_after_hours_of_silence_is_the_only_one() -> None:
    clock = Clock()
    networks = Networks(clock)
    from_each(networks, b"a", b"b")
    clock.time += 86_400
    from_each(networks, b"c")
    assert Crowd(1, 1, "address") == networks.crowd()


def test_memory_is_bounded_and_events_are_counted_all_the_same() -> None:
    networks = Networks(Clock())
    for number in range(2 * MOST):
        networks.note(b"%d" % number)
    assert Crowd(MOST, 2 * MOST, "") == networks.crowd()
    assert MOST == len(networks._seen)


def test_a_full_memory_takes_new_networks_when_old_ones_have_left() -> None:
    clock = Clock()
    networks = Networks(clock, most=2)
    from_each(networks, b"a", b"b", b"c")
    clock.time += 3600
    from_each(networks, b"c", b"d")
    assert Crowd(2, 2, "") == networks.crowd()


def test_many_events_of_one_network_are_told() -> None:
    networks = Networks(Clock())
    from_each(networks, b"a", times=ENOUGH - 1)
    assert not networks.crowd().one_network
    from_each(networks, b"a")
    assert networks.crowd().one_network
    from_each(networks, b"b")
    assert not networks.crowd().one_network


def test_several_proxies_that_hide_who_sends_are_one_network() -> None:
    networks = Networks(Clock())
    for number in range(ENOUGH):
        networks.note(b"proxy-%d" % (number % 3), Way.UNTOLD)
    assert Crowd(1, ENOUGH, "untold") == networks.crowd()
    assert networks.crowd().one_network


def test_how_an_event_came_is_of_no_interest_once_networks_are_told_apart() -> None:
    clock = Clock()
    networks = Networks(clock)
    assert networks.few
    for number in range(16):
        networks.note(b"%d" % number)
    assert not networks.few
    clock.time += 3600
    networks.crowd()
    assert networks.few


def test_processes_that_each_see_one_network_are_taken_together() -> None:
    half = ENOUGH // 2
    assert together([Crowd(1, half, "address"), Crowd(1, half, "address")]).one_network
    assert Crowd(1, 2 * half, "untold") == together([Crowd(1, half, "address"), Crowd(1, half, "untold"), Crowd()])


def test_one_process_that_tells_networks_apart_speaks_for_all() -> None:
    total = together([Crowd(1, ENOUGH, "address"), Crowd(7, 20, "")])
    assert (Crowd(7, ENOUGH + 20, ""), False) == (total, total.one_network)


def test_what_a_later_version_calls_a_way_is_no_alarm() -> None:
    total = together([Crowd(1, ENOUGH, "of the future")])
    assert ("", False) == (total.way, total.one_network)


def test_no_process_sees_nobody() -> None:
    assert Crowd() == together([])
