"""Starts the load process, hands it its job over a pipe, reads what it reports, and ends it for sure."""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Any, Final, Self

import tiketi_sdk
from tiketi_sdk.contract.codes import Exit
from tiketi_sdk.errors import TiketiError
from tiketi_sdk.stampede.plan import Plan, Visitor
from tiketi_sdk.stampede.results import Progress, Results

GRACE_S: Final = 20.0
"""How much longer than its plan the process may take to start and to report."""
STOP_S: Final = 8.0
_TAIL_BYTES: Final = 2_000
_TOKENS_PER_LINE: Final = 500
_RENEW_AGAIN_S: Final = 15.0
"""After tokens could not be had."""


class LoadError(TiketiError):
    """The load process ended, or fell silent, without results; the text has its last words."""

    exit_status = Exit.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """Where new tokens come from while visitors are about."""

    every_s: float
    """Well before the ones in use end."""
    tokens: Callable[[], Mapping[int, str]]
    """By user id. May raise `TiketiError`: it is asked again a little later."""


class LoadProcess:
    """A load process that ends with the `with` block, whatever happens.

    Entering starts it, so that it can get ready while users are still being made.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None
        self._lines: SimpleQueue[dict[str, Any] | None] = SimpleQueue()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None, "enter the block first"
        return self._process.pid

    def run(
        self, plan: Plan, visitors: Sequence[Visitor], *, renewal: Renewal | None = None
    ) -> Iterator[Progress | Results]:
        """Progress about twice a second, the results last. Raises `LoadError`.

        Without a `renewal`, visitors live as long as the tokens they came with.
        """
        renew_at_s = math.inf if renewal is None else time.monotonic() + renewal.every_s
        deadline_s = time.monotonic() + plan.ends_after_s + plan.arrive_within_s + GRACE_S
        self._send({"plan": plan.to_json(), "visitors": [asdict(each) for each in visitors]})
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline_s - time.monotonic()))
            except Empty:
                raise LoadError(f"the load process fell silent{self._last_words()}") from None
            if line is None:
                raise LoadError(f"the load process ended without results{self._last_words()}")
            if renewal is not None and time.monotonic() >= renew_at_s:
                pause_s = renewal.every_s if self._renew(renewal) else _RENEW_AGAIN_S
                renew_at_s = time.monotonic() + pause_s
            if line["kind"] == "nonsense":
                raise LoadError(f"the load process said what is no report: {line['told']}")
            if line["kind"] == "progress":
                yield Progress.from_json(line["progress"])
            elif line["kind"] == "results":
                yield Results.from_json(line["results"])
                return

    def __enter__(self) -> Self:
        root = str(Path(tiketi_sdk.__file__).parent.parent)
        known = os.environ.get("PYTHONPATH")
        self._words = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tiketi_sdk.stampede"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([root, *([known] if known else [])])},
            # Ctrl-C on the terminal is ours to handle; it is told by `stop`.
            start_new_session=True,
        )
        Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process if it still runs, by force if need be."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            assert process.stdin is not None, "made with a pipe"
            process.stdin.close()
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if self._words is not None:
            self._words.close()

    def _renew(self, renewal: Renewal) -> bool:
        """Whether there were new tokens, and somebody to take them: at its end the process only reports."""
        try:
            tokens = list(renewal.tokens().items())
            for first in range(0, len(tokens), _TOKENS_PER_LINE):
                self._send({"tokens": dict(tokens[first : first + _TOKENS_PER_LINE])})
        except TiketiError:
            return False
        return True

    def _send(self, job: dict[str, Any]) -> None:
        assert self._process is not None, "enter the block first"
        assert self._process.stdin is not None, "made with a pipe"
        try:
            self._process.stdin.write(json.dumps(job, separators=(",", ":")).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise LoadError(f"the load process listens no more{self._last_words()}") from None

    def _read(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(ValueError, OSError):  # closed under us by `stop`
            for line in stream:
                self._lines.put(parsed(line))
        self._lines.put(None)

    def _last_words(self) -> str:
        if self._words is None:
            return ""
        size = self._words.seek(0, os.SEEK_END)
        self._words.seek(max(0, size - _TAIL_BYTES))
        told = self._words.read().decode(errors="replace").strip()
        return f":\n{told}" if told else ""


def parsed(line: bytes) -> dict[str, Any]:
    """What a line reports; anything else is handed on as nonsense, to be told of."""
    with contextlib.suppress(ValueError):
        told = json.loads(line)
        if isinstance(told, dict) and "kind" in told:
            return told
    return {"kind": "nonsense", "told": repr(line[:200])}
