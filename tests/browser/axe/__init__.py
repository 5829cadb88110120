"""Looks for barriers on a page with axe-core, which package-lock.json pins; for the tests alone."""

import fcntl
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from tracker.node import install_tools

HOME: Final = Path(__file__).parent
_RUN: Final = """() => axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html, failureSummary }) =>
        `${html.slice(0, 160)} ${failureSummary}`) })))"""
_SETTLED: Final = """() => Promise.allSettled(document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished))"""
_GRAVE: Final = ("serious", "critical")


def source() -> str:
    """axe-core's script, installed once for all test processes."""
    with (HOME / "package.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        install_tools(HOME)
    return (HOME / "node_modules/axe-core/axe.min.js").read_text("utf-8")


def barriers(page: Page, axe: str) -> list[str]:
    """What is serious or critical, one sentence each. The page's context must not keep to the page's policy.

    Once everything has faded in: colours on their way are no barrier.
    """
    page.evaluate(axe)
    page.evaluate(_SETTLED)
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [f"{one['id']}: {node}" for one in found if one["impact"] in _GRAVE for node in one["nodes"]]
