"""Every received event ends in exactly one named outcome; this counts them (DESIGN §3).

received + recovered = counted + duplicate + canary + pending in the spool + one count per reason of refusal, over a
process's life, where `recovered` is what the spool held at the start. With `waiting` and `spooled`, which change in the
same step as what they become, that holds at every moment; the spool itself is another thread's, and a moment apart.
"""

from collections import Counter
from enum import StrEnum


class Reason(StrEnum):
    """Why an event was refused. The values are stable: they end the `type` of a problem and name metrics."""

    MALFORMED = "malformed"  # 400: not JSON, or not an event of the contract
    NOT_FOUND = "not-found"  # 404: no such event
    HEADERS = "headers"  # 431
    CRAWLER = "crawler"  # 403: a known crawler's User-Agent
    ORIGIN = "origin"  # 403: not a page of the site
    METHOD = "method"  # 405
    SLOW = "slow"  # 408
    TOO_LARGE = "too-large"  # 413
    MEDIA_TYPE = "media-type"  # 415
    RATE = "rate"  # 429
    UNAVAILABLE = "unavailable"  # 503: cannot be made durable now


class Ledger:
    """Counts of one process since its start."""

    def __init__(self, recovered: int = 0) -> None:
        self.received = 0
        self.recovered = recovered
        self.counted = 0
        self.duplicate = 0  # accepted, and known by their eventId to be counted already
        self.canary = 0  # the service's own (actors/canary.py), seen by the writer and counted nowhere
        self.waiting = 0  # handed in, and not yet known to be durable
        self.spooled = recovered  # durable, and not yet known to be counted
        self.refused: Counter[Reason] = Counter()

    def missing(self, pending: int) -> int:
        """Events without an outcome: those waiting for their group commit at this moment, otherwise none."""
        settled = self.counted + self.duplicate + self.canary + self.refused.total()
        return self.received + self.recovered - settled - pending
