"""Carries a service's messages: its outbox to its stream, and the streams it listens to into its listeners."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlsplit

from tiketi_core.kernel.message import Message
from tiketi_platform.adapters.aws.bus import SnsBus
from tiketi_platform.adapters.aws.clients import AwsClients
from tiketi_platform.adapters.aws.consumer import SqsConsumer
from tiketi_platform.adapters.postgres.outbox import Relay, count_outbox
from tiketi_platform.adapters.redis.bus import StreamBus
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.consumer import Consumer
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.framework.call import Call
from tiketi_platform.framework.relaying import Outbox, Publisher, Worker
from tiketi_platform.framework.routing import Route, bind
from tiketi_platform.framework.spec import AnySpec
from tiketi_platform.framework.telemetry import log
from tiketi_platform.runtime import topology
from tiketi_sdk.contract.backlog import BACKLOG, Backlog, GroupBacklog
from tiketi_sdk.contract.operation import Nothing

RESTART_S = 1.0
"""Pause before a worker that failed unexpectedly starts over."""


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
    amazon = _amazon(resources)
    stack = AsyncExitStack()
    publisher: Publisher = StreamBus(redis)
    if amazon is not None:
        stack.push_async_callback(amazon.clients.close)
        publisher = SnsBus(amazon.clients, prefix=amazon.prefix)
    workers: list[Worker] = []
    listeners = topology.listeners_of(spec.name)
    if dsn is not None and spec.schema is not None:
        workers.append(Relay(dsn, spec.schema, publisher, groups=listeners))
    if spec.outbox is not None:
        workers.append(spec.outbox(service).relay(publisher, listeners))
    if spec.listens:
        heard, handler = topology.LISTENS_TO[spec.name], _Dispatch(spec, service).apply
        if amazon is not None:
            reader: Worker = SqsConsumer(
                amazon.clients,
                prefix=amazon.prefix,
                group=spec.name,
                services=heard,
                handler=handler,
            )
        else:
            reader = Consumer(
                StreamBus(redis),
                redis_url,
                group=spec.name,
                name=f"{spec.name}@{socket.gethostname()}:{resources.settings.ports[spec.name]}",
                services=heard,
                handler=handler,
            )
        workers.append(reader)
    running = [asyncio.create_task(_keep_running(worker, spec.name)) for worker in workers]
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        await asyncio.gather(*running)
        await stack.aclose()


@dataclass(frozen=True, slots=True)
class _Amazon:
    """SNS and SQS of one region, where the settings name them."""

    clients: AwsClients
    prefix: str


def _amazon(resources: Resources) -> _Amazon | None:
    settings = resources.settings
    if not settings.bus_url:
        return None
    url = urlsplit(settings.bus_url)
    if url.scheme != "sns" or not url.hostname or not url.path.strip("/"):
        raise ValueError(f"TIKETI_BUS_URL reads sns://region/prefix and not {settings.bus_url!r}")
    clients = AwsClients(url.hostname, endpoint_url=settings.aws_endpoint_url)
    return _Amazon(clients, url.path.strip("/"))


def backlog_route(
    spec: AnySpec, service: object, resources: Resources, redis: RedisClient
) -> Route:
    """The one operation every service answers alike: which messages are still under way."""
    bus = StreamBus(redis)
    outbox: Outbox | None = None if spec.outbox is None else spec.outbox(service)
    heard = topology.LISTENS_TO.get(spec.name, ())

    async def groups() -> tuple[GroupBacklog, ...]:
        amazon = _amazon(resources)
        if amazon is None or not heard:
            return await bus.backlog(spec.name, heard)
        try:
            return await SnsBus(amazon.clients, prefix=amazon.prefix).backlog(spec.name)
        finally:
            await amazon.clients.close()

    async def count(_service: object, _call: Call[Nothing]) -> Backlog:
        database = resources.opened_database
        tables_count = 0 if database is None else await count_outbox(database)
        return Backlog(
            service=spec.name,
            outbox_count=tables_count + (0 if outbox is None else await outbox.count()),
            groups=await groups(),
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
