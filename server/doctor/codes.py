"""Every check there is, in the order in which they are shown. The codes are stable; docs/doctor.md explains each."""

from collections.abc import Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Service": ("service", "processes", "versions", "settings", "account"),
    "Configuration": ("config", "listening", "trusted-proxies", "trusted-header", "origins", "rate-limit", "demo"),
    "Counting": ("networks", "canary", "ledger", "waiting", "refusals", "counters", "salt"),
    "Permissions": ("data-dir", "spool-files", "socket-files", "config-file", "secret-file", "secret-place", "secret"),
    "Disk": ("disk-space", "disk-inodes", "disk-filesystem", "disk-fsync", "disk-shared"),
    "Clock": ("clock", "clock-sync", "clock-back"),
    "Machine": ("descriptors", "backlog", "shared-memory"),
    "Database": (
        "database",
        "database-version",
        "database-encoding",
        "database-primary",
        "migrations",
        "database-owner",
        "database-listen",
        "synchronous-commit",
        "database-fsync",
        "full-page-writes",
        "standby",
        "database-connections",
        "database-timeouts",
        "database-memory",
        "partitions",
        "vacuum",
        "long-transactions",
    ),
    "Backups": ("backups",),
    "Public address": (
        "url-reach",
        "url-tls",
        "url-http2",
        "url-events",
        "url-forwarded",
        "url-tracker",
        "url-metrics",
    ),
}

PUBLIC: Final = GROUPS["Public address"]
"""Only with `--url`."""

CODES: Final = tuple(code for codes in GROUPS.values() for code in codes)
