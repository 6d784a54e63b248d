"""A visitor waits for a draw, for as long as patience lasts, and never asks without a pause."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.stampede.test_journey import Theatre, visit
from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.contract import queue
from tiketi_sdk.errors import ConnectError
from tiketi_sdk.stampede.calling import Calls, Surroundings
from tiketi_sdk.stampede.tally import Tally


@pytest.mark.parametrize("by_socket", [True, False])
def test_who_gathers_for_a_draw_waits_for_it(by_socket):
    theatre = Theatre(polls_until_drawn=30)
    outcome, tally = visit(theatre, listen=(lambda *_: None) if by_socket else None)
    assert outcome == "ticket"
    assert theatre.names().count("queue.enter") == 1
    assert theatre.names().count("reservations.create") == 1
    assert tally.felt["waiting"].percentiles_ms()[4] > 30_000


def test_a_socket_is_listened_to_for_as_long_as_patience_is_left():
    theatre, asked = Theatre(says={"queue.enter": ["waiting_room_full"] * 5}), []
    visit(theatre, patience_s=60, listen=lambda *wanted: asked.append(wanted))
    ((_, within_s),) = asked
    assert 0 < within_s <= 60 - 5 * 2


def test_who_is_let_in_and_refused_again_and_again_does_not_hammer():
    theatre = Theatre(says={"reservations.create": ["entry_required"] * 1_000})
    outcome, _ = visit(theatre, patience_s=60)
    assert outcome == "out_of_patience"
    assert theatre.names().count("reservations.create") < 200


def test_each_attempt_shows_the_token_of_that_moment():
    shown: list[str] = []
    tokens = iter(["old", "new"])

    def exchange(service: str, name: str, request: PreparedRequest) -> Answer:
        shown.append(request.headers["Authorization"])
        if len(shown) == 1:
            raise ConnectError("nobody listens")
        return Answer(200, {}, b'{"event_id": 7, "was": "waiting"}')

    near = Surroundings(sleep=lambda _s: None, now_s=lambda: 0.0, random=Random(4))
    calls = Calls(exchange, Tally(), token=lambda: next(tokens), surroundings=near)
    calls.call(queue.LEAVE, queue.EventInBody(event_id=7))
    assert shown == ["Bearer old", "Bearer new"]
