"""Migrations: once, in order, by any number of replicas, and never a changed file."""

import asyncio

import asyncpg
import pytest

from tests.engines import Database
from tiketi_platform.adapters.postgres.migrate import (
    Migration,
    MigrationError,
    migrate,
    pending,
    read_part,
)

_SHARED = ["foundation/0001_refuse", "messaging/0001_outbox", "messaging/0002_inbox"]


@pytest.fixture
def auth(shared_only):
    """The migrations of the slice auth, to be written by the test."""
    folder = shared_only / "auth" / "migrations"
    folder.mkdir(parents=True)
    return folder


async def test_replicas_that_start_together_migrate_once(postgres: Database, shared_only, auth):
    (auth / "0001_users.pre.sql").write_text("CREATE TABLE users (id int);")
    (auth / "0002_more.pre.sql").write_text("INSERT INTO users VALUES (1); SELECT pg_sleep(0.05);")
    dsn = postgres.dsn("auth")
    results = await asyncio.gather(*(migrate(dsn, "auth", folder=shared_only) for _ in range(4)))
    assert sorted(results, key=len)[:3] == [(), (), ()]
    assert max(results, key=len) == (*_SHARED, "auth/0001_users", "auth/0002_more")
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT count(*) FROM users") == 1
    await connection.close()


async def test_a_file_changed_after_it_was_applied_is_refused(
    postgres: Database, shared_only, auth
):
    (auth / "0001_users.pre.sql").write_text("CREATE TABLE users (id int);")
    await migrate(postgres.dsn("auth"), "auth", folder=shared_only)
    (auth / "0001_users.pre.sql").write_text("CREATE TABLE users (id bigint);")
    (auth / "0002_more.pre.sql").write_text("CREATE TABLE more (id int);")
    with pytest.raises(MigrationError, match="0001_users was changed"):
        await migrate(postgres.dsn("auth"), "auth", folder=shared_only)
    connection = await asyncpg.connect(postgres.dsn("auth"))
    assert await connection.fetchval("SELECT to_regclass('more')") is None
    await connection.close()


async def test_a_failing_file_leaves_nothing_of_itself(postgres: Database, shared_only, auth):
    (auth / "0001_users.pre.sql").write_text("CREATE TABLE users (id int);")
    (auth / "0002_bad.pre.sql").write_text("CREATE TABLE half (id int); SELECT nonsense;")
    with pytest.raises(asyncpg.UndefinedColumnError) as caught:
        await migrate(postgres.dsn("auth"), "auth", folder=shared_only)
    assert caught.value.__notes__ == ["in migration auth/0002_bad"]
    (auth / "0002_bad.pre.sql").write_text("CREATE TABLE half (id int);")
    assert await migrate(postgres.dsn("auth"), "auth", folder=shared_only) == ("auth/0002_bad",)


def _part(*files: str) -> list[Migration]:
    return [
        Migration(name, "post" if name.endswith("post") else "pre", f"SELECT '{name}'")
        for name in files
    ]


def _applied(*migrations: Migration) -> dict[str, str]:
    return {each.id: each.checksum for each in migrations}


def test_contracting_waits_for_its_own_call():
    first, second, third = part = _part("1", "2post", "3post")
    assert pending(part, {}, "pre") == [first]
    assert pending(part, _applied(first), "pre") == []
    assert pending(part, _applied(first), "post") == [second, third]


def test_an_earlier_releases_contraction_comes_before_the_next_expansion():
    part = _part("1", "2post", "3", "4post")
    assert pending(part, {}, "pre") == part[:3]


def test_a_new_file_below_an_applied_one_is_refused():
    first, second = _part("1", "2")
    with pytest.raises(MigrationError, match="1 is new but numbered below 2"):
        pending([first, second], _applied(second), "pre")


def test_a_newer_releases_migrations_are_left_alone():
    first, newer = _part("1", "2")
    assert pending([first], _applied(first, newer), "pre") == []


def test_names_and_numbers_are_checked(tmp_path):
    folder = tmp_path / "auth" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_one.pre.sql").touch()
    (folder / "0001_two.pre.sql").touch()
    with pytest.raises(MigrationError, match="0001 is used twice"):
        read_part("auth", tmp_path)
    (folder / "0001_two.pre.sql").rename(folder / "2_two.sql")
    with pytest.raises(MigrationError, match=r"2_two\.sql is not"):
        read_part("auth", tmp_path)
