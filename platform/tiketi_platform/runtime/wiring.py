"""The only composition root: opens what each service's spec names and closes it again, in order."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from aiohttp import web

from tiketi_platform.adapters.peers.client import PeerClient
from tiketi_platform.adapters.peers.revocations import ask_revocations
from tiketi_platform.adapters.postgres.bootstrap import role
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.redis.client import RedisClient
from tiketi_platform.adapters.redis.ended_sessions import EndedSessions
from tiketi_platform.adapters.redis.scripts import Scripts
from tiketi_platform.adapters.resources import Resources
from tiketi_platform.adapters.tokens.keys import RemoteKeys
from tiketi_platform.adapters.tokens.revocations import RevocationFeed
from tiketi_platform.framework.access import TokenVerifier
from tiketi_platform.framework.app import METRICS, build_app
from tiketi_platform.framework.client_address import address_behind
from tiketi_platform.framework.clock import SystemClock
from tiketi_platform.framework.door import Door
from tiketi_platform.framework.farewell import Farewell
from tiketi_platform.framework.health import Check
from tiketi_platform.framework.open_files import kept_files_count, open_files_max
from tiketi_platform.framework.periodic import Periodic
from tiketi_platform.framework.settings import Settings
from tiketi_platform.framework.shortcuts import SHORTCUTS, take_shortcuts
from tiketi_platform.framework.spec import AnySpec
from tiketi_platform.runtime.messaging import backlog_route, running_messages
from tiketi_platform.runtime.patience import when_there
from tiketi_platform.runtime.porch import BACKLOG_MAX, Porch
from tiketi_sdk.contract import auth, queue
from tiketi_sdk.contract.operation import Nothing

StoreT = TypeVar("StoreT")

ACCEPTS_PER_TURN: Final = 16


@dataclass(frozen=True, slots=True)
class Process:
    """What the services of one process share."""

    settings: Settings
    clock: SystemClock
    redis: RedisClient
    scripts: Scripts
    verifier: TokenVerifier
    """One for all: a token that one service has verified need not be verified by the next."""
    revocations: RevocationFeed
    """Which of them ended before their time; the first service lends it its way to auth."""
    porch: Porch
    """Answers for those of its services that have not started yet."""
    farewell: Farewell
    """Said when the process is about to end."""
    door: Door
    """Bounds their connections together: they share the process's files."""

    async def when_there(self, store: str, opening: Callable[[], Awaitable[StoreT]]) -> StoreT:
        """What `opening` returns, tried again while the store does not answer."""
        return await when_there(
            store,
            opening,
            wait_s=self.settings.stores_wait_s,
            on_missing=self.porch.wait_for,
        )


