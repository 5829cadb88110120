"""The units: what systemd's own tools say of them, and what a real systemd makes of them."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import eventually

DEPLOY = Path(__file__).parents[2] / "deploy"
ROOT = DEPLOY.parent
UNITS = sorted(path for kind in ("service", "socket", "timer") for path in DEPLOY.glob(f"*.{kind}"))
ANALYZE = shutil.which("systemd-analyze")
SYSTEMD = Path("/lib/systemd/systemd")
SYSTEM_PYTHON = Path("/usr/bin/python3")
MOST_EXPOSED = 1.5  # systemd's own scale from 0 (a closed box) to 10

analyze = pytest.mark.skipif(ANALYZE is None, reason="there is no systemd-analyze on this machine")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """As they are, with programs that exist here: systemd looks for them."""
    folder = tmp_path / "units"
    folder.mkdir()
    for unit in UNITS:
        text = unit.read_text().replace("/usr/lib/tonearm/venv/bin/tonearm", "/bin/true")
        (folder / unit.name).write_text(text.replace("/usr/lib/tonearm/", f"{DEPLOY}/"))
    return folder


@analyze
def test_systemd_finds_nothing_to_complain_about(units: Path) -> None:
    words = [str(ANALYZE), "verify", "--man=no", *(str(units / unit.name) for unit in UNITS)]
    done = subprocess.run(
        words, env=os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:"}, capture_output=True, text=True, timeout=60
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "tonearm" in line]
    assert (0, []) == (done.returncode, ours)


@analyze
def test_the_service_is_as_closed_a_box_as_it_says(units: Path) -> None:
    words = [str(ANALYZE), "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED * 10:.0f}"]
    done = subprocess.run([*words, str(units / "tonearm.service")], capture_output=True, text=True, timeout=60)
    assert 0 == done.returncode, done.stdout


# A real systemd, first process of a namespace of its own, with nothing but these units.

TARGETS = ("sysinit", "basic", "shutdown", "sockets", "network-online", "multi-user", "local-fs", "timers", "paths")
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--uts", "--ipc", "--cgroup")
# A mount of its own: systemd would make the machine's read-only where that is still of the first version.
CONTROL_GROUPS = "umount -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup"
BOOT = """set -e
{control_groups}
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
export container=other SYSTEMD_UNIT_PATH={folder}/units
exec {systemd} --system --unit=default.target --log-target=console --show-status=0
"""
DROP_IN = """[Service]
User=nobody
Group=nogroup
Environment=PYTHONPATH=/run/app:/run/site TONEARM_CONFIG=
BindReadOnlyPaths={root}:/run/app {site}:/run/site
ExecStart=
ExecStart={python} -m server.cli serve
StandardOutput=append:{folder}/service.log
StandardError=append:{folder}/service.log
"""
TEST_UNIT = """[Service]
Type=oneshot
TimeoutStartSec=infinity
ExecStart=/bin/sh {folder}/script
ExecStopPost=touch {folder}/done
StandardOutput=file:{folder}/printed
StandardError=file:{folder}/complaints
"""
SCRIPT = """
post() {{
    curl -sS --max-time 60 --unix-socket /run/tonearm/beacon.sock -A Mozilla/5.0 -H 'Content-Type: text/plain' \\
        -d '{{"trackEntryKey":"a","bucket":"complete"}}' -w '%{{http_code}}\\n' http://tonearm/api/event/play
}}
systemctl start tonearm-http.socket tonearm-beacon.socket
systemctl start tonearm.service && echo started
(while [ ! -e {folder}/enough ]; do post; sleep 0.05; done) > {folder}/answers &
first=$(systemctl show --value -p MainPID tonearm.service)
systemctl restart tonearm.service && echo restarted
[ "$first" != "$(systemctl show --value -p MainPID tonearm.service)" ] && echo "another process"
systemctl reload tonearm.service && echo reloaded
second=$(systemctl show --value -p MainPID tonearm.service)
systemctl kill -s USR2 --kill-whom=main tonearm.service
until [ "$(grep -c 'is ready at' {folder}/service.log)" = 3 ]; do sleep 0.1; done
[ "$second" = "$(systemctl show --value -p MainPID tonearm.service)" ] && echo "the same process"
until [ "$(systemctl show --value -p ActiveState tonearm.service)" = active ]; do sleep 0.1; done
echo "$(systemctl show --value -p StatusText tonearm.service)"
systemctl kill -s STOP --kill-whom=main tonearm.service
until [ "$(systemctl show --value -p NRestarts tonearm.service)" = 1 ]; do sleep 0.1; done
until [ "$(grep -c 'is ready at' {folder}/service.log)" = 4 ]; do sleep 0.1; done
echo "started again by the watchdog"
touch {folder}/enough
wait
sleep 2
curl -sS --unix-socket /run/tonearm/http.sock http://tonearm/api/stats/home > {folder}/home
systemctl stop tonearm.service && echo stopped
systemctl show --value -p Result tonearm.service
"""


def cannot_boot() -> str:
    if os.geteuid() != 0 or not SYSTEMD.exists() or Path("/run/systemd/system").exists():
        return "needs root, systemd's files, and no systemd that runs already"
    same = f"import sys; sys.exit(sys.version_info[:2] != {tuple(sys.version_info[:2])})"
    if not SYSTEM_PYTHON.exists() or subprocess.run([SYSTEM_PYTHON, "-c", same], check=False).returncode:
        return "needs a Python outside of home folders, of this version"
    if subprocess.run([*ALONE, "sh", "-ec", CONTROL_GROUPS], check=False, capture_output=True).returncode:
        return "this machine gives no namespaces"
    return ""


@pytest.fixture
def booted(tmp_path: Path) -> Iterator[list[str]]:
    """What the script printed under a systemd of its own."""
    folder = tmp_path / "systemd"
    drop_in = folder / "units" / "tonearm.service.d"
    drop_in.mkdir(parents=True)
    for parent in (tmp_path, folder, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # bound into the service's view, which is another user's
    for name in ("tonearm.service", "tonearm-http.socket", "tonearm-beacon.socket"):
        text = (DEPLOY / name).read_text().replace("WatchdogSec=60", "WatchdogSec=20")
        text = text.replace("SocketUser=tonearm", "SocketUser=nobody").replace("www-data", "nogroup")
        (folder / "units" / name).write_text(text)
    site = sysconfig.get_path("purelib")
    (drop_in / "test.conf").write_text(DROP_IN.format(root=ROOT, site=site, python=SYSTEM_PYTHON, folder=folder))
    bare = "[Unit]\nDefaultDependencies=no\n"
    for target in TARGETS:
        (folder / "units" / f"{target}.target").write_text(bare)
    (folder / "units" / "default.target").write_text(f"{bare}Wants=test.service\n")
    (folder / "units" / "test.service").write_text(f"{bare}{TEST_UNIT.format(folder=folder)}")
    (folder / "script").write_text(SCRIPT.format(folder=folder))
    (folder / "boot").write_text(BOOT.format(folder=folder, systemd=SYSTEMD, control_groups=CONTROL_GROUPS))
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen([*ALONE, "sh", str(folder / "boot")], stdout=console, stderr=console)
        try:
            eventually((folder / "done").exists, 240)
            yield (folder / "printed").read_text().splitlines()
        finally:
            process.kill()
            process.wait()
            remove_control_groups()


def remove_control_groups() -> None:
    """What that systemd has left behind, which outlives its namespace."""
    left = "find /sys/fs/cgroup/init.scope /sys/fs/cgroup/system.slice -depth -type d -exec rmdir {} +"
    subprocess.run([*ALONE, "sh", "-ec", f"{CONTROL_GROUPS}; {left}"], check=False, capture_output=True)


@pytest.mark.full
@pytest.mark.root
@pytest.mark.skipif(bool(cannot_boot()), reason=cannot_boot())
def test_a_real_systemd_runs_restarts_and_watches_it_and_no_event_is_refused(booted: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "systemd"
    said = (folder / "complaints").read_text() + (folder / "service.log").read_text()
    assert [
        "started",
        "restarted",
        "another process",
        "reloaded",
        "the same process",
        "Takes events, 1 process",
        "started again by the watchdog",
        "stopped",
        "success",
    ] == booted, said
    answers = (folder / "answers").read_text().split()
    assert {"202"} == set(answers)
    assert f'"totalPlays":{len(answers)},' in (folder / "home").read_text()
