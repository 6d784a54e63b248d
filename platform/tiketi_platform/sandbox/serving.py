"""Runs one small aiohttp application inside the current loop; refuses to log each request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

SHUTDOWN_S: Final = 1.0
"""Given to requests under way when the server stops."""
BACKLOG: Final = 2_048


@asynccontextmanager
async def serving(app: web.Application, *, host: str, port: int) -> AsyncIterator[str]:
    """Listen until the block ends and give the base URL; port 0 takes a free one. OSError: port taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=BACKLOG)
        await site.start()
        bound = runner.addresses[0]
        yield f"http://{host}:{bound[1]}"
    finally:
        await runner.cleanup()
