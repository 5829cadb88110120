"""Links between pages lead somewhere when the pages are read in the repository; the build holds those of the site."""

import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.docs.claims import pages
from tests.support.blocks import ROOT, prose

PAGES: Final = [*pages(), "CHANGELOG.md"]
_LINK: Final = re.compile(r"\]\(\s*([^)\s]+)\s*\)")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading_of_it(page: str) -> None:
    text = prose((ROOT / page).read_text("utf-8"))
    assert [] == [target for target in _LINK.findall(text) if not leads_somewhere(ROOT / page, target)]


def leads_somewhere(page: Path, target: str) -> bool:
    if re.match(r"[a-z]+:", target):
        return True  # elsewhere on the network, which no test asks
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    return file.is_file() and (not anchor or anchor in anchors(file))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Of its headings, as the repository's host makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page.read_text("utf-8")), re.MULTILINE)
    words = [re.sub(r"[^\w\- ]", "", heading).strip().lower() for heading in headings]
    return frozenset(each.replace(" ", "-") for each in words)
