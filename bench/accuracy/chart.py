"""The errors as a picture: one row a scenario, a mark for each count, the truth as a line."""

from collections.abc import Iterable
from html import escape
from math import ceil, floor
from typing import Final

from bench.accuracy.results import Results, Run

_WIDTH: Final = 480  # near a phone's, so that its text stays readable there
_ROW: Final = 58
_TOP: Final = 96
_BOTTOM: Final = 10
_SIDE: Final = 16
_LABEL: Final = 58  # room on both sides for a figure beside the outermost mark
_TICK: Final = 0.5
_WORTH_SAYING: Final = 0.02  # below, a mark touches the line of the truth
# Figure, class, radius, lane: A above B, and B's ring around its dot, so that each is seen where they meet.
_MARKS: Final = (("listeners", "a", 4.5, 26), ("today_whole", "w", 7.0, 38), ("today", "b", 4.5, 38))
_STYLE: Final = """
  .back { fill: #ffffff }
  text { font: 14px system-ui, sans-serif; fill: #1c2128 }
  .name { paint-order: stroke; stroke: #ffffff; stroke-width: 5px }
  .small { font-size: 13px; fill: #57606a } .last { font-weight: 600; fill: #1c2128 }
  .grid { stroke: #d8dee4 } .truth { stroke: #1c2128; stroke-width: 1.5 }
  .a { fill: #b45309; stroke: #b45309 } .b { fill: #1d4ed8; stroke: #1d4ed8 }
  .w { fill: none; stroke: #1d4ed8; stroke-width: 1.5 }
  line.a, line.b { stroke-width: 2 } circle.a, circle.b { stroke: none }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 }
    text { fill: #e6edf3 } .name { stroke: #0d1117 } .small { fill: #9da7b3 } .last { fill: #e6edf3 }
    .grid { stroke: #30363d } .truth { stroke: #e6edf3 }
    .a { fill: #f59e0b; stroke: #f59e0b } .b { fill: #60a5fa; stroke: #60a5fa } .w { stroke: #60a5fa }
  }
"""


class _Axis:
    """Errors as shares to places across; half ticks at the ends, and every value inside."""

    def __init__(self, values: Iterable[float]) -> None:
        found = [0.0, *values]
        self._low = floor(min(found) / _TICK * 2) * _TICK / 2
        self._high = ceil(max(found) / _TICK * 2) * _TICK / 2

    def place(self, error: float) -> float:
        share = (error - self._low) / (self._high - self._low)
        return round(_LABEL + share * (_WIDTH - 2 * _LABEL), 1)

    def ticks(self) -> list[float]:
        """One of them is 0, the truth."""
        return [number * _TICK for number in range(ceil(self._low / _TICK), floor(self._high / _TICK) + 1)]


def drawn(results: Results, names: Iterable[str]) -> str:
    """An SVG document with a row for each of these runs; the last, the sum of all, stands out."""
    rows = [(name, results[name]) for name in names]
    axis = _Axis(value for _, run in rows for figure, *_ in _MARKS for value in run.spread(figure))
    height = _TOP + _ROW * len(rows) + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        ' aria-label="Error of each listener count by cause; the table below the picture says the same">',
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{_WIDTH}" height="{height}"/>',
        *_legend(),
        *_grid(axis, height),
    ]
    for number, (name, run) in enumerate(rows):
        parts += _row(axis, _TOP + number * _ROW, name, run, last=number == len(rows) - 1)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    second, third = 24, 46
    return [
        f'<circle class="a" cx="{_SIDE + 8}" cy="{second - 5}" r="5"/>'
        f'<text x="{_SIDE + 22}" y="{second}">listeners (A)</text>',
        f'<circle class="b" cx="166" cy="{second - 5}" r="5"/><text x="180" y="{second}">listenersToday (B)</text>',
        f'<circle class="w" cx="{_SIDE + 8}" cy="{third - 5}" r="7"/>'
        f'<text x="{_SIDE + 22}" y="{third}">B, were IPv6 not cut to its /64</text>',
    ]


def _grid(axis: _Axis, height: int) -> list[str]:
    lines = []
    for tick in axis.ticks():
        x = axis.place(tick)
        lines.append(f'<line class="{"grid" if tick else "truth"}" x1="{x}" x2="{x}" y1="82" y2="{height - _BOTTOM}"/>')
        label = _percent(tick) if tick else "true"
        lines.append(f'<text class="small" x="{x}" y="76" text-anchor="middle">{label}</text>')
    return lines


def _row(axis: _Axis, top: int, name: str, run: Run, *, last: bool) -> list[str]:
    emphasis = " last" if last else ""
    parts = [f'<text class="small name{emphasis}" x="{_SIDE}" y="{top + 12}">{escape(name)}</text>']
    for figure, kind, radius, lane in _MARKS:
        y = top + lane
        low, high = (axis.place(value) for value in run.spread(figure))
        if kind != "w" and high > low:
            parts.append(f'<line class="{kind}" x1="{low}" x2="{high}" y1="{y}" y2="{y}"/>')
        parts.append(f'<circle class="{kind}" cx="{axis.place(run.middle(figure))}" cy="{y}" r="{radius}"/>')
    return [*parts, *_outermost(axis, top, run)]


def _outermost(axis: _Axis, top: int, run: Run) -> list[str]:
    """The largest error of a row in figures, on the far side of its mark."""
    figure, _, _, lane = max(_MARKS, key=lambda mark: abs(run.middle(mark[0])))
    error = run.middle(figure)
    if abs(error) < _WORTH_SAYING:
        return []
    low, high = (axis.place(value) for value in run.spread(figure))
    x, anchor = (high + 12, "start") if error > 0 else (low - 12, "end")
    return [f'<text class="small" x="{x}" y="{top + lane + 5}" text-anchor="{anchor}">{_percent(error)}</text>']


def _percent(error: float) -> str:
    return f"{error:+.0%}".replace("%", " %").replace("-", "\u2212")
