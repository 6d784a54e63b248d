"""A visitor waits, chooses, pays and tries again as said; the platform here is a small pure one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from tiketi_sdk.codec import Answer, PreparedRequest
from tiketi_sdk.contract.codes import CODES
from tiketi_sdk.contract.queue import Place as Standing
from tiketi_sdk.errors import ConnectError
from tiketi_sdk.stampede.calling import Calls, Surroundings
from tiketi_sdk.stampede.journey import Journey, Listen
from tiketi_sdk.stampede.plan import Visitor
from tiketi_sdk.stampede.tally import Tally

NOW = datetime(2026, 5, 1, tzinfo=UTC).isoformat()


@dataclass
class Theatre:
    """Answers like the platform; `says` puts codes in front of an operation's next answers."""

    seats: list[str] = field(default_factory=lambda: list("aaaa"))
    polls_until_in: int = 2
    polls_until_drawn: int = 0
    says: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    status: str = "PENDING"
    held: list[int] = field(default_factory=list)

    def __call__(self, service: str, name: str, request: PreparedRequest) -> Answer:
        body = json.loads(request.body) if request.body else {}
        self.asked.append((name, body))
        self.keys.append(request.headers.get("Idempotency-Key"))
        if self.says.get(name):
            code = self.says[name].pop(0)
            if code == "refused":
                raise ConnectError("nobody listens")
            return self._problem(code)
        answer: Answer = getattr(self, name.replace(".", "_"))(body)
        return answer

    def names(self) -> list[str]:
        return [name for name, _ in self.asked]

    @staticmethod
    def _problem(code: str) -> Answer:
        raw = {"type": "about:blank", "title": code, "status": CODES[code].status, "code": code,
               "detail": code, "request_id": "r-1", "errors": []}  # fmt: skip
        return Answer(CODES[code].status, {}, json.dumps(raw).encode())

    @staticmethod
    def _ok(raw: dict[str, Any]) -> Answer:
        return Answer(200, {}, json.dumps(raw).encode())

    def _place(self) -> Answer:
        if self.polls_until_drawn:
            self.polls_until_drawn -= 1
            return self._ok({"event_id": 7, "state": "gathered", "position": 0, "waiting_count": 3,
                             "next_poll_ms": 1_000, "draw_id": "0" * 32})  # fmt: skip
        self.polls_until_in -= 1
        inside = self.polls_until_in < 0
        return self._ok({"event_id": 7, "state": "admitted" if inside else "waiting",
                         "position": 0 if inside else 3, "waiting_count": 3, "next_poll_ms": 1_000,
                         "entry_token": "let-me-in" if inside else None})  # fmt: skip

    def queue_enter(self, body: Any) -> Answer:
        return self._place()

    def queue_status(self, body: Any) -> Answer:
        return self._place()

    def queue_leave(self, body: Any) -> Answer:
        return self._ok({"event_id": 7, "was": "admitted"})

    def seats_map(self, body: Any) -> Answer:
        count = self.seats.count
        return self._ok({"event_id": 7, "version": 1, "available_count": count("a"),
                         "held_count": count("h"), "sold_count": count("s"),
                         "sections": [{"name": "A", "price": 1_000, "rows": [
                             {"row": 1, "first_seat_id": 1, "states": "".join(self.seats)}]}]})  # fmt: skip

    def _reservation(self) -> Answer:
        return self._ok({"id": 5, "number": "X", "event_id": 7, "user_id": 1, "status": self.status,
                         "total_price": 1_001 * len(self.held), "expires_at": NOW, "created_at": NOW,
                         "seats": [], "version": 1})  # fmt: skip

    def reservations_create(self, body: Any) -> Answer:
        free = [n for n, state in enumerate(self.seats, 1) if state == "a"]
        wanted = body.get("seat_ids") or free[: body["best_available"]["count"]]
        if len(wanted) < body.get("best_available", {"count": 0})["count"]:
            return self._problem("sold_out")
        self._set(wanted, "h")
        self.held, self.status = list(wanted), "PENDING"
        return self._reservation()

    def reservations_cancel(self, body: Any) -> Answer:
        self._set(self.held, "a")
        self.status = "CANCELLED"
        return self._reservation()

    def reservations_get(self, body: Any) -> Answer:
        return self._reservation()

    def payments_create(self, body: Any) -> Answer:
        if body.get("pg_token") == "toss_token_declined":
            return self._problem("card_declined")
        assert body["point_used"] + body["card_amount"] == body["total_price"]
        self._set(self.held, "s")
        self.status = "CONFIRMED"
        return self._ok({"id": 9, "user_id": 1, "purpose": "TICKETS", "payment_method": "CARD",
                         "total_price": 1, "point_used": 0, "card_amount": 1, "status": "COMPLETED",
                         "created_at": NOW})  # fmt: skip

    def _ticket(self, seat: int) -> dict[str, Any]:
        return {"id": seat, "reservation_id": 5, "event_id": 7, "status": "VALID", "qr": "T",
                "seat": {"seat_id": seat, "section": "A", "row": 1, "number": seat, "price": 1}}  # fmt: skip

    def tickets_list(self, body: Any) -> Answer:
        return self._ok({"items": [self._ticket(seat) for seat in self.held]})

    def tickets_get(self, body: Any) -> Answer:
        return self._ok(self._ticket(self.held[0]))

    def _set(self, seats: list[int], state: str) -> None:
        for seat in seats:
            self.seats[seat - 1] = state


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def visit(
    theatre: Theatre, *, patience_s: float = 60.0, listen: Listen | None = None, **wishes: Any
) -> tuple[str, Tally]:
    clock, tally = Clock(), Tally()
    near = Surroundings(sleep=clock.sleep, now_s=lambda: clock.now_s, random=Random(4))
    visitor = Visitor(
        **{
            "number": 0, "user_id": 1, "token": "me", "arrives_s": 2.0, "method": "CARD",
            "seats_count": 1, "chooses": False, "opens": False, "temper": "steady", **wishes,
        }
    )  # fmt: skip
    calls = Calls(theatre, tally, token=lambda: "me", surroundings=near)
    journey = Journey(
        visitor, calls, tally, event_id=7, surroundings=near, patience_s=patience_s, listen=listen
    )
    outcome = journey.run(1_000.0)
    crowd = tally.crowd
    assert (crowd.entering_count, crowd.waiting_count, crowd.inside_count) == (0, 0, 0)
    assert (crowd.holding_count, crowd.arrived_count, crowd.gone_count) == (0, 1, 1)
    return outcome, tally


