"""docs/deploy.md: its commands are those the tests run, and put every file where the other files look for it."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.integration.test_systemd import DEPLOY, ROOT
from tests.support.blocks import DOCS, blocks

PAGE: Final = (DOCS / "deploy.md").read_text()
LINES: Final = [line for kind, text in blocks(DOCS / "deploy.md") if not kind for line in text.splitlines()]
INSTALLS: Final = [line for line in LINES if line.startswith("install ")]
# What else a person types, and where it is run: by name here, in full by the test.
ELSEWHERE: Final = {
    "useradd": "Containerfile",
    "python3 -m venv": "make .venv/.run",
    "/usr/lib/tonearm/venv/bin/pip install": "make .venv/.run",
    "/usr/lib/tonearm/venv/bin/tonearm doctor": "tests/integration/test_doctor.py",
    "systemctl": "tests/integration/test_systemd.py, tests/support/nginx.py",
    "nginx -t": "tests/support/nginx.py",
    "docker compose": "tests/integration/test_container.py",
}


def test_every_command_is_known() -> None:
    drawing = re.compile(r"^\s|^browser")
    typed = [line for line in LINES if line.strip() and not drawing.match(line)]
    known = (*ELSEWHERE, "install ")
    assert [] == [line for line in typed if not line.startswith(known)]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """What the page's `install` lines make, under a folder instead of /."""
    for folder in ("etc/systemd/system", "etc/nginx/conf.d", "etc/nginx/sites-enabled", "etc/caddy"):
        (tmp_path / folder).mkdir(parents=True)
    for line in INSTALLS:
        here = re.sub(r" /(?=\w)", f" {tmp_path}/", line).replace("-g tonearm ", "")
        subprocess.run(["/bin/sh", "-ec", here], cwd=ROOT, env=dict(os.environ), check=True)
    return tmp_path


def test_every_file_is_put_where_the_others_look_for_it(installed: Path) -> None:
    units = [path.read_text() for path in (installed / "etc/systemd/system").iterdir()]
    programs = re.findall(r"^ExecStart=(/usr/lib/tonearm/(?!venv)\S+)", "\n".join(units), re.MULTILINE)
    assert programs
    assert all(os.access(f"{installed}{program}", os.X_OK) for program in programs)
    assert (installed / "etc/tonearm/tonearm.toml").is_file()
    site = (installed / "etc/nginx/sites-enabled/tonearm-site.conf").read_text()
    [included] = re.findall(r"include (/etc/nginx/tonearm\S+);", site)
    assert f"include {included};" in PAGE
    assert Path(f"{installed}{included}").is_file()
    assert (installed / "etc/caddy/Caddyfile").is_file()


def test_every_unit_speaks_of_the_same_installation() -> None:
    units = [path.read_text() for path in sorted(DEPLOY.glob("*.service"))]
    for name in ("TONEARM_CONFIG", "TONEARM_DATA_DIR"):
        values = {tuple(re.findall(rf"^Environment={name}=(.+)$", unit, re.MULTILINE)) for unit in units}
        assert 1 == len(values), name
        assert (("/etc/tonearm/tonearm.toml",) if name == "TONEARM_CONFIG" else ("/var/lib/tonearm",)) in values


def test_every_file_of_the_folder_is_used() -> None:
    pages = ("operate.md", "data.md", "monitor.md", "machines.md")
    documented = PAGE + "".join((DOCS / page).read_text() for page in pages)
    names = [path.name for path in DEPLOY.rglob("*") if path.is_file()]
    unnamed = [name for name in names if name not in documented and name != "Containerfile"]
    assert [] == [name for name in unnamed if name not in ("tonearm-backup.service",)]
    assert "Containerfile" in (DEPLOY / "compose.yaml").read_text()
