"""The real service in this process, so that a test can look at its routes; with some sample pages of the operator."""

import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import pytest
import trio
from pydantic import SecretStr
from quart import Blueprint, Response, g
from quart_trio import QuartTrio
from werkzeug.routing import Rule as Route

from privacy.modes import Mode
from server import app as apps
from server.access import tokens
from server.access.rules import ANYBODY, Rule, Scope
from server.config import Access, Beacon, Config, Http
from server.console import Console
from server.live import Live
from server.main import main as service_main
from server.tree import Chance
from storage import access
from storage.bridge import Address, Connection, open_database
from tests.support.http import TIMEOUT_S, Answer, Door, ask, request
from tests.support.operator import PASSWORD, Operator, cheap_hash

P = ParamSpec("P")
T = TypeVar("T")

SAMPLES: Final[dict[str, Rule]] = {
    **{f"sample.{scope}": scope for scope in Scope},
    "sample.open": ANYBODY,
    "sample.breaks": Scope.READ,
    "behind.read": Scope.READ,
    "behind.admin": Scope.ADMIN,
    "behind.breaks": Scope.READ,
}
"""A page of each kind, at `/sample/` for the operator and at `/shared/LINK/` behind a share link."""


def _samples(name: str) -> Blueprint:
    routes = Blueprint(name, __name__)
    endpoints = [*Scope, "open", "unstated", "breaks"]

    async def page(link: str = "") -> Response:
        return Response(f"caller: {g.caller.how}" if g.get("caller") else "caller: anybody", content_type="text/plain")

    async def breaks(link: str = "") -> Response:
        raise ZeroDivisionError

    for endpoint in endpoints:
        view = breaks if endpoint == "breaks" else page
        routes.add_url_rule(f"/{endpoint}", endpoint, view, methods=["GET", "POST", "PUT", "DELETE"])
    return routes


@dataclass(frozen=True, slots=True)
class Operating:
    """A running service and the app it serves."""

    app: QuartTrio
    rules: Mapping[str, Rule]
    url: str
    database_url: str

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Answer:
        return ask(Door.at(self.url), method, path, headers, body)

    def heads(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> str:
        """The answer's headers alone, for what may never end."""
        door = Door.at(self.url)
        with socket.create_connection((door.host, door.port), TIMEOUT_S) as connection:
            connection.sendall(request(method, path, headers))
            received = b""
            while b"\r\n\r\n" not in received:
                more = connection.recv(65536)
                assert more, received
                received += more
        return received.partition(b"\r\n\r\n")[0].decode("latin-1")

    def run(self, work: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """On its database."""

        async def connected() -> T:
            async with open_database(Address(url=self.database_url), connections=1) as database:
                return await database.run(work, *args, **kwargs)

        return trio.run(connected)

    def token(self, *scopes: Scope) -> dict[str, str]:
        """A fresh one with these, as a header; its name is its last nine characters."""
        made = tokens.make_token(secrets.token_bytes)
        assert self.run(access.make, "api", made[-9:], list(scopes), tokens.digest(made))
        return {"Authorization": f"Bearer {made}"}

    def link(self) -> str:
        """A fresh one; its name is the same."""
        made = tokens.make_share(secrets.token_bytes)
        assert self.run(access.make, "share", made, [Scope.READ], tokens.digest(made))
        return made

    def signed_in(self) -> Operator:
        """A browser with a session."""
        operator = Operator(self.url)
        assert 303 == operator.sign_in(PASSWORD).status
        return operator

    def closed(self) -> list[Route]:
        """The routes that are not for anybody."""
        return [route for route in self.app.url_map.iter_rules() if self.rules.get(route.endpoint) != ANYBODY]

    def path(self, route: Route, link: str = "x" * 32) -> str:
        """An address of this route; keys and the like are `x`."""
        values: dict[str, Any] = {name: 1 if "Integer" in type(c).__name__ else "x" for name, c in _of(route)}
        if route.rule.startswith("/shared/"):
            values[next(iter(values))] = link  # whatever the route calls it, it is the first part of the address
        return str(self.app.url_map.bind("tonearm.example").build(route.endpoint, values, append_unknown=False))


def _of(route: Route) -> list[tuple[str, object]]:
    return list(route._converters.items())


def methods(route: Route) -> list[str]:
    """Those it was made for."""
    return sorted((route.methods or set()) - {"OPTIONS"})


@contextmanager
def operating(database_url: str, data_dir: Path, now: Callable[[], float] = time.time) -> Iterator[Operating]:
    """In a thread of its own, until the block ends; its password is PASSWORD, `now` its clock."""
    built: list[QuartTrio] = []
    build, rules = apps.build, apps.access_rules() | SAMPLES

    def build_and_keep(parts: apps.Parts) -> QuartTrio:
        app = build(replace(parts, demo_audio=data_dir))
        app.register_blueprint(_samples("sample"), url_prefix="/sample")
        app.register_blueprint(_samples("behind"), url_prefix="/shared/<link>")
        built.append(app)
        return app

    with ExitStack() as running:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(apps, "build", build_and_keep)
            patch.setattr(apps, "access_rules", lambda: rules)
            url = running.enter_context(_in_a_thread(_config(database_url, data_dir), now))
        service = Operating(built[0], rules, url, database_url)
        service.run(access.put_password, cheap_hash(PASSWORD), secrets.token_bytes(32))
        yield service


def _config(database_url: str, data_dir: Path) -> Config:
    return Config(
        data_dir=data_dir,
        database_url=SecretStr(database_url),
        http=Http(bind="127.0.0.1:0"),
        beacon=Beacon(bind="127.0.0.1:0"),
        access=Access(logins_per_minute=6000),
    )


@contextmanager
def _in_a_thread(config: Config, now: Callable[[], float]) -> Iterator[str]:
    """`server.main.main`; yields where it listens."""
    ready: Future[tuple[str, trio.lowlevel.TrioToken, trio.Event]] = Future()

    async def serve() -> None:
        stop = trio.Event()
        async with trio.open_nursery() as nursery:
            start = partial(service_main, chance=Chance(now=now))
            running = await nursery.start(start, config, Console(), stop, Live(Mode.ANON_ID))
            ready.set_result((running.url, trio.lowlevel.current_trio_token(), stop))

    with ThreadPoolExecutor(1) as pool:
        served = pool.submit(trio.run, serve)
        served.add_done_callback(
            lambda done: None if ready.done() else ready.set_exception(done.exception() or EOFError())
        )
        url, token, stop = ready.result(60)
        try:
            yield url
        finally:
            token.run_sync_soon(stop.set)
            served.result(60)
