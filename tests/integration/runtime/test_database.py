"""`python -m tiketi_platform database`: what a cluster's Job does before the services start, as often as one likes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from tests.engines import Database
from tests.services import settings_for
from tiketi_platform.adapters.postgres.bootstrap import SERVICES
from tiketi_platform.framework.settings import Settings
from tiketi_platform.runtime.database import OWNER_SECRET, prepare
from tiketi_platform.runtime.engines.postgres_settings import SUPERUSER
from tiketi_platform.runtime.engines.valkey import ValkeyServer
from tiketi_platform.runtime.errors import StoreMissingError
from tiketi_platform.runtime.wiring import database_url


@pytest.fixture
async def settings(
    postgres: Database, valkey: ValkeyServer, tmp_path: Path
) -> AsyncIterator[Settings]:
    """Settings of a platform whose database does not exist yet."""
    found = settings_for(postgres, valkey, tmp_path)
    (found.secrets_dir / OWNER_SECRET).write_text(postgres.superuser_password)
    fresh = f"{postgres.name}_fresh"
    yield replace(
        found,
        database_url=found.database_url.replace(postgres.name, fresh),
        database_owner=SUPERUSER,
    )
    connection = await asyncpg.connect(postgres.superuser_dsn)
    await connection.execute(f"DROP DATABASE IF EXISTS {fresh} WITH (FORCE)")
    await connection.close()


async def applied(settings: Settings) -> dict[str, list[str]]:
    """What each schema's ledger says, read as the service itself."""
    found = {}
    for service in SERVICES:
        connection = await asyncpg.connect(database_url(settings, service))
        rows = await connection.fetch("SELECT id FROM migrations ORDER BY id")
        found[service] = [row["id"] for row in rows]
        await connection.close()
    return found


async def test_a_server_without_anything_becomes_one_that_services_can_use(settings: Settings):
    await prepare(settings, phase="pre", is_ours_alone=False)
    first = await applied(settings)
    assert all("messaging/0001_outbox" in ids for ids in first.values())
    await prepare(settings, phase="pre", is_ours_alone=False)
    assert await applied(settings) == first


async def test_a_server_that_does_not_come_is_waited_for_and_then_named(settings: Settings):
    nowhere = replace(settings, database_url="postgresql://127.0.0.1:1/tiketi", stores_wait_s=0.0)
    with pytest.raises(StoreMissingError, match="postgres"):
        await prepare(nowhere, phase="pre", is_ours_alone=False)


async def command(environ: dict[str, str]) -> tuple[int | None, str]:
    """Exit status and stderr of the command with this environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tiketi_platform", "database"),
        env={**os.environ, **environ},
        stderr=asyncio.subprocess.PIPE,
    )
    _, error = await process.communicate()
    return process.returncode, error.decode()


async def test_the_command_reads_the_environment_and_ends(settings: Settings):
    status, error = await command(settings.to_environ())
    assert status == 0, error
    assert sorted(await applied(settings)) == sorted(SERVICES)


async def test_the_command_names_the_setting_it_cannot_understand(settings: Settings):
    status, error = await command({**settings.to_environ(), "TIKETI_AUTH_PORT": "none"})
    assert status == 1
    assert "TIKETI_AUTH_PORT" in error
