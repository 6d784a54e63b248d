"""The append-only file behind the sandbox gateway: one JSON object a line; refuses to rewrite history."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson


class Journal:
    """Appends lines that survive the death of this process (not of the machine: there is no fsync).

    Each line goes to the operating system before `append` returns, so what a client was told is there
    when the next process reads the file.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def replay(self) -> Iterator[dict[str, Any]]:
        """Every line so far, oldest first; a torn last line (the process died writing) is cut off."""
        end_bytes = 0
        with self._path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                end_bytes += len(line)
                yield orjson.loads(line)
        os.ftruncate(self._fd, end_bytes)

    def append(self, record: Mapping[str, object]) -> None:
        """Write one line whole; OSError when the disk does not take it, and then the file is as before."""
        line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        written_bytes = os.write(self._fd, line)
        if written_bytes != len(line):
            os.ftruncate(self._fd, os.fstat(self._fd).st_size - written_bytes)
            raise OSError(
                f"{self._path} took {written_bytes} of {len(line)} bytes: is the disk full?"
            )

    def close(self) -> None:
        os.close(self._fd)
