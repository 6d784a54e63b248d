"""Brings a service's schema up to its numbered SQL files, forward only; it never undoes one.

Files are `sql/<part>/migrations/NNNN_name.pre.sql` (expand: the running release goes on working) and
`NNNN_name.post.sql` (contract: after the new release has taken over). Every schema gets the parts
`foundation` (refuse) and `messaging` (outbox, inbox) first, then its own. Each file is one
transaction, run as the service's own role with its schema as search path, so files name no schema.

    await migrate(dsn, "reservation")                  # at every start, from any number of replicas
    await migrate(dsn, "reservation", phase="post")    # when the old release is gone

`pre` leaves trailing `post` files for later. A `post` file below a pending `pre` file belongs to an
earlier release and runs in its place, so a release is not skipped while an older one still serves.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TypeAlias

import asyncpg

from tiketi_platform.adapters.postgres.pool import Record, dedicated
from tiketi_platform.adapters.postgres.queries import SQL_FOLDER, Queries

Phase: TypeAlias = Literal["pre", "post"]

SHARED_PARTS: Final = ("foundation", "messaging")

lock_timeout_ms: Final = 60_000
"""For another replica that migrates, and for a table that a long statement uses."""

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.(pre|post)\.sql")
_SQL: Final = Queries.load("migrate")


class MigrationError(Exception):
    """The migration files and the schema's record contradict each other; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file."""

    id: str
    """`part/NNNN_name`, as recorded."""
    phase: Phase
    sql: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_part(part: str, folder: Path = SQL_FOLDER) -> tuple[Migration, ...]:
    """The migrations of one part by number; a part may have none.

    Raises MigrationError for a file name of another form and for a number used twice.
    """
    directory = folder / part / "migrations"
    paths = sorted(directory.glob("*")) if directory.is_dir() else []
    migrations: dict[str, Migration] = {}
    for path in paths:
        match = _FILE.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{part}/{path.name} is not NNNN_name.pre.sql or .post.sql")
        number, name, phase = match.groups()
        if number in migrations:
            raise MigrationError(f"{part}: number {number} is used twice")
        migrations[number] = Migration(
            f"{part}/{number}_{name}",
            "pre" if phase == "pre" else "post",
            path.read_text(encoding="utf-8"),
        )
    return tuple(migrations.values())


async def migrate(
    dsn: str, schema: str, *, phase: Phase = "pre", folder: Path = SQL_FOLDER
) -> tuple[str, ...]:
    """Apply what is missing and return the ids applied, in order; one query when nothing is.

    Raises MigrationError, asyncpg.PostgresError when a file fails (earlier files stay applied), and
    OSError or TimeoutError when the server cannot be reached.
    """
    parts = [read_part(part, folder) for part in (*SHARED_PARTS, schema)]
    async with dedicated(
        dsn,
        schema,
        application_name=f"tiketi-{schema}-migrate",
        statement_timeout_ms=0,
        lock_timeout_ms=lock_timeout_ms,
    ) as connection:
        if not await _missing(connection, parts, phase):
            return ()
        await connection.execute(_SQL["lock"])  # released with the connection
        await connection.execute(_SQL["create_ledger"])
        missing = await _missing(connection, parts, phase)
        for migration in missing:
            await _apply(connection, migration)
        return tuple(migration.id for migration in missing)


async def _missing(
    connection: "asyncpg.Connection[Record]", parts: Sequence[Sequence[Migration]], phase: Phase
) -> list[Migration]:
    try:
        rows = await connection.fetch(_SQL["applied"])
    except asyncpg.UndefinedTableError:
        rows = []
    applied = {str(row["id"]): str(row["checksum"]) for row in rows}
    return list(chain.from_iterable(pending(part, applied, phase) for part in parts))


def pending(
    part: Sequence[Migration], applied: Mapping[str, str], phase: Phase
) -> Sequence[Migration]:
    """What of one part is to be applied now, given checksums by id of what has been.

    Ids this release does not know are a newer release's and are left alone. Raises MigrationError
    for a file changed after it was applied, and for a new file numbered below an applied one.
    """
    missing: list[Migration] = []
    for migration in part:
        checksum = applied.get(migration.id)
        if checksum is None:
            missing.append(migration)
        elif checksum != migration.checksum:
            raise MigrationError(
                f"{migration.id} was changed after it was applied; write a new migration instead"
            )
        elif missing:
            raise MigrationError(f"{missing[0].id} is new but numbered below {migration.id}")
    if phase == "pre":
        while missing and missing[-1].phase == "post":
            missing.pop()
    return missing


async def _apply(connection: "asyncpg.Connection[Record]", migration: Migration) -> None:
    try:
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                _SQL["record"], migration.id, migration.phase, migration.checksum
            )
    except asyncpg.PostgresError as error:
        error.add_note(f"in migration {migration.id}")
        raise
