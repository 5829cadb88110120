"""The demo's pages in a real application: complete, linked without a gap, strict in their policy, audio seekable."""

import html
import re
import wave
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest
from quart.typing import TestClientProtocol as Client
from quart_trio import QuartTrio
from quart_trio.testing import connections

from server.demo.audio import audio_path
from server.demo.byte_range import ByteRange, parse_range
from server.demo.discography import Release, Track, load
from server.demo.pages import blueprint

MUSIC = load()
GROUNDS = ("ferry", "lamp-room", "tide", "reel")  # of the records' pages
UMLAUT = "night-ferry/über-wasser"
UMLAUT_URL = "night-ferry/%C3%BCber-wasser"
ELSEWHERE = "/tonearm.js"  # the main application's
COLOURS = Path(__file__).parents[2] / "server" / "demo" / "static" / "colours.css"
RECORDED = "soundcheck"
FILES = sorted(path.name for path in COLOURS.parent.iterdir())


class Page(HTMLParser):
    """What a browser would see: elements with attributes, and the text inside script and style elements."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inline: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._within = tag

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"} and data.strip():
            self.inline.append(data)

    def handle_endtag(self, _tag: str) -> None:
        self._within = ""

    def having(self, name: str, value: str | None = None) -> list[dict[str, str]]:
        return [at for _, at in self.elements if name in at and (value is None or at[name] == value)]

    def addresses(self) -> Iterator[str]:
        for _, attributes in self.elements:
            for name in ("href", "src", "data-demo-src", "data-demo-page", "data-tonearm-url"):
                if name in attributes:
                    yield attributes[name]


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One short recording of known bytes; the others are not made yet."""
    directory = tmp_path_factory.mktemp("recordings")
    with wave.open(str(audio_path(directory, RECORDED)), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(22_050)
        recording.writeframes(bytes(range(256)) * 400)
    return directory


@pytest.fixture
def client(recordings: Path) -> Client:
    app = QuartTrio(__name__)
    app.register_blueprint(blueprint(recordings))
    return app.test_client()


async def page_at(client: Client, address: str, status: int = 200) -> Page:
    response = await client.get(address)
    assert status == response.status_code
    assert "text/html; charset=utf-8" == response.headers["Content-Type"]
    return Page(await response.get_data(as_text=True))


ADDRESSES = [
    "/",
    "/embed-example",
    "/how-we-count",
    *(f"/release/{release.key}" for release in MUSIC.releases),
    *(f"/{kind}/{track.key}" for kind in ("track", "embed") for track in MUSIC.tracks),
]


@pytest.mark.parametrize("address", [*ADDRESSES, "/track/nowhere"])
async def test_page_has_no_inline_script_and_no_inline_style(client: Client, address: str) -> None:
    page = await page_at(client, address, 404 if "nowhere" in address else 200)
    assert [] == page.inline
    assert [] == page.having("style")
    assert [] == [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "style" not in {tag for tag, _ in page.elements}


async def test_every_internal_link_of_every_page_leads_somewhere(client: Client) -> None:
    seen, waiting = {ELSEWHERE}, ["/"]
    pages: dict[str, Page] = {}
    fragments: set[tuple[str, str]] = set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = await client.get(address)
        expected = {200, 503} if address.startswith("/audio/") else {200}
        assert response.status_code in expected, address
        if response.mimetype != "text/html":
            continue
        pages[address] = Page(await response.get_data(as_text=True))
        for target in pages[address].addresses():
            whole, fragment = urldefrag(urljoin(f"http://localhost{address}", target))
            parts = urlsplit(whole)
            assert "localhost" == parts.netloc, f"{address} asks another host: {target}"
            inside = parts.path + (f"?{parts.query}" if parts.query else "")
            if fragment:
                fragments.add((inside, fragment))
            if inside not in seen and inside not in waiting:
                waiting.append(inside)
    assert set(ADDRESSES) == {unquote(address).removesuffix("?tonearm=embed") for address in pages}
    for address, fragment in fragments:
        assert pages[address].having("id", fragment), f"{address}#{fragment}"


@pytest.mark.parametrize("address", ["/", "/release/night-ferry", f"/track/{UMLAUT}", f"/embed/{UMLAUT}"])
async def test_page_has_one_audio_element_with_the_trackers_attribute_and_does_not_play_by_itself(
    client: Client, address: str
) -> None:
    page = await page_at(client, address)
    [audio] = [attributes for tag, attributes in page.elements if tag == "audio"]
    assert audio["data-tonearm-track"] in MUSIC.track_by_key
    assert "none" == audio["preload"]
    assert "autoplay" not in audio
    assert 1 == len(page.having("id", "player"))
    assert {"type": "module", "src": "/tonearm.js"} in [at for tag, at in page.elements if tag == "script"]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("/", {}),
        ("/release/night-ferry", {"release": "night-ferry"}),
        (f"/track/{UMLAUT}", {"track": UMLAUT}),
    ],
)
async def test_page_has_the_plays_card_of_what_it_is_about(
    client: Client, address: str, counted: dict[str, str]
) -> None:
    page = await page_at(client, address)
    [card] = [attributes for tag, attributes in page.elements if tag == "tonearm-plays"]
    assert counted == {name: value for name, value in card.items() if name != "class"}


