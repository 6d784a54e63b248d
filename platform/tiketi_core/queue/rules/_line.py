"""What somebody in line is told, and how often one may enter. Mirrors lua/queue/_polls.lua and _enters.lua."""

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue import polls as polls_module
from tiketi_core.queue.model import Gathered, LogKind, TooEarly, Waiting
from tiketi_core.queue.rules._room import BROKEN, ENTER_WINDOW_MS, Seen
from tiketi_core.queue.rules._sessions import Sessions


class Line(Sessions):
    """A room whose line is kept."""

    __slots__ = ()

    def _enters_of(self, user: UserId, now: int) -> int:
        same = self._enters_window == now // ENTER_WINDOW_MS
        return self._enters.get(user, 0) if same else 0

    def _count_enter(self, user: UserId, now: int) -> None:
        if self._enters_window != now // ENTER_WINDOW_MS:
            self._enters_window = now // ENTER_WINDOW_MS
            self._enters.clear()
        self._enters[user] = self._enters.get(user, 0) + 1

    def _place(self, user: UserId, now: int, *, polls: bool) -> Waiting | Gathered | TooEarly:
        seen = self.seen[user]
        if 0 < seen.promised_ms < now:
            self._count_promise(seen, kept=False)
            seen.promised_ms = BROKEN
        left_ms = seen.at_ms + seen.ask_ms - now
        if polls and polls_module.is_early(left_ms, seen.ask_ms):
            seen.at_ms, seen.ask_ms = now, left_ms
            return TooEarly(left_ms)
        seen.at_ms = now
        count, grace_s = len(self.waiting), self.policy.grace_s
        if self.waiting[user] == 0:
            opens_at_ms = self.policy.opens_at_ms
            seen.ask_ms = polls_module.gathered_poll_ms(user, opens_at_ms - now, grace_s=grace_s)
            return Gathered(count, opens_at_ms, seen.ask_ms)
        number = self.waiting[user]
        position = 1 + sum(other < number for other in self.waiting.values())
        rate_milli = self.policy.admit_per_second * 1_000
        free = self.policy.capacity - len(self.sessions)
        paced = self._pace if position <= free else self._ends
        pace = paced.allowed_milli(now, rate_milli)
        seen.ask_ms = polls_module.next_poll_ms(position, pace, grace_s=grace_s)
        eta_ms, eta_late_ms = paced.eta_ms(position, now, rate_milli=rate_milli)
        if seen.promised_ms == 0 and eta_late_ms >= 0:
            seen.promised_ms = now + eta_late_ms
        return Waiting(number, position, count, pace, seen.ask_ms, eta_ms, eta_late_ms)

    def _count_promise(self, seen: Seen, *, kept: bool) -> None:
        """Once: as kept by being let in by then, else as soon as anybody sees that it is not."""
        if seen.promised_ms > 0:
            self.totals["promises"] += 1
            self.totals["promises_kept"] += kept

    def _drop(self, user: UserId, kind: LogKind, now: int) -> None:
        number = self.waiting.pop(user)
        self._count_promise(self.seen.pop(user), kept=False)
        self.totals[kind] += 1
        self._log(kind, user, number or None, now)
