"""Keeps received mail in append-only files; refuses to grow without end: the oldest goes first.

A segment is two files: the messages one after the other (`.eml`), and a line of JSON about each
(`.jsonl`). The line is written last, so a message counts once all of it is there.
"""

import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from tiketi_platform.sandbox.mailbox.message import Message, describe
from tiketi_platform.sandbox.mailbox.segment import Segment

MESSAGES_MAX: Final = 50_000
BYTES_MAX: Final = 256 * 1024 * 1024
SEGMENT_MESSAGES_MAX: Final = 2_500
SEGMENT_BYTES_MAX: Final = 8 * 1024 * 1024
"""A segment is closed at either bound (it may pass this one by its last message); bounds drop whole segments."""


class MailStore:
    """Mail by number and by recipient; opens what is there."""

    def __init__(
        self, folder: Path, *, messages_max: int = MESSAGES_MAX, bytes_max: int = BYTES_MAX
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._messages_max = messages_max
        self._bytes_max = bytes_max
        self._messages: dict[int, Message] = {}
        self._by_recipient: dict[str, deque[int]] = {}
        self._segments: deque[Segment] = deque()
        self._by_id: dict[tuple[str, tuple[str, ...]], int] = {}
        self.bytes_count = 0
        """Bytes of mail kept."""
        self.duplicates_count = 0
        """Messages that came again under their Message-ID since the start; readers see the first alone."""
        self.dropped_count = 0
        """Messages that made room for newer ones since the start."""
        for path in sorted(folder.glob("*.eml")):
            self._load(Segment(path))
        self._last_id = next(reversed(self._messages), 0)

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, raw: bytes, *, sender: str, recipients: tuple[str, ...]) -> Message:
        """Keep one message; on return it outlives this process. OSError when the disk refuses.

        One with the Message-ID and the recipients of another is that other: large mailboxes do the same.
        """
        segment = self._writable()
        number = self._last_id + 1
        message = describe(
            raw,
            number=number,
            sender=sender,
            recipients=recipients,
            at_ms=time.time_ns() // 1_000_000,
            segment=segment,
            offset=segment.bytes_count,
        )
        known = self._by_id.get((message.message_id, recipients))
        if known is not None:
            self.duplicates_count += 1
            return self._messages[known]
        segment.append(raw, message)
        self._last_id = number
        self._index(message)
        self._make_room()
        return message

    def get(self, number: int) -> Message | None:
        return self._messages.get(number)

    def read(self, message: Message) -> bytes:
        """The message as it arrived, byte for byte."""
        return message.segment.read(message.offset, message.size_bytes)

    def after(self, number: int, *, limit: int, to: str | None = None) -> list[Message]:
        """Up to `limit` messages above that number, oldest first."""
        found = (m for m in self._matching(to, newest_first=False) if m.number > number)
        return list(islice(found, limit))

    def before(self, number: int | None, *, limit: int, to: str | None = None) -> list[Message]:
        """Up to `limit` messages below that number (None: of all), newest first."""
        matching = self._matching(to, newest_first=True)
        return list(islice((m for m in matching if number is None or m.number < number), limit))

    def close(self) -> None:
        for segment in self._segments:
            segment.close()

    def _matching(self, to: str | None, *, newest_first: bool) -> Iterator[Message]:
        if to is None:
            messages = self._messages.values()
            yield from reversed(messages) if newest_first else messages
            return
        numbers = self._by_recipient.get(to.casefold(), ())
        for number in reversed(numbers) if newest_first else numbers:
            yield self._messages[number]

    def _writable(self) -> Segment:
        if self._segments:
            last = self._segments[-1]
            if last.messages_count < SEGMENT_MESSAGES_MAX and last.bytes_count < SEGMENT_BYTES_MAX:
                return last
        segment = Segment(self._folder / f"{self._last_id + 1:012d}.eml")
        self._segments.append(segment)
        return segment

    def _load(self, segment: Segment) -> None:
        self._segments.append(segment)
        for message in segment.load():
            self._index(message)

    def _index(self, message: Message) -> None:
        self._messages[message.number] = message
        if message.message_id:
            self._by_id[message.message_id, message.recipients] = message.number
        for recipient in message.recipient_keys:
            self._by_recipient.setdefault(recipient, deque()).append(message.number)
        self.bytes_count += message.size_bytes

    def _make_room(self) -> None:
        while len(self._segments) > 1 and (
            len(self._messages) > self._messages_max or self.bytes_count > self._bytes_max
        ):
            self._drop(self._segments.popleft())

    def _drop(self, segment: Segment) -> None:
        for message in list(islice(self._messages.values(), segment.messages_count)):
            del self._messages[message.number]
            self._by_id.pop((message.message_id, message.recipients), None)
            self.bytes_count -= message.size_bytes
            for recipient in message.recipient_keys:
                numbers = self._by_recipient[recipient]
                numbers.popleft()
                if not numbers:
                    del self._by_recipient[recipient]
        self.dropped_count += segment.messages_count
        segment.close()
        segment.index_path.unlink()
        segment.path.unlink()
