"""Invariants: same client, day, salt and target give the same token, any change another; nothing links two days.

The encodings are checked thrice: against the published vectors, against SHA-256 alone written out below, and by an
inverse, whose existence shows that no two clients or targets share an input.
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from privacy import pseudonym, token
from privacy.address import UNKNOWN, network, packed
from privacy.pseudonym import PSEUDONYM_BYTES, TargetKind, for_target

VECTORS: Final = json.loads((Path(__file__).parents[2] / "docs" / "privacy-vectors.json").read_text())
SALT: Final = bytes(range(32))
OTHER_SALT: Final = bytes(range(1, 33))
NETWORK: Final = bytes(10) + b"\xff\xff\xc0\x00\x02\x01"
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

salts = st.binary(min_size=32, max_size=32)
networks = st.binary(min_size=16, max_size=16).map(network)
# Few characters, the awkward ones among them, so that texts that differ little are tried often.
awkward = st.text(alphabet="\x00\x01a\xe9\ud800\udc00\U00010000", max_size=4)
agents = st.one_of(awkward, st.text(alphabet=st.characters(exclude_categories=())))
keys = st.one_of(st.text(alphabet="\x00ak/", max_size=4), st.text())
kinds = st.sampled_from(TargetKind)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """RFC 2104 on SHA-256 alone, for keys of at most a block."""
    block = key.ljust(64, b"\x00")
    inner = sha256(bytes(byte ^ 0x36 for byte in block) + message).digest()
    return sha256(bytes(byte ^ 0x5C for byte in block) + inner).digest()


def stored(base: bytes, kind: str = "track", key: str = "harbour-lights") -> bytes:
    return for_target(base, kind, key)


# The published vectors.


@pytest.mark.parametrize("vector", VECTORS["optionB"], ids=lambda vector: vector["case"])
def test_a_vector_of_option_b_is_what_the_package_computes(vector: dict[str, Any]) -> None:
    address = packed(vector["address"])
    assert address is not None
    assert vector["network"] == network(address).hex()
    base = token.base(
        bytes.fromhex(vector["salt"]), network(address), bytes.fromhex(vector["userAgent"]).decode("latin-1")
    )
    assert vector["base"] == base.hex()
    for target in vector["targets"]:
        assert target["stored"] == for_target(base, target["kind"], target["key"]).hex()


@pytest.mark.parametrize("vector", VECTORS["optionA"], ids=lambda vector: vector["anonId"])
def test_a_vector_of_option_a_is_what_the_package_computes(vector: dict[str, Any]) -> None:
    base = pseudonym.base(bytes.fromhex(vector["pseudonymKey"]), UUID(vector["anonId"]))
    assert vector["base"] == base.hex()
    assert vector["tombstone"] == pseudonym.tombstone(base).hex()
    for target in vector["targets"]:
        assert target["stored"] == for_target(base, target["kind"], target["key"]).hex()


@pytest.mark.parametrize("vector", VECTORS["optionB"], ids=lambda vector: vector["case"])
def test_a_vector_of_option_b_is_what_sha_256_alone_computes(vector: dict[str, Any]) -> None:
    agent = b"".join(
        bytes([byte]) if byte < 0x80 else bytes([0xC0 | byte >> 6, 0x80 | byte & 0x3F])
        for byte in bytes.fromhex(vector["userAgent"])
    )
    base = hmac_sha256(bytes.fromhex(vector["salt"]), bytes.fromhex(vector["network"]) + b"\x00" + agent)
    assert vector["base"] == base.hex()
    _recompute_targets(base, vector["targets"])


@pytest.mark.parametrize("vector", VECTORS["optionA"], ids=lambda vector: vector["anonId"])
def test_a_vector_of_option_a_is_what_sha_256_alone_computes(vector: dict[str, Any]) -> None:
    base = hmac_sha256(bytes.fromhex(vector["pseudonymKey"]), bytes.fromhex(vector["anonId"].replace("-", "")))
    assert vector["base"] == base.hex()
    assert vector["tombstone"] == hmac_sha256(base, b"forgotten\x00")[:16].hex()
    _recompute_targets(base, vector["targets"])


def _recompute_targets(base: bytes, targets: list[dict[str, str]]) -> None:
    assert targets
    for target in targets:
        message = target["kind"].encode() + b"\x00" + target["key"].encode()
        assert target["stored"] == hmac_sha256(base, message)[:16].hex()


def test_the_vectors_say_which_clients_are_one() -> None:
    base = {vector["case"].partition(":")[0]: vector["base"] for vector in VECTORS["optionB"]}
    assert base["IPv4"] == base["IPv4-mapped"]
    assert base["IPv6"] == base["another address of the same /64"]
    assert len(base) - 2 == len(set(base.values()))


# Same client: same token. Any change: another.


@given(salts, networks, agents, kinds, keys)
def test_the_same_client_gets_the_same_token_on_the_same_day(
    salt: bytes, net: bytes, agent: str, kind: TargetKind, key: str
) -> None:
    # From fresh objects, so that it is the values that decide and not who they are.
    again = token.base(bytes(bytearray(salt)), bytes(bytearray(net)), "".join(list(agent)))
    first = stored(token.base(salt, net, agent), kind, key)
    assert first == stored(again, TargetKind(kind.value), "".join(list(key)))
    assert PSEUDONYM_BYTES == len(first)


@given(salts, st.integers(0, 255))
def test_another_bit_of_the_salt_is_another_token(salt: bytes, bit: int) -> None:
    assert stored(token.base(salt, NETWORK, AGENT)) != stored(token.base(_flip(salt, bit), NETWORK, AGENT))


@given(networks, st.integers(0, 127))
def test_another_bit_of_the_network_is_another_token(net: bytes, bit: int) -> None:
    assert stored(token.base(SALT, net, AGENT)) != stored(token.base(SALT, _flip(net, bit), AGENT))


@given(agents, agents)
def test_another_user_agent_is_another_token(one: str, other: str) -> None:
    assume(one != other)
    assert stored(token.base(SALT, NETWORK, one)) != stored(token.base(SALT, NETWORK, other))


@given(st.tuples(kinds, keys), st.tuples(kinds, keys))
def test_another_target_is_another_token(one: tuple[TargetKind, str], other: tuple[TargetKind, str]) -> None:
    assume(one != other)
    base = token.base(SALT, NETWORK, AGENT)
    assert stored(base, *one) != stored(base, *other)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_addresses_of_one_ipv6_network_are_one_client(prefix: int, one: int, other: int) -> None:
    assume(prefix != 0)  # ::ffff:a.b.c.d, IPv4, lies there
    first, second = (network(prefix.to_bytes(8) + host.to_bytes(8)) for host in (one, other))
    assert token.base(SALT, first, AGENT) == token.base(SALT, second, AGENT)


def _flip(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value) ^ 1 << bit).to_bytes(len(value))


# No two clients, and no two targets, share an input.


def client_from(message: bytes) -> tuple[bytes, str]:
    """Network and User-Agent back from what is hashed: the separator is at offset 16, whatever stands around it."""
    assert 0 == message[16]
    return message[:16], message[17:].decode("utf-8", "surrogatepass")


def target_from(message: bytes) -> tuple[str, str]:
    """Kind and key back from what is hashed: no kind holds a NUL, so the first one ends it."""
    kind, _, key = message.partition(b"\x00")
    return kind.decode(), key.decode()


@given(salts, networks, agents)
def test_what_is_hashed_tells_network_and_user_agent_apart(salt: bytes, net: bytes, agent: str) -> None:
    message = net + b"\x00" + agent.encode("utf-8", "surrogatepass")
    assert (net, agent) == client_from(message)
    assert hmac_sha256(salt, message) == token.base(salt, net, agent)


@given(salts, kinds, keys)
def test_what_is_hashed_tells_kind_and_key_apart(base: bytes, kind: TargetKind, key: str) -> None:
    message = kind.value.encode() + b"\x00" + key.encode()
    assert (kind.value, key) == target_from(message)
    assert hmac_sha256(base, message)[:16] == for_target(base, kind, key)


def test_no_kind_of_target_holds_a_nul() -> None:
    assert not [kind for kind in TargetKind if "\x00" in kind.value]


@given(salts)
def test_a_tombstone_is_no_pseudonym(base: bytes) -> None:
    """It is told apart by its first word, which is no kind of target."""
    assert "forgotten" not in [kind.value for kind in TargetKind]
    assert hmac_sha256(base, b"forgotten\x00")[:16] == pseudonym.tombstone(base)


@pytest.mark.parametrize(
    ("salt", "net"),
    [(b"", NETWORK), (SALT[:31], NETWORK), (SALT + b"\x00", NETWORK), (SALT, b""), (SALT, NETWORK[:4]), (SALT, SALT)],
)
def test_a_salt_or_network_of_another_length_is_refused(salt: bytes, net: bytes) -> None:
    sentence = f"a salt has 32 bytes and a network 16, not {len(salt)} and {len(net)}"
    with pytest.raises(ValueError, match=sentence):
        token.base(salt, net, AGENT)


def test_hmac_alone_would_not_tell_a_short_salt_from_a_padded_one() -> None:
    """Why another length is refused rather than taken."""
    assert hmac_sha256(SALT[1:], b"") == hmac_sha256(SALT[1:] + b"\x00", b"")


@given(agents)
def test_any_text_is_a_user_agent(agent: str) -> None:
    assert 32 == len(token.base(SALT, UNKNOWN, agent))


# Two days. That HMAC-SHA-256 under an unknown key tells nothing is an assumption of cryptography and cannot be tested;
# what can be is that nothing around it gives the link away: bits that stay, a difference that is the same for all
# clients, tokens that lie near each other. Each check also meets two schemes that look as random and do leak.

CLIENTS: Final = 2000
Scheme = Callable[[bytes, bytes, str], bytes]


def _as_tonearm(salt: bytes, net: bytes, agent: str) -> bytes:
    return stored(token.base(salt, net, agent))


def _without_salt(salt: bytes, net: bytes, agent: str) -> bytes:
    return sha256(net + agent.encode()).digest()[:16]


def _salt_on_top(salt: bytes, net: bytes, agent: str) -> bytes:
    return bytes(a ^ b for a, b in zip(_without_salt(salt, net, agent), salt, strict=False))


def _differences(scheme: Scheme) -> list[int]:
    """For each client, the bits in which its tokens of two days differ; the seed is fixed, so the figures are too."""
    random = Random(20261121)
    one, other = random.randbytes(32), random.randbytes(32)
    clients = [(bytes(10) + b"\xff\xff" + random.randbytes(4), f"{AGENT} {n % 7}") for n in range(CLIENTS)]
    return [int.from_bytes(scheme(one, *client)) ^ int.from_bytes(scheme(other, *client)) for client in clients]


def _worst_bit(differences: list[int]) -> float:
    """How far from 1/2 the share of clients is that differ in some one bit."""
    shares = (sum(difference >> bit & 1 for difference in differences) / len(differences) for bit in range(128))
    return max(abs(share - 0.5) for share in shares)


# Six standard deviations of the share of heads among 2,000 fair coins. Of all seeds, one in 4 million would be past
# that in one of its 128 bits; ours is fixed, so the outcome is the same in every run.
_SIX_SIGMA: Final = 6 * (0.25 / CLIENTS) ** 0.5


def test_tokens_of_two_days_agree_in_every_bit_as_coins_do() -> None:
    differences = _differences(_as_tonearm)
    assert _SIX_SIGMA > _worst_bit(differences)
    bits = 128 * CLIENTS
    overall = sum(difference.bit_count() for difference in differences) / bits
    assert 6 * (0.25 / bits) ** 0.5 > abs(overall - 0.5)


def test_no_two_clients_have_the_same_difference_between_days() -> None:
    assert CLIENTS == len(set(_differences(_as_tonearm)))


@pytest.mark.parametrize("leaky", [_without_salt, _salt_on_top])
def test_the_same_look_finds_a_scheme_that_leaks(leaky: Scheme) -> None:
    differences = _differences(leaky)
    assert 0.5 == _worst_bit(differences)
    assert 1 == len(set(differences))


def test_two_targets_of_one_listener_agree_in_every_bit_as_coins_do() -> None:
    random = Random(20261121)
    bases = [pseudonym.base(SALT, UUID(bytes=random.randbytes(16))) for _ in range(CLIENTS)]
    pairs = [(stored(base, "track", "one"), stored(base, "track", "two")) for base in bases]
    differences = [int.from_bytes(one) ^ int.from_bytes(two) for one, two in pairs]
    assert _SIX_SIGMA > _worst_bit(differences)
    assert CLIENTS == len(set(differences))
