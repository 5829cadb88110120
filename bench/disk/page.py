"""docs/disk.md and docs/disk.json: what was measured, per million events."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from bench import site
from bench.disk.audience import DAYS, PLAYS_A_LISTENER, SHARES_IN_A_HUNDRED, Sends
from bench.disk.measure import Bytes, Measured
from storage.event_ids import KEPT

MIB: Final = 1024 * 1024
CASES: Final[Mapping[str, Sends]] = {
    "anon-id": Sends(ids=True, tokens=False, event_ids=False),
    "anon-id, every play with an event id": Sends(ids=True, tokens=False, event_ids=True),
    "daily-salt": Sends(ids=False, tokens=True, event_ids=False),
    "both": Sends(ids=True, tokens=True, event_ids=False),
    "both, every play with an event id": Sends(ids=True, tokens=True, event_ids=True),
    "off": Sends(ids=False, tokens=False, event_ids=False),
}
_COLUMNS: Final = ("mode", "log", "listener sets", "event ids", "tokens of a day", "daily figures", "all-time figures")
_TARGETS: Final = site.TRACKS + site.RELEASES + 1
_TARGET_DAYS: Final = 365_000  # a thousand targets, a year


@dataclass(frozen=True, slots=True)
class Results:
    """`cases` has what was measured of each of `CASES`."""

    taken_at: str
    postgres: str
    cases: Mapping[str, Measured]


def as_json(results: Results) -> str:
    """For docs/disk.json."""
    return json.dumps(asdict(results), indent=1) + "\n"


def read(text: str) -> Results:
    """The inverse of `as_json`."""
    stored: dict[str, Any] = json.loads(text)
    return Results(
        stored["taken_at"], stored["postgres"], {name: _measured(one) for name, one in stored["cases"].items()}
    )


def _measured(stored: dict[str, Any]) -> Measured:
    tables = {name: Bytes(**size) for name, size in stored["tables"].items()}
    return Measured(**{**stored, "tables": tables, "tokens_of_a_day": Bytes(**stored["tokens_of_a_day"])})


def parts(measured: Measured) -> dict[str, float]:
    """MiB per million events; of event ids per million that are kept at a time; of tokens per million events a day;
    of daily figures for a thousand targets and a year; all-time figures for a thousand targets.
    """
    million = 1e6 / measured.events / MIB

    def size(*names: str) -> float:
        return sum(measured.tables[name].both for name in names) * million

    return {
        "log": size("play_event", "share_event"),
        "daily figures": (
            _a_row(measured, "day_counter", measured.days) * _TARGET_DAYS
            + _a_row(measured, "listener_count", measured.listener_days) * _TARGET_DAYS
        )
        / MIB,
        "all-time figures": _a_row(measured, "play_counter", _TARGETS) * 1000 / MIB,
        "listener sets": size("listener") if measured.pairs else 0.0,
        "event ids": measured.tables["event_id"].both / measured.ids * 1e6 / MIB if measured.ids else 0.0,
        "tokens of a day": measured.tokens_of_a_day.both * million * DAYS,
        "write-ahead log": measured.wal * million,
        "rewriting the sets, a night": measured.wal_nightly * million,
    }


def quoted(name: str, measured: Measured) -> str:
    """A row of the short table in docs/data-life.md."""
    found = parts(measured)
    return _line([_code(name), *(_mib(found[column]) for column in ("log", "listener sets", "event ids"))])


def _a_row(measured: Measured, table: str, rows: int) -> float:
    return measured.tables[table].both / rows if rows else 0.0


def document(results: Results) -> str:
    """docs/disk.md."""
    first = next(iter(results.cases.values()))
    lines = [_line(_COLUMNS), _line(["---"] + ["---:"] * (len(_COLUMNS) - 1))]
    written = [_line(("mode", "counting", "rewriting the sets, each night")), _line(("---", "---:", "---:"))]
    for name, measured in results.cases.items():
        found = parts(measured)
        lines.append(_line([_code(name), *(_mib(found[column]) for column in _COLUMNS[1:])]))
        nightly = found["rewriting the sets, a night"] if measured.pairs else 0.0
        written.append(_line([_code(name), _mib(found["write-ahead log"]), _mib(nightly)]))
    pairs = max(one.pairs for one in results.cases.values())
    widest = max((one for one in results.cases.values() if one.pairs), key=lambda one: one.pairs)
    pair_bytes = round(widest.tables["listener"].both / widest.pairs)
    return _PAGE.format(
        events=first.events,
        taken_at=results.taken_at,
        postgres=results.postgres,
        days=DAYS,
        tracks=site.TRACKS,
        releases=site.RELEASES,
        shares=SHARES_IN_A_HUNDRED,
        a_listener=PLAYS_A_LISTENER,
        kept=KEPT.days,
        pairs=pairs,
        pair_bytes=pair_bytes,
        table="\n".join(lines),
        written="\n".join(written),
    )


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _code(name: str) -> str:
    mode, _, rest = name.partition(",")
    return f"`{mode}`" + (f",{rest}" if rest else "")


def _mib(size: float) -> str:
    if not size:
        return "none"
    return f"{size:,.0f} MiB" if size >= 10 else f"{size:,.1f} MiB"


_PAGE: Final = """\
# Disk per million events

Written by `python -m bench.disk --write-docs`; do not edit it by hand, measure again.

Measured {taken_at} on PostgreSQL {postgres}: {events:,} events a row, put in by the service's own counting (the writer,
batches of 4,096 events) over {days} days, with what the housekeeper does at night. `tonearm check` agreed with each.
MiB, tables and indexes together; per million events, except the last two columns.

{table}

- **Log**: one row per play and share, no index. It grows for as long as it is kept (`[retention] log_months`).
- **Listener sets**: a row for each listener of a track, of a release and of the site, {pair_bytes} bytes with its
  index. Here a listener plays {a_listener} times, which makes {pairs:,} rows. Where everybody comes once it is three
  rows a play, where the same people come every day next to nothing.
- **Event ids** are kept for {kept} days: per million of them *that are there at a time*. Multiply by your plays of nine
  days, not by all plays.
- **Tokens of a day** are dropped when the day is closed: per million events *of one day*, however many days there are.
- **Daily figures** do not grow with events: a row for each track, release and the site, each day on which something was
  played (option B has one more). The column is for a thousand targets that are all played every day of a year.
- **All-time figures**: for a thousand targets, for good.

Of the events {shares} % are shares; plays are spread over {tracks} tracks on {releases} releases by zipf-like fame.

## Written, and recycled

The write-ahead log is written besides and recycled; a standby or an archive has to take all of it. MiB per million
events for counting (in large batches; a quiet site writes more per event, as each commit and each page touched after a
checkpoint costs), and for the sets that are written anew each night, per million events *stored*.

{written}
"""
