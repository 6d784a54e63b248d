"""The Lua scripts against the pure reference: the same moves, the same answers, invariants after each."""

from __future__ import annotations

import asyncio
from copy import deepcopy

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.property.queue.always import EVENT, AlwaysTrue
from tests.property.queue.engine import (
    BATCH_MAX,
    ENTERS_MAX,
    SECRETS,
    Engine,
    Interrupted,
    KilledError,
)
from tiketi_core.kernel.ids import UserId
from tiketi_core.queue import polls
from tiketi_core.queue.errors import LineFormedError, QueueUnavailableError
from tiketi_core.queue.model import Phase, Policy, PolicyChange, Purchase, RoomState
from tiketi_core.queue.rules import ENTER_WINDOW_MS, ReferenceRoom
from tiketi_core.queue.rules._silence import HUSH_LINE_MIN, HUSH_MS_MAX, UNSERVED_MS_MAX
from tiketi_platform.adapters.redis import keys
from tiketi_platform.adapters.redis.room_draw import RoomDraws

MOVES_THAT_ADMIT = ("admit", "leave", "set_policy")
START_MS = 1_800_000_000_000
users = st.integers(1, 9).map(UserId)
replicas = st.integers(0, 1)
# Edges of the grace, the sessions and the pace window of the policy below come up often.
steps_ms = st.sampled_from([1, 199, 200, 1_000, 9_999, 10_000, 10_001, 19_999, 20_000, 20_001])


