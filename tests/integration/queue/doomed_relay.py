"""A relay of admissions in a process of its own, which kills itself at its second batch.

    python -c "…; asyncio.run(main(REDIS_URL, STEP))"

STEP: `publish` dies when the batch is to be published, `advance` when it was and is to be written down.
"""

import os
import signal
from collections.abc import Sequence

from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.redis import RedisClient, Scripts
from tiketi_platform.adapters.redis.admissions import AdmissionOutbox
from tiketi_platform.adapters.redis.bus import StreamBus


class DoomedBus(StreamBus):
    """Its process dies at the second batch, before or after it is on the stream."""

    is_second = False
    dies_before = False

    async def publish(self, service: str, messages: Sequence[Message]) -> None:
        if not messages:
            return
        if self.is_second and self.dies_before:
            os.kill(os.getpid(), signal.SIGKILL)
        await super().publish(service, messages)
        if self.is_second:
            os.kill(os.getpid(), signal.SIGKILL)
        self.is_second = True


async def main(redis_url: str, step: str, lease_ms: str) -> None:
    """Tell of admissions until the step, and die there."""
    client = await RedisClient.connect(redis_url)
    bus = DoomedBus(client)
    bus.dies_before = step == "publish"
    outbox = AdmissionOutbox(client, Scripts(client), lease_ms=int(lease_ms))
    await outbox.relay(bus, ("notification",)).run()
