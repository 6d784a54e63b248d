"""Makes the platform's database, and a schema and a login role in it for each service.

Needs the server's owner; may run at every start. Creates no tables: those are the services' own
migrations. Never takes a right away from a database that is not the platform's, unless told that
the whole server is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import asyncpg

DATABASE: Final = "tiketi"
SERVICES: Final = ("auth", "event", "reservation", "payment", "notification")
"""The services that own a schema, in the order of their ports; queue lives in Redis alone."""

_SQL: Final = Path(__file__).parent / "sql" / "bootstrap"


def role(service: str) -> str:
    """The login role of a service."""
    return f"tiketi_{service}"


async def create_databases(
    owner_dsn: str,
    passwords: Mapping[str, str],
    *,
    database: str = DATABASE,
    is_ours_alone: bool = False,
) -> None:
    """Ensure the database, and for each service of `passwords` its schema, role and password.

    `owner_dsn` reaches any database of the server as a role that may create databases and roles.
    `is_ours_alone` also closes the server's maintenance databases to the services.
    """
    connection = await asyncpg.connect(owner_dsn)
    try:
        await _ensure_database(connection, database)
        if is_ours_alone:
            await connection.execute(_sql("embedded"))
    finally:
        await connection.close()
    connection = await asyncpg.connect(owner_dsn, database=database)
    try:
        async with connection.transaction():
            await connection.execute(_sql("database"))
            await connection.execute(_sql("service"))
            for service, password in passwords.items():
                await connection.execute(_sql("admit_service"), service, password)
    finally:
        await connection.close()


async def _ensure_database(connection: asyncpg.Connection, database: str) -> None:
    statement = await connection.fetchval(_sql("create_database"), database)
    if statement is None:
        return
    try:
        await connection.execute(statement)
    except asyncpg.DuplicateDatabaseError:
        # Another platform made it since we looked.
        return


def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
