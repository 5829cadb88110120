"""How many events one client may send: a leaky bucket per client network, in memory, sans-IO."""

import hmac
from collections.abc import Callable


class Limiter:
    """Lets `per_minute` events a minute through per client, and `burst` of them at once.

    A client is known only by an HMAC of its network under a key of this process, never by its address. Refused
    events cost nothing: a client that goes on knocking is let in again as soon as one that waited. What is
    remembered of a client is one number, and only as long as it matters (burst / rate).
    """

    def __init__(
        self, per_minute: int, burst: int, *, key: bytes, now: Callable[[], float], most_clients: int = 100_000
    ) -> None:
        """`per_minute` 0: no limit. `now` gives monotonic seconds. Beyond `most_clients` the oldest are forgotten."""
        self.active = per_minute > 0
        self._interval = 60.0 / per_minute if per_minute else 0.0
        self._window = self._interval * burst
        self._key = key
        self._now = now
        self._most = max(1, most_clients // 2)
        # Two generations instead of a clean-up: what was not touched for a whole window is worth nothing.
        self._young: dict[bytes, float] = {}
        self._old: dict[bytes, float] = {}
        self._turned = now()

    def name(self, network: bytes) -> bytes:
        """By which this process knows a client, and nobody else does: 12 bytes."""
        return hmac.digest(self._key, network, "sha256")[:12]

    def refuse_for(self, network: bytes) -> float:
        """As `refuse`, for who has no use for the name."""
        return self.refuse(self.name(network)) if self._interval else 0.0

    def refuse(self, client: bytes) -> float:
        """0 lets the event through and takes note of it; otherwise the seconds after which one would be let in."""
        if not self._interval:
            return 0.0
        now = self._now()
        if now - self._turned >= self._window or len(self._young) >= self._most:
            self._old, self._young, self._turned = self._young, {}, now
        free_at = max(self._young.get(client) or self._old.get(client, 0.0), now)
        wait = free_at + self._interval - now - self._window
        if wait > 1e-9:
            return wait
        self._young[client] = free_at + self._interval
        return 0.0
