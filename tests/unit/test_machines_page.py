"""docs/machines.md: its settings are settings, its commands are those the tests of tests/machines run."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from server.config import Config
from storage import leadership
from storage.servers import several
from tests.machines.page import PAGE, installed, snippets, statement
from tests.support import nginx


def test_the_settings_are_settings_and_name_both_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TONEARM_")]:
        monkeypatch.delenv(name)
    [settings] = [Config(**tomllib.loads(text)) for text in snippets("toml")]
    url = settings.database_url.get_secret_value()
    assert ["10.0.0.21:5432", "10.0.0.22:5432"] == [str(server) for server in several(url)]
    assert settings.http.bind.endswith(":8080")
    assert settings.beacon.bind.endswith(":8081")


def test_every_snippet_is_one_that_a_test_runs() -> None:
    assert 1 == len(snippets("toml")) == len(snippets("sh", "pg_basebackup")) == len(snippets("sh")) - 1
    known = [statement("synchronous_standby_names"), statement("pg_reload_conf"), statement("pg_promote")]
    assert known == [line for text in snippets("sql") for line in text.splitlines()]
    [drawing], [commands] = snippets(""), snippets("sh", "install ")
    assert "tests/machines" in PAGE.read_text()
    assert "─" in drawing
    assert "tonearm-machines.conf" in commands


def test_the_upstreams_of_one_machine_have_made_room(tmp_path: Path) -> None:
    names = re.findall(r"^upstream (\w+)", "\n".join(installed().values()), re.MULTILINE)
    assert ["tonearm_events", "tonearm_pages"] == sorted(names)


@pytest.mark.skipif(nginx.PROGRAM is None, reason="there is no nginx on this machine")
def test_nginx_takes_what_is_installed(tmp_path: Path) -> None:
    for name, text in installed().items():
        (tmp_path / name).write_text(text.replace("/var/log/nginx/", f"{tmp_path}/"))
    includes = "".join(f"include {tmp_path}/{name}; " for name in ("tonearm-shared.conf", "tonearm-machines.conf"))
    server = f"server {{ listen 127.0.0.1:8; include {tmp_path}/tonearm-routes.conf; }}"
    main = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ {includes} {server} }}"
    (tmp_path / "nginx.conf").write_text(main)
    command = [str(nginx.PROGRAM), "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert 0 == done.returncode, done.stderr


def test_the_lease_is_the_one_that_is_told() -> None:
    assert f"after {leadership.LEASE_S} s of silence" in PAGE.read_text()
