"""The table of routes against the app's own map: no address of the API is without a description."""

from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

import pytest
from quart_trio import QuartTrio
from werkzeug.routing import Rule

from privacy.modes import Mode
from server import api, app, badges, stats
from server.access.ways import Access
from server.api.openapi import ALL, document
from server.events import CONFIG, PATHS
from server.limiter import Limiter
from storage.retention import Keep

NOWHERE: Final = cast(Any, None)  # what the app asks only once it is asked itself
PREFIXES: Final = ("/api", "/badge", "/metrics", "/healthz", "/readyz")
"""Addresses for programs. Everything else are pages and files, which people and browsers find by links."""
CATCH_ALL: Final = ("event",)  # answers all paths below one, which are described by name


def whole_app() -> QuartTrio:
    limiter = Limiter(0, 1, key=b"k", now=lambda: 0.0)
    return app.build(
        app.Parts(
            events=NOWHERE,
            database=NOWHERE,
            mode=lambda: Mode.BOTH,
            today=lambda: date(2026, 11, 21),
            metrics=NOWHERE,
            readiness=NOWHERE,
            api_limiter=limiter,
            link_limiter=limiter,
            demo_audio=Path("audio"),
            access=closed(),
            pulse=NOWHERE,
            now=lambda: 0.0,
            zone=ZoneInfo("UTC"),
            keep=Keep(),
        )
    )


def closed() -> Access:
    """With no way in."""
    return Access(NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, (), ())


def described_form(rule: Rule) -> str:
    """The path as OpenAPI writes it."""
    return rule.rule.replace("<key:key>", "{key}")


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs"])
async def test_what_anybody_may_read_is_made_once(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    made: list[object] = []

    def counted(served: set[str], version: str) -> dict[str, object]:
        made.append(served)
        return document(served, version)

    monkeypatch.setattr(import_module("server.api.blueprint"), "document", counted)
    client = whole_app().test_client()
    first, second = [await (await client.get(path)).get_data() for _ in range(2)]
    assert (first, 1) == (second, len(made))


def test_every_address_for_programs_is_described_with_its_method() -> None:
    web = whole_app()
    paths = document(web.view_functions.keys() | {route.endpoint for route in ALL}, "1")["paths"]
    for rule in web.url_map.iter_rules():
        if not rule.rule.startswith(PREFIXES) or rule.endpoint in CATCH_ALL:
            continue
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert methods <= {method.upper() for method in paths.get(described_form(rule), ())}, rule


def test_the_described_routes_of_events_are_those_there_are() -> None:
    assert {*PATHS, CONFIG} == {route.path for route in ALL if route.endpoint == "event"}


def test_nothing_is_described_that_is_not_served() -> None:
    web = whole_app()
    served = {described_form(rule) for rule in web.url_map.iter_rules()}
    for route in ALL:
        if route.endpoint not in CATCH_ALL:
            assert route.path in served, route.path


def test_the_rule_of_a_described_route_is_the_one_that_is_enforced() -> None:
    enforced = api.ACCESS | stats.ACCESS | badges.ACCESS
    for route in ALL:
        endpoint = f"api.{route.endpoint}" if f"api.{route.endpoint}" in enforced else route.endpoint
        if endpoint in enforced:
            assert enforced[endpoint] == route.rule, route.path
    assert len(enforced) == sum(f"api.{route.endpoint}" in enforced or route.endpoint in enforced for route in ALL)
