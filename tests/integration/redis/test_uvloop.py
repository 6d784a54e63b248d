"""The breaking tests once more on uvloop, which is the loop of production; its transports differ."""

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import uvloop

from tests.integration.redis import test_broken as scenarios
from tests.integration.redis.breaking import breakable_server, connecting, proxied


@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.test_server_killed_fails_fast_then_heals,
        scenarios.test_commands_issued_while_the_first_reconnect_runs_wait_for_it,
        scenarios.test_stalled_replies_time_out_and_later_replies_are_still_right,
        scenarios.test_a_silent_connection_is_cut_and_replaced,
        scenarios.test_outgoing_bytes_are_bounded_while_the_socket_takes_none,
        scenarios.test_bytes_that_are_no_reply_cut_the_connection,
    ],
)
def test_on_uvloop(scenario: Callable[..., Awaitable[None]]) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(breakable_server())
            fixtures: dict[str, Any] = {
                "server": server,
                "proxy": await stack.enter_async_context(proxied(server)),
                "connect": await stack.enter_async_context(connecting()),
            }
            await scenario(
                **{name: fixtures[name] for name in inspect.signature(scenario).parameters}
            )

    uvloop.run(run())
