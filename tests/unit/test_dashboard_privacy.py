"""What the dashboard says of how long things are kept: what this installation is set to, in words for a listener."""

import pytest

from privacy.modes import Mode, derives
from server.dashboard.privacy import lifetimes
from storage.retention import Keep

PLAYED = "That a track was played, how far, in which hour"
BY_DAY = "Sums of plays and shares by day"


def told(mode: Mode, keep: Keep) -> dict[str, str]:
    return dict(lifetimes(derives(mode, objected=False), keep))


def test_without_a_limit_it_says_so() -> None:
    assert {"Without limit."} == set(told(Mode.OFF, Keep()).values())


@pytest.mark.parametrize(
    ("months", "says"),
    [
        (1, "This month and the one before; then it is in sums alone."),
        (24, "This month and the 24 before; then it is in sums alone."),
    ],
)
def test_a_limit_of_the_log_is_told_in_months(months: int, says: str) -> None:
    kept = told(Mode.OFF, Keep(log_months=months))
    assert (says, "Without limit.") == (kept[PLAYED], kept[BY_DAY])


def test_a_limit_of_daily_figures_is_told_as_well() -> None:
    kept = told(Mode.DAILY_SALT, Keep(log_months=12, daily_months=36))
    assert "This month and the 36 before; then they are in the sum of all time alone." == kept[BY_DAY]
    assert "This month and the 36 before; then not at all." == kept["How many listeners a day had"]


@pytest.mark.parametrize("mode", list(Mode))
def test_it_tells_of_codes_only_where_the_mode_makes_them(mode: Mode) -> None:
    made, kept = derives(mode, objected=False), told(mode, Keep())
    assert made.pseudonym == ("The code that your browser's number is mixed into" in kept)
    assert made.token == ("What it is mixed with" in kept)


@pytest.mark.parametrize("mode", list(Mode))
def test_no_word_of_it_is_the_operators(mode: Mode) -> None:
    for said in told(mode, Keep(log_months=3, daily_months=6)).values():
        assert not {"tonearm", "housekeeper", "salt", "table", "log_months", "["} & set(said.lower().split())
