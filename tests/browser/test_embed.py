"""The player in a frame: on the demo's own example page, and pasted into somebody else's site."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Frame, Page

from tests.browser.figures import Figures
from tests.browser.test_shares import copy, way
from tests.browser.visitor import FASTEST, Player, Visitor

pytestmark = pytest.mark.chromium

EMBEDDED = "ebb-and-flow/one-long-tide"  # 95 s, what the example page shows
PASTED = "night-ferry/engine-room"  # 32 s


def frame_of(page: Page) -> Frame:
    """The page's only frame, loaded."""
    iframe = page.wait_for_selector("iframe")
    assert iframe is not None
    iframe.scroll_into_view_if_needed()
    frame = iframe.content_frame()
    assert frame is not None
    frame.wait_for_selector("[data-demo-state]")
    return frame


@contextmanager
def blog(snippet: str) -> Iterator[str]:
    """Somebody else's site with that snippet on its page: `localhost` is another site to a browser than `127.0.0.1`."""

    class Post(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Blog</title><link rel=icon href=data:,>{snippet}".encode())

        def log_message(self, *_: object) -> None:
            """Keeps the test's output its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/post"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.full
@pytest.mark.parametrize(("seconds", "bucket"), [(10, "partial"), (40, "sampled"), (80, "complete")])
def test_a_play_in_the_frame_is_one_play(figures: Figures, visitor: Visitor, seconds: int, bucket: str) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {bucket: 1}}):
        page = visitor.open("/embed-example")
        player = Player(frame_of(page)).tempo(FASTEST)
        player.press().reach(seconds)
        page.goto(f"{visitor.site}/")


@pytest.mark.full
def test_a_frame_played_to_the_end_is_one_complete_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"complete": 1}}):
        page = visitor.open("/embed-example")
        assert [EMBEDDED] == Player(frame_of(page)).tempo(FASTEST).press().ends(1)
        page.close(run_before_unload=True)


@pytest.mark.full
def test_a_frame_that_is_taken_off_the_page_while_it_plays_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"partial": 1}}):
        page = visitor.open("/embed-example")
        Player(frame_of(page)).tempo(4).press().reach(5)
        page.evaluate("document.querySelector('iframe').remove()")


def test_a_link_copied_in_the_frame_is_one_share(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{EMBEDDED}": {"link": 1}}):
        page = visitor.open("/embed-example")
        frame = frame_of(page)
        way(frame, f"track:{EMBEDDED}").click()
        frame.wait_for_selector("[data-tonearm-state=copied]")
        assert f"{visitor.site}/track/{EMBEDDED}?tonearm=link" == visitor.copied(page)


@pytest.mark.full
def test_a_copied_embed_plays_on_another_site_and_is_one_play(figures: Figures, visitor: Visitor) -> None:
    with figures.rise_by({f"track/{PASTED}": {"embed": 1, "sampled": 1}}):
        page = visitor.open(f"/track/{PASTED}")
        copy(page, f"track:{PASTED}", "embed")
        snippet = visitor.copied(page)
        with blog(snippet) as address:
            page.goto(address)
            Player(frame_of(page)).tempo(FASTEST).press().reach(14)
            page.goto("about:blank")
