"""The parts of the way in that need no service: passwords, the way back, forms, keys, and the bound on costly work."""

import base64
import hashlib
from collections.abc import Callable
from itertools import count

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from server.access import password
from server.access.effort import Busy, Effort
from server.access.keys import Keys
from server.access.way_back import way_back

WEAK_SALT = bytes(16)


def counting_bytes() -> Callable[[int], bytes]:
    """No two answers alike."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(2) * (size // 2)


def test_a_password_matches_its_hash_and_no_other_does() -> None:
    stored = password.hashed("harbour lights", WEAK_SALT)
    assert password.matches("harbour lights", stored)
    assert not password.matches("harbour light", stored)
    assert "harbour" not in stored


def test_the_hash_says_how_it_was_made_at_no_less_than_owasp_asks() -> None:
    assert password.hashed("harbour lights", WEAK_SALT).startswith("$scrypt$ln=15,r=8,p=3$")


def test_a_hash_of_another_cost_is_still_good() -> None:
    cheap = "$scrypt$ln=4,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
    made = hashlib.scrypt(b"harbour lights", salt=WEAK_SALT, n=16, r=8, p=1, dklen=32)
    assert password.matches("harbour lights", cheap + base64.b64encode(made).decode().rstrip("="))


def test_two_hashes_of_one_password_differ() -> None:
    random_bytes = counting_bytes()
    assert password.fresh_hash("harbour lights", random_bytes) != password.fresh_hash("harbour lights", random_bytes)


def test_a_letter_typed_as_two_code_points_is_the_same_letter() -> None:
    assert password.matches("u\u0308ber wasser", password.hashed("\u00fcber wasser", WEAK_SALT))


@pytest.mark.parametrize("stored", ["", "$scrypt$", "$argon2id$v=19$m=1,t=1,p=1$AA$AA", "harbour lights"])
def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not password.matches("harbour lights", stored)


def test_a_made_password_has_a_hundred_bits_and_can_be_read_off_a_screen() -> None:
    made = password.make(lambda size: bytes(range(size)))
    assert "abcd-efgh-jkmn-pqrs-tuvw" == made
    assert password.objection(made) is None
    assert password.make(counting_bytes()) != made


@pytest.mark.parametrize("bad", ["", "ninechars", "x" * 129, "with a line\nbreak", "with a \x00 nul"])
def test_what_nobody_can_type_or_anybody_can_guess_is_refused_in_a_sentence(bad: str) -> None:
    assert str(password.objection(bad)).endswith(".")


@pytest.mark.parametrize("bad", ["\ud800 lone surrogate", "x" * 100_000])
def test_no_text_breaks_the_comparison(bad: str) -> None:
    assert not password.matches(bad, password.hashed("harbour lights", WEAK_SALT))


@pytest.mark.parametrize("path", ["/", "/dashboard", "/dashboard/tracks?range=7d&sort=-plays", "/a//b", "/%2F%2Fevil"])
def test_an_address_of_this_service_is_a_way_back(path: str) -> None:
    assert path == way_back(path)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "/a\\..\\evil",
        "\\\\evil.example",
        "javascript:alert(1)",
        "dashboard",
        " /dashboard",
        "/\t/evil.example",
        "/\n/evil.example",
        "/dash board",
        "/\u2028",
        "/login",
        "/login?back=/login",
        "/logout",
        "/" + "x" * 1000,
    ],
)
def test_anything_else_is_none(elsewhere: str) -> None:
    assert "" == way_back(elsewhere)


@given(st.text())
def test_no_way_back_leaves_this_host(asked: str) -> None:
    """Whatever is asked for, what comes out is empty or a path of this host, as the WHATWG parser would read it."""
    back = way_back(asked)
    assert back == "" or (back[0] == "/" and back[1:2] not in ("/", "\\") and back.isascii() and back.isprintable())


def test_keys_follow_a_rotated_secret_within_a_second_and_differ_by_purpose_and_salt() -> None:
    now = 0.0
    secrets = [b"one" * 8]
    keys = Keys(lambda: list(secrets), lambda: now)
    before = keys.of("form")
    assert before != keys.of("session")
    assert keys.of("session", b"salt") != keys.of("session", b"pepper")
    secrets[:] = [b"two" * 8]
    assert before == keys.of("form")
    now = 1.5
    assert before != keys.of("form")


async def test_costly_work_is_done_one_piece_at_a_time_with_rests_between(autojump_clock: MockClock) -> None:
    """At 0.25 s a piece, ten seconds have room for eight: a fifth of one core, however many ask."""
    autojump_clock.autojump_threshold = 0.03  # so that it waits for the thread, which it does not see
    effort, running, most, done = Effort(), 0, 0, 0

    def work() -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        trio.from_thread.run_sync(autojump_clock.jump, 0.25)
        running -= 1
        done += 1

    async def ask_again_and_again() -> None:
        while True:
            try:
                await effort.take(work)
            except Busy:
                await trio.sleep(0.5)

    with trio.move_on_at(trio.current_time() + 10):
        async with trio.open_nursery() as nursery:
            for _ in range(30):
                nursery.start_soon(ask_again_and_again)
    assert 1 == most
    assert 7 <= done <= 9


async def test_a_lone_piece_of_work_waits_for_nobody(autojump_clock: MockClock) -> None:
    effort = Effort()
    await effort.take(lambda: trio.from_thread.run_sync(autojump_clock.jump, 0.25))
    await trio.sleep(60)
    before = trio.current_time()
    assert "done" == await effort.take(lambda: "done")
    assert before == trio.current_time()


async def test_whoever_would_wait_too_long_is_told_so_at_once(autojump_clock: MockClock) -> None:
    effort, refused = Effort(), 0

    async def ask() -> None:
        nonlocal refused
        try:
            await effort.take(lambda: trio.from_thread.run_sync(autojump_clock.jump, 0.25))
        except Busy:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask)
    assert 12 == refused
    await effort.take(lambda: None)


async def test_work_that_fails_leaves_the_next_its_turn(autojump_clock: MockClock) -> None:
    effort = Effort()

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await effort.take(fail)
    assert "done" == await effort.take(lambda: "done")
