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

    def __init__(self, *, by_link: bool = False) -> None:
        self.by_link = by_link
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

    def __init__(self, most: int, patience_s: float, *, most_by_link: int | None = None) -> None:
        """Who has not come for news for `patience_s` gives its place to a new one.

        Those who came by a share link have at most `most_by_link` of the places.
        """
        self._most = most
        self._most_by_link = most if most_by_link is None else most_by_link
        self._patience_s = patience_s
        self._followers: set[Follower] = set()
        self._over = False

    def __len__(self) -> int:
        return len(self._followers)

    def full(self, *, by_link: bool = False) -> bool:
        """Whether there is no place."""
        now = trio.current_time()
        for one in [one for one in self._followers if now - one.came_at > self._patience_s]:
            one.end()
            self._followers.discard(one)
        linked = sum(one.by_link for one in self._followers)
        return len(self._followers) >= self._most or (by_link and linked >= self._most_by_link)

    def join(self, *, by_link: bool = False) -> Follower | None:
        """Follow; `leave` afterwards. None: there is no place."""
        if self.full(by_link=by_link):
            return None
        follower = Follower(by_link=by_link)
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
