"""From the configuration to the herald and the ways out."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final, get_args

import trio

from actors.herald import Herald, Orders, Voice
from privacy.modes import Mode
from server.alerts import digest, milestone
from server.alerts.folder import Folder
from server.alerts.mail import Mail
from server.alerts.webhook import Webhook
from server.config import Alerts as Settings
from server.config import Weekday
from storage.alerts import Alert, Way
from storage.bridge import Database

_DAYS: Final[tuple[str, ...]] = get_args(Weekday)


def herald(
    settings: Settings,
    data_dir: Path,
    life: trio.MemoryReceiveChannel[None],
    database: Database,
    mode: Callable[[], Mode],
    now: Callable[[], datetime],
    turn: Callable[[], Awaitable[None]],
) -> Herald | None:
    """None where nothing is to be told."""
    if not (settings.milestones or settings.digest):
        return None
    orders = Orders(
        settings.milestones,
        settings.thresholds,
        settings.digest,
        _DAYS.index(settings.digest_day),
        settings.digest_hour,
        settings.every_s,
    )
    voice = Voice(
        milestone.alert,
        lambda found, moment: digest.alert(found, mode(), moment),
        ways(settings, data_dir, lambda: now().timestamp()),
    )
    return Herald(life.clone(), database, orders, voice, now, turn)


def ways(
    settings: Settings, data_dir: Path, seconds: Callable[[], float]
) -> Mapping[Way, Callable[[Alert], Awaitable[None]]]:
    """Those that are configured."""
    found: dict[Way, Callable[[Alert], Awaitable[None]]] = {}
    if settings.webhook_url.get_secret_value():
        url, secret = settings.webhook_url.get_secret_value(), settings.webhook_secret.get_secret_value()
        found["webhook"] = Webhook(url, secret, seconds).deliver
    if settings.smtp_host:
        found["mail"] = Mail(settings).deliver
    found["file"] = Folder(Path(settings.digest_folder) if settings.digest_folder else data_dir / "digests").deliver
    return found
