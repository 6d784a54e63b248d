"""Hashes and checks passwords by argon2id, off the event loop; with too many waiting it refuses at once.

One hash takes 19 MiB and about 25 ms of a core (the OWASP recommendation for argon2id).
"""

import asyncio
import base64
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import argon2

from tiketi_core.kernel.errors import UnavailableError

MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
THREADS_MAX: Final = 2
"""Hashes computed at once, on half of the cores at most: the other half answers requests. Side by side they
take each other's caches too, and cost a tenth more."""
THREADS: Final = max(1, min(THREADS_MAX, (os.cpu_count() or 1) // 2))
WAITING_MAX: Final = 96
"""Hashes waiting or being computed: the last of them is done after one second, or three on one thread."""
RETRY_AFTER_S: Final = 2
NICENESS: Final = 5

T = TypeVar("T")


class Argon2Passwords:
    """The `PasswordHasher` port."""

    def __init__(
        self,
        *,
        memory_kib: int = MEMORY_KIB,
        passes: int = PASSES,
        threads: int = THREADS,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._hasher = argon2.PasswordHasher(
            time_cost=passes, memory_cost=memory_kib, parallelism=1
        )
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix="argon2", initializer=_step_back
        )
        self._waiting_max = waiting_max
        self._waiting_count = 0
        self._nobody = _impossible_hash(memory_kib, passes)

    async def hash(self, password: str) -> str:
        """A new salted hash. Raises UnavailableError when too many wait."""
        return await self._apart(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Whether they belong together; for None a hash that nothing matches is computed all the same."""
        against = self._nobody if password_hash is None else password_hash
        return await self._apart(lambda: self._matches(against, password))

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than ours."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except argon2.exceptions.VerifyMismatchError:
            return False

    async def _apart(self, work: Callable[[], T]) -> T:
        if self._waiting_count >= self._waiting_max:
            raise UnavailableError("too many are logging in right now", retry_after_s=RETRY_AFTER_S)
        self._waiting_count += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting_count -= 1


def _step_back() -> None:
    """Let whoever answers requests go first: hashing fills every core it is given."""
    if sys.platform == "linux":
        # Only Linux gives each thread a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _impossible_hash(memory_kib: int, passes: int) -> str:
    """A well-formed hash of nothing: checking against it costs as much as against a real one."""
    salt, digest = (_base64(bytes(length)) for length in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${digest}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).rstrip(b"=").decode()
