"""Fixtures for every test: the real engines, started by the session that needs them."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.engines import (
    MIGRATED_TEMPLATE,
    Database,
    Databases,
    flush,
    migrate_all,
    postgres_databases,
    run_apart,
    valkey_engine,
)
from tiketi_platform.runtime.engines.valkey import ValkeyServer

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Who starts the tests in a shell's background starts them deaf to it, and so everything they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The session's PostgreSQL; ask for `postgres` unless you need templates of your own."""
    with postgres_databases() as made:
        yield made


@pytest.fixture
def postgres(databases: Databases) -> Iterator[Database]:
    """A fresh database with the tables of all services, empty."""
    template = run_apart(databases.template(MIGRATED_TEMPLATE, migrate_all))
    database = run_apart(databases.create(template))
    yield database
    run_apart(databases.drop(database))


@pytest.fixture
def bare_postgres(databases: Databases) -> Iterator[Database]:
    """A fresh database: schemas and roles of all services, no tables."""
    database = run_apart(databases.create())
    yield database
    run_apart(databases.drop(database))


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[ValkeyServer]:
    """The session's Valkey; ask for `valkey`, which is empty."""
    with valkey_engine() as server:
        yield server


@pytest.fixture
def valkey(valkey_server: ValkeyServer) -> ValkeyServer:
    """An empty Valkey; `valkey.url` has the password in it."""
    run_apart(flush(valkey_server))
    return valkey_server
