"""The `Darkroom` port: one thread beside the loop, so that images never make requests wait."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from tiketi_core.event.model import Pictures
from tiketi_core.kernel.errors import UnavailableError

WAITING_MAX: Final = 8
"""Uploads in the darkroom or before its door; each holds its file in memory."""


class PillowDarkroom:
    """One image at a time: that bounds the memory, too."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="darkroom")
        self._waiting_count = 0

    async def develop(self, content: bytes) -> Pictures:
        if self._waiting_count >= WAITING_MAX:
            raise UnavailableError("too many images are being worked on", retry_after_s=2)
        self._waiting_count += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _develop, content)
        finally:
            self._waiting_count -= 1

    async def close(self) -> None:
        """Take no more; does not wait for the image in hand."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _develop(content: bytes) -> Pictures:
    # Here: Pillow costs a tenth of a second, and most processes never see an image.
    from tiketi_platform.adapters.images.develop import develop

    return develop(content)
