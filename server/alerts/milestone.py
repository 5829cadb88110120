"""A milestone in words."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from storage.milestones import Passed


def alert(passed: Passed, now: datetime) -> tuple[str, str]:
    """(id, body). The id is of what was passed: the same milestone never has another."""
    target, threshold = passed.target, passed.thresholds[-1]
    name = hashlib.sha256(f"{target.kind}\0{target.key}".encode()).hexdigest()[:16]
    data: dict[str, Any] = {
        "kind": target.kind,
        "key": passed.key or None,
        "title": passed.title,
        "milestone": threshold,
        "alsoPassed": list(passed.thresholds[:-1]),
        "plays": passed.plays,
        "text": sentence(passed),
    }
    hour = now.replace(minute=0, second=0, microsecond=0)  # as the log: when exactly somebody listened is not told
    body = {"type": "milestone", "timestamp": hour.isoformat(timespec="seconds"), "data": data}
    return f"milestone-{target.kind}-{name}-{threshold}", msgspec.json.encode(body).decode()


def sentence(passed: Passed) -> str:
    """For a chat."""
    if passed.target.kind == "site":
        return f"The site has reached {passed.thresholds[-1]:,} plays."
    return f"{passed.title or passed.key} has reached {passed.thresholds[-1]:,} plays."
