"""Facts as the doctor's checks take them, each well unless a test says otherwise."""

import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from actors import rotator
from actors.processes import Process
from actors.report import Report
from privacy import sealing
from privacy.modes import Mode
from server.config import Config
from server.doctor import (
    counting,
    disk,
    permissions,
)
from server.doctor.backups import Backups
from server.doctor.disk import Growth, Room
from server.doctor.finding import Finding
from server.doctor.permissions import Entry
from server.doctor.probe import Reply, Visit
from server.doctor.process import Doors
from server.opening import PSEUDONYM_PURPOSE
from storage.examination import Held, Server
from storage.migrate import Migration
from storage.salts import Stored

NOW: Final = 1_800_000_000.0
TODAY: Final = datetime.fromtimestamp(NOW, UTC)
MIB: Final = 1 << 20
SECRET: Final = b"the secret of this installation"
OTHER: Final = b"the secret of another installation"
UNIX: Final = Doors(unix=(Path("/run/tonearm/http.sock"),))
LOOPBACK: Final = Doors(this_machine=True)
WELL: Final = Server(
    {
        "autovacuum": "on",
        "fsync": "on",
        "full_page_writes": "on",
        "max_connections": "100",
        "server_encoding": "UTF8",
        "server_version": "18.4 (Debian)",
        "server_version_num": "180004",
        "shared_buffers": "16384",
        "statement_timeout": "0",
        "superuser_reserved_connections": "3",
        "synchronous_commit": "on",
        "synchronous_standby_names": "",
    },
    recovering=False,
    role_limit=-1,
    database_limit=-1,
    frozen_age=1000,
    strangers=0,
)
MIGRATIONS: Final = (Migration(1, "first", ""), Migration(2, "second", ""))
REPORT: Final = Report(worker=1, version="1.0", mode="anon-id", started_at=int(NOW) - 3600, received=100, counted=100)


def told(**changes: object) -> Report:
    return msgspec.structs.replace(REPORT, **changes)


def process(*, gone: bool = False, ended: bool = False, **report: object) -> Process:
    return Process("a1", told(**report), 1.0, gone, ended)


def server(**settings: str) -> Server:
    return replace(WELL, settings={**WELL.settings, **settings})


def entry(path: str, permissions: int, uid: int = 1000, *, kind: int = stat.S_IFREG, writable: bool = True) -> Entry:
    return Entry(Path(path), kind | permissions, uid, writable)


def folder(permissions: int, uid: int = 1000) -> Entry:
    return entry("/data", permissions, uid, kind=stat.S_IFDIR)


def sockets(permissions: int) -> list[Entry]:
    return [entry(str(path), permissions, kind=stat.S_IFSOCK) for path in UNIX.unix]


def socket_files(found: list[Entry], *closed: Path) -> Finding:
    return permissions.socket_files(UNIX.unix, found, closed, runs=True)


def sealed_by(one: bytes) -> bytes:
    return sealing.seal(one, PSEUDONYM_PURPOSE, b"k" * 32, nonce=b"n" * sealing.NONCE_BYTES)


def salt(stored: Stored | None, *, mode: Mode = Mode.BOTH, runs: bool = True, asked: bool = True) -> Finding:
    return counting.salt(Config(), mode, stored, [SECRET], TODAY, asked=asked, runs=runs)


def stored(day: date, by: bytes = SECRET) -> Stored:
    return Stored(day, 3, rotator.sealed(by, day, b"s" * 32, lambda number: b"r" * number), TODAY)


def room(free: int, inodes_free: int = 1_000_000) -> Room:
    return Room(free, 2_000_000, inodes_free)


def space(free: int, events: int = 0) -> Finding:
    return disk.disk_space(room(free), 1024 * MIB, Growth(events, MIB, Mode.ANON_ID), embedded=True)


def visit(**seen: Any) -> Visit:
    return Visit("https://music.example.org", **seen)


def reply(status: int, problem: str = "", body: bytes = b"", kind: str = "text/html") -> Reply:
    return Reply(status, {"content-type": kind}, problem, body)


MALFORMED: Final = reply(400, "/problems/malformed")
HELD: Final = Held(10.0, 0, 0.0, 0)
BACKUP: Final = Backups(Path("/backups"), True, NOW - 3600, 10 * MIB)

Case = Callable[[], Finding]
