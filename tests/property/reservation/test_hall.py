"""PostgreSQL against the pure hall: the same moves, the same outcome, the same seats after each."""

from __future__ import annotations

import asyncio
import uuid
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import EventId, MessageId, ReservationId, SeatId, UserId
from tiketi_core.kernel.message import Message
from tiketi_core.reservation.model import Hold, Layout, Section, Wish
from tiketi_core.reservation.rules import Hall
from tiketi_platform.adapters.postgres.pool import Database
from tiketi_platform.adapters.postgres.reservation.holds import PostgresReservations
from tiketi_platform.adapters.postgres.reservation.seating import PostgresSeating
from tiketi_platform.adapters.postgres.reservation.tickets import PostgresTickets

START_MS = 1_800_000_000_000
HOLD_MS = 10_000
SEATS = 6
LAYOUT = Layout("tiny", "Tiny", (Section("A", 2, 3, 1),))
LETTERS = {"available": "a", "held": "h", "sold": "s"}

users = st.integers(1, 2)
replicas = st.integers(0, 1)
places = st.lists(st.integers(0, SEATS - 1), min_size=1, max_size=2, unique=True)
steps_ms = st.sampled_from([0, 0, 0, 0, HOLD_MS, HOLD_MS - 1])
payments = st.integers(1, 8)
earlier = st.integers(0, 5)


class Engine:
    """Two replicas over one database, and the loop they live in; each run has an event of its own."""

    def __init__(self, dsn):
        self.runner = asyncio.Runner()
        self.databases = [self.do(Database.connect(dsn, "reservation")) for _ in range(2)]
        self.books = [PostgresReservations(database) for database in self.databases]
        self.seating = PostgresSeating(self.databases[0])
        self.tickets = PostgresTickets(self.databases[0])
        self.event_id = 0

    def do(self, work):
        return self.runner.run(work)

    def open(self):
        self.event_id += 1
        event = EventId(self.event_id)
        self.do(self.seating.generate(event, LAYOUT, now_ms=START_MS))
        return event

    def close(self):
        for database in self.databases:
            self.do(database.close())
        self.runner.close()


