"""Invariants: parsing never raises; the client is never a hop that an untrusted one vouched for.

The last part holds both headers against a model that knows which hop is whose and never parses one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.address import UNKNOWN, TrustedProxies, _nodes, client_address, network, packed

PROXY = "10.0.0.1"
TRUSTED = TrustedProxies.parse(["10.0.0.0/8", "fd00::/8", "unix"])

addresses = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map(str))
outside = addresses.filter(lambda text: not TRUSTED.believes(packed(text)))
# Any text, and text of the characters that mean something in the headers.
anything = st.one_of(st.text(), st.text(alphabet='fFoOrR=10.:[]%",;\\\\ \t_-\x00'))


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert packed("192.0.2.1") == client_address("192.0.2.1", ["198.51.100.7"], TrustedProxies())


def test_a_trusted_proxy_names_the_client() -> None:
    assert packed("198.51.100.7") == client_address(PROXY, ["198.51.100.7"], TRUSTED)


def test_the_right_most_untrusted_hop_is_the_client() -> None:
    assert packed("198.51.100.7") == client_address(PROXY, ["203.0.113.9, 198.51.100.7, 10.1.1.1"], TRUSTED)


def test_several_header_lines_are_one_list() -> None:
    assert packed("198.51.100.7") == client_address(PROXY, ["203.0.113.9", "198.51.100.7,10.1.1.1"], TRUSTED)


def test_garbage_leaves_the_proxy_that_wrote_it() -> None:
    assert packed(PROXY) == client_address(PROXY, ["198.51.100.7, unknown"], TRUSTED)


def test_an_empty_hop_leaves_the_proxy_that_wrote_it() -> None:
    assert packed(PROXY) == client_address(PROXY, ["198.51.100.7,"], TRUSTED)


def test_all_hops_trusted_gives_the_left_most() -> None:
    assert packed("10.9.9.9") == client_address(PROXY, ["10.9.9.9, 10.1.1.1"], TRUSTED)


def test_a_unix_peer_is_believed_only_when_listed() -> None:
    assert packed("198.51.100.7") == client_address(None, ["198.51.100.7"], TRUSTED)
    assert UNKNOWN == client_address(None, ["198.51.100.7"], TrustedProxies())


def test_an_ipv4_mapped_peer_is_the_ipv4_address() -> None:
    assert packed("198.51.100.7") == client_address("::ffff:10.0.0.1", ["::ffff:198.51.100.7"], TRUSTED)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2.1:8080", "192.0.2.1"),
        ("192.0.2.1:_hidden", "192.0.2.1"),
        ("[fe80::1%25eth0]:8080", "fe80::1"),
        ("[::ffff:192.0.2.1]:8080", "192.0.2.1"),
        ("::FFFF:C000:0201", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
    ],
)
def test_ports_brackets_and_zones_are_understood(text: str, plain: str) -> None:
    assert packed(plain) == packed(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "[::1", "::g", "999.1.1.1", "\x00", "é", "\ud800", ":", "[]"),
        *("1.2.3.4:", "1.2.3.4:a", "1.2.3.4:123456", "[::1]a", "[::1]:", "[::1]]", "[1.2.3.4]", "1.2.3.4%eth0"),
        *(" 1.2.3.4", "1.2.3.4 ", "010.0.0.1", "0x7f.1", "2130706433", "1::2::3", "1:2:3:4:5:6:7:8:9", "\u0660.0.0.1"),
    ],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert packed(text) is None


def test_ipv6_is_one_client_per_64() -> None:
    one, other = packed("2001:db8:1:2:3:4:5:6"), packed("2001:db8:1:2:ffff::1")
    far = packed("2001:db8:1:3::1")
    assert one
    assert other
    assert far
    assert network(one) == network(other) != network(far)


def test_ipv4_is_a_client_each() -> None:
    one, other = packed("192.0.2.1"), packed("192.0.2.2")
    assert one
    assert other
    assert network(one) != network(other)


@pytest.mark.parametrize("entry", ["10.0.0/8", "localhost", "", "UNIX", "10.0.0.0/33"])
def test_a_wrong_proxy_entry_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match=entry or "''"):
        TrustedProxies.parse([entry])


@given(st.text(), st.lists(anything), st.lists(anything))
def test_parsing_never_raises(peer: str, headers: list[str], standard: list[str]) -> None:
    packed(peer)
    for where in (PROXY, None, peer):
        assert 16 == len(client_address(where, headers, TRUSTED, standard))


@given(outside, st.lists(addresses))
def test_an_untrusted_peer_is_the_client_whatever_it_claims(peer: str, claims: list[str]) -> None:
    assert packed(peer) == client_address(peer, [", ".join(claims)], TRUSTED)


@given(outside, st.text(alphabet="0123456789abcdef:., unknown"))
def test_what_stands_before_an_untrusted_hop_changes_nothing(client: str, forged: str) -> None:
    assert packed(client) == client_address(PROXY, [f"{forged}, {client}"], TRUSTED)


# RFC 7239.


@pytest.mark.parametrize(
    "value",
    [
        "for=198.51.100.7",
        "For=198.51.100.7;proto=https;by=203.0.113.43",
        "proto=https;by=203.0.113.43;FOR=198.51.100.7",
        'for="198.51.100.7"',
        'for="198.51.100.7:4711"',
        'for="198.51.100.7:_port"',
        "for=198.51.100.7:4711",  # not quoted, as it should be
        'for="\\198.51.\\100.7"',
        'for="::ffff:198.51.100.7"',
        "for=198.51.100.7;",
        "; for=198.51.100.7 ; proto=https ;",
        'host="a, for=203.0.113.9";for=198.51.100.7',
        'host="a;for=203.0.113.9";for=198.51.100.7',
        'for=198.51.100.7;host="a\\", for=203.0.113.9"',
        'for=198.51.100.7;host="\\\\"',
        'for=203.0.113.9, for="198.51.100.7";host=""',
        "for=198.51.100.7, for=10.1.1.1",
        "for=unknown, for=198.51.100.7",
        "nonsense,for=198.51.100.7",
    ],
)
def test_forwarded_names_the_client(value: str) -> None:
    assert packed("198.51.100.7") == client_address(PROXY, [], TRUSTED, [value])


def test_forwarded_names_an_ipv6_client() -> None:
    for value in ('for="[2001:db8::1]:4711"', 'for="[2001:db8::1]"', "for=[2001:db8::1]", 'for="[2001:db8::1%eth0]"'):
        assert packed("2001:db8::1") == client_address(PROXY, [], TRUSTED, [value])


@pytest.mark.parametrize(
    "value",
    [
        "",
        ",",
        "for=unknown",
        "for=_hidden",
        'for="_SEVKISEK"',
        "proto=https",
        "for=",
        'for=""',
        "for",
        "198.51.100.7",
        "for =198.51.100.7",
        "for= 198.51.100.7",
        "for='198.51.100.7'",
        "for=198.51.100.7;for=198.51.100.7",
        "for=198.51.100.7;For=203.0.113.9",
        'for="198.51.100.7',
        'for=198.51.100.7"',
        'for="198.51.100.7"x',
        'for=x"198.51.100.7"',
        "for=198.51.100.7;=",
        "for=198.51.100.7 203.0.113.9",
        'for=198.51.100.7;host="',
        'for=198.51.100.7;host="\\"',
        "for=198.51.100.7,",
        "for=198.51.100.7,for=unknown",
        'for="[198.51.100.7]"',
        "före=198.51.100.7",
    ],
)
def test_a_forwarded_element_that_names_nobody_leaves_the_proxy_that_wrote_it(value: str) -> None:
    assert packed(PROXY) == client_address(PROXY, [], TRUSTED, [value])


def test_forwarded_lines_are_one_list() -> None:
    lines = ["for=203.0.113.9", "for=198.51.100.7, for=10.1.1.1"]
    assert packed("198.51.100.7") == client_address(PROXY, [], TRUSTED, lines)


@pytest.mark.parametrize(
    ("listed", "standard", "client"),
    [
        ("198.51.100.7", "for=198.51.100.7", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7", 'for="198.51.100.7:80"', "198.51.100.7"),
        ("198.51.100.7", "for=203.0.113.9", PROXY),
        ("198.51.100.7", "for=unknown", PROXY),
        ("unknown", "for=198.51.100.7", PROXY),
        ("198.51.100.7", "for=203.0.113.9, for=10.1.1.1", PROXY),
    ],
)
def test_both_headers_must_agree(listed: str, standard: str, client: str) -> None:
    assert packed(client) == client_address(PROXY, [listed], TRUSTED, [standard])


def test_a_unix_peer_may_write_either_header() -> None:
    assert packed("198.51.100.7") == client_address(None, [], TRUSTED, ["for=198.51.100.7"])
    assert UNKNOWN == client_address(None, [], TrustedProxies(), ["for=198.51.100.7"])


def test_a_peer_that_is_no_address_is_not_taken_for_a_unix_socket() -> None:
    assert UNKNOWN == client_address("nobody", ["198.51.100.7"], TRUSTED, ["for=198.51.100.7"])


@given(st.lists(anything), outside)
def test_nothing_a_client_sends_hides_the_element_its_proxy_appends(forged: list[str], client: str) -> None:
    honest = f"for={_node(client)};proto=https"
    assert packed(client) == client_address(PROXY, [], TRUSTED, [*forged, honest])
    assert packed(client) == client_address(PROXY, [], TRUSTED, [f"{','.join(forged)}, {honest}"])


@given(outside, anything)
def test_a_client_gains_nothing_by_the_header_its_proxy_does_not_write(client: str, forged: str) -> None:
    theirs_or_the_proxys = {packed(client), packed(PROXY)}
    assert client_address(PROXY, [client], TRUSTED, [forged]) in theirs_or_the_proxys
    assert client_address(PROXY, [forged], TRUSTED, [f"for={_node(client)}"]) in theirs_or_the_proxys


def test_a_hostile_header_of_any_length_is_read_in_proportion_to_it() -> None:
    """Twice the header, about twice the work: counted in characters looked at, not in seconds."""
    for unit in ('\\"', '"', "\\", ";", ',"', '="\\'):
        seen = [_looked_at(unit * count) for count in (500, 1000)]
        assert 3 * seen[0] > seen[1], unit


class _Watched(str):
    """A header that counts how many of its characters are taken one by one."""

    looks = 0

    def __getitem__(self, at: object) -> str:
        self.looks += isinstance(at, int)
        return super().__getitem__(at)  # type: ignore[index]  # an index or a slice, as str has it


def _looked_at(header: str) -> int:
    watched = _Watched(header)
    for _ in _nodes(watched):
        pass
    return watched.looks


# The model: a request's way is a list of hops, each with the address its receiver saw, and whether it is trusted.

PROXIES: Final = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
GARBAGE: Final = ["unknown", "_hidden", "", "1.2.3", "localhost", "999.9.9.9", "[::1", "10.0.0.256"]
# Parameters that are not the client's, among them such as would name one if a quoted string ended too early or late.
OTHERS: Final = ["proto=https", 'host="a, for=192.0.2.66;b"', 'by="_us"', 'x="\\\\"', 'y="\\"\\\\\\", for=192.0.2.66"']


@dataclass(frozen=True)
class Hop:
    """What one party was called by the next; no address: something that is none."""

    address: IPv4Address | IPv6Address | None
    garbage: str = ""

    @property
    def trusted(self) -> bool:
        return self.address is not None and any(self.address in proxies for proxies in PROXIES)


def model(hops: Sequence[Hop]) -> bytes:
    """The client, by definition: the first party, from the peer outwards, whose word is not taken for the next."""
    client = hops[-1]
    for hop in reversed(hops[:-1]):
        if not client.trusted or hop.address is None:
            break
        client = hop
    assert client.address is not None
    mapped = b"" if client.address.version == 6 else bytes(10) + b"\xff\xff"
    return mapped + client.address.packed


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4-mapped address is the IPv4 address, so the model shall not tell them apart either."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


proxy_hops = st.one_of(*(st.ip_addresses(network=str(proxies)) for proxies in PROXIES)).map(Hop)
known_hops = st.one_of(proxy_hops, proxy_hops, st.ip_addresses().map(_unmapped).map(Hop))
hops = st.one_of(known_hops, known_hops, known_hops, st.sampled_from(GARBAGE).map(lambda text: Hop(None, text)))
ways = st.tuples(st.lists(hops, max_size=6), known_hops).map(lambda way: [*way[0], way[1]])


def spell(hop: Hop, random: Random) -> str:
    """One of the ways in which proxies write an address."""
    if hop.address is None:
        return hop.garbage
    plain = str(hop.address)
    if hop.address.version == 4:
        return random.choice([plain, f"{plain}:4711", f"::ffff:{plain}", f"[::ffff:{plain}]:80"])
    return random.choice([plain, plain.upper(), hop.address.exploded, f"[{plain}]", f"[{plain}]:4711", f"{plain}%eth0"])


def element(hop: Hop, random: Random) -> str:
    """One of the ways in which proxies write a `Forwarded` element."""
    value = spell(hop, random)
    if random.random() < 0.2:
        value = "".join(f"\\{character}" if random.random() < 0.3 else character for character in value)
        value = f'"{value}"'
    elif ":" in value or not value or random.random() < 0.5:
        value = f'"{value}"'
    others = random.sample(OTHERS, 2)
    pairs = [f"{random.choice(['for', 'For', 'FOR'])}={value}", *others[: random.randrange(3)]]
    random.shuffle(pairs)
    return random.choice([";", "; "]).join(pairs)


def lines(parts: Sequence[str], random: Random) -> list[str]:
    """A list as one header line or as several."""
    written: list[str] = []
    for part in parts:
        if written and random.random() < 0.6:
            written[-1] += random.choice([",", ", ", " ,\t"]) + part
        else:
            written.append(part)
    return written


@given(ways, st.randoms(use_true_random=False))
def test_x_forwarded_for_names_the_client_of_the_model(way: list[Hop], random: Random) -> None:
    peer, told = str(way[-1].address), lines([spell(hop, random) for hop in way[:-1]], random)
    assert model(way) == client_address(peer, told, TRUSTED)


@given(ways, st.randoms(use_true_random=False))
def test_forwarded_names_the_client_of_the_model(way: list[Hop], random: Random) -> None:
    peer, told = str(way[-1].address), lines([element(hop, random) for hop in way[:-1]], random)
    assert model(way) == client_address(peer, [], TRUSTED, told)


@given(ways, ways, st.randoms(use_true_random=False))
def test_two_headers_name_the_client_both_models_name_or_the_peer(
    way: list[Hop], other: list[Hop], random: Random
) -> None:
    other = [*other[:-1], way[-1]]
    listed = lines([spell(hop, random) for hop in way[:-1]], random)
    standard = lines([element(hop, random) for hop in other[:-1]], random)
    found = client_address(str(way[-1].address), listed, TRUSTED, standard)
    if not listed:
        assert model(other) == found
    elif not standard or model(way) == model(other):
        assert model(way) == found
    else:
        assert packed(str(way[-1].address)) == found


@given(known_hops)
def test_who_is_believed_is_who_lies_in_a_configured_network(hop: Hop) -> None:
    assert hop.trusted is TRUSTED.believes(packed(str(hop.address)))


def _node(address: str) -> str:
    return f'"[{address}]"' if ip_address(address).version == 6 else address
