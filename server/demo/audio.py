"""The demo's audio files: made once, mended when something is missing, looked up by track key.

A file is either whole or absent: it is written under a temporary name, flushed to disk and renamed.
"""

import os
import sys
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from .music.arranger import render
from .music.samples import SAMPLE_RATE, samples_in
from .music.score import Score
from .music.scores import SCORES

_EDITION = 1  # raise it when a piece comes to sound different: older files are then made anew
_HEADER_BYTES = 44
_SAMPLE_BYTES = 2

Report = Callable[[int, int], None]


def audio_path(directory: Path, key: str) -> Path:
    """Where the track's file is or will be. A key with a slash still names one file in this directory."""
    return directory / f"{quote(key, safe='')}.{_EDITION}.wav"


def prepare_audio(directory: Path, report: Report) -> None:
    """Make the demo's files that are missing or damaged: WAV, 16 bit, mono, 22,050 Hz.

    Takes some ten seconds of one core the first time and next to nothing afterwards. `report(done, total)` is called
    in seconds of music, first with the part that was there already, last with `done == total`. What `report` raises
    stops the work between two files; the next call goes on from there. Raises OSError when the directory cannot be
    written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    missing = {key: score for key, score in SCORES.items() if not _is_whole(audio_path(directory, key), score)}
    total = round(sum(score.seconds for score in SCORES.values()))
    done = total - round(sum(score.seconds for score in missing.values()))
    report(done, total)
    for key, score in missing.items():
        _write(audio_path(directory, key), render(score))
        done += round(score.seconds)
        report(done, total)


def _is_whole(path: Path, score: Score) -> bool:
    try:
        return path.stat().st_size == _HEADER_BYTES + _SAMPLE_BYTES * samples_in(score.seconds)
    except FileNotFoundError:
        return False


def _write(path: Path, samples: "array[int]") -> None:
    if sys.byteorder == "big":
        samples.byteswap()  # WAV is little-endian everywhere
    temporary = path.with_suffix(".part")
    try:
        with temporary.open("wb") as file:
            with wave.open(file, "wb") as recording:
                recording.setnchannels(1)
                recording.setsampwidth(_SAMPLE_BYTES)
                recording.setframerate(SAMPLE_RATE)
                recording.writeframesraw(samples.tobytes())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
