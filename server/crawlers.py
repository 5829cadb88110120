"""Known crawlers, by the well-kept list of the package crawler-user-agents."""

import hmac

from crawleruseragents import is_crawler

from actors.recent import Recent


class Crawlers:
    """Remembers verdicts, since a look through the whole list costs a fifth of a millisecond.

    A User-Agent is known only by an HMAC under a key of this process.
    """

    def __init__(self, *, key: bytes, most: int = 20_000) -> None:
        self._key = key
        self._verdicts: Recent[bytes, bool] = Recent(most)

    def known(self, user_agent: str) -> bool:
        """Whether this User-Agent is a crawler's."""
        name = hmac.digest(self._key, user_agent.encode("latin-1", "replace"), "sha256")[:12]
        verdict = self._verdicts.get(name)
        if verdict is None:
            verdict = bool(is_crawler(user_agent))
            self._verdicts.put(name, verdict)
        return verdict