@asynccontextmanager
async def opened_process(settings: Settings, names: Sequence[str] = ()) -> AsyncIterator[Process]:
    """The shared connections of a process, open until the block ends.

    `names`: the services it will run; while a store is missing their ports answer "not ready".
    """
    clock = SystemClock()
    porch = Porch(
        {name: settings.ports[name] for name in names},
        settings.host,
        version=settings.version,
        revision=settings.revision,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(porch.close)
        redis = await when_there(
            "redis",
            lambda: _opened_redis(settings),
            wait_s=settings.stores_wait_s,
            on_missing=porch.wait_for,
        )
        stack.push_async_callback(redis.close)
        ended = EndedSessions(redis)
        ended.start()
        stack.push_async_callback(ended.stop)
        peers = PeerClient.open("verifier", settings, clock)
        stack.push_async_callback(peers.close)
        revocations = RevocationFeed()
        verifier = _verifier(peers, clock, ended, revocations, stack)
        yield Process(
            settings,
            clock,
            redis,
            Scripts(redis),
            verifier,
            revocations,
            porch,
            Farewell(),
            _door(),
        )


def _door() -> Door:
    files_max = open_files_max()
    kept_count = kept_files_count(files_max)
    # Few: while they are told, those that the loop has accepted meanwhile need files as well.
    return Door(files_max - kept_count, refusals_max=kept_count // 8)


async def _opened_redis(settings: Settings) -> RedisClient:
    redis = await RedisClient.connect(redis_url(settings))
    try:
        await Scripts(redis).load_all()
    except BaseException:  # cancellation too: the connection is nobody's yet
        await redis.close()
        raise
    return redis


@asynccontextmanager
async def running_service(spec: AnySpec, process: Process) -> AsyncIterator[None]:
    """One service, serving until the block ends; then its listener closes first and requests drain."""
    settings = process.settings
    async with AsyncExitStack() as stack:
        resources = await _opened(spec, process, stack)
        service = spec.build(resources)
        if spec.stop is not None:
            stack.push_async_callback(spec.stop, service)
        app = build_app(
            spec,
            service,
            extra_routes=[backlog_route(spec, service, resources, process.redis)],
            verifier=process.verifier,
            checks=_checks(resources),
            farewell=process.farewell,
            address_of=address_behind(settings.trusted_proxies),
            sandbox=settings.sandbox,
            version=settings.version,
            revision=settings.revision,
        )
        if spec.start is not None:
            await spec.start(service)
        periodic = Periodic(spec.name, spec.tasks(service), app[METRICS])
        await stack.enter_async_context(
            running_messages(
                spec,
                service,
                resources,
                redis=process.redis,
                redis_url=redis_url(settings),
                dsn=None if spec.schema is None else database_url(settings, spec.name),
            )
        )
        periodic.start()
        stack.push_async_callback(periodic.stop)
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=settings.drain_s, handle_signals=False
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        lent = partial(ask_revocations, resources.peers)
        if process.revocations.follow(lent):
            stack.push_async_callback(process.revocations.stop)
        address = (settings.host, settings.ports[spec.name])
        listener = await process.porch.leave(spec.name)
        listener = listener or socket.create_server(address, backlog=BACKLOG_MAX)
        assert runner.server is not None, "setup() made it"
        take_shortcuts(runner.server, app[SHORTCUTS])
        protocols = process.door.protocols(runner.server, app[METRICS])
        stack.callback(_close_all, await _listen(protocols, listener))
        yield


async def _listen(
    protocols: Callable[[], asyncio.Protocol], listener: socket.socket
) -> list[asyncio.Server]:
    # libuv accepts one connection per listener and loop turn, so a crowd at the door waits for the
    # requests of those inside. Duplicates of one listener take as many per turn as there are.
    with listener:
        loop = asyncio.get_running_loop()
        return [
            await loop.create_server(protocols, sock=listener.dup(), backlog=BACKLOG_MAX)
            for _ in range(ACCEPTS_PER_TURN)
        ]


def _close_all(servers: Sequence[asyncio.Server]) -> None:
    for server in servers:
        server.close()


async def _opened(spec: AnySpec, process: Process, stack: AsyncExitStack) -> Resources:
    settings = process.settings
    peers = PeerClient.open(spec.name, settings, process.clock)
    stack.push_async_callback(peers.close)
    database = None
    if spec.schema is not None:
        dsn = database_url(settings, spec.name)
        database = await process.when_there("postgres", partial(_opened_database, dsn, spec.schema))
        stack.push_async_callback(database.close)
    return Resources(
        name=spec.name,
        settings=settings,
        clock=process.clock,
        peers=peers,
        opened_database=database,
        opened_redis=process.redis if spec.uses_redis else None,
        opened_scripts=process.scripts if spec.uses_redis else None,
    )


async def _opened_database(dsn: str, schema: str) -> Database:
    await migrate(dsn, schema)
    return await Database.connect(dsn, schema)


def _verifier(
    peers: PeerClient,
    clock: SystemClock,
    ended: EndedSessions,
    revocations: RevocationFeed,
    stack: AsyncExitStack,
) -> TokenVerifier:
    def forget(kid: str) -> None:
        verifier.forget(kid)

    access = RemoteKeys(lambda: peers.call(auth.JWKS, Nothing()), on_lost=forget)
    entry = RemoteKeys(lambda: peers.call(queue.JWKS, Nothing()), on_lost=forget)
    for keys in (access, entry):
        keys.follow()
        stack.push_async_callback(keys.stop)
    verifier = TokenVerifier(
        access_key=access.key,
        entry_key=entry.key,
        clock=clock,
        ended=ended,
        revocations=revocations,
    )
    return verifier


def _checks(resources: Resources) -> Sequence[Check]:
    checks = []
    if resources.opened_database is not None:
        checks.append(Check("postgres", resources.opened_database.ping))
    if resources.opened_redis is not None:
        redis = resources.opened_redis
        checks.append(Check("redis", lambda: redis.execute("PING")))
    return checks


def database_url(settings: Settings, service: str) -> str:
    """PostgreSQL as the service's own role."""
    return with_user(settings.database_url, role(service), settings.secret(f"{service}-database"))


def redis_url(settings: Settings) -> str:
    """Redis with its password, where it has one."""
    password = settings.optional_secret("valkey")
    return settings.redis_url if password is None else with_user(settings.redis_url, "", password)


def with_user(url: str, user: str, password: str) -> str:
    """The URL with these credentials instead of whatever it had."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))
