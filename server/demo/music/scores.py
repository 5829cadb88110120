"""The eight pieces, by track key."""

from .score import Line, Score, Section

_FOUR_ON_THE_FLOOR = Line("kick", "x . . . x . . . x . . . x . . .", 0.8)
_BACKBEAT = Line("brush", ". . . . x . . . . . . . x . . .", 0.34)
_EIGHTH_HATS = Line("hat", ". . x . . . x . . . x . . . x x", 0.5)
_WAVES = Line("sea", "x | .", 0.5)


def _pad(level: float = 0.2, octave: int = 0) -> Line:
    return Line("pad", "c", level, octave)


HARBOUR_LIGHTS = Score(
    seconds=8,
    tail_seconds=2.0,
    wetness=0.55,
    sections=(
        Section(
            bars=3,
            chords="Dmaj9 Bm9 Gmaj9",
            lines=(
                _pad(0.18),
                Line("bell", "0 2 4 . 1 3 . 5 | 0 1 3 . 2 4 . 6 | 0 2 3 5 7 - - -", 0.42, 1),
                Line("bass", "0 - - - . . 2 -", 0.5, -1),
                _WAVES,
            ),
        ),
    ),
)

_PISTON = Line("piston", "0 . 0 0 . 0 2 . 0 . 0 0 . 0 3 2", 0.6, -2)
_ENGINE_ARPEGGIO = Line("pluck", "0 1 2 3 2 1 2 3 4 3 2 1 2 3 2 1", 0.36, 1)
ENGINE_ROOM = Score(
    seconds=32,
    tail_seconds=2.0,
    wetness=0.25,
    sections=(
        Section(2, "Am", (_PISTON, _EIGHTH_HATS)),
        Section(4, "Am Am Fmaj7 Em7", (_PISTON, _EIGHTH_HATS, _FOUR_ON_THE_FLOOR, _ENGINE_ARPEGGIO)),
        Section(
            8,
            "Am7 C Fmaj7 G6",
            (
                _PISTON,
                _EIGHTH_HATS,
                _FOUR_ON_THE_FLOOR,
                _BACKBEAT,
                _ENGINE_ARPEGGIO,
                _pad(0.13),
                Line("horn", "2 - - - - - 3 - | 2 - - - 1 - - - | 3 - - - 2 - 1 - | 2 - - - - - . .", 0.26),
            ),
        ),
        Section(2, "Am Am", (_PISTON, _EIGHTH_HATS, _pad(0.13))),
    ),
)

_SLOW_ARPEGGIO = Line("keys", "0 2 3 4 6 4 3 2", 0.34, 0)
_LONG_BASS = Line("bass", "0 - - - - - 2 -", 0.55, -1)
_CROSSING_TUNE = Line(
    "flute",
    "3 - - 2 4 - - - | 3 - 2 - 1 - - - | 2 - - 3 5 - 4 - | 3 - - - - - . .",
    0.3,
    1,
)
UEBER_WASSER = Score(
    seconds=70,
    tail_seconds=4.0,
    wetness=0.6,
    sections=(
        Section(3, "Fmaj9 Em7 Dm9", (_pad(), _WAVES)),
        Section(4, "Fmaj9 Em7 Dm9 Am9", (_pad(), _WAVES, _SLOW_ARPEGGIO)),
        Section(4, "Fmaj9 Em7 Dm9 Am9", (_pad(), _SLOW_ARPEGGIO, _LONG_BASS, _CROSSING_TUNE)),
        Section(
            4,
            "Fmaj9 G6 Cmaj9 Am9",
            (
                _pad(0.22),
                _SLOW_ARPEGGIO,
                _LONG_BASS,
                _CROSSING_TUNE,
                Line("shaker", "x . x x x . x . x . x x x . x x", 0.24),
                Line("kick", "x . . . . . . . x . x . . . . .", 0.6),
                Line("bell", ". . 4 . . 6 . . | . 5 . . . . 7 .", 0.2, 1),
            ),
        ),
        Section(3, "Fmaj9 Em7 Fmaj9", (_pad(), _WAVES, _SLOW_ARPEGGIO)),
    ),
)

BREAKWATER = Score(
    seconds=24,
    tail_seconds=2.0,
    wetness=0.28,
    swing=0.12,
    sections=(
        Section(2, "D A", (Line("pluck", "0 2 3 2 4 2 3 2", 0.46, 1), Line("shaker", "x x x x x x x x", 0.26))),
        Section(
            8,
            "D A Bm7 Gmaj7",
            (
                Line("pluck", "0 2 3 2 4 2 3 2 | 1 2 3 2 5 2 3 2", 0.4, 1),
                Line("bass", "0 . . 0 2 . 0 . | 0 . . 0 3 . 2 .", 0.62, -1),
                Line("shaker", "x x x x x x x x", 0.26),
                _FOUR_ON_THE_FLOOR,
                _BACKBEAT,
                _pad(0.12),
                Line("bell", ". . 5 - 4 - 3 - | 4 - - 3 2 - . . | . . 4 - 3 - 4 - | 5 - - - . . 6 -", 0.3, 1),
            ),
        ),
        Section(1, "D", (Line("keys", "c - - - - - - -", 0.3), Line("bass", "0 - - - - - - -", 0.6, -1))),
    ),
)

