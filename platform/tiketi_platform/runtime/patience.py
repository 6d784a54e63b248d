"""Waits for a store that is not there yet, trying again with backoff for a bounded time; it repairs nothing.

Pods and containers start in any order: a service that comes before its PostgreSQL or its Redis waits
for them instead of dying. What a database being set up refuses (no such role, database or schema yet)
counts as not there; a record that contradicts our files does not, and ends the start at once.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import asyncpg

from tiketi_core.kernel.errors import UnavailableError
from tiketi_platform.adapters.postgres.availability import is_unavailable
from tiketi_platform.adapters.redis.errors import RedisReplyError, RedisTimeout, RedisUnavailable
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime.errors import StoreMissingError

StoreT = TypeVar("StoreT")

BACKOFF_S_MIN: Final = 0.1
BACKOFF_S_MAX: Final = 2.0
_STARTING: Final = frozenset({"LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN"})
"""What a Redis says that is there but does not serve yet."""
_BEING_SET_UP: Final = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidSchemaNameError,
    asyncpg.InsufficientPrivilegeError,
)


def may_come(error: Exception) -> bool:
    """Whether trying again later may help."""
    if isinstance(error, RedisReplyError):
        return error.prefix in _STARTING
    if isinstance(error, (UnavailableError, RedisUnavailable, RedisTimeout, *_BEING_SET_UP)):
        return True
    return is_unavailable(error)


async def when_there(
    store: str,
    opening: Callable[[], Awaitable[StoreT]],
    *,
    wait_s: float,
    on_missing: Callable[[str], Awaitable[None]],
) -> StoreT:
    """What `opening` returns once it succeeds; `on_missing` is told the store's name when it first fails.

    Raises StoreMissingError when `wait_s` have passed, and at once what waiting does not help.
    """
    give_up_at_s = time.monotonic() + wait_s
    failures_count = 0
    while True:
        try:
            opened = await opening()
        except Exception as error:
            if not may_come(error):
                raise
            if time.monotonic() >= give_up_at_s:
                raise StoreMissingError(
                    f"{store} did not answer within {wait_s:g} s: {str(error) or type(error).__name__};"
                    " start it, or say where it is (TIKETI_DATABASE_URL, TIKETI_REDIS_URL)"
                ) from error
            if not failures_count:
                log.warning("waiting for a store", extra={"store": store, "reason": repr(error)})
                await on_missing(store)
        else:
            if failures_count:
                log.info("the store is there", extra={"store": store, "tries": failures_count + 1})
            return opened
        step_s = min(BACKOFF_S_MIN * 2 ** min(failures_count, 10), BACKOFF_S_MAX)
        failures_count += 1
        await asyncio.sleep(random.uniform(0.5, 1.0) * step_s)  # noqa: S311  # spreads replicas
