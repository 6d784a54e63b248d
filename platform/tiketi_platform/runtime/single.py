"""Runs services in this process and this loop until told to stop; starts no engine and no other process."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime.registry import spec_of
from tiketi_platform.runtime.wiring import opened_process, running_service


@asynccontextmanager
async def running_services(names: Sequence[str], settings: Settings) -> AsyncIterator[Farewell]:
    """The named services, all answering; they stop in the opposite order when the block ends.

    Say farewell some time before that, and clients go by themselves.

    They start in the order they are named in: name auth first, whose tokens the others verify.
    """
    async with opened_process(settings, names) as process, AsyncExitStack() as stack:
        for name in names:
            await stack.enter_async_context(running_service(spec_of(name), process))
        yield process.farewell


async def serve(names: Sequence[str], settings: Settings) -> None:
    """Run the named services until SIGTERM or SIGINT."""
    serving = asyncio.Event()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    this = asyncio.current_task()

    def end() -> None:
        stop.set()
        if this is not None and not serving.is_set():
            this.cancel()  # it may wait for a store for minutes, and serves nobody yet

    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, end)
    try:
        async with running_services(names, settings) as farewell:
            serving.set()
            log.info("serving", extra={"services": list(names), "host": settings.host})
            await stop.wait()
            farewell.is_said = True
            await asyncio.sleep(settings.linger_s)
            log.info("draining", extra={"drain_s": settings.drain_s})
    except asyncio.CancelledError:
        if not stop.is_set() or serving.is_set():
            raise
        log.info("stopped before it served")
