"""Who may ask what, route by route: every route of the app that serves, as it stands in its own map of addresses.

The guard, the ways in, the database and the door are the real ones. Where it only matters whether somebody gets past
the guard, what is behind it is replaced by an answer of 204: some routes never end, others change things.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from quart import Response
from werkzeug.routing import Rule as Route

from server.access import headers
from server.access.rules import ANYBODY, Scope
from storage import access
from tests.integration.operating import Operating, methods, operating
from tests.support.http import Answer
from tests.support.operator import PAGE, PASSWORD, Operator, form_token
from tests.support.postgres import Postgres

PAST = 204
MAY_SET_COOKIES = {"access.login", "access.enter", "access.leave"}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    with operating(postgres.new_database(), tmp_path_factory.mktemp("operated")) as running:
        yield running


@pytest.fixture(scope="module")
def probed(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    """Another one, with nothing behind the guard but 204."""

    async def past(**_: Any) -> Response:
        return Response("", PAST)

    with operating(postgres.new_database(), tmp_path_factory.mktemp("probed")) as running:
        for route in running.closed():
            running.app.view_functions[route.endpoint] = past
        yield running


def is_shared(route: Route) -> bool:
    return route.rule.startswith("/shared/")


def session_of(operator: Operator) -> dict[str, str]:
    """Its cookie, as a header."""
    return {"Cookie": f"tonearm-session={operator.cookies['tonearm-session']}"}


def test_every_route_states_its_rule(service: Operating) -> None:
    unstated = {route.endpoint for route in service.app.url_map.iter_rules()} - set(service.rules)
    assert {"sample.unstated", "behind.open", "behind.unstated", "behind.catalog"} == unstated  # what the test adds


def test_no_route_is_a_websocket_which_the_guard_would_not_see(service: Operating) -> None:
    assert [] == [route.rule for route in service.app.url_map.iter_rules() if route.websocket]


def test_a_route_without_a_rule_answers_nobody(probed: Operating) -> None:
    everything = probed.token(*Scope)
    assert 403 == (probed.ask("GET", "/sample/unstated", everything)).status
    assert 401 == (probed.ask("GET", "/sample/unstated")).status


def test_a_stranger_gets_past_no_rule(probed: Operating) -> None:
    for route in probed.closed():
        for method in methods(route):
            answer = probed.ask(method, probed.path(route))
            assert (404 if is_shared(route) else 401) == answer.status, (method, route)


def test_a_stranger_gets_what_is_for_anybody(probed: Operating) -> None:
    assert b"caller: anybody" == (probed.ask("GET", "/sample/open")).body


@pytest.mark.parametrize("scope", Scope)
def test_a_token_opens_what_has_its_scope_and_nothing_else(probed: Operating, scope: Scope) -> None:
    token = probed.token(scope)
    opened = set()
    for route in probed.closed():
        for method in methods(route):
            answer = probed.ask(method, probed.path(route), token)
            if is_shared(route):
                assert 404 == answer.status, (method, route)
                continue
            right = probed.rules.get(route.endpoint) == scope
            assert (PAST if right else 403) == answer.status, (method, route)
            opened |= {route.endpoint} if right else set()
    assert f"sample.{scope}" in opened


def test_a_token_may_have_several_scopes(probed: Operating) -> None:
    token = probed.token(Scope.READ, Scope.CATALOG)
    assert [PAST, PAST, 403] == [(probed.ask("GET", f"/sample/{scope}", token)).status for scope in Scope]


def test_a_revoked_token_opens_nothing_from_the_next_request_on(probed: Operating) -> None:
    token = probed.token(*Scope)
    assert PAST == (probed.ask("GET", "/sample/read", token)).status
    assert probed.run(access.revoke, "api", token["Authorization"][-9:])
    for route in probed.closed():
        for method in methods(route):
            answer = probed.ask(method, probed.path(route), token)
            assert (404 if is_shared(route) else 401) == answer.status, (method, route)


@pytest.mark.parametrize(
    "sent",
    ["", "Bearer", "Bearer ", "Bearer x", "Basic b3BlcmF0b3I6eA==", "Bearer tonearm_" + "x" * 43, "Bearer \xff" * 9],
)
def test_what_is_no_token_is_refused_and_told_how_to_send_one(service: Operating, sent: str) -> None:
    answer = service.ask("GET", "/sample/read", {"Authorization": sent})
    assert (401, "Bearer") == (answer.status, answer.headers["www-authenticate"])
    assert "Authorization: Bearer TOKEN" in answer.json()["detail"]


def test_the_scheme_of_a_token_is_known_in_any_case(service: Operating) -> None:
    token = service.token(Scope.READ)
    sent = {"Authorization": token["Authorization"].replace("Bearer", "bEARER")}
    assert b"caller: token" == (service.ask("GET", "/sample/read", sent)).body


def test_the_operator_may_ask_everything_that_has_a_rule(probed: Operating) -> None:
    cookie = session_of(probed.signed_in())
    for route in probed.closed():
        if "GET" in methods(route) and not is_shared(route):
            stated = route.endpoint in probed.rules
            assert (PAST if stated else 403) == probed.ask("GET", probed.path(route), cookie).status, route


def test_no_form_of_another_site_acts_in_the_operators_name(probed: Operating) -> None:
    """What a page elsewhere can make a browser send: a POST with cookies, in any form there is, without a token."""
    operator = probed.signed_in()
    cookie = session_of(operator)
    forms = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", ""]
    posts = [r for r in probed.closed() if "POST" in (r.methods or ()) and not is_shared(r)]
    assert posts
    for route in posts:
        for form in forms:
            sent = cookie | ({"Content-Type": form} if form else {})
            answer = probed.ask("POST", probed.path(route), sent, b"form_token=x")
            assert 403 == answer.status, (route, form)


def test_no_request_that_a_browser_says_comes_from_another_site_changes_anything(probed: Operating) -> None:
    operator = probed.signed_in()
    cookie = session_of(operator) | {"Content-Type": "application/json"}
    for method in ("POST", "PUT", "DELETE"):
        for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", PAST), ("none", PAST)):
            answer = probed.ask(method, "/sample/catalog", cookie | {"Sec-Fetch-Site": site}, b"{}")
            assert status == answer.status, (method, site)


def test_a_form_with_its_token_is_taken_and_another_sessions_token_is_not(service: Operating) -> None:
    operator = service.signed_in()
    other = Operator(service.url)
    other.sign_in(PASSWORD)
    own, theirs = form_token(operator.get("/logout")), form_token(other.get("/logout"))

    def post(token: str) -> Answer:
        return operator.post("/sample/admin", {"form_token": token})

    assert b"caller: session" == (post(own)).body
    assert 403 == (post(theirs)).status
    assert 403 == (post("")).status


def test_a_program_with_a_token_needs_none_for_forms(service: Operating) -> None:
    token = service.token(Scope.CATALOG)
    sent = token | {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "cross-site"}
    assert b"caller: token" == (service.ask("POST", "/sample/catalog", sent, b"")).body


def test_a_share_link_opens_what_is_to_be_read_and_nothing_else(probed: Operating) -> None:
    link = probed.link()
    for route in probed.closed():
        for method in methods(route):
            answer = probed.ask(method, probed.path(route, link))
            if is_shared(route):
                right = probed.rules.get(route.endpoint) == Scope.READ
                assert (PAST if right else 404) == answer.status, (method, route)
            else:
                assert 401 == answer.status, (method, route)


def test_a_share_link_needs_and_sets_no_cookie_and_is_known_as_one(service: Operating) -> None:
    answer = service.ask("GET", f"/shared/{service.link()}/read")
    assert (200, b"caller: share") == (answer.status, answer.body)
    assert "set-cookie" not in answer.headers


def test_a_revoked_share_link_shows_nothing_even_to_the_operator(service: Operating) -> None:
    link = service.link()
    assert service.run(access.revoke, "share", link)
    operator = service.signed_in()
    answer = operator.get(f"/shared/{link}/read")
    assert 404 == answer.status
    assert "This link shows nothing any more" in answer.body.decode()


def test_a_share_link_and_a_token_do_not_stand_for_each_other(service: Operating) -> None:
    link, token = service.link(), service.token(*Scope)
    bare = token["Authorization"].removeprefix("Bearer ")
    assert 404 == (service.ask("GET", f"/shared/{bare}/read")).status
    assert 401 == (service.ask("GET", "/sample/read", {"Authorization": f"Bearer {link}"})).status


def test_a_browser_that_asks_for_a_page_is_led_to_the_login_and_back(service: Operating) -> None:
    answer = service.ask("GET", "/sample/read?range=7d&sort=-plays", PAGE)
    assert (303, "/login?back=%2Fsample%2Fread%3Frange%3D7d%26sort%3D-plays") == (
        answer.status,
        answer.headers["location"],
    )
    assert (303, "/login") == (
        (changing := service.ask("POST", "/sample/read", PAGE)).status,
        changing.headers["location"],
    )


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/event-stream", "text/html;q=0.1, */*"])
def test_a_program_hears_401(service: Operating, accept: str) -> None:
    answer = service.ask("GET", "/sample/read", {"Accept": accept} if accept else {})
    assert (401, "application/problem+json") == (answer.status, answer.headers["content-type"])


def test_every_answer_behind_a_rule_has_the_headers_of_the_operators_pages(service: Operating) -> None:
    token, link = service.token(*Scope), service.link()
    asked = [("/sample/read", token), ("/sample/read", {}), ("/sample/unstated", token), ("/logout", token)]
    asked += [(f"/shared/{link}/read", {}), (f"/shared/{link}x/read", {}), ("/login", {}), ("/sample/breaks", token)]
    for path, sent in asked:
        answer = service.ask("GET", path, sent)
        assert headers.POLICY == answer.headers["content-security-policy"], path
        assert "no-store" == answer.headers["cache-control"], path
        assert "no-referrer" == answer.headers["referrer-policy"], path
        assert "nosniff" == answer.headers["x-content-type-options"], path
        assert "DENY" == answer.headers["x-frame-options"], path


def test_the_policy_lets_nothing_in_that_is_written_into_a_page() -> None:
    assert "unsafe" not in headers.POLICY
    assert headers.POLICY.startswith("default-src 'none';")
    assert headers.POLICY.endswith("frame-ancestors 'none'")


def test_cookies_are_set_by_signing_in_and_out_and_nowhere_else(service: Operating) -> None:
    """Every route, every method, with every way in; a stream is left after its headers."""
    operator = service.signed_in()
    link = service.link()
    session = session_of(operator)
    asked = 0
    for route in service.app.url_map.iter_rules():
        if route.endpoint in MAY_SET_COOKIES:
            continue
        for sent in ({}, session, service.token(*Scope)):
            for method in methods(route):
                told = service.heads(method, service.path(route, link), sent)
                assert "set-cookie:" not in told.lower(), (method, route)
                asked += 1
    assert asked > 50


def test_an_exception_names_the_route_in_the_log_and_no_address(
    service: Operating, caplog: pytest.LogCaptureFixture
) -> None:
    link = service.link()
    assert 500 == (service.ask("GET", f"/shared/{link}/breaks")).status
    assert "Exception in behind.breaks" in caplog.text
    assert link not in caplog.text
    caplog.clear()  # it was asked for


def test_anybody_is_no_scope() -> None:
    assert ANYBODY not in set(Scope)
