"""Work that ends with the service at once, whatever it waits for: it keeps nothing that the next start would miss."""

from collections.abc import Awaitable, Callable
from typing import Any

import trio


async def while_alive(life: trio.MemoryReceiveChannel[None], work: Callable[[], Awaitable[Any]]) -> None:
    """`await work()`, which never returns, until `life` ends."""
    async with life, trio.open_nursery() as nursery:
        nursery.start_soon(work)
        try:
            await life.receive()
        except trio.EndOfChannel:
            nursery.cancel_scope.cancel()