@pytest.mark.parametrize("address", ["/", "/release/night-ferry", f"/track/{UMLAUT}", f"/embed/{UMLAUT}"])
async def test_every_share_menu_is_opened_and_closed_by_a_button_that_names_it(client: Client, address: str) -> None:
    page = await page_at(client, address)
    menus = [at["id"] for at in page.having("popover")]
    assert menus
    assert len(set(menus)) == len(menus)
    for menu in menus:
        opener, close = page.having("popovertarget", menu)
        assert opener["aria-label"].startswith("Share ")
        assert ("hide", "Close") == (close["popovertargetaction"], close["aria-label"])


async def test_every_page_of_the_site_links_to_how_we_count(client: Client) -> None:
    for address in ("/", "/release/night-ferry", f"/track/{UMLAUT}", "/how-we-count"):
        page = await page_at(client, address)
        assert "/how-we-count" in {at.get("href") for tag, at in page.elements if tag == "a"}


@pytest.mark.parametrize("track", MUSIC.tracks, ids=lambda track: track.key)
async def test_track_page_leads_to_its_neighbours_on_the_record(client: Client, track: Track) -> None:
    page = await page_at(client, f"/track/{track.key}")
    release = MUSIC.release_of(track)
    keys = [each.key for each in release.tracks] if release else [track.key]
    place = keys.index(track.key)
    for relation, near in (("prev", keys[:place][-1:]), ("next", keys[place + 1 :][:1])):
        assert [f"/track/{key}" for key in near] == [unquote(at["href"]) for at in page.having("rel", relation)]


async def test_home_has_play_and_share_buttons_of_every_track(client: Client) -> None:
    page = await page_at(client, "/")
    for track in MUSIC.tracks:
        check_play_button(page, track)
        check_share_buttons(page, track)


@pytest.mark.parametrize("release", MUSIC.releases, ids=lambda release: release.key)
async def test_release_plays_its_tracks_in_order_and_can_be_shared(client: Client, release: Release) -> None:
    page = await page_at(client, f"/release/{release.key}")
    copy, send = page.having("data-tonearm-share", f"release:{release.key}")
    assert "link" == copy["data-tonearm-channel"] == send["data-tonearm-channel"]
    assert f"http://localhost/release/{release.key}" == copy["data-tonearm-url"] == send["data-tonearm-url"]
    assert "data-tonearm-native" in send
    assert [track.key for track in release.tracks] == [at["data-demo-play"] for at in page.having("data-demo-play")]
    assert 1 == len(page.having("data-demo-advance"))


@pytest.mark.parametrize("track", MUSIC.tracks, ids=lambda track: track.key)
async def test_track_page_plays_and_shares_its_track(client: Client, track: Track) -> None:
    page = await page_at(client, f"/track/{track.key}")
    assert 1 == len(page.having("data-tonearm-track", track.key))
    check_play_button(page, track)
    check_share_buttons(page, track)


@pytest.mark.parametrize("track", MUSIC.tracks, ids=lambda track: track.key)
async def test_copied_embed_code_shows_the_same_track(client: Client, track: Track) -> None:
    page = await page_at(client, f"/track/{track.key}")
    [button] = [at for at in page.having("data-tonearm-share") if at["data-tonearm-channel"] == "embed"]
    [(tag, frame)] = Page(button["data-tonearm-text"]).elements
    assert ("iframe", "480", "140") == (tag, frame["width"], frame["height"])
    embed = await page_at(client, urlsplit(frame["src"]).path)
    assert 1 == len(embed.having("data-tonearm-track", track.key))
    check_play_button(embed, track)


async def test_example_page_frames_an_embed_and_shows_the_code_for_it(client: Client) -> None:
    response = await client.get("/embed-example")
    text = await response.get_data(as_text=True)
    [frame] = [at for tag, at in Page(text).elements if tag == "iframe"]
    await page_at(client, urlsplit(frame["src"]).path)
    [code] = re.findall("<code>(.*?)</code>", text, re.DOTALL)
    assert [("iframe", frame)] == Page(html.unescape(code)).elements


