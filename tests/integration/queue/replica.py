"""One queue process of its own, for tests that kill it."""

from __future__ import annotations

import asyncio
import os
import sys
import time

import aiohttp


class Replica:
    """One queue process."""

    def __init__(self, settings):
        self._settings = settings
        self.port = settings.ports["queue"]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None

    @property
    def running(self):
        return self._process is not None

    async def start(self, http):
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tiketi_platform", "--services", "queue"),
            env={**os.environ, **self._settings.to_environ()},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        started = time.monotonic()
        while time.monotonic() - started < 60:
            try:
                async with http.get(f"{self.url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
        raise AssertionError("a replica does not become ready")

    async def kill(self):
        if self._process is not None:
            process, self._process = self._process, None
            process.kill()
            await process.wait()
