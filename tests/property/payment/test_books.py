"""PostgreSQL against the pure reference: the same payments, refunds and crashes give the same books."""

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.engines import Database as OneDatabase
from tests.integration.payment.saga import EVENT, Clock, Directory, Saga
from tests.property.payment.gateway import FatefulGateway
from tiketi_core.kernel.errors import DomainError
from tiketi_core.kernel.ids import PaymentId, ReservationId, UserId
from tiketi_core.payment.gateway import GatewayError
from tiketi_core.payment.model import Draft, Policy, Settled
from tiketi_core.payment.rules import Books, Deal
from tiketi_platform.adapters.postgres.pool import Database

USERS = 3
numbers = itertools.count(1)
"""Users and reservations of one example are never those of another: histories cannot be deleted."""

amounts = st.integers(min_value=1, max_value=2_000)
users = st.integers(min_value=0, max_value=USERS - 1)
fates = st.sampled_from(["ok", "ok", "declined", "lost_after", "lost_before", "unreachable"])


class BooksMachine(RuleBasedStateMachine):
    """Every rule is one move, made in both; refusals must be the same class."""

    deals: Bundle[int] = Bundle("deals")

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        super().__init__()
        self.runner = runner
        self.gateway = FatefulGateway()
        self.saga = Saga(
            database,
            self.gateway,
            None,
            directory=Directory(),
            clock=Clock(),
            policy=Policy(lease_ms=0),
        )
        self.books = Books()
        self.base = next(numbers) * USERS
        self.granted = itertools.count(1)
        self.pending: dict[int, bool] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def user(self, index: int) -> int:
        return self.base + index

    def both(self, work: Coroutine[Any, Any, Any], expected: DomainError | None) -> Any:
        """Run it; it must refuse exactly as the reference did."""
        if expected is None:
            return self.run(work)
        with pytest.raises(type(expected)):
            self.run(work)
        return None

    def begin(self, deal: Deal) -> DomainError | None:
        """The reference's opinion on beginning, without keeping it."""
        trial = Books(dict(self.books.purses), {})
        try:
            trial.begin(0, deal)
        except DomainError as error:
            return error
        return None

    @rule(user=users, amount=amounts)
    def grant(self, user, amount):
        reference = f"{self.base}-{next(self.granted)}"
        self.run(self.saga.grant(amount, user=self.user(user), reference=reference))
        purse = self.books.purse(self.user(user))
        self.books.purses[self.user(user)] = purse.post("CHARGE", amount)

    @rule(
        target=deals, user=users, points=amounts | st.just(0), card=amounts | st.just(0), fate=fates
    )
    def pay(self, user, points, card, fate):
        if points + card == 0:
            return multiple()
        number = next(numbers)
        self.saga.directory.put(number, user=self.user(user), price=points + card)
        deal = Deal(user=self.user(user), points=points, card=card)
        work = self.saga.pay(number, user=self.user(user), points=points, card=card)
        return self._begun(deal, work, fate)

    @rule(target=deals, user=users, amount=amounts, fate=fates)
    def buy(self, user, amount, fate):
        deal = Deal(user=self.user(user), points=0, card=amount, buys_points=True)
        return self._begun(deal, self.saga.buy(amount, user=self.user(user)), fate)

    def _begun(self, deal: Deal, work: Coroutine[Any, Any, Any], fate: Any) -> Any:
        refusal = self.begin(deal)
        if refusal is not None:
            self.both(work, refusal)
            return multiple()
        self.gateway.fate = fate if deal.card else "ok"
        if deal.card and fate in {"declined", "unreachable"}:
            with pytest.raises(GatewayError):
                self.run(work)
            # A payment that failed leaves nothing behind but itself.
            return multiple()
        settled: Settled = self.run(work)
        deal_id = settled.payment.id
        self.books.begin(deal_id, deal)
        if deal.card and fate == "lost_before":
            assert settled.payment.status == "PENDING"
            self.pending[deal_id] = True
        else:
            self.books.complete(deal_id)
        return deal_id

    @rule(
        target=deals,
        user=users,
        points=amounts | st.just(0),
        card=amounts,
        token=st.sampled_from(["ok", "declined"]),
        is_charged=st.booleans(),
    )
    def crash_after_begin(self, user, points, card, token, is_charged):
        """The process dies after it began, or after the card was charged as well."""
        deal = Deal(user=self.user(user), points=points, card=card)
        number = next(numbers)
        self.saga.directory.put(number, user=deal.user, price=points + card)
        draft = Draft(
            user_id=UserId(deal.user),
            purpose="TICKETS",
            reservation_id=ReservationId(number),
            event_id=EVENT,
            total_price=points + card,
            point_used=points,
            card_amount=card,
            pg_token=token,
            request_id="",
        )
        key = self.saga.caller(deal.user, operation="payments.create").key
        begun = self.both(self.saga.books.begin(draft, key), self.begin(deal))
        if begun is None:
            return multiple()
        payment = begun.settled.payment
        self.books.begin(payment.id, deal)
        is_charged = is_charged and token == "ok"
        if is_charged:
            self.run(
                self.gateway.approve(pg_token=token, order_id=payment.order_id, amount_won=card)
            )
        self.pending[payment.id] = token == "ok"
        return payment.id

    @rule(deal_id=deals, amount=amounts | st.none(), is_lost=st.booleans())
    def refund(self, deal_id, amount, is_lost):
        trial = Books(dict(self.books.purses), dict(self.books.deals))
        expected = None
        try:
            trial.refund(deal_id, amount)
        except DomainError as error:
            expected = error
        self.gateway.fate = "lost_after" if is_lost else "ok"
        self.both(self.saga.refund(deal_id, amount=amount), expected)
        self.gateway.fate = "ok"
        self.books = trial
        for refund in self.run(self.saga.refunds.claim()):
            self.run(self.saga.refunds.finish(refund))

    @rule()
    def recover(self):
        self.run(self.saga.recover_all())
        for deal_id, is_good in self.pending.items():
            (self.books.complete if is_good else self.books.fail)(deal_id)
        self.pending.clear()

    @invariant()
    def wallets_and_histories_are_the_same(self):
        for index in range(USERS):
            purse = self.books.purse(self.user(index))
            wallet, lines = self.run(
                self.saga.statements.balance(UserId(self.user(index)), limit=1_000)
            )
            assert (wallet.balance, wallet.held) == (purse.balance, purse.held)
            written = [(line.type, line.amount, line.balance_after) for line in reversed(lines)]
            assert written == [(line.type, line.amount, line.balance_after) for line in purse.lines]
            assert purse.balance == sum(line.amount for line in purse.lines)

    @invariant()
    def payments_are_the_same(self):
        for deal_id, deal in self.books.deals.items():
            payment = self.run(self.saga.books.payment(PaymentId(deal_id)))
            assert (payment.status, payment.refunded_points, payment.refunded_card) == (
                deal.status,
                deal.returned_points,
                deal.returned_card,
            )
            charge = self.gateway.charges.get(payment.order_id)
            if deal.card and deal.status not in {"PENDING", "FAILED"}:
                assert charge is not None
                assert charge.balance_won == deal.card_left

    def teardown(self):
        self.recover()
        self.wallets_and_histories_are_the_same()
        self.payments_are_the_same()


@contextmanager
def opened(engine: OneDatabase) -> Iterator[tuple[asyncio.Runner, Database]]:
    with asyncio.Runner() as runner:
        database = runner.run(Database.connect(engine.dsn("payment"), "payment"))
        try:
            yield runner, database
        finally:
            runner.run(database.close())


def test_postgresql_keeps_the_books_as_the_reference_does(postgres: OneDatabase):
    with opened(postgres) as (runner, database):
        run_state_machine_as_test(
            lambda: BooksMachine(runner, database),  # type: ignore[arg-type]  # a factory will do
            settings=settings(
                max_examples=25,
                stateful_step_count=20,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )


def test_the_machine_sees_a_wallet_that_is_wrong(postgres: OneDatabase):
    with opened(postgres) as (runner, database):
        machine = BooksMachine(runner, database)
        machine.grant(user=0, amount=100)
        machine.wallets_and_histories_are_the_same()
        user = machine.user(0)
        runner.run(database.execute("UPDATE points SET held = 1 WHERE user_id = $1", user))
        with pytest.raises(AssertionError):
            machine.wallets_and_histories_are_the_same()
