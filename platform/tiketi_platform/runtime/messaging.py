"""Carries a service's messages: its outbox to its stream, and the streams it listens to into its listeners."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Protocol

from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.postgres.outbox import Relay, count_outbox
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.consumer import Consumer
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.routing import Route, bind
from tiketi_platform.framework.spec import AnySpec
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime import topology
from tiketi_sdk.contract.backlog import BACKLOG, Backlog
from tiketi_sdk.contract.operation import Nothing

RESTART_S = 1.0
"""Pause before a worker that failed unexpectedly starts over."""


class Worker(Protocol):
    """A relay or a consumer."""

    def stop(self) -> None:
        """Let `run` return after the batch in hand."""

    async def run(self) -> None:
        """Work until `stop`."""


@asynccontextmanager
async def running_messages(
    spec: AnySpec,
    service: object,
    resources: Resources,
    *,
    redis: RedisClient,
    redis_url: str,
    dsn: str | None,
) -> AsyncIterator[None]:
    """Relay and consume until the block ends; batches in hand are finished first."""
    topology.check(spec)
    bus = StreamBus(redis)
    workers: list[Worker] = []
    if dsn is not None and spec.schema is not None:
        workers.append(Relay(dsn, spec.schema, bus, groups=topology.listeners_of(spec.name)))
    if spec.listens:
        workers.append(
            Consumer(
                bus,
                redis_url,
                group=spec.name,
                name=f"{spec.name}@{socket.gethostname()}:{resources.settings.ports[spec.name]}",
                services=topology.LISTENS_TO[spec.name],
                handler=_Dispatch(spec, service).apply,
            )
        )
    running = [asyncio.create_task(_keep_running(worker, spec.name)) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)


def backlog_route(spec: AnySpec, resources: Resources, redis: RedisClient) -> Route:
    """The one operation every service answers alike: which messages are still under way."""
    bus = StreamBus(redis)

    async def count(_service: object, _call: Call[Nothing]) -> Backlog:
        database = resources.opened_database
        return Backlog(
            service=spec.name,
            outbox_count=0 if database is None else await count_outbox(database),
            groups=await bus.backlog(spec.name, topology.LISTENS_TO.get(spec.name, ())),
        )

    return bind(BACKLOG, count)


class _Dispatch:
    """Hands each message to the listener of its name; those nobody asked for are passed over."""

    def __init__(self, spec: AnySpec, service: object) -> None:
        self._listens = spec.listens
        self._service = service

    async def apply(self, messages: Sequence[Message]) -> None:
        wanted = (message for message in messages if message.name in self._listens)
        # Runs of one name, so that a listener gets batches and the order stays.
        for name, run in groupby(wanted, key=lambda message: message.name):
            await self._listens[name](self._service, list(run))


async def _keep_running(worker: Worker, service: str) -> None:
    while True:
        try:
            await worker.run()
        except Exception:  # noqa: BLE001  # a fault of ours must not silence a service for good
            log.exception("message worker failed", extra={"service": service})
            await asyncio.sleep(RESTART_S)
        else:
            return
