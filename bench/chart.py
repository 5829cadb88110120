"""A chart as SVG: one panel a line, one time axis, light and dark by the reader's setting."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 720
_PANEL: Final = 110  # height of a panel's drawing
_GAP: Final = 46
_LEFT: Final = 70
_RIGHT: Final = 16

_STYLE: Final = """
text { font: 12px system-ui, sans-serif; fill: #444 } .name { font-weight: 600; fill: #111 }
path { fill: none; stroke: #2f6fb0; stroke-width: 1.5 } line { stroke: #ddd }
@media (prefers-color-scheme: dark) {
  text { fill: #aaa } .name { fill: #eee } path { stroke: #7db4ea } line { stroke: #444 }
}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """`values`: one for each time."""

    name: str
    unit: str
    values: Sequence[float]


def draw(times_s: Sequence[float], lines: Sequence[Line]) -> str:
    """An SVG document; each panel begins at zero, so that a slope is as steep as it is."""
    height = len(lines) * (_PANEL + _GAP) + 24
    panels = [_panel(times_s, line, number * (_PANEL + _GAP) + _GAP) for number, line in enumerate(lines)]
    end = f'<text x="{_WIDTH - _RIGHT}" y="{height - 6}" text-anchor="end">{times_s[-1]:,.0f} s</text>'
    start = f'<text x="{_LEFT}" y="{height - 6}">0 s</text>'
    box = f'viewBox="0 0 {_WIDTH} {height}" role="img"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}><title>Over time</title><style>{_STYLE}</style>'
        f"{''.join(panels)}{start}{end}</svg>\n"
    )


def _panel(times_s: Sequence[float], line: Line, top: int) -> str:
    most = max(*line.values, 1)
    bottom = top + _PANEL
    across = (_WIDTH - _LEFT - _RIGHT) / max(times_s[-1], 1e-9)
    points = " L".join(
        f"{_LEFT + at * across:.1f} {bottom - value / most * _PANEL:.1f}"
        for at, value in zip(times_s, line.values, strict=True)
    )
    return (
        f'<text class="name" x="{_LEFT}" y="{top - 10}">{escape(line.name)}</text>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{top}" y2="{top}"/>'
        f'<text x="{_LEFT - 8}" y="{top + 4}" text-anchor="end">{f"{most:,.0f} {line.unit}".strip()}</text>'
        f'<text x="{_LEFT - 8}" y="{bottom + 4}" text-anchor="end">0</text><path d="M{points}"/>'
    )
