"""The alerts and the dashboard: what promtool says, that every name in them is there, and a real Prometheus that asks
the real service. Grafana itself is in no package of Debian: of the dashboard its form is held, and each expression.
"""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.prometheus import FILES, PROGRAM, PROMTOOL, prometheus
from tests.support.proxy import DEPLOY
from tests.support.scrape import scraped
from tests.support.service import Service, eventually, serving
from tests.support.stoppable_postgres import StoppablePostgres

ALERTS: Final[dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((FILES / "tonearm.rules.yml").read_text())["groups"]
    for rule in group["rules"]
}
TESTS: Final = sorted(FILES.glob("*.test.yml"))
DASHBOARD: Final[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "tonearm.json").read_text())
PANELS: Final[list[dict[str, Any]]] = DASHBOARD["panels"]
CHARTS: Final = [panel for panel in PANELS if panel["type"] != "row"]
EXPRESSIONS: Final = [
    target["expr"].replace("$__rate_interval", "1m").replace("$job", "tonearm")
    for panel in CHARTS
    for target in panel["targets"]
]
PLAY: Final = b'{"trackEntryKey": "harbour-lights", "bucket": "complete"}'

promtool = pytest.mark.skipif(PROMTOOL is None, reason="there is no promtool on this machine")


def check(*words: str | Path) -> None:
    done = subprocess.run([str(PROMTOOL), *words], capture_output=True, text=True, timeout=300)
    assert 0 == done.returncode, done.stdout + done.stderr


@promtool
def test_the_configuration_and_its_rules_are_what_prometheus_takes() -> None:
    check("check", "config", FILES / "prometheus.yml")


@promtool
@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.name)
def test_alerts_fire_when_they_should_and_only_then(file: Path) -> None:
    check("test", "rules", file)


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_tested_firing_and_silent(alert: str) -> None:
    cases = [case for file in TESTS for test in yaml.safe_load(file.read_text())["tests"] for case in expected(test)]
    assert {True, False} == {fires for named, fires in cases if named == alert}


def expected(test: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    for case in test["promql_expr_test"]:
        if named := re.search(r'ALERTS\{alertname="(\w+)"', case["expr"]):
            yield named[1], bool(case["exp_samples"])


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_patience_a_severity_and_says_what_to_do(alert: str) -> None:
    rule = ALERTS[alert]
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    summary, description = rule["annotations"]["summary"], rule["annotations"]["description"]
    assert summary.endswith(".")
    assert description.endswith(".")
    assert len(description) > 100


def names_in(expressions: Sequence[str]) -> set[str]:
    return {name for one in expressions for name in re.findall(r"\b(?:tonearm|process)_[a-z_]+\b", one)}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """That has something to tell of everything: a salt, a check of its counters, a canary."""
    environment = {
        "TONEARM_DATABASE_URL": postgres.new_database(),
        "TONEARM_PRIVACY__MODE": "both",
        "TONEARM_HOUSEKEEPING__CHECK_EVERY_H": "0.000001",
        "TONEARM_CANARY__EVERY_S": "10",
    }
    with serving(tmp_path_factory.mktemp("watched") / "data", environment) as running:
        yield running


def names_of(service: Service) -> set[str]:
    return {one.name for family in scraped(service) for one in family.samples}


def test_every_metric_that_an_alert_or_the_dashboard_names_is_told(service: Service) -> None:
    used = names_in([rule["expr"] for rule in ALERTS.values()] + EXPRESSIONS)
    late = {"tonearm_check_differences", "tonearm_housekeeping_timestamp_seconds", "tonearm_canary_seconds"}
    eventually(lambda: late <= names_of(service))
    assert set() == used - names_of(service)
    assert len(used) > 40


@promtool
def test_every_expression_of_the_dashboard_is_one(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(EXPRESSIONS)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    check("check", "rules", tmp_path / "rules.yml")


def test_the_dashboard_is_of_a_form_that_grafana_takes() -> None:
    assert DASHBOARD["schemaVersion"] >= 36  # which knows a data source by its uid
    assert "id" not in DASHBOARD  # Grafana gives it
    numbers = [panel["id"] for panel in PANELS]
    assert len(numbers) == len(set(numbers))
    for panel in CHARTS:
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)) > 0


def test_the_dashboard_asks_the_prometheus_and_the_job_that_are_chosen() -> None:
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert {"datasource": "datasource", "job": "query"} == {name: one["type"] for name, one in variables.items()}
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for panel in CHARTS:
        assert chosen == panel["datasource"]
        for target in panel["targets"]:
            assert chosen == target["datasource"]
            assert 'job=~"$job"' in target["expr"]


def test_no_panel_lies_on_another() -> None:
    for one, other in combinations((panel["gridPos"] for panel in PANELS), 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in PANELS)


MAY_BE_EMPTY: Final = ("by (reason)",)  # nothing is refused


@pytest.mark.full
@pytest.mark.skipif(PROGRAM is None, reason="there is no Prometheus on this machine")
def test_a_real_prometheus_reads_the_service_and_answers_every_panel(service: Service, tmp_path: Path) -> None:
    door = Door.at(service.url)
    with prometheus(tmp_path / "prometheus", f"{door.host}:{door.port}") as asking:
        eventually(lambda: [one["value"][1] for one in asking.query('up{job="tonearm"}')] == ["1"], 60)

        def plays_are_seen() -> bool:
            for name in (service.url, service.beacon):
                ask(Door.at(name), "POST", "/api/event/play", {"Content-Type": "text/plain"}, PLAY)
            [sample] = asking.query("sum(rate(tonearm_installation_events_counted_total[1m])) or vector(0)")
            return float(sample["value"][1]) > 0

        eventually(plays_are_seen, 60)

        def without_answer() -> list[str]:
            return [
                one for one in EXPRESSIONS if not asking.query(one) and not any(name in one for name in MAY_BE_EMPTY)
            ]

        eventually(lambda: [] == without_answer(), 60)
        eventually(lambda: {} == asking.firing(), 60)


@pytest.mark.full
@pytest.mark.skipif(PROGRAM is None, reason="there is no Prometheus on this machine")
def test_a_stopped_database_and_a_stopped_service_raise_their_alerts(
    data_dir: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = StoppablePostgres(tmp_path_factory.mktemp("alarmed") / "pg")
    with server as postgres, serving(data_dir, {"TONEARM_DATABASE_URL": postgres.new_database()}) as service:
        door = Door.at(service.url)
        with prometheus(tmp_path / "prometheus", f"{door.host}:{door.port}") as asking:
            eventually(lambda: [one["value"][1] for one in asking.query("tonearm_database_up")] == ["1"], 60)
            eventually(lambda: {} == asking.firing(), 60)
            server.stop()
            eventually(lambda: "TonearmDatabaseDown" in asking.firing(), 60)
            said = asking.firing()["TonearmDatabaseDown"]["annotations"]["summary"]
            assert f"Tonearm at {door.host}:{door.port} does not reach its database." == said
            assert "TonearmNotReady" not in asking.firing()
            server.start()
            eventually(lambda: "TonearmDatabaseDown" not in asking.firing(), 60)
            service.stop()
            eventually(lambda: "TonearmDown" in asking.firing(), 60)
