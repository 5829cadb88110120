"""A PostgreSQL that a test stops and starts again under a service that uses it by URL."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from tests.support.postgres import Postgres, running_postgres


class StoppablePostgres:
    """Runs while the context is open, but for the time between `stop` and `start`; its URLs stay the same."""

    def __init__(self, folder: Path) -> None:
        self.running = False
        self._folder = folder
        self._server: Postgres | None = None  # the first start's: it knows which databases there are
        self._keeping = ExitStack()

    def __enter__(self) -> Postgres:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Postgres:
        """If it is not there already."""
        if not self.running:
            started = self._keeping.enter_context(running_postgres(self._folder))
            self._server = self._server or started
            self.running = True
        assert self._server is not None
        return self._server

    def stop(self) -> None:
        """In order, as an upgrade does it: open transactions are rolled back. If it is there."""
        self.running = False
        self._keeping.close()
