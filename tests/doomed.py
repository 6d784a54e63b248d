"""Runs a test's `main` in a process of its own until that has killed itself; knows nothing of what it does."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.users import REPOSITORY, environment

_DIES_WITHIN_S = 120.0


@asynccontextmanager
async def doomed(module: str, *arguments: str, **environ: str) -> AsyncIterator[Process]:
    """A process of `module.main(*arguments)`, ended with the block at the latest."""
    program = f"import asyncio, sys; from {module} import main; asyncio.run(main(*sys.argv[1:]))"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, *arguments),
        stdout=PIPE,
        cwd=REPOSITORY,
        env={**environment(), **environ},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def killed(process: Process) -> None:
    """Return once it has killed itself; fails the test when it ended otherwise, or did not."""
    assert process.stdout is not None
    async with asyncio.timeout(_DIES_WITHIN_S):
        said = await process.stdout.read()
        assert await process.wait() == -signal.SIGKILL, said


async def dies(module: str, *arguments: str, **environ: str) -> None:
    """Run it to its death."""
    async with doomed(module, *arguments, **environ) as process:
        await killed(process)
