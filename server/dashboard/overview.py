"""The first page: all plays, and what this range brought, against the one before."""

from typing import Final

from quart import Blueprint

from server.access.rules import Rule
from server.dashboard import asked, story, summary
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page
from storage.figures import SITE

ACCESS: Final[dict[str, Rule]] = access("overview")


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes."""

    async def build() -> Sheet:
        span = await asked.span(desk)
        told = await desk.database.run(story.read, SITE, span, tokens=desk.counted().token)
        assert told is not None, "the site itself is always there"
        says = summary.says(told, desk) | {"asked": asked.picker(span)}
        return Sheet(
            "dashboard/overview.html",
            "overview",
            says,
            [story.table(told, desk.listeners)],
            story.pictures(told, desk.listeners),
        )

    add_page(routes, "overview", build, path="/")
