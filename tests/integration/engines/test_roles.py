"""Each service reaches its own schema and nothing else."""

from __future__ import annotations

import itertools

import asyncpg
import pytest

from tests.engines import Database, Databases
from tiketi_platform.adapters.postgres.bootstrap import SERVICES, create_databases

_PAIRS = list(itertools.permutations(SERVICES, 2))


async def _table(database: Database, service: str) -> None:
    connection = await asyncpg.connect(database.dsn(service))
    try:
        await connection.execute("CREATE TABLE secret (id int); INSERT INTO secret VALUES (1)")
    finally:
        await connection.close()


async def test_no_role_reads_or_writes_another_schema(postgres: Database):
    for service in SERVICES:
        await _table(postgres, service)
    for reader, owner in _PAIRS:
        connection = await asyncpg.connect(postgres.dsn(reader))
        try:
            assert await connection.fetchval("SELECT count(*) FROM secret") == 1
            for statement in (
                f"SELECT * FROM {owner}.secret",
                f"INSERT INTO {owner}.secret VALUES (2)",
                f"DROP TABLE {owner}.secret",
                f"CREATE TABLE {owner}.mine (id int)",
                f"SET ROLE tiketi_{owner}",
                f"GRANT USAGE ON SCHEMA {owner} TO tiketi_{reader}",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_a_role_may_make_nothing_outside_its_schema(postgres: Database, service: str):
    connection = await asyncpg.connect(postgres.dsn(service))
    try:
        assert await connection.fetchval("SELECT current_schema()") == service
        for statement in (
            "CREATE TABLE public.mine (id int)",
            "CREATE TABLE extensions.mine (id int)",
            "CREATE TEMPORARY TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "CREATE ROLE mine",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_extensions_work_without_being_named(postgres: Database):
    connection = await asyncpg.connect(postgres.dsn("event"))
    try:
        await connection.execute("CREATE TABLE names (name citext, place text)")
        await connection.execute("CREATE INDEX ON names USING gin (place gin_trgm_ops)")
        assert await connection.fetchval("SELECT 'SEOUL'::citext = 'seoul'::citext")
        assert await connection.fetchval("SELECT uuidv7() IS NOT NULL")
    finally:
        await connection.close()


async def test_bootstrap_may_run_again_and_changes_passwords(
    databases: Databases,
    postgres: Database,
):
    await _table(postgres, "auth")
    others = {service: f"new-{service}" for service in SERVICES}
    try:
        await create_databases(
            databases.server.superuser_dsn,
            others,
            database=postgres.name,
            is_ours_alone=True,
        )
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres.dsn("auth"))
        dsn = databases.server.dsn("tiketi_auth", "new-auth", postgres.name)
        connection = await asyncpg.connect(dsn)
        assert await connection.fetchval("SELECT id FROM secret") == 1
        await connection.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(dsn, database="postgres")
    finally:
        await create_databases(
            databases.server.superuser_dsn,
            postgres.passwords,
            database=postgres.name,
        )


async def test_a_server_of_ones_own_needs_no_superuser(databases: Databases, postgres: Database):
    owner = await asyncpg.connect(postgres.superuser_dsn)
    try:
        await owner.execute("CREATE ROLE landlord LOGIN CREATEDB CREATEROLE PASSWORD 'rent'")
        dsn = databases.server.dsn("landlord", "rent", "postgres")
        await owner.execute("GRANT CONNECT ON DATABASE postgres TO landlord")
        await create_databases(dsn, {"guest": "pw"}, database="rented")
        await create_databases(dsn, {"guest": "pw"}, database="rented")
        guest = await asyncpg.connect(databases.server.dsn("tiketi_guest", "pw", "rented"))
        assert await guest.fetchval("SELECT current_schema()") == "guest"
        await guest.close()
    finally:
        await owner.execute("DROP DATABASE IF EXISTS rented WITH (FORCE)")
        await owner.execute("DROP ROLE IF EXISTS tiketi_guest")
        await owner.execute("REVOKE CONNECT ON DATABASE postgres FROM landlord")
        await owner.execute("DROP ROLE IF EXISTS landlord")
        await owner.close()
