"""The random first-party id in the browser: there where the mode has a use for it, and nowhere else."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from server.demo.discography import Discography
from tests.browser.conftest import DEMO, Visiting
from tests.browser.figures import Figures
from tests.browser.test_shares import copy
from tests.browser.visitor import Visitor, visiting
from tests.support.service import Service, eventually, serving

pytestmark = [pytest.mark.chromium, pytest.mark.full]

TRACK = "night-ferry/harbour-lights"  # 8 s
RELEASE = "night-ferry"
LONG = "ebb-and-flow/one-long-tide"  # 95 s: a listen of less than 3 s is none
FOUND = "0d5f3a52-6a68-4a8e-9a55-0f7c7a4d7b10"
"""An id that a browser has kept from an earlier visit."""
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' });"


def play_through(visitor: Visitor, times: int = 1) -> str | None:
    """Play the short track to its end; the id that is stored afterwards."""
    page, player = visitor.listen(f"/track/{TRACK}", rate=8)
    for count in range(times):
        player.press().ends(count + 1)
    found = visitor.stored_id(page)
    page.close(run_before_unload=True)
    return found


def listeners(figures: Figures) -> list[int | None]:
    return [figures.of(target)["listeners"] for target in ("home", f"track/{TRACK}", f"release/{RELEASE}")]


def more(before: list[int | None], by: int) -> list[int | None]:
    return [None if count is None else count + by for count in before]


def test_two_plays_of_one_browser_are_one_listener(figures: Figures, visitor: Visitor) -> None:
    before = listeners(figures)
    with figures.rise_by({f"track/{TRACK}": {"complete": 3}}):
        stored = play_through(visitor, 2)
        assert stored == play_through(visitor)
    assert stored is not None
    assert 4 == uuid.UUID(stored).version
    assert [stored] * 3 == [play["anonId"] for play in visitor.sent("play")]
    assert more(before, 1) == listeners(figures)


def test_plays_of_two_browsers_are_two_listeners(figures: Figures, visit: Visiting) -> None:
    before = listeners(figures)
    with figures.rise_by({f"track/{TRACK}": {"complete": 2}}):
        with visit() as one:
            first = play_through(one)
        with visit() as other:
            second = play_through(other)
    assert None not in (first, second)
    assert first != second
    assert more(before, 2) == listeners(figures)


def test_nothing_is_stored_before_a_play_counts(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({}):
        page, player = visitor.listen(f"/track/{LONG}")
        assert 0 == page.evaluate("localStorage.length")
        player.press().reach(0.1)
        player.press()
        assert 0 == page.evaluate("localStorage.length")
        visitor.leave(page)
        assert 0 == page.evaluate("localStorage.length")
    assert [] == visitor.context.cookies()


def test_a_share_carries_no_id(figures: Figures, visit: Visiting) -> None:
    with figures.rise_by({f"track/{TRACK}": {"link": 1}}), visit(stored_id=FOUND) as visitor:
        page = visitor.open(f"/track/{TRACK}")
        copy(page, f"track:{TRACK}")
        assert FOUND == visitor.stored_id(page)
    assert [{"targetType": "track", "targetKey": TRACK, "channel": "link"}] == visitor.sent("share")


@pytest.mark.parametrize(("header", "script"), [("Sec-GPC", GPC), ("DNT", DNT)], ids=["GPC", "DNT"])
def test_a_browser_that_objects_is_counted_without_an_id(
    figures: Figures, visit: Visiting, header: str, script: str
) -> None:
    before = listeners(figures)
    with figures.rise_by({f"track/{TRACK}": {"complete": 1}}), visit(headers={header: "1"}, script=script) as visitor:
        assert play_through(visitor) is None
    assert [{"trackEntryKey": TRACK, "bucket": "complete", "optOut": True}] == visitor.sent("play")
    assert before == listeners(figures)


@pytest.mark.parametrize(("header", "script"), [("Sec-GPC", GPC), ("DNT", DNT)], ids=["GPC", "DNT"])
def test_an_id_found_in_a_browser_that_objects_is_removed(
    figures: Figures, visit: Visiting, header: str, script: str
) -> None:
    before = listeners(figures)
    with (
        figures.rise_by({f"track/{TRACK}": {"complete": 1}}),
        visit(headers={header: "1"}, script=script, stored_id=FOUND) as visitor,
    ):
        assert play_through(visitor) is None
    assert ["anonId" in play for play in visitor.sent("play")] == [False]
    assert before == listeners(figures)


def test_who_opts_out_is_forgotten_and_no_listener_any_more(figures: Figures, visit: Visiting) -> None:
    before = listeners(figures)
    with figures.rise_by({f"track/{TRACK}": {"complete": 3}}), visit() as visitor:
        stored = play_through(visitor)
        eventually(lambda: listeners(figures) == more(before, 1))
        page = visitor.open(f"/track/{TRACK}")
        page.evaluate("import('/tonearm.js').then((tonearm) => tonearm.optOut())")
        eventually(lambda: listeners(figures) == before)
        assert {"tonearm.optOut": "1"} == page.evaluate("({ ...localStorage })")
        assert play_through(visitor) is None
        assert [stored] == [forget["anonId"] for forget in visitor.sent("forget")]
        page.evaluate("import('/tonearm.js').then((tonearm) => tonearm.optIn())")
        assert play_through(visitor) not in (None, stored)
        eventually(lambda: listeners(figures) == more(before, 1))
    assert [None, True, None] == [play.get("optOut") for play in visitor.sent("play")]


@pytest.fixture(scope="module")
def service_off(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service in the mode `off`, with the music that the other one has made."""
    data_dir = tmp_path_factory.mktemp("off") / "data"
    data_dir.mkdir()
    (data_dir / "demo-audio").symlink_to(service.data_dir / "demo-audio")
    with serving(data_dir, DEMO | {"TONEARM_PRIVACY__MODE": "off"}) as running:
        yield running


def test_in_the_mode_off_plays_count_and_nothing_is_minted(
    browser: Browser, service_off: Service, music: Discography
) -> None:
    figures = Figures(service_off, music)
    with (
        figures.rise_by({f"track/{TRACK}": {"complete": 2}}),
        visiting(browser, service_off.url) as visitor,
    ):
        assert play_through(visitor, 2) is None
    assert [{"trackEntryKey": TRACK, "bucket": "complete"}] * 2 == visitor.sent("play")
    assert [None] * 3 == listeners(figures)
    assert "Every counter agrees" in service_off.command("check").stdout


def test_in_the_mode_off_an_id_found_is_removed_also_where_nothing_is_played(
    browser: Browser, service_off: Service, music: Discography
) -> None:
    with (
        Figures(service_off, music).rise_by({}),
        visiting(browser, service_off.url, stored_id=FOUND) as visitor,
    ):
        page = visitor.open("/")
        page.wait_for_load_state("networkidle")
        assert visitor.stored_id(page) is None