async def test_only_the_embed_may_be_framed_by_others(client: Client) -> None:
    embed = await client.get(f"/embed/{UMLAUT_URL}")
    track = await client.get(f"/track/{UMLAUT_URL}")
    assert embed.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    assert track.headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    for response in (embed, track):
        assert "script-src 'self'; style-src 'self'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("kind", ["release", "track", "embed"])
@pytest.mark.parametrize("key", ["nowhere", "night-ferry/nowhere", "a" * 300, "%3Cscript%3E", "night-ferry//", ".."])
async def test_an_unknown_key_gets_a_friendly_404(client: Client, kind: str, key: str) -> None:
    page = await page_at(client, f"/{kind}/{key}", 404)
    assert {"href": "/", "class": "button"} in page.having("class", "button")
    assert [] == page.having("data-tonearm-track")


async def test_a_release_is_no_track_and_a_track_no_release(client: Client) -> None:
    await page_at(client, "/track/night-ferry", 404)
    await page_at(client, "/release/soundcheck", 404)


@pytest.mark.parametrize("name", FILES)
async def test_static_file_is_cached_for_good_under_its_versioned_name_only(client: Client, name: str) -> None:
    plain = await client.get(f"/demo/static/{name}")
    versioned = await client.get(f"/demo/static/{name}?v=1")
    assert "public, max-age=300" == plain.headers["Cache-Control"]
    assert "public, max-age=31536000, immutable" == versioned.headers["Cache-Control"]
    again = await client.get(f"/demo/static/{name}", headers={"If-None-Match": plain.headers["ETag"]})
    assert 304 == again.status_code


async def test_static_files_outside_their_folder_are_not_served(client: Client) -> None:
    assert 404 == (await client.get("/demo/static/../pages.py")).status_code
    assert 404 == (await client.get("/demo/static/%2e%2e/pages.py")).status_code


async def test_whole_recording_is_served_with_length_type_and_etag(client: Client, recordings: Path) -> None:
    whole = audio_path(recordings, RECORDED).read_bytes()
    response = await client.get(f"/audio/{RECORDED}.wav")
    assert 200 == response.status_code
    assert whole == await response.get_data()
    assert str(len(whole)) == response.headers["Content-Length"]
    assert "audio/wav" == response.headers["Content-Type"]
    assert "bytes" == response.headers["Accept-Ranges"]


async def test_head_of_a_recording_has_its_length_and_no_body(client: Client, recordings: Path) -> None:
    # The finished response of the test client counts the body it got anew; the connection has the headers as sent.
    async with client.request(f"/audio/{RECORDED}.wav", method="HEAD") as connection:
        await connection.send_complete()
        await connection.receive()
    assert isinstance(connection, connections.TestHTTPConnection)
    assert connection.headers is not None
    assert str(audio_path(recordings, RECORDED).stat().st_size) == connection.headers["Content-Length"]
    assert b"" == await (await connection.as_response()).get_data()


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-", 0, 102_444),
        ("bytes=0-0", 0, 1),
        ("bytes=1000-2999", 1_000, 3_000),
        ("bytes=102400-", 102_400, 102_444),
        ("bytes=102400-999999", 102_400, 102_444),
        ("bytes=-44", 102_400, 102_444),
        ("bytes=-999999", 0, 102_444),
    ],
)
async def test_a_range_is_answered_with_exactly_these_bytes(
    client: Client, recordings: Path, asked: str, begin: int, end: int
) -> None:
    response = await client.get(f"/audio/{RECORDED}.wav", headers={"Range": asked})
    assert 206 == response.status_code
    assert audio_path(recordings, RECORDED).read_bytes()[begin:end] == await response.get_data()
    assert f"bytes {begin}-{end - 1}/102444" == response.headers["Content-Range"]
    assert str(end - begin) == response.headers["Content-Length"]


@pytest.mark.parametrize("asked", ["bytes=102444-", "bytes=999999-1000000", "bytes=-0"])
async def test_a_range_beyond_the_end_is_416_and_tells_the_length(client: Client, asked: str) -> None:
    response = await client.get(f"/audio/{RECORDED}.wav", headers={"Range": asked})
    assert 416 == response.status_code
    assert "bytes */102444" == response.headers["Content-Range"]


@pytest.mark.parametrize(
    "asked", ["bytes=9-3", "bytes=-", "bytes=a-b", "lines=0-1", "bytes=0-1,5-9", "", "bytes=" + "9" * 5_000 + "-"]
)
async def test_a_range_that_cannot_be_read_is_ignored(client: Client, asked: str) -> None:
    response = await client.get(f"/audio/{RECORDED}.wav", headers={"Range": asked})
    assert 200 == response.status_code
    assert 102_444 == len(await response.get_data())


async def test_a_known_recording_is_not_sent_again(client: Client) -> None:
    etag = (await client.get(f"/audio/{RECORDED}.wav")).headers["ETag"]
    again = await client.get(f"/audio/{RECORDED}.wav", headers={"If-None-Match": etag})
    assert 304 == again.status_code
    assert b"" == await again.get_data()


