"""What a process measures while it works: how long things take and how much is done at once. Shown as metrics."""

from typing import Final

from actors.histogram import Histogram

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384)  # batches that wait are merged up to some 8,000


class Meters:
    """Read at any time; nothing in here is about a listener."""

    def __init__(self) -> None:
        self.beacon_seconds = Histogram(_SECONDS)  # from a whole request to its answer
        self.http_seconds = Histogram(_SECONDS)  # from a request's head to the beginning of its answer
        self.batch_events = Histogram(_EVENTS)  # counted in one transaction
        self.transaction_seconds = Histogram(_SECONDS)  # of those that count, as far as they were committed
        self.beacon_connections = 0  # open now
