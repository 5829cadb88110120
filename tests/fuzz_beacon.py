"""`make fuzz`: mutated requests over many connections, for a time, against a real service; reports what came back.

python -m tests.fuzz_beacon [--seconds 120] [--seed N] [--connections 8]

Fails (exit code 1) where an answer is a 5xx other than 503, the service ends or says a traceback, a descriptor stays
open, the ledger does not add up, or the service does not answer afterwards. The seed names the run: the same one
sends the same bytes, connection by connection.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

from tests.support.http import Door, ask
from tests.support.ledger import ledger
from tests.support.mutations import stream
from tests.support.postgres import running_postgres
from tests.support.service import Service, eventually, serving
from tests.support.strangers import open_files, talk, unexpected

BODY = b'{"trackEntryKey": "still-there", "bucket": "complete"}'
UNLIMITED = {"TONEARM_LIMITS__EVENTS_PER_MINUTE": "0"}


class Fuzz:
    """One run; `statuses` counts the answers, `failures` holds what must not be."""

    def __init__(self, service: Service, seed: int, deadline: float) -> None:
        self.connections = 0
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self._service = service
        self._seed = seed
        self._deadline = deadline
        self._lock = threading.Lock()

    def talk_on(self, number: int) -> None:
        """One thread's connections, one after another."""
        door = Door.at(self._service.beacon)
        random = Random(f"{self._seed}-{number}")
        while time.monotonic() < self._deadline and not self.failures:
            data = stream(random)
            try:
                answers = Counter(talk(door, data, random))
            except OSError as error:  # not even a connection, or one that hangs
                self._note(f"{error!r} at {data!r}")
                return
            with self._lock:
                self.connections += 1
                self.statuses += answers
            if wrong := unexpected(answers):
                self._note(f"{wrong} for {data!r}")

    def _note(self, failure: str) -> None:
        with self._lock:
            self.failures.append(failure)


def still_there(service: Service) -> bool:
    asked = ask(Door.at(service.beacon), "POST", "/api/event/play", {"Content-Type": "text/plain"}, BODY)
    return asked.status == 202


def held(service: Service, files: int) -> list[str]:
    """What is not as it was before."""
    if service.process.poll() is not None:
        return [f"the service ended with {service.process.poll()}: {service.said()[-2000:]}"]
    found = []
    for sentence, condition in (
        ("it does not answer any more", lambda: still_there(service)),
        ("not everything is counted", lambda: ledger(service)["pending"] == 0),
        ("descriptors stay open", lambda: open_files(service) <= files),
        ("the ledger does not add up", lambda: adds_up(ledger(service))),
        ("it printed a traceback", lambda: "Traceback" not in service.said()),
    ):
        try:
            eventually(condition)
        except AssertionError:
            found.append(sentence)
    return found


def adds_up(figures: dict[str, int]) -> bool:
    outcomes = sum(number for name, number in figures.items() if name not in ("received", "recovered"))
    return figures["received"] + figures["recovered"] == outcomes


def fuzz(service: Service, seconds: float, seed: int, connections: int) -> Fuzz:
    assert still_there(service)
    eventually(lambda: ledger(service)["pending"] == 0)
    files = open_files(service)
    run = Fuzz(service, seed, time.monotonic() + seconds)
    threads = [threading.Thread(target=run.talk_on, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.failures += held(service, files)
    return run


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutated requests against the beacon listener.")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=time.time_ns())
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    print(f"fuzzing for {options.seconds:g} s, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, running_postgres(Path(folder) / "postgres") as postgres:
        environment = {"TONEARM_DATABASE_URL": postgres.new_database(), **UNLIMITED}
        with serving(Path(folder) / "data", environment) as service:
            run = fuzz(service, options.seconds, options.seed, options.connections)
    print(f"{run.connections} connections, {run.statuses.total()} answers")
    for status, number in sorted(run.statuses.items()):
        print(f"  {status}: {number}")
    for failure in run.failures:
        print(f"FAILED: {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
