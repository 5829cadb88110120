"""A score in, samples out."""

from array import array
from collections.abc import Iterator
from functools import lru_cache
from itertools import repeat
from operator import mul

from .harmony import chord, chord_tone, hertz
from .instruments import INSTRUMENTS
from .room import in_room
from .samples import Signal, mix_into, samples_in, scaled, shaped, silence, swell
from .score import Line, Score, Section, Step

_PEAK = 0.84  # of full scale: loud enough, never clipped
_FULL_SCALE = 32_767
_FADE_OUT_SECONDS = 1.2
_ACCENTS = (1.0, 0.7, 0.84, 0.66)  # by step: what makes a row of equal notes move
_STRUM_SECONDS = 0.018  # between the tones of a chord, as fingers do


@lru_cache(maxsize=192)
def _note(instrument: str, midi: int, milliseconds: int) -> Signal:
    return INSTRUMENTS[instrument](hertz(midi), milliseconds / 1000)


@lru_cache(maxsize=192)
def _sound(instrument: str, pitches: tuple[int, ...], milliseconds: int, level: float) -> Signal:
    """One note, or the tones of a chord one just after the other: kept, since bars come back."""
    if len(pitches) == 1:
        return scaled(_note(instrument, pitches[0], milliseconds), level)
    strum = samples_in(_STRUM_SECONDS)
    notes = [_note(instrument, midi, milliseconds) for midi in pitches]
    together = silence(max(map(len, notes)) + strum * len(notes))
    for order, note in enumerate(notes):
        mix_into(together, note, order * strum)
    return scaled(together, level)


def render(score: Score) -> "array[int]":
    """The piece as 16-bit samples at SAMPLE_RATE, exactly as long as the score says; the same for the same score."""
    dry = silence(samples_in(score.seconds))
    for start_seconds, section, bar in _bars(score):
        for line in section.lines:
            _play_bar(dry, score, section, line, bar, start_seconds)
    _note.cache_clear()  # notes are seldom shared between pieces, and they are megabytes
    _sound.cache_clear()
    return _to_pcm(in_room(dry, score.wetness))


def _bars(score: Score) -> Iterator[tuple[float, Section, int]]:
    start_seconds = 0.0
    for section in score.sections:
        for bar in range(section.bars):
            yield start_seconds, section, bar
            start_seconds += score.bar_seconds


def _play_bar(target: Signal, score: Score, section: Section, line: Line, bar: int, bar_start_seconds: float) -> None:
    names = section.chords.split()
    notes = chord(names[bar % len(names)])
    for step in line.bar(bar):
        late = score.swing * step.length if step.index % 2 else 0.0
        start_seconds = bar_start_seconds + (step.start + late) * score.bar_seconds
        milliseconds = round(step.length * score.bar_seconds * 1000)
        level = round(line.level * _ACCENTS[step.index % len(_ACCENTS)], 4)
        sound = _sound(line.instrument, _pitches(step, notes, line.octave), milliseconds, level)
        mix_into(target, sound, samples_in(start_seconds))


def _pitches(step: Step, notes: tuple[int, ...], octave: int) -> tuple[int, ...]:
    if step.tones == "x":
        return (60,)  # unpitched instruments do not look at it; one number, so that their notes are shared
    if step.tones == "c":
        return tuple(note + 12 * octave for note in notes)
    return (chord_tone(notes, step.tones) + 12 * octave,)


def _to_pcm(signal: Signal) -> "array[int]":
    tail = samples_in(_FADE_OUT_SECONDS)
    signal[-tail:] = shaped(signal[-tail:], swell(2 * tail, 0, tail)[tail:])
    loudest = max(max(signal), -min(signal))
    factor = _PEAK * _FULL_SCALE / loudest if loudest else 0.0
    return array("h", map(int, map(mul, signal, repeat(factor))))
