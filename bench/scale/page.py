"""docs/scale.md: the text, and the figures in it."""

from collections.abc import Iterable
from typing import Final

from bench.scale.arithmetic import (
    DAY_S,
    MONTH_DAYS,
    PEAK,
    RELEASES_HEARD,
    REWRITTEN,
    SHARES_IN_A_HUNDRED,
    TRACKS_HEARD,
    Measured,
    Need,
    Sets,
    hll_error,
    lasting,
    plain,
    rate,
    rows_of_a_night,
    rows_until_the_spool_is_full,
    served,
    servers,
    size,
    stored,
)
from bench.scale.text import PAGE
from bench.shards import page as shards
from bench.shards.measure import OWN_CURSORS, TWO_PHASE
from storage import sharding
from storage.cursor import SLOTS
from storage.event_ids import KEPT
from storage.sharding import DISTRIBUTED, ONE_NODE, REFERENCE

PLAYS: Final = (1_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)  # a day
TIMES: Final = (1, 10, 1000)  # what is measured
_AUDIENCES: Final = (10_000, 1_000_000, 100_000_000)
_SIX_HOURS_S: Final = 6 * 3600  # the longest a statement may take (storage/bridge/)
_LET_GO: Final = (5_000_000, 13)  # events of a month that left the log, in so many seconds (docs/data-life.md)
_NODE_CORES: Final = 16  # of one machine of a distributed PostgreSQL,
_NODE_BUSY: Final = 0.5  # of which counting may take so much
_STATEMENTS: Final = 10  # a batch waits for so many answers in turn: eight statements, PREPARE, COMMIT PREPARED
_NEAR_MS, _FAR_MS = 0.5, 80.0  # assumed, there and back: in one data centre, between continents
_MIB: Final = 1024 * 1024


def needs() -> dict[str, Need]:
    """The sites of the page, by what they are called."""
    return {f"{plain(plays)} plays a day": Need(plays) for plays in PLAYS}


def capacities(found: Measured) -> dict[str, float]:
    """Events/s, by how many times what is measured."""
    return {f"{times:,} x": times * found.capacity for times in TIMES}


def document(found: Measured, sharded: shards.Results) -> str:
    """docs/scale.md."""
    one, ten, thousand = (served(times * found.capacity) for times in TIMES)
    largest, small = max(arm.events for arm in sharded.arms), min(arm.events for arm in sharded.arms)
    most = max(arm.servers for arm in sharded.arms)
    batches = found.capacity / largest * TIMES[-1]
    part_ms = shards.part_ms(sharded, TWO_PHASE, most, small)
    nodes = servers(thousand, found.postgres_us, batches, part_ms, _NODE_CORES * _NODE_BUSY)
    split = {way: shards.told(sharded, way, most, small) for way in (TWO_PHASE, OWN_CURSORS)}
    million = Need(1_000_000)
    machine = sharded.machine
    row = found.set_row
    return PAGE.format(
        machine=found.machine,
        capacity=rate(found.capacity),
        door=rate(found.door),
        backlog=rate(found.backlog),
        memory=round(found.memory_mib),
        postgres_us=round(found.postgres_us),
        python_us=round(found.python_us),
        peak=PEAK,
        shares=SHARES_IN_A_HUNDRED,
        sum_of_a_million=_sum_of(million, found),
        share_of_a_million=_share(million, found),
        needs=_table(("plays a day", "events/s, mean", f"busiest second ({PEAK} x)", "of one process"), _needs(found)),
        sizes=_table(_SIZES, _sizes(found)),
        one_plays=plain(one.plays),
        ten_plays=plain(ten.plays),
        ten_rate=rate(ten.peak),
        ten_cores=f"{ten.peak * found.postgres_us / 1e6:.1f}",
        home=f"{found.home_ratio:.2f}",
        ten_wal=size(ten.peak / 1e6 * found.stored["write-ahead log"]),
        ten_wal_day=size(stored(ten, found, KEPT.days).written),
        ten_log=size(stored(ten, found, KEPT.days).log),
        ten_month_events=plain(ten.events * MONTH_DAYS),
        ten_month_takes=lasting(ten.events * MONTH_DAYS / _LET_GO[0] * _LET_GO[1]),
        thousand_plays=plain(thousand.plays),
        thousand_rate=rate(thousand.peak),
        slots=SLOTS,
        writers=shards.writers(sharded),
        arms=shards.arms(sharded),
        bench_when=machine.taken_at,
        bench_load=f"{machine.load:g}",
        bench_load_after=f"{sharded.load_after:g}",
        bench_postgres=machine.postgres,
        bench_fsync=f"{machine.fsync_ms:g}",
        bench_rounds=sharded.rounds,
        largest=f"{largest:,}",
        small=f"{small:,}",
        most=most,
        two_phase=f"{shards.cpu_ratio(sharded, TWO_PHASE, most, largest):.2f}",
        two_phase_small=f"{shards.cpu_ratio(sharded, TWO_PHASE, most, small):.2f}",
        part_ms=f"{part_ms:.1f}",
        split_small=split[TWO_PHASE],
        cursors_small=split[OWN_CURSORS],
        tracks_heard=TRACKS_HEARD,
        releases_heard=RELEASES_HEARD,
        heard=TRACKS_HEARD + RELEASES_HEARD + 1,
        row=round(row),
        audiences=_table(_AUDIENCE, _audiences(found)),
        nightly=plain(rows_of_a_night()),
        in_six_hours=plain(_SIX_HOURS_S / REWRITTEN[1] * REWRITTEN[0]),
        let_go_in_six_hours=plain(_SIX_HOURS_S / _LET_GO[1] * _LET_GO[0]),
        one_wall=plain(rows_until_the_spool_is_full(one)),
        one_wall_size=size(rows_until_the_spool_is_full(one) * row / _MIB),
        nodes=nodes,
        node_cores=_NODE_CORES,
        node_busy=f"{_NODE_BUSY:.0%}",
        event_cores=f"{thousand.peak * found.postgres_us / 1e6:,.0f}",
        part_cores=f"{batches * part_ms / 1000:.1f}",
        left_cores=f"{_NODE_CORES * _NODE_BUSY - batches * part_ms / 1000:.1f}",
        processes=f"{TIMES[-1]:,}",
        batches=f"{batches:,.0f}",
        part=round(largest / nodes),
        statements=_STATEMENTS,
        near=f"{_NEAR_MS:g}",
        near_sum=f"{_STATEMENTS * _NEAR_MS:.1f}",
        far=f"{_FAR_MS:g}",
        far_sum=f"{_STATEMENTS * _FAR_MS / 1000:.1f}",
        batch_lasts=f"{largest / found.capacity * 1000:,.0f}",
        site_rows=plain(thousand.peak),
        one_node_rows=f"{found.capacity * 3:,.0f}",
        distributed=_table(("table", "column"), ((f"`{name}`", f"`{column}`") for name, column in DISTRIBUTED.items())),
        reference=", ".join(f"`{name}`" for name in sorted(REFERENCE)),
        one_node=_table(("table", "why"), ((f"`{name}`", why) for name, why in ONE_NODE.items())),
        commands="\n".join(sharding.commands()),
        hll_small=f"{hll_error(2048):.1%}",
        hll_large=f"{hll_error(16384):.1%}",
        kept=KEPT.days,
    )


