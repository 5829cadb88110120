"""Whether events arrive, are told apart by who sent them, and are counted."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from actors.ledger import Reason
from actors.report import Report
from actors.rotator import opened
from privacy import sealing
from privacy.modes import Mode, derives
from server.config import Config
from server.doctor.finding import Finding, fail, ok, unknown, warn
from server.doctor.words import NEEDS_DATABASE, START_IT, count, duration, size, without_addresses
from storage.salts import Stored

_LATE_S: Final = 60.0
_VERY_LATE_S: Final = 3600.0
_MANY: Final = 20  # events, below which a share of them says nothing
_PENDING: Final = "SELECT coalesce(sum(events), 0) FROM batch"
_ONLY_RUNNING: Final = "Only a running service can tell."


def networks(total: Report | None) -> Finding:
    """Whether a proxy hides who sends."""
    code = "networks"
    if total is None:
        return unknown(code, f"From how many networks events came is not told. {_ONLY_RUNNING}", START_IT)
    if total.one_network:
        return fail(
            code,
            f"All {total.network_events:,} events of the last hour came from one network: if that is not one venue or "
            "one test, a proxy hides the listeners, who are then one, with one rate limit.",
            "Let the proxy write X-Forwarded-For (deploy/ does), and name it in [http] trusted_proxies: its network, "
            'or "unix" where it comes by a unix socket.',
        )
    if total.networks > 1:
        return ok(code, f"The {total.network_events:,} events of the last hour came from {total.networks:,} networks.")
    return unknown(
        code,
        f"{count(total.network_events, 'event')} came in the last hour: too few to tell whether a proxy hides who "
        "sends them.",
        "Ask again when more people have listened.",
    )


def canary(total: Report | None, now: float) -> Finding:
    """The service's own event, from its door to the database."""
    code = "canary"
    if total is None:
        return unknown(code, f"Whether a test event arrives is not told. {_ONLY_RUNNING}", START_IT)
    if total.canary_overdue:
        since = duration(now - (total.canary_at or total.started_at))
        return fail(
            code,
            f"No canary event has been counted for {since}. {without_addresses(total.canary_trouble)}".rstrip(),
            "Follow an event's way: --url asks the public address, `waiting` and `database` say how counting is; "
            "docs/monitor.md explains the rest.",
        )
    if not total.canary_every_s:
        return warn(
            code,
            "[canary] every_s is 0: nobody notices when events stop arriving although the service looks alive.",
            "Set it to 300, the default.",
        )
    if not total.canary_at:
        return unknown(code, "No canary event has been counted yet.", "Ask again in a few minutes.")
    return ok(code, f"The last canary event was counted {duration(max(0.0, now - total.canary_at))} ago.")


def waiting(total: Report | None, config: Config, workers: int, left: int | None) -> Finding:
    """What is accepted and not counted. `left`: events in the spools of a service that does not run."""
    code, bound = "waiting", (config.spool.max_mib << 20) * max(1, workers)
    if total is None:
        if left is None:
            return unknown(code, "What waits in the spools cannot be told.", START_IT)
        if left:
            return warn(
                code,
                f"{count(left, 'event')} that {'was' if left == 1 else 'were'} accepted wait to be counted, and no "
                "service runs here to do it.",
                "Start the service, which counts them first: systemctl start tonearm",
            )
        return ok(code, "Nothing waits to be counted.")
    waits = f"{count(total.spooled, 'event')} ({size(total.spool_bytes)}) wait to be counted"
    mend = "See what is said of the database. Nothing is lost while there is room; the log says what holds up counting."
    if total.spool_bytes > bound * 0.9 or total.oldest_s > _VERY_LATE_S:
        return fail(code, f"{waits}, the oldest for {duration(total.oldest_s)}; {size(bound)} may wait.", mend)
    if total.spool_bytes > bound // 2 or total.oldest_s > _LATE_S:
        return warn(code, f"{waits}, the oldest for {duration(total.oldest_s)}; {size(bound)} may wait.", mend)
    return ok(code, f"{waits}." if total.spooled else "Nothing waits to be counted.")


