"""Whose silence it is: of those who went away, or of a platform nobody can reach. Mirrors lua/queue/_silence.lua."""

from typing import Final

from tiketi_core.queue.rules._line import Line

NOTED_EVERY_MS: Final = 500
UNSERVED_MS_MAX: Final = 2_000
"""Every pump admits several times a second: when none did for longer, nobody could be heard."""
HUSH_LINE_MIN: Final = 5
"""So many do not all go away at once; of fewer it is believed."""
HUSH_MS_MAX: Final = 600_000
"""A line from which nothing comes for longer has gone away."""


class Silence(Line):
    """A room that knows when it can be heard."""

    __slots__ = ()

    def _serve(self, now: int) -> None:
        """Whoever was silent while nobody could be heard has not gone away: his silence counts anew."""
        if not self.waiting:
            return
        unserved_ms = now - self._served_at_ms
        if unserved_ms > UNSERVED_MS_MAX:
            self._resumed_at_ms = now
        if unserved_ms >= NOTED_EVERY_MS:
            self._served_at_ms = now

    def _is_hushed(self, now: int) -> bool:
        """Whether nobody of a whole line was heard for half a grace, though each asks within two fifths of it."""
        silent_ms = now - self._heard_at_ms
        lasts = self.policy.grace_s * 500 <= silent_ms <= HUSH_MS_MAX
        return lasts and len(self.waiting) >= HUSH_LINE_MIN

    def _hear(self, now: int) -> None:
        """Somebody reached us, whoever it was; after a hush everybody's silence counts anew."""
        if self._is_hushed(now):
            self._resumed_at_ms = now
        if now - self._heard_at_ms >= NOTED_EVERY_MS:
            self._heard_at_ms = now
