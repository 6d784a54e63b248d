"""A refresh whose answer was lost may be asked for again under its key; anything else ends the session as ever."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import pytest

from tests.integration.auth.test_sessions import refresh, register
from tests.services import Running
from tests.waiting import until


async def refresh_under(auth: Running, token: str, key: str):
    return await auth.ask(
        "POST", "auth", "/api/auth/refresh", json={"refresh_token": token},
        headers={"Idempotency-Key": key},
    )  # fmt: skip


async def test_a_lost_answer_may_be_asked_for_again(auth: Running) -> None:
    spent, key = (await register(auth)).body["refresh_token"], str(uuid.uuid4())
    answers = await asyncio.gather(*(refresh_under(auth, spent, key) for _ in range(4)))
    assert {answer.status for answer in answers} == {200}
    (fresh,) = {answer.body["refresh_token"] for answer in answers}
    assert fresh != spent
    after = await refresh(auth, fresh)
    assert after.status == 200
    # It is used now: whoever asks for it again is somebody else.
    assert (await refresh_under(auth, spent, key)).code == "refresh_token_reused"
    assert (await refresh(auth, after.body["refresh_token"])).code == "token_invalid"


@pytest.mark.parametrize("other", [None, str(uuid.UUID(int=1))])
async def test_a_spent_token_under_another_key_ends_the_session(
    auth: Running, other: str | None
) -> None:
    spent = (await register(auth)).body["refresh_token"]
    fresh = (await refresh_under(auth, spent, str(uuid.uuid4()))).body["refresh_token"]
    again = refresh(auth, spent) if other is None else refresh_under(auth, spent, other)
    assert (await again).code == "refresh_token_reused"
    assert (await refresh(auth, fresh)).code == "token_invalid"


async def test_a_key_that_could_be_guessed_answers_nothing_twice(auth: Running) -> None:
    spent = (await register(auth)).body["refresh_token"]
    assert (await refresh_under(auth, spent, "1")).status == 200
    assert (await refresh_under(auth, spent, "1")).code == "refresh_token_reused"


async def test_asking_again_has_an_end(auth: Running, tables: asyncpg.Connection) -> None:
    spent, key = (await register(auth)).body["refresh_token"], str(uuid.uuid4())
    assert (await refresh_under(auth, spent, key)).status == 200
    await tables.execute("UPDATE refresh_tokens SET spent_at = spent_at - interval '11 minutes'")
    assert (await refresh_under(auth, spent, key)).code == "refresh_token_reused"


async def test_a_token_forgotten_while_its_refresh_waits_is_unknown(
    auth: Running, tables: asyncpg.Connection
) -> None:
    spent = (await register(auth)).body["refresh_token"]
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    async def is_waiting() -> bool:
        return bool(await tables.fetchval(waiting))

    transaction = tables.transaction()
    await transaction.start()
    await tables.execute("SELECT FROM refresh_families FOR UPDATE")
    await tables.execute("DELETE FROM refresh_tokens")
    late = asyncio.create_task(refresh_under(auth, spent, str(uuid.uuid4())))
    await until(is_waiting)
    await transaction.commit()
    assert (await late).code == "token_invalid"
