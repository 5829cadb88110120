"""The words of docs/scale.md."""

# ruff: noqa: E501  # a row of a Markdown table is one line

from typing import Final

PAGE: Final = """\
# Scale

Written by `python -m bench.scale --write-docs` from what was measured; do not edit it by hand.

What to do at once, at ten and at a thousand times what one process counts, and what it costs. The arithmetic is written
out, so that it can be done again with other figures: those of your own machine above all, by `make bench`.

![Events per second that sites need, from a thousand to a billion plays a day, against what is measured](scale.svg)

## What a site needs

Of a hundred events {shares} are shares, as in the measured load. **Assumed** is that the busiest second of a day has
{peak} times the mean; look at your own days before you rely on it. So a million plays a day are

{sum_of_a_million}

{needs}

## What is measured

From [performance.md](performance.md), on {machine}, which the load generator and PostgreSQL shared with the
service:

- one process counts **{capacity} events/s** all the way into PostgreSQL, for as long as one likes: mode `both`, every
  listener new, the dearest case. This is the "once" below;
- its beacon listener alone makes {door} events/s durable, so a rush of minutes is taken at that rate and counted later,
  at {backlog} events/s. The spool holds some ten million events (`spool.max_mib`);
- it needs {memory} MiB of memory, PostgreSQL aside.

By `python -m bench.shards`, below: PostgreSQL spends {postgres_us} us of processor time on an event, and the process
that hands it over {python_us} us, in large batches and on tables that fit into memory.

Disk, by [disk.md](disk.md), in the mode `both` with an event id on every play, which is the most there can be; lines
three to five are the days whose busiest second is one, ten and a thousand times the measured rate:

{sizes}

The log grows by that every month until `[retention] log_months` lets go of it. Ids are kept for {kept} days, tokens
until their day is closed. The write-ahead log is recycled, but a standby or an archive has to take all of it.

## The listener sets grow with people, not with plays

A row for each track, each release and the site that a listener ever heard, {row} bytes with its index, for good. With
{tracks_heard} tracks on {releases_heard} releases (assumed) that is {tracks_heard} + {releases_heard} + 1 = {heard} rows a listener:

{audiences}

The last column is the first wall, long before processors or disks: every night the sets are written anew, so that how
rows lie says nothing of who came with whom, and counting waits meanwhile ([operate.md](operate.md) has the measurement:
100 s for five million rows). Events are taken all the time; they wait in the spool. What it costs is bounded twice:

- Afterwards it rests for a hundred times as long, so counting stands still for a hundredth of the time at most. Beyond
  {nightly} rows "every night" becomes every second night, and so on, and what was erased can be told for longer. A
  statement may take six hours, which is some {in_six_hours} rows; more are not written anew at all.
- The spool has to hold what comes meanwhile. At once what is measured (a tenth of it in the mean) it is full after
  {one_wall} rows, or {one_wall_size} of sets. Raise `spool.max_mib` before.

And the index must fit into memory (`shared_buffers` and the system's cache together): pseudonyms are random, so every
new listener is written into a random page of it.

What helps, in this order: the mode `daily-salt`, which has no such sets; `tonearm privacy new-key`, which starts them
again; a faster disk. Not built: a `listener` table in parts, each written anew by itself.

## Once: one process, up to {one_plays} plays a day

Nothing is to be done: `tonearm serve` as it is installed, with the PostgreSQL it brings. A thousand plays a day are
nothing to it, a million are {share_of_a_million} of it. The smallest machine you can rent is enough; look at its disk.

When the busiest seconds come near the rate above, in this order:

1. A PostgreSQL of its own (`TONEARM_DATABASE_URL`) on another machine: the process and the database stop sharing cores.
2. `tonearm serve --workers 2`, up to the number of cores: each worker is one process with a spool and a writer of its
   own. What a listener, a limit and a scrape see of that is in [operate.md](operate.md).
3. `spool.max_mib` for as many hours as the database may be away: {capacity} events/s fill a gibibyte in twenty minutes.

| it becomes too small | what says so | what to do |
| --- | --- | --- |
| the process | `tonearm_writer_lag_seconds` and `tonearm_spool_oldest_seconds` rise at busy hours, `tonearm_transaction_seconds` does not | workers |
| PostgreSQL | `tonearm_transaction_seconds` rises with `tonearm_batch_events` at its most, 4,096 | a machine of its own, more memory, faster disk |
| the door | `tonearm_request_seconds{{door="beacon"}}` rises while `tonearm_writer_lag_seconds` stays | workers; the proxy on another machine |
| the spool | `tonearm_spool_bytes` near `spool.max_mib`; refusals with 503 in `tonearm_events_refused_total` | more room; whatever keeps the counting |
| the night | `tonearm_writer_lag_seconds` once a day, "the listener sets are written anew" in the log with its seconds | the section above |

## Ten times: several machines, one PostgreSQL, up to {ten_plays} plays a day

{ten_rate} events/s in the busiest second. The processes are without state but for their spools, so there are simply
more of them: ten, at one core each and a second one for the proxy and the kernel, on three machines say, so that one
may fail. [machines.md](machines.md) is how. The arithmetic is that of the database:

- **Processors.** {ten_rate} x {postgres_us} us = {ten_cores} cores, for counting alone and with all tables in memory;
  take twice as many, for vacuum, checkpoints and the dashboard.
- **Write-ahead log.** {ten_wal} a second in the busiest second, {ten_wal_day} a day: a disk of its own,
  `max_wal_size` of some ten minutes of it, and a standby whose network takes as much.
- **Commits.** A writer gathers for half a second or up to 4,096 events, so ten of them commit some twenty times a
  second: no disk minds.
- **Connections.** The processes of one machine hold at most 24, or five each where there are more than four workers.
  Three machines are 72: `max_connections = 120` is plenty. A pooler gains nothing here, since connections are few and
  stay; where one stands in between (pgbouncer), it has to pool *sessions*: salts, catalog and the live page are told by
  `LISTEN`, which transaction pooling does not pass on. It must also let Tonearm's settings of a session pass: the
  remedy that `tonearm doctor` names, asked through it, has the line for its file.
- **The hot row.** Every batch adds to the site's row. It is one row in each of {slots} slots, and a figure is the sum
  over the slots; a writer keeps to its slot (`storage/cursor.py` gives the one that the fewest have), so {slots}
  writers never wait for each other there, and of sixteen two take turns. Several writers on one server, all on the two
  cores of this machine, with a slot each and with one for all:

{writers}

  One writer and its PostgreSQL have nearly all of two cores, so more of them add little here, with slots or without:
  what a slot saves is waiting, and it is the processors that are waited for. More slots than {slots} are one constant
  (`SLOTS`), and cost a row for each target and slot until the next night.
- **The log.** {ten_log} a month. Keep few months (`[retention] log_months`): figures stay, see
  [data-life.md](data-life.md). There a month of five million events took 13 s to be added up before it went; one of
  {ten_month_events} would take {ten_month_takes} at that pace, in one transaction that vacuum has to wait for, and a
  statement may take six hours: some {let_go_in_six_hours} events a month are the end of it. Partitions of a day would
  each go in a thirtieth of the time; not built.
- **The check** reads the whole log: `[housekeeping] check_every_h = 0`, and `tonearm check` when there is a reason.

**Read replicas.** A standby has every figure: counters are ordinary tables, and only the salt and the open day's tokens
are not in it, which is on purpose. Dashboards of others (Grafana, SQL) and `pg_dump` belong there. Tonearm itself has
one `database_url` for reading and writing; its own pages cannot be sent to a replica. They need not: a figure is a sum
over {slots} rows or so, and `GET /api/stats/home` took {home} times as long with ten million events stored as with none.

## A thousand times: distributed, up to {thousand_plays} plays a day

{thousand_rate} events/s. No music service is known to need it; this is what the shape of the tables is for, and what it
would cost.

**One PostgreSQL cannot.** Its part alone would be {thousand_rate} x {postgres_us} us = {event_cores} cores. With
PostgreSQL distributed by Citus, tables are cut by the hash of one column over many servers.

### By which column, and why

By the **key of the target** (`target_key`; `track_key` in the log): the track, the release or the site that a row is
about. It is plain `text` of the default collation, never null, and in every unique key of those tables.

{distributed}

- *Spread*: there are far more tracks than servers, and the hash does not care how they are called.
- *Together*: log, counters, sets and event ids of one target lie on one server, so "is this listener new here, and then
  add one" never asks another. A unique key that spans servers does not exist; with this column none is needed.
- *Not by day*: today's server would do all the work. *Not by listener*: there is no listener in the log, and every
  figure would have to be asked of all servers.

On every server a copy (reference tables), read in joins and seldom written: {reference}.

On one node, because one has to decide, or because it is small:

{one_node}

An empty, migrated database becomes such a one by:

```sql
{commands}
```

A test holds the migrated schema and every statement of `storage/` to what Citus refuses: a table nobody has
thought about, a unique key without the column, a column of another type or collation, a trigger, a sequence, a foreign
key that may lead to another server, a function in `DO UPDATE` that is not immutable, an update of the column, a row
lock over several shards.

**What was tried, and what not.** On Citus 13.2 with PostgreSQL 15, earlier: the whole batch as one transaction worked,
and log, counters, listeners and cursor stayed exact over 36 crashes. Not run on Citus: tables and statements made
since, everything operators do (`tonearm import`, `rename --merge`, `void`, retention, the nightly rewriting), and these
commands as they stand here. Citus is not in Debian and not on PyPI, so no test runs it; the rules of the test are from
its source and its documentation. Two things it does not promise are relied on elsewhere: a snapshot over all servers,
so `tonearm check` would see differences while something is being counted; and that others see all parts of a
transaction at the same moment, so a page could be a batch ahead on one figure.

### What a batch that spans shards costs

A batch touches a track here, a release there and the site, so nearly all of it spans shards, and is committed in two
phases: every server writes its part and prepares, one decides, every server commits. In numbers:

- **Flushes.** One transaction is one flush to the disk. k servers are k for preparing, one for the decision, k for
  committing: 2k + 1, in three waits instead of one. (The table has a few more, which are the servers' own.)
- **Round trips.** {statements} answers are waited for in turn (eight statements, PREPARE, COMMIT PREPARED), each as
  long as the slowest server takes. {near} ms there and back in one data centre: {near_sum} ms. {far} ms between
  continents: {far_sum} s, where a full batch is there every {batch_lasts} ms. So: one data centre.
- **Locks.** A prepared transaction keeps its locks until somebody commits it. If the one that decides dies in between,
  the writers of the same slot wait for it, on all servers.
- **Processor time.** Measured, as a stand-in for Citus: the same batches on one server in one transaction, and cut by
  target (by CRC-32) over servers on this one machine, with PREPARE TRANSACTION and COMMIT PREPARED. More servers
  bring no more cores here, so this is the price and not the gain; there is no network in it, and none of Citus' own
  planning.

{arms}

Median of {bench_rounds} rounds, in each of which all took turns, ratios within the round; {bench_when}, PostgreSQL
{bench_postgres}, a flush takes {bench_fsync} ms, load average {bench_load} before and {bench_load_after} after. After
each run the counted plays were held against those sent.

Read it so: with {most} servers a batch of {largest} events costs {two_phase} times the processor time of one
transaction, and a batch of {small} costs {two_phase_small} times. **The price is for each part, not for each event**:
{part_ms} ms of a server. The last column is the hot target: the server with the site's rows does more than its share,
whatever the hash.

### What to change in the writer

Not built; the order in which it would pay:

1. **A cursor on each server instead of two phases.** `spool_cursor` with one row a spool *on every server*, moved in
   the same local transaction as that server's part. Whoever comes back after a crash asks each server how far it is
   and writes what it has not: exactly once, without PREPARE. Measured above, small batches over {most} servers:
   {cursors_small}, where two phases are {split_small}.
   What it needs: event ids are asked at the track's server and decide what is added at the release's and the site's,
   so they have to go first and remember which batch took them.
2. **Batches for each shard.** At {thousand_rate} events/s {processes} processes commit {batches} batches a second, and
   *every* server gets a part of nearly each: {batches} x {part_ms} ms = {part_cores} cores of each server for nothing,
   however many servers there are. So hand events on to writers *by track*, by the same hash, so that a writer's batch
   is for few servers, and full. Releases and site are then small sums that follow.
3. **The site's row.** It is one shard for ever. Its counters need no more: sums of many batches before they go there.
   Its *listeners* do: where everybody is new, up to {site_rows} rows a second go to one server, which takes some
   {one_node_rows}. A set that is cut by the pseudonym instead is exact all the same: no pseudonym is in two parts, and
   the figure is the sum of the parts.

Servers, as the writer is today: {thousand_rate} x {postgres_us} us = {event_cores} cores for the events. Of {node_cores} cores a server,
{node_busy} busy with counting, {part_cores} go into parts and {left_cores} are left: **{nodes} servers** (each batch of {largest} is then
{part} events for each), and {processes} processes.

### Sets as HyperLogLog

A sketch instead of a set makes 125 bytes a listener a few KiB a target. By the formula, 1.04 / sqrt(m), not
measured here: 2,048 registers (1.3 KiB) are off by {hll_small} in the standard error, 16,384 (12 KiB) by {hll_large}.
What it costs is more than accuracy: nobody can be taken out of a sketch, so `optOut()` could no longer lower a figure,
`tonearm void` could not take a flood's listeners back, and `tonearm check` would have nothing to hold the figure
against. **Not built.** Who cannot afford the sets has `daily-salt`, which is exact by day and keeps nobody.
"""
