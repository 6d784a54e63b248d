"""How a script with the asynchronous client looks to mypy; checked, never run."""

from __future__ import annotations

from typing import assert_type

from tiketi_sdk import AsyncListing, AsyncTiketi, Config, RetryPolicy, errors
from tiketi_sdk.contract import queue
from tiketi_sdk.contract.queue import Left, Place


async def buy(client: AsyncTiketi, event_id: int) -> str | None:
    place = await client.queue.enter(event_id)
    assert_type(place, Place)
    assert_type(place.position, int)
    assert_type(await client.queue.leave(event_id), Left)
    try:
        place = await client.queue.status(event_id)
    except errors.ApiError as error:
        assert_type(error.code, str)
        return None
    return place.entry_token


async def call_by_contract(client: AsyncTiketi) -> None:
    assert_type(await client.call(queue.ENTER, queue.EventInBody(event_id=1)), Place)


async def mistakes(client: AsyncTiketi) -> None:
    await client.queue.enter("42")  # type: ignore[arg-type]
    await client.queue.enter()  # type: ignore[call-arg]
    place = await client.queue.enter(42)
    place.seat  # type: ignore[attr-defined]


def settings() -> tuple[type[Config], type[RetryPolicy], type[AsyncListing[Place]]]:
    return Config, RetryPolicy, AsyncListing
