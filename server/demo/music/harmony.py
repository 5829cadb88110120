"""Chord names to frequencies."""

import math

_SEMITONE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_QUALITY = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "6": (0, 4, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "add9": (0, 4, 7, 14),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
}
_A4_MIDI, _A4_HERTZ = 69, 440.0
_LOWEST_ROOT_MIDI = 53  # F3: roots from there up keep chords in the middle of the keyboard


def chord(name: str) -> tuple[int, ...]:
    """`"F#m7"` -> MIDI numbers from the root up, root in F3..E4.

    Raises ValueError for a name that is no chord known here.
    """
    root, rest = name[:1], name[1:]
    sharp = rest.startswith("#")
    quality = rest.removeprefix("#")
    if root not in _SEMITONE or quality not in _QUALITY:
        raise ValueError(f"{name!r} is no chord: a letter A to G, perhaps #, then one of {', '.join(_QUALITY)}")
    pitch = _SEMITONE[root] + sharp
    base = _LOWEST_ROOT_MIDI + (pitch - _LOWEST_ROOT_MIDI) % 12
    return tuple(base + interval for interval in _QUALITY[quality])


def chord_tone(notes: tuple[int, ...], index: int) -> int:
    """The `index`-th tone of the chord; indices past the last go on in the next octave, negative ones below."""
    octave, position = divmod(index, len(notes))
    return sorted(notes)[position] + 12 * octave


def hertz(midi: int) -> float:
    return _A4_HERTZ * math.exp2((midi - _A4_MIDI) / 12)
