"""One request to a route of the table, as its handler sees it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from server.questions import Asker
from storage.bridge import Connection, Database
from storage.counters import Target
from storage.figures import SITE

T = TypeVar("T")
P = ParamSpec("P")
_ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@dataclass(frozen=True, slots=True)
class Call:
    """The target, the query as its Struct, and what the handler may ask."""

    database: Database
    asker: Asker
    kind: str
    key: str | None
    query: Any  # the Struct that the route names; its handler knows which
    upload: Callable[[], Awaitable[bytes]]  # the body, refused where it is too long or too slow

    @property
    def target(self) -> Target:
        return SITE if self.key is None else Target(self.key, self.kind)

    async def ask(
        self, question: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """All of one moment, so that parts of an answer add up. Raises DatabaseUnavailable."""

        async def of_one_moment(connection: Connection) -> T:
            await connection.execute(_ONE_MOMENT)
            return await question(connection, *args, **kwargs)

        return await self.database.transaction(of_one_moment)

    async def change(
        self, act: Callable[Concatenate[Connection, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """In one transaction: all of it or nothing. Raises DatabaseUnavailable."""
        return await self.database.transaction(act, *args, **kwargs)
