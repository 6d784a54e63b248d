"""Runs a coroutine on the fastest event loop this machine has: uvloop, or asyncio's own on Windows."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from tiketi_platform.framework.open_files import allow_many_connections

ResultT = TypeVar("ResultT")

COLLECT_AFTER_COUNT: Final = 50_000
"""New objects before the collector looks at them; Python's own 700 costs a service a fifth of its time
while thousands of connections come in, because those objects stay."""
_YOUNG_ROUNDS: Final = 20


def spare_collector() -> None:
    """Have the garbage collector look less often, and never at what was there before the first request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER_COUNT, _YOUNG_ROUNDS, _YOUNG_ROUNDS)


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """As `asyncio.run`, ready for a crowd."""
    spare_collector()
    if sys.platform == "win32":
        return asyncio.run(work)
    allow_many_connections()
    import uvloop  # not installed on Windows

    return uvloop.run(work)