async def test_a_range_of_another_edition_gets_the_whole_recording(client: Client) -> None:
    etag = (await client.get(f"/audio/{RECORDED}.wav")).headers["ETag"]
    same = await client.get(f"/audio/{RECORDED}.wav", headers={"Range": "bytes=0-9", "If-Range": etag})
    other = await client.get(f"/audio/{RECORDED}.wav", headers={"Range": "bytes=0-9", "If-Range": '"old"'})
    assert (206, 200) == (same.status_code, other.status_code)


async def test_a_recording_still_being_made_is_503_and_its_pages_work(client: Client) -> None:
    response = await client.get(f"/audio/{UMLAUT_URL}.wav")
    assert 503 == response.status_code
    assert "5" == response.headers["Retry-After"]
    await page_at(client, f"/track/{UMLAUT_URL}")


@pytest.mark.parametrize("key", ["nowhere", "..%2fnight-ferry", "night-ferry"])
async def test_audio_of_an_unknown_key_is_404(client: Client, key: str) -> None:
    assert 404 == (await client.get(f"/audio/{key}.wav")).status_code


@pytest.mark.parametrize("size", [1, 2, 10, 1_000])
def test_a_range_never_leaves_the_file(size: int) -> None:
    numbers = ("", "0", "1", str(size - 1), str(size), str(size + 1), str(10**17))
    for header in (f"bytes={first}-{last}" for first in numbers for last in numbers):
        found = parse_range(header, size)
        if isinstance(found, ByteRange):
            assert 0 <= found.begin < found.end <= size, header


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_colours_keep_aa_contrast(dark: bool) -> None:
    colour = colours(dark)
    for words, ground in (
        *((words, ground) for words in ("ink", "muted", "accent", "accent-strong") for ground in ("paper", "raised")),
        *((words, "night") for words in ("on-night", "on-night-muted", "lamp")),
        *(("on-accent", ground) for ground in ("accent", "accent-strong")),
        *(("on-lamp", ground) for ground in ("lamp", "lamp-strong")),
        ("wrong", "raised"),
        *(("on-night", ground) for ground in GROUNDS),
        *(("lamp", ground) for ground in GROUNDS),
        *(("on-night-muted", ground) for ground in ("ferry", "reel")),
        *((f"{ground}-muted", ground) for ground in ("lamp-room", "tide")),
        ("tonearm-digit", "tonearm-drum"),
    ):
        assert contrast(colour[words], colour[ground]) >= 4.5, f"{words} on {ground}"
    for ground in GROUNDS:
        assert contrast(colour[f"{ground}-wave"], colour[ground]) >= 3, ground
        assert contrast(colour["lamp"], colour[f"{ground}-wave"]) >= 1.5, f"played and not played on {ground}"
    marks = (
        "tonearm-partial",
        "tonearm-sampled",
        "tonearm-complete",
        "focus",
        "wave-rest",
        "wave-done",
        "edge-of-control",
    )
    for mark in marks:
        assert min(contrast(colour[mark], colour[ground]) for ground in ("paper", "raised")) >= 3, mark


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_bucket_colours_are_told_apart_by_depth_alone(dark: bool) -> None:
    colour = colours(dark)
    depths = [contrast(colour[f"tonearm-{bucket}"], colour["paper"]) for bucket in ("partial", "sampled", "complete")]
    assert depths == sorted(depths)
    assert min(after / before for before, after in pairwise(depths)) >= 1.6


def check_play_button(page: Page, track: Track) -> None:
    [button] = page.having("data-demo-play", track.key)
    assert f"Play {track.title}" == button["aria-label"]
    assert f"/audio/{track.key}.wav" == unquote(button["data-demo-src"])


def check_share_buttons(page: Page, track: Track) -> None:
    buttons = page.having("data-tonearm-share", f"track:{track.key}")
    by_channel = {at["data-tonearm-channel"]: at for at in buttons if "data-tonearm-native" not in at}
    assert {"link", "embed"} == set(by_channel)
    [send] = [at for at in buttons if "data-tonearm-native" in at]
    assert "hidden" in send  # until the page's script knows that this browser can
    assert by_channel["link"]["data-tonearm-url"] == send["data-tonearm-url"]
    assert f"http://localhost/track/{track.key}" == unquote(by_channel["link"]["data-tonearm-url"])
    assert by_channel["embed"]["data-tonearm-text"].startswith('<iframe src="http://localhost/embed/')


def colours(dark: bool) -> dict[str, str]:
    light_part, dark_part = COLOURS.read_text("utf-8").split("@media")
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light_part + (dark_part if dark else ""))
    return dict(found)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
