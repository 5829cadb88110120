"""Streams that end: the service stops within its grace under open ones."""

import signal
from contextlib import ExitStack
from pathlib import Path

from tests.integration.test_live import ENVIRONMENT, OPERATOR
from tests.support.service import serving
from tests.support.sse import Events


def test_a_stop_ends_open_streams_at_once(data_dir: Path, database_url: str) -> None:
    with serving(data_dir, ENVIRONMENT | {"TONEARM_DATABASE_URL": database_url}) as service, ExitStack() as stack:
        streams = [stack.enter_context(Events(f"{service.url}/api/live", OPERATOR)) for _ in range(5)]
        for events in streams:
            events.wait(lambda events=events: events.received)
        assert 0 == service.stop(signal.SIGTERM)
        assert "connections are cut" not in service.said()  # they have ended before that
        for events in streams:
            events.wait(lambda events=events: events.ended)
            assert events.complete
