"""Charts as SVG. pygal scales, stacks and places; what it places is written anew here, small and without style.

In our writing a picture has no width of its own: across it counts in percent and downwards in pixels, so that one
drawing fits a phone and a desktop with letters of the same size. Colours are classes, which static/charts.css fills,
on the page and inside a downloaded file. Every step has a `<title>`, which browsers show without any script.
"""

import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape as escape_html
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

import pygal
from markupsafe import Markup

from server.dashboard.wording import short

# pygal has a finder for maps, of which we have none; Python 3.11 warns of it at every import from here on.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

_STATIC: Final = Path(__file__).with_name("static")
_WIDTH: Final = 1000  # pygal's units; percentages afterwards
_HEIGHT: Final = 220  # px of the plot, and ...
_FOOT: Final = 26  # ... of the marks beneath it
_HEAD: Final = 18  # above the highest tick, for the number at the peak
_WIDEST: Final = 9  # percent of one column, so that a single one is no wall
_WIDEST_OF_FEW: Final = 14  # percent, where a picture has few by nature
_GAP: Final = 0.16  # of a column, between it and its neighbours
_MOST_MARKS: Final = 8  # beneath a chart on a desktop; a phone shows every other one of them
_FILE_WIDTH, _FILE_EDGE, _FILE_HEAD = 960, 56, 84  # px of a downloaded picture
_OPTIONS: Final[dict[str, Any]] = {
    "width": _WIDTH,
    "height": _HEIGHT,
    "margin": 0,
    "spacing": 0,
    "js": (),
    "css": (),
    "no_prefix": True,
    "show_legend": False,
    "show_x_labels": False,
    "include_x_axis": True,
}


# XML has no way to write these; one in a title would make a file that no program opens.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def escape(text: str) -> str:
    """Strangers' text for a picture, as its content or an attribute."""
    return escape_html(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text))


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart: `look` is its class in charts.css. A value is None where nothing is known."""

    look: str
    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Steps:
    """What stands beneath a chart: a mark for some, and a name for each, which its hint begins with."""

    marks: Sequence[str]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture. `summary` is what somebody hears who cannot see it; the table behind it says the rest."""

    name: str
    title: str
    unit: str
    summary: str
    legend: Sequence[tuple[str, str]]  # look and name, from the top of the stack to its foot
    height: int
    inside: str

    @property
    def svg(self) -> Markup:
        """For a page, as wide as its place."""
        said = f'role="img" aria-label="{escape(self.title)}. {escape(self.summary)}"'
        # Every part was escaped when it was written.
        return Markup(  # noqa: S704
            f'<svg class="chart" {said} width="100%" height="{self.height}">{self.inside}</svg>'
        )

    def by_itself(self) -> str:
        """A file that needs nothing else, with title, unit and legend, for light and for dark."""
        height = self.height + _FILE_HEAD + 20
        keys, left = [], _FILE_EDGE
        for look, name in self.legend:
            keys.append(f'<rect class="{look}" x="{left}" y="56" width="11" height="11"/>')
            keys.append(f'<text class="chart__unit" x="{left + 17}" y="66">{escape(name)}</text>')
            left += 17 + 7 * len(name) + 22
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_FILE_WIDTH} {height}" width="{_FILE_WIDTH}"'
            f' height="{height}" role="img" aria-label="{escape(self.title)}. {escape(self.summary)}">'
            f"<title>{escape(self.title)}</title><style>{_file_style()}</style>"
            '<rect class="chart__paper" width="100%" height="100%"/>'
            f'<text class="chart__title" x="{_FILE_EDGE}" y="32">{escape(self.title)}</text>'
            f'<text class="chart__unit" x="{_FILE_WIDTH - 24}" y="32" text-anchor="end">{escape(self.unit)}</text>'
            f'{"".join(keys)}<svg class="chart" x="{_FILE_EDGE}" y="{_FILE_HEAD}"'
            f' width="{_FILE_WIDTH - _FILE_EDGE - 24}" height="{self.height}">{self.inside}</svg></svg>\n'
        )


@cache
def _file_style() -> str:
    return "".join((_STATIC / name).read_text("utf-8") for name in ("colours.css", "charts.css"))