class WaitingRoomMachine(AlwaysTrue):
    @initialize(
        capacity=st.integers(0, 4),
        rate=st.integers(1, 5),
        waiting_max=st.integers(0, 8),
    )
    def open(self, capacity, rate, waiting_max):
        self.now_ms = START_MS
        self.policy = Policy(
            capacity=capacity,
            admit_per_second=rate,
            session_ttl_s=20,
            waiting_max=waiting_max,
            grace_s=10,
        )
        self.rooms = self.engine.rooms(self.policy)
        self.model = ReferenceRoom(self.now_ms, self.policy, BATCH_MAX, ENTERS_MAX)
        self.purchases = []
        self.do(self.rooms[0].admit(EVENT, now_ms=self.now_ms))
        self.read, self.after = 0, None

    def do(self, work):
        return self.engine.do(work)

    # --- moves

    @rule(
        replica=replicas,
        batch=st.lists(users, min_size=1, max_size=6),
        before_sale=st.sampled_from([False, False, True]),
    )
    def enter(self, replica, batch, before_sale=False):
        answers = self.do(
            self.rooms[replica].enter(EVENT, batch, now_ms=self.now_ms, before_sale=before_sale)
        )
        assert answers == self.model.enter(batch, self.now_ms, before_sale=before_sale)

    @rule(replica=replicas, user=users, polls=st.booleans())
    def status(self, replica, user, polls):
        answer = self.do(self.rooms[replica].status(EVENT, user, now_ms=self.now_ms, polls=polls))
        assert answer == self.model.status(user, self.now_ms, polls=polls)

    @rule(replica=replicas, user=users)
    def leave(self, replica, user):
        self._both(
            lambda: self.do(self.rooms[replica].leave(EVENT, user, now_ms=self.now_ms)),
            lambda: self.model.leave(user, self.now_ms),
        )

    def _both(self, there, here):
        outcomes = []
        for move in (there, here):
            try:
                outcomes.append(move())
            except (LineFormedError, QueueUnavailableError) as refused:
                outcomes.append(type(refused))
        assert outcomes[0] == outcomes[1]
        return outcomes[0]

    @rule(replica=replicas)
    def admit(self, replica):
        pumped = self.do(self.rooms[replica].admit(EVENT, now_ms=self.now_ms))
        assert pumped == self.model.admit(self.now_ms)

    @rule(skew_ms=st.integers(-3_000, 3_000))
    def two_replicas_pump_at_once(self, skew_ms):
        times = (self.now_ms, self.now_ms + skew_ms)

        async def both():
            return await asyncio.gather(
                *(room.admit(EVENT, now_ms=t) for room, t in zip(self.rooms, times, strict=True))
            )

        pumped = self.do(both())
        before = deepcopy(self.model)
        there = [self.model.admit(t) for t in times]
        if there != pumped:  # the sockets raced: the other order must explain it
            self.model = before
            there = [self.model.admit(t) for t in reversed(times)]
            assert there == pumped[::-1]

    @rule(user=users, wait_ms=st.just(0) | steps_ms, reservation_id=st.integers(1, 1_000))
    def buy(self, user, wait_ms, reservation_id):
        """In any order: what was held first may be paid last."""
        purchase = Purchase(EVENT, user, reservation_id, self.now_ms)
        self.purchases.append(purchase)
        self.now_ms += wait_ms
        self._deliver(purchase)

    @rule(user=users)
    def buy_come_back_and_hear_of_it_again(self, user):
        self.buy(user, 0, 1_001 + len(self.purchases))
        self.enter(0, [user])
        self._deliver(self.purchases[-1])

    @rule(data=st.data())
    def hear_of_an_old_purchase_again(self, data):
        if self.purchases:
            purchase = data.draw(st.sampled_from(self.purchases))
            before = self.model.sessions.copy()
            self._deliver(purchase)
            assert purchase.user_id not in before or purchase.user_id in self.model.sessions

    def _deliver(self, purchase):
        ended = self.do(self.rooms[0].purchase(purchase, now_ms=self.now_ms))
        assert ended == self.model.purchase(
            purchase.user_id, purchase.reservation_id, purchase.confirmed_at_ms, self.now_ms
        )

    @rule(
        replica=replicas,
        change=st.builds(
            PolicyChange,
            capacity=st.none() | st.integers(0, 5),
            admit_per_second=st.none() | st.integers(1, 5),
            session_ttl_s=st.none() | st.integers(1, 30),
            waiting_max=st.none() | st.integers(0, 8),
            grace_s=st.none() | st.integers(1, 30),
            state=st.none() | st.sampled_from(RoomState),
        ),
    )
    def set_policy(self, replica, change):
        self._both(
            lambda: self.do(self.rooms[replica].set_policy(EVENT, change, now_ms=self.now_ms)),
            lambda: self.model.set_policy(change, self.now_ms),
        )

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data(), edge_ms=st.integers(-1, 1))
    def poll_at_the_edge_of_too_early(self, data, edge_ms):
        user = data.draw(st.sampled_from(sorted(self.model.waiting)))
        seen = self.model.seen[user]
        tolerance_ms = max(polls.EARLY_MS_MIN, seen.ask_ms // 10)
        self.now_ms = max(self.model.clock_ms, seen.at_ms + seen.ask_ms - tolerance_ms + edge_ms)
        self.status(0, user, polls=True)

    # --- the draw

    @rule(replica=replicas, in_ms=st.just(0) | steps_ms)
    def open_by_draw(self, replica, in_ms):
        self.set_policy(replica, PolicyChange(opens_at_ms=self.model.clock_ms + in_ms))

    @precondition(lambda self: self.model.policy.phase is Phase.GATHERING)
    @rule(batch=st.lists(users, min_size=1, max_size=9), edge_ms=st.integers(-1, 1))
    def gather_up_to_the_opening(self, batch, edge_ms):
        self.enter(0, batch)
        self.now_ms = self.model.policy.opens_at_ms + edge_ms
        self.enter(1, batch[:1])

    @rule(replica=replicas)
    def draw(self, replica):
        held = self.do(self.rooms[replica].draw(EVENT, now_ms=self.now_ms))
        assert held == self.model.draw(SECRETS, EVENT, self.now_ms)

    @rule(replica=replicas, parts=st.integers(0, 2))
    def a_replica_dies_in_the_middle_of_the_draw(self, replica, parts):
        """It has read the list and written some numbers, which nobody may see; or all, if they were few."""
        room = self.rooms[replica]
        room._draws = Interrupted(room._calls, part_max=BATCH_MAX, parts=parts)
        try:
            held = self.do(room.draw(EVENT, now_ms=self.now_ms))
            assert held == self.model.draw(SECRETS, EVENT, self.now_ms)
        except KilledError:
            self._let_the_lease_run_out()
        finally:
            room._draws = RoomDraws(room._calls, part_max=BATCH_MAX)
        self.model.tally(self.now_ms)  # it has looked at the clock

    def _let_the_lease_run_out(self):
        key = keys.room(EVENT).draw
        self.do(self.engine.clients[0].execute("HDEL", key, "holder", "held_until"))

    @precondition(lambda self: self.model.number == 0 and not self.model.waiting)
    @rule(batch=st.lists(users, min_size=5, max_size=9, unique=True), replica=replicas)
    def a_draw_is_cut_off_and_somebody_ends_it_too_soon(self, batch, replica):
        opens_at_ms = self.model.clock_ms + 1_000
        self.set_policy(
            0, PolicyChange(opens_at_ms=opens_at_ms, waiting_max=9, state=RoomState.OPEN)
        )
        self.enter(0, batch)
        self.now_ms = opens_at_ms
        self.a_replica_dies_in_the_middle_of_the_draw(replica, 1)
        ended = self.rooms[0]._calls.script("queue/draw_end", EVENT, self.now_ms, BATCH_MAX, 1)
        missing = sum(number == 0 for number in self.model.waiting.values()) > BATCH_MAX
        if missing:
            assert self.do(ended) == 0
        else:
            ended.close()

    @rule()
    def two_replicas_draw_at_once(self):
        async def both():
            return await asyncio.gather(
                *(room.draw(EVENT, now_ms=self.now_ms) for room in self.rooms)
            )

        held = self.do(both())
        assert sorted(held) == [False, self.model.draw(SECRETS, EVENT, self.now_ms)]

    @rule(replica=replicas)
    def reopen(self, replica):
        change = PolicyChange(state=RoomState.OPEN, capacity=3)
        policy = self.do(self.rooms[replica].set_policy(EVENT, change, now_ms=self.now_ms))
        assert policy == self.model.set_policy(change, self.now_ms)

    @rule(batch=st.lists(users, min_size=1, max_size=3), edge_ms=st.integers(-1, 1))
    def nobody_polls_during_a_pause(self, batch, edge_ms):
        self.set_policy(0, PolicyChange(state=RoomState.PAUSED))
        self.enter(0, batch)
        end_ms = self.model.clock_ms + self.model.policy.grace_s * 1_000 + edge_ms
        while end_ms - self.now_ms > UNSERVED_MS_MAX:
            self.now_ms += UNSERVED_MS_MAX
            self.admit(0)
        self.now_ms = end_ms
        self.set_policy(1, PolicyChange(state=RoomState.OPEN))

    @precondition(lambda self: self.model.waiting)
    @rule(replica=replicas, edge_ms=st.integers(-1, 1), and_then=st.sampled_from(MOVES_THAT_ADMIT))
    def all_are_away_for_longer_than_the_grace(self, replica, edge_ms, and_then):
        """Nobody pumps, polls or enters meanwhile; whatever lets people in first may pass over nobody."""
        self.admit(replica)
        away_ms = max(UNSERVED_MS_MAX + 1, self.model.policy.grace_s * 1_000 + 1 + edge_ms)
        self.now_ms = max(self.now_ms, self.model.clock_ms) + away_ms
        skipped_total = self.model.totals["skipped"]
        if and_then == "leave":
            self.leave(replica, next(iter({**self.model.sessions, **self.model.waiting})))
        elif and_then == "set_policy":
            self.set_policy(replica, PolicyChange(capacity=5, state=RoomState.OPEN))
        else:
            self.admit(replica)
        assert self.model.totals["skipped"] == skipped_total

    @rule(
        replica=replicas,
        line_count=st.integers(HUSH_LINE_MIN - 1, HUSH_LINE_MIN + 1),
        grace_s=st.sampled_from([5, 10, 30]),
        after_ms=st.sampled_from(["half", "grace", "most"]),
        edge_ms=st.integers(-1, 1),
        back=st.sampled_from(["status", "enter", "leave", "nobody"]),
    )
    def nobody_gets_through_to_us(self, replica, line_count, grace_s, after_ms, edge_ms, back):
        """The pumps go on. Of a whole line nobody is let in or passed over for it, until it lasts too long."""
        closed = PolicyChange(
            capacity=0, grace_s=grace_s, waiting_max=9, state=RoomState.OPEN, session_ttl_s=30
        )
        self.set_policy(replica, closed)
        # Somebody may have been heard by a clock that was set back since.
        latest_ms = max(self.now_ms, self.model.clock_ms, self.model._heard_at_ms)
        self.now_ms = latest_ms + ENTER_WINDOW_MS
        self.enter(replica, [UserId(user) for user in range(1, line_count + 1)])
        if self.model.policy.phase not in {Phase.UNDRAWN, Phase.DRAWN}:
            return
        cut_ms = self.now_ms
        grace_ms = grace_s * 1_000
        silent_ms = {"half": grace_ms // 2, "grace": grace_ms, "most": HUSH_MS_MAX}[
            after_ms
        ] + edge_ms
        if after_ms != "most":
            while self.now_ms + UNSERVED_MS_MAX < cut_ms + silent_ms:
                self.now_ms += UNSERVED_MS_MAX
                self.admit(replica)
        self.now_ms = cut_ms + silent_ms
        hushed = (
            len(self.model.waiting) >= HUSH_LINE_MIN and grace_ms // 2 <= silent_ms <= HUSH_MS_MAX
        )
        before = len(self.model.waiting)
        self.set_policy(replica, PolicyChange(capacity=9))
        self.admit(replica)
        assert not hushed or len(self.model.waiting) == before
        user = next(iter(self.model.waiting), None)
        if user is not None and back != "nobody":
            skipped = self.model.totals["skipped"]
            getattr(self, back)(
                replica, [user] if back == "enter" else user, *([False] if back == "status" else [])
            )
            self.admit(replica)
            assert not hushed or self.model.totals["skipped"] == skipped

    @rule(step_ms=steps_ms | st.integers(1, 1_500))
    def time_passes(self, step_ms):
        self.now_ms += step_ms

    @rule(step_ms=st.integers(1, 30_000))
    def the_clock_jumps_back(self, step_ms):
        self.now_ms -= step_ms


def test_scripts_and_reference_agree(valkey_server):
    engine = Engine(valkey_server)

    class Machine(WaitingRoomMachine):
        pass

    Machine.engine = engine
    try:
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=80,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        engine.close()
