"""The PostgreSQL behind it: whether it can be reached, keeps what it confirms, and has room for every process.

What the tables in it look like is `schema.py`'s concern.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import NEEDS_DATABASE, START_IT, count, listed, size, without_addresses
from server.opening import CONNECTIONS, FEWEST_CONNECTIONS
from storage.bridge import POOLER_MUST_IGNORE
from storage.examination import Held, Server, Standbys
from storage.migrate import OLDEST_POSTGRES

_COMMANDS: Final = 5  # connections that commands, a backup and the daily check may want besides
_ORDINARY_FROZEN_AGE: Final = 1_000_000_000  # autovacuum sees to it at 200 million; at two thousand it stops
_SHARED_BUFFERS: Final = 128 << 20
_PAGE: Final = 8192
_LONG_S: Final = 3600.0
_STATEMENT_MS: Final = 6 * 3600 * 1000  # what storage/bridge/ gives a statement that reads the whole log


class Reach(Enum):
    """What became of connecting."""

    ANSWERS = "answers"
    ASLEEP = "asleep"  # the embedded one, which runs with the service
    AWAY = "away"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reached:
    """`said`: what was said where it does not answer."""

    how: Reach
    said: str = ""


def database(reached: Reached) -> Finding:
    """Whether it answers."""
    code, said = "database", without_addresses(reached.said)
    if reached.how is Reach.ASLEEP:
        return unknown(code, "The embedded database runs with the service alone, and the service does not.", START_IT)
    if "startup parameter" in said:
        return fail(
            code,
            f"What answers is no PostgreSQL but a pooler that refuses Tonearm's settings ({said}).",
            "Connect to PostgreSQL itself: Tonearm keeps few connections, for long, and listens on some. A pooler must "
            f"be in session mode, with ignore_startup_parameters = {POOLER_MUST_IGNORE}",
        )
    if reached.how is Reach.REFUSED:
        return fail(code, said, "Mend database_url (TONEARM_DATABASE_URL), or what PostgreSQL allows this role.")
    if reached.how is Reach.AWAY:
        return fail(
            code,
            f"PostgreSQL cannot be reached ({said}): events are taken into the spool, and not counted.",
            "See that it runs, that database_url (TONEARM_DATABASE_URL) is right, and that no firewall is in between.",
        )
    return ok(code, "PostgreSQL answers.")


def silent(code: str) -> Finding:
    """Of a database that does not answer, or not to this role."""
    return unknown(code, "The database does not say.", NEEDS_DATABASE)


def version(server: Server) -> Finding:
    """New enough."""
    code, major = "database-version", server.number("server_version_num") // 10_000
    if major < OLDEST_POSTGRES:
        return fail(
            code,
            f"This is PostgreSQL {major}; Tonearm needs {OLDEST_POSTGRES} or newer.",
            f"Upgrade PostgreSQL (pg_upgrade, or a dump into a newer one), to {OLDEST_POSTGRES} or newer.",
        )
    return ok(code, f"This is PostgreSQL {server.settings['server_version'].split()[0]}.")


def encoding(server: Server) -> Finding:
    """It must hold every key."""
    code, found = "database-encoding", server.settings["server_encoding"]
    if found != "UTF8":
        return fail(
            code,
            f"This database is {found}, and keys are UTF-8.",
            "Make another: CREATE DATABASE tonearm ENCODING 'UTF8' TEMPLATE template0",
        )
    return ok(code, "Its encoding is UTF-8.")


def primary(server: Server) -> Finding:
    """One that can be written to."""
    code = "database-primary"
    if server.recovering:
        return fail(
            code,
            "This is a standby, which cannot be written to: events wait in the spool.",
            "Point database_url at the primary, or at both with target_session_attrs=read-write.",
        )
    return ok(code, "It can be written to.")


def synchronous_commit(server: Server) -> Finding:
    """The writer drops events from the spool once PostgreSQL has said that they are counted."""
    code, found = "synchronous-commit", server.settings["synchronous_commit"]
    if found == "off":
        return fail(
            code,
            "synchronous_commit is off: after a crash of PostgreSQL events are gone that it had confirmed, and that "
            "the spool has dropped.",
            "Set it on for this role: ALTER ROLE tonearm SET synchronous_commit = on; or in postgresql.conf.",
        )
    if found == "local" and server.settings["synchronous_standby_names"]:
        return warn(
            code,
            "synchronous_commit is local, so that the synchronous standby is not waited for: a failover can lose "
            "events.",
            "Set it on for this role: ALTER ROLE tonearm SET synchronous_commit = on",
        )
    return ok(code, f"synchronous_commit is {found}.")


def fsync(server: Server) -> Finding:
    """Without it a power cut can damage everything."""
    if server.settings["fsync"] != "on":
        return fail(
            "database-fsync",
            "fsync is off in PostgreSQL: a power cut can leave a database that cannot be read any more.",
            "Set fsync = on in postgresql.conf, and reload PostgreSQL.",
        )
    return ok("database-fsync", "fsync is on in PostgreSQL.")


def full_page_writes(server: Server) -> Finding:
    """Off only where the file system never writes half a page."""
    if server.settings["full_page_writes"] != "on":
        return warn(
            "full-page-writes",
            "full_page_writes is off: after a power cut pages can be half old and half new.",
            "Set full_page_writes = on in postgresql.conf, unless the file system writes whole pages (ZFS).",
        )
    return ok("full-page-writes", "full_page_writes is on.")


def standby(found: Standbys, server: Server) -> Finding:
    """What DESIGN §6 says of a failover."""
    code, names = "standby", server.settings["synchronous_standby_names"]
    if not names and found.total:
        return warn(
            code,
            f"{count(found.total, 'standby', 'standbys')} may follow, and none is waited for "
            "(synchronous_standby_names is empty): over a failover events are lost that were answered with 202, and "
            "others may be counted twice.",
            "Set synchronous_standby_names, such as 'ANY 1 (*)' with two standbys: one alone that is away holds up "
            "all counting.",
        )
    if names and not found.synchronous and not found.hidden:
        return fail(
            code,
            "PostgreSQL waits for a synchronous standby, and none is there: nothing is counted until one is.",
            "Bring the standby back. If it is gone for good: ALTER SYSTEM SET synchronous_standby_names = '', and "
            "SELECT pg_reload_conf().",
        )
    if names and not found.synchronous:
        return unknown(
            code,
            "Standbys follow; whether one of them is synchronous is not told to this role.",
            "GRANT pg_monitor TO the role of database_url.",
        )
    if names:
        return ok(code, f"{count(found.synchronous, 'synchronous standby', 'synchronous standbys')} is waited for.")
    return ok(code, "There is no standby.")


def connections(server: Server, processes: int) -> Finding:
    """`processes` of this installation, on all machines."""
    code = "database-connections"
    fewest = FEWEST_CONNECTIONS * processes
    wanted = max(FEWEST_CONNECTIONS, CONNECTIONS // processes) * processes + _COMMANDS
    reserved = server.number("superuser_reserved_connections") + server.number("reserved_connections")
    room = server.number("max_connections") - reserved - server.strangers
    bounds = [room, *(limit for limit in (server.role_limit, server.database_limit) if limit >= 0)]
    mend = (
        "Raise max_connections (and what ALTER ROLE or ALTER DATABASE ... CONNECTION LIMIT allows), or run fewer "
        "processes."
    )
    for_whom = count(processes, "process", "processes")
    if min(bounds) < fewest:
        return fail(
            code,
            f"PostgreSQL has {min(bounds)} connections for Tonearm, and {for_whom} cannot work with fewer than "
            f"{fewest}.",
            mend,
        )
    if min(bounds) < wanted:
        return warn(
            code,
            f"PostgreSQL has {min(bounds)} connections for Tonearm; {for_whom} and commands beside them may want "
            f"{wanted}.",
            mend,
        )
    return ok(code, f"PostgreSQL has {min(bounds)} connections for Tonearm; {for_whom} may want {wanted}.")


def timeouts(server: Server) -> Finding:
    """Limits that would cut what Tonearm does; its own are in storage/bridge/. `lock_timeout` does no harm: who
    meets it tries again.
    """
    code = "database-timeouts"
    cut = [
        name
        for name, least in (
            ("statement_timeout", _STATEMENT_MS),
            ("transaction_timeout", _STATEMENT_MS),
            ("idle_session_timeout", _STATEMENT_MS),
            ("idle_in_transaction_session_timeout", 60_000),
        )
        if 0 < server.number(name) < least
    ]
    if cut:
        told = listed(f"{name} ({server.number(name) / 1000:,.0f} s)" for name in cut)
        return warn(
            code,
            f"PostgreSQL cuts this role off by {told}: "
            "the check, exports and backups of a long log do not come to an end, and who listens is cut off.",
            f"For this role: {'; '.join(f'ALTER ROLE tonearm SET {name} = 0' for name in cut)}",
        )
    return ok(code, "PostgreSQL does not cut off what takes long.")


def memory(server: Server) -> Finding:
    """The counters' rows are read and written all the time."""
    code, found = "database-memory", server.number("shared_buffers") * _PAGE
    if found < _SHARED_BUFFERS:
        return warn(
            code,
            f"shared_buffers is {size(found)}: the counters do not stay in memory.",
            "Set shared_buffers = 128MB or more in postgresql.conf (a quarter of the memory), and restart PostgreSQL.",
        )
    return ok(code, f"shared_buffers is {size(found)}, and jit is off for Tonearm's connections.")


