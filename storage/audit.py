"""What operators did to the numbers and the keys, and why."""

import json
from collections.abc import Mapping
from typing import Final

from storage.bridge import Connection

_RECORD: Final = "INSERT INTO audit (act, detail) VALUES ($1, $2::text::jsonb)"


async def record(connection: Connection, act: str, detail: Mapping[str, object]) -> None:
    """In the transaction of the act itself: both happen, or neither."""
    await connection.execute(_RECORD, act, json.dumps(detail))
