"""What PostgreSQL is told at each start: its settings, who may connect, and as whom."""

from collections.abc import Iterable
from pathlib import Path

SUPERUSER = "tonearm"
DATABASE = "tonearm"
PORT = 5432  # only part of the socket's file name: no network port is opened
SOCKET_NAME = f".s.PGSQL.{PORT}"

# Tuning, in a file: ALTER SYSTEM may override it.
_POSTGRESQL_CONF = """\
# Written anew by Tonearm at each start; use ALTER SYSTEM for settings of your own.
max_connections = 40
shared_buffers = 128MB
# Files in the data directory: /dev/shm is 64 MB in containers, and systemd empties it of a user who logs out.
dynamic_shared_memory_type = mmap
# One small machine serves events and the dashboard: a chart must not take all of its cores.
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
# Statements are short; compiling them costs more than it gains.
jit = off

fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
# pg_basebackup takes two of these.
max_wal_senders = 4
max_replication_slots = 4
# Small, steady writes: seldom checkpoints, spread out, and a bound for the disk.
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
max_wal_size = 1GB
min_wal_size = 80MB
autovacuum = on
# Backends publish their current statement; this is the least of it that can be kept.
track_activity_query_size = 100

timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
"""

# On the command line, where neither ALTER SYSTEM nor a file overrides them: no network, and no word about a
# listener in the log. Errors go to the client anyway; in the log their text may carry a value
# (`invalid input syntax for type uuid: "..."`), so it takes PostgreSQL's own notes (LOG, FATAL, PANIC) only.
_ENFORCED = {
    "listen_addresses": "",
    "port": str(PORT),
    # Relative to the cluster, where PostgreSQL works: no depth of the data directory breaks the 107-byte limit.
    "unix_socket_directories": "../socket",
    "unix_socket_permissions": "0700",
    "logging_collector": "off",
    "log_destination": "stderr",
    "log_line_prefix": "%m [%p] ",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_connections": "off",
    "log_disconnections": "off",
    "log_lock_waits": "off",
    "log_temp_files": "-1",
    "log_checkpoints": "off",
    "log_autovacuum_min_duration": "-1",
}

_PG_HBA_CONF = """\
# Written anew by Tonearm at each start. The kernel tells who connects; pg_ident.conf tells as whom.
local all         all peer map=tonearm
local replication all peer map=tonearm
"""


def enforced_options(settings_folder: str, marker: str) -> list[str]:
    """The `-c` options of the command line. `marker` names the cluster in the process list."""
    files = {
        "config_file": f"{settings_folder}/postgresql.conf",
        "hba_file": f"{settings_folder}/pg_hba.conf",
        "ident_file": f"{settings_folder}/pg_ident.conf",
        "cluster_name": marker,
    }
    return [word for name, value in {**files, **_ENFORCED}.items() for word in ("-c", f"{name}={value}")]


def write_settings(folder: Path, system_users: Iterable[str]) -> None:
    """Write the three files into `folder`, so that each of `system_users` connects as the superuser."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    lines = [f'tonearm "{name}" {SUPERUSER}\n' for name in sorted(set(system_users))]
    for name, text in (
        ("postgresql.conf", _POSTGRESQL_CONF),
        ("pg_hba.conf", _PG_HBA_CONF),
        ("pg_ident.conf", "# Written anew by Tonearm at each start.\n" + "".join(lines)),
    ):
        _replace(folder / name, text)


def _replace(path: Path, text: str) -> None:
    """By rename, so that a file of another owner, left by a start as root, is no obstacle."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.write_text(text, encoding="utf-8")
    fresh.chmod(0o644)
    fresh.replace(path)
