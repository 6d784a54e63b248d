"""Lets the head of the line in, as far as room and rate go. Mirrors lua/queue/_admit.lua."""

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Phase, Pumped
from tiketi_core.queue.rules._silence import Silence


class Admissions(Silence):
    """A room that fills."""

    __slots__ = ()

    def _admit(self, now: int) -> Pumped:
        self._serve(now)
        reaped = self._reap(now)
        admitted = skipped = looked = 0
        quota = 0 if self._is_hushed(now) else self._quota(now)
        while quota > 0 and looked < self.batch_max and self.waiting:
            head = list(self.waiting)[: min(quota, self.batch_max - looked)]
            present: list[tuple[UserId, int]] = []
            for user in head:
                number = self.waiting[user]
                self.front = number
                heard_at_ms = max(self.seen[user].at_ms, self._resumed_at_ms)
                if now - heard_at_ms > self.policy.grace_s * 1000:
                    self._drop(user, "skipped", now)
                else:
                    present.append((user, number))
                    self._count_promise(self.seen[user], kept=now <= self.seen[user].promised_ms)
                    del self.waiting[user], self.seen[user]
            if present:
                self._begin_sessions(present, now)
            looked += len(head)
            admitted += len(present)
            skipped += len(head) - len(present)
            quota -= len(present)
        more = self.batch_max in {reaped, looked}
        drawing = self.policy.phase is Phase.DRAWING
        return Pumped(
            admitted, skipped, reaped, more, len(self.waiting), len(self.sessions), drawing
        )
