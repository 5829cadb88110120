"""The browser follows a mode that is switched while the service runs: an id comes and goes with its use."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from server.demo.discography import Discography
from tests.browser.conftest import DEMO
from tests.browser.figures import Figures
from tests.browser.test_listener_ids import TRACK, play_through
from tests.browser.visitor import Visitor, visiting
from tests.support.service import Service, eventually, serving

pytestmark = [pytest.mark.chromium, pytest.mark.full]


@pytest.fixture(scope="module")
def switched(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose mode stands in a file, with the music that the other one has made."""
    folder = tmp_path_factory.mktemp("switched")
    (folder / "data").mkdir()
    (folder / "data" / "demo-audio").symlink_to(service.data_dir / "demo-audio")
    file = folder / "tonearm.toml"
    file.write_text('[privacy]\nmode = "anon-id"\n')
    with serving(folder / "data", DEMO | {"TONEARM_CONFIG": str(file)}) as running:
        yield running


def fresh(visitor: Visitor) -> None:
    """A minute later, when the browser's copy of the mode has run out."""
    page = visitor.open("/")
    session = visitor.context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    page.close()


def test_an_id_comes_and_goes_with_the_mode(browser: Browser, switched: Service, music: Discography) -> None:
    figures = Figures(switched, music)
    with visiting(browser, switched.url) as visitor:
        minted = play_through(visitor)
        assert minted is not None
        switched.command("privacy", "mode", "daily-salt")
        fresh(visitor)
        assert play_through(visitor) is None
        switched.command("privacy", "mode", "both")
        fresh(visitor)
        again = play_through(visitor)
        assert again not in (None, minted)
        switched.command("privacy", "mode", "off")
        fresh(visitor)
        assert play_through(visitor) is None
        sent = [play.get("anonId") for play in visitor.sent("play")]
    assert [minted, None, again, None] == sent
    eventually(lambda: figures.of(f"track/{TRACK}")["totalPlays"] == 4)
    switched.command("privacy", "mode", "both")
    eventually(lambda: figures.of(f"track/{TRACK}")["listeners"] == 2)
    assert 1 == figures.of(f"track/{TRACK}")["listenersToday"]
    assert "Every counter agrees" in switched.command("check").stdout
