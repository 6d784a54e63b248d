"""Asks a URL of this machine whether its server is ready: 200 means yes, everything else no."""

from __future__ import annotations

import asyncio
import http.client
import time
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

_ANSWER_TIMEOUT_S: Final = 2.0
_POLL_S: Final = 0.05


def is_ready(url: str) -> bool:
    """Whether `url` (http only) answers 200 within two seconds. Blocks."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    connection = http.client.HTTPConnection(
        parts.hostname or "",
        parts.port,
        timeout=_ANSWER_TIMEOUT_S,
    )
    try:
        connection.request("GET", target)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


async def wait_until_ready(
    urls: Iterable[str],
    timeout_s: float,
    *,
    check: Callable[[], None],
) -> bool:
    """Whether all `urls` became ready in time; `check` runs between tries and raises to give up."""
    deadline = time.monotonic() + timeout_s
    waiting = list(urls)
    while True:
        check()
        answers = await asyncio.gather(*(asyncio.to_thread(is_ready, url) for url in waiting))
        waiting = [url for url, ready in zip(waiting, answers, strict=True) if not ready]
        if not waiting:
            return True
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_S)
