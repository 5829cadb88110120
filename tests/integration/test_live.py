"""The last hour, live, of a real service with two workers: beacons to either are in every stream and every summary."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.http import Door, ask
from tests.support.service import Service, serving
from tests.support.sse import Events

OPERATOR = {"X-Forwarded-User": "me"}
ENVIRONMENT = {
    "TONEARM_ACCESS__TRUSTED_HEADER": "x-forwarded-user",
    "TONEARM_HTTP__TRUSTED_PROXIES": '["127.0.0.1/32"]',
    "TONEARM_LIMITS__EVENTS_PER_MINUTE": "0",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving(tmp_path_factory.mktemp("live") / "data", ENVIRONMENT, "--workers", "2") as running:
        yield running


def post(url: str, kind: str, body: dict[str, str]) -> int:
    return ask(
        Door.at(url), "POST", f"/api/event/{kind}", {"Content-Type": "text/plain"}, json.dumps(body).encode()
    ).status


def play(service: Service, key: str, bucket: str = "complete", **more: str) -> None:
    assert 202 == post(service.beacon, "play", {"trackEntryKey": key, "bucket": bucket, **more})


def get(service: Service, path: str) -> Any:
    answer = ask(Door.at(service.url), "GET", path, OPERATOR)
    assert 200 == answer.status, answer.body
    return answer.json()


def stream(service: Service) -> Events:
    return Events(f"{service.url}/api/live", OPERATOR)


def counted_by(service: Service) -> list[int]:
    return [one["ledger"]["counted"] for one in get(service, "/api/health")["processes"] if not one["gone"]]


def test_plays_that_either_worker_took_come_in_one_stream(service: Service) -> None:
    with stream(service) as events:
        events.wait(lambda: events.received)
        assert "hour" == events.received[0][0]
        sent = 0
        deadline = time.monotonic() + 30
        while min(counted_by(service)) < 5:  # connections fall to the workers as the kernel likes
            assert time.monotonic() < deadline, counted_by(service)
            for _ in range(10):
                play(service, f"track-{sent % 3}")
                sent += 1
        events.wait(lambda: events.plays() >= sent)
        assert sent == events.plays()
