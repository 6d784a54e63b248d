"""Ends a run early: what it waits for is woken, what it started is told. Undoes nothing."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tiketi_sdk.errors import ClusterError


class StoppedError(ClusterError):
    """The run was told to end; what it had begun is gone on with the next time."""


class Stop:
    """Whether a run shall end, shared by its threads."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    @property
    def is_set(self) -> bool:
        """Whether it was said."""
        return self._event.is_set()

    def set(self) -> None:
        """Say it; what was registered with `calling` is called, here."""
        with self._lock:
            self._event.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def pause(self, seconds: float) -> None:
        """Wait; `StoppedError` as soon as it is said."""
        if self._event.wait(seconds):
            raise StoppedError("stopped", cure="tiketi cluster up goes on where it stopped")

    @contextmanager
    def calling(self, callback: Callable[[], object]) -> Iterator[None]:
        """Have `callback` called when it is said during the block, or has been said before it."""
        with self._lock:
            self._callbacks.append(callback)
            said = self._event.is_set()
        if said:
            callback()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