def test_the_way_to_a_ticket():
    theatre = Theatre()
    outcome, tally = visit(theatre, opens=True)
    assert outcome == "ticket"
    assert theatre.names() == [
        "queue.enter", "queue.status", "queue.status", "reservations.create", "payments.create",
        "reservations.get", "tickets.list", "tickets.get", "queue.leave",
    ]  # fmt: skip
    assert tally.crowd.tickets_count == 1
    assert not tally.unexpected
    # Two polls of a second and a little more.
    assert 2_000 <= tally.felt["waiting"].percentiles_ms()[4] <= 2_300


def test_who_is_told_by_socket_polls_nothing():
    theatre = Theatre()
    admitted = Standing(
        event_id=7, state="admitted", position=0, waiting_count=0, next_poll_ms=0, entry_token="t"
    )
    outcome, tally = visit(theatre, listen=lambda _event_id, _within_s: admitted)
    assert outcome == "ticket"
    assert "queue.status" not in theatre.names()
    assert tally.felt["waiting_socket"].count == tally.felt["waiting"].count == 1


def test_whose_socket_ends_goes_on_by_polling():
    theatre, asked = Theatre(), []
    outcome, tally = visit(theatre, listen=lambda *wanted: asked.append(wanted))
    assert (outcome, len(asked)) == ("ticket", 1)
    assert theatre.names().count("queue.status") == 2
    assert tally.felt["waiting_polling"].count == 1


@pytest.mark.parametrize(("method", "points"), [("CARD", 0), ("POINT", 1_001), ("MIXED", 500)])
def test_each_way_to_pay(method, points):
    theatre = Theatre()
    assert visit(theatre, method=method)[0] == "ticket"
    (bill,) = [body for name, body in theatre.asked if name == "payments.create"]
    assert (bill["point_used"], bill["card_amount"]) == (points, 1_001 - points)
    assert ("pg_token" in bill) is (method != "POINT")


def test_a_hall_without_seats_ends_the_visit_only_when_none_is_held():
    theatre = Theatre(seats=list("ssss"))
    outcome, tally = visit(theatre)
    assert outcome == "sold_out"
    assert theatre.names()[-1] == "queue.leave"
    assert tally.crowd.sold_out_count == 1


def test_held_seats_are_waited_for():
    theatre = Theatre(seats=list("sshh"))
    outcome, _ = visit(theatre, patience_s=20)
    assert outcome == "out_of_patience"
    assert theatre.names().count("seats.map") > 5


