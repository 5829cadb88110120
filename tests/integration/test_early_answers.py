"""Answers that are known before the request is all there: the connection then ends in order, or goes on."""

import pytest

from tests.integration.conftest import Open
from tests.support.http import Client, request

REFUSED = [("PATCH", "/api/stats/home"), ("QUERY", "/api/event/play"), ("POST", "/nowhere"), ("PUT", "/api/catalog")]


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_who_never_sends_the_body_is_answered_and_the_connection_closed(
    open_service: Open, method: str, path: str
) -> None:
    with Client(open_service.reads) as client:
        client.send(request(method, path, {}, b"x" * 100)[:-50])
        answer = client.receive(method)
        assert answer.status in (401, 404, 405)
        assert "close" == answer.headers["connection"]
        assert client.ended()


@pytest.mark.parametrize(("method", "path"), REFUSED)
def test_who_sends_it_in_pieces_is_answered_and_may_go_on(open_service: Open, method: str, path: str) -> None:
    whole = request(method, path, {}, b"x" * 100)
    with Client(open_service.reads) as client:
        for _ in range(5):
            client.send(whole[:-50])
            client.send(whole[-50:])
            assert client.receive(method).status in (401, 404, 405)
        assert 200 == client.ask("GET", "/api/stats/home").status


def test_a_catalog_of_nobody_is_not_taken_in(open_service: Open) -> None:
    with Client(open_service.reads) as client:
        client.send(b"PUT /api/catalog HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\n12345\r\n")
        answer = client.receive()
        assert (401, "close") == (answer.status, answer.headers["connection"])
