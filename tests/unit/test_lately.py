"""The last hour: sums are exact, whatever there is no room for; what is older than an hour is gone."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from actors.happening import OTHERS, Happening
from actors.hour import MINUTES, MOST_A_MINUTE, Hour
from actors.lately import TOP, Lately, Sums

NOW = 29_750_000
COMPLETE = Happening("track", "a", "complete")

happenings = st.builds(
    Happening,
    st.just("track"),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["partial", "sampled", "complete"]),
    st.sampled_from([None, "link", "embed"]),
) | st.builds(
    Happening, st.sampled_from(["track", "release"]), st.sampled_from(["a", "b"]), st.sampled_from(["link", "embed"])
)
told = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.integers(NOW - 70, NOW), happenings, st.integers(1, 9)), max_size=60
)


@given(told)
def test_the_summary_is_what_counting_one_by_one_says(said: Sequence[tuple[str, int, Happening, int]]) -> None:
    lately, expected = Lately(), Counter[str]()
    for source, minute, what, number in said:
        lately.add(source, minute, {what: number})
        if minute > NOW - MINUTES:
            expected["plays" if what.is_play else "shares"] += number
            expected[f"minute {minute}"] += number if what.is_play else 0
            expected[f"{what.kind} {what.key}"] += number if what.is_play else 0
            expected["via"] += number if what.via else 0
    found = lately.summary(NOW)
    total = found.total
    assert (expected["plays"], expected["shares"]) == (total.plays, total.shares)
    assert expected["via"] == total.via_link + total.via_embed
    assert [expected[f"minute {NOW - 59 + place}"] for place in range(60)] == [sums.plays for sums in found.minutes]
    assert all(expected[f"{kind} {key}"] == sums.plays for kind, key, sums in found.targets)


def test_a_minute_leaves_the_hour_after_an_hour() -> None:
    lately = Lately()
    lately.add("one", NOW, {COMPLETE: 3})
    assert 3 == lately.summary(NOW + MINUTES - 1).total.plays
    assert 0 == lately.summary(NOW + MINUTES).total.plays


def test_what_is_over_is_not_kept() -> None:
    lately = Lately()
    lately.add("one", NOW, {COMPLETE: 3})
    lately.forget_before(NOW + 1)
    assert 0 == lately.summary(NOW).total.plays


def test_keys_without_room_are_summed_under_others_with_their_bucket_and_way() -> None:
    hour, lately = Hour(), Lately()
    counts = {Happening("track", f"key-{number}", "complete", "link"): 2 for number in range(MOST_A_MINUTE + 40)}
    hour.add(NOW, counts)
    assert 40 * 2 == dict(hour)[NOW][Happening("track", OTHERS, "complete", "link")]
    lately.add("one", NOW, counts)
    found = lately.summary(NOW)
    assert 2 * len(counts) == found.total.complete == found.total.via_link
    assert TOP == len(found.targets)
    assert 2 * (len(counts) - TOP) == found.others.plays


def test_memory_is_bounded_however_many_keys_come() -> None:
    hour = Hour()
    for number in range(5000):
        hour.add(NOW, {Happening("track", f"key-{number}", "partial"): 1})
    assert MOST_A_MINUTE + 1 == len(dict(hour)[NOW])


def test_a_hour_that_is_told_again_takes_the_place_of_what_was_known() -> None:
    lately, again = Lately(), Hour()
    lately.add("one", NOW, {COMPLETE: 3})
    lately.add("two", NOW, {COMPLETE: 1})
    again.add(NOW, {COMPLETE: 4})
    assert lately.replace("one", again)
    assert 5 == lately.summary(NOW).total.plays


def test_the_same_hour_told_again_is_no_change() -> None:
    lately, again = Lately(), Hour()
    lately.add("one", NOW, {COMPLETE: 3})
    again.add(NOW, {COMPLETE: 3})
    assert not lately.replace("one", again)


def test_the_most_played_come_first() -> None:
    lately = Lately()
    lately.add("one", NOW, {Happening("track", key, "partial"): number for key, number in (("a", 1), ("b", 9))})
    lately.add("two", NOW, {Happening("track", "a", "complete"): 9, Happening("release", "r", "link"): 4})
    assert [("track", "a"), ("track", "b"), ("release", "r")] == [(k, key) for k, key, _ in lately.summary(NOW).targets]
    assert Sums(partial=1, complete=9) == lately.summary(NOW).targets[0][2]
