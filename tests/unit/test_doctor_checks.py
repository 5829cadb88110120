"""Every check of the doctor, on facts that are well and on facts that are not: it says so, and what to do about it."""

from pathlib import Path

import pytest

from privacy.modes import Mode
from server.config import Beacon, Config, Http, Privacy
from server.doctor import (
    configuration,
    service,
)
from server.doctor.codes import CODES
from server.doctor.finding import Finding, State, fail, ok, well
from server.doctor.process import Doors, configured_doors
from tests.support.doctor_facts import (
    LOOPBACK,
    UNIX,
    Case,
    salt,
)
from tests.support.doctor_ill import ILL_CASES
from tests.support.doctor_well import FINE_TOO, WELL_CASES

W, F, U = State.WARN, State.FAIL, State.UNKNOWN


def test_every_check_has_a_case_that_is_well_and_one_that_is_not() -> None:
    assert list(WELL_CASES) == list(CODES)
    assert {code for code, state, _, _ in ILL_CASES if state in (W, F)} == set(CODES)


@pytest.mark.parametrize("code", WELL_CASES)
def test_what_is_well_is_said_to_be(code: str) -> None:
    finding = WELL_CASES[code]()
    assert (code, State.OK, "") == (finding.code, finding.state, finding.remedy)


@pytest.mark.parametrize(("name", "case"), FINE_TOO, ids=[name for name, _ in FINE_TOO])
def test_what_only_looks_ill_is_well(name: str, case: Case) -> None:
    assert State.OK is case().state, name


@pytest.mark.parametrize(
    ("code", "state", "case", "words"), ILL_CASES, ids=[f"{code}: {words}" for code, _, _, words in ILL_CASES]
)
def test_what_is_not_well_is_told_with_what_to_do(code: str, state: State, case: Case, words: str) -> None:
    finding = case()
    assert (code, state) == (finding.code, finding.state)
    assert words in finding.found
    assert finding.remedy


def test_a_finding_without_a_remedy_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="clock"):
        fail("clock", "It is wrong.", "")
    with pytest.raises(ValueError, match="clock"):
        Finding("clock", State.OK, "It is right.", "Do something.")


def test_no_sentence_shows_a_value_of_a_setting() -> None:
    assert "s3cret" not in service.settings({}, {"TONEARM_SECRET": "s3cret"}, runs=True).found


def test_warnings_and_what_cannot_be_told_are_no_failure() -> None:
    assert well([ok("clock", "Right."), Finding("a", W, "b", "c"), Finding("a", U, "b", "c")])
    assert not well([ok("clock", "Right."), fail("a", "b", "c")])


@pytest.mark.parametrize(
    ("binds", "doors"),
    [
        (("127.0.0.1:1", "[::1]:2"), Doors(this_machine=True)),
        (("localhost:1", "localhost:2"), Doors(this_machine=True)),
        (("0.0.0.0:1", "127.0.0.1:2"), Doors(this_machine=True, networks=True)),
        (("[::]:1", "unix:/run/b.sock"), Doors(unix=(Path("/run/b.sock"),), networks=True)),
        (("unix:/run/a.sock", "unix:/run/b.sock"), Doors(unix=(Path("/run/a.sock"), Path("/run/b.sock")))),
    ],
)
def test_where_it_listens_is_read_from_its_binds(binds: tuple[str, str], doors: Doors) -> None:
    assert doors == configured_doors(Config(http=Http(bind=binds[0]), beacon=Beacon(bind=binds[1])))


def test_it_is_in_public_behind_a_proxy_on_a_network_or_by_the_operators_word() -> None:
    trial, behind = Config(), Config(http=Http(trusted_proxies=("127.0.0.1",)))
    assert not configuration.in_public(trial, LOOPBACK, asked_for=False)
    assert configuration.in_public(behind, LOOPBACK, asked_for=False)
    assert configuration.in_public(trial, UNIX, asked_for=False)
    assert configuration.in_public(trial, Doors(networks=True), asked_for=False)
    assert configuration.in_public(trial, LOOPBACK, asked_for=True)


def test_a_mode_of_the_running_service_decides_about_the_salt() -> None:
    assert State.OK is salt(None, mode=Mode(Privacy().mode)).state
