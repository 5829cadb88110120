"""What the service logs: lines for a person or JSON objects, and in neither, at any level, anything of a listener."""

import json
from pathlib import Path

import pytest

from tests.support.http import Door, ask
from tests.support.service import Service, eventually, serving

ADDRESS = "198.51.100.77"
AGENT = "Mozilla/5.0 (Needle4711) Firefox/141.0"
LISTENER = "6f1d0ad4-c8a9-4d2f-9a2e-0a9c4b8a7d11"
SECRETS = (ADDRESS, "Needle4711", LISTENER)
HEADERS = {"Content-Type": "text/plain", "X-Forwarded-For": ADDRESS, "User-Agent": AGENT}


def settings(database_url: str, form: str) -> dict[str, str]:
    return {
        "TONEARM_DATABASE_URL": database_url,
        "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
        "TONEARM_PRIVACY__MODE": "both",
        "TONEARM_LOG__FORMAT": form,
        "TONEARM_LOG__LEVEL": "debug",
        "TONEARM_LIMITS__BURST": "3",
    }


def bodies() -> list[bytes]:
    play = {"trackEntryKey": "harbour-lights", "bucket": "complete", "anonId": LISTENER}
    share = {"targetType": "track", "targetKey": "harbour-lights", "channel": "link", "anonId": LISTENER}
    strange = {"trackEntryKey": AGENT, "bucket": LISTENER}
    return [json.dumps(one).encode() for one in (play, share, strange)] + [LISTENER.encode(), b"\xff" + AGENT.encode()]


def everything_is_sent(service: Service) -> None:
    """What is taken, what is refused for each reason a sender can bring about, and pages that are not there."""
    for url in (service.url, service.beacon):
        for path in ("/api/event/play", "/api/event/share", f"/api/event/{LISTENER}"):
            for body in bodies():
                ask(Door.at(url), "POST", path, HEADERS, body)
        ask(Door.at(url), "PUT", "/api/event/play", HEADERS, bodies()[0])
    ask(Door.at(service.url), "POST", "/api/event/forget", HEADERS, json.dumps({"anonId": LISTENER}).encode())
    for path in (f"/api/stats/track/{LISTENER}", "/api/health", f"/{LISTENER}", "/readyz"):
        ask(Door.at(service.url), "GET", path, {**HEADERS, "Authorization": f"Bearer {LISTENER}"})


def ended(data_dir: Path, database_url: str, form: str) -> str:
    """What a run has said that took all of it, and then stopped."""
    with serving(data_dir, settings(database_url, form)) as service:
        everything_is_sent(service)
        service.process.terminate()
        eventually(lambda: service.process.poll() is not None, 60)
        return service.said()


@pytest.mark.parametrize("form", [pytest.param("console", marks=pytest.mark.full), "json"])
def test_nothing_of_a_listener_is_in_any_line(data_dir: Path, database_url: str, form: str) -> None:
    said = ended(data_dir, database_url, form)
    assert [] == [secret for secret in SECRETS if secret.lower() in said.lower()]
    assert "ready at" in said  # it was listened to


def test_as_json_every_line_of_the_log_is_an_object_with_what_when_and_how_bad(
    data_dir: Path, database_url: str
) -> None:
    lines = [line for line in ended(data_dir, database_url, "json").splitlines() if line.startswith("{")]
    assert lines
    for line in lines:
        told = json.loads(line)
        assert {"event", "level", "timestamp"} <= told.keys(), line


@pytest.mark.full
def test_a_form_that_is_none_is_refused_with_a_sentence(data_dir: Path) -> None:
    data_dir.parent.mkdir(exist_ok=True)
    service = Service(data_dir, {"TONEARM_LOG__FORMAT": "xml"})
    assert 0 != service.process.wait(60)
    assert "TONEARM_LOG__FORMAT in the environment = 'xml': allowed is" in service.said()
