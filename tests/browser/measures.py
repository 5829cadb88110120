"""What a page looks like, measured in the browser: names, contrast, room for a finger, rings around the focus, motion.

Each measure answers with sentences about what is wrong, so that an empty list is a page that is right and a failure
says where to look.
"""

from collections.abc import Callable
from typing import Final

from playwright.sync_api import Frame, Page

LEAST_CONTRAST: Final = 4.5  # WCAG 2.2, 1.4.3; 3 for large text
FINGER_PX: Final = 44

# What the measures share: all that is drawn, what answers to a press, and how to speak of it.
_COMMON: Final = """
    const drawn = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const PRESSED = "a[href], button, input, audio[controls], [tabindex='0']";
    const pressed = () =>
        [...document.querySelectorAll(PRESSED)].filter((each) => drawn(each) && !each.closest(".skip"));
    const spoken = (element) => `<${element.localName} class="${element.getAttribute("class") ?? ""}"> `
        + (element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 40);
"""

_NAMELESS: Final = """() => {
    const name = (element) => element.getAttribute("aria-label") || element.innerText?.trim() || element.title;
    const images = [...document.querySelectorAll("svg, img")].filter((image) => !image.closest("[aria-hidden=true]"));
    return [...pressed().filter((element) => !name(element)), ...images.filter((image) => !image.alt)].map(spoken);
}"""

_FAINT: Final = """(least) => {
    const parse = (colour) => {
        const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
        return { parts: [red, green, blue], alpha };
    };
    const luminance = (parts) => {
        const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = parts.map((part) => linear(part / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element) => {
        element.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, top } = element.getBoundingClientRect();
        const stack = document.elementsFromPoint(left + 1, top + 1);
        const place = stack.indexOf(element);
        const ancestors = [];
        for (let each = element; each; each = each.parentElement) ancestors.push(each);
        return place < 0 ? ancestors : stack.slice(place);
    };
    const ground = (element) => {
        for (const each of behind(element)) {
            const { parts, alpha } = parse(getComputedStyle(each).backgroundColor);
            if (alpha === 1) return parts;
        }
        return [255, 255, 255];
    };
    const faint = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement;
        if (!node.data.trim() || !drawn(element) || element.closest(":disabled, noscript, .visually-hidden")) continue;
        const style = getComputedStyle(element);
        const [one, other] = [luminance(parse(style.color).parts), luminance(ground(element))].sort((a, b) => b - a);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const contrast = (one + 0.05) / (other + 0.05);
        if (contrast < (large ? 3 : least)) faint.push(`${contrast.toFixed(2)}: ${node.data.trim().slice(0, 40)}`);
    }
    return faint;
}"""

# A link in the middle of a sentence is as tall as its line (WCAG 2.2, 2.5.8, "inline").
_SMALL: Final = """(finger) => {
    const small = [];
    for (const element of pressed()) {
        if (element.closest("p, dd, li > code") && element.localName === "a") continue;
        element.scrollIntoView({ block: "center", behavior: "instant" });
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const [x, y] = [(left + right) / 2, (top + bottom) / 2];
        const hits = (dx, dy) => {
            const hit = document.elementFromPoint(x + dx, y + dy);
            return hit !== null && (element === hit || element.contains(hit));
        };
        const reach = finger / 2 - 1;
        const tall = hits(0, -reach) && hits(0, reach) || bottom - top >= finger || spread(element, "height") >= finger;
        const wide = right - left >= finger || hits(-reach, 0) && hits(reach, 0);
        if (!tall || !wide) small.push(`${Math.round(right - left)} x ${Math.round(bottom - top)}: ${spoken(element)}`);
    }
    return small;
    /* What a link's ::after adds to it. */
    function spread(element, side) {
        const after = getComputedStyle(element, "::after");
        return after.position === "absolute" ? parseFloat(after[side]) : 0;
    }
}"""

_FOCUS: Final = """() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const all = [...document.querySelectorAll("*")];
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const ringed = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return { place: all.indexOf(element), ringed, what: spoken(element) };
}"""

_COUNT: Final = "() => pressed().length"
# Of the page itself: how the Plays card rolls is the card's own affair, and its own tests'.
_MOVING: Final = """() => document.getAnimations()
    .filter(({ playState, effect }) => playState === "running" && effect.target.getRootNode() === document)
    .map(({ animationName, transitionProperty, effect }) =>
        `${animationName ?? transitionProperty} of ${spoken(effect.target)}`)"""


def nameless(page: Page | Frame) -> list[str]:
    """Controls and pictures that a screen reader has no word for."""
    return _measured(page, _NAMELESS)


def faint(page: Page | Frame) -> list[str]:
    """Words that do not stand out from what is behind them, with the ratio."""
    return _measured(page, _FAINT, LEAST_CONTRAST)


def small(page: Page | Frame) -> list[str]:
    """Controls that a finger would miss."""
    return _measured(page, _SMALL, FINGER_PX)


def moving(page: Page | Frame) -> list[str]:
    """Animations that run at this moment."""
    return _measured(page, _MOVING)


def lost_on_tab(page: Page) -> list[str]:
    """Goes through the page by Tab. What comes out of the page's order, has no ring, or is never reached."""
    wrong, last, reached = [], -1, 0
    for _ in range(int(page.evaluate(_with_common(_COUNT))) + 1):  # and the skip link
        page.keyboard.press("Tab")
        focused = page.evaluate(_with_common(_FOCUS))
        if focused is None:
            break
        reached += 1
        if focused["place"] < last:
            wrong.append(f"before what came before it: {focused['what']}")
        if not focused["ringed"]:
            wrong.append(f"no ring: {focused['what']}")
        last = focused["place"]
    missed = int(page.evaluate(_with_common(_COUNT))) + 1 - reached
    return [*wrong, *([f"{missed} never reached"] if missed else [])]


def counting_layouts(page: Page) -> Callable[[], int]:
    """How many layouts and style recalculations the page has made so far, whenever it is called."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def made() -> int:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return int(sum(each["value"] for each in metrics if each["name"] in ("LayoutCount", "RecalcStyleCount")))

    return made


def _with_common(function: str) -> str:
    return f"(argument) => {{ {_COMMON} return ({function})(argument); }}"


def _measured(page: Page | Frame, function: str, argument: float = 0) -> list[str]:
    return [str(each) for each in page.evaluate(_with_common(function), argument)]
