"""A recording as a row of bars, for the eye."""

import sys
import wave
from array import array
from functools import lru_cache
from pathlib import Path

_WIDTH, _HEIGHT = 1000, 100
_LEAST_HEIGHT = 4  # so that a quiet spot is still a mark and not a gap


def waveform_path(path: Path, bars: int) -> str | None:
    """SVG path data of `bars` bars in a box of 1000 x 100; None while the file is not there."""
    try:
        return _drawn(path, path.stat().st_mtime_ns, bars)
    except FileNotFoundError:
        return None


@lru_cache(maxsize=64)
def _drawn(path: Path, _modified_ns: int, bars: int) -> str:
    loudness = _peaks(path, bars)
    loudest = max(loudness) or 1
    pitch = _WIDTH / bars
    return "".join(
        _bar(round(pitch * (index + 0.2), 1), round(pitch * 0.6, 1), peak / loudest)
        for index, peak in enumerate(loudness)
    )


def _bar(left: float, width: float, fraction: float) -> str:
    height = max(_LEAST_HEIGHT, round(_HEIGHT * fraction**0.8))
    return f"M{left} {(_HEIGHT - height) / 2:g}h{width}v{height}h-{width}z"


def _peaks(path: Path, bars: int) -> list[int]:
    with wave.open(str(path), "rb") as recording:
        samples = array("h", recording.readframes(recording.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    length = max(1, len(samples) // bars)
    chunks = (samples[i * length : (i + 1) * length] for i in range(bars))
    return [max(max(chunk), -min(chunk)) for chunk in chunks]