_HANDS = Line("keys", "c - . 3 4 - 3 . | c . 4 - 2 3 . 1 | c - . 4 5 - 4 3 | c - - 2 . 3 . .", 0.3)
KETTLE_SONG = Score(
    seconds=28,
    tail_seconds=3.0,
    wetness=0.34,
    swing=0.18,
    sections=(
        Section(4, "Gmaj7 Em7 Am7 D7", (_HANDS, Line("bass", "0 - - - 2 - . .", 0.46, -1))),
        Section(
            5,
            "Gmaj7 Bm7 Cmaj7 D7 Gmaj9",
            (
                _HANDS,
                Line("bass", "0 - - . 2 - 3 2", 0.5, -1),
                Line("brush", ". . x . . . x .", 0.22),
                Line("hat", "x . x x x . x x", 0.22),
                Line("flute", ". . . 4 5 - 4 3 | 4 - - - . . . . | . . . 3 4 - 5 6 | 5 - - - - - . .", 0.2, 1),
            ),
        ),
    ),
)

_OOM_PAH_PAH = (
    Line("bass", "0 - . . . . | 2 - . . . .", 0.6, -1),
    Line("organ", ". . c . c .", 0.12),
)
FOGHORN_WALTZ = Score(
    seconds=38,
    tail_seconds=3.0,
    wetness=0.5,
    sections=(
        Section(2, "Dm Dm", (Line("horn", "0 - - - - -", 0.5, -1), _WAVES)),
        Section(8, "Dm Dm Am7 Am7 C C Dm Dm", (*_OOM_PAH_PAH, Line("keys", "3 - 4 - 5 - | 4 - - 3 2 -", 0.4, 1))),
        Section(
            8,
            "F C Gm7 Dm F C Am7 Dm",
            (
                *_OOM_PAH_PAH,
                Line("horn", "2 - - - 3 - | 4 - - 3 2 - | 3 - - - 2 - | 1 - - - . .", 0.32),
                Line("bell", "3 . 4 . 5 . | 6 . 5 . 4 .", 0.2, 1),
                Line("brush", ". . x . x .", 0.16),
            ),
        ),
        Section(2, "Dm Dm", (Line("horn", "0 - - - - -", 0.5, -1), _pad(0.14), _WAVES)),
    ),
)

_TIDE_BASS = Line("bass", "0 . . 0 . . 0 . 0 . . 0 . 2 . .", 0.6, -1)
_TIDE_ARPEGGIO = Line("pluck", "0 2 4 3 1 3 5 3 2 4 6 4 3 5 4 2", 0.32, 1)
_TIDE_DRUMS = (
    _FOUR_ON_THE_FLOOR,
    _EIGHTH_HATS,
    Line("shaker", "x . x x x . x x x . x x x . x x", 0.16),
)
ONE_LONG_TIDE = Score(
    seconds=95,
    tail_seconds=5.0,
    wetness=0.42,
    sections=(
        Section(4, "Em9 Cmaj9", (_pad(), _WAVES)),
        Section(6, "Em9 Cmaj9", (_pad(), _TIDE_ARPEGGIO, _TIDE_BASS)),
        Section(8, "Em9 Cmaj9 G6 Dadd9", (_pad(), _TIDE_ARPEGGIO, _TIDE_BASS, *_TIDE_DRUMS)),
        Section(
            8,
            "Em9 Cmaj9 G6 Dadd9",
            (
                _pad(0.16),
                _TIDE_ARPEGGIO,
                _TIDE_BASS,
                *_TIDE_DRUMS,
                _BACKBEAT,
                Line("flute", "4 - - - 3 - 4 - | 5 - - 4 2 - - - | 3 - - - 4 - 5 - | 6 - - - - - . .", 0.26, 1),
            ),
        ),
        Section(4, "Am9 Em9", (_pad(0.22), _WAVES, Line("bell", "0 . 3 . 5 . 4 . | 2 . 4 . 6 . . .", 0.3, 1))),
        Section(
            8,
            "Am9 Fmaj9 Cmaj9 G6",
            (_pad(0.16), _TIDE_BASS, *_TIDE_DRUMS, Line("keys", "c . . c . . c . . c . . c . 4 3", 0.22)),
        ),
        Section(4, "Am9 Em9", (_pad(), _TIDE_ARPEGGIO, _WAVES)),
        Section(3, "Em9 Em9 Em9", (_pad(), _WAVES)),
    ),
)

SOUNDCHECK = Score(
    seconds=12,
    tail_seconds=1.5,
    wetness=0.2,
    swing=0.1,
    sections=(
        Section(1, "E7", (Line("hat", "x . x . x . x .", 0.8),)),
        Section(
            4,
            "E7 E7 A7 E7",
            (
                Line("piston", "0 . 0 3 . 2 1 . | 0 . 0 3 4 . 3 2", 0.7, -1),
                Line("kick", "x . . x . . x . ", 0.8),
                Line("brush", ". . x . . . x .", 0.4),
                Line("hat", "x x x x x x x x", 0.4),
                Line("organ", "c . . c . . . .", 0.14),
            ),
        ),
    ),
)

SCORES = {
    "night-ferry/harbour-lights": HARBOUR_LIGHTS,
    "night-ferry/engine-room": ENGINE_ROOM,
    "night-ferry/über-wasser": UEBER_WASSER,
    "night-ferry/breakwater": BREAKWATER,
    "lamp-room-session/kettle-song": KETTLE_SONG,
    "lamp-room-session/foghorn-waltz": FOGHORN_WALTZ,
    "ebb-and-flow/one-long-tide": ONE_LONG_TIDE,
    "soundcheck": SOUNDCHECK,
}
