"""What a process says of itself: its ledger, and how it stands. Numbers only, nothing about a listener."""

import msgspec

from actors.ledger import Reason
from actors.networks import Crowd


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Its fields are told between versions: they are only ever added, with a default."""

    worker: int
    version: str
    mode: str  # of privacy, in force there
    started_at: int  # seconds since 1970
    received: int = 0
    recovered: int = 0
    counted: int = 0
    duplicate: int = 0
    waiting: int = 0  # handed in, not yet durable
    spooled: int = 0  # durable, not yet counted
    refused: dict[str, int] = {}
    spool_bytes: int = 0
    oldest_s: float = 0.0  # how long the oldest of those that wait has waited
    lag_s: float = 0.0  # how long the last batch had waited when it was counted
    salt_overdue: bool = False
    checked_at: int = 0  # seconds since 1970; 0: not by this process, or not yet
    differences: int = 0  # that the check found
    canary: int = 0  # events of the service's own, an outcome like `counted`
    canary_every_s: float = 0.0  # how often this process sends one; 0: it sends none
    canary_at: int = 0  # when one was last seen in the database, seconds since 1970; 0: not yet
    canary_s: float = 0.0  # how long that one took
    canary_overdue: bool = False
    canary_trouble: str = ""  # a sentence, where it is overdue: where the last one got stuck
    networks: int = 0  # of clients, in the last hour (actors/networks.py)
    network_events: int = 0  # that came from them
    network_way: str = ""  # how they came, where there is one network alone
    one_network: bool = False
    leads: bool = False  # closes days and does what else is done by one process (actors/leader.py)

    @property
    def crowd(self) -> Crowd:
        """From how many networks its events came."""
        return Crowd(self.networks, self.network_events, self.network_way)

    @property
    def settled(self) -> int:
        """Events with an outcome, those included whose outcome is to wait."""
        known = self.counted + self.duplicate + self.canary
        return known + self.waiting + self.spooled + sum(self.refused.values())

    @property
    def missing(self) -> int:
        """How many received events have no outcome (negative: more than one): 0, or there is a mistake in Tonearm."""
        return self.received + self.recovered - self.settled

    def refused_for(self, reason: Reason) -> int:
        """How many were refused for this reason."""
        return self.refused.get(reason.value, 0)
