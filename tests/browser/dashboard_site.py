"""A service whose database has a year and more in it, and its operator in a browser who tolerates no complaint."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import trio
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from storage.bridge import Address, open_database
from tests.browser.visitor import ordinary
from tests.support.dashboard import ENVIRONMENT, OPERATOR
from tests.support.filled import Music, fill_database
from tests.support.postgres import Postgres, rows
from tests.support.service import Service, serving

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True)
class Site:
    """`music` is what the generator made; None where nothing is there yet."""

    service: Service
    url: str
    music: Music | None

    def query(self, statement: str, *args: object) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            async with open_database(Address(url=self.url), connections=1) as database:
                return await rows(database, statement, *args)

        return trio.run(run)


@contextmanager
def dashboard(folder: Path, postgres: Postgres, *, events: int, seed: int = 1) -> Iterator[Site]:
    """With no events, a database that is empty."""
    url = postgres.new_database()
    music = fill_database(url, seed=seed, events=events) if events else None
    with serving(folder / "data", {**ENVIRONMENT, "TONEARM_DATABASE_URL": url}) as service:
        yield Site(service, url, music)


@dataclass  # no slots: Playwright keeps a note on whoever listens
class Operator:
    """What went wrong on the way is in `complaints`: of the console, of pages, and requests to elsewhere."""

    site: Site
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """`path` beneath /dashboard/; the page has come to rest."""
        page = self.context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{self.site.service.url}/dashboard/{path}", wait_until="networkidle")
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")


@contextmanager
def operating(
    browser: Browser,
    site: Site,
    *,
    width: int = 1280,
    scheme: Scheme = "light",
    scripts: bool = True,
    bypass_csp: bool = False,
) -> Iterator[Operator]:
    """`bypass_csp`: a test may run a script of its own on the page, against the page's policy."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 600 else 800},
        color_scheme=scheme,
        user_agent=ordinary(browser),
        extra_http_headers=OPERATOR,
        java_script_enabled=scripts,
        bypass_csp=bypass_csp,
    )
    operator = Operator(site, context)

    def watch(url: str) -> None:
        if not url.startswith((site.service.url, "blob:")):
            operator.complaints.append(f"a request to {url}")

    context.on("request", lambda request: watch(request.url))
    try:
        yield operator
    finally:
        context.close()
    assert [] == operator.complaints
