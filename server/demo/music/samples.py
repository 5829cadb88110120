"""Runs of samples: the cycle that repeats, envelopes, mixing.

A signal is an `array('f')` of samples around -1..1 at SAMPLE_RATE. Every operation maps whole arrays: a loop that
touched each sample in Python code would be four times slower.
"""

import math
from array import array
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate, repeat
from operator import add, mul
from typing import TypeAlias

SAMPLE_RATE = 22_050  # hertz; half of a CD's: enough for soft music, half the arithmetic

HIGHEST_HERTZ = SAMPLE_RATE * 0.45  # above it partials would fold back as false tones

Signal: TypeAlias = "array[float]"

_PITCH_TOLERANCE = 0.0005  # relative; under one cent, which nobody hears


def silence(samples: int) -> Signal:
    return array("f", bytes(4 * samples))


def samples_in(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def scaled(signal: Iterable[float], gain: float) -> Signal:
    return array("f", map(mul, signal, repeat(gain)))


def shaped(signal: Iterable[float], envelope: Iterable[float]) -> Signal:
    """The signal under the envelope; as long as the shorter of the two."""
    return array("f", map(mul, signal, envelope))


def mix_into(target: Signal, signal: Signal, at: int) -> None:
    """Add `signal` to `target` from sample `at` on; what would reach beyond the end is cut off."""
    room = len(target) - at
    if at < 0 or room <= 0:
        return
    part = signal[:room]
    end = at + len(part)
    target[at:end] = array("f", map(add, target[at:end], part))


@lru_cache(maxsize=512)
def cycle(frequency: float, harmonics: tuple[float, ...]) -> Signal:
    """A run of whole periods that can be repeated without a seam; `harmonics` are levels, the fundamental's first.

    One period is rarely a whole number of samples, so as many periods are taken as keep the pitch within tolerance.
    """
    period = SAMPLE_RATE / frequency
    count = 1
    while abs(round(count * period) - count * period) > _PITCH_TOLERANCE * count * period:
        count += 1
    length = round(count * period)
    sine = [math.sin(2 * math.pi * i / length) for i in range(length)]
    audible = [(n * count, level) for n, level in enumerate(harmonics, 1) if n * frequency < HIGHEST_HERTZ]
    return array("f", (sum(level * sine[i * step % length] for step, level in audible) for i in range(length)))


def tone(frequency: float, samples: int, harmonics: tuple[float, ...] = (1.0,)) -> Signal:
    """A steady sound of that many samples."""
    run = cycle(frequency, harmonics)
    return (run * (samples // len(run) + 1))[:samples]


@lru_cache(maxsize=64)
def decay(samples: int, half_life_samples: float, level: float = 1.0) -> Signal:
    """`level` falling by half every `half_life_samples`."""
    factor = 0.5 ** (1 / half_life_samples)
    return array("f", accumulate(repeat(factor, samples - 1), mul, initial=level))


@lru_cache(maxsize=64)
def swell(samples: int, attack: int, release: int) -> Signal:
    """Rise over `attack` samples, hold, fall over `release` samples; both as half a cosine, so nothing clicks."""
    attack, release = min(attack, samples // 2), min(release, samples // 2)
    rise = [0.5 - 0.5 * math.cos(math.pi * i / attack) for i in range(attack)]
    fall = [0.5 + 0.5 * math.cos(math.pi * i / release) for i in range(release)]
    return array("f", rise) + array("f", [1.0]) * (samples - attack - release) + array("f", fall)
