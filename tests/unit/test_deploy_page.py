"""docs/deploy.md: its commands are those the tests run, and no file of deploy/ is left unexplained."""

import re
from pathlib import Path
from typing import Final

from tests.integration.test_systemd import DEPLOY, ROOT
from tests.support.blocks import DOCS, blocks

PAGE: Final = (DOCS / "deploy.md").read_text()
LINES: Final = [line for kind, text in blocks(DOCS / "deploy.md") if kind == "sh" for line in text.splitlines()]
PAGES: Final = ("deploy", "self-host", "operate", "data", "monitor", "machines")
# What a person types, and where it is run: by name here, in full by the test.
ELSEWHERE: Final = {
    "install -m 644 deploy/Caddyfile /etc/caddy/Caddyfile": "tests/support/caddy.py",
    "docker compose": "tests/integration/test_container.py",
}


def test_every_command_is_known() -> None:
    drawing = re.compile(r"^\s|^browser")
    typed = [line for line in LINES if line.strip() and not drawing.match(line)]
    assert [] == [line for line in typed if not line.startswith(tuple(ELSEWHERE))]


def test_the_line_for_ones_own_site_includes_what_the_other_page_installs() -> None:
    [included] = re.findall(r"(?m)^include (\S+);$", PAGE)
    folder, _, name = included.rpartition("/")
    assert f"install -m 644 deploy/nginx/{name} {folder}/\n" in (DOCS / "self-host.md").read_text()
    assert f"include {included};" in (DEPLOY / "nginx" / "tonearm-site.conf").read_text()


def test_every_unit_speaks_of_the_same_installation() -> None:
    units = [path.read_text() for path in sorted(DEPLOY.glob("*.service"))]
    for name in ("TONEARM_CONFIG", "TONEARM_DATA_DIR"):
        values = {tuple(re.findall(rf"^Environment={name}=(.+)$", unit, re.MULTILINE)) for unit in units}
        assert 1 == len(values), name
        assert (("/etc/tonearm/tonearm.toml",) if name == "TONEARM_CONFIG" else ("/var/lib/tonearm",)) in values


def test_scripts_are_told_which_program_the_service_is() -> None:
    [program] = re.findall(r"(?m)^ExecStart=(\S+) serve$", (DEPLOY / "tonearm.service").read_text())
    for name in ("tonearm-backup.service", "tonearm-salt.service"):
        assert f"\nEnvironment=PROGRAM={program}\n" in (DEPLOY / name).read_text()


def test_the_command_has_the_services_settings() -> None:
    service, command = (DEPLOY / "tonearm.service").read_text(), (DEPLOY / "tonearm").read_text()
    settings = re.findall(r"(?m)^Environment='?(.*?)'?$", service)
    assert sorted(settings) == sorted(re.findall(r"--setenv='?(.*?)'?(?: |$)", command, re.MULTILINE))
    [file] = re.findall(r"(?m)^(EnvironmentFile=.*)$", service)
    assert f"--property={file} " in command


def test_every_file_of_the_folder_is_used() -> None:
    documented = "".join(path.read_text() for name in PAGES if (path := DOCS / f"{name}.md").exists())
    files = [path for path in DEPLOY.rglob("*") if path.is_file()]
    unnamed = [path for path in files if path.name not in documented]
    assert [ROOT / "deploy" / "Containerfile"] == [path for path in unnamed if not _is_a_test(path)]
    assert "Containerfile" in (DEPLOY / "compose.yaml").read_text()


def _is_a_test(path: Path) -> bool:
    """Of Prometheus' rules, which promtool runs."""
    return path.name.endswith(".test.yml")
