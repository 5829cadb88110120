"""Capacity against need as a picture: a bar a site, from its mean to its busiest second, on one logarithmic axis."""

from collections.abc import Mapping
from html import escape
from math import ceil, floor, log10
from typing import Final

from bench.scale.arithmetic import Need

_WIDTH: Final = 480  # near a phone's, so that its text stays readable there
_SIDE: Final = 24
_TOP: Final = 78
_ROW: Final = 46
_BOTTOM: Final = 34
_BAR: Final = 12
_NAME: Final = 34  # half of what a capacity is called, and a little
_WORDS_IN: Final = 300  # a label that begins further right would leave the picture
_STYLE: Final = """
  .back { fill: #ffffff }
  text { font: 14px system-ui, sans-serif; fill: #1c2128 }
  .small { font-size: 13px; fill: #57606a } .name { paint-order: stroke; stroke: #ffffff; stroke-width: 5px }
  .grid { stroke: #d8dee4 } .capacity { stroke: #b45309; stroke-width: 1.5 } .times { font-weight: 600; fill: #b45309 }
  .need { fill: #1d4ed8 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 }
    text { fill: #e6edf3 } .small { fill: #9da7b3 } .name { stroke: #0d1117 }
    .grid { stroke: #30363d } .capacity { stroke: #f59e0b } .times { fill: #f59e0b }
    .need { fill: #60a5fa }
  }
"""


def drawn(needs: Mapping[str, Need], capacities: Mapping[str, float]) -> str:
    """An SVG document; both by what they are called, capacities in events/s."""
    ends = [need.mean for need in needs.values()] + list(capacities.values())
    low, high = floor(log10(min(ends))), ceil(log10(max(ends)))
    height = _TOP + _ROW * len(needs) + _BOTTOM

    def place(value: float) -> float:
        return round(_SIDE + (log10(value) - low) / (high - low) * (_WIDTH - 2 * _SIDE), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="title">',
        '<title id="title">Events per second that sites need, against what is measured</title>',
        f'<style>{_STYLE}</style><rect class="back" width="{_WIDTH}" height="{height}"/>',
        f'<text x="{_SIDE}" y="22">Events per second: a bar from the mean to the busiest second,</text>',
        f'<text x="{_SIDE}" y="41">lines for one, ten and a thousand times what is measured</text>',
    ]
    foot = _TOP + _ROW * len(needs)
    for power in range(low, high + 1, 2):
        at = place(10.0**power)
        parts.append(f'<line class="grid" x1="{at}" x2="{at}" y1="{_TOP}" y2="{foot}"/>')
        parts.append(f'<text class="small" x="{at}" y="{foot + 20}" text-anchor="middle">{10.0**power:,.7g}</text>')
    for name, value in capacities.items():
        at = place(value)
        parts.append(f'<line class="capacity" x1="{at}" x2="{at}" y1="{_TOP - 8}" y2="{foot}"/>')
        x = min(at, _WIDTH - _NAME)
        parts.append(f'<text class="times" x="{x}" y="{_TOP - 14}" text-anchor="middle">{escape(name)}</text>')
    for number, (name, need) in enumerate(needs.items()):
        parts += _row(name, _TOP + number * _ROW, place(need.mean), place(need.peak))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _row(name: str, top: float, begin: float, end: float) -> list[str]:
    side, x = ("end", end) if begin > _WORDS_IN else ("start", begin)
    return [
        f'<text class="name" x="{x}" y="{top + 18}" text-anchor="{side}">{escape(name)}</text>',
        f'<rect class="need" x="{begin}" y="{top + 25}" width="{round(end - begin, 1)}" height="{_BAR}" rx="3"/>',
    ]
