"""Tells failures of the database's service from failures of our own; it repairs none.

What is not available now is one error for callers, `UnavailableError` (503), whatever the driver
calls it: no connection in time, a connection lost, a server that starts or stops, a statement or
lock that took longer than it may.
"""

from typing import Final

import asyncpg

_UNAVAILABLE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)

CONFLICTS: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
"""The transaction lost against another and was rolled back: running it again is safe."""


def is_unavailable(error: BaseException) -> bool:
    """Whether the database did not serve, as opposed to having been asked wrongly."""
    if isinstance(error, _UNAVAILABLE):
        return True
    # The driver has one class for misuse and for a connection that went away under us; only the
    # latter speaks of closing.
    return type(error) is asyncpg.InterfaceError and "clos" in str(error)
