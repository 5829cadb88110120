"""Keys that rest in the database sealed; this module stores bytes and knows neither key nor secret."""

from typing import Final

from storage.bridge import Connection

# DO NOTHING and read back: of several processes that start at once, one makes the key and all use it.
_OFFER: Final = "INSERT INTO sealed_key (purpose, sealed) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING"
_READ: Final = "SELECT sealed FROM sealed_key WHERE purpose = $1"


_ALL: Final = "SELECT purpose, sealed FROM sealed_key ORDER BY purpose FOR UPDATE"
_REPLACE: Final = "UPDATE sealed_key SET sealed = $2 WHERE purpose = $1"


async def all_sealed(connection: Connection) -> dict[str, bytes]:
    """Purpose -> sealed key, held until the transaction ends."""
    return {str(purpose): bytes(sealed) for purpose, sealed in await connection.fetch(_ALL)}


async def read(connection: Connection, purpose: str) -> bytes | None:
    """The sealed key for `purpose`, if there is one."""
    found: bytes | None = await connection.fetchval(_READ, purpose)
    return found


async def replace(connection: Connection, purpose: str, sealed: bytes) -> None:
    """The same key sealed anew, or another one."""
    await connection.execute(_REPLACE, purpose, sealed)


async def obtain(connection: Connection, purpose: str, offered: bytes) -> bytes:
    """The sealed key for `purpose`: the stored one, or `offered` where none was."""
    await connection.execute(_OFFER, purpose, offered)
    return bytes(await connection.fetchval(_READ, purpose))
