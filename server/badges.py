"""A counter as an image, for places without scripts: `/badge/home.svg`, `/badge/track/KEY.svg`, and of a release.

`?figure=` plays (default), complete, shares, listeners or listeners-today; `?look=` flat (default) or odometer;
`?label=` another word than the figure's own. An SVG in an `<img>` loads nothing, so it carries all it needs.
"""

from collections.abc import Callable
from html import escape
from typing import Any, Final, Literal, get_args

from quart import Blueprint, Response, request

from server.access.rules import ANYBODY, Rule
from server.problems import Answer, problem
from server.stats import View, conditional, of_each_target, read
from storage.bridge import Database
from storage.counters import Target

Look = Literal["flat", "odometer"]

FIGURES: Final = {
    "plays": "totalPlays",
    "complete": "complete",
    "shares": "totalShares",
    "listeners": "listeners",
    "listeners-today": "listenersToday",
}
"""Name in the address -> name in the read API."""
_LABELS: Final = {"complete": "played to the end", "listeners-today": "listeners today"}  # where not the name itself

ACCESS: Final[dict[str, Rule]] = {f"badges.{kind}": ANYBODY for kind in ("home", "track", "release")}
_LONGEST_LABEL: Final = 40
_FRESH_S: Final = 60  # an image in a README or a forum is asked for by machines that keep it anyway
_FEWEST_DRUMS: Final = 5  # a counter has room to grow
_UNKNOWN: Final = "\N{EN DASH}"  # a figure that the privacy mode does not make, or that is too small to be told


def blueprint(database: Database, view: Callable[[str | None], View]) -> Blueprint:
    """The three routes; `view` says what is shown now."""
    routes = Blueprint("badges", __name__, url_prefix="/badge")

    async def answer(target: Target) -> Response:
        figure, look = request.args.get("figure", "plays"), request.args.get("look", "flat")
        label = request.args.get("label", _LABELS.get(figure, figure))
        if refused := _refused(figure, look, label):
            return await conditional(refused)
        shown = await read(database, target, view(None))
        if not isinstance(shown, Answer):
            shown = Answer(200, _HEADERS, drawn(label, _number(shown, figure), look).encode())
        return await conditional(shown)

    of_each_target(routes, answer, ".svg")
    return routes


_HEADERS: Final = {
    "content-type": "image/svg+xml",
    "cache-control": f"public, max-age={_FRESH_S}",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    # Opened by itself, an SVG is a page of this origin: it may style itself and nothing else.
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
}


def _refused(figure: str, look: str, label: str) -> Answer | None:
    if figure not in FIGURES:
        return _bad(f"There is no figure {figure!r}; there are {', '.join(FIGURES)}.")
    if look not in get_args(Look):
        return _bad(f"There is no look {look!r}; there are {', '.join(get_args(Look))}.")
    if not label.strip() or len(label) > _LONGEST_LABEL or not label.isprintable():
        return _bad(f"A label has 1 to {_LONGEST_LABEL} characters that can be printed.")
    return None


def _bad(detail: str) -> Answer:
    return problem(400, "badge", "Not a badge", detail, {"access-control-allow-origin": "*"})


def _number(shown: dict[str, Any], figure: str) -> int | None:
    found = shown[FIGURES[figure]]
    return None if found is None else int(found)


def drawn(label: str, number: int | None, look: str) -> str:
    """The image; `number` None: not known."""
    told = _UNKNOWN if number is None else f"{number:,}"
    spoken = escape(f"{label}: {'not shown' if number is None else told}")
    if look == "odometer":
        digits = _UNKNOWN * _FEWEST_DRUMS if number is None else f"{number:0{_FEWEST_DRUMS}}"
        width, height, inside = _odometer(digits, label)
    else:
        width, height, inside = _flat(label, told)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' role="img" aria-label="{spoken}"><title>{spoken}</title>{inside}</svg>\n'
    )


def _text(x: float, y: float, width: float, style: str, text: str) -> str:
    """Centred on x and fitted to `width`: the reader's fonts are not known here."""
    return (
        f'<text x="{x:g}" y="{y:g}" text-anchor="middle" textLength="{width:g}" lengthAdjust="spacingAndGlyphs"'
        f" {style}>{escape(text)}</text>"
    )


def _width(text: str, size: float) -> float:
    """About as wide as system fonts are; what is wider than a letter of Latin counts as a whole square."""
    narrow, wide = sum(c in " ,.:;!'|iljtfI1" for c in text), sum(ord(c) > 0x2E80 or c in "mwMW@%" for c in text)
    return round(size * (0.35 * narrow + wide + 0.58 * (len(text) - narrow - wide)), 1)


_FLAT: Final = 'font-family="system-ui,Verdana,DejaVu Sans,sans-serif" font-size="12"'


def _flat(label: str, told: str) -> tuple[float, float, str]:
    left, right = _width(label, 12) + 16, _width(told, 12) + 18
    return (
        left + right,
        22,
        f'<rect width="{left + right:g}" height="22" rx="4" fill="#0c5b69"/>'
        f'<path d="M4 0h{left - 4:g}v22h-{left - 4:g}a4 4 0 0 1-4-4v-14a4 4 0 0 1 4-4z" fill="#26262b"/>'
        + _text(left / 2, 15, left - 16, f'{_FLAT} fill="#f6f1e4"', label)
        + _text(left + right / 2, 15, right - 18, f'{_FLAT} fill="#fff" font-weight="700"', told),
    )


_DRUM, _GAP, _EDGE = 24, 2, 5  # px
_DIGIT: Final = 'font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="24"'


def _odometer(digits: str, label: str) -> tuple[float, float, str]:
    """Drums, light on near-black, shaded like cylinders, and the label under them on a plate of its own."""
    housing = len(digits) * (_DRUM + _GAP) - _GAP + 2 * _EDGE
    width = max(housing, _width(label, 12) + 16)
    left = (width - housing) / 2 + _EDGE
    drums = "".join(
        f'<rect x="{(x := left + place * (_DRUM + _GAP)):g}" y="5" width="{_DRUM}" height="36" rx="2" fill="#26262b"/>'
        f'<rect x="{x:g}" y="5" width="{_DRUM}" height="36" rx="2" fill="url(#d)"/>'
        + _text(x + _DRUM / 2, 31.5, 14.4, f'{_DIGIT} font-weight="600" fill="#f6f1e4"', digit)
        + f'<path d="M{x:g} 23h{_DRUM}" stroke="#000" stroke-opacity=".45"/>'
        for place, digit in enumerate(digits)
    )
    shade = (
        '<linearGradient id="d" x2="0" y2="1"><stop stop-opacity=".8"/><stop offset=".32" stop-opacity="0"/>'
        '<stop offset=".68" stop-opacity="0"/><stop offset="1" stop-opacity=".8"/></linearGradient>'
    )
    plate = f'<rect width="{width:g}" height="66" rx="6" fill="#0b0b0d"/>'
    return width, 66, shade + plate + drums + _text(width / 2, 57, _width(label, 12), f'{_FLAT} fill="#b9c8cb"', label)