def listen(heard: bool | None) -> Finding:
    """Whether one connection hears what another tells."""
    code = "database-listen"
    if heard is None:
        return silent(code)
    if not heard:
        return fail(
            code,
            "What one connection tells (NOTIFY) another does not hear (LISTEN): the processes do not hear of a new "
            "salt or of each other, and the live page stands still. A pooler in transaction mode does that.",
            "Connect to PostgreSQL itself, or set pool_mode = session for this database.",
        )
    return ok(code, "What one connection tells, another hears.")


def long_transactions(held: Held) -> Finding:
    """They keep deleted rows, and a replication slot the write-ahead log."""
    code = "long-transactions"
    if held.unused_slots:
        return warn(
            code,
            f"{count(held.unused_slots, 'replication slot')} nobody uses: PostgreSQL keeps its write-ahead log for it "
            "until the disk is full.",
            "Bring back who should use it, or: SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
            "WHERE NOT active",
        )
    if held.prepared_s > _LONG_S:
        return warn(
            code,
            f"A prepared transaction has been left for {held.prepared_s / 3600:,.0f} h: nothing that is deleted is "
            "cleared meanwhile.",
            "Look at pg_prepared_xacts, and COMMIT PREPARED or ROLLBACK PREPARED it.",
        )
    if held.oldest_s > _LONG_S:
        return warn(
            code,
            f"A transaction has been open for {held.oldest_s / 3600:,.0f} h: nothing that is deleted is cleared "
            "meanwhile.",
            "If it is no dump or check that will end: SELECT pid, application_name, xact_start FROM pg_stat_activity "
            "ORDER BY xact_start, and pg_terminate_backend(pid).",
        )
    hidden = f" Since when {count(held.hidden, 'other')} is, this role is not told." if held.hidden else ""
    return ok(code, f"No transaction has been open for an hour.{hidden}")


def vacuum(dead: Mapping[str, int], server: Server) -> Finding:
    """`dead`: tables with many rows that are deleted and not cleared."""
    code = "vacuum"
    if server.frozen_age > _ORDINARY_FROZEN_AGE:
        return fail(
            code,
            f"The oldest transaction that is not frozen lies {server.frozen_age:,} back: at two thousand million "
            "PostgreSQL takes nothing more.",
            "Find what holds VACUUM back (see `long-transactions`), then: vacuumdb --freeze",
        )
    if server.settings["autovacuum"] != "on":
        return fail(
            code,
            "autovacuum is off: what is deleted is never cleared, and listeners' old rows stay in the files.",
            "Set autovacuum = on in postgresql.conf, and reload PostgreSQL.",
        )
    if dead:
        worst = listed(f"{name} ({number:,})" for name, number in dead.items())
        return warn(
            code,
            f"More is deleted than half of what there is in {worst}: autovacuum does not keep up.",
            "See `long-transactions`; then VACUUM these tables, and let autovacuum do more "
            "(autovacuum_vacuum_cost_limit).",
        )
    return ok(code, "What is deleted is cleared.")
