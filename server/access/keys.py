"""The keys under which sessions and forms are signed: made by HKDF from the installation's secret, stored nowhere."""

from collections.abc import Callable, Sequence
from typing import Final

from privacy import sealing

_KNOWN_FOR_S: Final = 1.0  # the secret may be rotated while the service runs, and other processes follow as quickly


class Keys:
    """Follows the secret."""

    def __init__(self, secrets: Callable[[], Sequence[bytes]], now: Callable[[], float]) -> None:
        """`secrets`: those in force, the one to sign with first; there are two while it is being rotated."""
        self._read = secrets
        self._now = now
        self._known: Sequence[bytes] = ()
        self._read_at = 0.0

    def of(self, purpose: str, salt: bytes | None = None) -> list[bytes]:
        """Keys for this purpose, the one to sign with first."""
        if not self._known or abs(self._now() - self._read_at) > _KNOWN_FOR_S:
            self._known, self._read_at = self._read(), self._now()
        return [sealing.derive(secret, f"sign/{purpose}", salt) for secret in self._known]
