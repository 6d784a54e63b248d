"""Runs a coroutine on the fastest event loop this machine has: uvloop, or asyncio's own on Windows."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """As `asyncio.run`."""
    if sys.platform == "win32":
        return asyncio.run(work)
    import uvloop  # not installed on Windows

    return uvloop.run(work)
