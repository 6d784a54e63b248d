"""Real engines for tests: one PostgreSQL and one Valkey per session, started when first asked for.

Each test gets a database of its own and an empty Valkey. The data is thrown away, so the servers
are told not to sync it.
"""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from redis.asyncio import Redis

from tests.ports import free_port
from tiketi_platform.adapters.postgres.bootstrap import SERVICES, create_databases, role
from tiketi_platform.adapters.postgres.migrate import migrate
from tiketi_platform.runtime.data_folder import DataFolder
from tiketi_platform.runtime.engines.postgres import SUPERUSER_SECRET, PostgresServer
from tiketi_platform.runtime.engines.postgres_settings import SUPERUSER, VOLATILE
from tiketi_platform.runtime.engines.valkey import ValkeyServer

T = TypeVar("T")

BOOTSTRAP_TEMPLATE = "template_bootstrap"
MIGRATED_TEMPLATE = "template_migrated"


@dataclass(frozen=True, slots=True)
class Database:
    """One database with a schema and a login role per service."""

    server: PostgresServer
    name: str
    passwords: dict[str, str]
    superuser_password: str

    @property
    def superuser_dsn(self) -> str:
        return self.server.dsn(SUPERUSER, self.superuser_password, self.name)

    def dsn(self, service: str) -> str:
        """As the login role of a service; its search path is its own schema."""
        return self.server.dsn(role(service), self.passwords[service], self.name)


class Databases:
    """Makes databases on the session's PostgreSQL, by cloning templates made once."""

    def __init__(self, server: PostgresServer, folder: DataFolder) -> None:
        self.server = server
        self._superuser_password = folder.secret(SUPERUSER_SECRET)
        self._passwords = {service: folder.secret(f"postgres-{service}") for service in SERVICES}
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()

    async def template(
        self,
        name: str,
        prepare: Callable[[Database], Awaitable[None]] | None = None,
    ) -> str:
        """Name of a template database that `prepare` filled (say, with migrations), made once.

        `prepare` must close every connection it opens: a template in use cannot be cloned.
        """
        if name not in self._templates:
            database = self._database(name)
            await self._bootstrap(name)
            if prepare is not None:
                await prepare(database)
            self._templates.add(name)
        return name

    async def create(self, template: str = BOOTSTRAP_TEMPLATE) -> Database:
        """A fresh database cloned from a template."""
        if template == BOOTSTRAP_TEMPLATE:
            await self.template(BOOTSTRAP_TEMPLATE)
        database = self._database(f"test_{next(self._numbers)}")
        # Copying files is twice as fast as logging their blocks, on a server that syncs neither.
        await self._execute(
            f"CREATE DATABASE {database.name} TEMPLATE {template} STRATEGY FILE_COPY"
        )
        # A clone has the schemas but not the rights on the database or the roles' search paths.
        await self._bootstrap(database.name)
        return database

    async def drop(self, database: Database) -> None:
        await self._execute(f"DROP DATABASE {database.name} WITH (FORCE)")

    def _database(self, name: str) -> Database:
        return Database(self.server, name, self._passwords, self._superuser_password)

    async def _bootstrap(self, name: str) -> None:
        await create_databases(self.server.superuser_dsn, self._passwords, database=name)

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.superuser_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


async def migrate_all(database: Database) -> None:
    """The tables of all services, as each makes them at its start."""
    for service in SERVICES:
        await migrate(database.dsn(service), service)


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine from a plain fixture, leaving pytest-asyncio's loops alone.

    In this thread on purpose: an engine dies with the thread that started it.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


@contextmanager
def postgres_databases() -> Iterator[Databases]:
    """A PostgreSQL that keeps nothing, stopped and deleted at the end."""
    with engine_folder() as folder:
        server = PostgresServer(folder, free_port(), durable=False, options=VOLATILE)
        run_apart(server.start())
        try:
            yield Databases(server, folder)
        finally:
            run_apart(server.stop())


@contextmanager
def valkey_engine() -> Iterator[ValkeyServer]:
    """A Valkey that keeps nothing, stopped and deleted at the end."""
    with engine_folder() as folder:
        server = ValkeyServer(folder, free_port(), durable=False)
        run_apart(server.start())
        try:
            yield server
        finally:
            run_apart(server.stop())


async def flush(server: ValkeyServer) -> None:
    """Empty every database of the session's Valkey."""
    client = Redis.from_url(server.url)
    try:
        await client.flushall()
    finally:
        await client.aclose()


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder that disappears; its path is short enough for Unix sockets."""
    with tempfile.TemporaryDirectory(prefix="tiketi-test-") as path:
        yield Path(path)


@contextmanager
def engine_folder() -> Iterator[DataFolder]:
    """A locked data folder that disappears."""
    with short_folder() as path:
        folder = DataFolder(path)
        with folder.lock():
            yield folder
