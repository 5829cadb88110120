"""How long each page of the dashboard takes: `python -m bench.pages --events 10000000`.

With the URL of a database that bench.fill has filled, it is asked instead. `--tracks 2000` adds so many tracks, played
on each of 365 days, to the counters alone: pages read nothing else. Each page is asked for `--rounds` times on one
connection, after one request that is not counted, and must answer in under 200 ms (its median). Exit code 1 where one
does not.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import fill, site
from bench.rig import on_database
from bench.wrk import BenchError
from storage.bridge import Connection
from tests.support.dashboard import ENVIRONMENT, OPERATOR
from tests.support.http import Client, Door
from tests.support.postgres import running_postgres
from tests.support.service import serving

GOAL_MS: Final = 200
_TRACK: Final = f"track/{site.track_key(1)}"
_RELEASE: Final = f"release/{site.release_key(1)}"
_RANGES: Final = ("30d", "90d", "365d", "all")
PAGES: Final = (
    *(f"{page}?range={named}" for page in ("", "tracks", "releases", _TRACK, _RELEASE, "shares") for named in _RANGES),
    *(f"{page}?range=365d&step=day" for page in ("", _TRACK, _RELEASE, "shares")),
    "live",
    "health",
    "privacy",
    "tracks?range=365d&sort=sharesPerHundredPlays&order=asc&page=3",
    "tracks?range=365d&q=track-1",
    "tracks.csv?range=365d",
    "overview.csv?range=365d",
    "overview.svg?range=365d&picture=plays",
)
"""Beneath /dashboard/."""

_SECRET: Final = "5e" * 32  # the same each time, so that a filled database can be measured again
# Counters as a service would have them after a play of every kind a day; `tonearm check` would miss the log.
_WIDER_CATALOG: Final = """
WITH made AS (
    INSERT INTO release (release_key, title, medium)
    SELECT 'wide-' || n, 'Wide ' || n, 'album' FROM generate_series(0, $1 / 10) AS n ON CONFLICT DO NOTHING
)
INSERT INTO track (track_key, title, release_key, position)
SELECT 'wide-' || n / 10 || '/' || n % 10, 'Wide track ' || n, 'wide-' || n / 10, n % 10 + 1
FROM generate_series(1, $1) AS n ON CONFLICT DO NOTHING
"""
_WIDER_DAYS: Final = """
INSERT INTO day_counter (target_key, target_kind, day, slot, partial, sampled, complete,
                         shares_link, shares_embed, via_link, via_embed)
SELECT key, kind, $1::date - back, 0, 3 + n % 7, 4 + n % 5, 5 + back % 9, n % 2, back % 2, 1, 0
FROM generate_series(0, 364) AS back
CROSS JOIN (
    SELECT track_key, 'track', position FROM track WHERE release_key LIKE 'wide-%'
    UNION ALL SELECT release_key, 'release', 1 FROM release WHERE release_key LIKE 'wide-%'
) AS target (key, kind, n)
ON CONFLICT DO NOTHING
"""
_WIDER_TOTALS: Final = """
INSERT INTO play_counter (target_key, target_kind, slot, partial, sampled, complete,
                          shares_link, shares_embed, via_link, via_embed, listeners)
SELECT target_key, target_kind, 0, sum(partial), sum(sampled), sum(complete), sum(shares_link), sum(shares_embed),
       sum(via_link), sum(via_embed), 100
FROM day_counter WHERE target_key LIKE 'wide-%' GROUP BY target_key, target_kind
ON CONFLICT DO NOTHING
"""
_WIDER_TOKENS: Final = """
INSERT INTO token_day (day, generation, partial, closed)
SELECT DISTINCT day, 1, false, day < $1 FROM day_counter ON CONFLICT DO NOTHING
"""
_WIDER_LISTENERS: Final = """
INSERT INTO listener_count (target_key, target_kind, day, generation, slot, listeners)
SELECT target_key, target_kind, day, 1, 0, (partial + sampled + complete) / 2 FROM day_counter
ON CONFLICT DO NOTHING
"""
_SETTLE: Final = ("VACUUM (ANALYZE) day_counter", "VACUUM (ANALYZE) play_counter", "VACUUM (ANALYZE) listener_count")


async def widen(connection: Connection, tracks: int) -> None:
    """So many tracks more, in tens on releases; option B's listeners of every target and day besides."""
    today = datetime.now(UTC).date()
    await connection.execute(_WIDER_CATALOG, tracks)
    await connection.execute(_WIDER_DAYS, today)
    await connection.execute(_WIDER_TOTALS)
    await connection.execute(_WIDER_TOKENS, today)
    await connection.execute(_WIDER_LISTENERS)
    for statement in _SETTLE:
        await connection.execute(statement)


def measure(url: str, folder: Path, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by page. Raises BenchError."""
    environment = {**ENVIRONMENT, "TONEARM_DATABASE_URL": url, "TONEARM_SECRET": _SECRET}
    with serving(folder / "pages", environment) as service, Client(Door.at(service.url)) as client:
        return {page: [_asked(client, page) for _ in range(rounds + 1)][1:] for page in PAGES}


def _asked(client: Client, page: str) -> float:
    began = time.perf_counter()
    answer = client.ask("GET", f"/dashboard/{page}", OPERATOR)
    took = time.perf_counter() - began
    if answer.status != 200:
        raise BenchError(f"/dashboard/{page} answered {answer.status}: {answer.body.decode()[:400]}")
    return 1000 * took


def shown(found: dict[str, list[float]]) -> Table:
    """The table."""
    table = Table("page", title=f"Milliseconds to a whole answer; the goal is a median under {GOAL_MS}")
    for column in ("median", "fastest", "slowest"):
        table.add_column(column, justify="right")
    for page, samples in found.items():
        median = statistics.median(samples)
        style = "red" if median >= GOAL_MS else ""
        table.add_row(f"/dashboard/{page}", *(f"{ms:.0f}" for ms in (median, min(samples), max(samples))), style=style)
    return table


@contextmanager
def _database(given: str, folder: Path, events: int) -> Iterator[str]:
    if given:
        yield given
        return
    with running_postgres(folder / "postgres") as postgres:
        url = postgres.new_database()
        fill.fill_database(url, events, 1, lambda step: print(step, file=sys.stderr))
        yield url


def main(words: Sequence[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--events", type=int, default=500_000, help="of the database that is filled for this")
    parser.add_argument("--tracks", type=int, default=0, help="so many tracks more, each played on 365 days")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--folder", type=Path, help="where to keep data meanwhile")
    parser.add_argument("url", nargs="?", default="", help="postgresql://... of a database that is filled already")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory(dir=options.folder) as made:
        folder = Path(made)
        folder.chmod(0o711)  # PostgreSQL runs as another account where this one is root
        try:
            with _database(options.url, folder, options.events) as url:
                if options.tracks:
                    on_database(url, lambda connection: widen(connection, options.tracks))
                found = measure(url, folder, options.rounds)
        except BenchError as error:
            print(error, file=sys.stderr)
            return 1
    Console(width=120).print(shown(found))
    return int(any(statistics.median(samples) >= GOAL_MS for samples in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
