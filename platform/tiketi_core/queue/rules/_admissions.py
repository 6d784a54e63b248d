"""Lets the head of the line in, as far as room and rate go. Mirrors lua/queue/_admit.lua."""

from tiketi_core.kernel.ids import UserId
from tiketi_core.queue.model import Phase, Pumped
from tiketi_core.queue.rules._line import Line


class Admissions(Line):
    """A room that fills."""

    __slots__ = ()

    def _admit(self, now: int) -> Pumped:
        reaped = self._reap(now)
        admitted = skipped = looked = 0
        quota = self._quota(now)
        while quota > 0 and looked < self.batch_max and self.waiting:
            head = list(self.waiting)[: min(quota, self.batch_max - looked)]
            present: list[tuple[UserId, int]] = []
            for user in head:
                number = self.waiting[user]
                self.front = number
                if now - self.seen[user].at_ms > self.policy.grace_s * 1000:
                    self._drop(user, "skipped", now)
                else:
                    present.append((user, number))
                    self._count_promise(user, now)
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

    def _count_promise(self, user: UserId, now: int) -> None:
        promised_ms = self.seen[user].promised_ms
        self.totals["promises"] += promised_ms > 0
        self.totals["promises_kept"] += now <= promised_ms
