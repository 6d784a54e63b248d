"""Runs a coroutine on the fastest event loop this machine has: uvloop, or asyncio's own on Windows."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

ResultT = TypeVar("ResultT")

COLLECT_AFTER_COUNT: Final = 50_000
"""New objects before the collector looks at them; Python's own 700 costs a service a fifth of its time
while thousands of connections come in, because those objects stay."""
_YOUNG_ROUNDS: Final = 20
OPEN_FILES_MAX: Final = 65_536
"""Files, and so connections, one process asks for; a user's hard limit may be lower."""


def spare_collector() -> None:
    """Have the garbage collector look less often, and never at what was there before the first request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_COUNT, _YOUNG_ROUNDS, _YOUNG_ROUNDS)


def allow_many_connections() -> None:
    """Let this process open as many files as its user may: by default a shell allows 1,024, a crowd is more.

    Needed before the first connection: uvloop closes a listener for good when it runs out of files.
    """
    import resource  # not there on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_MAX)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """As `asyncio.run`, ready for a crowd."""
    spare_collector()
    if sys.platform == "win32":
        return asyncio.run(work)
    allow_many_connections()
    import uvloop  # not installed on Windows

    return uvloop.run(work)
