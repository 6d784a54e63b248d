"""How long the commands of one connection wait for their replies; it only counts, and touches no command.

Commands are answered in their order, so one deadline per tick of the loop is enough: for the number of the
tick's last command, counted from the connection's first.
"""

from collections import deque
from collections.abc import Sequence


class Patience:
    """Gives up on a silent connection after `timeout_s`; on one that goes on answering, after `silence_s`."""

    def __init__(self, *, timeout_s: float, silence_s: float) -> None:
        self._timeout_s = timeout_s
        self._silence_s = silence_s
        self._deadlines: deque[tuple[float, int]] = deque()
        self._answered_count = 0
        self._heard_at_s = 0.0

    def issued(self, owed_count: int, *, now_s: float) -> None:
        """Commands were accepted; `owed_count` replies are owed with theirs."""
        deadlines = self._deadlines
        while deadlines and deadlines[0][1] <= self._answered_count:
            deadlines.popleft()
        deadlines.append((now_s + self._timeout_s, self._answered_count + owed_count))

    def heard(self, *, now_s: float) -> None:
        """Something came, or nothing is owed: silence counts from here."""
        self._heard_at_s = now_s

    def answered(self, count: int) -> None:
        """So many replies came."""
        self._answered_count += count

    def renumber(self, kept_counts: Sequence[int]) -> None:
        """Before the first answer some commands were dropped; of the first n there are `kept_counts[n]` left."""
        self._deadlines = deque((when_s, kept_counts[n]) for when_s, n in self._deadlines)

    def forget(self) -> None:
        """Nothing is owed any more."""
        self._deadlines.clear()

    def take_due_count(self, *, now_s: float) -> int:
        """How many of the oldest commands are to be given up; they are said once."""
        deadlines, due_number = self._deadlines, 0
        while deadlines and (
            deadlines[0][1] <= self._answered_count or self._fails_at_s(deadlines[0][0]) <= now_s
        ):
            due_number = deadlines.popleft()[1]
        return max(0, due_number - self._answered_count)

    @property
    def silent_until_s(self) -> float:
        """When the connection counts as dead, if nothing more is heard."""
        return self._heard_at_s + self._silence_s

    def next_at_s(self, *, now_s: float) -> float:
        """When to ask again. A command issued from now on is due no earlier than `now_s + timeout`."""
        if not self._deadlines:
            return now_s + self._timeout_s
        return max(now_s, self._fails_at_s(self._deadlines[0][0]))

    def _fails_at_s(self, deadline_s: float) -> float:
        moving_until_s = self._heard_at_s + self._timeout_s
        return max(deadline_s, min(moving_until_s, deadline_s + self._silence_s - self._timeout_s))
