"""What processes say fits into a NOTIFY, arrives as it was said, and has nothing in it but sums."""

from hypothesis import given
from hypothesis import strategies as st

from actors.happening import Happening
from actors.hour import Hour
from actors.report import Report
from actors.telling import Anew, Counted, Said, Teller, Whole, heard

keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda key: len(key.encode()) <= 200
)
counts = st.dictionaries(
    st.builds(
        Happening,
        st.just("track"),
        keys,
        st.sampled_from(["partial", "sampled", "complete"]),
        st.sampled_from([None, "link", "embed"]),
    ),
    st.integers(1, 1 << 40),
    max_size=200,
)


@given(counts)
def test_whatever_the_keys_each_payload_has_room_and_all_arrives(said: dict[Happening, int]) -> None:
    arrived: dict[Happening, int] = {}
    for payload in Teller("00ff00ff00ff00ff").counted(29_750_000, said):
        assert len(payload.encode()) < 8000
        message = heard(payload)
        assert isinstance(message, Counted)
        arrived |= message.counts
    assert said == arrived


def test_the_longest_keys_of_control_characters_have_room() -> None:
    said = {Happening("track", chr(1) * 196 + f"{number:04}", "complete"): 1 for number in range(300)}
    payloads = list(Teller("a" * 16).counted(29_750_000, said))
    assert all(len(payload.encode()) < 8000 for payload in payloads)
    assert 300 == sum(len(message.entries) for p in payloads if isinstance(message := heard(p), Counted))


def test_an_hour_begins_and_ends_and_no_two_payloads_are_the_same() -> None:
    hour, teller = Hour(), Teller("one")
    hour.add(7, {Happening("track", "a", "complete"): 1})
    hour.add(8, {Happening("track", "a", "complete"): 1})
    payloads = [*teller.hour(hour), *teller.hour(hour)]
    assert [Anew, Counted, Counted, Whole] * 2 == [type(heard(payload)) for payload in payloads]
    assert len(payloads) == len(set(payloads))


def test_a_report_arrives_as_it_was_said() -> None:
    report = Report(worker=1, version="1", mode="both", started_at=5, refused={"rate": 3}, oldest_s=1.5)
    message = heard(Teller("one").said(report))
    assert isinstance(message, Said)
    assert report == message.report


def test_what_another_version_says_is_passed_over() -> None:
    assert heard('["unheard-of","source",1]') is None
    assert heard("nothing of the kind") is None
    later = '["said","source",1,{"worker":1,"version":"9","mode":"both","started_at":5,"of_the_future":true}]'
    assert isinstance(heard(later), Said)


def test_a_report_is_far_from_the_limit() -> None:
    report = Report(
        worker=10**6,
        version="10.10.10.dev1000",
        mode="daily-salt",
        started_at=10**10,
        refused={f"reason-{number:010}": 10**15 for number in range(20)},
    )
    assert len(Teller("f" * 16).said(report)) < 4000