def test_a_pair_takes_one_seat_when_one_is_left():
    theatre = Theatre(seats=list("ssas"))
    assert visit(theatre, seats_count=2)[0] == "ticket"
    assert theatre.seats == list("ssss")


def test_a_lost_seat_is_chosen_anew_and_then_taken_as_offered():
    theatre = Theatre(says={"reservations.create": ["seat_taken"] * 3})
    assert visit(theatre, chooses=True)[0] == "ticket"
    asked = [body for name, body in theatre.asked if name == "reservations.create"]
    assert ["seat_ids" in body for body in asked] == [True, True, True, False]


def test_who_gives_up_leaves_the_line():
    theatre = Theatre()
    assert visit(theatre, temper="gives_up")[0] == "gave_up"
    assert theatre.names() == ["queue.enter", "queue.leave"]


def test_who_rejoins_enters_again():
    theatre = Theatre()
    assert visit(theatre, temper="rejoins")[0] == "ticket"
    assert theatre.names()[:3] == ["queue.enter", "queue.leave", "queue.enter"]


def test_who_changes_their_mind_cancels_once():
    theatre = Theatre()
    assert visit(theatre, temper="changes_mind")[0] == "ticket"
    assert theatre.names().count("reservations.cancel") == 1
    assert theatre.seats.count("s") == 1


def test_a_declined_card_is_followed_by_a_good_one_under_another_key():
    theatre = Theatre()
    assert visit(theatre, temper="declined")[0] == "ticket"
    paid = [key for (name, _), key in zip(theatre.asked, theatre.keys, strict=True)
            if name == "payments.create"]  # fmt: skip
    assert len(set(paid)) == 2


def test_a_returned_ticket_is_bought_again():
    theatre = Theatre()
    outcome, tally = visit(theatre, temper="refunded")
    assert outcome == "ticket"
    assert theatre.names().count("payments.create") == 2
    assert (tally.crowd.ticketed_count, tally.crowd.tickets_count) == (1, 1)


def test_a_session_that_ended_means_the_line_again():
    theatre = Theatre(says={"reservations.create": ["entry_required"]})
    assert visit(theatre)[0] == "ticket"
    assert theatre.names().count("queue.enter") == 2


def test_a_payment_for_lost_seats_starts_over():
    theatre = Theatre(says={"payments.create": ["reservation_not_payable"]})
    assert visit(theatre)[0] == "ticket"
    assert theatre.names().count("reservations.create") == 2


def test_what_passes_by_itself_is_tried_again_with_the_same_key():
    theatre = Theatre(says={"payments.create": ["unavailable", "gateway_unavailable", "refused"]})
    outcome, tally = visit(theatre)
    assert outcome == "ticket"
    keys = {key for (name, _), key in zip(theatre.asked, theatre.keys, strict=True)
            if name == "payments.create"}  # fmt: skip
    assert len(keys) == 1
    assert tally.retried["payments.create"] == {
        "unavailable": 1, "gateway_unavailable": 1, "connect": 1,
    }  # fmt: skip
    assert not tally.unexpected


def test_a_payment_under_way_is_awaited_longer_than_errors_are():
    theatre = Theatre(says={"payments.create": ["idempotency_in_flight"] * 30})
    assert visit(theatre, patience_s=200)[0] == "ticket"


def test_an_answer_nobody_expected_fails_the_visit_and_gives_the_seats_back():
    theatre = Theatre(says={"payments.create": ["forbidden"]})
    outcome, tally = visit(theatre)
    assert outcome == "failed"
    assert tally.unexpected["payments.create"] == {"forbidden": 1}
    assert "r-1" in tally.samples[0]
    assert theatre.seats == list("aaaa")


@pytest.mark.parametrize("code", ["waiting_room_closed", "not_on_sale"])
def test_a_closed_door_turns_people_away(code):
    assert visit(Theatre(says={"queue.enter": [code]}))[0] == "turned_away"


def test_a_full_room_is_asked_again():
    theatre = Theatre(says={"queue.enter": ["waiting_room_full"] * 3})
    outcome, tally = visit(theatre)
    assert outcome == "ticket"
    assert not tally.unexpected


def test_entering_counts_from_the_intended_moment():
    theatre = Theatre(says={"queue.enter": ["unavailable"]}, polls_until_in=0)
    _, tally = visit(theatre)
    # The pause before the second attempt is the user's time too.
    assert tally.steps["queue.enter"].percentiles_ms()[4] > 0
