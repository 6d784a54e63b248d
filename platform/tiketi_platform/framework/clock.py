"""The machine's clock behind the kernel's Clock port."""

import time


class SystemClock:
    """UTC by the operating system."""

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000
