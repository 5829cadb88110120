"""The pure rules of privacy/: the mode table, objections, accepted ids, the pseudonyms' encoding, sealing.

Invariants: every mode has an answer for every signal; an objection leaves nothing in any of them.
"""

import ast
import hashlib
import hmac
import json
import sys
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.modes import TABLE, Derives, Mode, derives, mints
from privacy.pseudonym import TargetKind, base, for_target
from privacy.sealing import NONCE_BYTES, WrongSecret, seal, unseal
from privacy.signals import objects
from server.bodies import Malformed, read_play

KEY = bytes(range(32))
ID = UUID("6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11")
SECRET = b"a secret of the installation"
NONCE = bytes(NONCE_BYTES)


# What each mode derives where nobody objects, as DESIGN §8 has it: pseudonym, token.
DERIVED = {
    Mode.ANON_ID: (True, False),
    Mode.DAILY_SALT: (False, True),
    Mode.BOTH: (True, True),
    Mode.OFF: (False, False),
}
SIGNALS = [None, "", "0", "1", " 1", "1,1", "0,1", "1, 0"]


def test_the_mode_table_is_total() -> None:
    assert set(product(Mode, (False, True))) == set(TABLE)


@pytest.mark.parametrize("mode", Mode)
def test_every_mode_has_an_answer_for_every_signal(mode: Mode) -> None:
    for gpc, dnt in product(SIGNALS, SIGNALS):
        objected = any("1" in (value or "") for value in (gpc, dnt))
        expected = Derives(False, False) if objected else Derives(*DERIVED[mode])
        assert expected == derives(mode, objected=objects(sec_gpc=gpc, dnt=dnt)), (gpc, dnt)


@pytest.mark.parametrize("mode", Mode)
def test_an_objection_leaves_nothing_in_any_mode(mode: Mode) -> None:
    found = derives(mode, objected=True)
    assert (False, False) == (found.pseudonym, found.token)


@pytest.mark.parametrize("mode", Mode)
def test_a_browser_mints_an_id_only_where_the_server_has_a_use_for_it(mode: Mode) -> None:
    assert (mode in (Mode.ANON_ID, Mode.BOTH)) is mints(mode)


@pytest.mark.parametrize(
    ("gpc", "dnt", "expected"),
    [
        ("1", None, True),
        (None, "1", True),
        ("0", "0", False),
        (None, None, False),
        ("", "", False),
        ("0,1", None, True),  # two lines: the browser's and an extension's
        (None, "0, 1", True),
        (None, "1xy", True),  # DNT may carry extensions behind its digit
        ("1xy", None, False),  # GPC may not
        ("10", "0,01", False),
        ("true", "yes", False),
    ],
)
def test_gpc_and_dnt_object(gpc: str | None, dnt: str | None, expected: bool) -> None:
    assert expected is objects(sec_gpc=gpc, dnt=dnt)


@given(st.none() | st.text(), st.none() | st.text())
def test_no_header_is_too_odd_to_read(gpc: str | None, dnt: str | None) -> None:
    assert objects(sec_gpc=gpc, dnt=dnt) in (True, False)


# The ids of option A; the rule is written down in privacy/pseudonym.py, and kept by the door.


def played_by(anon_id: object) -> object:
    return read_play(json.dumps({"trackEntryKey": "x", "bucket": "complete", "anonId": anon_id}).encode()).anonId


@pytest.mark.parametrize("spelt", [str(ID), str(ID).upper(), ID.hex, ID.hex.upper()])
def test_one_id_is_one_listener_however_it_is_spelt(spelt: str) -> None:
    read = played_by(spelt)
    assert isinstance(read, UUID)
    assert base(KEY, ID) == base(KEY, read)


@pytest.mark.parametrize(
    "other",
    [
        "c232ab00-9414-11ec-b3c8-9f68deced846",  # version 1
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",  # version 7
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_uuid_of_any_version_is_an_id(other: str) -> None:
    assert UUID(other) == played_by(other)


@pytest.mark.parametrize(
    "refused",
    [
        "",
        "listener@example.org",
        "4711",
        4711,
        True,
        [str(ID)],
        str(ID)[:-1],
        str(ID) + "0",
        f" {ID}",
        f"{ID}\n",
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        str(ID).replace("-", "", 1),
        str(ID).replace("6", "\uff16"),
        str(ID).replace("6", "g"),
    ],
)
def test_what_is_no_uuid_is_no_id(refused: object) -> None:
    with pytest.raises(Malformed):
        played_by(refused)


def test_the_package_imports_nothing_of_the_project_and_only_cryptography_besides() -> None:
    folder = Path(__file__).parents[2] / "privacy"
    trees = [ast.parse(file.read_text()) for file in folder.glob("*.py")]
    imports = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    named = {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    named |= {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    outside = {name.partition(".")[0] for name in named} - sys.stdlib_module_names
    assert {"cryptography"} == outside
    assert not named & {"datetime", "os", "random", "secrets", "time", "pathlib", "sqlite3"}


def test_the_pseudonym_is_encoded_as_published() -> None:
    expected_base = hmac.new(KEY, ID.bytes, hashlib.sha256).digest()
    expected = hmac.new(expected_base, b"track\x00harbour-lights", hashlib.sha256).digest()[:16]
    assert expected == for_target(base(KEY, ID), TargetKind.TRACK, "harbour-lights")


@given(st.uuids(), st.text(), st.text())
def test_a_listener_is_somebody_else_on_every_target(anon_id: UUID, one: str, other: str) -> None:
    of = base(KEY, anon_id)
    kinds = {for_target(of, kind, one) for kind in TargetKind}
    assert len(TargetKind) == len(kinds)
    assert (one == other) == (for_target(of, TargetKind.TRACK, one) == for_target(of, TargetKind.TRACK, other))


def test_a_sealed_value_opens_with_its_secret_and_purpose_alone() -> None:
    sealed = seal(SECRET, "pseudonym-key", KEY, nonce=NONCE)
    assert KEY == unseal(SECRET, "pseudonym-key", sealed)
    assert KEY not in sealed
    for secret, purpose, value in (
        (b"another secret", "pseudonym-key", sealed),
        (SECRET, "daily-salt", sealed),
        (SECRET, "pseudonym-key", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (SECRET, "pseudonym-key", b""),
    ):
        with pytest.raises(WrongSecret):
            unseal(secret, purpose, value)


def test_a_short_nonce_is_refused() -> None:
    with pytest.raises(ValueError, match="12 bytes, not 3"):
        seal(SECRET, "pseudonym-key", KEY, nonce=b"abc")
