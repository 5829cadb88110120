"""The digest as files: `digest-2026-W46.txt` and `.html`, for who shows or sends them by other means."""

from pathlib import Path

import msgspec
import trio

from actors.herald import NotDelivered
from storage.alerts import Alert


class Folder:
    """The way out. A file is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def deliver(self, alert: Alert) -> None:
        """Raises NotDelivered."""
        try:
            await trio.to_thread.run_sync(self._write, alert)
        except OSError as error:
            raise NotDelivered(f"{self._path} cannot be written: {error.strerror}.") from None

    def _write(self, alert: Alert) -> None:
        said = msgspec.json.decode(alert.body)["data"]
        self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        for form, suffix in (("text", "txt"), ("html", "html")):
            file = self._path / f"digest-{said['week']}.{suffix}"
            new = file.with_suffix(f".{suffix}.new")
            new.write_text(said[form], "utf-8")
            new.replace(file)
