"""Cover art and the picture of the front page: flat shapes, drawn by arithmetic.

Colours are attributes of the shapes, not styles, so that a strict Content-Security-Policy has nothing to object to; a
cover looks the same on a light page and on a dark one, as a printed one does.
"""

import math
from collections.abc import Iterator

from markupsafe import Markup

_NIGHT, _DEEP, _SEA, _SHALLOW, _FOAM = "#0d1a22", "#123542", "#1d6170", "#4fa3ab", "#d9ebe6"
_LAMP, _RUST, _PAPER = "#f3b95f", "#c4512d", "#f3ead8"


def cover_symbols() -> Markup:
    """All covers, to be put into a page's sprite once; `cover` shows one of them."""
    symbols = "".join(
        f'<symbol id="cover-{name}" viewBox="0 0 400 400">{"".join(shapes())}</symbol>'
        for name, shapes in _COVERS.items()
    )
    return Markup(symbols)  # noqa: S704  # only literals and numbers made above


def cover(name: str) -> Markup:
    """The square cover `ferry`, `lamp`, `tide` or `reel`. Raises KeyError for another name."""
    if name not in _COVERS:
        raise KeyError(name)
    return Markup(  # noqa: S704  # the name is one of ours
        '<svg class="cover" viewBox="0 0 400 400" aria-hidden="true" focusable="false">'
        f'<use href="#cover-{name}"/></svg>'
    )


def harbour() -> Markup:
    """The wide picture behind the collective's name."""
    shapes = "".join(_harbour())
    return Markup(  # noqa: S704  # only literals and numbers made above
        '<svg class="hero__art" viewBox="0 0 1600 700" preserveAspectRatio="xMaxYMax slice" aria-hidden="true"'
        f' focusable="false">{shapes}</svg>'
    )


def _rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"/>'


def _disc(x: float, y: float, radius: float, fill: str) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}"/>'


def _ring(x: float, y: float, radius: float, stroke: str, width: float) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="none" stroke="{stroke}" stroke-width="{width:g}"/>'


def _shape(fill: str, *points: tuple[float, float], opacity: float = 1.0) -> str:
    corners = " ".join(f"{x:g},{y:g}" for x, y in points)
    faded = f' fill-opacity="{opacity:g}"' if opacity < 1 else ""
    return f'<polygon points="{corners}" fill="{fill}"{faded}/>'


def _wave(width: int, bottom: int, crest: float, height: float, length: float, shift: float, fill: str) -> str:
    """A band of water from its wavy top at `crest` down to `bottom`."""
    step = width // 40
    line = " ".join(
        f"{x} {crest + height * math.sin(2 * math.pi * (x / length + shift)):.1f}" for x in range(0, width + 1, step)
    )
    return f'<path d="M0 {bottom}L{line}L{width} {bottom}z" fill="{fill}"/>'


def _ferry() -> Iterator[str]:
    """A low moon, the hull of a ship across it, and its light in slats on the water."""
    yield _rectangle(0, 0, 400, 400, _DEEP)
    yield _disc(200, 172, 112, _LAMP)
    yield _rectangle(0, 232, 400, 168, _NIGHT)
    for index in range(7):
        half = 104 - 13 * index
        yield _rectangle(200 - half + 9 * (-1) ** index, 246 + 19 * index, 2 * half, 7 + index * 0.4, _LAMP)
    yield _shape(_NIGHT, (96, 208), (316, 208), (296, 238), (116, 238))
    yield _rectangle(140, 184, 130, 26, _NIGHT)
    yield _rectangle(164, 162, 76, 26, _NIGHT)
    yield _rectangle(206, 132, 20, 34, _NIGHT)
    for x in range(152, 262, 18):
        yield _rectangle(x, 193, 8, 7, _LAMP)


def _lamp() -> Iterator[str]:
    """The lamp from straight below: rings of light and twelve rays."""
    yield _rectangle(0, 0, 400, 400, _RUST)
    for ray in range(12):
        middle, half = math.tau * ray / 12, math.tau / 52
        yield _shape(
            _PAPER,
            (200, 400),
            (200 + 620 * math.cos(middle - half), 400 + 620 * math.sin(middle - half)),
            (200 + 620 * math.cos(middle + half), 400 + 620 * math.sin(middle + half)),
        )
    for radius, fill in ((210, _RUST), (176, _LAMP), (140, _RUST), (108, _PAPER), (72, _NIGHT), (30, _LAMP)):
        yield _disc(200, 400, radius, fill)


def _tide() -> Iterator[str]:
    """Water in five depths under a small sun."""
    yield _rectangle(0, 0, 400, 400, _PAPER)
    yield _disc(292, 96, 38, _RUST)
    bands = ((150, _FOAM), (196, _SHALLOW), (246, _SEA), (298, _DEEP), (346, _NIGHT))
    for index, (crest, fill) in enumerate(bands):
        yield _wave(400, 400, crest, 17 - index, 250 + 30 * index, 0.23 * index, fill)


def _reel() -> Iterator[str]:
    """A tape machine: two reels and the tape between them. For what belongs to no record."""
    yield _rectangle(0, 0, 400, 400, _FOAM)
    yield _rectangle(122, 234, 156, 8, _NIGHT)
    for x, radius in ((122, 72), (278, 72)):
        yield _disc(x, 170, radius, _NIGHT)
        yield _disc(x, 170, radius - 20, _SEA)
        for hole in range(3):
            angle = math.tau * hole / 3 + x
            yield _disc(x + 30 * math.cos(angle), 170 + 30 * math.sin(angle), 12, _FOAM)
        yield _disc(x, 170, 9, _FOAM)
    yield _rectangle(50, 300, 300, 12, _RUST)


def _harbour() -> Iterator[str]:
    yield _rectangle(0, 0, 1600, 700, "#0b141a")
    for star in range(70):
        x, y = (star * 617) % 1600, (star * 331) % 400
        if x > 1000 or y < 120:  # none behind the words, where they would look like stray full stops
            yield _disc(x, y, 0.8 + (star % 3) * 0.5, "#9db7bd")
    yield '<g class="beam">'  # it breathes while something plays (player.css)
    yield _shape(_LAMP, (1290, 205), (-200, -60), (-200, 330), opacity=0.13)
    yield _shape(_LAMP, (1290, 205), (-200, 60), (-200, 230), opacity=0.12)
    yield _shape(_LAMP, (1290, 205), (1800, 130), (1800, 290), opacity=0.13)
    yield "</g>"
    yield _shape(_PAPER, (1262, 232), (1318, 232), (1342, 600), (1238, 600))
    yield _shape("#d8cdb6", (1290, 232), (1318, 232), (1342, 600), (1290, 600))
    for top in (280, 380, 480):
        spread = (top - 232) * 24 / 368
        yield _shape(
            _RUST,
            (1262 - spread, top),
            (1318 + spread, top),
            (1318 + spread + 3, top + 46),
            (1262 - spread - 3, top + 46),
        )
    yield _rectangle(1252, 226, 76, 9, _NIGHT)
    yield _rectangle(1270, 184, 40, 42, _LAMP)
    yield _shape(_RUST, (1258, 186), (1290, 154), (1322, 186))
    yield _shape("#081015", (1080, 640), (1170, 575), (1400, 560), (1600, 600), (1600, 700), (1080, 700))
    for index, fill in enumerate(("#123542", "#0f2b36", "#0c212a", "#0a1a21")):
        yield _wave(1600, 700, 590 + 28 * index, 9, 420 + 70 * index, 0.31 * index, fill)


_COVERS = {"ferry": _ferry, "lamp": _lamp, "tide": _tide, "reel": _reel}
