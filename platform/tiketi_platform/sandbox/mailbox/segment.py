"""One pair of append-only files with mail in them; refuses to believe a line whose message is not whole."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from tiketi_platform.sandbox.mailbox.message import Message

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


class Segment:
    """Messages one after the other, and an index of them beside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index_path = path.with_suffix(".jsonl")
        self._mail = os.open(path, _FLAGS, 0o600)
        self._index = os.open(self.index_path, _FLAGS, 0o600)
        self.bytes_count = os.fstat(self._mail).st_size
        self.messages_count = 0

    def load(self) -> Iterator[Message]:
        """What is there, oldest first; whatever a dying process left half-written is cut off."""
        index_bytes = mail_bytes = 0
        for line in self.index_path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            message = Message.from_record(orjson.loads(line), segment=self)
            if message.offset + message.size_bytes > self.bytes_count:
                break
            index_bytes += len(line)
            mail_bytes = message.offset + message.size_bytes
            self.messages_count += 1
            yield message
        os.ftruncate(self._index, index_bytes)
        os.ftruncate(self._mail, mail_bytes)
        self.bytes_count = mail_bytes

    def append(self, raw: bytes, message: Message) -> None:
        """Write the message, then its line; OSError when the disk refuses, and nothing is kept then."""
        try:
            _write_whole(self._mail, raw)
            _write_whole(
                self._index, orjson.dumps(message.record(), option=orjson.OPT_APPEND_NEWLINE)
            )
        except OSError:
            os.ftruncate(self._mail, self.bytes_count)
            raise
        self.bytes_count += len(raw)
        self.messages_count += 1

    def read(self, offset: int, size_bytes: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size_bytes)

    def close(self) -> None:
        os.close(self._mail)
        os.close(self._index)


def _write_whole(fd: int, content: bytes) -> None:
    written_bytes = os.write(fd, content)
    if written_bytes != len(content):
        os.ftruncate(fd, os.fstat(fd).st_size - written_bytes)
        raise OSError(f"the disk took {written_bytes} of {len(content)} bytes of mail")
