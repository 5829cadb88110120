"""The first page: all plays, and what this range brought, against the one before."""

from typing import Final

from quart import Blueprint

from server.access.rules import Rule
from server.dashboard.desk import Desk
from server.dashboard.page import Sheet, access, add_page

ACCESS: Final[dict[str, Rule]] = access("overview")


def add(routes: Blueprint, desk: Desk) -> None:
    """Its routes."""

    async def build() -> Sheet:
        return Sheet("dashboard/overview.html", "overview")

    add_page(routes, "overview", build, path="/")
