"""Whether a proxy hides who sends, as far as one event tells; a developer's own machine is nobody's network."""

import pytest

from actors.networks import Way
from privacy.address import TrustedProxies
from server.clients import way

NOBODY = TrustedProxies.parse([])
LOCAL = TrustedProxies.parse(["127.0.0.0/8", "::1", "unix"])
INNER = TrustedProxies.parse(["10.0.0.0/8"])
FORWARDED = {"x-forwarded-for": "203.0.113.7"}
PROXIES = [("127.0.0.1", LOCAL), ("::1", LOCAL), (None, LOCAL), ("10.0.0.2", INNER)]
BAND = {"origin": "https://band.example"}
HERE = {"origin": "http://localhost:8080"}


def test_a_direct_client_has_its_own_address() -> None:
    assert Way.ADDRESS is way(BAND, "203.0.113.7", NOBODY)
    assert Way.ADDRESS is way({}, "2001:db8::7", LOCAL)


@pytest.mark.parametrize("header", [FORWARDED, {"forwarded": "for=203.0.113.7"}])
@pytest.mark.parametrize(
    ("peer", "trusted"), [("127.0.0.1", LOCAL), ("::1", LOCAL), (None, LOCAL), ("10.0.0.2", INNER)]
)
def test_what_a_believed_proxy_says_is_an_address(
    header: dict[str, str], peer: str | None, trusted: TrustedProxies
) -> None:
    assert Way.ADDRESS is way({**header, **BAND}, peer, trusted)


@pytest.mark.parametrize(("peer", "trusted"), PROXIES)
def test_a_believed_proxy_that_says_nothing_hides_its_clients(peer: str | None, trusted: TrustedProxies) -> None:
    assert Way.UNTOLD is way(BAND, peer, trusted)


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1", None])
def test_a_proxy_on_this_machine_that_nobody_has_named_hides_its_clients(peer: str | None) -> None:
    assert Way.UNTOLD is way(BAND, peer, NOBODY)


@pytest.mark.parametrize("peer", ["127.0.0.1", None, "172.17.0.1", "203.0.113.80"])
def test_a_proxy_that_is_not_believed_hides_its_clients(peer: str | None) -> None:
    assert Way.UNBELIEVED is way({**FORWARDED, **BAND}, peer, INNER)


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", None])
@pytest.mark.parametrize(
    "origin", ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "https://band.test", "null", ""]
)
@pytest.mark.parametrize("trusted", [NOBODY, LOCAL])
def test_a_developers_own_machine_is_nobodys_network(peer: str | None, origin: str, trusted: TrustedProxies) -> None:
    assert Way.HERE is way({"origin": origin} if origin else {}, peer, trusted)


def test_a_developers_proxy_in_front_of_a_local_page_is_none_either() -> None:
    assert Way.HERE is way({**FORWARDED, **HERE}, "127.0.0.1", NOBODY)


def test_another_machine_is_never_this_one() -> None:
    assert Way.ADDRESS is way(HERE, "192.168.1.5", NOBODY)


@pytest.mark.parametrize("origin", ["http://[", "://", "no url at all", "http://localhost.evil.example"])
def test_a_strange_origin_is_not_this_machines(origin: str) -> None:
    assert Way.UNTOLD is way({"origin": origin}, "127.0.0.1", NOBODY)


@pytest.mark.parametrize("peer", ["", "unknown", "300.1.2.3"])
def test_a_peer_that_is_no_address_is_believed_in_nothing(peer: str) -> None:
    assert Way.UNBELIEVED is way({**FORWARDED, **BAND}, peer, LOCAL)
