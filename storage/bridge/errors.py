"""What can go wrong between here and PostgreSQL, in this project's own words: for later, for ever, or a bug."""

import asyncio
import ssl
from typing import Final, TypeVar

import asyncpg
import outcome

T = TypeVar("T")

StatementError: Final = asyncpg.PostgresError
"""What PostgreSQL says to a statement that is wrong: a bug here, but not where the statement is somebody else's."""

# The states in which the same call may succeed later, with nothing done yet or the transaction undone.
TRANSIENT: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,  # where a statement set itself a limit
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.IdleSessionTimeoutError,  # of a session that asked for it (storage/leadership.py)
    asyncpg.ReadOnlySQLTransactionError,  # a failover left us on what is now a standby
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)


class DatabaseUnavailable(Exception):
    """PostgreSQL cannot do it now; the transaction, if any, did not commit or its answer was lost."""


class PartitionMissing(DatabaseUnavailable):
    """A row's month has no partition: make it (storage/log.py) and try again."""


class LockBusy(DatabaseUnavailable):
    """Somebody else holds a table for longer than the statement wanted to wait, as a dump does."""


class DatabaseThreadDead(DatabaseUnavailable):
    """The thread that holds the connections has ended: no call of this process reaches PostgreSQL any more.

    A reader may take it for an outage. Who waits for the database to come back must not: it would wait for ever.
    """


class DatabaseRefused(Exception):
    """PostgreSQL is there and says no for good (password, missing database, wrong version); a sentence for people."""


def unwrap(result: outcome.Outcome[T]) -> T:
    try:
        return result.unwrap()
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise DatabaseRefused(f"PostgreSQL refuses the connection: {error}.") from error
    except asyncpg.ClientConfigurationError as error:
        raise DatabaseRefused(f"The database address cannot be used: {error}.") from error
    except asyncpg.InterfaceError as error:
        # asyncpg has one class for "closed under us" and for wrong use; only its words tell them apart.
        if "clos" not in str(error):
            raise
        raise DatabaseUnavailable(str(error)) from error
    except ssl.SSLCertVerificationError as error:
        raise DatabaseRefused(f"PostgreSQL's certificate is not accepted: {error.verify_message}.") from error
    except asyncio.CancelledError as error:
        raise DatabaseUnavailable("the database thread gave the call up") from error
    except asyncpg.LockNotAvailableError as error:
        raise LockBusy(str(error)) from error
    except TRANSIENT as error:
        raise DatabaseUnavailable(": ".join(filter(None, [type(error).__name__, str(error)]))) from error
    except asyncpg.CheckViolationError as error:
        error.detail = None  # as below
        if error.constraint_name is not None:
            raise
        raise PartitionMissing(str(error)) from error
    except asyncpg.PostgresError as error:
        error.detail = None  # it may show the row, and with it a pseudonym; this ends in the log
        raise


def cut_off(error: BaseException | None) -> bool:
    """Whether what failed first was the connection: what is then wrong with asyncpg's state hides it from sight."""
    if not isinstance(error, asyncpg.InterfaceError):
        return False
    while error is not None and not isinstance(error, TRANSIENT):
        error = error.__context__
    return error is not None
