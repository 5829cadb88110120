"""Listeners on a machine of their own, who play until they are told to stop, and then say what they were promised.

A line on standard output says every tenth of a second how many events were answered with 202. When standard input ends,
each client finishes the event it is at, and the last line is the tally, as JSON. Of the standard library only.

Half of the events carry an eventId and are sent again until they are answered with 202, by whichever machine, as the
tracker does with what it keeps: so in the end each of them was promised, and counts once. The others are sent once,
each with a key of its own: answered with 202 it counts once, without an answer at most once, refused not at all.
"""

import http.client
import json
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID, uuid5

BUCKETS = ("partial", "sampled", "complete")
ANSWER_S = 10.0
LAST_S = 90.0  # for what is still to be promised when it is to stop


@dataclass(frozen=True)
class Orders:
    """As in argv[1], JSON."""

    doors: list[list[Any]]  # [host, port] of each; who gets no answer knocks at the next
    listeners: list[str]  # an address of this machine for each
    clients: int = 6
    tracks: int = 8
    pause_s: float = 0.02
    name: str = "crowd"


@dataclass
class Tally:
    """What was promised."""

    plays: Counter[str] = field(default_factory=Counter)  # key/bucket of those that carry an eventId
    listeners: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # key -> numbers of listeners
    single: dict[str, str] = field(default_factory=dict)  # key -> promised, refused or unanswered
    answers: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0

    @property
    def promised(self) -> int:
        return self.plays.total() + sum(became == "promised" for became in self.single.values())


class Crowd:
    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.tally = Tally()
        self.stopping = threading.Event()
        self._guard = threading.Lock()
        self._until = float("inf")

    def run(self) -> None:
        threads = [threading.Thread(target=self._client, args=(number,)) for number in range(self.orders.clients)]
        threads.append(threading.Thread(target=self._wait_for_the_end, daemon=True))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads[:-1]):
            time.sleep(0.1)
            with self._guard:
                print(self.tally.promised, flush=True)
        told = self.tally
        listeners = {key: sorted(found) for key, found in told.listeners.items()}
        print(json.dumps({**vars(told), "listeners": listeners}), flush=True)

    def _wait_for_the_end(self) -> None:
        sys.stdin.read()
        self._until = time.monotonic() + LAST_S
        self.stopping.set()

    def _client(self, number: int) -> None:
        random = Random(f"{self.orders.name}-{number}")
        event = 0
        while not self.stopping.is_set():
            event += 1
            listener = random.randrange(len(self.orders.listeners))
            name = f"{self.orders.name}-{number}-{event}"
            if event % 2:
                self._insist(random, name, listener)
            else:
                self._once(random, f"single-{name}", listener)
            time.sleep(self.orders.pause_s)

    def _insist(self, random: Random, name: str, listener: int) -> None:
        key, bucket = f"track-{random.randrange(self.orders.tracks)}", random.choice(BUCKETS)
        event_id = str(UUID(bytes=uuid5(UUID(int=0), name).bytes, version=4))
        door = random.randrange(len(self.orders.doors))
        while self._send(door, key, bucket, listener, eventId=event_id) != "promised":
            if time.monotonic() > self._until:
                with self._guard:
                    self.tally.unfinished += 1
                return
            door = (door + 1) % len(self.orders.doors)
            time.sleep(0.1)
        with self._guard:
            self.tally.plays[f"{key}/{bucket}"] += 1

    def _once(self, random: Random, key: str, listener: int) -> None:
        became = self._send(random.randrange(len(self.orders.doors)), key, random.choice(BUCKETS), listener)
        with self._guard:
            self.tally.single[key] = became

    def _send(self, door: int, key: str, bucket: str, listener: int, **more: str) -> str:
        host, port = self.orders.doors[door]
        body = json.dumps({"trackEntryKey": key, "bucket": bucket, "anonId": anon_id(listener), **more})
        headers = {"Content-Type": "text/plain", "User-Agent": agent(listener), "Host": "plays.example.org"}
        connection = http.client.HTTPConnection(host, port, ANSWER_S, (self.orders.listeners[listener], 0))
        try:
            connection.request("POST", "/api/event/play", body, headers)
            status = str(connection.getresponse().status)
        except (OSError, http.client.HTTPException):
            status = "none"
        finally:
            connection.close()
        with self._guard:
            self.tally.answers[status] += 1
            if status == "202":
                self.tally.listeners[key].add(listener)
        # 503 is also what a proxy says in the place of a machine that may have taken the event before it died.
        return {"202": "promised", "none": "unanswered", "503": "unanswered"}.get(status, "refused")


def anon_id(listener: int) -> str:
    """Of the browser that is this listener's."""
    return str(UUID(bytes=uuid5(UUID(int=1), str(listener)).bytes, version=4))


def agent(listener: int) -> str:
    """Its User-Agent."""
    return f"Mozilla/5.0 (X11; Linux x86_64; rv:{100 + listener}.0) Gecko/20100101 Firefox/{100 + listener}.0"


if __name__ == "__main__":
    Crowd(Orders(**json.loads(sys.argv[1]))).run()