def columns(
    name: str,
    title: str,
    unit: str,
    steps: Steps,
    series: Sequence[Series],
    summary: str,
    *,
    every_mark: bool = False,
) -> Chart:
    """Stacked columns, the first series at the foot. `every_mark`: marks are so short that all have room."""
    top, ticks = scale([sum(_known(values)) for values in zip(*(one.values for one in series), strict=True)])
    drawn = _Columns(range=(0, top), y_labels=ticks, **_OPTIONS)
    for one in series:
        drawn.add(one.name, [value or 0 for value in one.values])
    plot = _Plot(drawn.render_tree(), ticks)
    across = _Across(len(steps.names), _WIDEST_OF_FEW if every_mark else _WIDEST)
    bars = []
    for one, rects in zip(series, drawn.placed, strict=True):
        bars += [
            f'<rect class="{one.look}" x="{across.left(at):.3f}%" y="{_HEAD + y:.2f}" width="{across.width:.3f}%"'
            f' height="{high:.2f}"/>'
            for at, (y, high) in enumerate(rects)
            if high > 0
        ]
    hints = _hints(steps, series, across, short_unit=unit)
    inside = "".join((*plot.guides(ticks), *bars, *_marks(steps.marks, across, every=every_mark), *hints))
    legend = [(one.look, one.name) for one in reversed(series)]
    return Chart(name, title, unit, summary, legend, _HEAD + _HEIGHT + _FOOT, inside)


def curve(name: str, title: str, unit: str, steps: Steps, one: Series, summary: str) -> Chart:
    """A line of shares from 0 to 1; it is broken where nothing is known."""
    ticks = [0, 0.25, 0.5, 0.75, 1]
    drawn = pygal.Line(range=(0, 1), y_labels=ticks, dots_size=1, allow_interruptions=True, **_OPTIONS)
    drawn.add(one.name, list(one.values))
    plot = _Plot(drawn.render_tree(), ticks)
    across = _Across(len(steps.names))
    heights = iter(plot.dots())
    places = [None if value is None else (across.middle(at), next(heights)) for at, value in enumerate(one.values)]
    lines = [
        f'<line class="{one.look}" x1="{a[0]:.3f}%" y1="{a[1]:.2f}" x2="{b[0]:.3f}%" y2="{b[1]:.2f}"/>'
        for a, b in pairwise(places)
        if a and b
    ]
    dots = [f'<circle class="{one.look}" cx="{at[0]:.3f}%" cy="{at[1]:.2f}" r="2.5"/>' for at in places if at]
    hints = _hints(steps, [one], across, share=True)
    inside = "".join((*plot.guides(ticks, share=True), *lines, *dots, *_marks(steps.marks, across), *hints))
    return Chart(name, title, unit, summary, [(one.look, one.name)], _HEAD + _HEIGHT + _FOOT, inside)


def sparkline(values: Sequence[float]) -> Markup:
    """A trend without scale, for one line of a table. Its numbers are in the table, so nobody need hear it."""
    # Drawn by hand: through pygal the 25 of a page took longer than all its queries (2.3 ms each, measured).
    top = max(values, default=0) or 1
    across = 100 / max(1, len(values) - 1)
    points = " ".join(f"{at * across:.1f},{26 - 24 * value / top:.1f}" for at, value in enumerate(values))
    return Markup(  # noqa: S704  # numbers alone
        '<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        f'<polyline points="{points}"/></svg>'
    )


def proportion(parts: Sequence[tuple[str, float]]) -> Markup:
    """One bar that is divided; `parts` are looks and amounts, from left to right."""
    whole = sum(amount for _, amount in parts)
    bars, left = [], 0.0
    for look, amount in parts:
        wide = 100 * amount / whole if whole else 0
        bars.append(f'<rect class="{look}" x="{left:.3f}%" width="{wide:.3f}%" height="100%"/>')
        left += wide
    return Markup(  # noqa: S704  # numbers and classes of our own
        f'<svg class="proportion" aria-hidden="true" width="100%" height="100%">{"".join(bars)}</svg>'
    )


def scale(values: Sequence[float]) -> tuple[float, list[float]]:
    """Where an axis of whole numbers ends, and its ticks: three to five, at 1, 2 or 5 times a power of ten."""
    highest = max(values, default=0)
    size = 10 ** max(0, math.floor(math.log10(highest / 4))) if highest > 4 else 1
    step = next(size * times for times in (1, 2, 5, 10) if highest <= 4 * size * times)
    count = max(1, math.ceil(highest / step))
    return step * count, [step * number for number in range(count + 1)]


