"""Reads the admission log of a waiting room page by page; what a page costs is bounded by its lines.

An entry of the log holds up to a thousand lines of one kind, so entries are read a few at a time and
taken apart only as far as the page goes.
"""

from collections.abc import Sequence
from typing import Final

from tiketi_core.kernel.ids import EventId
from tiketi_core.queue.model import LogLine
from tiketi_platform.adapters.redis import keys, room_replies
from tiketi_platform.adapters.redis.replies import array
from tiketi_platform.adapters.redis.room_calls import RoomCalls

entries_min: Final = 8
"""Read at first; up to 160 kB if they are full."""
entries_max: Final = 1_000


class RoomLog:
    """The logs of all rooms."""

    def __init__(self, calls: RoomCalls) -> None:
        self._calls = calls

    async def page(self, event_id: EventId, *, after: str | None, limit: int) -> Sequence[LogLine]:
        """The next `limit` lines after the id `after`, oldest first; fewer only at the end of the log."""
        # The entry that `after` is in may have more lines.
        entry, _, place = ("-", "", "-1") if after is None else after.rpartition("-")
        start, seen = entry, int(place)
        lines: list[LogLine] = []
        count = min(entries_min, limit + 1)
        while len(lines) < limit:
            entries = array(
                await self._calls.command(
                    "XRANGE", keys.room(event_id).log, start, "+", "COUNT", count
                )
            )
            had_count = len(lines)
            for each in entries:
                for number, line in enumerate(room_replies.log_lines(each)):
                    if len(lines) == limit:
                        return lines
                    entry_id = line.id.rpartition("-")[0]
                    if entry_id != entry or number > seen:
                        lines.append(line)
                    start = f"({entry_id}"
            if len(entries) < count:
                break
            average = max(1, (len(lines) - had_count) // count)
            count = max(1, min(2 * count, entries_max, (limit - len(lines)) // average + 1))
        return lines