_SIZES: Final = (
    "",
    "plays a day",
    "log, a month",
    "event ids, at a time",
    "tokens of a day, at a time",
    "write-ahead log, a day",
)
_AUDIENCE: Final = ("listeners", "rows", "disk", "of it index", "written anew in")


def _needs(found: Measured) -> Iterable[tuple[str, ...]]:
    for need in needs().values():
        yield f"{need.plays:,.0f}", rate(need.mean), rate(need.peak), _share(need, found)


def _share(need: Need, found: Measured) -> str:
    share = need.peak / found.capacity
    return f"{share:.2g} x" if share >= 1 else f"{share * 100:.2g} %"


def _sum_of(need: Need, found: Measured) -> str:
    """Step by step, as a block of code."""
    lines = [
        (
            f"{need.plays:,.0f} plays x 100 / (100 - {SHARES_IN_A_HUNDRED})",
            f"{need.events:,.0f} events a day",
        ),
        (f"{need.events:,.0f} / {DAY_S:,} s", f"{need.mean:.2f} events/s in the mean"),
        (f"{need.mean:.2f} x {PEAK}", f"{need.peak:.1f} events/s in the busiest second"),
        (f"{need.peak:.1f} / {found.capacity:,.0f}", f"{_share(need, found)} of what one process counts"),
    ]
    return "\n".join(f"    {left:38} = {right}" for left, right in lines)


def _sizes(found: Measured) -> Iterable[tuple[str, ...]]:
    sites = [("", Need(1_000)), ("", Need(1_000_000))]
    sites += [(f"{times:,} x", served(times * found.capacity)) for times in TIMES]
    for name, need in sites:
        there = stored(need, found, KEPT.days)
        figures = (there.log, there.ids, there.tokens, there.written)
        yield (name, plain(need.plays), *map(size, figures))


def _audiences(found: Measured) -> Iterable[tuple[str, ...]]:
    for listeners in _AUDIENCES:
        sets = Sets(listeners)
        yield (
            f"{listeners:,}",
            plain(sets.rows),
            size(sets.rows * found.set_row / _MIB),
            size(sets.rows * found.set_index_row / _MIB),
            lasting(sets.rewriting_s),
        )


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(columns)
    lines = [head, ["---"] * len(head), *map(list, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
