"""The body of a canary: nobody without the key makes one, none is altered, none holds for long, and no play is one."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.bodies import MOST_BYTES, Malformed, read_play
from server.canary import HOLDS_S, Canaries

KEY = bytes(range(32))
SENDER, NONCE = b"s" * 16, b"n" * 16
NOW = 1_795_000_000.0


def at(now: float, key: bytes = KEY) -> Canaries:
    return Canaries(key, lambda: now)


BODY = at(NOW).body(SENDER, NONCE)


def test_what_was_made_is_read() -> None:
    read = at(NOW + 1.5).read(BODY)
    assert read is not None
    assert (SENDER, NONCE, 1.5, True) == (read.sender, read.nonce, read.age_s, read.holds)


def test_another_installation_does_not_know_it() -> None:
    assert None is at(NOW, bytes(32)).read(BODY)


@pytest.mark.parametrize("late_s", [HOLDS_S + 1, -HOLDS_S - 1, 86_400, -86_400])
def test_it_does_not_hold_for_long_nor_ahead_of_time(late_s: float) -> None:
    read = at(NOW + late_s).read(BODY)
    assert read is not None
    assert not read.holds


@pytest.mark.parametrize("position", range(72))
def test_no_byte_of_it_can_be_changed(position: int) -> None:
    said = bytearray(urlsafe_b64decode(json.loads(BODY)["canary"]))
    said[position] ^= 1
    assert None is at(NOW).read(b'{"canary":"%s"}' % urlsafe_b64encode(said))


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_none(body: bytes) -> None:
    assert None is at(NOW).read(body)


@given(st.text(min_size=96, max_size=96))
def test_text_of_its_length_is_none(text: str) -> None:
    assert None is at(NOW).read(b'{"canary":"' + text.encode("utf-8", "surrogatepass")[:96].ljust(96) + b'"}')


def test_who_does_not_know_it_refuses_it_and_counts_no_play() -> None:
    with pytest.raises(Malformed):
        read_play(BODY)


def test_it_is_no_larger_than_an_event() -> None:
    assert len(BODY) < MOST_BYTES / 10
