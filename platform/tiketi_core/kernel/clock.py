"""The port through which the domain learns what time it is; nothing here reads a clock."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time in UTC; tests pass one that they move themselves."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        ...