def left_in_spools(data_dir: Path) -> int | None:
    """Events in the spools of a service that does not run; None where one cannot be read. Changes nothing."""
    total = 0
    try:
        for path in data_dir.glob("spool-*.sqlite"):
            # Without a write-ahead file nobody holds it; SQLite would make one only to read.
            how = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
            uri = f"{path.absolute().as_uri()}?{how}"
            with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
                total += int(connection.execute(_PENDING).fetchone()[0])
    except (OSError, sqlite3.Error):
        return None
    return total


def refusals(total: Report | None) -> Finding:
    """Refusals that say more of the installation than of who sent."""
    code = "refusals"
    if total is None:
        return unknown(code, f"What was refused, and why, is not told. {_ONLY_RUNNING}", START_IT)
    away, strange = total.refused_for(Reason.UNAVAILABLE), total.refused_for(Reason.ORIGIN)
    if away:
        return warn(
            code,
            f"{count(away, 'event')} since the start could not be made durable, and got 503.",
            "See `disk-space`, `waiting` and `spool-files`; the log says when it was.",
        )
    if strange > _MANY and strange > total.received // 2:
        return warn(
            code,
            f"{strange:,} of {total.received:,} events were refused because their page is not the site's.",
            "Name every origin of your site in [site] origins, with and without www.",
        )
    every = sum(total.refused.values())
    return ok(code, f"{every:,} of {count(total.received, 'event')} {'was' if every == 1 else 'were'} refused.")


def counters(total: Report | None, config: Config, now: float) -> Finding:
    """What the daily check has found."""
    code, every_s = "counters", config.housekeeping.check_every_h * 3600
    if total is not None and total.checked_at and total.differences:
        return fail(
            code,
            f"{count(total.differences, 'counter')} differ from what they are derived from.",
            "tonearm check lists them, tonearm rebuild computes them anew.",
        )
    if not every_s:
        return warn(
            code,
            "[housekeeping] check_every_h is 0: nobody holds the counters against the log.",
            "Set it to 24, or have tonearm check run by a timer.",
        )
    if total is None:
        return unknown(code, f"How the last check of the counters came out is not told. {_ONLY_RUNNING}", START_IT)
    if not total.checked_at:
        if now - total.started_at > 2 * every_s:
            return warn(
                code,
                f"The counters have not been checked since the start {duration(now - total.started_at)} ago.",
                "Look at the service's log for what holds the check up; tonearm check does it now.",
            )
        return unknown(code, "The counters have not been checked since the start.", "tonearm check does it now.")
    ago = now - total.checked_at
    if ago > 2 * every_s:
        return warn(
            code,
            f"The counters were last checked {duration(ago)} ago.",
            "Look at the service's log for what holds the check up; tonearm check does it now.",
        )
    return ok(code, f"Every counter agreed with its source {duration(max(0.0, ago))} ago.")


def salt(
    config: Config, mode: Mode, stored: Stored | None, secrets: list[bytes], now: datetime, *, asked: bool, runs: bool
) -> Finding:
    """`mode` in force. `now`: on the site's clock. `asked`: the database has this version's schema, and answers."""
    code = "salt"
    if not derives(mode, objected=False).token:
        return ok(code, f"The privacy mode {mode.value} needs no salt.")
    if not asked:
        return unknown(code, "Whether there is a salt for today cannot be told.", NEEDS_DATABASE)
    rotate = 'tonearm salt rotate --reason "..." makes one now; today is then counted from that moment on.'
    if stored is not None and stored.day == now.date():
        if not config.secret.get_secret_value() and not secrets:
            return unknown(code, "There is no secret to open the salt of today with.", "See `secret`.")
        if any(_opens(one, stored) for one in secrets):
            return ok(code, f"Today has a salt, its generation {stored.generation}.")
        return fail(
            code,
            "The salt of today was sealed under another secret: plays count, today's listeners do not.",
            f"See `secret` first. {rotate}",
        )
    if not runs:
        return unknown(code, "There is no salt for today yet: the service makes it.", START_IT)
    if stored is not None and (stored.day - now.date()).days == 1:
        return ok(code, "Another process is past midnight already, and has made tomorrow's salt.")
    return fail(
        code,
        "There is no salt for today: plays count, today's listeners do not.",
        f"Look at the service's log for what holds it up. {rotate}",
    )


def _opens(one: bytes, stored: Stored) -> bool:
    try:
        opened(one, stored)
    except sealing.WrongSecret:
        return False
    return True
