"""What one visitor does from arrival to ticket, as people do it: waits, chooses, hesitates, pays, tries again.

Knows neither locust nor gevent: requests go through `Calls`, time passes through `Surroundings`.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tiketi_sdk.contract import payment, queue, reservation
from tiketi_sdk.contract.payment import Payment
from tiketi_sdk.contract.queue import Place as Standing
from tiketi_sdk.contract.reservation import BestAvailable, Reservation, ReserveRequest, SeatMap
from tiketi_sdk.errors import ApiError, TiketiError
from tiketi_sdk.stampede.calling import Calls, Surroundings
from tiketi_sdk.stampede.plan import Visitor
from tiketi_sdk.stampede.results import Outcome
from tiketi_sdk.stampede.tally import Place, Tally
from tiketi_sdk.stampede.wishes import CARD_DECLINED, CARD_OK, bill, choose_seats, refusals

_POLL_JITTER: Final = 0.1
_LOOK_S: Final = (0.4, 1.2)
"""Between two looks at a hall whose last seats are held by others."""
_SETTLE_S: Final = (0.1, 1.0)
"""First and longest pause between two looks at something that is being settled."""
_PAUSES_S: Final = tuple(min(_SETTLE_S[1], _SETTLE_S[0] * 1.6**n) for n in range(240))
_FULL_S: Final = 2.0
_CHOICES_MAX: Final = 3
"""How often a visitor who loses a seat on the map chooses another before taking what is offered."""
_DEAD: Final = frozenset({"reservation_not_payable", "reservation_not_found"})
_TURNED_AWAY: Final = frozenset({"waiting_room_closed", "not_on_sale"})


Listen = Callable[[int, float], Standing | None]
"""Waits by socket, for an event and so many seconds at the most: the place once admitted, or None."""


class _EndedError(Exception):
    """The visit is over."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Journey:
    """One visit."""

    def __init__(
        self,
        visitor: Visitor,
        calls: Calls,
        tally: Tally,
        *,
        event_id: int,
        surroundings: Surroundings,
        patience_s: float,
        listen: Listen | None = None,
    ) -> None:
        """`listen`: for those who wait by socket."""
        self._visitor = visitor
        self._calls = calls
        self._tally = tally
        self._event_id = event_id
        self._near = surroundings
        self._patience_s = patience_s
        self._listen = listen
        self._temper = visitor.temper
        self._place: Place = "outside"
        self._held: Reservation | None = None
        self._ticketed_count = 0
        self._due_s = 0.0
        self._entry_token: str | None = None

    def run(self, opening_s: float) -> Outcome:
        """Wait for the visitor's moment after `opening_s` (of `now_s`), then live through the visit."""
        self._due_s = opening_s + self._visitor.arrives_s
        self._near.sleep(max(0.0, self._due_s - self._near.now_s()))
        self._tally.late.note(self._near.now_s() - self._due_s)
        self._tally.crowd.arrived_count += 1
        self._go("door")
        try:
            outcome = self._visit()
        except _EndedError as ended:
            outcome = ended.outcome
            self._give_back()
        except TiketiError:
            # Counted where it happened, with its code and words.
            outcome = "failed"
            self._give_back()
        self._hold_ends()
        self._go("outside")
        self._tally.ended(outcome)
        return outcome

    def _visit(self) -> Outcome:
        self._stand_in_line(due_s=self._due_s)
        while True:
            held = self._hold()
            if held is None:
                self._leave()
                return "sold_out"
            if self._turns("changes_mind"):
                self._cancel(held)
                continue
            if self._pay(held) is None or not self._is_confirmed(held):
                self._hold_ends()
                continue
            self._hold_ends()
            self._fetch_tickets(held)
            if self._turns("refunded"):
                self._return_tickets(held)
                continue
            self._leave()
            return "ticket"

    # --- the line

    def _stand_in_line(self, *, due_s: float | None = None) -> None:
        """Until admitted; ends the visit of those who give up or are turned away."""
        place = self._enter(due_s)
        listen, by = self._listen, "polling"
        while place.state != "admitted":
            self._go("waiting")
            if self._turns("gives_up"):
                self._leave()
                raise _EndedError("gave_up")
            if self._turns("rejoins"):
                self._leave()
                place = self._enter()
                continue
            if listen is not None:
                told = listen(self._event_id, self._patience_left_s())
                if told is not None:
                    place, by = told, "socket"
                    break
                listen = None  # it has ended, whyever: from here on by polling
            chance = self._near.random.random()
            self._near.sleep(place.next_poll_ms / 1_000 * (1 + _POLL_JITTER * chance))
            self._lose_patience()
            place = self._look()
        self._entry_token = place.entry_token
        self._go("inside")
        if due_s is not None:
            self._tally.felt["waiting"].note(self._near.now_s() - due_s)
            self._tally.felt[f"waiting_{by}"].note(self._near.now_s() - due_s)

    def _enter(self, due_s: float | None = None) -> Standing:
        while True:
            try:
                return self._calls.call(
                    queue.ENTER,
                    queue.EventInBody(event_id=self._event_id),
                    foreseen=_TURNED_AWAY | {"waiting_room_full"},
                    due_s=due_s,
                )
            except ApiError as error:
                if error.code in _TURNED_AWAY:
                    raise _EndedError("turned_away") from None
                if error.code != "waiting_room_full":
                    raise
                pause_s = error.retry_after_s or _FULL_S
            self._lose_patience()
            self._near.sleep(pause_s * (1 + self._near.random.random()))

    def _look(self) -> Standing:
        room, foreseen = queue.RoomRequest(event_id=self._event_id), {"not_in_queue", "too_early"}
        while True:
            try:
                return self._calls.call(queue.STATUS, room, foreseen=foreseen)
            except ApiError as error:
                if error.code == "not_in_queue":
                    return self._enter()
                if error.code != "too_early":
                    raise
                # An earlier attempt was counted though its answer was lost: the place is kept.
                pause_s = error.retry_after_s or _FULL_S
            self._lose_patience()
            self._near.sleep(pause_s)

    def _leave(self) -> None:
        self._calls.call(queue.LEAVE, queue.EventInBody(event_id=self._event_id))
        self._go("outside")

    # --- the seats

    def _hold(self) -> Reservation | None:
        """Seats held, or None once the hall is sold out for good: nothing free and nothing held."""
        wanted_count = self._visitor.seats_count
        choices_left = _CHOICES_MAX if self._visitor.chooses else 0
        while True:
            self._lose_patience()
            try:
                held = self._reserve(wanted_count, choosing=choices_left > 0)
            except ApiError as error:
                choices_left -= 1
                if error.code in {"sold_out", "not_on_sale"}:
                    seats = self._map()
                    if seats.available_count + seats.held_count == 0:
                        return None
                    if error.code == "not_on_sale":
                        raise _EndedError("turned_away") from None
                    wanted_count = min(wanted_count, max(1, seats.available_count))
                    if not seats.available_count:
                        self._pause(_LOOK_S)
                elif error.code == "entry_required":
                    # The session ran out, or ended with an earlier purchase: through the line again.
                    self._go("outside")
                    self._pause(_LOOK_S)
                    self._stand_in_line()
                elif error.code != "seat_taken":
                    raise
            else:
                self._held = held
                self._tally.crowd.holding_count += 1
                return held

    def _reserve(self, count: int, *, choosing: bool) -> Reservation:
        chosen = choose_seats(self._map(), count, self._near.random) if choosing else None
        return self._calls.call(
            reservation.RESERVE,
            ReserveRequest(
                event_id=self._event_id,
                seat_ids=chosen,
                best_available=None if chosen else BestAvailable(count=count),
            ),
            foreseen={"seat_taken", "sold_out", "not_on_sale", "entry_required"},
            entry_token=self._entry_token,
        )

    def _map(self) -> SeatMap:
        return self._calls.call(
            reservation.SEAT_MAP, reservation.SeatsRequest(event_id=self._event_id)
        )

    def _cancel(self, held: Reservation) -> None:
        self._calls.call(
            reservation.CANCEL,
            reservation.ReservationRequest(reservation_id=held.id),
            foreseen={"reservation_not_cancellable"},
        )
        self._hold_ends()

    # --- the money

    def _pay(self, held: Reservation) -> Payment | None:
        """The payment, or None where the seats were lost on the way."""
        card = CARD_DECLINED if self._turns("declined") else CARD_OK
        while True:
            try:
                paid = self._calls.call(
                    payment.PAY,
                    bill(held, self._visitor.method, card),
                    foreseen={*_DEAD, "entry_required", *refusals(card)},
                    awaited={"idempotency_in_flight"},
                    entry_token=self._entry_token,
                )
            except ApiError as error:
                if error.code == "card_declined" and card == CARD_DECLINED:
                    card = CARD_OK
                    continue
                if error.code in _DEAD | {"entry_required"}:
                    self._cancel(held)
                    return None
                raise
            if paid.status == "PENDING":
                paid = self._settled(paid)
            if paid.status != "COMPLETED":
                self._cancel(held)
                return None
            self._tally.crowd.paid_count += 1
            return paid

    def _settled(self, paid: Payment) -> Payment:
        for pause_s in _PAUSES_S:
            self._near.sleep(pause_s)
            paid = self._calls.call(payment.GET, payment.PaymentRequest(payment_id=paid.id))
            if paid.status != "PENDING":
                return paid
            self._lose_patience()
        return paid

    def _is_confirmed(self, held: Reservation) -> bool:
        """Whether the payment reached the reservation; if not, the money is on its way back."""
        began_s = self._near.now_s()
        for pause_s in _PAUSES_S:
            found = self._calls.call(
                reservation.GET, reservation.ReservationRequest(reservation_id=held.id)
            )
            if found.status != "PENDING":
                self._tally.felt["confirming"].note(self._near.now_s() - began_s)
                return found.status == "CONFIRMED"
            self._lose_patience()
            self._near.sleep(pause_s * (1 + self._near.random.random()))
        return False

    # --- the tickets

    def _fetch_tickets(self, held: Reservation) -> None:
        listed = self._calls.call(
            reservation.TICKETS, reservation.ListTicketsRequest(reservation_id=held.id)
        )
        for each in listed.items if self._visitor.opens else ():
            self._calls.call(reservation.TICKET, reservation.TicketRequest(ticket_id=each.id))
        self._go("outside")
        self._ticketed_count = len(listed.items)
        self._tally.crowd.tickets_count += self._ticketed_count
        self._tally.crowd.ticketed_count += 1
        self._tally.felt["ticket"].note(self._near.now_s() - self._due_s)

    def _return_tickets(self, held: Reservation) -> None:
        self._cancel(held)
        self._tally.crowd.tickets_count -= self._ticketed_count
        self._tally.crowd.ticketed_count -= 1

    # --- small things

    def _turns(self, temper: str) -> bool:
        """Whether the visitor does this now; nobody does it twice."""
        if self._temper != temper:
            return False
        self._temper = "steady"
        return True

    def _go(self, place: Place) -> None:
        if place != self._place:
            self._tally.move(self._place, place)
            self._place = place

    def _hold_ends(self) -> None:
        if self._held is not None:
            self._tally.crowd.holding_count -= 1
            self._held = None

    def _give_back(self) -> None:
        """Do not leave seats to run into their deadline because a visit went wrong."""
        if self._held is not None:
            with suppress(TiketiError):
                self._cancel(self._held)

    def _pause(self, between_s: tuple[float, float]) -> None:
        self._near.sleep(self._near.random.uniform(*between_s))

    def _patience_left_s(self) -> float:
        return max(0.0, self._due_s + self._patience_s - self._near.now_s())

    def _lose_patience(self) -> None:
        if not self._patience_left_s():
            raise _EndedError("out_of_patience")
