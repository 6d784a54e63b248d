"""Trying dead letters anew where they have no order: whoever saw the same page twice has not seen the others."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tiketi_platform.framework.relaying import DeadLetter
from tiketi_platform.services.notification.dead_letters import PAGE_MAX, replay
from tiketi_sdk.contract.notification import ReplayRequest


class Shown:
    """So many letters that are no messages, and the first page of them each time."""

    def __init__(self, count: int) -> None:
        self._letters = [
            DeadLetter(f"l-{number}", None, "no message", 1, f"l-{number}", 1)
            for number in range(count)
        ]

    async def dead_letters(self, *_: object, limit: int, **__: object) -> list[DeadLetter]:
        return self._letters[:limit]

    async def forget_dead(self, *_: object) -> None:
        raise AssertionError("none of them was heard")


@pytest.mark.parametrize(
    ("count", "more"), [(0, False), (PAGE_MAX - 1, False), (PAGE_MAX + 1, True)]
)
async def test_a_full_page_of_known_letters_may_hide_others(count: int, more: bool) -> None:
    async def nothing(*_: object) -> int:
        return 0

    service = SimpleNamespace(
        dead=Shown(count),
        dead_sources=("sqs",),
        deliveries=SimpleNamespace(replay=nothing),
        hear=nothing,
        wake=lambda: None,
    )
    call = SimpleNamespace(body=ReplayRequest())
    answer = await replay(cast("Any", service), cast("Any", call))
    assert (answer.count, answer.more) == (0, more)