class HallMachine(RuleBasedStateMachine):
    engine: Engine

    @initialize()
    def open(self):
        self.now_ms = START_MS
        self.event = self.engine.open()
        self.first = self.plan().blocks[0].first_seat_id
        seats = range(self.first, self.first + SEATS)
        self.model = Hall(seats_per_user_max=4, owners=dict.fromkeys(seats))
        self.sent = []
        self.version, self.states = -1, ""
        self.expected = []
        # Payments of one run are no other run's.
        self.base = self.engine.event_id * 10

    def do(self, work):
        return self.engine.do(work)

    def plan(self):
        return self.do(self.engine.seating.plan(self.event, now_ms=self.now_ms))

    def both(self, on_model, work):
        """Make the move on both; either both refuse with one code or both do it."""
        answer, code = None, None
        try:
            answer = self.do(work)
        except DomainError as error:
            code = error.code
        if code is not None:
            with pytest.raises(DomainError) as refused:
                on_model(deepcopy(self.model))
            assert refused.value.code == code
            return
        self.expected += on_model(self.model, answer)

    def nth(self, index):
        numbers = sorted(self.model.bookings)
        return numbers[index % len(numbers)]

    @rule(user=users, wanted=places, replica=replicas, step_ms=steps_ms)
    def hold(self, user, wanted, replica, step_ms):
        self.now_ms += step_ms
        seats = tuple(SeatId(self.first + place) for place in sorted(wanted))
        order = Hold(
            wish=Wish(event_id=self.event, user_id=UserId(user), count=len(seats), seat_ids=seats),
            seats_per_user_max=4,
            key=None,
            request_id="",
            now_ms=self.now_ms,
            expires_at_ms=self.now_ms + HOLD_MS,
        )

        def on_model(model, held=None):
            number = held.id if held else 0
            return model.hold(
                number, user, seats, now_ms=self.now_ms, expires_at_ms=order.expires_at_ms
            )

        self.both(on_model, self.engine.books[replica].hold(order))

    @rule(step_ms=steps_ms)
    def wait(self, step_ms):
        self.now_ms += step_ms

    @rule(replica=replicas)
    def clean(self, replica):
        # It expires other runs' holds as well, so how many says nothing.
        events = self.model.clean(now_ms=self.now_ms)
        self.do(self.engine.books[replica].expire_due(now_ms=self.now_ms, limit=1_000))
        self.expected += events

    @precondition(lambda self: self.model.bookings)
    @rule(index=earlier, user=st.none() | users, replica=replicas)
    def cancel(self, index, user, replica):
        number = self.nth(index)
        work = self.engine.books[replica].cancel(
            ReservationId(number),
            owner_id=None if user is None else UserId(user),
            reason="by_user",
            request_id="",
            now_ms=self.now_ms,
        )
        self.both(lambda m, _=None: m.cancel(number, user, now_ms=self.now_ms), work)

    @precondition(lambda self: self.model.bookings)
    @rule(
        index=earlier,
        payment=payments,
        right=st.sampled_from([True, True, False]),
        replica=replicas,
        step_ms=steps_ms,
    )
    def pay(self, index, payment, right, replica, step_ms):
        self.now_ms += step_ms
        number = self.nth(index)
        booking = self.model.bookings[number]
        payment_id = self.base + payment
        others = (b.payment_id for n, b in self.model.bookings.items() if n != number)
        if payment_id in others:
            return  # a payment is for one reservation
        total_price = len(booking.seats) + (not right)
        message = self.message(
            "payment.completed",
            payment_id=payment_id,
            reservation_id=number,
            user_id=booking.user_id,
            total_price=total_price,
        )
        self.deliver(message, replica)

    @precondition(lambda self: self.model.bookings)
    @rule(index=earlier, payment=payments, amount=st.sampled_from([2, 1]), replica=replicas)
    def refund(self, index, payment, amount, replica):
        message = self.message(
            "payment.refunded",
            payment_id=self.base + payment,
            reservation_id=self.nth(index),
            amount=amount,
        )
        self.deliver(message, replica)

    @precondition(lambda self: self.sent)
    @rule(index=earlier, replica=replicas)
    def deliver_again(self, index, replica):
        self.deliver(self.sent[index % len(self.sent)], replica)

    @precondition(lambda self: self.model.bookings)
    @rule(index=earlier)
    def come_in(self, index):
        number = self.nth(index)
        booking = self.model.bookings[number]
        if booking.status != "CONFIRMED":
            return
        tickets = self.do(
            self.engine.tickets.of_user(
                UserId(booking.user_id),
                below_id=2**62,
                event_id=self.event,
                reservation_id=ReservationId(number),
                limit=10,
            )
        )
        assert len(tickets) == len(booking.seats)
        if tickets[0].status == "VALID":
            used = self.engine.tickets.use(
                tickets[0].id, code=tickets[0].code, event_id=self.event, now_ms=self.now_ms
            )
            assert self.do(used).status == "USED"
            booking.is_used = True

    def message(self, name, **payload):
        message = Message(MessageId(str(uuid.uuid4())), name, payload, START_MS, "")
        self.sent.append(message)
        return message

    def deliver(self, message, replica):
        books, payload = self.engine.books[replica], message.payload
        number, payment_id = payload["reservation_id"], payload["payment_id"]
        if message.name == "payment.completed":
            self.do(books.apply_payments([message, message], now_ms=self.now_ms))
            self.expected += self.model.pay(
                message.id, number, payment_id, total_price=payload["total_price"]
            )
        else:
            self.do(books.apply_refunds([message, message]))
            self.expected += self.model.refund(
                message.id, number, payment_id, amount=payload["amount"]
            )

    @invariant()
    def seats_stand_alike(self):
        plan = self.plan()
        states = "".join(
            LETTERS[self.model.state_of(seat, now_ms=self.now_ms)] for seat in self.model.owners
        )
        assert plan.states == states
        assert plan.version >= self.version
        assert (plan.version == self.version) <= (states == self.states)
        self.version, self.states = plan.version, states

    def teardown(self):
        if not hasattr(self, "model"):
            return
        for number, booking in self.model.bookings.items():
            found = self.do(self.engine.books[0].find(ReservationId(number)))
            assert (found.status, found.payment_id) == (booking.status, booking.payment_id)
        assert sorted(self.published()) == sorted(self.expected)

    def published(self):
        """(name, reservation or refused payment) of what reservations said; the outbox is emptied."""
        rows = self.do(self.engine.databases[0].fetch("DELETE FROM outbox RETURNING name, payload"))
        key = {"reservation.refused": "payment_id"}
        for row in rows:
            if not row["name"].startswith("reservation."):
                continue  # about the hall as a whole
            number = row["payload"][key.get(row["name"], "reservation_id")]
            if row["payload"].get("event_id", self.event) == self.event:
                yield row["name"], number


def test_postgres_does_what_the_pure_hall_does(postgres):
    HallMachine.engine = Engine(postgres.dsn("reservation"))
    try:
        run_state_machine_as_test(
            HallMachine,
            settings=settings(
                max_examples=80,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        HallMachine.engine.close()
