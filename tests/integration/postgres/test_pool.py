"""The pool: refusals are domain errors, whatever is not available is `unavailable`, bounds hold."""

import asyncio

import asyncpg
import pytest

from tests.engines import engine_folder
from tests.integration.postgres.conftest import Connect
from tiketi_core.kernel.errors import DomainError, NotFoundError, UnavailableError
from tiketi_platform.adapters.postgres import unit_of_work
from tiketi_platform.adapters.postgres.pool import Connection, Database
from tiketi_platform.runtime.engines.postgres import PostgresServer


class SeatTakenError(DomainError):
    """Somebody else has the seat."""

    code = "seat_taken"


_REFUSE = "SELECT refuse($1, $2)"


async def test_a_refusal_is_the_slices_error_with_its_extras(database: Database):
    mine = database.refusing(SeatTakenError)
    extras = {"seat_ids": [1, 2], "field": "seat_ids", "retry_after_s": 3}
    with pytest.raises(SeatTakenError) as caught:
        await mine.fetchrow(_REFUSE, "seat_taken", extras)
    assert caught.value.extra == {"seat_ids": [1, 2]}
    assert caught.value.field == "seat_ids"
    assert caught.value.retry_after_s == 3
    assert caught.value.detail == "Somebody else has the seat."


async def test_kernel_refusals_need_no_declaration(database: Database):
    with pytest.raises(NotFoundError, match="No such seat"):
        await database.execute(_REFUSE, "not_found", {"detail": "No such seat"})


async def test_a_refusal_may_be_returned_instead_of_raised(database: Database):
    mine = database.refusing(SeatTakenError)
    row = await mine.fetchrow("SELECT 'seat_taken' AS refusal, $1::jsonb AS extras", {"n": 1})
    assert row is not None
    error = mine.refused(row["refusal"], row["extras"])
    assert isinstance(error, SeatTakenError)
    assert error.extra == {"n": 1}


async def test_a_code_nobody_declared_is_our_own_fault(database: Database):
    with pytest.raises(asyncpg.RaiseError, match="seat_taken"):
        await database.execute(_REFUSE, "seat_taken", None)


async def test_a_refusal_rolls_the_transaction_back(database: Database):
    async def work(connection: Connection) -> None:
        await connection.execute("SELECT publish('a.b', '{}')")
        await connection.execute("SELECT refuse('not_found')")

    with pytest.raises(NotFoundError):
        await unit_of_work.run(database, work)
    assert await database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_json_goes_in_and_comes_out_as_objects(database: Database):
    assert await database.fetchval("SELECT $1::jsonb", {"좌석": [1]}) == {"좌석": [1]}


async def test_sessions_work_in_their_schema_and_in_utc(database: Database):
    row = await database.fetchrow(
        "SELECT current_schema(), current_setting('timezone'), current_setting('statement_timeout')"
    )
    assert row is not None
    assert tuple(row) == ("auth", "UTC", "5s")


async def test_no_free_connection_is_unavailable_within_the_bound(connect: Connect):
    database = await connect(connections_max=1, acquire_timeout_ms=50)
    async with database.acquire():
        with pytest.raises(UnavailableError):
            await database.fetchval("SELECT 1")
    assert await database.fetchval("SELECT 1") == 1


async def test_a_statement_that_takes_too_long_is_unavailable(connect: Connect):
    database = await connect(statement_timeout_ms=50, connections_max=1)
    with pytest.raises(UnavailableError):
        await database.execute("SELECT pg_sleep(5)")
    assert await database.fetchval("SELECT 1") == 1


async def test_a_lock_that_takes_too_long_is_unavailable(connect: Connect):
    database = await connect(lock_timeout_ms=50)
    async with database.transaction() as connection:
        await connection.execute("LOCK TABLE outbox_relay")
        with pytest.raises(UnavailableError):
            await database.execute("UPDATE outbox_relay SET asleep = false")


async def _until_active(database: Database, backend: int) -> None:
    active = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'"
    while not await database.fetchval(active, backend):
        pass


async def test_a_cancelled_caller_leaves_a_usable_connection(connect: Connect):
    database, other = await connect(connections_max=1), await connect(connections_max=1)
    backend = await database.fetchval("SELECT pg_backend_pid()")
    sleeping = asyncio.create_task(database.execute("SELECT pg_sleep(30)"))
    await _until_active(other, backend)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert await database.fetchval("SELECT 1") == 1


async def test_a_broken_connection_is_unavailable_and_then_replaced(connect: Connect):
    database, other = await connect(connections_max=1), await connect(connections_max=1)
    backend = await database.fetchval("SELECT pg_backend_pid()")
    sleeping = asyncio.create_task(database.execute("SELECT pg_sleep(30)"))
    await _until_active(other, backend)
    await other.execute("SELECT pg_terminate_backend($1)", backend)
    with pytest.raises(UnavailableError):
        await sleeping
    assert await database.fetchval("SELECT pg_backend_pid()") != backend


async def test_a_server_that_is_down_is_unavailable_and_back_when_it_is_back():
    with engine_folder() as folder:
        server = PostgresServer(folder, durable=False)
        await server.start()
        database = await Database.connect(server.superuser_dsn, "public")
        try:
            await server.stop()
            for _ in range(2):
                with pytest.raises(UnavailableError):
                    await database.ping()
            with pytest.raises(UnavailableError):
                await Database.connect(server.superuser_dsn, "public")
            await server.start()
            await database.ping()
        finally:
            await database.close()
            await server.stop()


async def test_wrong_arguments_are_our_own_fault(database: Database):
    with pytest.raises(asyncpg.InterfaceError):
        await database.fetchval("SELECT $1::int")
    with pytest.raises(asyncpg.DataError):
        await database.fetchval("SELECT $1::int", "one")


@pytest.mark.parametrize("attempts_lost", [1, 3])
async def test_a_lost_deadlock_is_tried_again_a_bounded_number_of_times(
    database: Database, attempts_lost: int
):
    runs = 0

    async def work(connection: Connection) -> int:
        nonlocal runs
        runs += 1
        await connection.execute("SELECT publish('a.b', '{}')")
        if runs <= attempts_lost:
            await connection.execute("DO $$ BEGIN RAISE deadlock_detected; END $$")
        return runs

    if attempts_lost < 3:
        assert await unit_of_work.run(database, work) == attempts_lost + 1
    else:
        with pytest.raises(UnavailableError):
            await unit_of_work.run(database, work)
        assert runs == 3
    assert await database.fetchval("SELECT count(*) FROM outbox") == (attempts_lost < 3)
