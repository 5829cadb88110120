"""The demo's recordings: real WAV files, as long as stated, audible, unclipped, always the same, never half there."""

import json
import os
import shutil
import wave
from array import array
from pathlib import Path

import pytest

from server.demo.audio import audio_path, prepare_audio
from server.demo.discography import CATALOG, load
from server.demo.music.arranger import render
from server.demo.music.harmony import chord, chord_tone, hertz
from server.demo.music.score import Line
from server.demo.music.scores import SCORES
from server.demo.waveform import waveform_path

KEYS = [track["key"] for track in json.loads(CATALOG.read_text("utf-8"))["tracks"]]
SHORTEST = "night-ferry/harbour-lights"


class Stopped(Exception):
    """Not an error: somebody pressed Ctrl-C."""


def ignore(_done: int, _total: int) -> None:
    pass


def samples_of(path: Path) -> "array[int]":
    with wave.open(str(path), "rb") as recording:
        return array("h", recording.readframes(recording.getnframes()))


@pytest.fixture
def copy(demo_music: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_music, tmp_path / "copy"))


@pytest.mark.parametrize("key", KEYS)
def test_recording_is_a_mono_16_bit_wav_as_long_as_the_pages_say(demo_music: Path, key: str) -> None:
    with wave.open(str(audio_path(demo_music, key)), "rb") as recording:
        assert (1, 2, 22_050) == (recording.getnchannels(), recording.getsampwidth(), recording.getframerate())
        seconds = recording.getnframes() / recording.getframerate()
    assert pytest.approx(load().track_by_key[key].seconds, rel=0.01) == seconds


@pytest.mark.parametrize("key", KEYS)
def test_recording_is_audible_and_not_clipped(demo_music: Path, key: str) -> None:
    samples = samples_of(audio_path(demo_music, key))
    loudness = (sum(sample * sample for sample in samples) / len(samples)) ** 0.5
    assert 1_000 < loudness < 12_000
    assert 20_000 < max(max(samples), -min(samples)) < 32_000
    assert abs(sum(samples) / len(samples)) < 330  # 1 % of full scale: no offset, which would click at start and stop


@pytest.mark.parametrize("key", KEYS)
def test_recording_fades_out_instead_of_breaking_off(demo_music: Path, key: str) -> None:
    assert max(map(abs, samples_of(audio_path(demo_music, key))[-8:])) < 50


def test_durations_cover_every_case_that_counting_has(demo_music: Path) -> None:
    seconds = sorted(track.seconds for track in load().tracks)
    assert [8, 12] == seconds[:2]
    assert sum(1 for length in seconds if length > 60) >= 2
    assert len(seconds) == len(list(demo_music.iterdir()))


def test_pieces_differ_from_each_other(demo_music: Path) -> None:
    assert len(KEYS) == len({audio_path(demo_music, key).read_bytes() for key in KEYS})


def test_the_same_score_always_gives_the_same_samples(demo_music: Path) -> None:
    expected = samples_of(audio_path(demo_music, SHORTEST))
    assert expected == render(SCORES[SHORTEST])


def test_a_second_start_makes_nothing_anew(copy: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in copy.iterdir()}
    reports: list[tuple[int, int]] = []
    prepare_audio(copy, lambda done, total: reports.append((done, total)))
    assert before == {path.name: path.stat().st_mtime_ns for path in copy.iterdir()}
    assert [(307, 307)] == reports


def test_an_interrupted_start_is_finished_by_the_next(copy: Path, demo_music: Path) -> None:
    first, second = KEYS[0], KEYS[7]
    for key in (first, second):
        audio_path(copy, key).unlink()
    reports: list[tuple[int, int]] = []

    def stop_after_one(done: int, total: int) -> None:
        reports.append((done, total))
        if len(reports) == 2:
            raise Stopped

    with pytest.raises(Stopped):
        prepare_audio(copy, stop_after_one)
    assert audio_path(copy, first).exists()
    assert not audio_path(copy, second).exists()
    prepare_audio(copy, lambda done, total: reports.append((done, total)))
    assert [(287, 307), (295, 307), (295, 307), (307, 307)] == reports
    assert audio_path(demo_music, second).read_bytes() == audio_path(copy, second).read_bytes()


@pytest.mark.parametrize("damage", ["cut short", "empty", "left as a temporary file"])
def test_a_damaged_recording_is_mended_and_the_others_left_alone(copy: Path, demo_music: Path, damage: str) -> None:
    path = audio_path(copy, SHORTEST)
    whole = audio_path(demo_music, SHORTEST).read_bytes()
    if damage == "left as a temporary file":
        path.replace(path.with_suffix(".part"))
    else:
        os.truncate(path, 0 if damage == "empty" else 100_000)
    untouched = audio_path(copy, KEYS[1]).stat().st_mtime_ns
    prepare_audio(copy, ignore)
    assert whole == path.read_bytes()
    assert untouched == audio_path(copy, KEYS[1]).stat().st_mtime_ns
    assert [] == list(copy.glob("*.part"))


def test_a_failed_write_leaves_no_file_behind(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio_path(copy, SHORTEST)
    path.unlink()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        prepare_audio(copy, ignore)
    assert len(KEYS) - 1 == len(list(copy.iterdir()))


def test_every_catalogued_track_has_a_score_and_no_score_is_left_over() -> None:
    assert set(KEYS) == set(SCORES)
    assert {track.key: track.seconds for track in load().tracks} == {key: SCORES[key].seconds for key in SCORES}


def test_catalog_has_the_format_that_catalog_load_takes() -> None:
    catalog = json.loads(CATALOG.read_text("utf-8"))
    assert {"releases", "tracks"} == set(catalog)
    assert all({"key", "title", "medium"} == set(row) for row in catalog["releases"])
    assert all({"key", "title", "release", "position"} == set(row) for row in catalog["tracks"])
    assert {"cut", "session", "mix"} == {row["medium"] for row in catalog["releases"]}
    assert {row["key"] for row in catalog["releases"]} | {None} == {row["release"] for row in catalog["tracks"]}
    assert all(1 <= len(key.encode()) <= 200 for key in KEYS)
    assert any(not key.isascii() for key in KEYS)


def test_chords_are_spelled_from_their_root_up() -> None:
    assert (57, 60, 64, 67) == chord("Am7")
    assert (54, 57, 61) == chord("F#m")
    assert [57, 69, 55] == [chord_tone(chord("Am7"), index) for index in (0, 4, -1)]
    assert 440.0 == hertz(69)


@pytest.mark.parametrize("name", ["", "H", "Amaj13", "b"])
def test_an_unknown_chord_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is no chord"):
        chord(name)


def test_steps_hold_rest_and_go_on_with_the_next_bar() -> None:
    line = Line("keys", "0 - . c | x . . .", 1.0)
    assert [(0, 0.0, 0.5), ("c", 0.75, 0.25)] == [(step.tones, step.start, step.length) for step in line.bar(2)]
    assert [("x", 0.0, 0.25)] == [(step.tones, step.start, step.length) for step in line.bar(3)]


def test_waveform_has_the_asked_number_of_bars_and_its_loudest_fills_the_box(demo_music: Path) -> None:
    drawn = waveform_path(audio_path(demo_music, SHORTEST), 40)
    assert drawn is not None
    assert 40 == drawn.count("M")
    assert "v100h" in drawn


def test_waveform_of_a_recording_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert waveform_path(tmp_path / "missing.wav", 40) is None
