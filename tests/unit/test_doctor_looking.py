"""How the doctor looks: mounts, permissions, secrets in files, weights of headers, words."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.disk import page
from privacy.modes import Mode
from server.doctor import backups, disk, permissions, words
from server.doctor.probe import FORWARDED, TOO_MUCH, UNHEARD_OF, Door, Forwarding, Reply, weighed
from tests.support.blocks import DOCS, blocks

[EXAMPLE] = [text for kind, text in blocks(DOCS / "doctor.md") if kind == "json"]
MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /tmp rw - tmpfs tmpfs rw
31 22 0:27 / /srv/my\\040data rw,noatime shared:5 master:1 - nfs4 server:/x rw
32 22 254:1 / /tmp rw - xfs /dev/vdb rw
"""


def test_the_last_mount_on_a_place_is_the_one_that_is_seen() -> None:
    found = list(disk._mounts(MOUNTS))
    assert [(Path("/tmp"), "xfs"), (Path("/srv/my data"), "nfs4")] == found[:2]


def test_the_file_system_here_has_a_name() -> None:
    assert "proc" == disk.filesystem(Path("/proc/self"))
    assert disk.filesystem(Path("/"))


def test_a_write_that_is_seen_onto_the_disk_takes_time_and_leaves_nothing(tmp_path: Path) -> None:
    seconds = disk.sync_seconds(tmp_path)
    assert seconds is not None
    assert seconds > 0
    assert "" == permissions.try_writing(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_takes_no_file_is_told(tmp_path: Path) -> None:
    assert disk.sync_seconds(tmp_path / "missing") is None
    assert "No such file or directory" == permissions.try_writing(tmp_path / "missing")
    assert permissions.try_writing(Path("/proc"))


@pytest.mark.parametrize("mode", Mode)
def test_growth_is_what_docs_disk_md_says(mode: Mode) -> None:
    measured = page.parts(page.read((DOCS / "disk.json").read_text()).cases[mode.value])
    assert disk.PER_MILLION[mode] / disk.MIB == pytest.approx(measured["log"] + measured["listener sets"], rel=0.05)


def test_secrets_in_a_configuration_file_are_found_by_their_keys(tmp_path: Path) -> None:
    file = tmp_path / "tonearm.toml"
    file.write_text(
        'secret = "xyz"\ndatabase_url = "postgresql://me@/db"\n[alerts]\nsmtp_password = "p"\nsmtp_user = "u"\n'
        '[catalog]\ndatabase_url = "postgresql://me:pw@host/db"\nurl = ""\n'
    )
    assert ["secret", "alerts.smtp_password", "catalog.database_url"] == permissions.secrets_in(file)


def test_a_newest_backup_is_found_by_name(tmp_path: Path) -> None:
    assert backups.Backups(tmp_path, True, None) == backups.look(tmp_path)
    (tmp_path / "tonearm-20261121T031700Z.backup").write_bytes(b"abc")
    (tmp_path / "else.backup").write_bytes(b"abcd")
    found = backups.look(tmp_path)
    assert (True, 3) == (found.newest_at is not None, found.bytes)


def test_a_timer_that_never_ran_has_no_result() -> None:
    assert backups.result_of({"Result": "success", "ExecMainExitTimestampMonotonic": "0"}) is None
    assert "exit-code" == backups.result_of({"Result": "exit-code", "ExecMainExitTimestampMonotonic": "99"})


class Proxy:
    """In front of a listener that allows so many bytes of head; `how` it hands X-Forwarded-For on."""

    def __init__(self, how: str, allowed: int = 8192, *, beacon: bool = True) -> None:
        self.how, self.allowed, self.beacon, self.asked = how, allowed, beacon, 0

    def ask(self, headers: Mapping[str, str]) -> Reply:
        self.asked += 1
        handed = {"Host": "band.example", "Content-Type": "text/plain", **headers}
        sent = handed.pop(FORWARDED, "")
        weight = sum(len(name) + len(value) for name, value in handed.items()) + 15
        own = len(FORWARDED) + len("198.51.100.17")
        if self.how in ("writes over", "adds a line"):
            weight += own
        if self.how == "appends":
            weight += own + (len(sent) + 2 if sent else 0)
        if self.how in ("hands on", "adds a line") and sent:
            weight += len(FORWARDED) + len(sent)
        if self.beacon and weight > self.allowed:
            return Reply(431, {}, TOO_MUCH)
        return Reply(429, {}) if self.how == "refuses" else Reply(400, {}, "/problems/malformed")


@pytest.mark.parametrize(
    ("how", "forwarding"),
    [
        ("writes over", Forwarding.DROPPED),
        ("appends", Forwarding.APPENDED),
        ("hands on", Forwarding.PASSED),
        ("adds a line", Forwarding.PASSED),
    ],
)
@pytest.mark.parametrize("allowed", [2000, 8000, 8192])
def test_what_a_proxy_does_with_a_forged_address_is_told_by_weight(
    how: str, forwarding: Forwarding, allowed: int
) -> None:
    proxy = Proxy(how, allowed)
    assert (Door.BEACON, forwarding) == weighed(proxy.ask, allowed)
    assert proxy.asked <= 20


def test_a_listener_without_that_bound_is_the_one_for_pages() -> None:
    assert (Door.PAGES, Forwarding.UNTOLD) == weighed(Proxy("appends", beacon=False).ask, 8192)


def test_a_proxy_that_refuses_by_itself_leaves_it_untold() -> None:
    assert (Door.BEACON, Forwarding.UNTOLD) == weighed(Proxy("refuses").ask, 8192)


def test_a_bound_that_no_line_of_a_proxy_reaches_is_not_tried() -> None:
    proxy = Proxy("appends", 100_000)
    assert (Door.UNTOLD, Forwarding.UNTOLD) == weighed(proxy.ask, 100_000)
    assert 0 == proxy.asked


def test_the_two_names_weigh_the_same() -> None:
    assert len(FORWARDED) == len(UNHEARD_OF)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Connect call failed ('192.0.2.1', 5432)", "Connect call failed ('(address)', 5432)"),
        ('no entry for host "2001:db8::7", user "a"', 'no entry for host "(address)", user "a"'),
        ("PostgreSQL 18.4 at 10:20:30", "PostgreSQL 18.4 at 10:20:30"),
        ("at ::1 and fe80::1%eth0", "at (address) and (address)"),
        ("postgresql://me:pw@host/db", "postgresql://host/db"),
    ],
)
def test_no_address_and_no_login_is_said(text: str, shown: str) -> None:
    assert shown == words.without_addresses(text)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.5, "0.5 s"), (59, "59 s"), (180, "3 min"), (7200, "2 h"), (200_000, "2 days")]
)
def test_durations_are_said_in_a_unit_that_fits(seconds: float, said: str) -> None:
    assert said == words.duration(seconds)


def test_the_page_explains_every_check_in_order() -> None:
    from server.doctor.codes import CODES

    text = (DOCS / "doctor.md").read_text()
    assert list(CODES) == re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)


def test_the_example_of_the_page_is_json() -> None:
    assert {"ok", "version", "checks"} == json.loads(EXAMPLE).keys()