def _known(values: Sequence[float | None]) -> Iterator[float]:
    return (value for value in values if value is not None)


class _Columns(pygal.StackedBar):  # type: ignore[misc]  # pygal ships no type information
    """pygal's scale and axes. Its bars are noted instead of drawn: as elements of its own form, with what its script
    would show, a year of days took ten times as long, only to be read back and written anew.
    """

    def __init__(self, **options: Any) -> None:
        self.placed: list[list[tuple[float, float]]] = []
        """Of each series the top and the height of each bar, in pixels from the top of the plot."""
        self._reached: dict[int, float] = {}
        super().__init__(**options)

    def bar(self, serie: Any, rescale: bool = False) -> None:
        placed, reached, view = [], self._reached, self.view
        for at, (_, value) in enumerate(serie.points):
            foot = reached.get(at, 0)
            reached[at] = foot + value
            top = view.y(foot + value)
            placed.append((top, view.y(foot) - top))
        self.placed.append(placed)


class _Across:
    """Where columns stand, in percent of the width; a few are not wider than they need to be."""

    def __init__(self, number: int, widest: float = _WIDEST) -> None:
        self._pitch = min(100 / max(1, number), widest)
        self.width = self._pitch * (1 - _GAP)
        self.number = number

    def left(self, at: int) -> float:
        return at * self._pitch + self._pitch * _GAP / 2

    def middle(self, at: int) -> float:
        return (at + 0.5) * self._pitch

    def whole(self, at: int) -> tuple[float, float]:
        return at * self._pitch, self._pitch


class _Plot:
    """What pygal placed: heights, in pixels from the top of our picture."""

    def __init__(self, root: Element, ticks: Sequence[float]) -> None:
        self._root = root
        self._ticks = ticks

    def dots(self) -> list[float]:
        """How high each point of a line is."""
        return [_HEAD + float(dot.get("cy", 0)) for dot in self._root.iter("circle")]

    def guides(self, ticks: Sequence[float], *, share: bool = False) -> list[str]:
        """A thin line and a number for each tick."""
        heights = [
            float(path.get("d", "").split(" ")[1])
            for axis in self._of_class("axis y")
            for path in axis.iter("path")
            if "line" in path.get("class", "")
        ]
        written = []
        for tick, height in zip(ticks, heights, strict=True):
            told = f"{tick:.0%}" if share else short(tick)
            y = _HEAD + height
            written.append(
                f'<line class="guide{" guide--foot" if tick == 0 else ""}" x1="0" x2="100%" y1="{y:.2f}" y2="{y:.2f}"/>'
                f'<text class="tick" x="-8" y="{y + 4:.2f}">{told}</text>'
            )
        return written

    def _of_class(self, name: str) -> list[Element]:
        return [group for group in self._root.iter("g") if group.get("class", "").startswith(name)]


def _marks(marks: Sequence[str], across: _Across, *, every: bool = False) -> list[str]:
    apart = max(1, math.ceil(len(marks) / (_MOST_MARKS * (3 if every else 1))))
    y = _HEAD + _HEIGHT + 18
    return [
        f'<text class="mark{" mark--second" if number % 2 and not every else ""}" x="{across.middle(at):.3f}%" y="{y}">'
        f"{escape(marks[at])}</text>"
        for number, at in enumerate(range(0, len(marks), apart))
    ]


def _hints(
    steps: Steps, series: Sequence[Series], across: _Across, *, share: bool = False, short_unit: str = ""
) -> list[str]:
    """A strip over each step, which lights up and tells its figures."""
    written = []
    for at, name in enumerate(steps.names):
        left, wide = across.whole(at)
        told = "\n".join((name, *_figures(at, series, short_unit, share=share)))
        written.append(
            f'<rect class="hint" x="{left:.3f}%" y="{_HEAD}" width="{wide:.3f}%" height="{_HEIGHT}">'
            f"<title>{escape(told)}</title></rect>"
        )
    return written


def _figures(at: int, series: Sequence[Series], unit: str, *, share: bool) -> Iterator[str]:
    if len(series) > 1:
        yield f"{sum(_known([one.values[at] for one in series])):,.0f} {unit}"
    for one in reversed(series):
        value = one.values[at]
        told = "not known" if value is None else f"{value:.0%}" if share else f"{value:,.0f}"
        yield f"{one.name}: {told}"
