"""What a single note sounds like.

An instrument is `(frequency in hertz, seconds) -> Signal`, with a peak near 1. Struck ones ring out by themselves
and ignore how long they are held beyond that; blown ones hold as long as asked.
"""

import math
from array import array
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from random import Random

from .samples import (
    HIGHEST_HERTZ,
    SAMPLE_RATE,
    Signal,
    decay,
    mix_into,
    samples_in,
    scaled,
    shaped,
    silence,
    swell,
    tone,
)

Instrument = Callable[[float, float], Signal]
Partial = tuple[float, float, float]  # frequency ratio, level, half-life in seconds

_CLICK_FREE_SECONDS = 0.004
_INAUDIBLE_HALF_LIVES = 8  # 2**-8 is -48 dB, below the room's own echo


def struck(*partials: Partial, longest_seconds: float) -> Instrument:
    """Piano, bell, plucked string, bass: each partial dies at its own pace."""

    def play(frequency: float, seconds: float) -> Signal:
        samples = samples_in(min(seconds + 0.25, longest_seconds))
        note = silence(samples)
        for ratio, level, half_life in partials:
            if frequency * ratio > HIGHEST_HERTZ:
                continue
            length = min(samples, samples_in(half_life * _INAUDIBLE_HALF_LIVES))
            envelope = decay(length, half_life * SAMPLE_RATE, level)
            mix_into(note, shaped(tone(frequency * ratio, length), envelope), 0)
        return shaped(note, swell(samples, samples_in(_CLICK_FREE_SECONDS), samples_in(0.08)))

    return play


def blown(*harmonics: float, attack: float, release: float, detune: float = 0.0, below: int = 1) -> Instrument:
    """Pad, organ, horn, flute: a steady sound that swells and fades over `attack` and `release` seconds.

    `harmonics` are levels, the fundamental's first; the fundamental is the note's frequency divided by `below`.
    `detune` (relative) makes a second, slightly higher copy, as a choir does.
    """

    def play(frequency: float, seconds: float) -> Signal:
        samples = samples_in(seconds + release)
        note = tone(frequency / below, samples, harmonics)
        if detune:
            mix_into(note, tone(frequency / below * (1 + detune), samples, harmonics), 0)
        return shaped(note, swell(samples, samples_in(attack), samples_in(release)))

    return play


def noise(samples: int, seed: int) -> Signal:
    """White noise, the same for the same seed on every machine."""
    source = Random(seed).random  # noqa: S311  # a sound, not a secret
    return array("f", (2 * source() - 1 for _ in range(samples)))


@lru_cache(maxsize=8)
def _hiss(samples: int) -> Signal:
    """Noise without its lows: each sample less its neighbour."""
    white = noise(samples + 1, seed=3)
    return array("f", (0.5 * (b - a) for a, b in pairwise(white)))


def hat(_frequency: float, _seconds: float) -> Signal:
    samples = samples_in(0.09)
    return shaped(_hiss(samples), decay(samples, 0.013 * SAMPLE_RATE))


def shaker(_frequency: float, _seconds: float) -> Signal:
    samples = samples_in(0.12)
    return shaped(_hiss(samples), swell(samples, samples_in(0.05), samples_in(0.07)))


def brush(_frequency: float, _seconds: float) -> Signal:
    """A snare drum stroked rather than hit."""
    samples = samples_in(0.26)
    body = shaped(tone(190.0, samples), decay(samples, 0.02 * SAMPLE_RATE))
    wires = shaped(noise(samples, seed=5), decay(samples, 0.035 * SAMPLE_RATE))
    mix_into(body, scaled(wires, 0.6), 0)
    return shaped(scaled(body, 0.7), swell(samples, samples_in(0.002), samples_in(0.05)))


def kick(_frequency: float, _seconds: float) -> Signal:
    """A sine that falls from 130 to 48 Hz."""
    samples = samples_in(0.32)
    fall_seconds, low, drop = 0.035, 48.0, 82.0
    times = [i / SAMPLE_RATE for i in range(samples)]
    phases = (low * t + drop * fall_seconds * (1 - math.exp(-t / fall_seconds)) for t in times)
    body = array("f", (math.sin(2 * math.pi * phase) for phase in phases))
    return shaped(body, swell(samples, samples_in(0.002), samples_in(0.24)))


def sea(_frequency: float, seconds: float) -> Signal:
    """One wave running up a beach: dark noise that swells and draws back."""
    loop = array("f")
    level = 0.0
    for white in noise(samples_in(2.0), seed=7):
        level += 0.09 * (white - level)  # a one-pole low-pass, which no map can do; two seconds of it, repeated
        loop.append(3 * level)
    samples = samples_in(seconds * 1.3)
    wave = (loop * (samples // len(loop) + 1))[:samples]
    return shaped(wave, swell(samples, samples // 3, 2 * samples // 3))


INSTRUMENTS: dict[str, Instrument] = {
    "keys": struck(
        (1, 0.62, 0.45), (2, 0.2, 0.28), (3, 0.08, 0.16), (4, 0.07, 0.07), (7, 0.05, 0.03), longest_seconds=2.6
    ),
    "bell": struck((1, 0.5, 0.5), (2.76, 0.22, 0.22), (5.4, 0.1, 0.08), (2, 0.15, 0.4), longest_seconds=2.6),
    "pluck": struck(
        (1, 0.5, 0.14), (2, 0.28, 0.09), (3, 0.17, 0.06), (4, 0.1, 0.045), (5, 0.06, 0.03), longest_seconds=1.2
    ),
    "bass": struck((1, 0.75, 0.4), (2, 0.24, 0.16), (3, 0.08, 0.07), longest_seconds=1.6),
    "piston": struck((1, 0.7, 0.09), (2, 0.35, 0.06), (3, 0.2, 0.04), (4, 0.1, 0.03), longest_seconds=0.7),
    "pad": blown(0.25, 0.11, 0.065, 0.035, 0.02, attack=0.7, release=0.9, detune=0.0056),
    "organ": blown(0.1, 0.22, 0.0, 0.12, 0.0, 0.05, attack=0.06, release=0.25, detune=0.0024, below=2),
    "horn": blown(0.22, 0.15, 0.1, 0.05, 0.03, attack=0.18, release=0.35, detune=0.0036),
    "flute": blown(0.36, 0.065, 0.03, attack=0.07, release=0.16, detune=0.0018),
    "sea": sea,
    "kick": kick,
    "brush": brush,
    "hat": hat,
    "shaker": shaker,
}
