"""docs/monitor.md: its tables are those that the real service and the rules make, and its commands are known."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.integration.test_prometheus import check, names_in, names_of, service
from tests.support import monitor_page
from tests.support.blocks import DOCS, blocks
from tests.support.http import Door, ask
from tests.support.prometheus import PROMTOOL
from tests.support.proxy import DEPLOY
from tests.support.scrape import scraped
from tests.support.service import Service, eventually

__all__ = ["service"]  # the fixture

PAGE: Final = DOCS / "monitor.md"
TEXT: Final = PAGE.read_text()
METRICS: Final = TEXT.partition("\n## Metrics\n")[2].partition("\n## ")[0]
ROWS: Final = re.findall(r"^\| `(?:tonearm|process)_.*$", METRICS, re.MULTILINE)
COMMANDS: Final = [line for kind, text in blocks(PAGE) if kind == "sh" for line in text.splitlines()]
EXPRESSIONS: Final = [text for kind, text in blocks(PAGE) if kind == "promql"]
LATE: Final = {"tonearm_check_differences", "tonearm_housekeeping_timestamp_seconds", "tonearm_canary_seconds"}


def test_every_metric_of_the_service_is_on_the_page_and_no_other(service: Service) -> None:
    eventually(lambda: LATE <= names_of(service))
    families = scraped(service)
    rows = monitor_page.own(families) + monitor_page.installation(families)
    assert sorted(rows) == sorted(ROWS)


def test_the_alerts_on_the_page_are_those_of_the_rules() -> None:
    assert list(monitor_page.alerts()) == re.findall(r"^\| `Tonearm.*$", TEXT, re.MULTILINE)


def test_the_probes_answer_as_the_page_says(service: Service) -> None:
    commands = [line for line in COMMANDS if "curl" in line]
    for command in commands:
        [path] = re.findall(r"^curl http://127\.0\.0\.1:8082(/[a-z]+)$", command)
        assert 200 == ask(Door.at(service.url), "GET", path).status
    assert len(commands) == 2


@pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool on this machine")
def test_what_is_installed_is_what_promtool_takes(tmp_path: Path) -> None:
    (tmp_path / "etc" / "prometheus").mkdir(parents=True)
    (tmp_path / "etc" / "nginx" / "conf.d").mkdir(parents=True)
    for line in COMMANDS:
        if line.startswith("install "):
            here = re.sub(r" /(?=\w)", f" {tmp_path}/", line)
            subprocess.run(["/bin/sh", "-ec", here], cwd=DEPLOY.parent, check=True)
        elif line.startswith("promtool "):
            check(*re.sub(r" /(?=\w)", f" {tmp_path}/", line).split()[1:])


def test_expressions_on_the_page_name_metrics_that_are_there(service: Service) -> None:
    used = names_in(EXPRESSIONS)
    assert used
    assert set() == used - names_of(service)
