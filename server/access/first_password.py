"""The operator's password, made at the first start by whichever process comes first, and shown there once."""

from collections.abc import Callable
from functools import partial
from typing import Final

import trio

from server.access import password
from server.access.sessions import fresh_salt
from server.console import Console
from storage import access
from storage.bridge import Database

_KEPT: Final = (
    "Where this output is kept, so is the password: tonearm password reset makes another and shows it to you alone."
)


async def ensure(database: Database, console: Console, random_bytes: Callable[[int], bytes]) -> None:
    """Does nothing where there is one."""
    if await database.run(access.operator) is not None:
        return
    made = password.make(random_bytes)
    hashed = await trio.to_thread.run_sync(partial(password.fresh_hash, made, random_bytes))
    if not await database.transaction(access.first_password, hashed, fresh_salt(random_bytes)):
        return  # another service on this database was first, and has shown its own
    console.say(f"The operator's password, shown this once: {made}")
    if not console.is_terminal:
        console.say(_KEPT)
