"""The container and compose files: linted, and what they promise held by the service without an engine at hand."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.test_systemd import ROOT, SYSTEM_PYTHON, cannot_boot
from tests.support.held import held, short_folder

FILE = ROOT / "deploy" / "Containerfile"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
HADOLINT = shutil.which("hadolint", path=str(Path(sys.executable).parent))
PINNED = re.compile(r"[a-z/]+:v?\d+\.\d+\.\d+(-[a-z]+)*")


@pytest.mark.skipif(HADOLINT is None, reason="hadolint has no package for this machine")
def test_the_linter_finds_nothing() -> None:
    done = subprocess.run([str(HADOLINT), str(FILE)], capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stdout)


def test_every_image_is_pinned() -> None:
    images = re.findall(r"^FROM (\S+)", FILE.read_text(), re.MULTILINE)
    images += [service["image"] for service in COMPOSE["services"].values()]
    assert [] == [image for image in images if not PINNED.fullmatch(image)]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_as_closed_as_it_can_be(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]


def test_the_service_is_one_account_and_has_no_network() -> None:
    service = COMPOSE["services"]["tonearm"]
    assert "USER 10001:10001" in FILE.read_text()
    assert ("10001:10001", "none") == (service["user"], service["network_mode"])


def test_what_is_mounted_from_here_is_here() -> None:
    mounted = [volume for service in COMPOSE["services"].values() for volume in service["volumes"]]
    files = [volume.split(":")[0] for volume in mounted if volume.startswith("./")]
    assert 6 == len(files)
    assert all((ROOT / "deploy" / file).is_file() for file in files)


def health_check() -> str:
    words = re.search(r"HEALTHCHECK.*?CMD (\[.*?\])\n", FILE.read_text(), re.DOTALL)
    assert words is not None
    python, option, program = ast.literal_eval(words.group(1))
    assert ("python", "-c") == (python, option)
    return str(program)


@pytest.mark.full
def test_the_health_check_tells_a_service_from_none(tmp_path: Path, database_url: str) -> None:
    with short_folder() as folder, held(folder) as sockets:
        program = health_check().replace("/run/tonearm/", f"{folder}/")
        service = sockets.serve(tmp_path / "data", {"TONEARM_DATABASE_URL": database_url}).ready()
        assert 0 == subprocess.run([sys.executable, "-c", program], timeout=20).returncode
        service.stop()
        assert 0 != subprocess.run([sys.executable, "-c", program], timeout=20, capture_output=True).returncode


def settings() -> dict[str, str]:
    """What the image's ENV sets."""
    [block] = re.findall(r"^ENV (.*?[^\\])$", FILE.read_text(), re.MULTILINE | re.DOTALL)
    pairs = [pair.strip().partition("=") for pair in block.replace("\\\n", "\n").splitlines()]
    return {name: value.strip("'") for name, _, value in pairs if name.startswith("TONEARM_")}


# As an engine does it. The image makes the account 10001; here it is nobody, who has a name everywhere as well.
ENGINE = """set -e
mount -t tmpfs tmpfs /run
mkdir /run/tonearm /run/app /run/site
mount --bind {root} /run/app
mount --bind {site} /run/site
mount -t tmpfs tmpfs /var/lib
mkdir -m 700 /var/lib/tonearm
chown 65534:65534 /run/tonearm /var/lib/tonearm
mount --bind / /mnt && mount -o remount,bind,ro /mnt
for kept in dev proc run var/lib; do mount --rbind /$kept /mnt/$kept; done
mount -t tmpfs tmpfs /mnt/tmp
cd /mnt/var/lib/tonearm
exec chroot --userspec=65534:65534 --groups= /mnt setpriv --no-new-privs --bounding-set=-all --inh-caps=-all \\
    sh -c 'cd /var/lib/tonearm; touch /x 2>/dev/null && exit 9
        {python} -m server.cli serve & service=$!
        until [ -S /run/tonearm/beacon.sock ]; do kill -0 $service || exit 8; sleep 0.1; done
        curl -sS --max-time 60 --unix-socket /run/tonearm/beacon.sock -H "Content-Type: text/plain" -A Mozilla/5.0 \\
            -d "{{\\"trackEntryKey\\":\\"a\\",\\"bucket\\":\\"complete\\"}}" -w "%{{http_code}}\\n" \\
            http://tonearm/api/event/play
        kill $service; wait $service && echo stopped'
"""


@pytest.mark.full
@pytest.mark.root
@pytest.mark.skipif(bool(cannot_boot()), reason=cannot_boot())
def test_it_serves_and_stops_as_its_account_on_a_root_that_cannot_be_written() -> None:
    site = sysconfig.get_path("purelib")
    script = ENGINE.format(root=ROOT, site=site, python=SYSTEM_PYTHON)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "/run/app:/run/site", **settings()}
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--net", "sh", "-c", script],
        env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "\n202\n" in done.stdout, done.stdout + done.stderr
    assert done.stdout.endswith("stopped\n"), done.stdout + done.stderr
