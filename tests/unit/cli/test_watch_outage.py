"""An administrator's look at a room outlives counts that cannot be had."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Self, cast

import pytest

from tests.unit.cli.test_room_view import line
from tiketi_cli.commands.queue.watch import STATS_EVERY, _watch_room
from tiketi_sdk.contract.queue import Stats
from tiketi_sdk.errors import ConnectError, ServiceUnavailableError
from tiketi_sdk.realtime import Update

STATS = Stats(
    event_id=42,
    state="open",
    capacity=10,
    waiting_count=1_200,
    admitted_count=5,
    entered_total=1_210,
    admitted_total=10,
    expired_total=2,
    left_total=3,
    admitted_max=10,
    admit_rate_per_s=20.0,
    gave_up_total=4,
    skipped_total=0,
    log_truncated=False,
)
AWAY = [
    ServiceUnavailableError("d", status=503, code="unavailable", request_id="r"),
    ConnectError("nobody there"),
]


class Updates(list[Update]):
    """A watch that has told all it has to tell."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


@pytest.mark.parametrize("error", AWAY, ids=lambda each: type(each).__name__)
def test_counts_that_cannot_be_had_are_those_of_before(
    capsys: pytest.CaptureFixture[str], error: Exception
):
    def stats(event_id: int) -> Stats:
        asked.append(event_id)
        if len(asked) > 1:
            raise error
        return STATS

    asked: list[int] = []
    update = Update(kind="line", event_id=42, live=True, line=line())
    client = SimpleNamespace(
        watch=lambda *_, **__: Updates([update] * (2 * STATS_EVERY)),
        queue=SimpleNamespace(stats=stats),
    )
    here = cast("Any", SimpleNamespace(client=client, json=True))
    _watch_room(here, 42, timeout_s=None, admin=True)
    told = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert len(told) == 2 * STATS_EVERY
    assert asked == [42, 42]
    assert told[0] == told[-1]
