"""The login page in a real browser: without a script, from the keyboard, on a phone, light and dark."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import axe
from tests.integration.operating import Operating, operating
from tests.support.operator import PASSWORD
from tests.support.postgres import Postgres

pytestmark = pytest.mark.chromium

PHONE = (320, 568)
DESKTOP = (1280, 800)
AA = 4.5
# The contrast of what is written against what is painted behind it (WCAG 2.2 §1.4.3), of every element with text.
CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("body *")]
    .filter((e) => !e.closest(".drums") && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((e) => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      return [e.textContent.trim().slice(0, 40), (a + 0.05) / (b + 0.05)];
    });
}
"""


@pytest.fixture(scope="module")
def operated(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operating]:
    with operating(postgres.new_database(), tmp_path_factory.mktemp("operated")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Without scripts, on the smallest phone."""
    width, height = PHONE
    context = browser.new_context(java_script_enabled=False, viewport={"width": width, "height": height})
    yield context.new_page()
    context.close()


def field(page: Page) -> Locator:
    return page.get_by_label("password", exact=False)


def at(service: Operating, path: str) -> str:
    return service.url.rstrip("/") + path


def test_signing_in_from_the_keyboard_leads_back_and_signing_out_ends_it(operated: Operating, page: Page) -> None:
    page.goto(at(operated, "/sample/read?range=7d"))
    expect(page).to_have_title("Sign in · Tonearm")
    page.keyboard.type(PASSWORD)  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/sample/read?range=7d")
    page.goto(at(operated, "/logout"))
    page.get_by_role("button", name="Sign out here").click()
    expect(page.get_by_role("status")).to_have_text("You are signed out.")
    page.goto(at(operated, "/sample/read"))
    expect(page).to_have_title("Sign in · Tonearm")


def test_a_wrong_password_is_announced_and_tied_to_the_field(operated: Operating, page: Page) -> None:
    page.goto(at(operated, "/login"))
    field(page).fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the password.")
    expect(field(page)).to_have_accessible_description("That is not the password.")
    expect(field(page)).to_be_focused()


@pytest.mark.full
@pytest.mark.parametrize("path", ["/login", "/login?left=1", "/logout", "/shared/none/read"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_every_page_fits_is_readable_and_loads_nothing_it_may_not(
    operated: Operating, browser: Browser, path: str, scheme: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": size[0], "height": size[1]}
    )
    try:
        if path == "/logout":
            session = operated.signed_in().cookies["tonearm-session"]
            context.add_cookies([{"name": "tonearm-session", "value": session, "url": operated.url}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url))
        page.goto(at(operated, path))
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        told = page.evaluate(CONTRAST)
        assert len(told) >= 3
        assert [] == [one for one in told if one[1] < AA]
        for button in page.get_by_role("button").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44
        assert [] == [text for text in complaints if "404" not in text]  # of the page itself, where that is its status
        assert 1 == page.get_by_role("main").count() == page.get_by_role("heading", level=1).count()
    finally:
        context.close()


@pytest.mark.full
@pytest.mark.parametrize("path", ["/login", "/login?left=1", "/shared/none/read", "/api/docs"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_no_barrier(operated: Operating, browser: Browser, path: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True)
    page = context.new_page()
    page.goto(at(operated, path))
    assert [] == axe.barriers(page, axe.source())
    context.close()


def test_the_style_of_these_pages_is_kept_by_the_browser_for_good(operated: Operating) -> None:
    answer = operated.ask("GET", "/access/static/access.css?v=anything")
    assert "public, max-age=31536000, immutable" == answer.headers["cache-control"]
