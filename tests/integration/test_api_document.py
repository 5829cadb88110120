"""The OpenAPI document: valid, and neither more nor less than what is served."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.access.rules import ANYBODY
from server.api.openapi import ALL, document
from tests.integration.api_service import Filled, filled_service
from tests.support.http import ask
from tests.support.postgres import Postgres


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    with filled_service(postgres, tmp_path_factory.mktemp("document"), events=100) as one:
        yield one


@pytest.fixture(scope="module")
def served(service: Filled) -> dict[str, Any]:
    found: dict[str, Any] = ask(service.door, "GET", "/api/openapi.json").json()
    return found


def test_it_is_an_openapi_document(served: dict[str, Any]) -> None:
    assert "3.1.0" == served["openapi"]
    assert [] == list(OpenAPIV31SpecValidator(served).iter_errors())


def test_the_whole_table_makes_an_openapi_document() -> None:
    whole = msgspec.json.decode(msgspec.json.encode(document({route.endpoint for route in ALL}, "1")))
    assert [] == list(OpenAPIV31SpecValidator(whole).iter_errors())


def test_every_route_of_the_operator_names_its_scope_and_the_others_are_public(served: dict[str, Any]) -> None:
    for route in ALL:
        if operation := served["paths"].get(route.path, {}).get(route.method.lower()):
            expected = None if route.rule == ANYBODY else [{"token": [str(route.rule)]}]
            assert expected == operation.get("security"), route.path


def test_every_operation_has_a_name_of_its_own_and_a_summary(served: dict[str, Any]) -> None:
    operations = [one for methods in served["paths"].values() for one in methods.values()]
    assert len(operations) == len({one["operationId"] for one in operations})
    assert all(one["summary"] for one in operations)


def test_anybody_may_read_it_from_any_page(service: Filled) -> None:
    answer = ask(service.door, "GET", "/api/openapi.json")
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert "*" == answer.headers["access-control-allow-origin"]


@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/docs", "/api/docs.css"])
def test_it_is_sent_once(service: Filled, path: str) -> None:
    first = ask(service.door, "GET", path)
    assert 200 == first.status
    again = ask(service.door, "GET", path, {"If-None-Match": first.headers["etag"]})
    assert (304, b"") == (again.status, again.body)


def test_the_page_shows_every_route_and_loads_nothing_but_its_style(service: Filled, served: dict[str, Any]) -> None:
    answer = ask(service.door, "GET", "/api/docs")
    page = answer.body.decode()
    for path, methods in served["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page, path
    assert ["/api/docs.css"] == re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page)
    assert "<script" not in page
    assert "default-src 'none'; style-src 'self'" in answer.headers["content-security-policy"]


def test_every_link_of_the_page_leads_somewhere(service: Filled) -> None:
    page = ask(service.door, "GET", "/api/docs").body.decode()
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
