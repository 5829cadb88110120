"""The room around the notes: a small reverberator after Schroeder, done in blocks.

A comb filter's output depends on itself one delay ago, so a block as long as the delay can be computed at once.
"""

from array import array
from itertools import repeat
from operator import add, mul

from .samples import SAMPLE_RATE, Signal

# Seconds. Mutually unrelated, as in the original paper, so that the echoes do not pile up into a pitch.
_COMB_DELAYS = (0.0297, 0.0371, 0.0411, 0.0437)
_DIFFUSER_DELAYS = (0.005, 0.0117)
_DIFFUSION = 0.6


def _comb(dry: Signal, delay: int, feedback: float) -> Signal:
    """Echoes of echoes. Each pass averages neighbours, as air swallows the highs."""
    wet = array("f")
    half = feedback / 2
    previous, carry = array("f", bytes(4 * delay)), 0.0
    for start in range(0, len(dry), delay):
        shifted = array("f", [carry]) + previous[:-1]
        carry = previous[-1]
        damped = map(mul, map(add, previous, shifted), repeat(half))
        previous = array("f", map(add, dry[start : start + delay], damped))
        wet += previous
    return wet


def _diffuser(dry: Signal, delay: int) -> Signal:
    """An all-pass filter: smears the echoes without colouring them."""
    wet = array("f")
    past_in, past_out = array("f", bytes(4 * delay)), array("f", bytes(4 * delay))
    for start in range(0, len(dry), delay):
        block = dry[start : start + delay]
        delayed = map(add, past_in, map(mul, past_out, repeat(_DIFFUSION)))
        past_out = array("f", map(add, delayed, map(mul, block, repeat(-_DIFFUSION))))
        past_in = block
        wet += past_out
    return wet


def in_room(dry: Signal, wetness: float, feedback: float = 0.8) -> Signal:
    """The signal with `wetness` (0 to 1) of reverberation; `feedback` (0 to 0.95) says how large the room is.

    Echoes are dark, so they are made at half the rate, which costs half the time.
    """
    send = array("f", map(mul, map(add, dry[0::2], dry[1::2]), repeat(wetness / (2 * len(_COMB_DELAYS)))))
    a, b, c, d = (_comb(send, _half_rate_samples(seconds), feedback) for seconds in _COMB_DELAYS)
    wet = array("f", map(add, map(add, a, b), map(add, c, d)))
    for seconds in _DIFFUSER_DELAYS:
        wet = _diffuser(wet, _half_rate_samples(seconds))
    return array("f", map(add, dry, _doubled(wet, len(dry))))


def _half_rate_samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE / 2)


def _doubled(signal: Signal, samples: int) -> Signal:
    """Back to the full rate: between two samples, their mean."""
    out = array("f", bytes(4 * 2 * len(signal)))
    out[0::2] = signal
    out[1::2] = array("f", map(mul, map(add, signal, signal[1:] + signal[-1:]), repeat(0.5)))
    return out + array("f", bytes(4 * (samples - len(out))))
