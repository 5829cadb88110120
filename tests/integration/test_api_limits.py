"""What the API does where it cannot answer: too many questions, a database that is away, eyes that may not see all."""

from pathlib import Path

import pytest

from tests.integration.api_service import OPERATOR, WAY_IN, filled_service, refused, token
from tests.support.filled import fill_database
from tests.support.http import Door, ask
from tests.support.postgres import Postgres
from tests.support.service import serving
from tests.support.stoppable_postgres import StoppablePostgres


@pytest.mark.full
def test_who_asks_too_often_is_told_when_to_come_back_and_the_public_figures_go_on(
    postgres: Postgres, tmp_path: Path
) -> None:
    with filled_service(postgres, tmp_path, events=50, LIMITS__API_PER_MINUTE="2", LIMITS__API_BURST="3") as service:
        assert [200, 200, 200] == [service.get("/api/tracks").status for _ in range(3)]
        answer = service.get("/api/figures/home")
        assert "[limits] api_per_minute" in refused(answer, 429, "rate")
        assert 1 <= int(answer.headers["retry-after"]) <= 30
        refused(service.put("/track/a", {"title": "A"}), 429, "rate")
        for public in ("/api/stats/home", "/api/openapi.json", "/api/docs"):
            assert 200 == service.get(public).status
        refused(service.get("/api/tracks", {}), 401, "unauthorized")  # who is nobody has no rate to use up


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/tracks"), pytest.param("PUT", "/api/catalog/track/a", marks=pytest.mark.full)]
)
def test_without_a_database_it_says_so_and_answers_again_later(tmp_path: Path, method: str, path: str) -> None:
    server = StoppablePostgres(tmp_path / "postgres")
    with server as postgres:
        url = postgres.new_database()
        fill_database(url, events=20, days=3)
        with serving(tmp_path / "data", {**WAY_IN, "TONEARM_DATABASE_URL": url}) as service:
            door = Door.at(service.url)
            headers, body = {**OPERATOR, "Content-Type": "application/json"}, b'{"title": "A"}'
            server.stop()
            answer = ask(door, method, path, headers, body if method == "PUT" else None)
            assert "cannot be reached now" in refused(answer, 503, "database-unavailable")
            assert 5 == int(answer.headers["retry-after"])
            server.start()
            assert ask(door, method, path, headers, body if method == "PUT" else None).status in (200, 201)


@pytest.mark.full
def test_each_token_has_a_rate_of_its_own_and_its_scopes_alone(postgres: Postgres, tmp_path: Path) -> None:
    with filled_service(postgres, tmp_path, events=50, LIMITS__API_PER_MINUTE="1", LIMITS__API_BURST="2") as service:
        one, other = ({"Authorization": f"Bearer {token(service.service, scope)}"} for scope in ("read", "catalog"))
        as_json = {"Content-Type": "application/json"}
        assert 201 == service.put("/track/a", {"title": "A"}, other | as_json).status
        refused(service.put("/track/a", {"title": "A"}, one | as_json), 403, "forbidden")
        refused(service.get("/api/tracks", other), 403, "forbidden")
        assert [200, 200, 429] == [service.get("/api/tracks", one).status for _ in range(3)]
        assert 200 == service.put("/track/a", {"title": "A"}, other | as_json).status
