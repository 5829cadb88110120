"""When alerts come, how they are worded and signed: pure."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.herald import GIVES_UP_AFTER, pause_after, week_to_tell
from privacy.modes import Mode
from server.alerts import digest, milestone
from server.alerts.webhook import signature
from storage.counters import Target
from storage.digest import Digest, Listeners, Top
from storage.leaderboard import Entry
from storage.milestones import Passed
from storage.series import Counts

MONDAY = date(2026, 11, 9)
NOTHING = Counts()


def found(now: Counts, before: Counts = NOTHING, listeners: Listeners | None = None, *tracks: Top) -> Digest:
    return Digest(MONDAY, now, before, listeners or Listeners(10, 3, None, None, None), tracks, ())


def entry(title: str, release: str | None, plays: int) -> Entry:
    return Entry(Counts(complete=plays), "key", title, True, None, release, None, None, 0, 0, plays)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example of its specification."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}'
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert expected == signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)


def test_pauses_grow_from_a_minute_to_four_hours_and_fill_three_days() -> None:
    pauses = [pause_after(attempt) for attempt in range(1, 30)]
    assert [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)] == pauses[:3]
    assert timedelta(hours=4) == max(pauses)
    assert 20 < sum(1 for number in range(1, 30) if sum(pauses[:number], timedelta()) < GIVES_UP_AFTER) < 30
    assert timedelta(hours=4) == pause_after(10_000)


@pytest.mark.parametrize(
    ("now", "weekday", "hour", "week"),
    [
        ("2026-11-16T08:00", 0, 8, "2026-11-09"),  # a Monday
        ("2026-11-16T07:59", 0, 8, "2026-11-02"),
        ("2026-11-22T23:59", 0, 8, "2026-11-09"),
        ("2026-11-20T17:00", 4, 17, "2026-11-09"),
        ("2026-11-20T16:59", 4, 17, "2026-11-02"),
        ("2026-11-22T00:00", 6, 0, "2026-11-09"),
        ("2027-01-04T08:00", 0, 8, "2026-12-28"),
    ],
)
def test_the_week_to_tell_is_the_last_full_one_before_the_hour(now: str, weekday: int, hour: int, week: str) -> None:
    assert date.fromisoformat(week) == week_to_tell(datetime.fromisoformat(now), weekday, hour)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(0, 6), st.integers(0, 23))
def test_the_week_to_tell_is_over_and_never_goes_back(now: datetime, weekday: int, hour: int) -> None:
    local = now.replace(tzinfo=ZoneInfo("Europe/Berlin"))
    week = week_to_tell(local, weekday, hour)
    assert 0 == week.weekday()
    assert timedelta(7) <= local.date() - week < timedelta(21)
    assert week <= week_to_tell(local + timedelta(hours=5), weekday, hour) <= week + timedelta(7)


@pytest.mark.parametrize("name", ["2026-W46", "2026-W01", "2020-W53"])
def test_a_week_is_named_as_iso_8601_does(name: str) -> None:
    assert name == digest.name_of(digest.week_of(name))


@pytest.mark.parametrize("name", ["2026-W54", "2026-W00", "2026-46", "46", "2026-W4", "2026-11-09"])
def test_what_is_no_week_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="is not a week; write it as 2026-W46"):
        digest.week_of(name)


@pytest.mark.parametrize(
    ("now", "before", "subject"),
    [
        (1234, 1100, "1,234 plays in week 46 (+12 %)"),
        (1, 2, "1 play in week 46 (\N{MINUS SIGN}50 %)"),
        (7, 7, "7 plays in week 46 (the same)"),
        (7, 0, "7 plays in week 46"),
        (0, 0, "0 plays in week 46"),
    ],
)
def test_the_subject_says_plays_and_how_they_changed(now: int, before: int, subject: str) -> None:
    assert subject == digest.say(found(Counts(complete=now), Counts(complete=before)), Mode.OFF).subject


@pytest.mark.parametrize(
    ("mode", "labels"),
    [
        (Mode.ANON_ID, ["listeners of all time", "new listeners"]),
        (Mode.DAILY_SALT, ["listeners by day, added up"]),
        (Mode.BOTH, ["listeners of all time", "new listeners", "listeners by day, added up"]),
        (Mode.OFF, []),
    ],
)
def test_listeners_are_told_as_far_as_the_mode_counts_them(mode: Mode, labels: list[str]) -> None:
    told = digest.lines(found(Counts(complete=1), listeners=Listeners(10, 3, 2, 5, 4)), mode)
    assert labels == [line.label for line in told[3:]]


def test_titles_are_text_in_the_mail_and_not_markup() -> None:
    said = digest.say(found(Counts(complete=3), Counts(), None, Top(entry("<b>& Co", "A<i>", 3), 0)), Mode.OFF)
    assert "&lt;b&gt;&amp; Co" in said.html
    assert "<i>" not in said.html
    assert "  1. <b>& Co (A<i>): 3 plays, 100 % to the end\n" in said.text


def test_an_empty_week_says_so() -> None:
    said = digest.say(found(Counts()), Mode.ANON_ID)
    assert "Nobody pressed play this week." in said.text
    assert "Nobody pressed play this week." in said.html


def test_the_mail_asks_nobody_for_anything() -> None:
    html = digest.say(found(Counts(complete=3)), Mode.BOTH).html
    assert not [word for word in ("http:", "https:", "src=", "<script", "<link", "url(") if word in html]


@pytest.mark.parametrize(
    ("target", "title", "said"),
    [
        (Target("", "site"), None, "The site has reached 10,000 plays."),
        (Target("harbour", "track"), "Harbour Lights", "Harbour Lights has reached 10,000 plays."),
        (Target("harbour", "track"), None, "harbour has reached 10,000 plays."),
    ],
)
def test_a_milestone_is_one_sentence(target: Target, title: str | None, said: str) -> None:
    assert said == milestone.sentence(Passed(target, target.key, title, 10_002, [1_000, 10_000]))


def test_a_milestones_id_is_of_what_was_passed() -> None:
    now = datetime.fromisoformat("2026-11-16T08:00+01:00")
    first = milestone.alert(Passed(Target("a", "track"), "a", "A", 101, [100]), now)[0]
    again = milestone.alert(Passed(Target("a", "track"), "b", "B", 150, [10, 100]), now + timedelta(1))[0]
    other = milestone.alert(Passed(Target("a", "release"), "a", "A", 101, [100]), now)[0]
    assert first == again != other
