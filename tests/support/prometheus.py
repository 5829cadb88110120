"""A real Prometheus with the files of deploy/prometheus, changed only in where it asks and how long it waits."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.support.proxy import DEPLOY, free_ports, listening

FILES: Final = DEPLOY / "prometheus"
PROGRAM: Final = shutil.which("prometheus")
PROMTOOL: Final = shutil.which("promtool")
_START_S: Final = 60


class Prometheus:
    """Started when it is made; it asks and looks at its rules once a second."""

    def __init__(self, folder: Path, target: str) -> None:
        [self._port] = free_ports(1)
        folder.mkdir()
        config = (FILES / "prometheus.yml").read_text()
        assert '"127.0.0.1:8082"' in config
        (folder / "prometheus.yml").write_text(
            config.replace('"127.0.0.1:8082"', f'"{target}"').replace("interval: 15s", "interval: 1s")
        )
        (folder / "tonearm.rules.yml").write_text(_impatient((FILES / "tonearm.rules.yml").read_text()))
        assert PROGRAM is not None
        self._said = folder / "said.log"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [
                    PROGRAM,
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stderr=said,
            )

    def ready(self) -> "Prometheus":
        deadline = time.monotonic() + _START_S
        while not (listening(self._port) and self._is_ready()):
            assert self.process.poll() is None, self._said.read_text()
            assert time.monotonic() < deadline, self._said.read_text()
            time.sleep(0.05)
        return self

    def _is_ready(self) -> bool:
        """It listens before it answers."""
        with suppress(HTTPError), urlopen(f"http://127.0.0.1:{self._port}/-/ready"):
            return True
        return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(_START_S)

    def query(self, expression: str) -> Sequence[Any]:
        """The samples at this moment."""
        result: Sequence[Any] = self._get("query", query=expression)["result"]
        return result

    def firing(self) -> dict[str, Any]:
        """The alerts that fire, by name."""
        alerts = self._get("alerts")["alerts"]
        return {alert["labels"]["alertname"]: alert for alert in alerts if alert["state"] == "firing"}

    def _get(self, what: str, **words: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self._port}/api/v1/{what}?{urlencode(words)}") as answer:
            told = json.load(answer)
        assert "success" == told["status"]
        return told["data"]


def _impatient(rules: str) -> str:
    """Minutes become seconds: of the windows up to ten minutes, and of how long something has to be so."""
    rules = re.sub(r"for: \d+[mh]", "for: 1s", rules)
    return re.sub(r"\[(2|5|10)m\]", lambda window: f"[{2 + int(window[1])}s]", rules)


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[Prometheus]:
    """That asks `target`, HOST:PORT; until the block ends."""
    running = Prometheus(folder, target)
    try:
        yield running.ready()
    finally:
        running.stop()
