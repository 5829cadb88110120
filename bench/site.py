"""The site whose listeners the load plays: 200 tracks on 20 releases, of zipf-like fame."""

import json
from pathlib import Path
from typing import Final

TRACKS: Final = 200
RELEASES: Final = 20


def track_key(number: int) -> str:
    """`number` counts from 1, the most famous; bench/beacon.lua makes the same names."""
    return f"track-{number:03}"


def release_key(track_number: int) -> str:
    """Famous and unknown tracks share releases, as on real ones."""
    return f"release-{track_number % RELEASES:02}"


def fame() -> list[float]:
    """The share of all plays that each track has, the most famous first."""
    weights = [1 / number for number in range(1, TRACKS + 1)]
    return [weight / sum(weights) for weight in weights]


def write_catalog(path: Path) -> Path:
    """As `tonearm catalog load` takes it (JSON)."""
    numbers = range(1, TRACKS + 1)
    releases = sorted({release_key(number) for number in numbers})
    catalog = {
        "releases": [{"key": key, "title": key.title()} for key in releases],
        "tracks": [
            {"key": track_key(number), "title": f"Track {number}", "release": release_key(number)} for number in numbers
        ],
    }
    path.write_text(json.dumps(catalog), "utf-8")
    return path
