"""Who follows what is counted while it is: a bounded queue each. Who is slow loses the oldest, and is told."""

from collections import deque
from dataclasses import dataclass
from typing import Final

import trio

from actors.hour import Counts

_MOST_WAITING: Final = 30  # happenings of about as many seconds


@dataclass(frozen=True, slots=True)
class News:
    """Something was counted in this minute; without counts: what was known of the hour has changed."""

    minute: int
    counts: Counts | None


class Follower:
    """One of the audience."""

    def __init__(self) -> None:
        self._news: deque[News] = deque(maxlen=_MOST_WAITING)
        self._bell = trio.Event()
        self._lost = 0  # news that were not taken in time, since `take`
        self.over = False  # nothing more will come
        self.came_at = trio.current_time()  # for news

    def put(self, news: News) -> None:
        """One more."""
        self._lost += len(self._news) == _MOST_WAITING
        self._news.append(news)
        self._bell.set()

    def end(self) -> None:
        """Nothing more will come."""
        self.over = True
        self._bell.set()

    async def take(self) -> tuple[list[News], int]:
        """Waits for news; returns all there are and how many were lost before them. Nothing: it is over."""
        self.came_at = trio.current_time()
        while not self._news and not self.over:
            self._bell = trio.Event()
            await self._bell.wait()
        news, lost = list(self._news), self._lost
        self._news.clear()
        self._lost = 0
        return news, lost


class Audience:
    """All of them."""

    def __init__(self, most: int, patience_s: float) -> None:
        """Who has not come for news for `patience_s` gives its place to a new one."""
        self._most = most
        self._patience_s = patience_s
        self._followers: set[Follower] = set()
        self._over = False

    def __len__(self) -> int:
        return len(self._followers)

    @property
    def full(self) -> bool:
        """Whether there is no place."""
        now = trio.current_time()
        for one in [one for one in self._followers if now - one.came_at > self._patience_s]:
            one.end()
            self._followers.discard(one)
        return len(self._followers) >= self._most

    def join(self) -> Follower:
        """Follow; `leave` afterwards."""
        follower = Follower()
        if self._over:
            follower.end()
        self._followers.add(follower)
        return follower

    def leave(self, follower: Follower) -> None:
        """Follow no longer."""
        self._followers.discard(follower)

    def tell(self, news: News) -> None:
        """To all."""
        for follower in self._followers:
            follower.put(news)

    def end(self) -> None:
        """It is over, for all and for who comes later."""
        self._over = True
        for follower in self._followers:
            follower.end()
